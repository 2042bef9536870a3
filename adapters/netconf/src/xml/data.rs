//! Reading data: a tree that borrows from the document, for what may be as
//! large as a configuration.

use std::borrow::Cow;

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

/// The element that `text` holds, as [`super::Element::parse`] reads it. Names
/// are without prefixes, namespaces are not looked at, and text beside elements
/// is dropped, as no data model has any. Of an edit's document, what the edit takes away
/// is not there.
///
/// # Errors
/// It is not well-formed, has a DOCTYPE, is nested too deep, or there is no room
/// for it.
pub(crate) fn tree<'a>(
    text: &'a str,
    limits: Limits,
    is_edit: bool,
    made: &mut DataTree<'a, '_>,
) -> Result<&'a DataNode<'a>, DataError> {
    let mut reader = Reader::from_str(text);
    let (mut open, mut root, mut words): (Vec<&DataNode<'_>>, _, _) = (Vec::new(), None, Words::None);
    loop {
        let position = reader.buffer_position();
        let malformed = |reason: String| XmlError::Malformed { position, reason: shown(&reason) };
        let event = reader.read_event().map_err(|error| malformed(error.to_string()))?;
        match &event {
            Event::Start(tag) | Event::Empty(tag) => {
                let node = made.node(tag.local_name().into_inner())?;
                let (mut is_default, mut is_taken) = (false, false);
                for attribute in tag.attributes() {
                    let attribute = attribute.map_err(|error| malformed(error.to_string()))?;
                    if attribute.key.as_namespace_binding().is_none() {
                        let value = attribute.normalized_value(XmlVersion::Explicit1_0);
                        let value = legal(value.map_err(|error| malformed(error.to_string()))?);
                        let name = attribute.key.local_name().into_inner();
                        let is_tag = attribute.key.prefix().is_some() && name == "default";
                        is_default |= is_tag && matches!(&*value, "true" | "1");
                        // What an edit takes away it does not bring (RFC 6241 section 7.2).
                        is_taken |= is_edit
                            && attribute.key.prefix().is_some()
                            && name == "operation"
                            && matches!(&*value, "delete" | "remove");
                        made.attribute(node, name, &value)?;
                    }
                }
                match open.last() {
                    // Only shown because it is the default (RFC 6243 section 6).
                    Some(_) if is_default || is_taken => {}
                    Some(above) => above.push(node),
                    None if root.is_none() => root = Some(node),
                    None => return Err(malformed("a second root element".into()).into()),
                }
                words = Words::None;
                if matches!(event, Event::Start(_)) {
                    if open.len() >= limits.max_depth {
                        return Err(XmlError::TooLarge { what: "levels", limit: limits.max_depth }.into());
                    }
                    open.push(node);
                } else {
                    made.set_value(node, "")?;
                }
            }
            Event::End(_) => {
                let node = open.pop().ok_or_else(|| malformed("unexpected end tag".into()))?;
                if !node.is_above() {
                    let value = words.taken(made)?;
                    made.set_value(node, value)?;
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
