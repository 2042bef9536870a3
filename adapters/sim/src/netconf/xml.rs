//! A request as a tree of elements. Strict: what an XML parser with namespaces
//! must refuse is refused.

use quick_xml::{
    NsReader, XmlVersion,
    events::{BytesStart, Event, attributes::Attribute},
    name::{PrefixDeclaration, ResolveResult},
};

/// Nesting beyond this is no configuration of ours.
const MAX_DEPTH: usize = 64;

/// An element with its namespace resolved.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Element {
    /// Namespace; empty for none.
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) attributes: Vec<Attr>,
    /// Namespace declarations as they were written, prefix (or nothing) first.
    pub(crate) declarations: Vec<(String, String)>,
    pub(crate) children: Vec<Element>,
    /// All character data directly in the element.
    pub(crate) text: String,
    /// The text read as a qualified name, where its prefix is declared.
    pub(crate) qualified: Option<(String, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attr {
    pub(crate) namespace: String,
    /// As written, with prefix.
    pub(crate) written: String,
    pub(crate) name: String,
    pub(crate) value: String,
}

impl Element {
    pub(crate) fn is(&self, namespace: &str, name: &str) -> bool {
        self.namespace == namespace && self.name == name
    }

    /// Character data without the white space around it.
    pub(crate) fn trimmed(&self) -> &str {
        self.text.trim()
    }
}

/// Parses one document.
///
/// # Errors
/// Why it is not well-formed, for people.
pub(crate) fn parse(document: &[u8]) -> Result<Element, String> {
    let text = std::str::from_utf8(document).map_err(|_| "not UTF-8".to_owned())?;
    if let Some(bad) = text.chars().find(|c| !is_xml_char(*c)) {
        return Err(format!("character U+{:04X} is not allowed in XML 1.0", u32::from(bad)));
    }
    let mut reader = NsReader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    loop {
        let event = reader.read_event().map_err(|error| error.to_string())?;
        match event {
            Event::Start(start) => {
                if root.is_some() {
                    return Err("more than one document element".to_owned());
                }
                if open.len() >= MAX_DEPTH {
                    return Err(format!("nested more than {MAX_DEPTH} deep"));
                }
                open.push(element(&reader, &start)?);
            }
            Event::End(_) => {
                let Some(mut done) = open.pop() else {
                    return Err("an end tag without a start tag".to_owned());
                };
                done.qualified = qualified(&reader, done.trimmed());
                match open.last_mut() {
                    Some(parent) => parent.children.push(done),
                    None => root = Some(done),
                }
            }
            Event::Text(text) => append(&mut open, &text.xml10_content())?,
            Event::CData(text) => append(&mut open, &text.xml10_content())?,
            Event::GeneralRef(reference) => {
                let character = match reference.resolve_char_ref().map_err(|e| e.to_string())? {
                    Some(character) if is_xml_char(character) => character,
                    Some(_) => return Err("a reference to a forbidden character".to_owned()),
                    None => predefined(&reference).ok_or_else(|| "an entity that is not defined".to_owned())?,
                };
                append(&mut open, character.encode_utf8(&mut [0; 4]))?;
            }
            Event::DocType(_) => return Err("a document type is not allowed".to_owned()),
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) | Event::Empty(_) => {}
            Event::Eof => break,
        }
    }
    if !open.is_empty() {
        return Err("ends inside an element".to_owned());
    }
    root.ok_or_else(|| "no document element".to_owned())
}

fn element(reader: &NsReader<&[u8]>, start: &BytesStart<'_>) -> Result<Element, String> {
    let (namespace, name) = reader.resolver().resolve_element(start.name());
    let mut element = Element { namespace: bound(&namespace)?, name: name.as_ref().to_owned(), ..Element::default() };
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let value = value(&attribute)?;
        match attribute.key.as_namespace_binding() {
            Some(PrefixDeclaration::Default) => element.declarations.push((String::new(), value)),
            Some(PrefixDeclaration::Named(prefix)) => {
                element.declarations.push((prefix.to_owned(), value));
            }
            None => {
                let (namespace, name) = reader.resolver().resolve_attribute(attribute.key);
                element.attributes.push(Attr {
                    namespace: bound(&namespace)?,
                    written: attribute.key.as_ref().to_owned(),
                    name: name.as_ref().to_owned(),
                    value,
                });
            }
        }
    }
    Ok(element)
}

fn value(attribute: &Attribute<'_>) -> Result<String, String> {
    attribute
        .normalized_value(XmlVersion::Implicit1_0)
        .map(std::borrow::Cow::into_owned)
        .map_err(|error| error.to_string())
}

fn bound(resolved: &ResolveResult<'_>) -> Result<String, String> {
    match resolved {
        ResolveResult::Bound(namespace) => Ok(namespace.as_ref().to_owned()),
        ResolveResult::Unbound => Ok(String::new()),
        ResolveResult::Unknown(prefix) => Err(format!("prefix {prefix} is not declared")),
    }
}

fn qualified(reader: &NsReader<&[u8]>, text: &str) -> Option<(String, String)> {
    if text.is_empty() || text.contains(char::is_whitespace) {
        return None;
    }
    let name = quick_xml::name::QName(text);
    let (namespace, local) = reader.resolver().resolve_element(name);
    Some((bound(&namespace).ok()?, local.as_ref().to_owned()))
}

fn append(open: &mut [Element], text: &str) -> Result<(), String> {
    match open.last_mut() {
        Some(element) => element.text.push_str(text),
        None if text.trim_start_matches('\u{feff}').trim().is_empty() => {}
        None => return Err("text outside the document element".to_owned()),
    }
    Ok(())
}

fn predefined(name: &str) -> Option<char> {
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "apos" => Some('\''),
        "quot" => Some('"'),
        _ => None,
    }
}

/// XML 1.0 production 2.
fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_text_and_qualified_values_are_resolved() {
        let root = parse(
            b"<?xml version=\"1.0\"?><n:a xmlns:n=\"urn:n\" xmlns=\"urn:d\" n:x=\"1&amp;2\">\
              <b>p &lt;&#65;<![CDATA[<]]></b><c xmlns:i=\"urn:i\"> i:id </c></n:a>\n",
        )
        .unwrap();
        assert!(root.is("urn:n", "a"));
        assert_eq!(root.attributes[0].namespace, "urn:n");
        assert_eq!(root.attributes[0].value, "1&2");
        assert!(root.children[0].is("urn:d", "b"));
        assert_eq!(root.children[0].text, "p <A<");
        assert_eq!(root.children[1].qualified, Some(("urn:i".into(), "id".into())));
    }

    #[test]
    fn what_is_not_xml_with_namespaces_is_refused() {
        let deep = "<a>".repeat(100);
        for bad in [
            "",
            "text",
            "<a>",
            "<a></b>",
            "</a>",
            "<a/><b/>",
            "<q:a/>",
            "<a q:b='1'/>",
            "<a b=1/>",
            "<a b='1' b='2'/>",
            "<a>\u{1}</a>",
            "<a>&#1;</a>",
            "<a>&x;</a>",
            "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
            "<a/>x",
            &deep,
        ] {
            assert!(parse(bad.as_bytes()).is_err(), "{bad:?}");
        }
        assert!(parse(b"<a>\xff</a>").is_err());
    }
}
