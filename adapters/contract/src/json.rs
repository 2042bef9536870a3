//! JSON as values, whose memory is counted while they are made: of `{"a":1}` they take a hundred times
//! as much as of a long text.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::{NoRoom, Share};

/// Octets of a value in a list, of which half may be empty.
const ELEMENT: usize = 2 * size_of::<Value>();
/// Octets of a node of a map, which has room for 11 members and may have 6.
const NODE: usize = 11 * (size_of::<String>() + size_of::<Value>()) + 24;
const MEMBERS: usize = 6;
/// Octets of an allocation at least.
const LEAST: usize = 8;

/// Why there is no value.
#[derive(Debug, thiserror::Error)]
pub enum JsonProblem {
    /// It would take too much.
    #[error(transparent)]
    NoRoom(#[from] NoRoom),
    /// It is no JSON.
    #[error(transparent)]
    Malformed(#[from] serde_json::Error),
}

/// The one value in a text, which takes of `share` what it takes of the memory.
///
/// # Errors
/// There is no room for it, or it is no JSON.
pub fn json(text: &[u8], share: &mut Share) -> Result<Value, JsonProblem> {
    let mut made = Made { share, refused: None };
    let mut reader = serde_json::Deserializer::from_slice(text);
    let value = One(&mut made).deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    match made.refused {
        Some(refused) => Err(refused.into()),
        None => Ok(value?),
    }
}

struct Made<'a> {
    share: &'a mut Share,
    refused: Option<NoRoom>,
}

impl Made<'_> {
    fn grow<E: serde::de::Error>(&mut self, octets: usize) -> Result<(), E> {
        self.share.grow(octets).map_err(|refused| {
            let error = E::custom(&refused);
            self.refused = Some(refused);
            error
        })
    }
}

struct One<'a, 'b>(&'a mut Made<'b>);

impl<'de> DeserializeSeed<'de> for One<'_, '_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for One<'_, '_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Value, E> {
        self.0.grow(value.len().max(LEAST))?;
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(One(self.0))? {
            self.0.grow(ELEMENT)?;
            values.push(value);
        }
        values.shrink_to_fit();
        Ok(values.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let node = if map.len().is_multiple_of(MEMBERS) { NODE } else { 0 };
            self.0.grow(name.len().max(LEAST) + node)?;
            let value = members.next_value_seed(One(self.0))?;
            map.insert(name, value);
        }
        Ok(map.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Budget;

    #[test]
    fn a_text_is_what_it_is_for_whoever_does_not_count() {
        let text =
            r#" {"a": [1, -2, 2.5, true, null, "é\n", {}, []], "b": {"c": {"d": "e"}}, "a2": 18446744073709551615} "#;
        let budget = Budget::new(1 << 20);
        let counted = json(text.as_bytes(), &mut budget.share(1 << 20)).unwrap();
        assert_eq!(counted, serde_json::from_str::<Value>(text).unwrap());
        for malformed in ["", "{", "{} {}", "[1,]", "{\"a\"}", "nul", "\"\u{1}\""] {
            let problem = json(malformed.as_bytes(), &mut budget.share(1 << 20)).unwrap_err();
            let plain = serde_json::from_str::<Value>(malformed).unwrap_err().to_string();
            assert!(matches!(&problem, JsonProblem::Malformed(error) if error.to_string() == plain), "{problem}");
        }
    }

    #[test]
    fn what_is_small_as_text_and_large_as_values_is_refused_while_it_is_made() {
        const ROOM: usize = 1 << 20;
        for (piece, fits) in [(r#"{"a":1}"#, 1_000), ("{}", 10_000), ("[]", 10_000), (r#"{"a":{"b":{"c":[]}}}"#, 400)] {
            let text = |count: usize| format!("[{}]", vec![piece; count].join(","));
            let budget = Budget::new(ROOM);
            json(text(fits).as_bytes(), &mut budget.share(ROOM)).unwrap_or_else(|error| panic!("{piece}: {error}"));
            let problem = json(text(fits * 20).as_bytes(), &mut budget.share(ROOM)).unwrap_err();
            assert!(matches!(problem, JsonProblem::NoRoom(_)), "{piece}: {problem}");
            assert!(text(fits * 20).len() < ROOM, "the text itself fits");
        }
    }
}
