//! Whose an aggregate is: what joins it, what leaves it, and who may name it.

use super::{lags::*, *};

fn access(port: &str, vlan: u16, lag: Option<&str>) -> Value {
    ironic(port, &json!({"mode": "access", "native_vlan": vlan, "lag_name": lag}))
}

fn reset(port: &str) -> Value {
    ironic(port, &json!({"native_vlan": null}))
}

#[test]
fn a_name_that_comes_with_a_port_makes_nothing() {
    let mut bench = bench("10-12");
    bench.done("update_port", &access("e1", 150, Some("bond0")));
    bench.done("update_port", &access("e3", 120, Some("bond0")));
    assert_eq!(
        (bench.carries("e1"), bench.carries("e3")),
        ("access VLAN 150".to_owned(), "access VLAN 120".to_owned())
    );
    assert!(!bench.has("Po10"));
    let note = bench.noted("update_port", &access("e1", 150, Some("bond0")));
    assert!(note.contains("bond0") && note.contains("update_lag"), "{note}");
    let mut none = Bench::of(switch());
    none.done("update_port", &access("e1", 150, Some("bond0")));
    assert_eq!(none.carries("e1"), "access VLAN 150");
}

/// Ironic's schema takes any text of 255 characters.
#[test]
fn a_name_that_no_aggregate_could_bear_is_one_that_none_bears() {
    let mut bench = bench("10-12");
    for name in ["x".repeat(255), "bond [0]".to_owned()] {
        bench.done("update_port", &access("e1", 150, Some(&name)));
        assert!(bench.noted("update_port", &access("e1", 150, Some(&name))).contains(&name));
        bench.done("delete_lag", &delete(&name));
        assert_eq!(bench.refused("update_lag", &update(&name, &json!({}))).parameter.as_deref(), Some("lag_name"));
        bench.refused("attach_port", &bonded(&["e1", "e2"], &json!(100), &name, "802.3ad"));
    }
}

#[test]
fn a_port_joins_what_update_lag_made_and_leaves_it_again() {
    let leaving: [(&str, Value); 4] = [
        ("reset_port", reset("e1")),
        ("update_port", access("e1", 110, None)),
        ("update_port", access("e1", 110, Some("never-there"))),
        ("attach_port", plugin("e1", &json!(110))),
    ];
    for (method, params) in leaving.into_iter().chain([("detach_port", plugin("e1", &Value::Null))]) {
        let mut bench = bench("10-12");
        bench.done("update_lag", &update("bond0", &json!({})));
        let alone = bench.port("Po10");
        for port in ["e1", "e2"] {
            bench.done("update_port", &access(port, 100, Some("bond0")));
        }
        assert_eq!((bench.members("Po10"), bench.carries("e1")), (vec!["e1", "e2"], "none".to_owned()));
        bench.done(method, &params);
        assert_eq!((bench.members("Po10"), bench.carries("Po10")), (vec!["e2"], "access VLAN 100".to_owned()));
        bench.done("reset_port", &reset("e2"));
        assert_eq!(
            (bench.members("Po10"), bench.port("Po10")),
            (vec![], alone),
            "made by update_lag, it is its to end"
        );
        bench.done("delete_lag", &delete("bond0"));
        assert!(!bench.has("Po10"));
    }
}

#[test]
fn a_port_moves_from_one_aggregate_to_another() {
    let mut bench = bench("10-12");
    bench.done("update_lag", &update("one", &json!({})));
    bench.done("update_lag", &update("two", &json!({"native_vlan": 200})));
    bench.done("update_port", &access("e1", 100, Some("one")));
    bench.done("update_port", &access("e1", 200, Some("two")));
    assert_eq!((bench.members("Po10"), bench.members("Po11")), (vec![], vec!["e1"]));
}

#[test]
fn a_port_with_other_vlans_than_the_members_have_is_another_servers() {
    let mut bench = bench("10-12");
    bench.done("update_lag", &update("bond0", &json!({"native_vlan": 150})));
    bench.done("update_port", &access("e1", 150, Some("bond0")));
    let note = bench.noted("update_port", &access("e3", 120, Some("bond0")));
    assert!(note.contains("Po10") && note.contains("e1") && note.contains("150"), "{note}");
    bench.done("update_port", &access("e3", 120, Some("bond0")));
    assert_eq!((bench.members("Po10"), bench.carries("Po10")), (vec!["e1"], "access VLAN 150".to_owned()));
    assert_eq!(bench.carries("e3"), "access VLAN 120");
    // Alone in it, a port takes its aggregate along; among others it does not.
    bench.done("update_port", &access("e1", 160, Some("bond0")));
    bench.done("update_port", &access("e2", 160, Some("bond0")));
    let fault = bench.refused("update_port", &access("e1", 120, Some("bond0")));
    assert!(fault.message.contains("e2") && fault.parameter.as_deref() == Some("lag_name"), "{fault}");
    bench.done("update_lag", &update("bond0", &json!({"native_vlan": 170})));
    assert_eq!((bench.members("Po10"), bench.carries("Po10")), (vec!["e1", "e2"], "access VLAN 170".to_owned()));
}

#[test]
fn no_port_joins_what_a_bond_made() {
    let mut bench = bench("10-12");
    bench.done("attach_port", &bonded(&["e1", "e2"], &json!(100), "bond0", "802.3ad"));
    bench.done("update_port", &access("e3", 100, Some("bond0")));
    assert_eq!((bench.members("Po10"), bench.carries("e3")), (vec!["e1", "e2"], "access VLAN 100".to_owned()));
    bench.done("update_port", &access("e3", 100, Some("Po10")));
    assert_eq!(bench.members("Po10"), ["e1", "e2"], "by no name");
    bench.done("update_lag", &update("bond0", &json!({})));
    bench.done("update_port", &access("e3", 100, Some("bond0")));
    assert_eq!((bench.members("Po10"), bench.members("Po11")), (vec!["e1", "e2"], vec!["e3"]));
    assert!(bench.call("delete_lag", &delete("bond0")).unwrap());
    assert!(bench.has("Po10") && !bench.has("Po11"));
    let fault = bench.refused("delete_lag", &delete("bond0"));
    assert!(fault.message.contains("Po10"), "{fault}");
}

#[test]
fn two_bonds_of_one_name_are_two_aggregates() {
    let mut bench = bench("10-12");
    bench.done("attach_port", &bonded(&["e1", "e2"], &json!(100), "bond0", "802.3ad"));
    bench.done("attach_port", &bonded(&["e3", "e4"], &json!(200), "bond0", "802.3ad"));
    assert_eq!((bench.members("Po10"), bench.carries("Po10")), (vec!["e1", "e2"], "access VLAN 100".to_owned()));
    assert_eq!((bench.members("Po11"), bench.carries("Po11")), (vec!["e3", "e4"], "access VLAN 200".to_owned()));
    bench.done("detach_port", &bonded(&["e5", "e6"], &Value::Null, "bond0", "802.3ad"));
    bench.done("detach_port", &bonded(&["e3", "e4"], &Value::Null, "bond0", "802.3ad"));
    assert!(bench.has("Po10") && !bench.has("Po11"));
}

#[test]
fn an_aggregate_of_one_port_group_is_not_anothers() {
    let mut bench = bench("10-12");
    let of = |group: &str| update("bond0", &json!({"description": format!("Ironic PortGroup {group}")}));
    bench.done("update_lag", &of("8d1f00aa"));
    let fault = bench.refused("update_lag", &of("77aa00bb"));
    assert!(fault.message.contains("Po10") && fault.message.contains("8d1f00aa"), "{fault}");
    bench.done("update_lag", &of("8d1f00aa"));
    bench.done("update_lag", &update("bond0", &json!({"description": "as people say"})));
}

#[test]
fn an_aggregate_whose_mark_is_gone_is_found_by_its_members() {
    let mut bench = bench("10-12");
    bench.done("attach_port", &bonded(&["e1", "e2"], &json!(100), "bond0", "802.3ad"));
    let marked = bench.port("Po10");
    bench.describe("Po10", Some("rack 4"));
    bench.done("attach_port", &bonded(&["e1", "e2"], &json!(101), "bond0", "802.3ad"));
    assert_eq!((bench.members("Po10"), bench.carries("Po10")), (vec!["e1", "e2"], "access VLAN 101".to_owned()));
    assert!(!bench.has("Po11") && bench.port("Po10").description.unwrap().as_str().ends_with("bond0]]"));
    bench.describe("Po10", None);
    bench.done("detach_port", &bonded(&["e1", "e2"], &Value::Null, "bond0", "802.3ad"));
    assert!(!bench.has("Po10"));
    // Not where they are only some of them.
    bench.device.interfaces.insert(marked.name.clone(), Interface { description: None, ..marked });
    for port in ["e1", "e2", "e3"] {
        let member = Interface { aggregate_id: Some("Po10".parse().unwrap()), ..bench.port(port) };
        bench.device.interfaces.insert(member.name.clone(), member);
    }
    bench.done("attach_port", &bonded(&["e1", "e2"], &json!(100), "bond0", "802.3ad"));
    assert_eq!((bench.members("Po10"), bench.members("Po11")), (vec!["e3"], vec!["e1", "e2"]));
}

#[test]
fn a_removal_that_finds_nothing_says_what_it_may_have_missed() {
    let mut bench = bench("10-12");
    bench.done("update_lag", &update("bond0", &json!({})));
    bench.done("update_lag", &update("Po12", &json!({"description": "by its own name"})));
    bench.done("delete_lag", &delete("never-there"));
    bench.describe("Po10", Some("rack 4"));
    let fault = bench.refused("delete_lag", &delete("bond0"));
    assert_eq!((fault.kind, fault.parameter.as_deref()), (FaultKind::InvalidValue, Some("lag_name")));
    assert!(fault.message.contains("Po10") && !fault.message.contains("Po12"), "{fault}");
    bench.done("delete_lag", &delete("Po10"));
    bench.done("delete_lag", &delete("bond0"));
}

#[test]
fn the_network_teams_aggregates_are_named_only_where_the_entry_allows_it() {
    let requests = |lag: &str| {
        [
            ("update_port", access("e3", 100, Some(lag))),
            ("update_lag", update(lag, &json!({"aggregation_mode": "static"}))),
            ("delete_lag", delete(lag)),
            ("update_port", access(lag, 100, None)),
            ("reset_port", reset(lag)),
            ("attach_port", plugin(lag, &json!(100))),
            ("attach_port", bonded(&["e1", "e2"], &json!(100), lag, "balance-rr")),
        ]
    };
    let mut bench = bench("10-12");
    bench.lag("Po5", &["e1", "e2"]);
    for (method, params) in requests("Po5") {
        let fault = bench.refused(method, &params);
        assert!(fault.kind == FaultKind::InvalidValue && fault.message.contains("allowed_lags"), "{method}: {fault}");
    }
    let all = ["Po5", "e1", "e2", "e3"].map(|name| name.parse().unwrap()).to_vec();
    for allowed in [
        ruled(Rules { allowed_lags: vec!["Po5".parse().unwrap()], ..Rules::default() }),
        ruled(Rules { allowed_ports: Some(all), ..Rules::default() }),
    ] {
        for (method, params) in requests("Po5") {
            let mut bench = Bench::of(allowed.clone());
            bench.lag("Po5", &["e1", "e2"]);
            bench.done(method, &params);
        }
    }
}

/// One where requests may name an aggregate of the network team's.
fn allowing() -> Bench {
    let mut bench = Bench::of(switch());
    bench.allow("Po5");
    bench.lag("Po5", &["e1", "e2"]);
    bench
}

#[test]
fn what_joined_the_network_teams_aggregate_by_name_leaves_it_and_no_other_port_does() {
    for (method, params) in [
        ("reset_port", reset("e3")),
        ("update_port", access("e3", 110, None)),
        ("attach_port", plugin("e3", &json!(110))),
        ("detach_port", plugin("e3", &Value::Null)),
    ] {
        let mut bench = allowing();
        bench.set("Po5", SwitchedVlan::access(vlan(100)));
        let mut join = access("e3", 100, Some("Po5"));
        join["description"] = json!("Ironic Port 8d1f");
        bench.done("update_port", &join);
        assert_eq!(bench.members("Po5"), ["e1", "e2", "e3"]);
        assert_eq!(bench.port("e3").description.unwrap().as_str(), "Ironic Port 8d1f [Po5]");
        bench.done(method, &params);
        assert_eq!((bench.members("Po5"), bench.carries("Po5")), (vec!["e1", "e2"], "access VLAN 100".to_owned()));
        let described = bench.port("e3").description.map(|text| text.to_string());
        assert!(described.is_none_or(|text| !text.contains("Po5")));
        bench.done("reset_port", &reset("e1"));
        assert_eq!((bench.members("Po5"), bench.carries("Po5")), (vec!["e1", "e2"], "none".to_owned()));
    }
}

/// Links must come free whatever their bond was called.
#[test]
fn a_bond_called_like_the_network_teams_aggregate_is_detached_all_the_same() {
    let mut bench = bench("10-12");
    bench.lag("Po5", &["e1", "e2"]);
    bench.lag("Po6", &[]);
    for name in ["Po5", "Po6"] {
        bench.set("Po5", SwitchedVlan::access(vlan(100)));
        bench.set("Po6", SwitchedVlan::access(vlan(200)));
        bench.done("detach_port", &bonded(&["e1", "e2"], &Value::Null, name, "802.3ad"));
        assert_eq!((bench.carries("Po5"), bench.carries("Po6")), ("none".to_owned(), "access VLAN 200".to_owned()));
    }
}

/// As callers know aggregates from tables or from the command line.
#[test]
fn an_aggregate_is_named_as_the_system_spells_it_elsewhere_too() {
    let mut bench = bench("10-12");
    let dialect = mercury_adapter::builtin().unwrap().into_iter().find(|one| one.name == "cisco_nxos").unwrap();
    let names = dialect.interface_names.clone().map(std::sync::Arc::new);
    let allowed = vec!["po5".parse().unwrap()];
    let numbers = "7-9".parse().unwrap();
    let rules = Rules {
        interface_names: names,
        allowed_lags: allowed,
        lag_numbers: numbers,
        lag_prefix: Some("po".to_owned()),
        ..Rules::default()
    };
    bench.inventory = [ruled(rules)].into_iter().collect();
    bench.done("update_lag", &update("port-channel8", &json!({})));
    assert!(bench.has("po8"));
    bench.lag("po5", &[]);
    bench.done("update_port", &access("eth1/1", 100, Some("port-channel5")));
    assert_eq!(bench.members("po5"), ["eth1/1"]);
}

#[test]
fn nobody_gives_a_port_of_the_network_team_the_mark_of_one_that_joined() {
    let mut bench = allowing();
    let mut forged = access("e1", 100, None);
    forged["description"] = json!("hello [Po5]");
    assert_eq!(bench.refused("update_port", &forged).parameter.as_deref(), Some("description"));
    // One that was there already is named and stays.
    bench.done("update_port", &access("e1", 100, Some("Po5")));
    bench.done("reset_port", &reset("e1"));
    assert_eq!(bench.members("Po5"), ["e1", "e2"]);
}
