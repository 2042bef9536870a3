//! The data tree that modules make together: groupings used, augments laid in,
//! every node in its namespace (RFC 7950 sections 7.13 and 7.17).

use std::{collections::BTreeMap, fs, path::Path};

use crate::statement::Statement;

/// Deeper than any tree Mercury looks at; published groupings go on for long.
const DEPTH: usize = 12;

/// The modules whose data nodes and augments make the tree.
const TREE: [&str; 7] = [
    "openconfig-interfaces",
    "openconfig-if-ethernet",
    "openconfig-if-aggregate",
    "openconfig-vlan",
    "openconfig-network-instance",
    "openconfig-lacp",
    "openconfig-spanning-tree",
];

/// Modules by name.
pub(crate) struct Modules(BTreeMap<String, Statement>);

/// One node of the data tree.
pub(crate) struct Node<'a> {
    pub(crate) namespace: &'a str,
    /// The module its statement is written in; types are named from there.
    pub(crate) module: &'a str,
    pub(crate) statement: &'a Statement,
    pub(crate) children: Vec<Node<'a>>,
}

impl<'a> Node<'a> {
    pub(crate) fn name(&self) -> &'a str {
        &self.statement.argument
    }
}

/// The node of that name and namespace among `nodes`.
pub(crate) fn child<'n, 'a>(nodes: &'n [Node<'a>], namespace: &str, name: &str) -> Option<&'n Node<'a>> {
    nodes.iter().find(|node| node.name() == name && node.namespace == namespace)
}

impl Modules {
    /// Every `.yang` file of a folder.
    pub(crate) fn read(folder: &Path) -> Self {
        let mut modules = BTreeMap::new();
        let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.extension().is_some_and(|extension| extension == "yang") {
                let module = Statement::parse(&fs::read_to_string(&path).unwrap());
                let module = module.unwrap_or_else(|problem| panic!("{}: {problem}", path.display()));
                modules.insert(module.argument.clone(), module);
            }
        }
        assert!(!modules.is_empty(), "no modules in {}", folder.display());
        Self(modules)
    }

    pub(crate) fn module(&self, name: &str) -> &Statement {
        self.0.get(name).unwrap_or_else(|| panic!("there is no module {name}"))
    }

    pub(crate) fn namespace<'a>(&'a self, name: &str) -> &'a str {
        self.module(name).value("namespace").unwrap()
    }

    /// The module and the local name that `prefix:name` stands for in `module`;
    /// `None` when that module is not there.
    fn resolve<'a, 'b>(&'a self, module: &'a str, name: &'b str) -> Option<(&'a str, &'b str)> {
        let Some((prefix, local)) = name.split_once(':') else { return Some((module, name)) };
        let own = self.module(module);
        if own.value("prefix") == Some(prefix) {
            return Some((module, local));
        }
        let import = own.all("import").find(|import| import.value("prefix") == Some(prefix))?;
        self.0.contains_key(&import.argument).then_some((import.argument.as_str(), local))
    }

    /// The definition with this keyword that `name` stands for in `module`.
    pub(crate) fn definition<'a>(
        &'a self,
        module: &'a str,
        keyword: &'a str,
        name: &str,
    ) -> Option<(&'a str, &'a Statement)> {
        let (home, local) = self.resolve(module, name)?;
        let found = self.module(home).all(keyword).find(|definition| definition.argument == local)?;
        Some((home, found))
    }

    /// The type of a node, typedefs followed to the built-in one; with the
    /// name of the last typedef, and the module the type is written in.
    pub(crate) fn built_in<'a>(&'a self, module: &'a str, node: &'a Statement) -> (&'a str, &'a Statement, &'a str) {
        let (mut home, mut kind, mut alias) = (module, node.find("type").unwrap(), "");
        while let Some((next, typedef)) = self.definition(home, "typedef", &kind.argument) {
            (home, kind, alias) = (next, typedef.find("type").unwrap(), &typedef.argument);
        }
        (home, kind, alias)
    }

    /// Whether the identity is `base` or derived from it; both as module and
    /// local name.
    pub(crate) fn is_derived(&self, (module, name): (&str, &str), base: (&str, &str)) -> bool {
        let home = self.module(module).argument.as_str();
        let Some((_, identity)) = self.definition(home, "identity", name) else { return false };
        (module, name) == base
            || identity
                .all("base")
                .filter_map(|above| self.resolve(home, &above.argument))
                .any(|above| self.is_derived(above, base))
    }

    /// Module and local name of what `name` stands for in `module`.
    pub(crate) fn qualified<'a, 'b>(&'a self, module: &'a str, name: &'b str) -> (&'a str, &'b str) {
        self.resolve(module, name).unwrap_or_else(|| panic!("{name} in {module}"))
    }

    /// The data tree, and the targets of augments that are not in it.
    pub(crate) fn tree(&self) -> (Vec<Node<'_>>, Vec<String>) {
        let (mut tree, mut waiting) = (Vec::new(), Vec::new());
        for (name, module) in TREE.iter().map(|name| (*name, self.module(name))) {
            self.expand(module, name, self.namespace(name), 0, &mut tree);
            waiting.extend(module.all("augment").map(|augment| (name, augment)));
        }
        // An augment may wait for another's nodes.
        loop {
            let before = waiting.len();
            waiting.retain(|(name, augment)| {
                let target = self.target(name, &augment.argument).and_then(|steps| descend(&mut tree, &steps));
                match target {
                    Some(into) => self.expand(augment, name, self.namespace(name), 0, into),
                    None => return true,
                }
                false
            });
            if waiting.len() == before {
                return (tree, waiting.iter().map(|(name, augment)| format!("{name}: {}", augment.argument)).collect());
            }
        }
    }

    fn target<'a>(&'a self, module: &'a str, path: &'a str) -> Option<Vec<(&'a str, &'a str)>> {
        path.split('/')
            .filter(|step| !step.is_empty())
            .map(|step| self.resolve(module, step).map(|(home, name)| (self.namespace(home), name)))
            .collect()
    }

    /// Puts the data nodes below `statement`, written in `module`, into `into`.
    fn expand<'a>(
        &'a self,
        statement: &'a Statement,
        module: &'a str,
        namespace: &'a str,
        depth: usize,
        into: &mut Vec<Node<'a>>,
    ) {
        if depth > DEPTH {
            return;
        }
        for child in &statement.children {
            match child.keyword.as_str() {
                "container" | "list" | "leaf" | "leaf-list" => {
                    let mut children = Vec::new();
                    self.expand(child, module, namespace, depth + 1, &mut children);
                    into.push(Node { namespace, module, statement: child, children });
                }
                "choice" | "case" => self.expand(child, module, namespace, depth, into),
                "uses" => {
                    if let Some((home, grouping)) = self.definition(module, "grouping", &child.argument) {
                        self.expand(grouping, self.module(home).argument.as_str(), namespace, depth, into);
                    }
                }
                _ => {}
            }
        }
    }
}

fn descend<'t, 'a>(tree: &'t mut Vec<Node<'a>>, steps: &[(&str, &str)]) -> Option<&'t mut Vec<Node<'a>>> {
    steps.iter().try_fold(tree, |nodes, (namespace, name)| {
        let found = nodes.iter_mut().find(|node| node.name() == *name && node.namespace == *namespace)?;
        Some(&mut found.children)
    })
}
