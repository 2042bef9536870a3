//! Aggregates whose numbers the switch gives: a script asks for one before a line that bears it.

use mercury_model::{Aggregation, DeviceConfig, Interface, InterfaceType, LagType, SwitchedVlan};

use crate::{case::plan, dialect, render};

fn port(name: &str) -> Interface {
    Interface::new(name.parse().unwrap())
}

/// Ports of a VLAN of their own each, and an aggregate of some.
fn config(ports: &[(&str, Option<u16>)], lag: &[&str]) -> DeviceConfig {
    let mut config = DeviceConfig::default();
    let access = |vlan: u16| SwitchedVlan::access(vlan.try_into().unwrap());
    for (name, vlan) in ports {
        let aggregate_id = lag.contains(name).then(|| "lag7".parse().unwrap());
        let own = Interface { switched_vlan: vlan.map(access), aggregate_id, ..port(name) };
        config.interfaces.insert(own.name.clone(), own);
    }
    if !lag.is_empty() {
        let aggregation = Some(Aggregation { lag_type: Some(LagType::Lacp), min_links: None, mlag_id: None });
        let kind = Some(InterfaceType::Ieee8023adLag);
        let own = Interface { switched_vlan: Some(access(100)), aggregation, kind, ..port("lag7") };
        config.interfaces.insert(own.name.clone(), own);
    }
    config
}

fn script(from: &DeviceConfig, to: &DeviceConfig) -> Vec<String> {
    let script = render(&dialect("pluribus"), &plan(from, to)).unwrap_or_else(|error| panic!("{error}"));
    script.lines.into_iter().map(|line| line.text).collect()
}

const ASK: &str = "switch-local trunk-show name lag7 format trunk-id parsable-delim :";
const EMPTIED: &str = "vlan-port-remove vlan-range all ports {number}";

#[test]
fn a_trunk_is_made_of_all_its_ports_and_put_into_vlans_by_its_number() {
    let (alone, bonded) =
        (config(&[("1", Some(10)), ("2", None)], &[]), config(&[("1", None), ("2", None)], &["1", "2"]));
    assert_eq!(
        script(&alone, &bonded),
        [
            "vlan-port-remove vlan-id 10 ports 1",
            "switch-local trunk-create name lag7 ports 1,2",
            ASK,
            EMPTIED,
            "port-vlan-add port {number} untagged-vlan 100",
            "switch-local trunk-modify name lag7 lacp-mode active",
        ]
    );
    assert_eq!(
        script(&bonded, &alone),
        [
            "switch-local trunk-delete name lag7",
            "vlan-port-remove vlan-range all ports 1",
            "vlan-port-remove vlan-range all ports 2",
            "port-vlan-add port 1 untagged-vlan 10",
        ]
    );
}

/// One that comes is not there before the one that it comes for has left, and there is always one.
#[test]
fn all_ports_of_a_trunk_are_said_wherever_one_comes_or_goes() {
    let none = [("1", None), ("2", None), ("3", None)];
    let three = config(&none, &["1", "2", "3"]);
    let two = config(&[("1", Some(10)), ("2", None), ("3", None)], &["2", "3"]);
    let left = ["switch-local trunk-modify name lag7 ports 2,3", "vlan-port-remove vlan-range all ports 1"];
    assert_eq!(script(&three, &two), [&left[..], &["port-vlan-add port 1 untagged-vlan 10"]].concat());
    let joined = ["vlan-port-remove vlan-id 10 ports 1", "switch-local trunk-modify name lag7 ports 1,2,3"];
    assert_eq!(script(&two, &three), joined);
    let other = config(&none, &["1", "2"]);
    let swapped = [
        "switch-local trunk-modify name lag7 ports 2",
        "vlan-port-remove vlan-range all ports 1",
        "switch-local trunk-modify name lag7 ports 2,3",
    ];
    assert_eq!(script(&other, &config(&none, &["2", "3"])), swapped);
}

#[test]
fn what_no_line_says_of_a_trunk_is_refused() {
    let (alone, bonded) = (config(&[("1", None)], &[]), config(&[("1", None)], &["1"]));
    let refused =
        |from: &DeviceConfig, to: &DeviceConfig| render(&dialect("pluribus"), &plan(from, to)).unwrap_err().to_string();
    let mut empty = bonded.clone();
    empty.interfaces.get_mut(&"1".parse().unwrap()).unwrap().aggregate_id = None;
    let without = "lag7 without members: an aggregate is made of its ports";
    assert!(refused(&alone, &empty).ends_with(without) && refused(&bonded, &empty).ends_with(without));
    let mut off = bonded.clone();
    off.interfaces.get_mut(&"lag7".parse().unwrap()).unwrap().enabled = false;
    assert!(refused(&bonded, &off).contains("enabled of lag7"), "{}", refused(&bonded, &off));
}
