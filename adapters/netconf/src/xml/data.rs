//! Reading data: a tree that borrows from the document, for what may be as
//! large as a configuration.

use std::{borrow::Cow, collections::BTreeSet};

use mercury_adapter::{DataNode, DataTree, NoRoom};
use quick_xml::{Reader, XmlVersion, events::Event};

use super::{
    Limits, XmlError,
    parse::{legal, resolve, shown},
};

/// Why data cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DataError {
    #[error(transparent)]
    Xml(#[from] XmlError),
    #[error(transparent)]
    NoRoom(#[from] NoRoom),
}

/// What of a document is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Laid<'k> {
    /// All of it: it shows data.
    All,
    /// It is an edit, and what it takes away is not (RFC 6241 section 7.2).
    Brought,
    /// It is an edit that does nothing but what an `operation` says (its `default-operation`
    /// is `none`): what has none, in itself or around it, is the way to what has, with its keys,
    /// which besides [`KEYS`] are called so.
    Said(&'k BTreeSet<&'k str>),
}

/// Operations that bring what they stand at.
const BRINGS: [&str; 3] = ["merge", "replace", "create"];
/// Leaves by which entries of lists are told apart in most models.
pub(crate) const KEYS: [&str; 6] = ["name", "vlan-id", "vlanid", "id", "index", "identifier"];

/// An element that is open.
struct Open<'a> {
    node: &'a DataNode<'a>,
    /// Whether it, or one around it, is brought.
    is_brought: bool,
    /// Whether it is to be there when it ends.
    waits: bool,
    /// Whether one in it is.
    holds: bool,
}

/// The element that `text` holds, as [`super::Element::parse`] reads it. Names
/// are without prefixes, namespaces are not looked at, and text beside elements
/// is dropped, as no data model has any.
///
/// # Errors
/// It is not well-formed, has a DOCTYPE, is nested too deep, or there is no room
/// for it.
pub(crate) fn tree<'a>(
    text: &'a str,
    limits: Limits,
    laid: Laid<'_>,
    made: &mut DataTree<'a, '_>,
) -> Result<&'a DataNode<'a>, DataError> {
    let is_key = |name: &str| {
        let of_model = if let Laid::Said(keys) = laid { keys.contains(name) } else { false };
        of_model || KEYS.contains(&name)
    };
    let mut reader = Reader::from_str(text);
    let (mut open, mut root, mut words): (Vec<Open<'a>>, _, _) = (Vec::new(), None, Words::None);
    loop {
        let position = reader.buffer_position();
        let malformed = |reason: String| XmlError::Malformed { position, reason: shown(&reason) };
        let event = reader.read_event().map_err(|error| malformed(error.to_string()))?;
        match &event {
            Event::Start(tag) | Event::Empty(tag) => {
                let node = made.node(tag.local_name().into_inner())?;
                let (mut is_default, mut is_taken, mut is_brought) = (false, false, false);
                for attribute in tag.attributes() {
                    let attribute = attribute.map_err(|error| malformed(error.to_string()))?;
                    if attribute.key.as_namespace_binding().is_none() {
                        let value = attribute.normalized_value(XmlVersion::Explicit1_0);
                        let value = legal(value.map_err(|error| malformed(error.to_string()))?);
                        let name = attribute.key.local_name().into_inner();
                        let is_tag = attribute.key.prefix().is_some() && name == "default";
                        is_default |= is_tag && matches!(&*value, "true" | "1");
                        // What an edit takes away it does not bring (RFC 6241 section 7.2).
                        let is_operation = attribute.key.prefix().is_some() && name == "operation";
                        is_taken |= laid != Laid::All && is_operation && matches!(&*value, "delete" | "remove");
                        // Junos' own word for it.
                        let is_junos = attribute.key.prefix().is_none() && name == "delete";
                        is_taken |= laid != Laid::All && is_junos && value == "delete";
                        is_brought |= is_operation && BRINGS.contains(&&*value);
                        made.attribute(node, name, &value)?;
                    }
                }
                is_brought |= !matches!(laid, Laid::Said(_)) || open.last().is_some_and(|above| above.is_brought);
                let mut waits = false;
                match open.last_mut() {
                    // Only shown because it is the default (RFC 6243 section 6).
                    Some(_) if is_default || is_taken => {}
                    Some(_) if !is_brought => waits = true,
                    Some(above) => {
                        above.holds = true;
                        above.node.push(node);
                    }
                    None if root.is_none() => root = Some(node),
                    None => return Err(malformed("a second root element".into()).into()),
                }
                words = Words::None;
                if matches!(event, Event::Start(_)) {
                    if open.len() >= limits.max_depth {
                        return Err(XmlError::TooLarge { what: "levels", limit: limits.max_depth }.into());
                    }
                    open.push(Open { node, is_brought, waits, holds: false });
                } else {
                    made.set_value(node, "")?;
                }
            }
            Event::End(_) => {
                let Open { node, waits, holds, .. } =
                    open.pop().ok_or_else(|| malformed("unexpected end tag".into()))?;
                if !node.is_above() {
                    let value = words.taken(made)?;
                    made.set_value(node, value)?;
                }
                if let Some(above) = open.last_mut().filter(|_| waits) {
                    above.holds |= holds;
                    if holds || !node.is_above() && is_key(node.name()) {
                        above.node.push(node);
                    }
                }
                words = Words::None;
            }
            Event::Text(piece) => words.add(piece.xml10_content()),
            Event::CData(piece) => words.add(piece.xml10_content()),
            Event::GeneralRef(reference) => words.add(resolve(reference).map_err(malformed)?),
            Event::DocType(_) => return Err(XmlError::Doctype.into()),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            Event::Eof if !open.is_empty() => {
                return Err(malformed("the document ends inside an element".into()).into());
            }
            Event::Eof => return root.ok_or_else(|| malformed("no element".into()).into()),
        }
    }
}

/// The text since the last tag; most often it is one piece of the document.
enum Words<'a> {
    None,
    One(&'a str),
    More(String),
}

impl<'a> Words<'a> {
    fn add(&mut self, piece: Cow<'a, str>) {
        *self = match (std::mem::replace(self, Self::None), piece) {
            (Self::None, Cow::Borrowed(piece)) => Self::One(piece),
            (Self::None, Cow::Owned(piece)) => Self::More(piece),
            (Self::One(first), piece) => Self::More(format!("{first}{piece}")),
            (Self::More(first), piece) => Self::More(first + &piece),
        };
    }

    /// Without the blanks around it, which pretty-printing servers add.
    fn taken(&self, made: &mut DataTree<'a, '_>) -> Result<&'a str, NoRoom> {
        match self {
            Self::None => Ok(""),
            Self::One(text) => Ok(text.trim()),
            Self::More(text) => made.text(text.trim()),
        }
    }
}
