//! A configuration that is written in XML for NETCONF, as gNMI shows it: JSON, names
//! without their modules'. OpenConfig's style tells what is a list: leaves stand in
//! `config` alone, so whatever else has one is an entry, and that is its key.

use quick_xml::{Reader, events::Event};
use serde_json::{Map, Value as Json, json};

/// Leaf-lists, which may have one value.
const LEAF_LISTS: [&str; 2] = ["trunk-vlans", "trunk-groups"];

/// What is a text, whatever it looks like.
const TEXTS: [&str; 2] = ["name", "description"];

/// The modules whose identities are values, and their namespaces.
const IDENTITIES: [(&str, &str); 5] = [
    ("urn:ietf:params:xml:ns:yang:iana-if-type", "iana-if-type"),
    ("http://openconfig.net/yang/interfaces/ethernet", "openconfig-if-ethernet"),
    ("http://openconfig.net/yang/network-instance-types", "openconfig-network-instance-types"),
    ("http://openconfig.net/yang/spanning-tree/types", "openconfig-spanning-tree-types"),
    ("http://openconfig.net/yang/vlan-types", "openconfig-vlan-types"),
];

#[derive(Default)]
struct Element {
    name: String,
    /// The namespaces of prefixes.
    prefixes: Vec<(String, String)>,
    text: String,
    children: Vec<Element>,
}

/// The top nodes, one after the other.
pub(crate) fn json(text: &str) -> Json {
    object(&parse(text), false)
}

fn parse(text: &str) -> Vec<Element> {
    let mut open = vec![Element::default()];
    let mut reader = Reader::from_str(text);
    let element = |start: &quick_xml::events::BytesStart<'_>| {
        let declared = start
            .attributes()
            .map(|one| one.unwrap())
            .filter_map(|one| Some((one.key.as_ref().strip_prefix("xmlns:")?.to_owned(), one.value.to_string())));
        Element { name: start.local_name().as_ref().to_owned(), prefixes: declared.collect(), ..Element::default() }
    };
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => open.push(element(&start)),
            Event::Empty(start) => open.last_mut().unwrap().children.push(element(&start)),
            Event::End(_) => {
                let done = open.pop().unwrap();
                open.last_mut().unwrap().children.push(done);
            }
            Event::Text(text) => open.last_mut().unwrap().text.push_str(&text),
            Event::GeneralRef(name) => {
                let resolved = quick_xml::escape::resolve_predefined_entity(&name);
                open.last_mut().unwrap().text.push_str(resolved.unwrap());
            }
            Event::Eof => return open.pop().unwrap().children,
            other => panic!("{other:?}"),
        }
    }
}

fn object(children: &[Element], is_config: bool) -> Json {
    let mut members = Map::new();
    for child in children {
        let is_config = is_config || child.name == "config";
        let value = if child.children.is_empty() { leaf(child) } else { object(&child.children, is_config) };
        if LEAF_LISTS.contains(&child.name.as_str()) || !is_config && is_entry(child) {
            members.entry(&child.name).or_insert_with(|| json!([])).as_array_mut().unwrap().push(value);
        } else {
            assert!(members.insert(child.name.clone(), value).is_none(), "{} twice", child.name);
        }
    }
    members.into()
}

fn is_entry(element: &Element) -> bool {
    let is_leaf = |child: &Element| child.children.is_empty() && !child.text.is_empty();
    element.children.iter().any(is_leaf)
}

fn leaf(element: &Element) -> Json {
    let text = element.text.as_str();
    match text {
        _ if TEXTS.contains(&element.name.as_str()) => text.into(),
        "true" | "false" => (text == "true").into(),
        _ => text.parse::<u32>().map_or_else(|_| identity(element).into(), Json::from),
    }
}

/// An identity with its module's name instead of its document's prefix.
fn identity(element: &Element) -> String {
    let named = element.text.split_once(':').and_then(|(prefix, word)| {
        let (_, namespace) = element.prefixes.iter().find(|(own, _)| own == prefix)?;
        let (_, module) = IDENTITIES.iter().find(|(own, _)| own == namespace).unwrap();
        Some(format!("{module}:{word}"))
    });
    named.unwrap_or_else(|| element.text.clone())
}
