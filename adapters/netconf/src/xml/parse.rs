//! Reading: quick-xml finds the tokens, the limits and the XML rules it does
//! not check are kept here.

use std::{borrow::Cow, collections::BTreeSet, ops::Range, sync::Arc};

use quick_xml::{
    XmlVersion,
    events::{BytesRef, BytesStart, Event},
    name::{QName, ResolveResult},
    reader::NsReader,
};

use super::{Attribute, Element, Node, XML_NS, XMLNS_NS, XmlError, is_xml_char};

/// More prefixes than any device declares at once; each lookup walks them.
const MAX_PREFIXES: usize = 256;
/// How much of a reason is shown, in characters.
const MAX_REASON: usize = 200;

/// Bounds of a document that is read.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Size in bytes. Default 4 MiB.
    pub max_bytes: usize,
    /// Elements inside one another. Default 64.
    pub max_depth: usize,
    /// Elements and attributes altogether: each takes some hundred bytes in
    /// memory, however few in the document. Default 100,000.
    pub max_nodes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_bytes: 4 << 20, max_depth: 64, max_nodes: 100_000 }
    }
}

impl Element {
    /// Reads one document.
    ///
    /// Any encoding declaration is accepted: UTF-8, UTF-16 with a byte order
    /// mark and ISO-8859-1 are understood, what else is not UTF-8 becomes
    /// U+FFFD. Characters XML 1.0 forbids are dropped, because devices send
    /// them. Text of blanks between elements is dropped as indentation.
    ///
    /// # Errors
    /// When the document is not well-formed, has a DOCTYPE or passes a limit.
    pub fn parse(document: &[u8], limits: Limits) -> Result<Self, XmlError> {
        if document.len() > limits.max_bytes {
            return Err(XmlError::TooLarge { what: "bytes", limit: limits.max_bytes });
        }
        let text = legal(decode(document));
        Tree { limits, ..Tree::default() }.read(text.trim()).map(|(element, _)| element)
    }

    /// Reads one document but for the first child of its root that is called
    /// `apart`, of which it says where it lies. The limit in bytes is for what
    /// is read.
    ///
    /// # Errors
    /// As [`Element::parse`], and where that child is not well-formed.
    pub(crate) fn parse_around(
        text: &str,
        apart: &'static str,
        limits: Limits,
    ) -> Result<(Self, Option<Range<usize>>), XmlError> {
        let trimmed = text.trim_start();
        let blanks = text.len() - trimmed.len();
        let tree = Tree { limits, apart: Some(apart), ..Tree::default() };
        let (element, found) = tree.read(trimmed.trim_end())?;
        Ok((element, found.map(|range| range.start + blanks..range.end + blanks)))
    }
}

/// A document as text, if it can be without copying it.
pub(crate) fn text(document: Vec<u8>) -> String {
    let copied = match legal(decode(&document)) {
        Cow::Borrowed(text) if text.len() == document.len() => None,
        other => Some(other.into_owned()),
    };
    copied.unwrap_or_else(|| String::from_utf8(document).unwrap_or_default())
}

#[derive(Default)]
struct Tree {
    limits: Limits,
    open: Vec<Element>,
    root: Option<Element>,
    nodes: usize,
    /// One allocation per namespace, not per element.
    namespaces: BTreeSet<Arc<str>>,
    /// The child of the root that is only looked for.
    apart: Option<&'static str>,
    found: Option<Range<usize>>,
}

impl Tree {
    fn read(mut self, text: &str) -> Result<(Element, Option<Range<usize>>), XmlError> {
        let mut reader = NsReader::from_str(text);
        reader.config_mut().check_end_names = true;
        reader.resolver_mut().set_max_namespace_bindings(MAX_PREFIXES);
        loop {
            let position = reader.buffer_position();
            let malformed = |reason: String| XmlError::Malformed { position, reason: shown(&reason) };
            self.bound(position)?;
            match reader.read_event().map_err(|e| malformed(e.to_string()))? {
                Event::Start(tag) if self.is_apart(&tag) => {
                    self.skip(&mut reader)?;
                    self.found = Some(range(position, reader.buffer_position()));
                }
                Event::Empty(tag) if self.is_apart(&tag) => {
                    self.found = Some(range(position, reader.buffer_position()));
                }
                Event::Start(tag) => {
                    let element = self.element(&reader, &tag).map_err(|e| e.at(position))?;
                    self.open.push(element);
                }
                Event::Empty(tag) => {
                    let element = self.element(&reader, &tag).map_err(|e| e.at(position))?;
                    self.close(element);
                }
                Event::End(_) => {
                    let element = self.open.pop();
                    let mut element = element.ok_or_else(|| malformed("unexpected end tag".into()))?;
                    self.tidy(&reader, &mut element);
                    self.close(element);
                }
                Event::Text(piece) => self.text(&piece.xml10_content()).map_err(malformed)?,
                Event::CData(piece) => self.text(&piece.xml10_content()).map_err(malformed)?,
                Event::GeneralRef(reference) => {
                    let text = resolve(&reference).map_err(malformed)?;
                    self.text(&text).map_err(malformed)?;
                }
                Event::DocType(_) => return Err(XmlError::Doctype),
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
                Event::Eof if !self.open.is_empty() => {
                    return Err(malformed("the document ends inside an element".into()));
                }
                Event::Eof => {
                    let root = self.root.ok_or_else(|| malformed("no element".into()))?;
                    return Ok((root, self.found));
                }
            }
        }
    }

    /// Whether a tag begins what is only looked for.
    fn is_apart(&self, tag: &BytesStart<'_>) -> bool {
        self.open.len() == 1 && self.found.is_none() && self.apart == Some(tag.local_name().into_inner())
    }

    /// Goes to the end of an element that has begun.
    fn skip(&self, reader: &mut NsReader<&[u8]>) -> Result<(), XmlError> {
        let outside = self.open.len();
        let mut open = outside + 1;
        while open > outside {
            let position = reader.buffer_position();
            let malformed = |reason: String| XmlError::Malformed { position, reason: shown(&reason) };
            match reader.read_event().map_err(|e| malformed(e.to_string()))? {
                Event::Start(_) if open >= self.limits.max_depth => return Err(self.too_deep()),
                Event::Start(_) => open += 1,
                Event::End(_) => open -= 1,
                Event::DocType(_) => return Err(XmlError::Doctype),
                Event::Eof => return Err(malformed("the document ends inside an element".into())),
                _ => {}
            }
        }
        Ok(())
    }

    fn too_deep(&self) -> XmlError {
        XmlError::TooLarge { what: "levels", limit: self.limits.max_depth }
    }

    /// What was looked for and passed over is not counted.
    fn bound(&self, position: u64) -> Result<(), XmlError> {
        let passed = self.found.as_ref().map_or(0, ExactSizeIterator::len);
        let limit = self.limits.max_bytes;
        let is_more = usize::try_from(position).map_or(true, |position| position.saturating_sub(passed) > limit);
        if is_more { Err(XmlError::TooLarge { what: "bytes", limit }) } else { Ok(()) }
    }

    fn element(&mut self, reader: &NsReader<&[u8]>, tag: &BytesStart<'_>) -> Result<Element, Flaw> {
        if self.open.is_empty() && self.root.is_some() {
            return Err(Flaw::Malformed("a second root element".into()));
        }
        if self.open.len() >= self.limits.max_depth {
            return Err(Flaw::Limit(self.too_deep()));
        }
        self.count()?;
        let (ns, name) = reader.resolver().resolve_element(tag.name());
        let mut element = Element::with_ns(self.namespace(&ns), name.as_ref());
        for attribute in tag.attributes() {
            self.count()?;
            let attribute = attribute.map_err(|e| Flaw::Malformed(e.to_string()))?;
            if attribute.key.as_namespace_binding().is_some() {
                continue;
            }
            let (ns, name) = reader.resolver().resolve_attribute(attribute.key);
            let ns = self.namespace(&ns);
            // `x:xmlns` without an `x` would be written as what it is not.
            if ns.is_none() && name.as_ref() == "xmlns" {
                continue;
            }
            let value = attribute.normalized_value(XmlVersion::Explicit1_0);
            let value = value.map_err(|e| Flaw::Malformed(e.to_string()))?;
            element.attributes.push(Attribute { ns, name: name.as_ref().to_owned(), value: legal(value).into_owned() });
        }
        if element.attributes.len() > 1 {
            // Two prefixes of one namespace, or of none: a tree holds a name once (Namespaces in XML section 6.3).
            let mut seen = BTreeSet::new();
            element.attributes.retain(|attribute| seen.insert((attribute.ns.clone(), attribute.name.clone())));
        }
        Ok(element)
    }

    fn count(&mut self) -> Result<(), Flaw> {
        self.nodes += 1;
        if self.nodes > self.limits.max_nodes {
            let limit = self.limits.max_nodes;
            return Err(Flaw::Limit(XmlError::TooLarge { what: "elements and attributes", limit }));
        }
        Ok(())
    }

    /// A prefix nobody declared is tolerated: the local name decides anyway.
    fn namespace(&mut self, resolved: &ResolveResult<'_>) -> Option<Arc<str>> {
        let ResolveResult::Bound(name) = resolved else { return None };
        let name = legal(quick_xml::escape::unescape(name.as_ref()).ok()?);
        if let Some(known) = self.namespaces.get(&*name) {
            return Some(Arc::clone(known));
        }
        let name: Arc<str> = Arc::from(&*name);
        self.namespaces.insert(Arc::clone(&name));
        Some(name)
    }

    fn text(&mut self, text: &str) -> Result<(), String> {
        match self.open.last_mut() {
            Some(element) => element.push_text(text),
            None if text.trim().is_empty() => {}
            None => return Err("text outside the root element".into()),
        }
        Ok(())
    }

    /// Drops indentation, and keeps the declaration a prefix in the text needs.
    fn tidy(&mut self, reader: &NsReader<&[u8]>, element: &mut Element) {
        if element.elements().next().is_some() {
            element.children.retain(|node| !matches!(node, Node::Text(t) if t.trim().is_empty()));
            return;
        }
        let Some((prefix, _)) = element.value().split_once(':') else { return };
        if !super::is_name(prefix) {
            return;
        }
        let (resolved, _) = reader.resolver().resolve_attribute(QName(element.value()));
        let prefix = prefix.to_owned();
        match self.namespace(&resolved) {
            Some(ns) if !matches!(&*ns, XML_NS | XMLNS_NS) => {
                element.set(Some(Arc::from(XMLNS_NS)), &prefix, &ns);
            }
            _ => {}
        }
    }

    fn close(&mut self, element: Element) {
        match self.open.last_mut() {
            Some(parent) => parent.children.push(Node::Element(element)),
            None => self.root = Some(element),
        }
    }
}

fn range(start: u64, end: u64) -> Range<usize> {
    let octets = |position| usize::try_from(position).unwrap_or(usize::MAX);
    octets(start)..octets(end)
}

enum Flaw {
    Malformed(String),
    Limit(XmlError),
}

impl Flaw {
    fn at(self, position: u64) -> XmlError {
        match self {
            Self::Malformed(reason) => XmlError::Malformed { position, reason: shown(&reason) },
            Self::Limit(error) => error,
        }
    }
}

/// A reason for one line of a log: it quotes names from the document, which
/// are as long and as odd as the device likes.
pub(super) fn shown(reason: &str) -> String {
    let mut line = String::new();
    for c in reason.chars().take(MAX_REASON) {
        match c {
            '"' | '\'' | '\\' => line.push(c),
            c => line.extend(c.escape_debug()),
        }
    }
    line
}

/// Character references to what XML forbids are dropped like the characters
/// themselves.
pub(super) fn resolve(reference: &BytesRef<'_>) -> Result<Cow<'static, str>, String> {
    if let Some(text) = quick_xml::escape::resolve_predefined_entity(reference) {
        return Ok(Cow::Borrowed(text));
    }
    match reference.resolve_char_ref() {
        Ok(Some(c)) if is_xml_char(c) => Ok(Cow::Owned(c.to_string())),
        Ok(Some(_)) => Ok(Cow::Borrowed("")),
        Ok(None) => Err(format!("the entity &{}; is not declared", reference.escape_debug())),
        Err(error) => Err(error.to_string()),
    }
}

pub(super) fn legal(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.chars().all(is_xml_char) {
        return text;
    }
    Cow::Owned(text.chars().filter(|c| is_xml_char(*c)).collect())
}

fn decode(bytes: &[u8]) -> Cow<'_, str> {
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest),
        [0xff, 0xfe, rest @ ..] => Cow::Owned(utf16(rest, u16::from_le_bytes)),
        [0xfe, 0xff, rest @ ..] => Cow::Owned(utf16(rest, u16::from_be_bytes)),
        _ if declares_latin1(bytes) => Cow::Owned(bytes.iter().copied().map(char::from).collect()),
        _ => String::from_utf8_lossy(bytes),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let (pairs, _) = bytes.as_chunks::<2>();
    char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// Looks only at an XML declaration, which is ASCII in all encodings of interest.
fn declares_latin1(bytes: &[u8]) -> bool {
    let head = bytes.get(..200).unwrap_or(bytes).trim_ascii_start();
    let Some(end) = head.windows(2).position(|pair| pair == b"?>") else { return false };
    let declaration = head.get(..end).unwrap_or_default().to_ascii_lowercase();
    declaration.starts_with(b"<?xml")
        && ["iso-8859-1", "iso_8859-1", "latin1", "windows-1252"]
            .iter()
            .any(|name| declaration.windows(name.len()).any(|window| window == name.as_bytes()))
}
