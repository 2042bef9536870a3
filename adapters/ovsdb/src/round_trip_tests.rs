//! What is rendered, carried out on rows and read again is what was intended; and so is
//! the way back.

use std::sync::Arc;

use mercury_adapter::{Budget, Dialect, MAX_REPLY, builtin};
use mercury_model::{
    DeviceConfig, Intended, Interface, InterfaceName, InterfaceScope, Plan, Running, Scope, SwitchedVlan, TrunkVlans,
    VlanId, VlanSet,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{datum, read, render::Renderer, rows::Rows, vlans::Vlans};

const UUID: &str = "550e8400-e29b-41d4-a716-446655440000";

fn dialect() -> Arc<Dialect> {
    builtin().unwrap().into_iter().find(|dialect| dialect.ovsdb.is_some()).unwrap()
}

fn name() -> InterfaceName {
    "p1".parse().unwrap()
}

/// One port in one bridge, of which `more` is said.
fn rows(vlans: &Vlans, more: &Value) -> Rows {
    rows_with(vlans, more, &json!({}))
}

/// The same, of whose interface `beside` is said.
fn rows_with(vlans: &Vlans, more: &Value, beside: &Value) -> Rows {
    rows_of(vlans, more, beside, false)
}

/// The same, of a port that may be that of a bridge within a VLAN.
fn rows_of(vlans: &Vlans, more: &Value, beside: &Value, is_fake: bool) -> Rows {
    let mut port = json!({
        "_uuid": ["uuid", UUID], "name": "p1", "interfaces": ["uuid", UUID], "external_ids": ["map", []],
        "other_config": ["map", []], "fake_bridge": is_fake, "lacp": ["set", []], "bond_mode": ["set", []],
        "qos": ["set", []],
    });
    for (column, value) in vlans.columns() {
        port[column] = value;
    }
    let mut bridge = json!({
        "_uuid": ["uuid", UUID], "name": "br0", "ports": ["uuid", UUID], "fail_mode": ["set", []],
        "controller": ["set", []], "external_ids": ["map", []],
    });
    for (column, value) in more.as_object().into_iter().flatten() {
        bridge[column] = value.clone();
    }
    let mut interface = json!({
        "_uuid": ["uuid", UUID], "name": "p1", "type": "", "mtu_request": ["set", []], "error": ["set", []],
        "ofport": 1, "admin_state": "up", "link_state": "up", "external_ids": ["map", []],
    });
    for (column, value) in beside.as_object().into_iter().flatten() {
        interface[column] = value.clone();
    }
    let whole = json!({"cur_cfg": 1, "next_cfg": 1});
    Rows::read([vec![whole], vec![bridge], Vec::new(), Vec::new(), vec![port], vec![interface]].into_iter()).unwrap()
}

fn running(rows: &Rows, bridges: &[String]) -> Running {
    let ovsdb = dialect().ovsdb.clone().unwrap();
    let scope = Scope { interfaces: InterfaceScope::Named([name()].into()), ..Scope::default() };
    read::running(&ovsdb, bridges, rows.clone(), &scope, &mut Budget::new(1 << 30).share(MAX_REPLY)).unwrap()
}

fn has(vlans: &Vlans) -> Option<SwitchedVlan> {
    running(&rows(vlans, &json!({})), &[]).config.interfaces[&name()].switched_vlan.clone()
}

/// The columns behind a plan from what a port has to what it should have.
fn made(had: &Running, wanted: Option<SwitchedVlan>) -> Vlans {
    let port = Interface { switched_vlan: wanted, ..Interface::new(name()) };
    let intended = Intended(DeviceConfig { interfaces: [(name(), port)].into(), ..had.config.clone() });
    let plan = Plan::between(had, &intended).written_as(had);
    let change = Renderer::new(&dialect()).unwrap().change(&plan).unwrap();
    change.ports["p1"].vlans.clone().unwrap()
}

fn vlan() -> impl Strategy<Value = VlanId> {
    (1u16..=4094).prop_map(|id| id.try_into().unwrap())
}

fn switched_vlan() -> impl Strategy<Value = Option<SwitchedVlan>> {
    let set = prop::collection::btree_set(vlan(), 1..8)
        .prop_map(|ids| TrunkVlans::Only(ids.into_iter().collect::<VlanSet>()));
    let trunk = |native: BoxedStrategy<Option<VlanId>>, vlans: BoxedStrategy<TrunkVlans>| {
        (native, vlans).prop_map(|(native, vlans)| Some(SwitchedVlan::Trunk { native, vlans }))
    };
    let listed = prop_oneof![set, Just(TrunkVlans::All)].boxed();
    prop_oneof![
        Just(None),
        vlan().prop_map(|vlan| Some(SwitchedVlan::access(vlan))),
        trunk(Just(None).boxed(), listed.clone()),
        trunk(vlan().prop_map(Some).boxed(), prop_oneof![listed, Just(TrunkVlans::None)].boxed()),
    ]
}

/// Whatever the schema allows.
fn written() -> impl Strategy<Value = Vlans> {
    const WORDS: &[&str] = &["access", "trunk", "native-tagged", "native-untagged", "dot1q-tunnel"];
    let mode = prop::option::of(prop::sample::select(WORDS).prop_map(str::to_owned));
    let number = prop_oneof![0i64..=4095, Just(0), Just(4095)];
    let trunks = prop::collection::btree_set(number.clone(), 0..4).prop_map(|set| set.into_iter().collect());
    (mode, prop::option::of(number), trunks).prop_map(|(mode, tag, trunks)| Vlans { mode, tag, trunks })
}

proptest! {
    #[test]
    fn what_is_rendered_is_read_again(before in written(), after in switched_vlan()) {
        let had = running(&rows(&before, &json!({})), &[]);
        if had.config.interfaces[&name()].switched_vlan != after {
            let now = made(&had, after.clone());
            prop_assert_eq!(has(&now), after);
        }
    }

    /// Nothing that a port had is lost on the way back, but what had no effect.
    #[test]
    fn the_way_back_leads_to_what_was_there(before in written(), after in switched_vlan()) {
        let had = running(&rows(&before, &json!({})), &[]);
        if had.config.interfaces[&name()].switched_vlan != after {
            let now = running(&rows(&made(&had, after), &json!({})), &[]);
            let undone = Plan::between(&now, &Intended(had.config.clone())).written_as(&had);
            let change = Renderer::new(&dialect()).unwrap().change(&undone).unwrap();
            let back = change.ports["p1"].vlans.clone().unwrap();
            prop_assert_eq!(back.effective(), before.effective());
            prop_assert_eq!(has(&back), has(&before));
        }
    }
}

#[test]
fn an_access_port_without_a_vlan_and_a_trunk_of_nothing_are_refused() {
    let had = running(&rows(&Vlans::default(), &json!({})), &[]);
    for wanted in [SwitchedVlan::Access { vlan: None }, SwitchedVlan::Trunk { native: None, vlans: TrunkVlans::None }] {
        let port = Interface { switched_vlan: Some(wanted.clone()), ..Interface::new(name()) };
        let intended = Intended(DeviceConfig { interfaces: [(name(), port)].into(), ..DeviceConfig::default() });
        let plan = Plan::between(&had, &intended);
        assert!(Renderer::new(&dialect()).unwrap().change(&plan).is_err(), "{wanted:?}");
    }
}

#[test]
fn a_bridge_of_somebody_else_makes_its_ports_somebody_elses() {
    let foreign = |bridge: &Value, allowed: &[String]| {
        let found = running(&rows(&Vlans::default(), bridge), allowed);
        matches!(found.config.interfaces[&name()].switched_vlan, Some(SwitchedVlan::Foreign(_)))
    };
    let secure = json!({"fail_mode": "secure", "controller": datum::of_uuid(UUID)});
    for (bridge, expected) in [
        (json!({}), false),
        (json!({"fail_mode": "secure"}), true),
        (json!({"controller": datum::of_uuid(UUID)}), false),
        (secure.clone(), true),
        (json!({"name": "br-int"}), true),
        (json!({"external_ids": datum::of_map([("ovn-bridge-mappings", "x")])}), true),
        (json!({"external_ids": datum::of_map([("bridge-id", "br0")])}), false),
    ] {
        assert_eq!(foreign(&bridge, &[]), expected, "{bridge}");
    }
    assert!(!foreign(&secure, &["br0".to_owned()]));
    assert!(foreign(&secure, &["br1".to_owned()]));
}

/// The keys that os-vif, Neutron's agent and ovn-controller leave are in the interface's row.
#[test]
fn an_interface_that_somebody_plugged_in_makes_its_port_somebody_elses() {
    for (key, expected) in [
        ("iface-id", true),
        ("attached-mac", true),
        ("vm-uuid", true),
        ("iface-id-ver", true),
        ("ovn-installed", true),
        ("mercury", false),
        ("theirs", false),
    ] {
        let beside = json!({"external_ids": datum::of_map([(key, "x")])});
        let vlans = Vlans { mode: None, tag: Some(7), trunks: Vec::new() };
        let found = running(&rows_with(&vlans, &json!({}), &beside), &[]);
        let is_foreign = matches!(found.config.interfaces[&name()].switched_vlan, Some(SwitchedVlan::Foreign(_)));
        assert_eq!(is_foreign, expected, "{key}");
        let allowed = running(&rows_with(&vlans, &json!({}), &beside), &["br0".to_owned()]);
        assert!(allowed.config.interfaces[&name()].switched_vlan.as_ref().unwrap().foreign().is_none(), "{key}");
    }
}

/// ovs-vsctl(8): `add-br` with a parent and a VLAN makes a port of that name.
#[test]
fn the_port_of_a_bridge_within_a_vlan_is_no_port_of_a_host() {
    for (is_fake, allowed) in [(false, false), (true, false), (true, true)] {
        let vlans = Vlans { mode: None, tag: Some(7), trunks: Vec::new() };
        let allowed: Vec<String> = allowed.then(|| "br0".to_owned()).into_iter().collect();
        let found = running(&rows_of(&vlans, &json!({}), &json!({"type": "internal"}), is_fake), &allowed);
        let routes = found.config.interfaces[&name()].switched_vlan.as_ref().unwrap().foreign().map(|own| own.routes);
        assert_eq!(routes, is_fake.then_some(true), "{allowed:?}");
    }
}

/// What says whose a port is may come between the reading and the change.
#[test]
fn a_change_is_made_only_where_nobody_plugged_the_interface_in_meanwhile() {
    let mut ports = crate::guarded::Ports::default();
    ports.read(&rows(&Vlans::default(), &json!({})), true).unwrap();
    let had = running(&rows(&Vlans::default(), &json!({})), &[]);
    let port =
        Interface { switched_vlan: Some(SwitchedVlan::access(7u16.try_into().unwrap())), ..Interface::new(name()) };
    let intended = Intended(DeviceConfig { interfaces: [(name(), port)].into(), ..DeviceConfig::default() });
    let change = Renderer::new(&dialect()).unwrap().change(&Plan::between(&had, &intended)).unwrap();
    let guarded = ports.guarded(&change, &[], 4095, "").unwrap();
    let sent = guarded.transaction.params();
    let is_guard = |operation: &&Value| operation["op"] == "wait" && operation["table"] == "Interface";
    let guard = sent.as_array().unwrap().iter().find(is_guard).unwrap();
    assert_eq!(guard["rows"][0]["external_ids"], json!(["map", []]), "{guard}");
}

/// Two tunnels of one VLAN have nothing in common but the VLAN.
#[test]
fn a_tunnel_is_made_only_where_its_vlan_has_the_ports_that_it_had() {
    let on = Vlans { mode: Some("access".to_owned()), tag: Some(3000), trunks: Vec::new() };
    let tunnel = crate::tunnels::Tunnel {
        bridge: "br0".to_owned(),
        vlan: 3000u16.try_into().unwrap(),
        vni: 10_100u64.try_into().unwrap(),
        remote: "192.0.2.2".parse().unwrap(),
    };
    let change = crate::change::Change {
        tunnels: [(tunnel.name(), crate::tunnels::TunnelChange::Make(tunnel))].into(),
        ..Default::default()
    };
    let guards = |had: &Vlans| {
        let mut ports = crate::guarded::Ports::default();
        ports.read(&rows(had, &json!({})), true).unwrap();
        let sent = ports.guarded(&change, &[], 4095, "").unwrap().transaction.params();
        let is_guard = |operation: &&Value| operation["op"] == "wait" && operation["columns"] == json!(["name"]);
        let guards: Vec<_> = sent.as_array().unwrap().iter().filter(is_guard).cloned().collect();
        guards.iter().map(|guard| format!("{} {}", guard["where"], guard["rows"])).collect::<Vec<_>>()
    };
    let free = [r#"[["tag","==",3000]] []"#, r#"[["trunks","includes",3000]] []"#];
    assert_eq!(guards(&Vlans::default()), free);
    assert_eq!(guards(&on), [r#"[["tag","==",3000]] [{"name":"p1"}]"#, free[1]]);
    let listed = Vlans { mode: Some("trunk".to_owned()), tag: None, trunks: vec![7, 3000] };
    assert_eq!(guards(&listed), [free[0], r#"[["trunks","includes",3000]] [{"name":"p1"}]"#]);
    // Nothing but a tunnel is a change, too.
    assert!(!change.is_empty() && crate::change::Change::default().is_empty());
}
