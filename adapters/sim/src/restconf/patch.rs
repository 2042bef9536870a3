//! YANG Patch (RFC 8072): its edits, and its status.

use http::StatusCode;
use serde_json::{Value as Json, json};

use super::{
    answer::{Answer, Refusal, answer},
    resource::Resource,
    write,
};
use crate::{device::Write, refusal::Tag};

/// A patch as it came.
pub(super) struct Patch {
    id: Json,
    edits: Vec<Json>,
}

impl Patch {
    pub(super) fn read(body: &Json) -> Result<Self, Refusal> {
        let patch = &body["ietf-yang-patch:yang-patch"];
        match (&patch["patch-id"], patch["edit"].as_array()) {
            (Json::String(_), Some(edits)) => Ok(Self { id: patch["patch-id"].clone(), edits: edits.clone() }),
            _ => Err(Refusal::new(Tag::MalformedMessage, "the body is no YANG Patch")),
        }
    }

    /// Its edits, in order, up to the first that makes no sense.
    pub(super) fn writes(&self, target: &Resource) -> (Vec<Write>, Option<Refusal>) {
        let mut writes = Vec::new();
        for edit in &self.edits {
            let text = |name: &str| edit[name].as_str().unwrap_or_default();
            let resource = Resource::read(&target.pattern, text("target"));
            match resource.and_then(|resource| write::edit(&resource, text("operation"), edit.get("value"))) {
                Ok(write) => writes.push(write),
                Err(refusal) => return (writes, Some(refusal)),
            }
        }
        (writes, None)
    }

    /// The status of a patch that was carried out.
    pub(super) fn done(&self) -> Answer {
        let body = json!({"ietf-yang-patch:yang-patch-status": {"patch-id": self.id, "ok": [null]}});
        answer(StatusCode::OK, Some(("application/yang-data+json", body.to_string())))
    }

    /// The status of one of which this edit, counted from 0, was refused.
    pub(super) fn refused(&self, at: Option<usize>, refusal: Refusal) -> Answer {
        if refusal.errors.is_empty() {
            return refusal.answer("application/yang-data+json");
        }
        let errors = json!({"error": refusal.errors});
        let status = match at.and_then(|at| self.edits.get(at)) {
            Some(edit) => {
                let edit = json!({"edit-id": edit["edit-id"], "errors": errors});
                json!({"patch-id": self.id, "edit-status": {"edit": [edit]}})
            }
            None => json!({"patch-id": self.id, "errors": errors}),
        };
        let body = json!({"ietf-yang-patch:yang-patch-status": status});
        answer(refusal.status, Some(("application/yang-data+json", body.to_string())))
    }
}
