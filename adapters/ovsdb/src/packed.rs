//! Values of JSON in one text, of which what they hold are pieces: by themselves each has a place
//! of its own, and what a row holds takes three times as much.
//!
//! A value is a mark, how many octets it holds, a colon, and those: of a list its values, of an
//! object each name and its value. What has but one form is a mark alone.

use serde_json::Value;

/// A value, which is a piece of such a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Datum<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// As JSON writes it.
    Number(&'a str),
    /// Without its marks.
    Text(&'a str),
    /// What it holds, packed.
    List(&'a str),
    /// What it holds, packed.
    Object(&'a str),
}

/// Puts a value behind what is there.
pub fn pack(value: &Value, to: &mut String) {
    match value {
        Value::Null => to.push('0'),
        Value::Bool(boolean) => to.push(if *boolean { 't' } else { 'f' }),
        Value::Number(number) => put('#', &number.to_string(), to),
        Value::String(text) => put('$', text, to),
        Value::Array(values) => {
            let mut held = String::new();
            values.iter().for_each(|value| pack(value, &mut held));
            put('[', &held, to);
        }
        Value::Object(members) => {
            let mut held = String::new();
            for (name, value) in members {
                put('$', name, &mut held);
                pack(value, &mut held);
            }
            put('{', &held, to);
        }
    }
}

fn put(mark: char, held: &str, to: &mut String) {
    let octets = held.len().to_string();
    to.reserve(2 + octets.len() + held.len());
    to.push(mark);
    to.push_str(&octets);
    to.push(':');
    to.push_str(held);
}

impl<'a> Datum<'a> {
    /// The first value of a text, and what is behind it; `None` where there is none.
    #[must_use]
    pub fn first(packed: &'a str) -> Option<(Self, &'a str)> {
        let mark = packed.chars().next()?;
        let behind = packed.get(mark.len_utf8()..)?;
        let alone = match mark {
            '0' => Some(Self::Null),
            't' => Some(Self::Boolean(true)),
            'f' => Some(Self::Boolean(false)),
            _ => None,
        };
        if let Some(alone) = alone {
            return Some((alone, behind));
        }
        let (octets, behind) = behind.split_once(':')?;
        let (held, behind) = behind.split_at_checked(octets.parse().ok()?)?;
        let value = match mark {
            '#' => Self::Number(held),
            '$' => Self::Text(held),
            '[' => Self::List(held),
            '{' => Self::Object(held),
            _ => return None,
        };
        Some((value, behind))
    }

    /// A text.
    #[must_use]
    pub const fn as_str(self) -> Option<&'a str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// A whole number.
    #[must_use]
    pub fn as_i64(self) -> Option<i64> {
        if let Self::Number(number) = self { number.parse().ok() } else { None }
    }

    /// The values of a list; of anything else none.
    #[must_use]
    pub const fn members(self) -> Values<'a> {
        if let Self::List(held) = self { Values(held) } else { Values("") }
    }

    /// It by itself.
    #[must_use]
    pub fn value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Boolean(boolean) => boolean.into(),
            // A number that was packed is one.
            Self::Number(number) => serde_json::from_str(number).unwrap_or_default(),
            Self::Text(text) => text.into(),
            Self::List(held) => Values(held).map(Self::value).collect(),
            Self::Object(held) => {
                let (mut values, mut members) = (Values(held), serde_json::Map::new());
                while let (Some(Self::Text(name)), Some(value)) = (values.next(), values.next()) {
                    members.insert(name.to_owned(), value.value());
                }
                members.into()
            }
        }
    }
}

impl PartialEq<bool> for Datum<'_> {
    fn eq(&self, other: &bool) -> bool {
        *self == Self::Boolean(*other)
    }
}

/// Values in their order.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a>(&'a str);

impl<'a> Iterator for Values<'a> {
    type Item = Datum<'a>;

    fn next(&mut self) -> Option<Datum<'a>> {
        let (value, behind) = Datum::first(self.0)?;
        self.0 = behind;
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            // Exact in binary and in decimal.
            any::<i32>().prop_map(|number| Value::from(f64::from(number) / 8.0)),
            any::<String>().prop_map(Value::from),
            Just(Value::from("$3:a:b")),
        ];
        leaf.prop_recursive(4, 48, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_packed_is_read_as_it_was(values in prop::collection::vec(value(), 0..6)) {
            let mut text = String::new();
            values.iter().for_each(|value| pack(value, &mut text));
            prop_assert_eq!(Values(&text).map(Datum::value).collect::<Vec<_>>(), values);
        }

        #[test]
        fn no_text_makes_it_fall_over(text in "[0tf#$\\[{1-9:aé]{0,40}") {
            Values(&text).for_each(|value| drop(value.value()));
        }
    }

    #[test]
    fn what_a_value_is_is_asked_of_it() {
        let of = |value: Value| {
            let mut text = String::new();
            pack(&value, &mut text);
            let (value, behind) = Datum::first(&text).unwrap();
            assert_eq!(behind, "");
            (value.as_str().map(str::to_owned), value.as_i64(), value.members().count(), value == true)
        };
        assert_eq!(of("a:b".into()), (Some("a:b".to_owned()), None, 0, false));
        assert_eq!(of((-7).into()), (None, Some(-7), 0, false));
        assert_eq!(of(1.5.into()), (None, None, 0, false));
        assert_eq!(of(vec![1, 2].into()), (None, None, 2, false));
        assert_eq!(of(true.into()), (None, None, 0, true));
        assert_eq!(of(Value::Null), (None, None, 0, false));
    }
}
