//! Mercury gets SIGKILL at every RPC.

use serde_json::json;

use super::{
    super::step::{PORT, ask, attach, before_or_intended},
    step::{impatient, serve, steps},
};
use crate::harness::{Kind, Switch, Target, wait};

fn killed_at(methods: &[&str], kind: Kind) {
    let Some(switch) = Target::own(kind).map(Switch::Target) else { return };
    let Switch::Target(target) = &switch else { unreachable!() };
    let steps = steps(&switch, &serve(impatient(&switch)));
    let steps = steps.iter().filter(|step| methods.contains(&step.method));
    for (step, vlan) in steps.flat_map(|step| [step.at("before"), step.at("after")]).zip(100..) {
        let mut mercury = serve(impatient(&switch));
        attach(&mercury, 2000 + vlan).unwrap();
        let before = switch.look();
        let (method, nth, moment, pid) = (step.method, step.nth, step.moment, mercury.pid());
        target.arm(&json!({"method": method, "nth": nth, "moment": moment, "action": "kill-pid", "pid": pid}));
        let _unanswered = ask(&mercury, vlan);
        wait("the kill", || target.fired());
        mercury.wait();
        before_or_intended(&step, &before, &switch.look(), vlan);
        attach(&serve(impatient(&switch)), 903).unwrap_or_else(|error| panic!("{step:?}: {error:?}"));
        assert_eq!(switch.look().port(PORT).vlans, "access 903", "{step:?}");
    }
}

#[test]
fn sigkill_around_the_set_on_gnmi_lemming() {
    killed_at(&["Set"], Kind::Lemming);
}

#[test]
fn sigkill_at_any_rpc_on_gnmi_gnxi() {
    killed_at(&["Get", "Set"], Kind::Gnxi);
}
