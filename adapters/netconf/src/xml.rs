//! A small XML tree: what NETCONF needs and no more.
//!
//! Names are compared by their local part when reading, because devices answer
//! in odd namespaces; when writing, each element carries its namespace as the
//! default one, because some servers refuse prefixed elements.

mod data;
mod parse;
mod write;

use std::sync::Arc;

pub(crate) use data::{DataError, KEYS, Laid, tree};
pub use parse::Limits;
pub(crate) use parse::text;

/// The namespace of RFC 6241.
pub const BASE_NS: &str = "urn:ietf:params:xml:ns:netconf:base:1.0";
/// The namespace that namespace declarations themselves are in.
const XMLNS_NS: &str = "http://www.w3.org/2000/xmlns/";
/// The namespace of `xml:lang`; its prefix is never declared.
const XML_NS: &str = "http://www.w3.org/XML/1998/namespace";

/// Why XML cannot be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum XmlError {
    /// Not well-formed.
    #[error("malformed XML near byte {position}: {reason}")]
    Malformed {
        /// Bytes from the start of the document.
        position: u64,
        /// What is wrong.
        reason: String,
    },
    /// A document type declaration: NETCONF has no use for one, attackers do.
    #[error("the document declares a DOCTYPE")]
    Doctype,
    /// One of [`Limits`] was passed.
    #[error("the document has more than {limit} {what}")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// A name that is not an XML name (when writing).
    #[error("\"{}\" is not an XML name", .0.escape_debug())]
    BadName(String),
    /// A character XML 1.0 cannot carry, escaped or not (when writing).
    #[error("{element} holds the control character U+{:04X}", *.character as u32)]
    BadCharacter {
        /// The element it is in.
        element: String,
        /// The character.
        character: char,
    },
}

/// An element with its attributes and content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// The namespace; `None` for no namespace, or for a prefix never declared.
    pub ns: Option<Arc<str>>,
    /// The local name.
    pub name: String,
    /// In document order, without namespace declarations, save those that a
    /// prefix in this element's own text needs (see [`Element::qname`]).
    pub attributes: Vec<Attribute>,
    /// In document order.
    pub children: Vec<Node>,
}

/// An attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// The namespace; unprefixed attributes have none.
    pub ns: Option<Arc<str>>,
    /// The local name.
    pub name: String,
    /// The value.
    pub value: String,
}

/// What an element contains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// An element.
    Element(Element),
    /// Character data, unescaped.
    Text(String),
}

/// Building.
impl Element {
    /// An empty element. The empty string means no namespace.
    #[must_use]
    pub fn new(ns: &str, name: &str) -> Self {
        Self::with_ns((!ns.is_empty()).then(|| Arc::from(ns)), name)
    }

    fn with_ns(ns: Option<Arc<str>>, name: &str) -> Self {
        Self { ns, name: name.to_owned(), attributes: Vec::new(), children: Vec::new() }
    }

    /// An empty element in the same namespace as this one.
    #[must_use]
    pub fn sibling(&self, name: &str) -> Self {
        Self::with_ns(self.ns.clone(), name)
    }

    /// Adds a child at the end.
    #[must_use]
    pub fn child(mut self, child: Self) -> Self {
        self.children.push(Node::Element(child));
        self
    }

    /// Adds a child if there is one.
    #[must_use]
    pub fn child_opt(self, child: Option<Self>) -> Self {
        match child {
            Some(child) => self.child(child),
            None => self,
        }
    }

    /// Adds children at the end.
    #[must_use]
    pub fn children(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        self.children.extend(children.into_iter().map(Node::Element));
        self
    }

    /// Adds an empty child in the same namespace.
    #[must_use]
    pub fn empty(self, name: &str) -> Self {
        let child = self.sibling(name);
        self.child(child)
    }

    /// Adds a child in the same namespace that holds only text.
    #[must_use]
    pub fn leaf(self, name: &str, text: impl AsRef<str>) -> Self {
        let child = self.sibling(name).text(text);
        self.child(child)
    }

    /// Adds text at the end. Empty text is nothing, so that the element stays
    /// self-closed.
    #[must_use]
    pub fn text(mut self, text: impl AsRef<str>) -> Self {
        self.push_text(text.as_ref());
        self
    }

    /// Sets the text to a name of another module (an identityref, RFC 7950
    /// section 9.10.3) and declares its prefix here.
    #[must_use]
    pub fn qname(mut self, prefix: &str, ns: &str, local: &str) -> Self {
        self.set(Some(Arc::from(XMLNS_NS)), prefix, ns);
        self.text(format!("{prefix}:{local}"))
    }

    /// Sets an attribute without namespace.
    #[must_use]
    pub fn attr(mut self, name: &str, value: impl AsRef<str>) -> Self {
        self.set(None, name, value.as_ref());
        self
    }

    /// Sets an attribute in a namespace.
    #[must_use]
    pub fn attr_ns(mut self, ns: &str, name: &str, value: impl AsRef<str>) -> Self {
        self.set(Some(Arc::from(ns)), name, value.as_ref());
        self
    }

    /// Sets `nc:operation` (RFC 6241 section 7.2). Always in the base
    /// namespace: without it some servers merge where they should delete.
    #[must_use]
    pub fn operation(self, operation: &str) -> Self {
        self.attr_ns(BASE_NS, "operation", operation)
    }

    fn set(&mut self, ns: Option<Arc<str>>, name: &str, value: &str) {
        let value = value.to_owned();
        match self.attributes.iter_mut().find(|a| a.ns == ns && a.name == name) {
            Some(attribute) => attribute.value = value,
            None => self.attributes.push(Attribute { ns, name: name.to_owned(), value }),
        }
    }

    fn push_text(&mut self, text: &str) {
        match self.children.last_mut() {
            _ if text.is_empty() => {}
            Some(Node::Text(last)) => last.push_str(text),
            _ => self.children.push(Node::Text(text.to_owned())),
        }
    }
}

/// Reading. Names are local names.
impl Element {
    /// The first child of this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Self> {
        self.elements().find(|child| child.name == name)
    }

    /// All children of this name.
    pub fn find_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.elements().filter(move |child| child.name == name)
    }

    /// All child elements.
    pub fn elements(&self) -> impl Iterator<Item = &Self> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The element reached by taking the first child of each name in turn.
    #[must_use]
    pub fn path(&self, names: &[&str]) -> Option<&Self> {
        names.iter().try_fold(self, |element, name| element.find(name))
    }

    /// The first text, exactly as sent; empty if there is none.
    #[must_use]
    pub fn raw_text(&self) -> &str {
        self.children
            .iter()
            .find_map(|node| match node {
                Node::Text(text) => Some(text.as_str()),
                Node::Element(_) => None,
            })
            .unwrap_or_default()
    }

    /// The first text without blanks around it, which pretty-printing servers add.
    #[must_use]
    pub fn value(&self) -> &str {
        self.raw_text().trim()
    }

    /// The trimmed text at a path.
    #[must_use]
    pub fn value_at(&self, names: &[&str]) -> Option<&str> {
        self.path(names).map(Self::value)
    }

    /// The value of the first attribute of this name.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|a| a.name == name).map(|a| a.value.as_str())
    }
}

/// The characters XML 1.0 can carry (section 2.2, `Char`).
fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// An XML name without a colon. ASCII is all YANG identifiers use; other
/// letters are let through, as they do no harm.
fn is_name(name: &str) -> bool {
    let starts = |c: char| c.is_alphabetic() || c == '_';
    let goes_on = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '\u{b7}');
    let mut characters = name.chars();
    characters.next().is_some_and(starts) && characters.all(goes_on)
}

#[cfg(test)]
#[path = "xml/tests.rs"]
mod tests;
