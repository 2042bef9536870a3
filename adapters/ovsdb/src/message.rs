//! JSON-RPC 1.0 as OVSDB servers speak it (RFC 7047 section 4): a reply may lack
//! `result` or `error`, and an error is a text or an object.

use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};

/// What a server sent.
#[derive(Debug, PartialEq, Eq)]
pub enum Message {
    /// The answer to a request of ours.
    Reply {
        /// The request's.
        id: u64,
        /// What it is.
        answer: Result<Box<str>, String>,
    },
    /// A request of the server's, and our answer to it.
    Asked {
        /// What is to be sent.
        reply: Vec<u8>,
    },
    /// Something that nobody waits for.
    Told,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(default)]
    id: Value,
    method: Option<String>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    #[serde(default)]
    error: Value,
}

impl Message {
    /// Understands one object.
    ///
    /// # Errors
    /// It is no JSON.
    pub fn read(object: &[u8]) -> Result<Self, serde_json::Error> {
        let Envelope { id, method, params, result, error } = serde_json::from_slice(object)?;
        if let Some(method) = method {
            return Ok(match (method.as_str(), &id) {
                (_, Value::Null) => Self::Told,
                ("echo", id) => {
                    let params = params.map_or("[]", RawValue::get);
                    let reply = format!("{{\"id\":{id},\"result\":{params},\"error\":null}}");
                    Self::Asked { reply: reply.into_bytes() }
                }
                (_, id) => {
                    let reply = json!({ "id": id, "result": null, "error": "unknown method" });
                    Self::Asked { reply: reply.to_string().into_bytes() }
                }
            });
        }
        let Some(id) = id.as_u64() else { return Ok(Self::Told) };
        let answer = match (error, result) {
            (Value::Null, result) => Ok(result.map_or("null", RawValue::get).into()),
            (error, _) => Err(error_text(&error)),
        };
        Ok(Self::Reply { id, answer })
    }
}

/// A request.
#[must_use]
pub fn request(id: u64, method: &str, params: &Value) -> Vec<u8> {
    json!({ "id": id, "method": method, "params": params }).to_string().into_bytes()
}

/// An error as a text, as an object of RFC 7047 section 3.1, or as whatever it is.
pub(crate) fn error_text(error: &Value) -> String {
    let member = |name: &str| error.get(name).and_then(Value::as_str);
    match (error.as_str(), member("error"), member("details")) {
        (Some(text), _, _) => text.to_owned(),
        (_, Some(tag), Some(details)) => format!("{tag}: {details}"),
        (_, Some(tag), None) => tag.to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Message {
        Message::read(text.as_bytes()).unwrap()
    }

    #[test]
    fn an_echo_is_answered_with_what_it_held_and_anything_else_refused() {
        let reply = |text: &str| match read(text) {
            Message::Asked { reply } => serde_json::from_slice::<Value>(&reply).unwrap(),
            other => panic!("{other:?}"),
        };
        let echo = json!({ "id": "echo", "result": [], "error": null });
        assert_eq!(reply(r#"{"id":"echo","method":"echo","params":[]}"#), echo);
        let params = json!({ "id": {"a": [1]}, "result": [1e2, "é\n", {}], "error": null });
        assert_eq!(reply(r#"{"params":[1e2,"é\n",{}],"method":"echo","id":{"a":[1]}}"#), params);
        let unknown = json!({ "id": 7, "result": null, "error": "unknown method" });
        assert_eq!(reply(r#"{"id":7,"method":"reboot","params":[]}"#), unknown);
        assert_eq!(read(r#"{"id":null,"method":"update","params":["m",{}]}"#), Message::Told);
    }

    #[test]
    fn a_reply_is_understood_with_either_member_missing_and_either_kind_of_error() {
        let answered = |text: &str| match read(text) {
            Message::Reply { id: 1, answer } => answer,
            other => panic!("{other:?}"),
        };
        assert_eq!(answered(r#"{"id":1,"result":[ {} ],"error":null}"#), Ok("[ {} ]".into()));
        assert_eq!(answered(r#"{"id":1,"result":{}}"#), Ok("{}".into()));
        assert_eq!(answered(r#"{"id":1,"error":"unknown method"}"#), Err("unknown method".to_owned()));
        let object = r#"{"id":1,"result":null,"error":{"error":"unknown database","details":"x","syntax":"y"}}"#;
        assert_eq!(answered(object), Err("unknown database: x".to_owned()));
        assert_eq!(read(r#"{"id":"x","result":[]}"#), Message::Told);
        assert!(Message::read(b"{\"id\":1,}").is_err());
    }
}
