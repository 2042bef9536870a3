//! A schema as text: one node a line, two blanks further in than the one above it.
//!
//! ```text
//! module acme urn:acme 2026-01-01
//! port [name]
//!   name text
//!   mtu 64..9000
//!   speed slow|fast mandatory
//!   kind acme:access|acme:trunk
//!   acme-extra:note text *
//!   oper-state up|down state
//! network [id]
//!   id 1..4094
//!   member [port]
//!     port ->port
//! ```
//!
//! | words behind the name | the node |
//! |---|---|
//! | none | a container |
//! | `[key]` | a list with this key, in whose entry no `config` mirrors it |
//! | `text`, `boolean`, `1..4094`, `slow\|fast` | a leaf of this type; words with a module are identities |
//! | `empty`, `presence` | something that says what it says by being there: a leaf, or a container |
//! | `->port`, `->network/member`, `->network.member` | a leaf that names an entry: by its key, or by all keys on the way with dots between |
//! | `*` | it is a leaf-list |
//! | `mandatory` | it has to be there |
//! | `state` | nobody sets it; it is shown where its parent is, with the first word |
//! | `state-of-vni` | the same; with the second where no VNI carries frames |
//!
//! `module` lines come first: name, namespace and, where the module is announced, its
//! revision. A node is of the module that stands before its name, else of its parent's, at
//! the top of the first.

use super::{Identity, Kind, Module, Node, Schema, Type};

/// Deeper than this nothing lies.
const DEEPEST: usize = 32;

/// Reads a schema, which is there until the process ends.
///
/// # Errors
/// The line that cannot be read, and why.
pub(super) fn read(text: &str) -> Result<Schema, String> {
    let mut reader = Reader { modules: Vec::new() };
    let mut nodes = Vec::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#')) {
        let bad = |why: &str| format!("line {}: {why}: {line}", at + 1);
        match line.strip_prefix("module ") {
            Some(_) if !nodes.is_empty() => return Err(bad("modules come first")),
            Some(words) => reader.modules.push(module(words).ok_or_else(|| bad("no module"))?),
            None => {
                let blanks = line.len() - line.trim_start().len();
                if blanks % 2 != 0 || blanks / 2 >= DEEPEST {
                    return Err(bad("two blanks further in than the one above"));
                }
                nodes.push(Line { at: at + 1, depth: blanks / 2, text: line.trim() });
            }
        }
    }
    let first = *reader.modules.first().ok_or("a schema needs a module")?;
    let mut rest = nodes.as_slice();
    let root = reader.level(&mut rest, 0, first)?;
    if let Some(line) = rest.first() {
        return Err(line.bad("it is too far in"));
    }
    let announced = reader.modules.iter().copied().filter(|module| module.revision.is_some()).collect();
    Ok(Schema { root, modules: kept(reader.modules), announced: kept(announced) })
}

struct Reader {
    modules: Vec<&'static Module>,
}

#[derive(Clone, Copy)]
struct Line<'a> {
    at: usize,
    depth: usize,
    text: &'a str,
}

impl Line<'_> {
    fn bad(self, why: &str) -> String {
        format!("line {}: {why}: {}", self.at, self.text)
    }
}

impl Reader {
    /// The nodes of one depth, and what is below each.
    fn level(&self, rest: &mut &[Line<'_>], depth: usize, above: &'static Module) -> Result<&'static [Node], String> {
        let mut nodes = Vec::new();
        while let Some((line, behind)) = rest.split_first().filter(|(line, _)| line.depth == depth) {
            *rest = behind;
            let mut words = line.text.split(' ').filter(|word| !word.is_empty());
            let (module, name) = self.named(words.next().unwrap_or_default(), above).map_err(|why| line.bad(&why))?;
            let children = self.level(rest, depth + 1, module)?;
            let node = self.node((name, module), words, children).map_err(|why| line.bad(&why))?;
            nodes.push(node);
        }
        Ok(kept(nodes))
    }

    fn node<'a>(
        &self,
        (name, module): (&str, &'static Module),
        mut words: impl Iterator<Item = &'a str>,
        children: &'static [Node],
    ) -> Result<Node, String> {
        let kind = match words.next() {
            None => Kind::Container(children),
            Some(word) => match word.strip_prefix('[').and_then(|word| word.strip_suffix(']')) {
                Some(key) if children.iter().any(|child| child.name == key) => Kind::List { key: text(key), children },
                Some(key) => return Err(format!("there is no {key} below it")),
                None if !children.is_empty() => return Err("nothing is below a leaf".to_owned()),
                None => Kind::Leaf(self.kind(word, module)?),
            },
        };
        let mut node = super::plain(text(name), module, kind);
        for word in words {
            match (word, node.kind) {
                ("*", Kind::Leaf(kind)) => node.kind = Kind::LeafList(kind),
                ("mandatory", kind @ Kind::Leaf(_)) => node = Node { mandatory: true, kind, ..node },
                ("state", kind @ Kind::Leaf(Type::Enumeration([_, ..]))) => {
                    node = Node { state: Some(super::Shown::Always), kind, ..node };
                }
                ("state-of-vni", kind @ Kind::Leaf(Type::Enumeration([_, _, ..]))) => {
                    node = Node { state: Some(super::Shown::OfVni), kind, ..node };
                }
                _ => return Err(format!("{word} is not to be said here")),
            }
        }
        Ok(node)
    }

    fn named<'a>(&self, word: &'a str, above: &'static Module) -> Result<(&'static Module, &'a str), String> {
        let Some((module, name)) = word.split_once(':') else { return Ok((above, word)) };
        let known = self.modules.iter().copied().find(|known| known.name == module);
        Ok((known.ok_or_else(|| format!("there is no module {module}"))?, name))
    }

    fn kind(&self, word: &str, module: &'static Module) -> Result<Type, String> {
        if let Some(path) = word.strip_prefix("->") {
            let by_all_keys = path.contains('.');
            let path = path.split(['.', '/']).map(text).collect();
            return Ok(Type::Entry { path: kept(path), by_all_keys });
        }
        if let Some((min, max)) = word.split_once("..") {
            let number = |text: &str| text.parse().map_err(|_| format!("{text} is no number"));
            return Ok(Type::Number { min: number(min)?, max: number(max)? });
        }
        if word.contains(':') {
            let identity = |word: &str| {
                let (module, name) = self.named(word, module)?;
                Ok(Identity { module, name: text(name) })
            };
            return Ok(Type::Identity(kept(word.split('|').map(identity).collect::<Result<_, String>>()?)));
        }
        match word {
            "text" => Ok(Type::Text),
            "boolean" => Ok(Type::Boolean),
            "empty" => Ok(Type::Empty { is_container: false }),
            "presence" => Ok(Type::Empty { is_container: true }),
            words if words.contains('|') => Ok(Type::Enumeration(kept(words.split('|').map(text).collect()))),
            _ => Err(format!("{word} is no type")),
        }
    }
}

fn module(words: &str) -> Option<&'static Module> {
    let mut words = words.split(' ').filter(|word| !word.is_empty());
    let (name, namespace) = (text(words.next()?), text(words.next()?));
    let module = Module { name, namespace, prefix: name, revision: words.next().map(text) };
    words.next().is_none().then(|| &*Box::leak(Box::new(module)))
}

/// Schemas are few, and there for good.
fn kept<T: 'static>(all: Vec<T>) -> &'static [T] {
    Vec::leak(all)
}

fn text(text: &str) -> &'static str {
    String::leak(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "module acme urn:acme 2026-01-01\nmodule extra urn:extra\n\n# ports\nport [name]\n  name text\n  \
                        extra:note text *\n  kind acme:access|extra:trunk mandatory\n  oper-state up|down state\n";

    #[test]
    fn nodes_are_of_the_module_that_is_said_or_that_is_above() {
        let schema = read(GOOD).unwrap();
        let (_, port) = crate::schema::child(schema.root, "port").unwrap();
        let modules: Vec<_> = port.children().iter().map(|node| (node.name, node.module.name)).collect();
        assert_eq!(modules, [("name", "acme"), ("note", "extra"), ("kind", "acme"), ("oper-state", "acme")]);
        assert_eq!(schema.announced.iter().map(|module| module.name).collect::<Vec<_>>(), ["acme"]);
        assert!(port.children()[3].is_state() && !port.children()[2].is_state() && port.children()[2].mandatory);
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_line() {
        for (bad, told) in [
            ("port\n", "a schema needs a module"),
            ("module acme\n", "line 1: no module"),
            ("module a urn:a\nport [name]\n", "line 2: there is no name below it"),
            ("module a urn:a\nport\n    name text\n", "line 3: it is too far in"),
            ("module a urn:a\nport\n name text\n", "line 3: two blanks"),
            ("module a urn:a\nname words\n", "line 2: words is no type"),
            ("module a urn:a\nb:name text\n", "line 2: there is no module b"),
            ("module a urn:a\nname text\n  below text\n", "line 2: nothing is below a leaf"),
            ("module a urn:a\nname text state\n", "line 2: state is not to be said here"),
            ("module a urn:a\nname text\nmodule b urn:b\n", "line 3: modules come first"),
        ] {
            let error = read(bad).map(|schema| schema.root.len()).unwrap_err();
            assert!(error.starts_with(told), "{bad:?}: {error}");
        }
    }
}
