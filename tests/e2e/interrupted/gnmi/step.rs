//! The RPCs of an attach, and what can be done to each.

use serde_json::{Value, json};

use super::super::step::{agrees, attach, before_or_intended};
use crate::harness::{Entry, Mercury, RpcError, Setup, Switch};

/// One RPC of an attach, and where in it the fault strikes.
#[derive(Clone, Debug)]
pub(super) struct Step {
    /// As gNMI calls it; a Set that only confirms is `Confirm`.
    pub(super) method: &'static str,
    pub(super) nth: usize,
    pub(super) moment: &'static str,
}

impl Step {
    pub(super) fn at(&self, moment: &'static str) -> Self {
        Self { moment, ..self.clone() }
    }
}

/// A switch's entry that does not wait long for anything.
pub(super) fn impatient(switch: &Switch) -> Entry {
    let entry = switch.entry("leaf1").with("confirm_timeout", 2).with("lock_wait", 30).with("connect_timeout", 5);
    entry.with("reply_timeout", 10).with("commit_timeout", 10).with("settle_time", 1)
}

pub(super) fn serve(entry: Entry) -> Mercury {
    Setup::new().switches(&[entry]).serve()
}

/// What a warm attach asks of the switch, each `before` it is handled.
pub(super) fn steps(switch: &Switch, mercury: &Mercury) -> Vec<Step> {
    attach(mercury, 901).unwrap();
    let step = |method, nth| Step { method, nth, moment: "before" };
    match switch {
        Switch::Target(target) => {
            let seen = target.calls().len();
            attach(mercury, 902).unwrap();
            let methods: Vec<_> = target.calls()[seen..].iter().map(|call| call["method"].clone()).collect();
            let read = if methods[0] == "Get" { "Get" } else { "Subscribe" };
            assert_eq!(json!(methods), json!([read, "Set", read]));
            vec![step(read, 1), step("Set", 1), step(read, 2)]
        }
        Switch::Simulated(simulated) => {
            let before = simulated.handle().counters();
            attach(mercury, 902).unwrap();
            let after = simulated.handle().counters();
            assert_eq!((after.gets - before.gets, after.rpcs - before.rpcs), (2, 2 + after.sets - before.sets));
            let mut steps = vec![step("Get", 1), step("Set", 1), step("Get", 2)];
            if after.sets - before.sets == 2 {
                steps.push(step("Confirm", 1));
            }
            steps
        }
        Switch::Real(_) => unreachable!("gNMI only"),
    }
}

/// Arms `action` for the next attach: `drop`, `error:UNAVAILABLE`,
/// `delay:3000`, `kill`.
pub(super) fn disturb(switch: &Switch, step: &Step, action: &str) {
    let Step { method, nth, moment } = step;
    match switch {
        Switch::Target(target) => {
            target.arm(&json!({"method": method, "nth": nth, "moment": moment, "action": action}));
        }
        Switch::Simulated(simulated) => {
            let action = match action.split_once(':') {
                Some(("error", code)) => format!("status:{}", code.to_lowercase().replace('_', "-")),
                Some(("delay", time)) => format!("delay:{time}ms"),
                _ => action.to_owned(),
            };
            let fault = format!("gnmi-{}:{nth}:{moment}:{action}", method.to_lowercase());
            simulated.handle().inject(fault.parse().unwrap());
        }
        Switch::Real(_) => unreachable!("gNMI only"),
    }
}

/// The fault has struck; the simulator's are known to by [`steps`].
pub(super) fn struck(switch: &Switch, case: &impl std::fmt::Debug) {
    match switch {
        Switch::Target(target) => assert!(target.fired(), "{case:?} never came"),
        Switch::Simulated(simulated) => simulated.handle().clear_faults(),
        Switch::Real(_) => unreachable!("gNMI only"),
    }
}

/// Attaches under each fault. What is said must be what is, and the next
/// attach, which is to another VLAN, must work.
pub(super) fn all_agree(switch: &Switch, mercury: &Mercury, cases: &[(Step, String)]) {
    for (case, vlan) in cases.iter().zip(100..) {
        attach(mercury, 2000 + vlan).unwrap_or_else(|error| panic!("before {case:?}: {error:?}"));
        let before = switch.look();
        disturb(switch, &case.0, &case.1);
        let said = attach(mercury, vlan);
        struck(switch, case);
        let made = before_or_intended(case, &before, &switch.look(), vlan);
        agrees(case, &said, made);
        known(case, &said);
    }
    attach(mercury, 903).unwrap();
    assert_eq!(switch.look().port(super::super::step::PORT).vlans, "access 903");
}

/// The switch is there, so the truth can be known.
pub(super) fn known(case: &impl std::fmt::Debug, said: &Result<Value, RpcError>) {
    if let Err(error) = said {
        assert_ne!(error.kind(), "unknown", "{case:?}: {error:?}");
    }
}
