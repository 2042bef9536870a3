//! Writing: compact, deterministic, and never a character XML cannot carry.

use std::sync::Arc;

use super::{Attribute, BASE_NS, Element, Node, XML_NS, XMLNS_NS, XmlError, is_name, is_xml_char};

impl Element {
    /// The element as compact XML, as sent.
    ///
    /// # Errors
    /// When a name is not an XML name or a text holds a control character.
    pub fn to_xml(&self) -> Result<String, XmlError> {
        self.write(None)
    }

    /// The element as indented XML for people. Texts are unchanged.
    ///
    /// # Errors
    /// As [`Element::to_xml`].
    pub fn to_pretty(&self) -> Result<String, XmlError> {
        self.write(Some(0)).map(|xml| xml + "\n")
    }

    fn write(&self, indent: Option<usize>) -> Result<String, XmlError> {
        let mut writer = Writer { out: String::new(), prefixes: Vec::new() };
        writer.element(self, None, indent)?;
        Ok(writer.out)
    }
}

struct Writer {
    out: String,
    /// Prefixes in scope, innermost last.
    prefixes: Vec<(String, Arc<str>)>,
}

impl Writer {
    /// `default` is the default namespace in scope.
    fn element(
        &mut self,
        element: &Element,
        default: Option<&Arc<str>>,
        indent: Option<usize>,
    ) -> Result<(), XmlError> {
        check_name(&element.name)?;
        let outer = self.prefixes.len();
        self.out.push('<');
        self.out.push_str(&element.name);
        if element.ns.as_ref() != default {
            self.attribute(element, "xmlns", element.ns.as_deref().unwrap_or_default())?;
        }
        self.attributes(element)?;
        if element.children.is_empty() {
            self.out.push_str("/>");
        } else {
            self.out.push('>');
            self.content(element, indent)?;
            self.out.push_str("</");
            self.out.push_str(&element.name);
            self.out.push('>');
        }
        self.prefixes.truncate(outer);
        Ok(())
    }

    fn attributes(&mut self, element: &Element) -> Result<(), XmlError> {
        // Declarations first: an attribute may use the prefix of a later one.
        let is_declaration = |a: &&Attribute| a.ns.as_deref() == Some(XMLNS_NS);
        for declared in element.attributes.iter().filter(is_declaration) {
            self.declare(element, declared.name.clone(), Arc::from(declared.value.as_str()))?;
        }
        for attribute in element.attributes.iter().filter(|a| !is_declaration(a)) {
            check_name(&attribute.name)?;
            let name = match &attribute.ns {
                None => attribute.name.clone(),
                Some(ns) => format!("{}:{}", self.prefix(element, ns)?, attribute.name),
            };
            self.attribute(element, &name, &attribute.value)?;
        }
        Ok(())
    }

    /// The prefix in scope for a namespace, or a new one declared here.
    fn prefix(&mut self, element: &Element, ns: &Arc<str>) -> Result<String, XmlError> {
        if &**ns == XML_NS {
            return Ok("xml".to_owned());
        }
        let innermost = |prefix: &str| self.prefixes.iter().rfind(|(p, _)| p == prefix);
        let known = self
            .prefixes
            .iter()
            .rev()
            .find(|(prefix, bound)| bound == ns && innermost(prefix).is_some_and(|(_, inner)| inner == ns));
        if let Some((prefix, _)) = known {
            return Ok(prefix.clone());
        }
        let first = if &**ns == BASE_NS { "nc" } else { "n1" };
        let mut prefix = first.to_owned();
        for number in 2.. {
            if innermost(&prefix).is_none() {
                break;
            }
            prefix = format!("n{number}");
        }
        self.declare(element, prefix.clone(), Arc::clone(ns))?;
        Ok(prefix)
    }

    fn declare(&mut self, element: &Element, prefix: String, ns: Arc<str>) -> Result<(), XmlError> {
        check_name(&prefix)?;
        self.attribute(element, &format!("xmlns:{prefix}"), &ns)?;
        self.prefixes.push((prefix, ns));
        Ok(())
    }

    fn attribute(&mut self, element: &Element, name: &str, value: &str) -> Result<(), XmlError> {
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        self.escaped(element, value, true)?;
        self.out.push('"');
        Ok(())
    }

    fn content(&mut self, element: &Element, indent: Option<usize>) -> Result<(), XmlError> {
        // Indenting mixed content would change it.
        let only_elements = element.children.iter().all(|node| matches!(node, Node::Element(_)));
        let inner = indent.filter(|_| only_elements).map(|level| level + 1);
        for node in &element.children {
            match node {
                Node::Element(child) => {
                    self.line(inner);
                    self.element(child, element.ns.as_ref(), inner)?;
                }
                Node::Text(text) => self.escaped(element, text, false)?,
            }
        }
        self.line(inner.map(|level| level - 1));
        Ok(())
    }

    fn line(&mut self, indent: Option<usize>) {
        if let Some(level) = indent {
            self.out.push('\n');
            self.out.push_str(&"  ".repeat(level));
        }
    }

    /// A carriage return would be read back as a line feed, and any blank in an
    /// attribute as a space, unless written as a reference.
    fn escaped(&mut self, element: &Element, text: &str, in_attribute: bool) -> Result<(), XmlError> {
        for c in text.chars() {
            match c {
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '&' => self.out.push_str("&amp;"),
                '"' if in_attribute => self.out.push_str("&quot;"),
                '\r' => self.out.push_str("&#13;"),
                '\n' if in_attribute => self.out.push_str("&#10;"),
                '\t' if in_attribute => self.out.push_str("&#9;"),
                c if is_xml_char(c) => self.out.push(c),
                character => {
                    return Err(XmlError::BadCharacter { element: element.name.clone(), character });
                }
            }
        }
        Ok(())
    }
}

fn check_name(name: &str) -> Result<(), XmlError> {
    if is_name(name) { Ok(()) } else { Err(XmlError::BadName(name.to_owned())) }
}
