//! Values of columns (RFC 7047 section 5.1): a set of one may be written as its only
//! member, so one column's value comes in several forms.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::packed::Datum;

/// The members of a set; a scalar is a set of one. `None` where it is a map, or nothing
/// known.
#[must_use]
pub fn set(value: Datum<'_>) -> Option<Vec<Datum<'_>>> {
    match value {
        Datum::Null | Datum::Object(_) => None,
        Datum::Boolean(_) | Datum::Number(_) | Datum::Text(_) => Some(vec![value]),
        Datum::List(_) => match pair(value)? {
            (Datum::Text("set"), members @ Datum::List(_)) => Some(members.members().collect()),
            (Datum::Text("uuid" | "named-uuid"), Datum::Text(_)) => Some(vec![value]),
            _ => None,
        },
    }
}

/// The two values of a list that has two.
fn pair(value: Datum<'_>) -> Option<(Datum<'_>, Datum<'_>)> {
    let mut members = value.members();
    let pair = (members.next()?, members.next()?);
    members.next().is_none().then_some(pair)
}

/// The text of an optional column; `None` where it is empty.
///
/// # Errors
/// It holds anything else.
pub fn text(value: Datum<'_>) -> Result<Option<&str>, NoDatum> {
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
pub fn number(value: Datum<'_>) -> Result<Option<i64>, NoDatum> {
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
pub fn numbers(value: Datum<'_>) -> Result<Vec<i64>, NoDatum> {
    let numbers: Option<Vec<i64>> = set(value).ok_or(NoDatum)?.into_iter().map(Datum::as_i64).collect();
    let mut numbers = numbers.ok_or(NoDatum)?;
    numbers.sort_unstable();
    Ok(numbers)
}

/// The rows that a set refers to.
///
/// # Errors
/// It holds anything else.
pub fn uuids(value: Datum<'_>) -> Result<Vec<&str>, NoDatum> {
    fn uuid(one: Datum<'_>) -> Option<&str> {
        match pair(one)? {
            (Datum::Text("uuid"), Datum::Text(uuid)) => Some(uuid),
            _ => None,
        }
    }
    set(value).ok_or(NoDatum)?.into_iter().map(uuid).collect::<Option<_>>().ok_or(NoDatum)
}

/// A map of texts.
///
/// # Errors
/// It holds anything else.
pub fn map(value: Datum<'_>) -> Result<BTreeMap<&str, &str>, NoDatum> {
    fn texts(one: Datum<'_>) -> Option<(&str, &str)> {
        let (key, value) = pair(one)?;
        key.as_str().zip(value.as_str())
    }
    let Some((Datum::Text("map"), pairs @ Datum::List(_))) = pair(value) else { return Err(NoDatum) };
    pairs.members().map(texts).collect::<Option<_>>().ok_or(NoDatum)
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
    use crate::packed::pack;

    const UUID: &str = "550e8400-e29b-41d4-a716-446655440000";

    /// What is read of a value, which does not outlive it.
    fn of<T>(value: &Value, read: impl FnOnce(Datum<'_>) -> T) -> T {
        let mut text = String::new();
        pack(value, &mut text);
        read(Datum::first(&text).unwrap().0)
    }

    fn text_of(value: &Value) -> Result<Option<String>, NoDatum> {
        of(value, |datum| text(datum).map(|text| text.map(str::to_owned)))
    }

    fn uuids_of(value: &Value) -> Result<Vec<String>, NoDatum> {
        of(value, |datum| uuids(datum).map(|uuids| uuids.into_iter().map(str::to_owned).collect()))
    }

    fn map_of(value: &Value) -> Result<Vec<[String; 2]>, NoDatum> {
        let owned = |(key, value): (&str, &str)| [key.to_owned(), value.to_owned()];
        of(value, |datum| map(datum).map(|map| map.into_iter().map(owned).collect()))
    }

    #[test]
    fn a_set_of_one_may_be_its_only_member() {
        for (value, expected) in [
            (json!(["set", []]), Ok(vec![])),
            (json!(5), Ok(vec![5])),
            (json!(["set", [5]]), Ok(vec![5])),
            (json!(["set", [20, 10]]), Ok(vec![10, 20])),
            (json!(["set", ["x"]]), Err(NoDatum)),
            (json!(["set", 5]), Err(NoDatum)),
            (json!(["set", [5], 6]), Err(NoDatum)),
            (json!(["map", []]), Err(NoDatum)),
            (json!(["uuid", UUID]), Err(NoDatum)),
            (json!([]), Err(NoDatum)),
            (Value::Null, Err(NoDatum)),
            (json!({}), Err(NoDatum)),
        ] {
            assert_eq!(of(&value, numbers), expected, "{value}");
        }
        assert_eq!(of(&json!(["set", []]), number), Ok(None));
        assert_eq!(of(&json!(["set", [7]]), number), Ok(Some(7)));
        assert_eq!(of(&json!(["set", [7, 8]]), number), Err(NoDatum));
        assert_eq!(text_of(&json!("access")), Ok(Some("access".to_owned())));
        assert_eq!(text_of(&json!(["set", ["access"]])), Ok(Some("access".to_owned())));
        assert_eq!(text_of(&json!(["set", []])), Ok(None));
        assert_eq!(text_of(&json!(1)), Err(NoDatum));
    }

    #[test]
    fn references_and_maps_are_told_from_sets() {
        let uuid = || UUID.to_owned();
        assert_eq!(uuids_of(&json!(["uuid", UUID])), Ok(vec![uuid()]));
        assert_eq!(uuids_of(&json!(["set", [["uuid", UUID], ["uuid", UUID]]])), Ok(vec![uuid(), uuid()]));
        assert_eq!(uuids_of(&json!(["set", []])), Ok(vec![]));
        assert_eq!(uuids_of(&json!(["set", [UUID]])), Err(NoDatum));
        assert_eq!(uuids_of(&json!(["named-uuid", "a"])), Err(NoDatum));
        assert_eq!(map_of(&json!(["map", [["a", "1"]]])), Ok(vec![["a", "1"].map(str::to_owned)]));
        assert_eq!(map_of(&json!(["map", [["a"]]])), Err(NoDatum));
        assert_eq!(map_of(&json!(["map", [["a", 1]]])), Err(NoDatum));
        assert_eq!(map_of(&json!(["set", []])), Err(NoDatum));
    }

    #[test]
    fn what_is_written_is_read() {
        assert_eq!(of(&of_set([3, 1]), numbers), Ok(vec![1, 3]));
        assert_eq!(map_of(&of_map([("a", "1")])), Ok(vec![["a", "1"].map(str::to_owned)]));
        assert_eq!(uuids_of(&of_uuid(UUID)), Ok(vec![UUID.to_owned()]));
    }
}
