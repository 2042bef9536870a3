//! Values in an encoding: RFC 7951 JSON, bare JSON, or scalars.

use mercury_adapter::{GnmiEncoding, Module};
use mercury_gnmi_proto::gnmi::{ScalarArray, TypedValue, typed_value};
use serde_json::{Map, Value as Json};

use crate::set::Value;

/// A value as JSON. Names and identities carry their module's name where
/// `prefixed` (RFC 7951 section 4); `above` is the module of the node the value
/// is for, when its own members may leave that out.
pub(crate) fn json(value: &Value, above: Option<&Module>, prefixed: bool) -> Json {
    match value {
        Value::Text(text) => text.as_str().into(),
        Value::Number(number) => (*number).into(),
        Value::Boolean(value) => (*value).into(),
        Value::Identity(module, name) if prefixed => format!("{module}:{name}").into(),
        Value::Identity(_, name) => name.as_str().into(),
        // RFC 7951 section 6.9.
        Value::Empty => Json::Array(vec![Json::Null]),
        Value::List(values) | Value::Entries(values) => {
            values.iter().map(|value| json(value, above, prefixed)).collect()
        }
        Value::Object(members) => {
            let mut object = Map::new();
            for member in members {
                let qualified = member.module.name.as_ref().filter(|_| prefixed && above != Some(&member.module));
                let name = qualified.map_or_else(|| member.name.clone(), |module| format!("{module}:{}", member.name));
                object.insert(name, json(&member.value, Some(&member.module), prefixed));
            }
            Json::Object(object)
        }
    }
}

/// A value as it goes into an Update.
pub(crate) fn typed(value: &Value, encoding: GnmiEncoding, prefixed: bool) -> TypedValue {
    let value = match encoding {
        GnmiEncoding::JsonIetf => typed_value::Value::JsonIetfVal(json(value, None, prefixed).to_string().into_bytes()),
        GnmiEncoding::Json => typed_value::Value::JsonVal(json(value, None, false).to_string().into_bytes()),
        GnmiEncoding::Proto => scalar(value),
    };
    TypedValue { value: Some(value) }
}

fn scalar(value: &Value) -> typed_value::Value {
    match value {
        Value::Text(text) => typed_value::Value::StringVal(text.clone()),
        Value::Number(number) => typed_value::Value::UintVal(*number),
        Value::Boolean(value) => typed_value::Value::BoolVal(*value),
        Value::Identity(module, name) => typed_value::Value::StringVal(format!("{module}:{name}")),
        Value::List(values) => {
            let element = values.iter().map(|value| TypedValue { value: Some(scalar(value)) }).collect();
            typed_value::Value::LeaflistVal(ScalarArray { element })
        }
        // The renderer gives leaves only where values are scalars.
        Value::Empty | Value::Entries(_) | Value::Object(_) => {
            typed_value::Value::JsonIetfVal(json(value, None, true).to_string().into_bytes())
        }
    }
}
