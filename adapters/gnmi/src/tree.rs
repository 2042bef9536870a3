//! What a target answers, as a data tree: whatever the encoding, whether it
//! came as one JSON object or leaf by leaf.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use mercury_adapter::Data;
use mercury_gnmi_proto::gnmi::{Encoding, Notification, PathElem, TypedValue, Update, typed_value};
use serde_json::Value as Json;

/// Nodes one answer may hold.
const MAX_NODES: usize = 2_000_000;
/// Elements a path may have.
const MAX_DEPTH: usize = 64;

/// A node: a container, a list entry, a leaf, or one value of a leaf-list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Node {
    name: String,
    value: String,
    below: Vec<Node>,
}

impl Data for Node {
    fn name(&self) -> &str {
        &self.name
    }

    fn value(&self) -> &str {
        &self.value
    }

    fn below<'a>(&'a self) -> impl Iterator<Item = &'a Self>
    where
        Self: 'a,
    {
        self.below.iter()
    }
}

/// Collects notifications into one tree.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    root: Node,
    nodes: usize,
}

impl Tree {
    /// What was collected.
    pub(crate) fn root(&self) -> &Node {
        &self.root
    }

    /// Lays a notification over what is there.
    ///
    /// # Errors
    /// A sentence that says what cannot be understood, or that it is too much.
    pub(crate) fn add(&mut self, notification: &Notification) -> Result<(), String> {
        let prefix = notification.prefix.as_ref().map_or(&[][..], |path| &path.elem);
        notification.update.iter().try_for_each(|update| self.update(prefix, update))
    }

    fn update(&mut self, prefix: &[PathElem], update: &Update) -> Result<(), String> {
        let own = update.path.as_ref().map_or(&[][..], |path| &path.elem);
        if prefix.len() + own.len() > MAX_DEPTH {
            return Err(format!("a path has {} elements", prefix.len() + own.len()));
        }
        let Some(json) = content(update)? else { return Ok(()) };
        let mut path = prefix.iter().chain(own);
        let last = path.next_back();
        let nodes = &mut self.nodes;
        let above = path.fold(&mut self.root, |node, elem| child(node, elem, nodes));
        match last {
            None => merge(above, json, nodes),
            Some(elem) => set(above, elem, unwrapped(json, bare(&elem.name)), nodes),
        }
        if self.nodes > MAX_NODES { Err(format!("it holds more than {MAX_NODES} nodes")) } else { Ok(()) }
    }
}

/// Puts what came for a path's last element below its parent.
fn set(above: &mut Node, elem: &PathElem, json: Json, nodes: &mut usize) {
    match json {
        Json::Null => {}
        Json::Array(entries) if entries.iter().any(Json::is_object) => {
            // The list's own path: one node for each entry. With keys, there is but one.
            for entry in entries {
                if elem.key.is_empty() {
                    append(above, bare(&elem.name), entry, nodes);
                } else {
                    merge(child(above, elem, nodes), entry, nodes);
                }
            }
        }
        Json::Object(_) => merge(child(above, elem, nodes), json, nodes),
        other => leaf(above, bare(&elem.name), &other, nodes),
    }
}

/// Lays the members of a JSON object over a node.
fn merge(node: &mut Node, json: Json, nodes: &mut usize) {
    let Json::Object(members) = json else { return };
    for (name, value) in members {
        let name = bare(&name);
        match value {
            Json::Object(_) => merge(named(node, name, nodes), value, nodes),
            Json::Array(entries) if entries.iter().any(Json::is_object) => {
                entries.into_iter().for_each(|entry| append(node, name, entry, nodes));
            }
            other => leaf(node, name, &other, nodes),
        }
    }
}

fn append(above: &mut Node, name: &str, entry: Json, nodes: &mut usize) {
    let mut node = Node { name: name.to_owned(), ..Node::default() };
    merge(&mut node, entry, nodes);
    *nodes += 1;
    above.below.push(node);
}

/// Sets a leaf, or all of a leaf-list; what was there of it goes.
fn leaf(above: &mut Node, name: &str, json: &Json, nodes: &mut usize) {
    above.below.retain(|node| node.name != name);
    let values = match json {
        Json::Array(values) => values.as_slice(),
        one => std::slice::from_ref(one),
    };
    *nodes += values.len();
    let made = values.iter().map(|value| Node { name: name.to_owned(), value: text(value), below: Vec::new() });
    above.below.extend(made);
}

fn named<'a>(node: &'a mut Node, name: &str, nodes: &mut usize) -> &'a mut Node {
    let found = node.below.iter().position(|below| below.name == name);
    made(node, found, nodes, || Node { name: name.to_owned(), ..Node::default() })
}

/// The node of a path element, made with its keys where it is missing.
fn child<'a>(node: &'a mut Node, elem: &PathElem, nodes: &mut usize) -> &'a mut Node {
    let name = bare(&elem.name);
    let is_it = |below: &Node| {
        let key = |key: &String, value: &String| {
            below.below.iter().any(|leaf| leaf.name == *bare(key) && leaf.value == *value)
        };
        below.name == name && elem.key.iter().all(|(name, value)| key(name, value))
    };
    // Answers come in order, so the last one is most often the one.
    let found = node.below.iter().rposition(is_it);
    made(node, found, nodes, || {
        let mut keys: Vec<_> = elem.key.iter().collect();
        keys.sort();
        let key = |(name, value): (&String, &String)| Node {
            name: bare(name).to_owned(),
            value: value.clone(),
            below: Vec::new(),
        };
        Node { name: name.to_owned(), value: String::new(), below: keys.into_iter().map(key).collect() }
    })
}

fn made<'a>(node: &'a mut Node, found: Option<usize>, nodes: &mut usize, make: impl FnOnce() -> Node) -> &'a mut Node {
    let index = found.unwrap_or_else(|| {
        *nodes += 1;
        node.below.push(make());
        node.below.len() - 1
    });
    #[expect(clippy::indexing_slicing, reason = "found there, or just pushed")]
    &mut node.below[index]
}

/// Some targets repeat the last element of the path around its value.
fn unwrapped(json: Json, name: &str) -> Json {
    match json {
        Json::Object(mut members) if members.len() == 1 && members.keys().all(|member| bare(member) == name) => {
            members.values_mut().next().map_or(Json::Null, Json::take)
        }
        other => other,
    }
}

/// A name without its module's.
fn bare(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, name)| name)
}

fn text(json: &Json) -> String {
    match json {
        Json::String(text) => text.clone(),
        // RFC 7951 section 6.9: an empty leaf is [null].
        Json::Null => String::new(),
        other => other.to_string(),
    }
}

/// An update's value as JSON, whatever carried it; `None` where there is none,
/// which is how NX-OS says that there is no such data.
fn content(update: &Update) -> Result<Option<Json>, String> {
    match update.val.as_ref().and_then(|val| val.value.as_ref()) {
        Some(value) => typed(value).map(Some),
        None => before_0_4(update),
    }
}

#[expect(deprecated, reason = "targets older than gNMI 0.4.0 are read, never written to so")]
fn before_0_4(update: &Update) -> Result<Option<Json>, String> {
    let json = |value: &[u8]| parsed(value).map(Some);
    match &update.value {
        Some(old) if old.r#type == i32::from(Encoding::Json) || old.r#type == i32::from(Encoding::JsonIetf) => {
            json(&old.value)
        }
        Some(old) if !old.value.is_empty() => Err(format!("a value of the deprecated type {}", old.r#type)),
        _ => Ok(None),
    }
}

#[expect(deprecated, reason = "deprecated values are read, never written")]
fn typed(value: &typed_value::Value) -> Result<Json, String> {
    use typed_value::Value;
    Ok(match value {
        Value::JsonVal(bytes) | Value::JsonIetfVal(bytes) => parsed(bytes)?,
        Value::StringVal(text) | Value::AsciiVal(text) => text.as_str().into(),
        Value::IntVal(number) => (*number).into(),
        Value::UintVal(number) => (*number).into(),
        Value::BoolVal(value) => (*value).into(),
        Value::DoubleVal(number) => (*number).into(),
        Value::FloatVal(number) => f64::from(*number).into(),
        Value::DecimalVal(_) => return Err("a decimal64, which no leaf that Mercury reads is".to_owned()),
        // RFC 7951 section 6.6.
        Value::BytesVal(bytes) | Value::ProtoBytes(bytes) => STANDARD.encode(bytes).into(),
        Value::LeaflistVal(list) => {
            let values =
                list.element.iter().map(|TypedValue { value }| value.as_ref().map_or(Ok(Json::Null), leaf_value));
            Json::Array(values.collect::<Result<_, _>>()?)
        }
    })
}

/// A leaf-list holds no lists, whatever a peer sends.
fn leaf_value(value: &typed_value::Value) -> Result<Json, String> {
    match value {
        typed_value::Value::LeaflistVal(_) => Err("a list inside a leaf-list".to_owned()),
        other => typed(other),
    }
}

fn parsed(bytes: &[u8]) -> Result<Json, String> {
    if bytes.is_empty() {
        return Ok(Json::Null);
    }
    serde_json::from_slice(bytes).map_err(|error| format!("a value is not JSON: {error}"))
}

#[cfg(test)]
mod tests {
    use mercury_gnmi_proto::gnmi::ScalarArray;

    use super::*;

    fn path(text: &str) -> Vec<PathElem> {
        let elem = |part: &str| {
            let (name, key) = part.split_once('[').unwrap_or((part, ""));
            let key = key.trim_end_matches(']').split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()));
            PathElem { name: name.to_owned(), key: key.into_iter().collect() }
        };
        text.split('/').filter(|part| !part.is_empty()).map(elem).collect()
    }

    fn update(at: &str, value: typed_value::Value) -> Update {
        let path = mercury_gnmi_proto::gnmi::Path { elem: path(at), ..Default::default() };
        Update { path: Some(path), val: Some(TypedValue { value: Some(value) }), ..Update::default() }
    }

    fn json(at: &str, text: &str) -> Update {
        update(at, typed_value::Value::JsonIetfVal(text.as_bytes().to_vec()))
    }

    fn tree(updates: Vec<Update>) -> Result<Tree, String> {
        let mut tree = Tree::default();
        tree.add(&Notification { update: updates, ..Notification::default() })?;
        Ok(tree)
    }

    fn shown(node: &Node) -> String {
        let below: String = node.below.iter().map(shown).collect();
        match (node.value.as_str(), node.name.as_str()) {
            (_, "") => below,
            ("", name) => format!("<{name}>{below}</>"),
            (value, name) => format!("<{name} {value}>"),
        }
    }

    #[test]
    fn one_object_and_leaf_by_leaf_are_the_same_tree() {
        use typed_value::Value;
        let whole = tree(vec![json(
            "interfaces/interface[name=e1]",
            r#"{"openconfig-interfaces:name":"e1","openconfig-interfaces:config":{"mtu":9000,"enabled":true},
                "openconfig-vlan:trunk-vlans":[10,"20..30"]}"#,
        )]);
        let list = ScalarArray {
            element: vec![Value::UintVal(10), Value::StringVal("20..30".to_owned())]
                .into_iter()
                .map(|value| TypedValue { value: Some(value) })
                .collect(),
        };
        let leaves = tree(vec![
            update("interfaces/interface[name=e1]/name", Value::StringVal("e1".to_owned())),
            update("interfaces/interface[name=e1]/config/mtu", Value::UintVal(9000)),
            json("interfaces/interface[name=e1]/config/enabled", "true"),
            update("interfaces/interface[name=e1]/trunk-vlans", Value::LeaflistVal(list)),
        ]);
        let mut children: Vec<_> = whole.unwrap().root.below[0].below[0].below.iter().map(shown).collect();
        let mut others: Vec<_> = leaves.unwrap().root.below[0].below[0].below.iter().map(shown).collect();
        let inner = |list: &mut Vec<String>| {
            list.iter_mut()
                .for_each(|text| *text = text.replace("<enabled true><mtu 9000>", "<mtu 9000><enabled true>"));
            list.sort();
        };
        inner(&mut children);
        inner(&mut others);
        assert_eq!(children, others);
    }

    #[test]
    fn what_wraps_a_value_in_its_own_name_is_taken_off() {
        for (at, text) in [
            ("a/config", r#"{"m:config":{"mtu":1}}"#),
            ("a/config/mtu", r#"{"mtu":1}"#),
            ("a", r#"{"config":{"mtu":1}}"#),
        ] {
            assert_eq!(shown(tree(vec![json(at, text)]).unwrap().root()), "<a><config><mtu 1></></>", "{at}");
        }
        let list = tree(vec![json("vlans/vlan[id=1]", r#"{"m:vlan":[{"id":1,"name":"x"}]}"#)]).unwrap();
        assert_eq!(shown(list.root()), "<vlans><vlan><id 1><name x></></>");
    }

    #[test]
    fn entries_of_a_list_stay_apart_and_a_leaf_said_twice_is_one() {
        let entries = tree(vec![
            json("vlans", r#"{"vlan":[{"id":1},{"id":2}]}"#),
            json("vlans/vlan[id=2]", r#"{"name":"two"}"#),
            json("vlans/vlan[id=2]/name", "\"zwei\""),
        ]);
        assert_eq!(shown(entries.unwrap().root()), "<vlans><vlan><id 1></><vlan><id 2><name zwei></></>");
    }

    #[test]
    fn an_empty_value_is_no_data_and_nonsense_is_an_error() {
        let nothing = Update { path: None, val: Some(TypedValue { value: None }), ..Update::default() };
        assert_eq!(tree(vec![nothing]).unwrap().root(), &Node::default());
        assert!(tree(vec![json("a", "{")]).unwrap_err().contains("not JSON"));
        assert!(tree(vec![json(&"a/".repeat(65), "1")]).unwrap_err().contains("65 elements"));
        let deep = "[".repeat(1000);
        assert!(tree(vec![json("a", &deep)]).is_err());
    }
}
