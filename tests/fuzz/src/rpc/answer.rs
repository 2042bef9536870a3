//! What JSON-RPC 2.0 promises of an answer, and Mercury besides.

use std::collections::BTreeMap;

use serde_json::{Map, Value, value::RawValue};

/// Whether the body is a sound request without an id.
pub(crate) fn is_notification(body: &[u8]) -> bool {
    members(body).is_some_and(|request| !request.contains_key("id"))
}

/// The members of a body that is an object, unread: a number nobody asks for
/// may be larger than any Rust type.
fn members(body: &[u8]) -> Option<BTreeMap<String, &RawValue>> {
    serde_json::from_slice(body).ok()
}

/// What the body's answer must carry: its id, or `None` where the request is
/// so wrong that null is right (section 5).
fn wanted_id(body: &[u8]) -> Option<Value> {
    let Ok(Value::Object(request)) = serde_json::from_slice(body) else { return None };
    let id = request.get("id")?.clone();
    let sound = id.is_string() || id.is_u64();
    let request_is_sound = request.get("jsonrpc") == Some(&Value::from("2.0"))
        && request.get("method").is_some_and(Value::is_string)
        // A member given twice makes serde_json's map keep one, and Mercury refuse.
        && [&b"\"id\""[..], b"\"jsonrpc\"", b"\"method\"", b"\"params\"", b"\\u"]
            .iter()
            .all(|word| body.windows(word.len()).filter(|window| window == word).count() <= usize::from(word[0] == b'"'));
    (sound && request_is_sound).then_some(id)
}

pub(crate) fn check(body: &[u8], text: &str) {
    let answer: Value = serde_json::from_str(text).expect("an answer that is not JSON");
    let answer = answer.as_object().expect("an answer that is no object");
    assert_eq!(answer.get("jsonrpc"), Some(&Value::from("2.0")), "{text}");
    let id = answer.get("id").expect("an answer without id");
    assert!(id.is_null() || id.is_string() || id.is_number(), "{text}");
    assert_eq!(answer.len(), 3, "{text}");
    match (answer.get("result"), answer.get("error")) {
        (Some(_), None) => assert!(!id.is_null() || has_null_id(body), "a result without an id: {text}"),
        (None, Some(error)) => refused(error.as_object().expect("an error that is no object"), text),
        _ => panic!("neither result nor error: {text}"),
    }
    let nests_too_deep = text.contains("nests deeper");
    if let Some(wanted) = wanted_id(body).filter(|_| !nests_too_deep) {
        assert_eq!(*id, wanted, "{text}");
    }
}

fn has_null_id(body: &[u8]) -> bool {
    members(body).is_some_and(|request| request.get("id").is_some_and(|id| id.get() == "null"))
}

fn refused(error: &Map<String, Value>, text: &str) {
    let code = error.get("code").and_then(Value::as_i64).expect("a code that is no integer");
    let message = error.get("message").and_then(Value::as_str).expect("a message that is no text");
    let data = error.get("data").and_then(Value::as_object).expect("data that is no object");
    assert!(!message.is_empty() && message.len() < 32 << 10, "a message of {} bytes", message.len());
    assert!(!message.chars().any(char::is_control), "a control character in {message:?}");
    let kind = data.get("kind").and_then(Value::as_str).expect("no kind");
    if matches!(code, -32700 | -32600 | -32601) {
        return assert_eq!(kind, "request", "{text}");
    }
    let class = data.get("class").and_then(Value::as_str).expect("no class");
    assert!(class.starts_with("ironic.common.exception."), "{text}");
    if matches!(code, -32602 | 400) {
        assert!(class.ends_with(".InvalidParameterValue"), "{text}");
    }
    // The switches are sound, nobody else is on them, and nothing is slow.
    let never = ["internal", "unknown", "read-back", "protocol", "timeout", "locked", "unreachable", "busy", "undone"];
    assert!(!never.contains(&kind), "{text}");
}
