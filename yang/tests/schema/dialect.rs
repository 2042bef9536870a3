//! The paths of a dialect file, read here once more so that the adapter's own
//! reader is not what it is checked with.

use std::{collections::BTreeMap, fs, path::Path};

use toml::{Table, Value};

/// A node of a path: its namespace, its name, its keys.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) keys: Vec<String>,
}

/// The paths of a dialect, from the top, by the key that says them; and what
/// else its tree says.
pub(crate) struct Dialect {
    pub(crate) paths: BTreeMap<String, Vec<Step>>,
    pub(crate) words: BTreeMap<String, String>,
    /// The namespaces of modules, by the modules' names.
    pub(crate) modules: BTreeMap<String, String>,
    namespaces: BTreeMap<String, String>,
}

/// Keys of what Mercury reads and never writes, of which our modules have nothing:
/// state, what makes a port route, and what a switch must have.
const READ_ONLY: [&str; 5] = ["oper-status", "routed", "vtep", "foreign", "state"];

/// Keys whose texts are values, not paths.
const WORDS: [&str; 6] = ["access", "trunk", "range-separator", "all", "none", "identity"];

impl Dialect {
    /// `adapters/dialects/openconfig.toml`.
    pub(crate) fn openconfig() -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../adapters/dialects/openconfig.toml");
        let table: Table = fs::read_to_string(file).unwrap().parse().unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let prefixes = table["namespaces"].as_table().unwrap();
        let namespaces = prefixes.iter().map(|(prefix, module)| (prefix.clone(), text(&module["namespace"])));
        let modules = prefixes.values().map(|module| (text(&module["module"]), text(&module["namespace"])));
        let mut dialect = Self {
            paths: BTreeMap::new(),
            words: BTreeMap::new(),
            modules: modules.collect(),
            namespaces: namespaces.collect(),
        };
        let tree = table["tree"].as_table().unwrap();
        let interface = dialect.steps(tree["interface"].as_str().unwrap(), &[]);
        dialect.table("", tree, &interface);
        dialect
    }

    /// Reads a table whose paths begin below `above`.
    fn table(&mut self, at: &str, table: &Table, above: &[Step]) {
        // A table's own entry is what its other paths begin at.
        let own = ["interface", "entry", "at"].into_iter().find_map(|key| Some((key, table.get(key)?.as_str()?)));
        let base = match own {
            Some(("at", path)) => self.steps(path, above),
            Some((_, path)) => self.steps(path, &[]),
            None => above.to_vec(),
        };
        if let Some((key, _)) = own {
            self.paths.insert(format!("{at}{key}"), base.clone());
        }
        for (key, value) in table.iter().filter(|(key, _)| own.is_none_or(|(own, _)| own != *key)) {
            let name = format!("{at}{key}");
            match value {
                _ if READ_ONLY.contains(&key.as_str()) => {}
                // What is set beside has paths for keys.
                Value::Table(below) if key == "also" => {
                    for path in below.keys() {
                        let steps = self.steps(path, &base);
                        self.paths.insert(format!("{name}.{path}"), steps);
                    }
                }
                Value::Table(below) => self.table(&format!("{name}."), below, &base),
                Value::String(word) if WORDS.contains(&key.as_str()) => {
                    self.words.insert(name, word.clone());
                }
                Value::String(path) => {
                    let steps = self.steps(path, &base);
                    self.paths.insert(name, steps);
                }
                Value::Array(items) => {
                    for (index, item) in items.iter().enumerate() {
                        let steps = self.steps(item.as_str().unwrap(), &base);
                        self.paths.insert(format!("{name}.{index}"), steps);
                    }
                }
                other => assert!(other.is_bool(), "{name}: {other}"),
            }
        }
    }

    fn steps(&self, text: &str, above: &[Step]) -> Vec<Step> {
        let mut steps = above.to_vec();
        for part in text.split('/') {
            let (node, keys) = part.split_once('[').unwrap_or((part, ""));
            let (namespace, name) = match node.split_once(':') {
                Some((prefix, name)) => (self.namespaces[prefix].clone(), name),
                None => (steps.last().unwrap().namespace.clone(), node),
            };
            let keys = keys.split('[').filter_map(|key| key.split_once('=')).map(|(key, _)| key.to_owned()).collect();
            steps.push(Step { namespace, name: name.to_owned(), keys });
        }
        steps
    }
}
