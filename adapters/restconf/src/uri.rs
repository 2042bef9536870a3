//! A dialect's paths as URIs (RFC 8040 section 3.5.3).

use std::fmt::Write as _;

use mercury_adapter::{Module, Names, Node, NodePath, PathStep};

/// The path of a data node behind `{+restconf}/data`; empty for the datastore.
pub(crate) fn data(node: &Node) -> String {
    below(&node.path.steps, &node.names, None)
}

/// The same of one value of a leaf-list.
pub(crate) fn item(node: &Node, value: &str) -> String {
    below_item(&node.path.steps, &node.names, None, value)
}

/// The same below a node of a module.
pub(crate) fn below_item(steps: &[PathStep], names: &Names, above: Option<&Module>, value: &str) -> String {
    format!("{}={}", below(steps, names, above), encoded(value))
}

/// Steps below a node of a module; a name has its module's where that is another than of
/// the node above. A list without its keys is the whole list.
pub(crate) fn below(steps: &[PathStep], names: &Names, above: Option<&Module>) -> String {
    let mut above = above;
    let mut uri = String::new();
    for step in steps {
        uri.push('/');
        let name = names.resolve(&step.name).unwrap_or_default();
        uri.push_str(&qualified(step, above, &encoded(&name)));
        let keys = step.keys.iter().filter_map(|(_, word)| names.resolve(word));
        for (at, key) in keys.enumerate() {
            uri.push(if at == 0 { '=' } else { ',' });
            uri.push_str(&encoded(&key));
        }
        above = Some(&step.module);
    }
    uri
}

fn qualified(step: &PathStep, above: Option<&Module>, name: &str) -> String {
    match step.module.name.as_ref().filter(|_| above != Some(&step.module)) {
        Some(module) => format!("{module}:{name}"),
        None => name.to_owned(),
    }
}

/// Everything but what RFC 3986 section 2.3 leaves as it is, so that a slash in a key is
/// `%2F`.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// An operation behind `{+restconf}/operations`.
pub(crate) fn operation(path: &NodePath) -> String {
    below(&path.steps, &Names::default(), None)
}

/// The nearest node without keys above all of these, and what of it they are, as the query
/// parameter `fields` has it (RFC 8040 section 4.8.3): names alone, and none of them twice below
/// one node, since a server may heed only one of them. `None` where one of them is that node.
pub(crate) fn together(nodes: &[Node]) -> (NodePath, Option<String>) {
    let Some((first, rest)) = nodes.split_first() else { return (NodePath::default(), None) };
    let plain = first.path.steps.iter().take_while(|step| step.keys.is_empty() && !step.name.contains('{')).count();
    let shared = |other: &Node| {
        let pairs = other.path.steps.iter().zip(first.path.steps.iter().take(plain));
        pairs.take_while(|(one, other)| one == other).count()
    };
    let common = rest.iter().map(shared).fold(plain, usize::min);
    let top = NodePath { steps: first.path.steps.iter().take(common).cloned().collect() };
    let above = top.steps.last().map(|step| &step.module);
    let mut fields = Field::default();
    for node in nodes {
        fields.add(node.path.steps.get(common..).unwrap_or_default(), &node.names, above);
    }
    (top, (!fields.is_whole).then(|| fields.below()))
}

/// A node of an expression of `fields`, with those below it that are asked for.
#[derive(Default)]
struct Field {
    name: String,
    below: Vec<Self>,
    /// All that is below it is asked for.
    is_whole: bool,
}

impl Field {
    /// Asks for what is at the end of these steps, too; of a list on the way for its keys, or
    /// nobody knew which entry it is.
    fn add(&mut self, steps: &[PathStep], names: &Names, above: Option<&Module>) {
        let Some((step, rest)) = steps.split_first() else { return self.is_whole = true };
        let name = qualified(step, above, &encoded(&names.resolve(&step.name).unwrap_or_default()));
        let keys: &[_] = if rest.is_empty() { &[] } else { &step.keys };
        self.with(name, |own| {
            keys.iter().for_each(|(key, _)| own.with(key.clone(), |key| key.is_whole = true));
            own.add(rest, names, Some(&step.module));
        });
    }

    fn with(&mut self, name: String, more: impl FnOnce(&mut Self)) {
        if let Some(own) = self.below.iter_mut().find(|own| own.name == name) {
            return more(own);
        }
        let mut own = Self { name, ..Self::default() };
        more(&mut own);
        self.below.push(own);
    }

    fn below(&self) -> String {
        let all: Vec<String> = self.below.iter().map(Self::expression).collect();
        all.join(";")
    }

    fn expression(&self) -> String {
        match self.below.as_slice() {
            _ if self.is_whole => self.name.clone(),
            [one] => format!("{}/{}", self.name, one.expression()),
            _ => format!("{}({})", self.name, self.below()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_uri_gives_a_meaning_to_is_encoded_in_keys() {
        assert_eq!(encoded("Ethernet1/1"), "Ethernet1%2F1");
        assert_eq!(encoded("1/0/1:2,3%;é"), "1%2F0%2F1%3A2%2C3%25%3B%C3%A9");
        assert_eq!(encoded("Port-channel10.5_~"), "Port-channel10.5_~");
    }
    fn node(steps: &[(&str, &str, Option<&str>)]) -> Node {
        let step = |(module, name, key): &(&str, &str, Option<&str>)| PathStep {
            module: Module { name: Some((*module).into()), namespace: format!("urn:{module}").into() },
            name: (*name).to_owned(),
            keys: key.iter().map(|key| ((*key).to_owned(), format!("{{{key}}}"))).collect(),
        };
        Node { path: NodePath { steps: steps.iter().map(step).collect() }, names: Names::default() }
    }

    /// RFC 8040 section 4.8.3 says nothing of a node that is named twice.
    #[test]
    fn no_node_is_named_twice_below_one_in_fields() {
        let (list, entry) = (("if", "interfaces", None), ("if", "interface", Some("name")));
        let (vlans, config) = (("vlan", "switched-vlan", None), ("if", "config", None));
        let asked = [
            node(&[list, entry, config]),
            node(&[list, entry, ("eth", "ethernet", None), vlans]),
            node(&[list, entry, ("eth", "ethernet", None), ("eth", "config", None)]),
            node(&[("ni", "instances", None), ("ni", "instance", None), ("ni", "vlans", None)]),
            node(&[list, entry, config]),
        ];
        let (top, fields) = together(&asked);
        assert!(top.steps.is_empty());
        let interface = "if:interfaces/interface(name;config;eth:ethernet(vlan:switched-vlan;config))";
        assert_eq!(fields.unwrap(), format!("{interface};ni:instances/instance/vlans"));
        // What is asked for whole takes in what is below.
        let (top, fields) = together(&[node(&[list, entry, config]), node(&[list, entry])]);
        assert_eq!((top.steps.len(), fields.as_deref()), (1, Some("interface")));
        assert_eq!(together(&[node(&[list]), node(&[list, entry, config])]).1, None);
    }
}
