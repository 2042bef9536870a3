//! Single values: to and from JSON and gNMI's typed values.

use mercury_gnmi_proto::gnmi::{TypedValue, typed_value};
use serde_json::Value as Json;

use crate::schema::{Identity, Node, Type, Value};

/// A value as RFC 7951 writes it, or with bare identities.
pub(super) fn to_json(value: &Value, ietf: bool) -> Json {
    match value {
        Value::Boolean(value) => (*value).into(),
        Value::Number(value) => (*value).into(),
        Value::Text(text) => (**text).into(),
        Value::Word(word) => (*word).into(),
        Value::Identity(identity) if ietf => format!("{}:{}", identity.module.name, identity.name).into(),
        Value::Identity(identity) => identity.name.into(),
        Value::Empty => Json::Array(vec![Json::Null]),
    }
}

/// A value as a scalar of `TypedValue` (gNMI section 2.2.3).
pub(super) fn to_typed(value: &Value) -> typed_value::Value {
    match value {
        Value::Boolean(value) => typed_value::Value::BoolVal(*value),
        Value::Number(value) => typed_value::Value::UintVal((*value).into()),
        Value::Text(text) => typed_value::Value::StringVal(text.to_string()),
        Value::Word(word) => typed_value::Value::StringVal((*word).to_owned()),
        Value::Identity(identity) => typed_value::Value::StringVal(identity.name.to_owned()),
        Value::Empty => typed_value::Value::BoolVal(true),
    }
}

/// Reads a JSON value. With `ietf` the type's own JSON form is needed (RFC 7951
/// section 6), and the module of an identity unless it is the leaf's
/// (section 6.8).
pub(super) fn from_json(json: &Json, node: &Node, kind: &Type, ietf: bool) -> Option<Value> {
    match json {
        Json::Bool(value) => matches!(kind, Type::Boolean).then_some(Value::Boolean(*value)),
        Json::Number(number) => from_number(number.as_u64()?, kind),
        Json::String(text) => from_text(text, node, kind, ietf),
        Json::Object(members) => {
            (members.is_empty() && matches!(kind, Type::Empty { is_container: true })).then_some(Value::Empty)
        }
        Json::Array(items) => {
            (*items == [Json::Null] && matches!(kind, Type::Empty { is_container: false })).then_some(Value::Empty)
        }
        Json::Null => None,
    }
}

/// Reads a scalar of `TypedValue`.
pub(super) fn from_typed(value: &TypedValue, node: &Node, kind: &Type) -> Option<Value> {
    match value.value.as_ref()? {
        typed_value::Value::StringVal(text) => from_text(text, node, kind, false),
        typed_value::Value::UintVal(number) => from_number(*number, kind),
        typed_value::Value::IntVal(number) => from_number(u64::try_from(*number).ok()?, kind),
        typed_value::Value::BoolVal(value) => matches!(kind, Type::Boolean).then_some(Value::Boolean(*value)),
        _ => None,
    }
}

fn from_number(number: u64, kind: &Type) -> Option<Value> {
    match kind {
        Type::Number { .. } | Type::VlanOrRange => kind.parse(&number.to_string(), None),
        Type::Text
        | Type::Boolean
        | Type::Enumeration(_)
        | Type::Identity(_)
        | Type::LagReference
        | Type::InterfaceReference
        | Type::Empty { .. }
        | Type::Entry { .. } => None,
    }
}

fn from_text(text: &str, node: &Node, kind: &Type, ietf: bool) -> Option<Value> {
    match kind {
        Type::Text | Type::LagReference | Type::InterfaceReference | Type::Entry { .. } => kind.parse(text, None),
        // What parses as XML text may have white space around; JSON may not.
        Type::Enumeration(_) => (text == text.trim()).then(|| kind.parse(text, None)).flatten(),
        Type::VlanOrRange => text.contains("..").then(|| kind.parse(text, None)).flatten(),
        Type::Boolean | Type::Number { .. } | Type::Empty { .. } => None,
        Type::Identity(known) => match text.split_once(':') {
            Some((module, name)) => {
                let is_it = |identity: &&Identity| identity.module.name == module && identity.name == name;
                known.iter().find(is_it).map(Value::Identity)
            }
            None if ietf => kind.parse(text, Some((node.module.namespace, text))),
            None => known.iter().find(|identity| identity.name == text).map(Value::Identity),
        },
    }
}
