//! On OS9 a port that no VLAN names is in the default VLAN. Whatever line a script ends at, the port
//! carries nothing else that is not its, what was can be put back, and what was asked for can be asked
//! for again.

use std::collections::{BTreeMap, BTreeSet};

use mercury_adapter::{Budget, MAX_REPLY, SwitchedPort};
use mercury_cli::Script;
use mercury_model::{
    DeviceConfig, Intended, Interface, InterfaceName, Plan, Running, Scope, SwitchedVlan, TrunkVlans, Vlan, VlanId,
    VlanSet, VlanStatus,
};

use crate::{
    carried::carried,
    device::Device,
    dialect, render,
    round_trip::{device, read},
};

const NAME: &str = "TenGigabitEthernet 0/1";

fn id(number: u16) -> VlanId {
    number.try_into().unwrap()
}

fn name() -> InterfaceName {
    NAME.parse().unwrap()
}

fn trunk(native: Option<u16>, list: &str) -> Option<SwitchedVlan> {
    Some(SwitchedVlan::Trunk { native: native.map(id), vlans: TrunkVlans::only(list.parse().unwrap()) })
}

fn access(vlan: u16) -> Option<SwitchedVlan> {
    Some(SwitchedVlan::access(id(vlan)))
}

fn port(vlans: Option<SwitchedVlan>, enabled: bool) -> DeviceConfig {
    let mut config = DeviceConfig::default();
    for number in [10, 20, 30] {
        config.vlans.insert(id(number), Vlan { id: id(number), name: None, status: VlanStatus::Active });
    }
    let port = Interface { switched_vlan: vlans, enabled, ..Interface::new(name()) };
    config.interfaces.insert(name(), port);
    config
}

fn shown(text: &[String]) -> Running {
    let dialect = dialect("dell_force10");
    let mut share = Budget::shared().share(MAX_REPLY);
    mercury_cli::running(dialect.cli.as_ref().unwrap(), &Scope::all(), text, &mut share).unwrap()
}

/// What a switch has, as it is written there: a port that may be both and is tagged alone is shown
/// below the default VLAN.
fn running(switch: &Device) -> Running {
    let dialect = dialect("dell_force10");
    let mut text = switch.answers(&dialect);
    let plain = shown(&text);
    let is_both = plain
        .written
        .get(&name())
        .is_some_and(|own| own.interface_mode.iter().any(|mode| mode.contains(SwitchedPort::BOTH)));
    let port = plain.interfaces.get(&name()).unwrap();
    if is_both && matches!(port.switched_vlan, Some(SwitchedVlan::Trunk { native: None, .. })) {
        text.first_mut().unwrap().push_str(&format!("interface vlan 1\n!untagged {NAME}\n"));
    }
    let mut found = shown(&text);
    found.config.interfaces.retain(|own, _| *own == name());
    found.config.vlans = read(&dialect, switch).vlans;
    found
}

/// What the port carries while it is enabled; it is in the default VLAN where none has it untagged,
/// unless it may be tagged alone.
fn carries(running: &Running) -> VlanSet {
    let port = running.interfaces.get(&name()).unwrap();
    let is_both = running
        .written
        .get(&name())
        .is_some_and(|own| own.interface_mode.iter().any(|mode| mode.contains(SwitchedPort::BOTH)));
    let by_default = match &port.switched_vlan {
        Some(SwitchedVlan::Access { vlan }) => vlan.is_none(),
        Some(SwitchedVlan::Trunk { native, .. }) => native.is_none() && is_both,
        _ => false,
    };
    let default: VlanSet = by_default.then_some(VlanId::MIN).into_iter().collect();
    if port.enabled { carried(port).union(&default) } else { VlanSet::new() }
}

fn typed(switch: &mut Device, script: &Script, its: &VlanSet, place: &str) {
    for length in 0..=script.lines.len() {
        let (mut part, mut own) = (script.clone(), switch.clone());
        part.lines.truncate(length);
        own.apply(&part);
        let default = std::iter::once(VlanId::MIN).collect();
        let more = carries(&running(&own)).difference(its).difference(&default);
        assert!(more.is_empty(), "{place}: it carries {more} after\n{part}");
    }
    switch.apply(script);
}

/// The lines but what lets a port be both: one that is untagged alone is as it was with it and
/// without.
fn but_both(mut lines: BTreeMap<String, BTreeSet<String>>) -> BTreeMap<String, BTreeSet<String>> {
    lines.values_mut().for_each(|own| own.retain(|line| line != "portmode hybrid"));
    lines
}

#[test]
fn a_script_of_os9_may_end_at_any_line() {
    let dialect = dialect("dell_force10");
    let all = [None, access(10), access(20), trunk(Some(10), "10,20"), trunk(None, "10,20")];
    let mut looked = 0;
    for from in &all {
        for to in &all {
            for (was_up, is_up) in [(true, true), (true, false)] {
                let (before, want) = (port(from.clone(), was_up), port(to.clone(), is_up));
                let place = format!("{from:?} {was_up} to {to:?} {is_up}");
                let switch = device(&dialect, &before).unwrap();
                let its = [&before, &want].map(|config| carried(&config.interfaces[&name()]));
                let its = its[0].union(&its[1]);
                let (lines, there) = (but_both(switch.lines()), running(&switch));
                let script = render(&dialect, &Plan::between(&there, &Intended(want.clone()))).unwrap();
                typed(&mut switch.clone(), &script, &its, &place);
                for length in 0..=script.lines.len() {
                    let (mut part, mut undone) = (script.clone(), switch.clone());
                    part.lines.truncate(length);
                    undone.apply(&part);
                    let (now, mut again) = (running(&undone), undone.clone());
                    let place = format!("{place}, after\n{part}");
                    let back = Plan::between(&now, &Intended(before.clone())).written_as(&there);
                    typed(&mut undone, &render(&dialect, &back).unwrap(), &its, &place);
                    assert_eq!(but_both(undone.lines()), lines, "{place}");
                    assert_eq!(read(&dialect, &undone), before, "{place}");
                    let more = render(&dialect, &Plan::between(&now, &Intended(want.clone()))).unwrap();
                    typed(&mut again, &more, &its, &place);
                    assert_eq!(read(&dialect, &again), want, "{place}");
                    looked += 1;
                }
            }
        }
    }
    assert!(looked > 200, "{looked}");
}

/// As a running configuration shows it: behind a mark, the ports that are in the default VLAN since
/// no other has them untagged.
#[test]
fn a_port_that_may_be_both_and_is_tagged_alone_is_untagged_in_the_default_vlan() {
    let dialect = dialect("dell_force10");
    let text = "interface TenGigabitEthernet 0/1\n no ip address\n portmode hybrid\n switchport\n no shutdown\n!\n\
                interface TenGigabitEthernet 0/2\n no ip address\n switchport\n no shutdown\n!\n\
                interface TenGigabitEthernet 0/3\n no ip address\n portmode hybrid\n switchport\n no shutdown\n!\n\
                interface Vlan 1\n ip address dhcp\n!untagged TenGigabitEthernet 0/1-2\n no shutdown\n!\n\
                interface Vlan 10\n no ip address\n tagged TenGigabitEthernet 0/1,3\n no shutdown\n!\n\
                interface Vlan 20\n no shutdown\n!\nend\n"
        .to_owned();
    let before = shown(std::slice::from_ref(&text));
    let port = |name: &str| before.interfaces[&name.parse().unwrap()].switched_vlan.clone();
    assert_eq!(port(NAME), trunk(Some(1), "1,10"));
    assert_eq!(port("TenGigabitEthernet 0/2"), Some(SwitchedVlan::Access { vlan: None }));
    // What is not shown is not made of it.
    assert_eq!(port("TenGigabitEthernet 0/3"), trunk(None, "10"));
    let script = |vlans: &Option<SwitchedVlan>, port: &str| {
        let mut want = before.config.clone();
        want.interfaces.get_mut(&port.parse().unwrap()).unwrap().switched_vlan.clone_from(vlans);
        render(&dialect, &Plan::between(&before, &Intended(want))).unwrap().to_string()
    };
    // A VLAN more closes no uplink, and no line is about the default one.
    let tagged = |port: &str| format!("interface vlan 20\n tagged {port}\n exit\n");
    assert_eq!(script(&trunk(Some(1), "1,10,20"), NAME), tagged(NAME));
    assert_eq!(script(&trunk(None, "10,20"), "TenGigabitEthernet 0/3"), tagged("TenGigabitEthernet 0/3"));
    let untagged = format!("interface vlan 20\n untagged {NAME}\n exit\n");
    assert_eq!(script(&trunk(Some(20), "10,20"), NAME), untagged);
    // And back.
    let mut now = before.clone();
    now.config.interfaces.get_mut(&name()).unwrap().switched_vlan = trunk(Some(20), "10,20");
    now.written.remove(&name());
    let back = Plan::between(&now, &Intended(before.config.clone())).written_as(&before);
    assert_eq!(
        render(&dialect, &back).unwrap().to_string(),
        format!("interface vlan 20\n no untagged {NAME}\n exit\n")
    );
}

/// A script of fewer marks than the switch shows.
#[test]
fn any_number_of_marks_stands_within_a_block() {
    let text = format!(
        "interface {NAME}\n no ip address\n!\n!\n\n!  \n switchport\n!\n!\n shutdown\n!\n!\ninterface Vlan 10\n!\n!\n untagged {NAME}\n!\nend\n"
    );
    let port = shown(&[text]).interfaces[&name()].clone();
    assert_eq!((port.switched_vlan, port.enabled), (access(10), false));
}
