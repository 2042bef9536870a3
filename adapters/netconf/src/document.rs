//! What a switch showed as XML, from a file.

mod deleted;
mod namespaces;

use mercury_adapter::{Data as _, DataNode, DataTree, Nodes, Payload, place};

pub use crate::published::is_junos;
use crate::{
    operation::DefaultOperation,
    render::EditConfig,
    xml::{self, BASE_NS, DataError, Element, Laid, Limits, XmlError},
};
pub use deleted::{Edited, Elements, edited};

/// What holds data, one in another, in replies and in what people keep of them.
const AROUND: [&str; 5] = ["rpc", "rpc-reply", "data", "config", "edit-config"];
/// What a reply may say beside.
const REFUSED: &str = "rpc-error";

/// Lays the data that a document shows below `root`: an `<rpc-reply>` with it, its
/// `<data>`, a `<config>`, or one of its own top elements alone. What an edit deletes or
/// removes is not laid.
///
/// # Errors
/// A sentence with the line: it is not well-formed or has a DOCTYPE; it is an
/// error's reply; there is no room for it.
pub fn lay<'a>(text: &'a str, made: &mut DataTree<'a, '_>, root: &DataNode<'a>) -> Result<(), String> {
    laid(text, Laid::Brought, made, root)
}

/// The same of an edit: what it brings, by what becomes in it of what has no `operation`
/// (RFC 6241 section 7.2); `nodes` tells the keys of lists.
///
/// # Errors
/// As of [`lay`].
pub fn lay_edit<'a>(
    text: &'a str,
    edited: &Edited,
    nodes: &Nodes,
    made: &mut DataTree<'a, '_>,
    root: &DataNode<'a>,
) -> Result<(), String> {
    let keys = nodes.keys();
    let how = if edited.default == Some(DefaultOperation::None) { Laid::Said(&keys) } else { Laid::Brought };
    laid(text, how, made, root)
}

fn laid<'a>(text: &'a str, how: Laid<'_>, made: &mut DataTree<'a, '_>, root: &DataNode<'a>) -> Result<(), String> {
    let mut top = xml::tree(text, Limits::default(), how, made).map_err(|error| told(text, &error))?;
    if !AROUND.contains(&top.name()) {
        root.push(top);
        return Ok(());
    }
    loop {
        if top.below().any(|child| child.name() == REFUSED) {
            return Err("it is a reply that tells of an error".to_owned());
        }
        let inner = top.members().find(|child| AROUND.contains(&child.name()));
        match inner {
            Some(inner) => top = inner,
            None => break,
        }
    }
    if !top.is_leaf() {
        top.members().filter(|member| !member.name().starts_with('@')).for_each(|member| root.push(member));
    }
    Ok(())
}

/// The edit that a document asks for, as it is: what is in its `<config>`, or its own top
/// elements, and its `default-operation`.
///
/// # Errors
/// A sentence: it is not well-formed, has a DOCTYPE, or passes a limit (4 MiB, 100,000
/// elements).
pub fn edit(text: &str) -> Result<Payload, String> {
    let mut top = Element::parse(text.as_bytes(), Limits::default()).map_err(|error| error.to_string())?;
    let content = loop {
        if !AROUND.contains(&&*top.name) {
            break vec![top];
        }
        let inner = top.elements().find(|child| AROUND.contains(&&*child.name)).cloned();
        match inner {
            Some(inner) => top = inner,
            None => break top.elements().cloned().collect(),
        }
    };
    let default = edited(text, &Nodes::default())?.default;
    Ok(Payload::new(EditConfig(Element::new(BASE_NS, "config").children(content), default)))
}

fn told(text: &str, error: &DataError) -> String {
    let (octet, reason) = match error {
        DataError::Xml(XmlError::Malformed { position, reason }) => {
            (usize::try_from(*position).ok(), format!("malformed XML: {reason}"))
        }
        DataError::Xml(XmlError::Doctype) => (text.find("<!DOCTYPE"), error.to_string()),
        other => return other.to_string(),
    };
    let (line, column) = place(text, octet.unwrap_or_default());
    format!("line {line} column {column}: {reason}")
}

#[cfg(test)]
mod tests {
    use mercury_adapter::{Budget, Bump, Capabilities, MAX_REPLY};

    use super::*;

    fn edit_of(default: &str, inside: &str) -> String {
        format!(
            "<edit-config xmlns:nc=\"{BASE_NS}\"><target><candidate/></target><default-operation>{default}\
             </default-operation><config><a>{inside}</a></config></edit-config>"
        )
    }

    fn brought(text: &str) -> String {
        brought_with(text, &Nodes::default())
    }

    fn brought_with(text: &str, nodes: &Nodes) -> String {
        let (arena, mut share) = (Bump::new(), Budget::new(0).share(MAX_REPLY));
        let mut made = DataTree::new(&arena, &mut share);
        let root = made.node("").unwrap();
        lay_edit(text, &edited(text, nodes).unwrap(), nodes, &mut made, root).unwrap();
        format!("{root:?}")
    }

    #[test]
    fn what_junos_own_attribute_deletes_is_not_brought() {
        let text = "<configuration><vlans><vlan delete=\"delete\"><name>aa</name></vlan>\
                    <vlan><name>bb</name></vlan></vlans></configuration>";
        let said = brought(text);
        assert!(!said.contains("aa") && said.contains("bb"), "{said}");
        assert_eq!(edited(text, &Nodes::default()).unwrap().deleted.len(), 1);
    }

    #[test]
    fn of_an_edit_that_does_nothing_by_itself_only_what_an_operation_says_is_brought() {
        let inside = "<i><name>e1</name><c><mtu>9</mtu></c></i>\
                      <i><name>e2</name><c><mtu nc:operation=\"merge\">8</mtu><x>1</x></c></i>\
                      <i nc:operation=\"create\"><name>e3</name><c><mtu>7</mtu><d nc:operation=\"delete\"/></c></i>\
                      <i><name>e4</name><c><d nc:operation=\"remove\"/></c></i>";
        let said = brought(&edit_of("none", inside));
        for (word, is_there) in
            [("e1", false), ("e2", true), ("\"8\"", true), ("<x", false), ("\"7\"", true), ("<d", false), ("e4", false)]
        {
            assert_eq!(said.contains(word), is_there, "{word}: {said}");
        }
        for default in ["merge", "replace"] {
            let all = brought(&edit_of(default, inside));
            assert!(["e1", "e2", "e3", "e4", "<x"].iter().all(|word| all.contains(word)), "{default}: {all}");
        }
    }

    #[test]
    fn an_entry_that_does_nothing_by_itself_keeps_the_keys_that_its_model_has() {
        let all = mercury_adapter::builtin().unwrap();
        let tree = &all.iter().find(|one| one.name == "openconfig").unwrap().netconf.as_ref().unwrap().tree;
        let inside =
            "<p><connection-point-id>k1</connection-point-id><leaf>k2</leaf><c nc:operation=\"merge\">1</c></p>";
        let edit = edit_of("none", inside);
        let (by_model, bare) = (brought_with(&edit, &Nodes::of(&tree.looked_at())), brought(&edit));
        assert!(by_model.contains("k1") && !by_model.contains("k2"), "{by_model}");
        assert!(!bare.contains("k1") && bare.contains("<c"), "{bare}");
    }

    #[test]
    fn an_edit_is_staged_with_its_own_default_operation() {
        for default in ["none", "replace", "merge"] {
            let edit = edit(&edit_of(default, "<b/>")).unwrap();
            let sent = crate::render::request(edit.body::<EditConfig>(), &Capabilities::unknown()).to_pretty().unwrap();
            assert!(sent.contains(&format!("<default-operation>{default}</default-operation>")), "{sent}");
        }
        let sent = crate::render::request(edit("<a/>").unwrap().body::<EditConfig>(), &Capabilities::unknown());
        assert!(!sent.to_pretty().unwrap().contains("default-operation"));
    }
}
