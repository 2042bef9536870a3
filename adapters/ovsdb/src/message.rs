//! JSON-RPC 1.0 as OVSDB servers speak it (RFC 7047 section 4): a reply may lack
//! `result` or `error`, and an error is a text or an object.

use mercury_adapter::{JsonProblem, Share, json as counted};
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
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    method: Option<String>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

impl Message {
    /// Understands one object, whose error takes of `share` what it takes of the memory.
    ///
    /// # Errors
    /// It is no JSON, or there is no room for what it says.
    pub fn read(object: &[u8], share: &mut Share) -> Result<Self, JsonProblem> {
        let Envelope { id, method, params, result, error } = serde_json::from_slice(object)?;
        if let Some(method) = method {
            return Ok(match (method.as_str(), id) {
                (_, None) => Self::Told,
                ("echo", Some(id)) => {
                    let params = params.map_or("[]", RawValue::get);
                    let reply = format!("{{\"id\":{id},\"result\":{params},\"error\":null}}");
                    Self::Asked { reply: reply.into_bytes() }
                }
                (_, Some(id)) => {
                    let reply = format!("{{\"id\":{id},\"result\":null,\"error\":\"unknown method\"}}");
                    Self::Asked { reply: reply.into_bytes() }
                }
            });
        }
        let Some(id) = id.and_then(|id| serde_json::from_str(id.get()).ok()) else { return Ok(Self::Told) };
        let answer = match error {
            None => Ok(result.map_or("null", RawValue::get).into()),
            Some(error) => Err(error_text(&counted(error.get().as_bytes(), share)?)),
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
    use mercury_adapter::Budget;

    use super::*;

    fn read(text: &str) -> Message {
        Message::read(text.as_bytes(), &mut Budget::new(1 << 20).share(1 << 20)).unwrap()
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
        let mut share = Budget::new(1 << 20).share(1 << 20);
        assert!(matches!(Message::read(b"{\"id\":1,}", &mut share), Err(JsonProblem::Malformed(_))));
    }

    #[test]
    fn an_error_or_an_id_that_is_small_as_text_and_large_as_values_takes_no_more_than_there_is() {
        let many = vec!["{}"; 100_000].join(",");
        let mut share = Budget::new(1 << 20).share(1 << 20);
        let error = format!("{{\"id\":1,\"error\":[{many}]}}");
        assert!(matches!(Message::read(error.as_bytes(), &mut share), Err(JsonProblem::NoRoom(_))));
        let mut share = Budget::new(1 << 20).share(1 << 20);
        let id = format!("{{\"id\":[{many}],\"result\":[]}}");
        assert!(matches!(Message::read(id.as_bytes(), &mut share), Ok(Message::Told)));
        assert_eq!(share.used(), 0, "it is not made");
    }
}
