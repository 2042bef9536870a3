//! What a switch showed as XML, from a file.

mod deleted;

use mercury_adapter::{Data as _, DataNode, DataTree, Payload, place};

use crate::{
    render::EditConfig,
    xml::{self, BASE_NS, DataError, Element, Limits, XmlError},
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
    let mut top = xml::tree(text, Limits::default(), true, made).map_err(|error| told(text, &error))?;
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
/// elements.
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
    Ok(Payload::new(EditConfig(Element::new(BASE_NS, "config").children(content))))
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
