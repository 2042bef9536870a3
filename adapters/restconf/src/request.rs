//! From changes to requests: one YANG Patch, or the fewest plain ones in an order that the
//! plan's allows.

use std::sync::Arc;

use http::Method;
use mercury_adapter::{Module, Names, Node, NodePath, PathStep};

use crate::{
    change::{Change, Changes},
    json::{Json, Member, below, named},
    media::Kind,
    uri,
};

/// Requests that one change may take. What is set by one request may have to go one by one,
/// and a port of 4,094 VLANs has to be freed of them: so many for each of four ports.
const MAX_REQUESTS: usize = 4 * 4096;

/// Why so many requests are not sent.
pub(crate) fn too_many(requests: usize) -> Option<String> {
    let is_too_many = requests > MAX_REQUESTS;
    is_too_many.then(|| format!("the change takes {requests} requests, more than {MAX_REQUESTS}"))
}

/// A request to change something, before it has a root and a sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// The resource, from the top; of what is taken away its URI tells more.
    pub(crate) target: Node,
    /// Behind the root.
    pub(crate) uri: String,
    pub(crate) body: Option<(Kind, String)>,
}

/// What a target takes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Form<'a> {
    /// YANG Patch.
    pub(crate) yang_patch: bool,
    /// What a patch makes of the datastore need only be valid when all of its edits are done
    /// (RFC 8072 section 2.2), and not after each.
    pub(crate) atomic: bool,
    /// A plain PATCH of the datastore itself.
    pub(crate) datastore_patch: bool,
    /// The resources whose entity tags are known: what comes first is sent to one of them,
    /// where it can be.
    pub(crate) guarded: &'a [&'a Node],
}

impl Form<'_> {
    /// The requests, in the order in which they are to be sent.
    pub(crate) fn requests(self, changes: &Changes) -> Vec<Request> {
        if changes.is_empty() {
            return Vec::new();
        }
        if self.yang_patch { vec![self.patch(changes)] } else { self.plain(changes) }
    }

    /// RFC 8072 section 2: every change is an edit of one request.
    fn patch(self, changes: &Changes) -> Request {
        let order: Vec<&Change> =
            if self.atomic { changes.step_by_step().collect() } else { changes.0.iter().collect() };
        let paths = || order.iter().map(|change| change.path());
        let is_above =
            |target: &NodePath| paths().all(|path| below(path, target).is_some_and(|steps| !steps.is_empty()));
        // Entries of lists are targets of edits, and a patch has one of all of them.
        let guarded = self.guarded.iter().filter(|node| node.names == Names::default()).map(|node| node.path.clone());
        let top = paths().next().map(top).filter(|top| !top.steps.is_empty());
        let target = guarded.chain(top).find(is_above).unwrap_or_default();
        let above = target.steps.last().map(|step| &step.module);
        let edits: Vec<String> =
            order.iter().enumerate().map(|(at, change)| change.edit(at + 1, &target, above)).collect();
        let edits = edits.join(",");
        let body = format!(r#"{{"ietf-yang-patch:yang-patch":{{"patch-id":"mercury","edit":[{edits}]}}}}"#);
        let uri = resource(&target);
        let target = Node { path: target, names: Names::default() };
        Request { method: Method::PATCH, target, uri, body: Some((Kind::Patch, body)) }
    }

    /// What is set next to one another and lies below one node of the top is one plain PATCH
    /// of that node, which has to be there (RFC 8040 section 4.6.1), or of its entry, where
    /// that comes first and its tag is known; a container that is replaced is a PUT, but where
    /// that would come first and a tag is known; each node that goes is a DELETE.
    fn plain(self, changes: &Changes) -> Vec<Request> {
        let mut batches: Vec<Batch> = Vec::new();
        // A PUT goes to no resource whose tag is known.
        let guarded = !self.guarded.is_empty() && matches!(changes.0.first(), Some(Change::Replace(..)));
        let order: Vec<&Change> = if guarded { changes.step_by_step().collect() } else { changes.0.iter().collect() };
        for change in order {
            match change {
                Change::Merge(node, value) if batches.is_empty() && self.guarded.contains(&node) => {
                    batches.push(Batch::Entry(node.clone(), value.clone()));
                }
                Change::Merge(node, value) | Change::Create(node, value) => {
                    let target = if self.datastore_patch { NodePath::default() } else { top(&node.path) };
                    let steps = below(&node.path, &target).unwrap_or_default();
                    match batches.last_mut() {
                        Some(Batch::Patch(same, body)) if *same == target => {
                            body.put(steps, &node.names, value.clone());
                        }
                        _ => {
                            let mut body = Json::Object(Vec::new());
                            body.put(steps, &node.names, value.clone());
                            batches.push(Batch::Patch(target, body));
                        }
                    }
                }
                Change::Replace(node, value, _) => batches.push(Batch::Put(node.clone(), value.clone())),
                Change::Remove(node) => batches.push(Batch::Delete(node.clone(), uri::data(node))),
                Change::RemoveValue(node, value) => {
                    batches.push(Batch::Delete(node.clone(), uri::item(node, value)));
                }
            }
        }
        batches.into_iter().map(Batch::request).collect()
    }
}

enum Batch {
    Patch(NodePath, Json),
    Entry(Node, Json),
    Put(Node, Json),
    Delete(Node, String),
}

impl Batch {
    fn request(self) -> Request {
        match self {
            Self::Patch(target, body) => {
                let (module, name) = match target.steps.last() {
                    Some(step) => (step.module.clone(), step.name.clone()),
                    None => (restconf(), "data".to_owned()),
                };
                let body = Json::Object(vec![Member { module, name, value: body }]).to_string();
                let uri = resource(&target);
                let target = Node { path: target, names: Names::default() };
                Request { method: Method::PATCH, target, uri, body: Some((Kind::Data, body)) }
            }
            Self::Entry(target, value) => Self::whole(Method::PATCH, target, &value),
            Self::Put(target, value) => Self::whole(Method::PUT, target, &value),
            Self::Delete(target, uri) => {
                Request { method: Method::DELETE, target, uri: format!("/data{uri}"), body: None }
            }
        }
    }

    /// A request whose body is its target.
    fn whole(method: Method, target: Node, value: &Json) -> Request {
        let (uri, body) = (format!("/data{}", uri::data(&target)), named(&target, value).to_string());
        Request { method, target, uri, body: Some((Kind::Data, body)) }
    }
}

impl Change {
    fn path(&self) -> &NodePath {
        match self {
            Self::Merge(node, _)
            | Self::Create(node, _)
            | Self::Replace(node, ..)
            | Self::Remove(node)
            | Self::RemoveValue(node, _) => &node.path,
        }
    }

    /// An edit of a patch of `target`, whose module is `above`.
    fn edit(&self, number: usize, target: &NodePath, above: Option<&Module>) -> String {
        let steps = |path| below(path, target).unwrap_or_default();
        let (operation, at, value) = match self {
            Self::Merge(node, value) => {
                ("merge", uri::below(steps(&node.path), &node.names, above), Some(named(node, value)))
            }
            Self::Create(node, value) => {
                ("create", uri::below(steps(&node.path), &node.names, above), Some(named(node, value)))
            }
            Self::Replace(node, value, _) => {
                ("replace", uri::below(steps(&node.path), &node.names, above), Some(named(node, value)))
            }
            Self::Remove(node) => ("remove", uri::below(steps(&node.path), &node.names, above), None),
            Self::RemoveValue(node, value) => {
                ("remove", uri::below_item(steps(&node.path), &node.names, above, value), None)
            }
        };
        let at = serde_json::Value::from(at);
        let value = value.map(|value| format!(r#","value":{value}"#)).unwrap_or_default();
        format!(r#"{{"edit-id":"{number}","operation":"{operation}","target":{at}{value}}}"#)
    }
}

/// The node at the top that a path goes through.
pub(crate) fn top(path: &NodePath) -> NodePath {
    let plain = |step: &&PathStep| step.keys.is_empty();
    NodePath { steps: path.steps.first().filter(plain).cloned().into_iter().collect() }
}

/// A node without keys as a resource.
fn resource(path: &NodePath) -> String {
    format!("/data{}", uri::below(&path.steps, &Names::default(), None))
}

fn restconf() -> Module {
    Module { namespace: Arc::from("urn:ietf:params:xml:ns:yang:ietf-restconf"), name: Some(Arc::from("ietf-restconf")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(names: &[&str]) -> Node {
        let module = || Module { namespace: Arc::from("urn:m"), name: Some(Arc::from("m")) };
        let step = |name: &&str| PathStep { module: module(), name: (*name).to_owned(), keys: Vec::new() };
        Node { path: NodePath { steps: names.iter().map(step).collect() }, names: Names::default() }
    }

    /// Whichever it is: what was read is what a change is made on, and a stale one must not go
    /// out without saying so.
    #[test]
    fn where_a_tag_is_known_nothing_comes_first_that_cannot_carry_it() {
        let (top, port, config) = (node(&["ports"]), node(&["ports", "port"]), node(&["ports", "port", "config"]));
        let object = Json::Object(Vec::new());
        let steps = vec![Change::Merge(port.clone(), object.clone()), Change::Remove(config.clone())];
        let changes = Changes(vec![Change::Replace(config, object, steps)]);
        let methods = |guarded: &[&Node], datastore_patch| -> Vec<(Method, String)> {
            let form = Form { datastore_patch, guarded, ..Form::default() };
            form.requests(&changes).into_iter().map(|request| (request.method, request.uri)).collect()
        };
        let put = [(Method::PUT, "/data/m:ports/port/config".to_owned())];
        assert_eq!(methods(&[], false), put);
        let delete = (Method::DELETE, "/data/m:ports/port/config".to_owned());
        let first = |uri: &str| vec![(Method::PATCH, uri.to_owned()), delete.clone()];
        assert_eq!(methods(&[&port], false), first("/data/m:ports/port"));
        assert_eq!(methods(&[&top], false), first("/data/m:ports"));
        assert_eq!(methods(&[&Node::default()], true), first("/data"));
    }
}
