//! What a switch showed as JSON, from a file.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use mercury_adapter::{Bump, DataNode, GnmiDialect, Looking, Mapping, Recorded, Share, mac_vrf, named};
use mercury_gnmi_proto::gnmi::{
    GetResponse, Notification, Path, PathElem, ScalarArray, TypedValue, Update, typed_value::Value,
};
use prost::Message as _;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{query::Questions, textproto, tree::Tree};

/// What data says that is read as this dialect's; of VNIs with `overlays`.
///
/// # Errors
/// A sentence that names what cannot be understood.
pub fn recorded(
    dialect: &GnmiDialect,
    instance: &str,
    data: &DataNode<'_>,
    overlays: bool,
) -> Result<Recorded, String> {
    let defaults = &dialect.defaults;
    match &dialect.mapping {
        Mapping::Tree(tree) => Ok(Recorded::of(Looking { tree, defaults, instance }, data, overlays)),
        Mapping::MacVrf => Ok(Recorded {
            running: Questions::one_by_one(dialect, instance).read(data, &Recorded::scope(overlays))?,
            state: named(data, &mac_vrf::oper_state()),
            is_scattered: true,
            ..Recorded::default()
        }),
    }
}

/// Lays the data that a text shows below `root`: RFC 7951 JSON of a datastore's
/// top, a GetResponse in the JSON of protocol buffers, or what gnmic prints of one.
///
/// # Errors
/// A sentence with line and column where that is known: it is none of them; there is
/// no room for it.
pub fn lay<'a>(text: &str, arena: &'a Bump, share: &mut Share, root: &DataNode<'a>) -> Result<(), String> {
    let mut tree = Tree::new(arena, share).map_err(|problem| problem.to_string())?;
    let added = match response(text)? {
        Some(response) => tree.add(&response.encode_to_vec()),
        None => tree.whole(text.as_bytes()),
    };
    added.map_err(|problem| problem.to_string())?;
    let mut members = tree.root().members();
    let top = match (members.next(), members.next()) {
        // RESTCONF's name for it (RFC 8040 section 3.3.1).
        (Some(only), None) if only.name() == "data" => only,
        _ => tree.root(),
    };
    top.members().for_each(|member| root.push(member));
    Ok(())
}

/// The same of what a SetRequest brings: in the JSON or the text format of protocol
/// buffers, or as gnmic takes it from a file (`gnmic set --request-file`). What it deletes
/// is not laid: see [`deleted`].
///
/// # Errors
/// As of [`lay`].
pub fn lay_set<'a>(text: &str, arena: &'a Bump, share: &mut Share, root: &DataNode<'a>) -> Result<(), String> {
    let notification = Notification { delete: Vec::new(), ..said_set(text)?.notification()? };
    let response = GetResponse { notification: vec![notification], ..GetResponse::default() };
    let mut tree = Tree::new(arena, share).map_err(|problem| problem.to_string())?;
    tree.add(&response.encode_to_vec()).map_err(|problem| problem.to_string())?;
    tree.root().members().for_each(|member| root.push(member));
    Ok(())
}

/// A path: each element with its keys.
pub type Elements = Vec<(String, BTreeMap<String, String>)>;

/// The paths that a SetRequest deletes or replaces, in the spellings of [`lay_set`].
///
/// # Errors
/// As of [`lay`].
pub fn deleted(text: &str) -> Result<Vec<Elements>, String> {
    let notification = said_set(text)?.notification()?;
    let prefix = notification.prefix.map(|path| path.elem).unwrap_or_default();
    Ok(notification.delete.into_iter().map(|own| elements(&prefix, own.elem)).collect())
}

fn elements(prefix: &[PathElem], own: Vec<PathElem>) -> Elements {
    prefix.iter().cloned().chain(own).map(|elem| (elem.name, elem.key.into_iter().collect())).collect()
}

/// One thing that a SetRequest brings: its path, and the value that goes there.
pub type Brought = (Elements, serde_json::Value);

/// What a SetRequest brings, one by one, in the spellings of [`lay_set`].
///
/// # Errors
/// As of [`lay`].
pub fn brought(text: &str) -> Result<Vec<Brought>, String> {
    let notification = said_set(text)?.notification()?;
    let prefix = notification.prefix.map(|path| path.elem).unwrap_or_default();
    let one = |update: Update| {
        let own = update.path.map(|path| path.elem).unwrap_or_default();
        let path = elements(&prefix, own);
        let value = update.val.and_then(|val| val.value).ok_or("an update has no value")?;
        Ok((path, plain(value)?))
    };
    notification.update.into_iter().map(one).collect()
}

/// A value as RFC 7951 JSON, where the type of its leaf is not known.
fn plain(value: Value) -> Result<serde_json::Value, String> {
    Ok(match value {
        Value::JsonIetfVal(octets) | Value::JsonVal(octets) => {
            serde_json::from_slice(&octets).map_err(|error| error.to_string())?
        }
        Value::StringVal(text) => text.into(),
        Value::BoolVal(word) => word.into(),
        Value::UintVal(number) => number.into(),
        Value::IntVal(number) => number.into(),
        Value::LeaflistVal(list) => {
            let all = list.element.into_iter().filter_map(|one| one.value).map(plain);
            all.collect::<Result<Vec<_>, _>>()?.into()
        }
        _ => return Err("a value of a type that is not read".to_owned()),
    })
}

fn said_set(text: &str) -> Result<SaidSet, String> {
    let value = match text.trim_start().starts_with('{') {
        true => serde_json::from_str(text).map_err(|error| error.to_string())?,
        false => textproto::json(text)?,
    };
    serde_json::from_value(value).map_err(|error| error.to_string())
}

/// The GetResponse that a text is; `None` where it is data.
fn response(text: &str) -> Result<Option<GetResponse>, String> {
    let malformed = |error: serde_json::Error| error.to_string();
    if text.trim_start().starts_with('[') {
        let printed: Vec<Printed> = serde_json::from_str(text).map_err(malformed)?;
        let notification = printed.into_iter().map(Printed::notification).collect::<Result<_, _>>()?;
        return Ok(Some(GetResponse { notification, ..GetResponse::default() }));
    }
    let members: BTreeMap<String, &RawValue> = serde_json::from_str(text).map_err(malformed)?;
    if !members.contains_key("notification") {
        return Ok(None);
    }
    let said: Said = serde_json::from_str(text).map_err(malformed)?;
    let notification = said.notification.into_iter().map(SaidNotification::notification).collect::<Result<_, _>>()?;
    Ok(Some(GetResponse { notification, ..GetResponse::default() }))
}

/// As gnmic prints a notification (`gnmic get`).
#[derive(Deserialize)]
struct Printed {
    #[serde(default)]
    prefix: String,
    #[serde(default)]
    updates: Vec<PrintedUpdate>,
}

#[derive(Deserialize)]
struct PrintedUpdate {
    #[serde(rename = "Path", alias = "path", default)]
    path: String,
    /// One, by the path without its keys.
    #[serde(default)]
    values: BTreeMap<String, Box<RawValue>>,
}

impl Printed {
    fn notification(self) -> Result<Notification, String> {
        let mut update = Vec::new();
        for PrintedUpdate { path, values } in self.updates {
            let path = parsed(&path)?;
            for value in values.into_values() {
                let val = TypedValue { value: Some(Value::JsonIetfVal(value.get().as_bytes().to_vec())) };
                update.push(Update { path: Some(path.clone()), val: Some(val), ..Update::default() });
            }
        }
        Ok(Notification { prefix: Some(parsed(&self.prefix)?), update, ..Notification::default() })
    }
}

/// A path as people write it: elements between slashes, keys in brackets, and a
/// backslash before a bracket that is a key's (gNMI path conventions).
fn parsed(text: &str) -> Result<Path, String> {
    let unclosed = || format!("the path {text:?} has a bracket that is not closed");
    let (mut elem, mut rest) = (Vec::new(), text.trim_start_matches('/'));
    while !rest.is_empty() {
        let end = rest.find(['/', '[']).unwrap_or(rest.len());
        let (name, behind) = rest.split_at(end);
        let mut one = PathElem { name: name.to_owned(), ..PathElem::default() };
        rest = behind;
        while let Some(inside) = rest.strip_prefix('[') {
            let (key, value) = inside.split_once('=').ok_or_else(unclosed)?;
            let (mut word, mut is_escaped, mut end) = (String::new(), false, None);
            for (at, character) in value.char_indices() {
                match character {
                    _ if is_escaped => {
                        word.push(character);
                        is_escaped = false;
                    }
                    '\\' => is_escaped = true,
                    ']' => {
                        end = Some(at + 1);
                        break;
                    }
                    _ => word.push(character),
                }
            }
            rest = value.get(end.ok_or_else(unclosed)?..).unwrap_or_default();
            one.key.insert(key.to_owned(), word);
        }
        elem.push(one);
        rest = rest.trim_start_matches('/');
    }
    Ok(Path { elem, ..Path::default() })
}

/// A GetResponse in the JSON of protocol buffers.
#[derive(Deserialize)]
struct Said {
    notification: Vec<SaidNotification>,
}

#[derive(Deserialize)]
struct SaidNotification {
    #[serde(default)]
    prefix: SaidPath,
    #[serde(default)]
    update: Vec<SaidUpdate>,
}

#[derive(Default, Deserialize)]
struct SaidPath {
    #[serde(default)]
    elem: Vec<SaidElem>,
}

#[derive(Deserialize)]
struct SaidElem {
    name: String,
    #[serde(default)]
    key: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct SaidList {
    element: Vec<BTreeMap<String, serde_json::Value>>,
}

#[derive(Deserialize)]
struct SaidUpdate {
    #[serde(default)]
    path: SaidPath,
    val: BTreeMap<String, serde_json::Value>,
}

impl SaidPath {
    fn path(self) -> Path {
        let elem =
            self.elem.into_iter().map(|SaidElem { name, key }| PathElem { name, key: key.into_iter().collect() });
        Path { elem: elem.collect(), ..Path::default() }
    }
}

impl SaidNotification {
    fn notification(self) -> Result<Notification, String> {
        let update = self.update.into_iter().map(|SaidUpdate { path, val }| {
            let val = Some(TypedValue { value: Some(typed(val)?) });
            Ok(Update { path: Some(path.path()), val, ..Update::default() })
        });
        let update = update.collect::<Result<_, String>>()?;
        Ok(Notification { prefix: Some(self.prefix.path()), update, ..Notification::default() })
    }
}

/// A SetRequest in the JSON of protocol buffers, or as gnmic writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SaidSet {
    #[serde(default)]
    prefix: SaidPath,
    #[serde(default)]
    delete: Vec<SaidPath>,
    #[serde(default, alias = "deletes")]
    gnmic_delete: Vec<String>,
    #[serde(default)]
    replace: Vec<SaidUpdate>,
    #[serde(default)]
    update: Vec<SaidUpdate>,
    #[serde(default, alias = "replaces")]
    gnmic_replace: Vec<GnmicUpdate>,
    #[serde(default, alias = "updates")]
    gnmic_update: Vec<GnmicUpdate>,
    #[serde(default, rename = "extension")]
    _extension: serde_json::Value,
}

#[derive(Deserialize)]
struct GnmicUpdate {
    path: String,
    value: serde_json::Value,
}

impl SaidSet {
    fn notification(self) -> Result<Notification, String> {
        let (replaced, replaced_by_gnmic) = (self.replace.len(), self.gnmic_replace.len());
        let update = self.replace.into_iter().chain(self.update).collect();
        let mut notification = SaidNotification { prefix: self.prefix, update }.notification()?;
        let path = |update: &Update| update.path.clone().unwrap_or_default();
        notification.delete = self.delete.into_iter().map(SaidPath::path).collect();
        // Of what is replaced, what is not said again is gone.
        notification.delete.extend(notification.update.iter().take(replaced).map(path));
        for (index, own) in self.gnmic_replace.into_iter().chain(self.gnmic_update).enumerate() {
            let val = TypedValue { value: Some(Value::JsonIetfVal(own.value.to_string().into_bytes())) };
            let update = Update { path: Some(parsed(&own.path)?), val: Some(val), ..Update::default() };
            notification.delete.extend((index < replaced_by_gnmic).then(|| path(&update)));
            notification.update.push(update);
        }
        for path in &self.gnmic_delete {
            notification.delete.push(parsed(path)?);
        }
        Ok(notification)
    }
}

/// Octets are base64 and large numbers are texts in the JSON of protocol buffers.
fn typed(val: BTreeMap<String, serde_json::Value>) -> Result<Value, String> {
    let (name, value) = val.into_iter().next().ok_or("an update has no value")?;
    let octets = |value: &serde_json::Value| value.as_str().and_then(|text| STANDARD.decode(text).ok());
    let number = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let read = match name.as_str() {
        "jsonIetfVal" | "json_ietf_val" => octets(&value).map(Value::JsonIetfVal),
        "jsonVal" | "json_val" => octets(&value).map(Value::JsonVal),
        "stringVal" | "string_val" => value.as_str().map(|text| Value::StringVal(text.to_owned())),
        "boolVal" | "bool_val" => value.as_bool().map(Value::BoolVal),
        "uintVal" | "uint_val" => number(&value).parse().ok().map(Value::UintVal),
        "leaflistVal" | "leaflist_val" => {
            let list: SaidList = serde_json::from_value(value.clone()).map_err(|error| error.to_string())?;
            let element = list.element.into_iter().map(|one| Ok(TypedValue { value: Some(typed(one)?) }));
            Some(Value::LeaflistVal(ScalarArray { element: element.collect::<Result<_, String>>()? }))
        }
        "intVal" | "int_val" => number(&value).parse().ok().map(Value::IntVal),
        _ => None,
    };
    read.ok_or_else(|| format!("a value {name:?} that is not read, or not of that type"))
}

#[cfg(test)]
mod tests {
    use mercury_adapter::{Budget, MAX_REPLY};

    use super::*;

    fn laid(text: &str) -> Result<(String, usize), String> {
        let (arena, mut share) = (Bump::new(), Budget::new(0).share(MAX_REPLY));
        let root = mercury_adapter::DataTree::new(&arena, &mut share).node("").unwrap();
        lay_set(text, &arena, &mut share, root)?;
        Ok((format!("{root:?}"), deleted(text)?.len()))
    }

    #[test]
    fn a_set_request_says_the_same_in_each_of_its_spellings() {
        let textproto = r#"
            # of somebody's own hand
            prefix { origin: "openconfig" }
            delete: { elem: { name: "vlans" } }
            update: {
              path: <elem { name: "interfaces" } elem { name: "interface" key { key: "name" value: "Ethernet1" } }>
              val { json_ietf_val: "{\"config\":" '{"mtu":\x31500}}' }
            }
            update { path { elem: [{ name: "a" }, { name: "b" }] } val { uint_val: 5 } }"#;
        let octets = STANDARD.encode(r#"{"config":{"mtu":1500}}"#);
        let json = serde_json::json!({
            "prefix": {"origin": "openconfig"}, "delete": [{"elem": [{"name": "vlans"}]}],
            "update": [
                {"path": {"elem": [{"name": "interfaces"}, {"name": "interface", "key": {"name": "Ethernet1"}}]},
                 "val": {"jsonIetfVal": octets}},
                {"path": {"elem": [{"name": "a"}, {"name": "b"}]}, "val": {"uintVal": "5"}}],
        });
        let gnmic = serde_json::json!({"deletes": ["/vlans"], "updates": [
            {"path": "/interfaces/interface[name=Ethernet1]", "value": {"config": {"mtu": 1500}}, "encoding": "json_ietf"},
            {"path": "a/b", "value": 5}]});
        let one = laid(textproto).unwrap();
        assert!(one.0.contains("Ethernet1") && one.0.contains("<mtu \"1500\">") && one.1 == 1, "{one:?}");
        assert_eq!(laid(&json.to_string()).unwrap(), one);
        assert_eq!(laid(&gnmic.to_string()).unwrap(), one);
    }

    #[test]
    fn a_text_that_is_none_is_told_with_its_line() {
        for (text, said) in [
            ("update {\n path {\n elem { name: \"a }", "line 3: a text that does not end"),
            ("update {\n", "the text ends before '}'"),
            ("update \"a\"", "a colon or a message is expected"),
            ("\n= 5", "line 2: '=' is not expected"),
            ("prefix { target: \"a\" target: \"b\" }", "target is there twice"),
            ("prefix { target: \"\\400\" }", "an escape that is no octet"),
            ("upgrade { }", "unknown field"),
            (&"a {".repeat(64), "messages in one another"),
        ] {
            let told = laid(text).unwrap_err();
            assert!(told.contains(said), "{text}: {told}");
        }
    }
}
