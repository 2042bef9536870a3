//! Keys that are there twice. RFC 8259 section 4 leaves it open which of them
//! counts, so two readers of one request may not agree; it is refused.

use std::{cell::RefCell, collections::HashSet, fmt};

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// The path of the first key that an object has twice, such as
/// `params.native_vlan`. What is not JSON is looked at up to where it is not.
pub(super) fn duplicate(json: &str) -> Option<String> {
    let found = RefCell::new(None);
    let mut reader = serde_json::Deserializer::from_str(json);
    let _no_json = Part { path: "", found: &found }.deserialize(&mut reader);
    found.into_inner()
}

/// One value, and where it stands.
#[derive(Clone, Copy)]
struct Part<'a> {
    path: &'a str,
    found: &'a RefCell<Option<String>>,
}

impl<'de> DeserializeSeed<'de> for Part<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Part<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut keys = HashSet::new();
        while let Some(key) = members.next_key::<String>()? {
            let path = if self.path.is_empty() { key.clone() } else { format!("{}.{key}", self.path) };
            if !keys.insert(key) {
                self.found.borrow_mut().get_or_insert_with(|| path.clone());
            }
            members.next_value_seed(Part { path: &path, ..self })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_there_twice_is_found_at_any_depth_and_however_it_is_spelled() {
        for (json, path) in [
            (r#"{"a": 1, "b": {"a": [1, -1, 1.5, true, null, "a"]}}"#, None),
            (r#"{"a": 1, "a": 1}"#, Some("a")),
            (r#"{"a": 1, "\u0061": 2}"#, Some("a")),
            (r#"{"params": {"x": [{"y": 1}, {"y": 1, "y": 2}]}}"#, Some("params.x.y")),
            (r#"[{"b": {}, "b": {}}]"#, Some("b")),
            ("nothing", None),
        ] {
            assert_eq!(duplicate(json).as_deref(), path, "{json}");
        }
    }
}
