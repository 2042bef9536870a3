//! A switch's datastore as an XML tree, and `<edit-config>` on it as RFC 6241
//! section 7.2 says, written apart from the renderer on purpose: what the two
//! agree on is the RFC.

use mercury_netconf::xml::{BASE_NS, Element, Node};

const XMLNS_NS: &str = "http://www.w3.org/2000/xmlns/";
const IOS_NS: &str = "http://cisco.com/ns/yang/Cisco-IOS-XE-native";
const NETWORK_INSTANCE_NS: &str = "http://openconfig.net/yang/network-instance";

/// How many instances of a node its parent may have, and what tells them apart.
enum Instances {
    One,
    Keyed(&'static str),
    Values,
}

/// What of the published schemas the interpreter has to know.
fn instances(parent: &Element, node: &Element) -> Instances {
    match (parent.name.as_str(), node.name.as_str()) {
        ("interfaces" | "rstp", "interface") | ("interface", "unit") | ("network-instances", "network-instance") => {
            Instances::Keyed("name")
        }
        ("vlans", "vlan") if node.ns.as_deref() == Some(NETWORK_INSTANCE_NS) => Instances::Keyed("vlan-id"),
        ("vlans", "vlan") => Instances::Keyed("name"),
        ("connection-points", "connection-point") => Instances::Keyed("connection-point-id"),
        ("endpoints", "endpoint") => Instances::Keyed("endpoint-id"),
        ("local-endpoint-vnis", "local-endpoint-vni") => Instances::Keyed("vni"),
        ("evpn-instances", "evpn-instance") => Instances::Keyed("evi"),
        ("vlan", "vlan-list") => Instances::Keyed("id"),
        ("add-vlans", "add") => Instances::Keyed("vlans"),
        ("interface", _) if parent.ns.as_deref() == Some(IOS_NS) => Instances::Keyed("name"),
        ("config", "trunk-vlans" | "import-route-target" | "export-route-target") | ("vlan", "members") => {
            Instances::Values
        }
        _ => Instances::One,
    }
}

/// The key of a list entry, if `node` is one below `parent`.
pub(crate) fn key<'a>(parent: &Element, node: &'a Element) -> Option<(&'static str, &'a str)> {
    match instances(parent, node) {
        Instances::Keyed(key) => Some((key, node.find(key).map(Element::value).unwrap_or_default())),
        Instances::One | Instances::Values => None,
    }
}

fn same(parent: &Element, a: &Element, b: &Element) -> bool {
    let named = a.ns == b.ns && a.name == b.name;
    named
        && match instances(parent, a) {
            Instances::One => true,
            Instances::Keyed(key) => a.find(key).map(Element::value) == b.find(key).map(Element::value),
            Instances::Values => a.value() == b.value(),
        }
}

/// A switch.
#[derive(Clone)]
pub(crate) struct Device {
    pub(crate) data: Element,
}

impl Device {
    /// A switch with these nodes in its datastore.
    pub(crate) fn with(content: &[Element]) -> Self {
        Self { data: Element::new(BASE_NS, "data").children(content.iter().cloned()) }
    }

    /// Does what the content of `<config>` says, `merge` where it says nothing.
    pub(crate) fn apply(&mut self, content: &[Element]) -> Result<(), String> {
        let config = Element::new(BASE_NS, "config").children(content.iter().cloned());
        merge_children(&mut self.data, &config)
    }
}

fn merge_children(into: &mut Element, from: &Element) -> Result<(), String> {
    let nodes: Vec<&Element> = from.elements().collect();
    for (index, node) in nodes.iter().enumerate() {
        if nodes[..index].iter().any(|earlier| same(from, earlier, node)) {
            return Err(format!("<{}> twice in one <{}>", node.name, from.name));
        }
        if let Some((key, "")) = key(from, node) {
            return Err(format!("<{}> without its key <{key}>", node.name));
        }
        edit(into, node)?;
    }
    Ok(())
}

fn edit(parent: &mut Element, node: &Element) -> Result<(), String> {
    let found =
        parent.children.iter().position(|child| matches!(child, Node::Element(present) if same(parent, present, node)));
    match (operation(node)?, found) {
        ("remove", Some(index)) => {
            parent.children.remove(index);
        }
        ("remove", None) => {}
        ("create", Some(_)) => return Err(format!("data-exists: <{}>", node.name)),
        ("create", None) => parent.children.push(Node::Element(plain(node)?)),
        ("replace", found) => {
            let exactly = plain(node)?;
            match found {
                Some(index) => parent.children[index] = Node::Element(exactly),
                None => parent.children.push(Node::Element(exactly)),
            }
        }
        (_, found) => {
            let index = found.unwrap_or(parent.children.len());
            if found.is_none() {
                parent.children.push(Node::Element(Element { children: Vec::new(), ..node.clone() }));
            }
            let Some(Node::Element(present)) = parent.children.get_mut(index) else { unreachable!("just put there") };
            if node.elements().next().is_none() {
                *present = node.clone();
            } else {
                merge_children(present, node)?;
            }
        }
    }
    Ok(())
}

/// A replaced node is what it holds; an operation inside would have no meaning
/// a server must share.
fn plain(node: &Element) -> Result<Element, String> {
    let mut plain = Element { children: Vec::new(), ..node.clone() };
    plain.attributes.retain(|attribute| attribute.name != "operation");
    for child in &node.children {
        plain.children.push(match child {
            Node::Text(text) => Node::Text(text.clone()),
            Node::Element(child) if operation(child)? == "merge" => Node::Element(self::plain(child)?),
            Node::Element(child) => return Err(format!("an operation on <{}> inside a replaced node", child.name)),
        });
    }
    Ok(plain)
}

/// The operation on a node. `delete`, which fails on what is gone already, and
/// any attribute a server need not know are errors.
fn operation(node: &Element) -> Result<&str, String> {
    let mut operation = "merge";
    for attribute in &node.attributes {
        match (attribute.ns.as_deref(), attribute.name.as_str(), attribute.value.as_str()) {
            (Some(XMLNS_NS), ..) => {}
            (Some(BASE_NS), "operation", word @ ("merge" | "create" | "replace" | "remove")) => operation = word,
            other => return Err(format!("attribute {other:?} on <{}>", node.name)),
        }
    }
    Ok(operation)
}
