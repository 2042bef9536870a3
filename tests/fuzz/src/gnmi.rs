//! Whatever a gNMI target answers: any octets as they come off the wire, and
//! JSON at any path.

use std::sync::{Arc, LazyLock};

use mercury_adapter::{Capabilities, Dialect, Render};
use mercury_gnmi::{Overrides, Renderer, SetOperations, conformance};
use mercury_gnmi_proto::gnmi::{GetResponse, Notification, Path, PathElem, TypedValue, Update, typed_value};
use mercury_model::{Intended, Plan, Running, Scope, SwitchedVlan, VlanId};
use prost::Message;

use crate::{
    bytes::Bytes,
    dialects::{dialects, inside, scopes, short},
};

static DIALECTS: LazyLock<Vec<Arc<Dialect>>> = LazyLock::new(|| dialects(2, |dialect| dialect.gnmi.is_some()));

/// The first byte chooses between a message and lines of a path, a tab and a
/// value.
pub fn gnmi(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    let by_wire = bytes.byte() % 2 == 0;
    let answer = if by_wire {
        bytes.rest().to_vec()
    } else {
        let lines = bytes.rest().split(|byte| *byte == b'\n');
        let notification = Notification { update: lines.filter_map(update).collect(), ..Notification::default() };
        GetResponse { notification: vec![notification], ..GetResponse::default() }.encode_to_vec()
    };
    for dialect in DIALECTS.iter() {
        for scope in scopes(&["Ethernet1", "ethernet-1/1"], &[1, 100, 101]) {
            match conformance::decode_octets(dialect, &answer, &scope) {
                Ok(running) => read(dialect, &running, &scope),
                Err(sentence) => short(&sentence),
            }
        }
    }
}

fn update(line: &[u8]) -> Option<Update> {
    let at = line.iter().position(|byte| *byte == b'\t')?;
    let (path, value) = line.split_at(at);
    let path = std::str::from_utf8(path).ok()?;
    let elem = path.split('/').filter(|part| !part.is_empty()).map(elem).collect();
    let value = typed_value::Value::JsonIetfVal(value[1..].to_vec());
    Some(Update {
        path: Some(Path { elem, ..Path::default() }),
        val: Some(TypedValue { value: Some(value) }),
        ..Update::default()
    })
}

fn elem(part: &str) -> PathElem {
    let mut pieces = part.split('[');
    let name = pieces.next().unwrap_or_default().to_owned();
    let key = |piece: &str| {
        let (key, value) = piece.trim_end_matches(']').split_once('=')?;
        Some((key.to_owned(), value.to_owned()))
    };
    PathElem { name, key: pieces.filter_map(key).collect() }
}

/// What was read is inside the scope, and a port of it can be moved to a VLAN
/// or the dialect says why not.
fn read(dialect: &Arc<Dialect>, running: &Running, scope: &Scope) {
    inside(running, scope);
    let mut wanted = running.config.clone();
    for interface in wanted.interfaces.values_mut().take(3) {
        interface.switched_vlan = Some(SwitchedVlan::access(VlanId::MAX));
        interface.description = "a server".parse().ok();
        interface.enabled = true;
        interface.stp = None;
    }
    let plan = Plan::between(running, &Intended(wanted));
    let renderer = Renderer::new(dialect, Overrides::default()).unwrap();
    match renderer.render(&plan, &Capabilities::unknown()) {
        Ok(payload) => {
            let operations: &SetOperations = payload.body().unwrap();
            let request = conformance::set_request(dialect.gnmi.as_ref().unwrap(), operations);
            assert_eq!(request.delete.len() + request.replace.len() + request.update.len(), operations.len());
            assert!(payload.to_string().lines().count() >= operations.len());
        }
        Err(refused) => assert!(!refused.reason.is_empty()),
    }
}
