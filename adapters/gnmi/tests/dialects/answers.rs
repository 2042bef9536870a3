//! What a switch answers: as JSON objects at the paths that were asked for, or
//! leaf by leaf.

use mercury_adapter::Dialect;
use mercury_gnmi::conformance;
use mercury_gnmi_proto::gnmi::{Notification, Path, PathElem, ScalarArray, TypedValue, Update, typed_value};
use mercury_model::{DeviceConfig, Running, Scope};
use serde_json::{Map, Value as Json};

use crate::{
    device::{Device, bare, key, text},
    gnmi,
    views::reversed,
};

/// How a switch is read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Reading {
    /// One Get a path, answered with JSON.
    Get,
    /// One subscription, answered with a Notification a leaf.
    Once,
}

/// What a session finds out about a scope.
pub(crate) fn read(dialect: &Dialect, device: &Device, scope: &Scope, reading: Reading) -> DeviceConfig {
    running(dialect, device, scope, reading).config
}

/// The same, with whose entries hold more than Mercury knows.
pub(crate) fn running(dialect: &Dialect, device: &Device, scope: &Scope, reading: Reading) -> Running {
    let ask = |answered| conformance::questions(gnmi(dialect), scope, answered, reading == Reading::Once).unwrap();
    let answer = |paths: Vec<Path>| -> Vec<Notification> {
        paths.iter().flat_map(|path| device.answer(path, reading)).collect()
    };
    let mut notifications = answer(ask(None));
    notifications.extend(answer(ask(Some(&notifications))));
    conformance::decode(dialect, &notifications, scope).unwrap()
}

impl Device {
    fn answer(&self, path: &Path, reading: Reading) -> Vec<Notification> {
        let mut found = Vec::new();
        follow(&self.data, "", &path.elem, Vec::new(), &mut found);
        let mut notifications = Vec::new();
        for (path, value) in found {
            match reading {
                Reading::Get => {
                    let last = path.last().unwrap();
                    let json = if self.wrapped { wrapped(last, value) } else { value.clone() };
                    let json = if self.reversed { reversed(&json) } else { json.to_string() };
                    let json = typed_value::Value::JsonIetfVal(json.into_bytes());
                    notifications.push(notification(path, json));
                }
                Reading::Once => leaves(value, path, &mut notifications),
            }
        }
        notifications
    }
}

/// The nodes a path selects; an element without its key selects every entry,
/// and the list itself where the path ends there.
fn follow<'a>(
    node: &'a Json,
    above: &str,
    elems: &[PathElem],
    at: Vec<PathElem>,
    found: &mut Vec<(Vec<PathElem>, &'a Json)>,
) {
    let Some((elem, rest)) = elems.split_first() else { return found.push((at, node)) };
    let name = bare(&elem.name);
    let Some(below) = node.get(name) else { return };
    let step = |key: Option<(String, String)>| {
        let elem = PathElem { name: elem.name.clone(), key: key.into_iter().collect() };
        at.iter().cloned().chain([elem]).collect::<Vec<_>>()
    };
    let Some(key) = key(above, name) else { return follow(below, name, rest, step(None), found) };
    if rest.is_empty() && elem.key.is_empty() {
        return found.push((step(None), below));
    }
    for entry in below.as_array().unwrap() {
        let id = text(&entry[key]);
        if elem.key.get(key).is_none_or(|wanted| *wanted == id) {
            follow(entry, name, rest, step(Some((key.to_owned(), id))), found);
        }
    }
}

/// Every leaf below a node, each in a Notification of its own.
fn leaves(node: &Json, at: Vec<PathElem>, into: &mut Vec<Notification>) {
    let last = at.last().unwrap();
    match node {
        Json::Object(members) => {
            for (name, value) in members {
                let step = PathElem { name: name.clone(), ..PathElem::default() };
                leaves(value, at.iter().cloned().chain([step]).collect(), into);
            }
        }
        Json::Array(entries) if entries.iter().any(Json::is_object) => {
            let above = at.len().checked_sub(2).map_or("", |index| bare(&at[index].name));
            let key = key(above, bare(&last.name)).unwrap_or_else(|| panic!("{} is a list without a key", last.name));
            for entry in entries {
                let mut at = at.clone();
                at.last_mut().unwrap().key.insert(key.to_owned(), text(&entry[key]));
                leaves(entry, at, into);
            }
        }
        leaf => into.push(notification(at, scalar(leaf))),
    }
}

fn scalar(json: &Json) -> typed_value::Value {
    match json {
        Json::Bool(value) => typed_value::Value::BoolVal(*value),
        Json::Number(number) => typed_value::Value::UintVal(number.as_u64().unwrap()),
        Json::Array(values) => {
            let element = values.iter().map(|value| TypedValue { value: Some(scalar(value)) }).collect();
            typed_value::Value::LeaflistVal(ScalarArray { element })
        }
        other => typed_value::Value::StringVal(text(other)),
    }
}

fn wrapped(elem: &PathElem, value: &Json) -> Json {
    let inner = if elem.key.is_empty() { value.clone() } else { Json::Array(vec![value.clone()]) };
    Map::from_iter([(elem.name.clone(), inner)]).into()
}

fn notification(elem: Vec<PathElem>, value: typed_value::Value) -> Notification {
    let path = Some(Path { elem, ..Path::default() });
    let update = Update { path, val: Some(TypedValue { value: Some(value) }), ..Update::default() };
    Notification { update: vec![update], ..Notification::default() }
}
