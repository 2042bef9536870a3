//! JSON objects out of a stream that has nothing between them (RFC 7047 section 4):
//! several may come at once, and one in many pieces. No socket and no clock.

use mercury_adapter::Pieces;

/// How deep values may be nested: those of RFC 7047 are some ten deep, and a parser
/// that calls itself for each has an end.
const MAX_DEPTH: usize = 64;

/// Why nothing more of a stream can be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unframed {
    /// An object begins with a brace.
    #[error("octet 0x{0:02x} where an object was to begin")]
    NoObject(u8),
    /// It ends as it does not begin.
    #[error("a bracket that closes nothing, or something else than was opened")]
    Unbalanced,
    /// It is nested too deep.
    #[error("a value is nested deeper than {MAX_DEPTH}")]
    Deep,
    /// It is too long.
    #[error("an object has more than {0} octets")]
    Long(usize),
}

/// Finds where objects end.
#[derive(Debug)]
pub struct Splitter {
    /// The object that has begun.
    text: Pieces,
    /// What is open in it, the innermost last.
    open: Vec<u8>,
    is_string: bool,
    is_escaped: bool,
    max: usize,
}

impl Splitter {
    /// One for objects of at most so many octets.
    #[must_use]
    pub const fn new(max: usize) -> Self {
        Self { text: Pieces::new(), open: Vec::new(), is_string: false, is_escaped: false, max }
    }

    /// Takes octets as they come; gives the first object that ends in them, if one does,
    /// and leaves what is behind it.
    ///
    /// # Errors
    /// [`Unframed`]: what comes are no objects, or too large ones. Nothing more is to be
    /// taken then.
    pub fn next(&mut self, octets: &mut &[u8]) -> Result<Option<Pieces>, Unframed> {
        if self.open.is_empty() {
            let blank = octets.iter().take_while(|octet| b" \t\r\n".contains(octet)).count();
            *octets = octets.get(blank..).unwrap_or_default();
            match octets.first() {
                None => return Ok(None),
                Some(b'{') => {}
                Some(other) => return Err(Unframed::NoObject(*other)),
            }
        }
        let mut end = None;
        for (at, octet) in octets.iter().enumerate() {
            if self.goes_on(*octet)? {
                end = Some(at + 1);
                break;
            }
        }
        let (own, rest) = octets.split_at(end.unwrap_or(octets.len()));
        if own.len() > self.max - self.text.len() {
            return Err(Unframed::Long(self.max));
        }
        self.text.push(own);
        *octets = rest;
        Ok(end.map(|_| std::mem::take(&mut self.text)))
    }

    /// Whether the object ends with this octet.
    fn goes_on(&mut self, octet: u8) -> Result<bool, Unframed> {
        if self.is_string {
            match octet {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' => self.is_escaped = true,
                b'"' => self.is_string = false,
                _ => {}
            }
            return Ok(false);
        }
        match octet {
            b'"' => self.is_string = true,
            b'{' | b'[' if self.open.len() >= MAX_DEPTH => return Err(Unframed::Deep),
            b'{' => self.open.push(b'}'),
            b'[' => self.open.push(b']'),
            b'}' | b']' => {
                if self.open.pop() != Some(octet) {
                    return Err(Unframed::Unbalanced);
                }
                return Ok(self.open.is_empty());
            }
            _ => {}
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn split(splitter: &mut Splitter, mut octets: &[u8]) -> Result<Vec<Vec<u8>>, Unframed> {
        let mut found = Vec::new();
        while let Some(object) = splitter.next(&mut octets)? {
            found.push(object.into_vec());
        }
        assert!(octets.is_empty());
        Ok(found)
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            Just(json!("}]\"\\{[")),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..5).prop_map(|map| json!(map)),
            ]
        })
    }

    proptest! {
        #[test]
        fn objects_are_found_however_they_are_cut(
            values in prop::collection::vec(value(), 0..6),
            pretty in any::<bool>(),
            cuts in prop::collection::vec(0usize..400, 0..12),
        ) {
            let objects: Vec<Value> = values.into_iter().map(|value| json!({ "params": value })).collect();
            let print = |value: &Value| if pretty { serde_json::to_string_pretty(value) } else { serde_json::to_string(value) };
            let text: String = objects.iter().map(|object| print(object).unwrap()).collect();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).chain([0, text.len()]).collect();
            cuts.sort_unstable();
            let mut splitter = Splitter::new(1 << 20);
            let mut found = Vec::new();
            for ends in cuts.windows(2) {
                found.extend(split(&mut splitter, &text.as_bytes()[ends[0]..ends[1]]).unwrap());
            }
            let found: Vec<Value> = found.iter().map(|object| serde_json::from_slice(object).unwrap()).collect();
            prop_assert_eq!(found, objects);
            prop_assert_eq!(splitter.text.len(), 0);
        }

        #[test]
        fn no_octets_make_it_fall_over_or_hold_more_than_it_may(octets in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut splitter = Splitter::new(100);
            let mut rest = &octets[..];
            while let Ok(Some(object)) = splitter.next(&mut rest) {
                prop_assert!(object.len() <= 100);
            }
            prop_assert!(splitter.text.len() <= 100);
        }
    }

    #[test]
    fn what_is_no_object_or_has_no_end_is_an_error() {
        let of = |text: &str| split(&mut Splitter::new(200), text.as_bytes());
        assert_eq!(of("HTTP/1.1"), Err(Unframed::NoObject(b'H')));
        assert_eq!(of("[]"), Err(Unframed::NoObject(b'[')));
        assert_eq!(of("{]"), Err(Unframed::Unbalanced));
        assert_eq!(of(&format!("{{\"a\":{}", "[".repeat(MAX_DEPTH))), Err(Unframed::Deep));
        assert_eq!(of(&format!("{{\"a\":\"{}", "x".repeat(200))), Err(Unframed::Long(200)));
        assert_eq!(of(" {}\n{} ").unwrap(), [b"{}", b"{}"]);
    }
}
