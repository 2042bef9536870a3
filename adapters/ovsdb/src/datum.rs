//! Values of columns (RFC 7047 section 5.1): a set of one may be written as its only
//! member, so one column's value comes in several forms.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// The members of a set; a scalar is a set of one. `None` where it is a map, or nothing
/// known.
#[must_use]
pub fn set(value: &Value) -> Option<Vec<&Value>> {
    match value.as_array().map(Vec::as_slice) {
        None if value.is_object() || value.is_null() => None,
        None => Some(vec![value]),
        Some([kind, Value::Array(members)]) if kind == "set" => Some(members.iter().collect()),
        Some([kind, Value::String(_)]) if kind == "uuid" || kind == "named-uuid" => Some(vec![value]),
        Some(_) => None,
    }
}

/// The text of an optional column; `None` where it is empty.
///
/// # Errors
/// It holds anything else.
pub fn text(value: &Value) -> Result<Option<&str>, NoDatum> {
    match set(value).ok_or(NoDatum)?.as_slice() {
        [] => Ok(None),
        [one] => one.as_str().map(Some).ok_or(NoDatum),
        _ => Err(NoDatum),
    }
}

/// The number of an optional column; `None` where it is empty.
///
/// # Errors
/// It holds anything else.
pub fn number(value: &Value) -> Result<Option<i64>, NoDatum> {
    match numbers(value)?.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(*one)),
        _ => Err(NoDatum),
    }
}

/// The numbers of a set, in their order.
///
/// # Errors
/// It holds anything else.
pub fn numbers(value: &Value) -> Result<Vec<i64>, NoDatum> {
    let numbers: Option<Vec<i64>> = set(value).ok_or(NoDatum)?.into_iter().map(Value::as_i64).collect();
    let mut numbers = numbers.ok_or(NoDatum)?;
    numbers.sort_unstable();
    Ok(numbers)
}

/// The rows that a set refers to.
///
/// # Errors
/// It holds anything else.
pub fn uuids(value: &Value) -> Result<Vec<&str>, NoDatum> {
    let uuid = |one: &'_ Value| matches!(one.get(0), Some(kind) if kind == "uuid");
    let members = set(value).ok_or(NoDatum)?;
    members.into_iter().map(|one| one.get(1).filter(|_| uuid(one))?.as_str()).collect::<Option<_>>().ok_or(NoDatum)
}

/// A map of texts.
///
/// # Errors
/// It holds anything else.
pub fn map(value: &Value) -> Result<BTreeMap<&str, &str>, NoDatum> {
    let Some([kind, Value::Array(pairs)]) = value.as_array().map(Vec::as_slice) else { return Err(NoDatum) };
    if kind != "map" {
        return Err(NoDatum);
    }
    pairs.iter().map(|pair| pair.get(0)?.as_str().zip(pair.get(1)?.as_str())).collect::<Option<_>>().ok_or(NoDatum)
}

/// A column's value is not of the column's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a value of another type than its column has")]
pub struct NoDatum;

/// A set, written as one whatever it holds.
#[must_use]
pub fn of_set(members: impl IntoIterator<Item = impl Into<Value>>) -> Value {
    json!(["set", members.into_iter().map(Into::into).collect::<Vec<Value>>()])
}

/// A map of texts.
#[must_use]
pub fn of_map<'t>(pairs: impl IntoIterator<Item = (&'t str, &'t str)>) -> Value {
    json!(["map", pairs.into_iter().map(|(key, value)| json!([key, value])).collect::<Vec<Value>>()])
}

/// A reference to a row.
#[must_use]
pub fn of_uuid(uuid: &str) -> Value {
    json!(["uuid", uuid])
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: &str = "550e8400-e29b-41d4-a716-446655440000";

    #[test]
    fn a_set_of_one_may_be_its_only_member() {
        for (value, expected) in [
            (json!(["set", []]), Ok(vec![])),
            (json!(5), Ok(vec![5])),
            (json!(["set", [5]]), Ok(vec![5])),
            (json!(["set", [20, 10]]), Ok(vec![10, 20])),
            (json!(["set", ["x"]]), Err(NoDatum)),
            (json!(["map", []]), Err(NoDatum)),
            (json!(["uuid", UUID]), Err(NoDatum)),
            (Value::Null, Err(NoDatum)),
            (json!({}), Err(NoDatum)),
        ] {
            assert_eq!(numbers(&value), expected, "{value}");
        }
        assert_eq!(number(&json!(["set", []])), Ok(None));
        assert_eq!(number(&json!(["set", [7]])), Ok(Some(7)));
        assert_eq!(number(&json!(["set", [7, 8]])), Err(NoDatum));
        assert_eq!(text(&json!("access")), Ok(Some("access")));
        assert_eq!(text(&json!(["set", ["access"]])), Ok(Some("access")));
        assert_eq!(text(&json!(["set", []])), Ok(None));
        assert_eq!(text(&json!(1)), Err(NoDatum));
    }

    #[test]
    fn references_and_maps_are_told_from_sets() {
        assert_eq!(uuids(&json!(["uuid", UUID])), Ok(vec![UUID]));
        assert_eq!(uuids(&json!(["set", [["uuid", UUID], ["uuid", UUID]]])), Ok(vec![UUID, UUID]));
        assert_eq!(uuids(&json!(["set", []])), Ok(vec![]));
        assert_eq!(uuids(&json!(["set", [UUID]])), Err(NoDatum));
        assert_eq!(map(&json!(["map", [["a", "1"]]])), Ok([("a", "1")].into()));
        assert_eq!(map(&json!(["map", [["a"]]])), Err(NoDatum));
        assert_eq!(map(&json!(["set", []])), Err(NoDatum));
    }

    #[test]
    fn what_is_written_is_read() {
        assert_eq!(numbers(&of_set([3, 1])), Ok(vec![1, 3]));
        assert_eq!(map(&of_map([("a", "1")])), Ok([("a", "1")].into()));
        assert_eq!(uuids(&of_uuid(UUID)), Ok(vec![UUID]));
    }
}
