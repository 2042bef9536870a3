//! JSON as lines: the way to each value and the value, with blanks between.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Error, Number};

/// Calls `each` with a line for each value, and for each object or list that is empty, as
/// they are read: nothing else is kept of them. A key of several parts has them between
/// `split`.
///
/// # Errors
/// It is no JSON.
pub(super) fn lines(text: &str, split: Option<char>, each: &mut dyn FnMut(&str)) -> Result<(), Error> {
    let mut json = serde_json::Deserializer::from_str(text);
    Way { line: &mut String::new(), split, each }.deserialize(&mut json)?;
    json.end()
}

/// The way to a value.
struct Way<'w> {
    line: &'w mut String,
    split: Option<char>,
    each: &'w mut dyn FnMut(&str),
}

impl Way<'_> {
    fn push(&mut self, word: &str) {
        if !self.line.is_empty() {
            self.line.push(' ');
        }
        // A line end would begin another.
        self.line.extend(word.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }));
    }

    /// The way goes on, and comes back.
    fn below(&mut self) -> Way<'_> {
        Way { line: self.line, split: self.split, each: self.each }
    }

    fn end<E>(self) -> Result<(), E> {
        (self.each)(self.line);
        Ok(())
    }

    fn value<E>(mut self, value: &str) -> Result<(), E> {
        self.push(value);
        self.end()
    }
}

impl<'de> DeserializeSeed<'de> for Way<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Way<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let (before, mut is_empty) = (self.line.len(), true);
        while let Some(key) = map.next_key::<String>()? {
            is_empty = false;
            let key = key.replace(' ', "\u{fffd}");
            self.push(&self.split.map_or_else(|| key.clone(), |split| key.replace(split, " ")));
            map.next_value_seed(self.below())?;
            self.line.truncate(before);
        }
        if is_empty { self.end() } else { Ok(()) }
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut values: A) -> Result<(), A::Error> {
        let (before, mut is_empty) = (self.line.len(), true);
        while values.next_element_seed(self.below())?.is_some() {
            is_empty = false;
            self.line.truncate(before);
        }
        if is_empty { self.end() } else { Ok(()) }
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.end()
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.value(&value.to_string())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.value(&value.to_string())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.value(&value.to_string())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.value(&Number::from_f64(value).map(|number| number.to_string()).unwrap_or_default())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.value(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_is_a_line_and_no_text_is_two() {
        let text = r#"{"PORT":{"Ethernet0":{"mtu":"9100","description":"a\nb c"},"Ethernet4":{}},
            "VLAN_MEMBER":{"Vlan10|Ethernet0":{"tagging_mode":"tagged"}},"X Y":[1,true,null,[]]}"#;
        let mut found = Vec::new();
        lines(text, Some('|'), &mut |line| found.push(line.to_owned())).unwrap();
        found.sort();
        let expected = [
            "PORT Ethernet0 description a\u{fffd}b c",
            "PORT Ethernet0 mtu 9100",
            "PORT Ethernet4",
            "VLAN_MEMBER Vlan10 Ethernet0 tagging_mode tagged",
            "X\u{fffd}Y",
            "X\u{fffd}Y",
            "X\u{fffd}Y 1",
            "X\u{fffd}Y true",
        ];
        assert_eq!(found, expected);
    }
    #[test]
    fn what_is_no_json_is_an_error() {
        for text in ["", "{", "{\"a\":1}}", "[1,]", &"[".repeat(1000)] {
            assert!(lines(text, None, &mut |_| {}).is_err(), "{text}");
        }
    }
}
