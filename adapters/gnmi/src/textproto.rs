//! The text format of protocol buffers, as far as a SetRequest takes it, as the JSON
//! that protocol buffers have for the same.

use std::ops::Range;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use mercury_adapter::place;
use serde_json::{Map, Value};

/// Messages may be nested so deep.
const MAX_DEPTH: usize = 32;
/// Fields that hold octets; JSON has them as base64.
const OCTETS: [&str; 4] = ["json_ietf_val", "json_val", "bytes_val", "proto_bytes"];
/// Fields that may be there several times.
const REPEATED: [&str; 6] = ["delete", "replace", "update", "union_replace", "elem", "element"];

/// A field at the top of a message.
pub(crate) struct Field {
    pub(crate) name: String,
    /// Its value, of several one.
    pub(crate) value: Value,
    /// The octets that say so.
    pub(crate) at: Range<usize>,
}

/// The fields of a message, in the order of the text.
///
/// # Errors
/// A sentence with line and column.
pub(crate) fn fields(text: &str) -> Result<Vec<Field>, String> {
    let mut reader = Reader { rest: text, octets: text.len() };
    let (mut fields, mut once) = (Vec::new(), Map::new());
    loop {
        let begin = reader.blanks();
        let read = reader.field(None, 0).and_then(|field| {
            let Some((name, values)) = field else { return Ok(false) };
            let (last, mut from) = (values.len().saturating_sub(1), begin);
            for (index, (value, end)) in values.into_iter().enumerate() {
                if !REPEATED.contains(&name.as_str()) {
                    put(&mut once, &name, Value::Null)?;
                }
                // What closes a list belongs to its last value.
                let end = if index == last { reader.at() } else { end };
                fields.push(Field { name: name.clone(), value, at: from..end });
                from = end;
            }
            Ok(true)
        });
        match read {
            Ok(true) => {}
            Ok(false) => return Ok(fields),
            Err(reason) => {
                let (line, column) = place(text, reader.at());
                return Err(format!("line {line} column {column}: {reason}"));
            }
        }
    }
}

/// A field's name and its values, each with where it ends.
type Named = (String, Vec<(Value, usize)>);

struct Reader<'t> {
    rest: &'t str,
    /// Of the whole text.
    octets: usize,
}

impl<'t> Reader<'t> {
    /// The octet that comes next.
    fn at(&self) -> usize {
        self.octets - self.rest.len()
    }

    /// The octet of what comes next behind blanks and separators.
    fn blanks(&mut self) -> usize {
        while matches!(self.peek(), Some(',' | ';')) {
            self.take();
        }
        self.at()
    }

    /// Fields up to `end`.
    fn message(&mut self, end: char, depth: usize) -> Result<Map<String, Value>, String> {
        if depth > MAX_DEPTH {
            return Err(format!("more than {MAX_DEPTH} messages in one another"));
        }
        let mut members = Map::new();
        while let Some((name, values)) = self.field(Some(end), depth)? {
            for (value, _) in values {
                put(&mut members, &name, value)?;
            }
        }
        Ok(members)
    }

    /// The next field before `end`, or before the end of the text.
    fn field(&mut self, end: Option<char>, depth: usize) -> Result<Option<Named>, String> {
        loop {
            match (self.peek(), end) {
                (None, None) => return Ok(None),
                (None, Some(end)) => return Err(format!("the text ends before {end:?}")),
                (Some(next), Some(end)) if next == end => {
                    self.take();
                    return Ok(None);
                }
                (Some(',' | ';'), _) => self.take(),
                _ => break,
            }
        }
        let name = self.word()?;
        let has_colon = self.peek() == Some(':');
        if has_colon {
            self.take();
        }
        let values = match self.peek() {
            Some('[') => self.list(&name, depth)?,
            _ => {
                let value = self.value(&name, has_colon, depth)?;
                vec![(value, self.at())]
            }
        };
        Ok(Some((name, values)))
    }

    fn list(&mut self, name: &str, depth: usize) -> Result<Vec<(Value, usize)>, String> {
        self.take();
        let mut values = Vec::new();
        loop {
            match self.peek() {
                Some(']') => {
                    self.take();
                    return Ok(values);
                }
                Some(',') => self.take(),
                _ => {
                    let value = self.value(name, true, depth)?;
                    values.push((value, self.at()));
                }
            }
        }
    }

    fn value(&mut self, name: &str, has_colon: bool, depth: usize) -> Result<Value, String> {
        match self.peek() {
            Some('{') => {
                self.take();
                Ok(Value::Object(self.message('}', depth + 1)?))
            }
            Some('<') => {
                self.take();
                Ok(Value::Object(self.message('>', depth + 1)?))
            }
            Some(_) if !has_colon => Err(format!("a colon or a message is expected after {name}")),
            Some('"' | '\'') => {
                let octets = self.quoted()?;
                if OCTETS.contains(&name) {
                    return Ok(STANDARD.encode(octets).into());
                }
                String::from_utf8(octets).map(Value::String).map_err(|_| format!("{name} is not UTF-8"))
            }
            Some(_) => match self.word()?.as_str() {
                "true" => Ok(true.into()),
                "false" => Ok(false.into()),
                // Numbers are texts, since 64 bits are more than JSON is sure to have.
                other => Ok(other.into()),
            },
            None => Err(format!("the text ends after {name}")),
        }
    }

    /// Texts side by side are one.
    fn quoted(&mut self) -> Result<Vec<u8>, String> {
        let mut octets = Vec::new();
        while let Some(quote) = self.peek().filter(|next| matches!(next, '"' | '\'')) {
            self.take();
            loop {
                let next = self.rest.chars().next().filter(|next| *next != '\n').ok_or("a text that does not end")?;
                self.take();
                match next {
                    next if next == quote => break,
                    '\\' => self.escaped(&mut octets)?,
                    other => octets.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
                }
            }
        }
        Ok(octets)
    }

    fn escaped(&mut self, octets: &mut Vec<u8>) -> Result<(), String> {
        let next = self.rest.chars().next().ok_or("a text that does not end")?;
        let (digits, radix, most) = match next {
            '0'..='7' => (self.rest, 8, 3),
            'x' | 'X' => (self.rest.get(1..).unwrap_or_default(), 16, 2),
            _ => {
                self.take();
                let octet = match next {
                    'n' => b'\n',
                    'r' => b'\r',
                    't' => b'\t',
                    '\\' | '"' | '\'' | '?' => u8::try_from(next).unwrap_or_default(),
                    other => return Err(format!("an escape \\{other} that is not read")),
                };
                octets.push(octet);
                return Ok(());
            }
        };
        let length = digits.chars().take(most).take_while(|digit| digit.is_digit(radix)).count();
        let number = u8::from_str_radix(digits.get(..length).unwrap_or_default(), radix);
        octets.push(number.map_err(|_| "an escape that is no octet")?);
        self.rest = digits.get(length..).unwrap_or_default();
        Ok(())
    }

    fn word(&mut self) -> Result<String, String> {
        let next = self.peek().ok_or("the text ends")?;
        let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '+');
        let length = self.rest.find(|c| !is_word(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(length);
        if word.is_empty() {
            return Err(format!("{next:?} is not expected"));
        }
        self.rest = rest;
        Ok(word.to_owned())
    }

    /// The next that is neither blank nor comment.
    fn peek(&mut self) -> Option<char> {
        loop {
            let next = self.rest.chars().next()?;
            if next == '#' {
                let end = self.rest.find('\n').unwrap_or(self.rest.len());
                self.rest = self.rest.get(end..).unwrap_or_default();
            } else if next.is_whitespace() {
                self.take();
            } else {
                return Some(next);
            }
        }
    }

    fn take(&mut self) {
        let mut characters = self.rest.chars();
        characters.next();
        self.rest = characters.as_str();
    }
}

fn put(members: &mut Map<String, Value>, name: &str, value: Value) -> Result<(), String> {
    if REPEATED.contains(&name) {
        if let Value::Array(list) = members.entry(name).or_insert_with(|| Value::Array(Vec::new())) {
            list.push(value);
        }
        return Ok(());
    }
    // An entry of a map, which JSON has as a member.
    if let ("key", Value::Object(entry)) = (name, &value) {
        let text = |part: &str| entry.get(part).and_then(Value::as_str).unwrap_or_default().to_owned();
        if let Value::Object(map) = members.entry("key").or_insert_with(|| Value::Object(Map::new())) {
            map.insert(text("key"), text("value").into());
        }
        return Ok(());
    }
    match members.insert(name.to_owned(), value) {
        None => Ok(()),
        Some(_) => Err(format!("{name} is there twice")),
    }
}
