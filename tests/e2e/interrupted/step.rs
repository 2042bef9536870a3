//! The steps of an attach, as the relay between Mercury and netconfd saw them.

use std::{collections::BTreeMap, fmt::Debug, time::Duration};

use serde_json::{Value, json};

use crate::harness::{Client, Mercury, Netconfd, RpcError, Setup, State};

/// The port that is attached; all others must stay as they are.
pub(crate) const PORT: &str = "Ethernet3";

/// One request of an attach, and where in it the fault strikes.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    operation: String,
    nth: usize,
    moment: &'static str,
}

impl Step {
    /// The fault that does `action` here; `more` is added to it.
    pub(crate) fn fault(&self, action: &str, more: &Value) -> Value {
        let mut fault = json!({"op": self.operation, "nth": self.nth, "moment": self.moment, "action": action});
        if let (Some(fault), Some(more)) = (fault.as_object_mut(), more.as_object()) {
            fault.extend(more.clone());
        }
        fault
    }
}

/// A switch's entry that does not wait long for anything.
pub(crate) fn impatient(switch: &Netconfd) -> Setup {
    let entry = switch.entry("leaf1").with("confirm_timeout", 2).with("lock_wait", 10).with("connect_timeout", 5);
    Setup::new().switches(&[entry.with("reply_timeout", 5).with("commit_timeout", 5)])
}

/// Puts the port on a VLAN.
pub(crate) fn attach(mercury: &Mercury, vlan: u16) -> Result<Value, RpcError> {
    Client::of(mercury).call("update_port", &params(vlan))
}

/// Takes it off again, and leaves a warm session behind. Every attach here
/// begins without a VLAN: netconfd 2.13 crashes when it undoes a confirmed
/// commit that changed a leaf under a `when` from one value to another
/// (`dlq_remove`, below `agt_ncx_cancel_confirmed_commit`).
pub(crate) fn detach(mercury: &Mercury) {
    Client::of(mercury).done("reset_port", &json!({"switch_id": "leaf1", "port_name": PORT, "native_vlan": null}));
}

/// Asks for it and does not wait for the answer.
pub(crate) fn ask(mercury: &Mercury, vlan: u16) -> Client {
    let mut client = Client::of(mercury);
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "update_port", "params": params(vlan)});
    client.start("POST", "/", body.to_string().as_bytes());
    client
}

fn params(vlan: u16) -> Value {
    json!({"switch_id": "leaf1", "port_name": PORT, "mode": "access", "native_vlan": vlan})
}

/// Every request of a warm attach, each at every moment: received and not
/// forwarded, answered and not passed on, passed on.
pub(crate) fn steps(switch: &Netconfd, mercury: &Mercury) -> Vec<Step> {
    detach(mercury);
    let seen = switch.witnessed().len();
    attach(mercury, 901).unwrap();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut steps = Vec::new();
    for message in switch.witnessed().into_iter().skip(seen) {
        if message["direction"] != "to-switch" {
            continue;
        }
        let operation = message["operation"].as_str().unwrap().to_owned();
        let nth = counts.entry(operation.clone()).and_modify(|count| *count += 1).or_insert(1);
        let at = |moment| Step { operation: operation.clone(), nth: *nth, moment };
        steps.extend([at("before"), at("after"), at("reply")]);
    }
    assert!(steps.len() >= 15, "an attach has at least five requests: {steps:?}");
    steps
}

/// What the switch has, must be one of two, and nothing else may have moved.
pub(crate) fn before_or_intended(step: &impl Debug, before: &State, now: &State, vlan: u16) -> bool {
    let intended = format!("access {vlan}");
    let (was, is) = (before.port(PORT).vlans, now.port(PORT).vlans);
    assert!(is == was || is == intended, "{step:?}: {PORT} was {was}, should be {intended}, is {is}");
    let others = |state: &State| {
        let mut others = state.clone();
        others.ports.remove(PORT);
        others
    };
    assert_eq!(others(before), others(now), "{step:?}: another port moved");
    is == intended
}

/// Whether what Mercury said agrees with what the switch has.
pub(crate) fn agrees(step: &impl Debug, said: &Result<Value, RpcError>, made: bool) {
    match said {
        Ok(result) => assert!(made, "{step:?}: said to be done and is not: {result}"),
        Err(error) if error.kind() == "unknown" => {}
        Err(error) => assert!(!made, "{step:?}: said to have failed and is done: {error:?}"),
    }
}

/// Nobody holds a lock.
pub(crate) fn unlocked(step: &Step, switch: &Netconfd) {
    let locks = switch.locks();
    let free = locks.as_object().unwrap().values().all(Value::is_null);
    assert!(free, "{step:?}: {locks}");
}

/// The confirm timer of [`impatient`], and what a switch may be late.
pub(crate) const CONFIRM_TIMER: Duration = Duration::from_secs(4);
