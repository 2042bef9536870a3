//! Properties of the plan: it is the smallest change, it leads where it says,
//! and it never refers to something that is not there yet or no longer there.

#![expect(clippy::unwrap_used, reason = "the inputs are constants and generated values that parse")]

use std::collections::BTreeSet;

use mercury_model::{
    Aggregation, Bundles, Change, DeviceConfig, EdgePort, Edit, Foreign, Intended, Interface, InterfaceName,
    InterfaceType, Lacp, LagType, Leaf, List, Places, Plan, Running, Scope, Segment, Stp, SwitchedVlan, TrunkVlans,
    Value, Vlan, VlanId, VlanSet, VlanStatus,
};
use proptest::prelude::*;

const PORTS: [&str; 3] = ["Ethernet1", "Ethernet2", "Ethernet3"];
const LAGS: [&str; 2] = ["Port-Channel1", "Port-Channel2"];

fn name(text: &str) -> InterfaceName {
    text.parse().unwrap()
}

/// What executing a plan gives: the meaning of each edit, written again here
/// on purpose, independent of how the plan was found.
fn apply(start: &DeviceConfig, plan: &Plan) -> DeviceConfig {
    let mut config = start.clone();
    for edit in &plan.edits {
        match edit {
            Edit::Vlan { after, .. } => {
                config.vlans.insert(after.id, after.clone());
            }
            Edit::RemoveVlan { before } => assert!(config.vlans.remove(&before.id).is_some(), "{edit}"),
            Edit::Bind { vlan, after, .. } => {
                config.segments.insert(*vlan, after.clone());
            }
            Edit::Unbind { vlan, before, .. } => {
                assert_eq!(config.segments.remove(vlan).as_ref(), Some(before), "{edit}");
            }
            Edit::CreateInterface { interface, kind, .. } => {
                let mut made = Interface::new(interface.clone());
                made.kind = Some(kind.clone());
                assert!(config.interfaces.insert(interface.clone(), made).is_none(), "{edit}");
            }
            Edit::RemoveInterface { before, .. } => {
                assert!(config.interfaces.remove(&before.name).is_some(), "{edit}");
            }
            Edit::LeaveList { interface, list } => {
                let port = config.interfaces.get_mut(interface).unwrap();
                match list {
                    List::Lacp => port.lacp = None,
                    List::Stp => port.stp = None,
                }
            }
            Edit::Interface { interface, change, .. } => {
                let port =
                    config.interfaces.entry(interface.clone()).or_insert_with(|| Interface::new(interface.clone()));
                assert!(change.makes_entry || change.leaf.get(port) == change.before, "{edit}");
                change.leaf.set(port, change.after.clone());
            }
        }
    }
    config
}

fn vlan_id() -> impl Strategy<Value = VlanId> {
    (1u16..=4094).prop_map(|n| n.try_into().unwrap())
}

fn switched_vlan() -> impl Strategy<Value = SwitchedVlan> {
    let vlans = prop_oneof![
        Just(TrunkVlans::All),
        prop::collection::vec(vlan_id(), 0..5).prop_map(|ids| TrunkVlans::only(ids.into_iter().collect())),
    ];
    prop_oneof![
        prop::option::of(vlan_id()).prop_map(|vlan| SwitchedVlan::Access { vlan }),
        (prop::option::of(vlan_id()), vlans).prop_map(|(native, vlans)| SwitchedVlan::Trunk { native, vlans }),
    ]
}

fn stp() -> impl Strategy<Value = Option<Stp>> {
    let edges = prop::sample::select(&[EdgePort::EdgeEnable, EdgePort::EdgeDisable, EdgePort::EdgeAuto][..]);
    (prop::option::of(edges), prop::option::of(any::<bool>())).prop_map(|(edge, guard)| Stp::of(edge, guard))
}

fn port(text: &'static str) -> impl Strategy<Value = Interface> {
    (
        any::<bool>(),
        prop::option::of("[a-z]{1,8}"),
        prop::option::of(576u16..9216),
        prop::option::of(switched_vlan()),
        prop::option::of(prop::sample::select(&LAGS[..])),
        stp(),
    )
        .prop_map(move |(enabled, description, mtu, switched_vlan, lag, stp)| Interface {
            enabled,
            description: description.map(|text| text.parse().unwrap()),
            mtu,
            switched_vlan,
            aggregate_id: lag.map(name),
            stp,
            ..Interface::new(name(text))
        })
}

fn device() -> impl Strategy<Value = DeviceConfig> {
    let ports = (port(PORTS[0]), port(PORTS[1]), port(PORTS[2]));
    let lags = prop::collection::vec((prop::option::of(1u16..8), any::<bool>(), switched_vlan(), stp()), 2);
    let few = (1u16..=6).prop_map(|n| n.try_into().unwrap());
    let vlans = prop::collection::btree_map(prop_oneof![vlan_id(), few], prop::option::of("[a-z]{1,8}"), 0..5);
    let vnis = prop::collection::btree_set(1u64..=6, 0..5).prop_map(|vnis| vnis.into_iter().collect()).prop_shuffle();
    (ports, lags, 0..3usize, vlans, vnis).prop_map(
        |((a, b, c), lags, lag_count, vlans, vnis): (_, _, _, _, Vec<u64>)| {
            let mut config = DeviceConfig::default();
            for mut port in [a, b, c] {
                let exists = |lag: &InterfaceName| LAGS.iter().take(lag_count).any(|name| *name == lag.as_str());
                port.aggregate_id = port.aggregate_id.filter(exists);
                config.interfaces.insert(port.name.clone(), port);
            }
            for (text, (min_links, lacp, vlans, stp)) in LAGS.iter().zip(lags).take(lag_count) {
                let mut lag = Interface::new(name(text));
                lag.kind = Some(InterfaceType::Ieee8023adLag);
                lag.aggregation = Some(Aggregation { lag_type: Some(LagType::Lacp), min_links, mlag_id: None });
                lag.lacp = lacp.then(Lacp::default);
                lag.switched_vlan = Some(vlans);
                lag.stp = stp;
                config.interfaces.insert(lag.name.clone(), lag);
            }
            for (id, vni) in vlans.keys().zip(vnis) {
                config.segments.insert(*id, Segment::new(vni.try_into().unwrap()));
            }
            for (id, text) in vlans {
                let name = text.map(|text| text.parse().unwrap());
                config.vlans.insert(id, Vlan { id, name, status: VlanStatus::Active });
            }
            config
        },
    )
}

fn running(config: &DeviceConfig) -> Running {
    Running::new(config, Scope::all().with_stp(true).with_overlays(true))
}

proptest! {
    #[test]
    fn a_plan_leads_from_running_to_intended((have, want) in (device(), device())) {
        let plan = Plan::between(&running(&have), &Intended(want.clone()));
        prop_assert_eq!(apply(&have, &plan), want.clone());
        let back = Plan::between(&running(&want), &Intended(have.clone()));
        prop_assert_eq!(apply(&want, &back), have);
    }

    #[test]
    fn equal_configurations_give_an_empty_plan(config in device()) {
        prop_assert!(Plan::between(&running(&config), &Intended(config.clone())).is_empty());
    }

    #[test]
    fn every_edit_changes_something((have, want) in (device(), device())) {
        let plan = Plan::between(&running(&have), &Intended(want));
        for skipped in 0..plan.edits.len() {
            let mut fewer = plan.clone();
            let edit = fewer.edits.remove(skipped);
            // The model keeps LACP and spanning tree inside the aggregate, a device beside it: going with it is not smaller.
            let goes = |other: &Edit| matches!(other, Edit::RemoveInterface { before, .. } if Some(&before.name) == edit.interface());
            // An entry of LACP has both its leaves in the model, whichever a device is told first.
            let lacp = matches!(&edit, Edit::Interface { change, .. } if change.leaf.list() == Some(List::Lacp));
            let counts = matches!(edit, Edit::Interface { .. } | Edit::Vlan { .. }) && !lacp;
            if counts && !plan.edits.iter().any(goes) {
                prop_assert_ne!(apply(&have, &fewer), apply(&have, &plan), "{} changes nothing", edit);
            }
        }
    }

    #[test]
    fn a_member_never_refers_to_an_aggregate_that_is_not_there((have, want) in (device(), device())) {
        let plan = Plan::between(&running(&have), &Intended(want));
        let mut state = have;
        for edit in &plan.edits {
            state = apply(&state, &Plan { edits: vec![edit.clone()] });
            let present: BTreeSet<_> = state.interfaces.keys().cloned().collect();
            for port in state.interfaces.values() {
                if let Some(lag) = &port.aggregate_id {
                    prop_assert!(present.contains(lag), "{} is in {} after {}", port.name, lag, edit);
                }
            }
        }
    }

    #[test]
    fn a_vlan_is_made_first_and_removed_last((have, want) in (device(), device())) {
        let plan = Plan::between(&running(&have), &Intended(want));
        let phase = |edit: &Edit| match edit {
            Edit::Vlan { .. } => 0,
            Edit::RemoveVlan { .. } => 2,
            _ => 1,
        };
        prop_assert!(plan.edits.windows(2).all(|pair| phase(&pair[0]) <= phase(&pair[1])));
    }

    #[test]
    fn a_vlan_is_bound_before_its_ports_come_and_unbound_after_they_left((have, want) in (device(), device())) {
        let plan = Plan::between(&running(&have), &Intended(want.clone()));
        let is_in_the_way = |vlan: &VlanId, before: &Segment| {
            want.segments.iter().any(|(other, after)| other == vlan || after.vni == before.vni)
        };
        let phase = |edit: &Edit| match edit {
            Edit::Vlan { .. } => 0,
            Edit::Unbind { vlan, before, .. } if is_in_the_way(vlan, before) => 1,
            Edit::Bind { .. } => 2,
            Edit::Unbind { .. } => 4,
            Edit::RemoveVlan { .. } => 5,
            _ => 3,
        };
        prop_assert!(plan.edits.windows(2).all(|pair| phase(&pair[0]) <= phase(&pair[1])), "{}", plan);
    }
}

#[test]
fn a_plan_reads_like_a_sentence() {
    let mut have = DeviceConfig::default();
    let port = Interface::new(name("Ethernet1"));
    have.interfaces.insert(port.name.clone(), port.clone());
    let mut want = have.clone();
    let vlan: VlanId = 100u16.try_into().unwrap();
    want.vlans.insert(vlan, Vlan { id: vlan, name: None, status: VlanStatus::Active });
    let vlans = TrunkVlans::only("101-103".parse::<VlanSet>().unwrap());
    want.interfaces.insert(
        port.name.clone(),
        Interface { switched_vlan: Some(SwitchedVlan::Trunk { native: Some(vlan), vlans }), ..port },
    );
    assert_eq!(
        Plan::between(&running(&have), &Intended(want)).to_string(),
        "create VLAN 100; Ethernet1: switched-vlan none -> trunk, native VLAN 100, VLANs 101-103"
    );
}

/// A log line holds it.
#[test]
fn many_vlans_are_told_in_ranges_and_a_few_by_their_names() {
    let with = |ids: &[std::ops::RangeInclusive<u16>], name: &str| {
        let ids = ids.iter().cloned().flatten().map(|id| VlanId::try_from(id).unwrap());
        let vlan = |id| Vlan { id, name: format!("{name}-{id}").parse().ok(), status: VlanStatus::Active };
        DeviceConfig { vlans: ids.map(|id| (id, vlan(id))).collect(), ..DeviceConfig::default() }
    };
    let between =
        |have: &DeviceConfig, want: &DeviceConfig| Plan::between(&running(have), &Intended(want.clone())).to_string();
    let (none, all, some) = (with(&[], ""), with(&[2..=99, 200..=4094], "m"), with(&[2..=3], "m"));
    assert_eq!(between(&none, &all), "create VLANs 2-99,200-4094");
    assert_eq!(between(&all, &none), "remove VLANs 2-99,200-4094");
    assert_eq!(between(&none, &some), "create VLAN 2 \"m-2\"; create VLAN 3 \"m-3\"");
    assert_eq!(between(&some, &all), "create VLANs 4-99,200-4094");
    let other = with(&[2..=20, 31..=31], "n");
    assert_eq!(
        between(&with(&[2..=20, 30..=30], "m"), &other),
        "change VLANs 2-20; create VLAN 31 \"n-31\"; remove VLAN 30"
    );
}

/// An undo must never take a port's entry away, whatever else hangs on it.
#[test]
fn a_physical_port_is_cleared_and_never_removed() {
    let mut have = DeviceConfig::default();
    let port = Interface {
        kind: Some(InterfaceType::EthernetCsmacd),
        switched_vlan: Some(SwitchedVlan::access(100u16.try_into().unwrap())),
        ..Interface::new(name("Ethernet1"))
    };
    have.interfaces.insert(port.name.clone(), port);
    let plan = Plan::between(&running(&have), &Intended(DeviceConfig::default()));
    assert_eq!(plan.to_string(), "Ethernet1: switched-vlan access VLAN 100 -> none");
}

fn edge(guard: Option<bool>) -> Option<Stp> {
    Stp::of(Some(EdgePort::EdgeEnable), guard)
}

#[test]
fn an_edge_port_and_its_guard_change_by_themselves_and_go_together() {
    let port = Interface::new(name("Ethernet1"));
    let config = |stp| {
        let port = Interface { stp, ..port.clone() };
        DeviceConfig { interfaces: [(port.name.clone(), port)].into(), ..DeviceConfig::default() }
    };
    let between = |have, want| Plan::between(&running(&config(have)), &Intended(config(want))).to_string();
    assert_eq!(
        between(None, edge(Some(true))),
        "Ethernet1: stp.edge-port none -> EDGE_ENABLE; Ethernet1: stp.bpdu-guard none -> true"
    );
    assert_eq!(between(edge(Some(true)), None), "Ethernet1: remove its stp entry");
    assert_eq!(between(edge(None), edge(Some(false))), "Ethernet1: stp.bpdu-guard none -> false");
}

/// What the model has no word for is left alone, replaced, or put back as it was.
#[test]
fn a_foreign_value_is_a_value_like_any_other() {
    let mut port = Interface::new(name("Ethernet1"));
    let foreign = Value::Foreign(Foreign::new(vec!["unlimited".to_owned()]));
    Leaf::Mtu.set(&mut port, Some(foreign.clone()));
    assert_eq!((port.mtu, Leaf::Mtu.get(&port)), (None, Some(foreign)));
    let config = |port: &Interface| DeviceConfig {
        interfaces: [(port.name.clone(), port.clone())].into(),
        ..DeviceConfig::default()
    };
    let mut described = port.clone();
    Leaf::Description.set(&mut described, Some(Value::Text("x".repeat(300))));
    let mut replaced = described.clone();
    Leaf::Mtu.set(&mut replaced, Some(Value::Number(9000)));
    let between = |have, want| Plan::between(&running(&config(have)), &Intended(config(want)));
    assert_eq!(between(&port, &described).edits.len(), 1);
    assert_eq!(between(&described, &replaced).to_string(), "Ethernet1: mtu \"unlimited\" -> 9000");
    let back = between(&replaced, &port);
    assert_eq!(apply(&config(&replaced), &back), config(&port));
}

#[test]
fn every_leaf_has_one_name_and_holds_what_it_is_given() {
    for leaf in Leaf::ALL {
        assert_eq!(Leaf::from_name(leaf.name()), Some(leaf));
        let mut port = Interface::new(name("Ethernet1"));
        let foreign = Value::Foreign(Foreign::new(vec!["?".to_owned()]));
        leaf.set(&mut port, Some(foreign.clone()));
        assert_eq!(leaf.get(&port), Some(foreign), "{leaf}");
        let mut known = vec![];
        for text in ["true", "7", "LACP", "FAST", "PASSIVE", "EDGE_AUTO"] {
            let value = leaf.read(text);
            if !matches!(value, Value::Foreign(_)) {
                known.push(value);
            }
        }
        assert!(leaf == Leaf::SwitchedVlan || !known.is_empty(), "{leaf}");
        for value in known {
            leaf.set(&mut port, Some(value.clone()));
            assert_eq!(leaf.get(&port), Some(value), "{leaf}");
        }
        leaf.set(&mut port, None);
        let bare = Interface::new(name("Ethernet1"));
        assert_eq!(port, bare, "{leaf}");
    }
}

#[test]
fn a_read_without_spanning_tree_plans_nothing_about_it() {
    let port = Interface { stp: edge(None), ..Interface::new(name("Ethernet1")) };
    let config = DeviceConfig { interfaces: [(port.name.clone(), port)].into(), ..DeviceConfig::default() };
    let read = Running::new(&config, Scope::all());
    assert_eq!(read.interface(&name("Ethernet1")).stp, None);
    assert!(Plan::between(&read, &Intended(read.config.clone())).is_empty());
}

/// The entry of a port stays where it holds more; nothing is left of that of an
/// aggregate that goes.
#[test]
fn a_shared_entry_outlives_the_settings_of_a_port_but_not_its_aggregate() {
    let port = Interface { stp: edge(None), ..Interface::new(name("Ethernet1")) };
    let lag = Interface { kind: Some(InterfaceType::Ieee8023adLag), ..Interface::new(name("Port-Channel1")) };
    let mut have = DeviceConfig::default();
    for interface in [&port, &lag] {
        have.interfaces.insert(interface.name.clone(), interface.clone());
    }
    let mut want = DeviceConfig::default();
    want.interfaces.insert(port.name.clone(), Interface { stp: None, ..port.clone() });
    let shared = [(List::Stp, port.name.clone()), (List::Stp, lag.name.clone())].into();
    let plan = Plan::between(&running(&have).with_shared(shared), &Intended(want));
    let change = Change {
        leaf: Leaf::EdgePort,
        before: Leaf::EdgePort.get(&port),
        after: None,
        makes_entry: false,
        shares_lacp: false,
        written: None,
        rewritten: None,
        alone: false,
        carries: false,
        besides: None,
        seen: String::new(),
        places: Places::default(),
        bundles: Bundles::default(),
    };
    let expected = [
        Edit::Interface { interface: port.name.clone(), aggregate: false, change },
        Edit::LeaveList { interface: lag.name.clone(), list: List::Stp },
        Edit::RemoveInterface { before: Box::new(lag.clone()), besides: None },
    ];
    assert_eq!(plan.edits, expected);
}
