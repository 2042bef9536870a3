use mercury_adapter::{Capabilities, Render, Unrenderable};
use mercury_model::{Aggregation, InterfaceType, Scope, SwitchedVlan};

use super::*;
use crate::lock::NoLocks;

const PORT: &str = "ethernet 1/1/1";
const LAG: &str = "lag 7";

/// Nothing is rendered.
struct Nothing;

impl Render for Nothing {
    fn render(&self, _: &Plan, _: &Capabilities) -> Result<Payload, Unrenderable> {
        unreachable!("no payload is asked for")
    }
}

fn name(text: &str) -> InterfaceName {
    text.parse().unwrap()
}

/// A port, which is enabled or not, by itself or in an aggregate.
fn having(enabled: bool, is_member: bool) -> DeviceConfig {
    let mut config = DeviceConfig::default();
    let port = Interface {
        enabled,
        aggregate_id: is_member.then(|| name(LAG)),
        switched_vlan: (!is_member).then(|| SwitchedVlan::access("10".parse().unwrap())),
        ..Interface::new(name(PORT))
    };
    config.interfaces.insert(port.name.clone(), port);
    if is_member {
        let kind = Some(InterfaceType::Ieee8023adLag);
        let lag = Interface { kind, aggregation: Some(Aggregation::default()), ..Interface::new(name(LAG)) };
        config.interfaces.insert(lag.name.clone(), lag);
    }
    config
}

fn read(config: &DeviceConfig) -> Running {
    let mut scope = Scope::default();
    [PORT, LAG].into_iter().for_each(|port| scope.add_interface(name(port)));
    Running::new(config, scope)
}

/// Whether the port is to be enabled when the change is undone, from whether it was enabled, and a member,
/// before; was to be a member; and is enabled, and a member, now.
fn is_enabled(
    disables_leavers: bool,
    [(was_enabled, was_member), (to_be_enabled, to_be_member), (is_enabled, is_member)]: [(bool, bool); 3],
    taken_out: &[&str],
) -> bool {
    let transition = Transition {
        before: read(&having(was_enabled, was_member)),
        intended: Intended(having(to_be_enabled, to_be_member)),
        payload: Payload::new(String::new()),
        render: &Nothing,
        lock: &NoLocks,
        recalled: false,
        disables_leavers,
    };
    let taken_out = taken_out.iter().map(|port| name(port)).collect();
    let doers = Doers { locks: false, taken_out: &taken_out };
    let now = read(&having(is_enabled, is_member));
    let undone = transition.undone(&now, doers);
    assert_eq!(undone.interfaces[&name(PORT)].aggregate_id.is_some(), was_member);
    assert_eq!(transition.is_undone(&now, doers), now.is_as(&undone));
    undone.interfaces[&name(PORT)].enabled
}

const ON: bool = true;
const OFF: bool = false;
const MEMBER: bool = true;
const ALONE: bool = false;

#[test]
fn a_port_that_its_switch_disabled_as_it_left_is_enabled_again() {
    let left = [(ON, MEMBER), (ON, ALONE), (OFF, ALONE)];
    assert!(is_enabled(true, left, &[]));
    // Where none does, somebody did.
    assert!(!is_enabled(false, left, &[]));
    // Nor is one that was disabled before.
    assert!(!is_enabled(true, [(OFF, MEMBER), (OFF, ALONE), (OFF, ALONE)], &[]));
}

#[test]
fn a_port_that_somebody_disabled_where_it_was_stays_so() {
    // It has not left yet.
    assert!(!is_enabled(true, [(ON, MEMBER), (ON, ALONE), (OFF, MEMBER)], &[]));
    // It has not joined yet, or has joined and is there still.
    for is_member in [ALONE, MEMBER] {
        assert!(!is_enabled(true, [(ON, ALONE), (ON, MEMBER), (OFF, is_member)], &[]));
    }
    // It was never to leave, or to join.
    for place in [ALONE, MEMBER] {
        assert!(!is_enabled(true, [(ON, place), (ON, place), (OFF, place)], &[PORT]));
    }
}

#[test]
fn a_port_that_the_way_back_took_out_is_enabled_again() {
    let left_again = [(ON, ALONE), (ON, MEMBER), (OFF, ALONE)];
    assert!(is_enabled(true, left_again, &[PORT]));
    assert!(!is_enabled(true, left_again, &["ethernet 1/1/2"]));
    assert!(!is_enabled(false, left_again, &[PORT]));
    assert!(!is_enabled(true, [(OFF, ALONE), (OFF, MEMBER), (OFF, ALONE)], &[PORT]));
}

#[test]
fn what_the_change_is_about_is_as_it_was() {
    assert!(is_enabled(false, [(ON, ALONE), (OFF, ALONE), (OFF, ALONE)], &[]));
    assert!(!is_enabled(false, [(OFF, ALONE), (ON, ALONE), (ON, ALONE)], &[]));
}

#[test]
fn only_who_was_enabled_is_disabled_by_the_way_back() {
    for (before, now, expected) in [
        (ALONE, (ON, MEMBER), true),
        (ALONE, (OFF, MEMBER), false),
        (ALONE, (ON, ALONE), false),
        (MEMBER, (ON, MEMBER), false),
    ] {
        let transition = Transition {
            before: read(&having(ON, before)),
            intended: Intended(having(ON, MEMBER)),
            payload: Payload::new(String::new()),
            render: &Nothing,
            lock: &NoLocks,
            recalled: false,
            disables_leavers: true,
        };
        let taken_out = transition.taken_out(&read(&having(now.0, now.1)));
        assert_eq!(taken_out.contains(&name(PORT)), expected, "{before} {now:?}");
    }
}
