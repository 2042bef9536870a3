//! What a switch showed as JSON, from a file.

mod modules;
mod set;

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use mercury_adapter::{Bump, DataNode, GnmiDialect, Looking, Mapping, Recorded, Share, mac_vrf, named};
use mercury_gnmi_proto::gnmi::{
    GetResponse, Notification, Path, PathElem, ScalarArray, TypedValue, Update, typed_value::Value,
};
use prost::Message as _;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{query::Questions, tree::Tree};
pub use modules::{strangers, strangers_of_set};
pub use set::{Brought, Decoded, Elements, SetRequest, Taken, decoded, is_gnmic_yaml, lay_set, set_request};

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

/// Whether no object of a JSON text has a member twice: readers differ in which of them they take.
///
/// # Errors
/// A sentence with line and column that names the member; or it is no JSON.
pub fn once(text: &str) -> Result<(), String> {
    let own = text.trim_start_matches('\u{feff}');
    serde_json::from_str::<set::Once>(own).map(drop).map_err(|error| error.to_string())
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

/// A path as people write it: elements between slashes, keys in brackets, a backslash before
/// a bracket that is a key's, and perhaps its origin before it all (gNMI path conventions).
fn parsed(text: &str) -> Result<Path, String> {
    let unclosed = || format!("the path {text:?} has a bracket that is not closed");
    let origin = text.split_once(":/").map(|(origin, _)| origin).filter(|origin| !origin.contains(['/', '[']));
    let rest = origin.and_then(|origin| text.get(origin.len() + 1..)).unwrap_or(text);
    let (mut elem, mut rest) = (Vec::new(), rest.trim_start_matches('/'));
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
    Ok(Path { elem, origin: origin.unwrap_or_default().to_owned(), ..Path::default() })
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
#[serde(deny_unknown_fields)]
struct SaidPath {
    #[serde(default)]
    elem: Vec<SaidElem>,
    #[serde(default)]
    origin: String,
    #[serde(default, rename = "target")]
    _target: serde::de::IgnoredAny,
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
#[serde(deny_unknown_fields)]
struct SaidUpdate {
    #[serde(default)]
    path: SaidPath,
    val: BTreeMap<String, serde_json::Value>,
    #[serde(default, rename = "duplicates")]
    _duplicates: serde::de::IgnoredAny,
}

impl SaidPath {
    fn path(self) -> Path {
        let elem =
            self.elem.into_iter().map(|SaidElem { name, key }| PathElem { name, key: key.into_iter().collect() });
        Path { elem: elem.collect(), origin: self.origin, ..Path::default() }
    }
}

impl SaidUpdate {
    fn update(self) -> Result<Update, String> {
        let val = Some(TypedValue { value: Some(typed(self.val)?) });
        Ok(Update { path: Some(self.path.path()), val, ..Update::default() })
    }
}

impl SaidNotification {
    fn notification(self) -> Result<Notification, String> {
        let update = self.update.into_iter().map(SaidUpdate::update).collect::<Result<_, String>>()?;
        Ok(Notification { prefix: Some(self.prefix.path()), update, ..Notification::default() })
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
