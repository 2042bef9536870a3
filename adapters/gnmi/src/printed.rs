//! A SetRequest as other tools write and read it: the JSON of protocol buffers, with
//! octets as base64, and their text format.

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use mercury_gnmi_proto::gnmi::{GetResponse, Path, SetRequest, TypedValue, Update, typed_value::Value};
use prost::Message as _;
use serde_json::{Map, json};

/// In the JSON of protocol buffers.
pub(crate) fn json(request: &SetRequest) -> String {
    let mut members = Map::new();
    if let Some(prefix) = &request.prefix {
        members.insert("prefix".to_owned(), path(prefix));
    }
    let mut list = |name: &str, values: Vec<serde_json::Value>| {
        if !values.is_empty() {
            members.insert(name.to_owned(), values.into());
        }
    };
    list("delete", request.delete.iter().map(path).collect());
    list("replace", request.replace.iter().map(update).collect());
    list("update", request.update.iter().map(update).collect());
    format!("{:#}\n", serde_json::Value::Object(members))
}

/// What targets answered, as one GetResponse in the JSON of protocol buffers. A subscription's answers
/// have their notifications where those of a Get have theirs.
///
/// # Errors
/// A sentence: it is no answer, or has a value that is not read from files.
pub(crate) fn answers<'a>(answers: impl Iterator<Item = &'a [u8]>) -> Result<String, String> {
    let mut told = Vec::new();
    for octets in answers {
        let answer = GetResponse::decode(octets).map_err(|error| error.to_string())?;
        for one in &answer.notification {
            let mut updates: Vec<_> = one.update.iter().map(update).collect();
            updates.iter_mut().filter_map(|update| update.as_object_mut()).for_each(|update| {
                // All of the path may be in the prefix.
                if update.get("path").is_some_and(serde_json::Value::is_null) {
                    update.remove("path");
                }
            });
            if let Some(other) = updates.iter().find(|update| update["val"].as_object().is_none_or(Map::is_empty)) {
                return Err(format!(
                    "the answer has a value of a kind that is not read from files, at {}",
                    other["path"]
                ));
            }
            let mut members = Map::from_iter([("update".to_owned(), updates.into())]);
            if let Some(prefix) = &one.prefix {
                members.insert("prefix".to_owned(), path(prefix));
            }
            told.push(serde_json::Value::Object(members));
        }
    }
    Ok(format!("{:#}\n", json!({"notification": told})))
}

fn path(path: &Path) -> serde_json::Value {
    let elem = path.elem.iter().map(|elem| match elem.key.is_empty() {
        true => json!({"name": elem.name}),
        false => json!({"name": elem.name, "key": elem.key}),
    });
    let mut members = Map::new();
    for (name, text) in [("origin", &path.origin), ("target", &path.target)] {
        if !text.is_empty() {
            members.insert(name.to_owned(), text.as_str().into());
        }
    }
    if !path.elem.is_empty() {
        members.insert("elem".to_owned(), elem.collect());
    }
    members.into()
}

fn update(update: &Update) -> serde_json::Value {
    let path = update.path.as_ref().map(path);
    let val = update.val.as_ref().and_then(|val| val.value.as_ref()).map(value);
    json!({"path": path, "val": val})
}

fn value(value: &Value) -> serde_json::Value {
    match value {
        Value::JsonIetfVal(octets) => json!({"jsonIetfVal": STANDARD.encode(octets)}),
        Value::JsonVal(octets) => json!({"jsonVal": STANDARD.encode(octets)}),
        Value::StringVal(text) => json!({"stringVal": text}),
        Value::BoolVal(word) => json!({"boolVal": word}),
        // 64 bits are more than a number of JSON is sure to have.
        Value::UintVal(number) => json!({"uintVal": number.to_string()}),
        Value::IntVal(number) => json!({"intVal": number.to_string()}),
        Value::LeaflistVal(list) => {
            let element = list.element.iter().filter_map(|one| one.value.as_ref()).map(self::value);
            json!({"leaflistVal": {"element": element.collect::<Vec<_>>()}})
        }
        // No other is written.
        _ => json!({}),
    }
}

/// In the text format of protocol buffers.
pub(crate) fn textproto(request: &SetRequest) -> String {
    let mut text = Text::default();
    if let Some(prefix) = &request.prefix {
        text.message("prefix", |text| text.path(prefix));
    }
    request.delete.iter().for_each(|path| text.message("delete", |text| text.path(path)));
    for (name, updates) in [("replace", &request.replace), ("update", &request.update)] {
        for update in updates {
            text.message(name, |text| text.update(update));
        }
    }
    text.lines
}

/// Lines, and how deep the next is.
#[derive(Default)]
struct Text {
    lines: String,
    depth: usize,
}

impl Text {
    fn line(&mut self, text: &str) {
        // Writing to a text does not fail.
        let _written = writeln!(self.lines, "{:1$}{text}", "", self.depth * 2);
    }

    fn message(&mut self, name: &str, fields: impl FnOnce(&mut Self)) {
        self.line(&format!("{name}: {{"));
        self.depth += 1;
        fields(self);
        self.depth -= 1;
        self.line("}");
    }

    fn path(&mut self, path: &Path) {
        for (name, text) in [("origin", &path.origin), ("target", &path.target)] {
            if !text.is_empty() {
                self.line(&format!("{name}: {}", quoted(text.as_bytes())));
            }
        }
        for elem in &path.elem {
            self.message("elem", |text| {
                text.line(&format!("name: {}", quoted(elem.name.as_bytes())));
                let mut keys: Vec<_> = elem.key.iter().collect();
                keys.sort_unstable();
                for (key, value) in keys {
                    text.message("key", |text| {
                        text.line(&format!("key: {}", quoted(key.as_bytes())));
                        text.line(&format!("value: {}", quoted(value.as_bytes())));
                    });
                }
            });
        }
    }

    fn update(&mut self, update: &Update) {
        if let Some(path) = &update.path {
            self.message("path", |text| text.path(path));
        }
        if let Some(val) = &update.val {
            self.message("val", |text| text.value(val));
        }
    }

    fn value(&mut self, val: &TypedValue) {
        match &val.value {
            Some(Value::JsonIetfVal(octets)) => self.line(&format!("json_ietf_val: {}", quoted(octets))),
            Some(Value::JsonVal(octets)) => self.line(&format!("json_val: {}", quoted(octets))),
            Some(Value::StringVal(text)) => self.line(&format!("string_val: {}", quoted(text.as_bytes()))),
            Some(Value::BoolVal(word)) => self.line(&format!("bool_val: {word}")),
            Some(Value::UintVal(number)) => self.line(&format!("uint_val: {number}")),
            Some(Value::IntVal(number)) => self.line(&format!("int_val: {number}")),
            Some(Value::LeaflistVal(list)) => self.message("leaflist_val", |text| {
                list.element.iter().for_each(|one| text.message("element", |text| text.value(one)));
            }),
            // No other is written.
            _ => {}
        }
    }
}

/// With escapes for what is not printable ASCII, octet by octet.
fn quoted(octets: &[u8]) -> String {
    let mut text = String::from("\"");
    for octet in octets {
        match octet {
            b'"' | b'\\' => text.extend(['\\', char::from(*octet)]),
            b'\n' => text.push_str("\\n"),
            0x20..=0x7e => text.push(char::from(*octet)),
            other => {
                let _written = write!(text, "\\{other:03o}");
            }
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use mercury_gnmi_proto::gnmi::{PathElem, ScalarArray};

    use super::*;

    fn request() -> SetRequest {
        let key = [("name".to_owned(), "Ethernet\"1".to_owned())].into();
        let elem = vec![
            PathElem { name: "interfaces".to_owned(), ..PathElem::default() },
            PathElem { name: "interface".to_owned(), key },
        ];
        let path = Path { origin: "openconfig".to_owned(), elem, ..Path::default() };
        let update = |value| Update {
            path: Some(path.clone()),
            val: Some(TypedValue { value: Some(value) }),
            ..Update::default()
        };
        let list = ScalarArray { element: vec![TypedValue { value: Some(Value::StringVal("é\n".to_owned())) }] };
        SetRequest {
            prefix: Some(Path { target: "leaf1".to_owned(), ..Path::default() }),
            delete: vec![Path {
                elem: vec![PathElem { name: "a".to_owned(), ..PathElem::default() }],
                ..Path::default()
            }],
            replace: vec![update(Value::LeaflistVal(list))],
            update: vec![update(Value::JsonIetfVal(b"{\"mtu\":1500}".to_vec())), update(Value::UintVal(1 << 60))],
            ..SetRequest::default()
        }
    }

    /// As `protoc --encode=gnmi.SetRequest` reads it.
    #[test]
    fn a_set_in_text() {
        let path = "  path: {\n    origin: \"openconfig\"\n    elem: {\n      name: \"interfaces\"\n    }\n    elem: {\n      \
                    name: \"interface\"\n      key: {\n        key: \"name\"\n        value: \"Ethernet\\\"1\"\n      }\n    \
                    }\n  }\n";
        let expected = [
            "prefix: {\n  target: \"leaf1\"\n}\ndelete: {\n  elem: {\n    name: \"a\"\n  }\n}\nreplace: {\n",
            path,
            "  val: {\n    leaflist_val: {\n      element: {\n        string_val: \"\\303\\251\\n\"\n      }\n    }\n  }\n}\n\
             update: {\n",
            path,
            "  val: {\n    json_ietf_val: \"{\\\"mtu\\\":1500}\"\n  }\n}\nupdate: {\n",
            path,
            "  val: {\n    uint_val: 1152921504606846976\n  }\n}\n",
        ];
        assert_eq!(textproto(&request()), expected.concat());
    }

    #[test]
    fn a_set_in_json() {
        let path = json!({"origin": "openconfig", "elem": [{"name": "interfaces"},
            {"name": "interface", "key": {"name": "Ethernet\"1"}}]});
        let expected = json!({
            "prefix": {"target": "leaf1"},
            "delete": [{"elem": [{"name": "a"}]}],
            "replace": [{"path": path, "val": {"leaflistVal": {"element": [{"stringVal": "é\n"}]}}}],
            "update": [{"path": path, "val": {"jsonIetfVal": "eyJtdHUiOjE1MDB9"}},
                {"path": path, "val": {"uintVal": "1152921504606846976"}}],
        });
        assert_eq!(serde_json::from_str::<serde_json::Value>(&json(&request())).unwrap(), expected);
    }
}
