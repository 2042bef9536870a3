//! Which aggregate a caller means, and what becomes of it.

use mercury_model::{InterfaceType, LagType};

use super::*;
use crate::fault::Fault;

pub(super) fn bench(numbers: &str) -> Bench {
    Bench::of(ruled(Rules {
        lag_numbers: numbers.parse().unwrap(),
        lag_prefix: Some("Po".to_owned()),
        ..Rules::default()
    }))
}

impl Bench {
    /// An aggregate that the network team made.
    pub(super) fn lag(&mut self, name: &str, members: &[&str]) {
        let aggregation =
            mercury_model::Aggregation { lag_type: Some(LagType::Static), min_links: None, mlag_id: None };
        let kind = Some(InterfaceType::Ieee8023adLag);
        let lag = Interface { kind, aggregation: Some(aggregation), ..self.port(name) };
        for member in members {
            let member = Interface { aggregate_id: Some(lag.name.clone()), ..self.port(member) };
            self.device.interfaces.insert(member.name.clone(), member);
        }
        self.device.interfaces.insert(lag.name.clone(), lag);
    }

    pub(super) fn members(&self, lag: &str) -> Vec<&str> {
        let ports = self.device.interfaces.values();
        let members = ports.filter(|port| port.aggregate_id.as_ref().is_some_and(|name| name.as_str() == lag));
        members.map(|port| port.name.as_str()).collect()
    }

    /// Lets requests name an aggregate of the network team's.
    pub(super) fn allow(&mut self, lag: &str) {
        self.rule(|rules| rules.allowed_lags = vec![lag.parse().unwrap()]);
    }

    pub(super) fn describe(&mut self, name: &str, text: Option<&str>) {
        let interface = Interface { description: text.map(|text| text.parse().unwrap()), ..self.port(name) };
        self.device.interfaces.insert(interface.name.clone(), interface);
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.device.interfaces.contains_key(&name.parse().unwrap())
    }

    pub(super) fn refused(&mut self, method: &str, params: &Value) -> Fault {
        let before = self.device.clone();
        let fault = self.call(method, params).unwrap_err();
        assert_eq!(self.device, before);
        fault
    }
}

pub(super) fn bonded(ports: &[&str], network: &Value, name: &str, mode: &str) -> Value {
    let links: Vec<_> = ports.iter().map(|port| json!({"switch_id": "leaf1", "port_id": port})).collect();
    let group = json!({"id": "8d1f00aa-1", "name": name, "bond_mode": mode, "bond_properties": {"min_links": 1}});
    let profile = json!({"local_link_information": links, "local_group_information": group});
    json!({"port": {"binding:profile": profile}, "network": network})
}

pub(super) fn update(name: &str, more: &Value) -> Value {
    let mut params = json!({"switch_ids": ["leaf1"], "lag_name": name, "mode": "access", "native_vlan": 100,
                            "aggregation_mode": "lacp"});
    params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    params
}

pub(super) fn delete(name: &str) -> Value {
    json!({"switch_ids": ["leaf1"], "lag_name": name})
}

#[test]
fn a_bond_has_the_lowest_number_that_nothing_has() {
    let mut bench = bench("10-12");
    bench.lag("Po10", &[]);
    bench.done("attach_port", &bonded(&["e1", "e2"], &json!(100), "one", "802.3ad"));
    bench.done("attach_port", &bonded(&["e3", "e4"], &json!(101), "two", "balance-xor"));
    assert_eq!((bench.members("Po11"), bench.members("Po12")), (vec!["e1", "e2"], vec!["e3", "e4"]));
    assert_eq!((bench.carries("Po11"), bench.carries("e1")), ("access VLAN 100".to_owned(), "none".to_owned()));
    let (lacp, fixed) = (bench.port("Po11"), bench.port("Po12"));
    assert_eq!(lacp.aggregation.unwrap().lag_type, Some(LagType::Lacp));
    assert_eq!((fixed.aggregation.unwrap().lag_type, fixed.lacp), (Some(LagType::Static), None));
    let fault = bench.refused("attach_port", &bonded(&["e5", "e6"], &json!(100), "three", "802.3ad"));
    assert!(fault.message.contains("10-12 is taken"), "{fault}");
    bench.done("detach_port", &bonded(&["e1", "e2"], &Value::Null, "one", "802.3ad"));
    assert!(!bench.has("Po11") && bench.has("Po12"));
}

#[test]
fn a_bond_that_balances_by_itself_is_no_aggregate() {
    let mut bench = bench("10-12");
    bench.done("attach_port", &bonded(&["e1", "e2"], &json!(100), "one", "active-backup"));
    assert_eq!(
        (bench.carries("e1"), bench.carries("e2")),
        ("access VLAN 100".to_owned(), "access VLAN 100".to_owned())
    );
    assert!(!bench.has("Po10"));
}

#[test]
fn a_link_that_moves_leaves_and_the_last_one_takes_the_aggregate_with_it() {
    let mut bench = bench("10-12");
    bench.done("attach_port", &bonded(&["e1", "e2"], &json!(100), "one", "4"));
    bench.done("attach_port", &bonded(&["e1", "e3"], &json!(100), "one", "4"));
    assert_eq!(bench.members("Po10"), ["e1", "e3"]);
    // Another bond takes both: nothing is left of the first.
    bench.done("attach_port", &bonded(&["e1", "e3"], &json!(100), "other", "4"));
    assert_eq!(bench.members("Po11"), ["e1", "e3"]);
    assert!(!bench.has("Po10"));
    // Without a bond they are ports again, one by one.
    bench.done("detach_port", &plugin("e1", &Value::Null));
    assert_eq!(bench.members("Po11"), ["e3"]);
    bench.done("attach_port", &plugin("e3", &json!(200)));
    assert!(!bench.has("Po11"));
    assert_eq!(bench.carries("e3"), "access VLAN 200");
}

#[test]
fn one_link_of_a_bond_is_a_port_of_its_own_while_the_server_boots() {
    let mut bench = bench("10-12");
    bench.done("attach_port", &bonded(&["e1"], &json!(100), "one", "802.3ad"));
    assert_eq!(bench.carries("e1"), "access VLAN 100");
    assert!(!bench.has("Po10"));
}

#[test]
fn an_aggregate_of_the_network_team_is_found_by_its_members_and_stays() {
    let mut bench = bench("10-12");
    bench.lag("Po5", &["e1", "e2"]);
    let before = bench.device.clone();
    bench.done("attach_port", &bonded(&["e1", "e2"], &json!(100), "one", "balance-rr"));
    assert_eq!((bench.carries("Po5"), bench.members("Po5")), ("access VLAN 100".to_owned(), vec!["e1", "e2"]));
    assert_eq!(bench.port("Po5").description, None, "its name is its own");
    bench.done("detach_port", &bonded(&["e1", "e2"], &Value::Null, "one", "balance-rr"));
    assert_eq!(bench.device, before);
    // A server that boots from one of them, and Ironic, which names no aggregate.
    bench.done("attach_port", &plugin("e2", &json!(101)));
    assert_eq!((bench.carries("Po5"), bench.carries("e2")), ("access VLAN 101".to_owned(), "none".to_owned()));
    bench.done("reset_port", &ironic("e1", &json!({"native_vlan": null, "default_vlan": 900})));
    assert_eq!(bench.carries("Po5"), "access VLAN 900");
}

#[test]
fn what_the_network_team_made_is_not_changed_in_kind_or_members() {
    let mut bench = bench("10-12");
    bench.lag("Po5", &["e1", "e2"]);
    bench.lag("Po6", &["e4"]);
    let fault = bench.refused("attach_port", &bonded(&["e1", "e2"], &json!(100), "one", "802.3ad"));
    assert!(fault.message.contains("Po5 is static, not LACP"), "{fault}");
    let fault = bench.refused("attach_port", &bonded(&["e1", "e3"], &json!(100), "one", "balance-rr"));
    assert!(fault.message.contains("e3 is not a member of Po5"), "{fault}");
    let fault = bench.refused("attach_port", &bonded(&["e1", "e4"], &json!(100), "one", "balance-rr"));
    assert!(fault.message.contains("in Po5 and in Po6"), "{fault}");
    bench.allow("Po5");
    bench.done("delete_lag", &delete("Po5"));
    assert_eq!((bench.has("Po5"), bench.members("Po5")), (true, vec!["e1", "e2"]));
}

#[test]
fn only_the_numbers_of_the_entry_are_made() {
    let mut bench = bench("10-12");
    bench.done("update_lag", &update("Po11", &json!({"description": "a bond"})));
    assert_eq!(bench.port("Po11").description.unwrap().as_str(), "a bond [Po11]");
    let fault = bench.refused("update_lag", &update("Po13", &json!({})));
    assert!(fault.message.contains("10-12"), "{fault}");
    bench.done("update_lag", &update("lag-8d1f00aa", &json!({"description": "Ironic PortGroup 1"})));
    assert_eq!(bench.port("Po10").description.unwrap().as_str(), "Ironic PortGroup 1 [lag-8d1f00aa]");
    bench.done("update_lag", &update("lag-8d1f00aa", &json!({"description": null, "native_vlan": 101})));
    assert_eq!(bench.port("Po10").description.unwrap().as_str(), "Ironic PortGroup 1 [lag-8d1f00aa]");
    for name in ["lag-8d1f00aa", "Po11", "never-there"] {
        bench.done("delete_lag", &delete(name));
    }
    assert!(!bench.has("Po10") && !bench.has("Po11"));
    let mut none = Bench::of(switch());
    let fault = none.refused("update_lag", &update("lag-8d1f00aa", &json!({})));
    assert!(fault.message.contains("no such aggregate") && fault.message.contains("lag_numbers"), "{fault}");
    let mut unnamed = Bench::of(ruled(Rules { lag_numbers: "10-12".parse().unwrap(), ..Rules::default() }));
    let fault = unnamed.refused("update_lag", &update("lag-8d1f00aa", &json!({})));
    assert!(fault.message.contains("no such aggregate") && fault.message.contains("lag_prefix"), "{fault}");
}

#[test]
fn members_that_an_aggregate_leaves_behind_are_idle_ports() {
    let mut bench = bench("10-12");
    bench.rule(|rules| rules.default_vlan = Some(vlan(900)));
    bench.done("update_lag", &update("lag-1", &json!({})));
    bench.done("update_port", &ironic("e1", &json!({"mode": "access", "native_vlan": 100, "lag_name": "lag-1"})));
    bench.done("update_port", &ironic("e2", &json!({"mode": "access", "native_vlan": 100, "lag_name": "lag-1"})));
    assert_eq!(bench.members("Po10"), ["e1", "e2"]);
    bench.done("delete_lag", &delete("lag-1"));
    assert_eq!(
        (bench.carries("e1"), bench.carries("e2")),
        ("access VLAN 900".to_owned(), "access VLAN 900".to_owned())
    );
}

#[test]
fn an_aggregate_outside_the_allowed_ports_is_left_alone() {
    let allowed = Some(vec!["e1".parse().unwrap(), "e2".parse().unwrap()]);
    let mut bench = Bench::of(ruled(Rules { allowed_ports: allowed, ..Rules::default() }));
    bench.lag("Po5", &["e1", "e2"]);
    for params in [plugin("e1", &json!(100)), bonded(&["e1", "e2"], &json!(100), "one", "balance-rr")] {
        let fault = bench.refused("attach_port", &params);
        assert!(fault.message.contains("Po5") && fault.message.contains("allowed ports"), "{fault}");
    }
}

#[test]
fn a_vlan_goes_with_the_aggregate_that_has_it() {
    let options = Options { trunk_ports: vec!["Po1".parse().unwrap()], ..pruning() };
    let mut bench = bench("2-9");
    bench.rule(|rules| (rules.manage_vlans, rules.options) = (true, options.clone()));
    bench.allow("Po1");
    bench.lag("Po1", &[]);
    for port in ["e1", "e2"] {
        bench.device.interfaces.insert(port.parse().unwrap(), bench.port(port));
    }
    let before = bench.device.clone();
    bench.done("update_lag", &update("bond0", &json!({})));
    for port in ["e1", "e2"] {
        let access = json!({"mode": "access", "native_vlan": 100, "lag_name": "bond0"});
        bench.done("update_port", &ironic(port, &access));
    }
    assert_eq!((bench.carries("Po2").as_str(), bench.carries("e1").as_str()), ("access VLAN 100", "none"));
    assert_eq!((bench.carries("Po1"), bench.vlans()), (trunk("100"), vec!["100 mercury-100".to_owned()]));
    bench.done("update_lag", &update("bond0", &json!({"native_vlan": 101})));
    assert_eq!((bench.carries("Po1"), bench.vlans()), (trunk("101"), vec!["101 mercury-101".to_owned()]));
    assert!(bench.refused("delete_lag", &delete("Po1")).message.contains("Po1 is a trunk port"));
    bench.done("delete_lag", &delete("bond0"));
    assert_eq!(bench.device, before);
}

#[test]
fn a_port_is_not_taken_out_of_the_network_teams_aggregate() {
    let mut bench = bench("10-12");
    bench.lag("Po5", &["e1", "e2"]);
    bench.done("update_lag", &update("x", &json!({})));
    let join = ironic("e1", &json!({"mode": "access", "native_vlan": 100, "lag_name": "x"}));
    let fault = bench.refused("update_port", &join);
    assert!(fault.message.contains("e1 is a member of Po5"), "{fault}");
    let fault = bench.refused("attach_port", &bonded(&["e1", "e3"], &json!(100), "x", "802.3ad"));
    assert!(fault.message.contains("e1 is a member of Po5"), "{fault}");
}

#[test]
fn the_name_of_an_aggregate_is_neither_lost_nor_forged() {
    let mut bench = bench("10-12");
    bench.done("attach_port", &bonded(&["e1", "e2"], &json!(100), "x", "802.3ad"));
    bench.done("reset_port", &ironic("Po10", &json!({})));
    assert_eq!(bench.port("Po10").description.unwrap().as_str(), "Default port configuration [[x]]");
    bench.done("update_lag", &update("Po10", &json!({"description": "by its own name"})));
    assert_eq!(bench.port("Po10").description.unwrap().as_str(), "by its own name [[x]]");
    let fault = bench.refused("update_lag", &update("Po11", &json!({"description": "hello [x]"})));
    assert_eq!(fault.parameter.as_deref(), Some("description"));
    bench.done("delete_lag", &delete("Po10"));
    assert!(!bench.has("Po10") && bench.port("e1").aggregate_id.is_none());
}

#[test]
fn links_in_two_aggregates_of_the_network_team_are_detached_all_the_same() {
    let mut bench = bench("10-12");
    bench.lag("Po5", &["e1"]);
    bench.lag("Po6", &["e2"]);
    for lag in ["Po5", "Po6"] {
        bench.set(lag, SwitchedVlan::access(vlan(100)));
    }
    bench.done("detach_port", &bonded(&["e1", "e2"], &Value::Null, "x", "802.3ad"));
    assert_eq!((bench.carries("Po5"), bench.carries("Po6")), ("none".to_owned(), "none".to_owned()));
}

/// Nokia's and SONiC's members have none (their modules' `must` and `when`).
#[test]
fn a_member_has_no_mtu_of_its_own_where_its_system_takes_none() {
    for (dialect, manage_mtu, left) in
        [("nokia_srl", true, Some(None)), ("nokia_srl", false, None), ("openconfig", false, Some(Some(9000)))]
    {
        let entry = over_gnmi(dialect, ruled(Rules { manage_mtu, ..Rules::default() }));
        let mut bench = Bench::of(entry);
        bench.lag("lag10", &["ethernet-1/2"]);
        bench.set("lag10", SwitchedVlan::Access { vlan: Some(vlan(100)) });
        bench.allow("lag10");
        let port = Interface { mtu: Some(9000), ..bench.port("ethernet-1/1") };
        bench.device.interfaces.insert(port.name.clone(), port);
        let joins = ironic("ethernet-1/1", &json!({"mode": "access", "native_vlan": 100, "lag_name": "lag10"}));
        let Some(left) = left else {
            let fault = bench.refused("update_port", &joins);
            assert!(fault.message.contains("ethernet-1/1 has an MTU of its own"), "{fault}");
            continue;
        };
        bench.done("update_port", &joins);
        assert_eq!((bench.members("lag10").len(), bench.port("ethernet-1/1").mtu), (2, left));
    }
}

/// Of the network team's port channel, the rate is theirs while nobody speaks LACP, too.
#[test]
fn who_joins_first_speaks_at_the_rate_that_the_aggregate_says() {
    let face = Face::Cli(CliSettings::default());
    let mut bench = Bench::of(Switch { face, ..spoken("dell_force10", ruled(Rules::default())) });
    let (lag, port) = ("Port-channel 7", "TenGigabitEthernet 0/1");
    let kind = Some(InterfaceType::Ieee8023adLag);
    let made = Interface { kind, ..bench.port(lag) };
    bench.device.interfaces.insert(made.name.clone(), made);
    bench.allow(lag);
    let joins = ironic(port, &json!({"mode": "access", "native_vlan": 100, "lag_name": lag}));
    let intent = bench.intent("update_port", &joins).unwrap();
    let target = &intent.targets[0];
    for rate in [mercury_model::LacpInterval::Fast, mercury_model::LacpInterval::Slow] {
        let (mut running, _) = bench.read(target);
        running.idle_rates.insert(lag.parse().unwrap(), rate);
        let made = bench.desired(target, &running).unwrap().intended;
        assert_eq!(made.0.interfaces[&lag.parse().unwrap()].lacp.unwrap().interval, rate);
    }
}

/// Cumulus Linux speaks at the fast rate where nothing is said.
#[test]
fn a_bond_of_which_no_rate_is_said_keeps_the_one_that_it_has_anyway() {
    let face = Face::Cli(CliSettings::default());
    let rules = Rules { lag_numbers: "7-9".parse().unwrap(), ..Rules::default() };
    let mut bench = Bench::of(Switch { face, ..spoken("cumulus_nvue", ruled(rules)) });
    let bond = |vlan: u16, properties: Value| {
        let mut params = bonded(&["e1", "e2"], &json!(vlan), "one", "802.3ad");
        params["port"]["binding:profile"]["local_group_information"]["bond_properties"] = properties;
        params
    };
    let rate = |bench: &Bench| bench.port("bond7").lacp.map(|lacp| lacp.interval);
    let slow = Some(mercury_model::LacpInterval::Slow);
    for (params, expected) in [
        (bond(100, json!({})), None),
        (bond(101, json!({})), None),
        (bond(101, json!({"lacp_rate": "slow"})), slow),
        (bond(100, json!({})), slow),
        (bond(100, json!({"lacp_rate": "fast"})), None),
        (bond(101, json!({})), None),
    ] {
        bench.done("attach_port", &params);
        assert_eq!(rate(&bench), expected, "{params}");
    }
}

/// What the network team, or the switch, makes of it is nobody's who asks for no rate.
#[test]
fn a_rate_that_nobody_asks_for_stays_as_it_is_read() {
    use mercury_model::{Lacp, LacpInterval, LacpMode};

    for name in [
        "arista_eos",
        "aruba_aoscx",
        "cisco_ios",
        "cisco_nxos",
        "cumulus",
        "cumulus_nvue",
        "dell_force10",
        "dell_os10",
        "dell_sonic",
        "huawei",
        "juniper_junos",
        "nokia_srl",
        "sonic",
    ] {
        for (interval, lacp_mode) in [
            (LacpInterval::Fast, LacpMode::Active),
            (LacpInterval::Slow, LacpMode::Active),
            (LacpInterval::Fast, LacpMode::Passive),
            (LacpInterval::Slow, LacpMode::Passive),
        ] {
            let rules = Rules { lag_numbers: "7-9".parse().unwrap(), ..Rules::default() };
            let mut bench = Bench::of(Switch { face: Face::Cli(CliSettings::default()), ..spoken(name, ruled(rules)) });
            let bond = bonded(&["e1", "e2"], &json!(100), "one", "802.3ad");
            bench.done("attach_port", &bond);
            let lag = bench.device.interfaces.values_mut().find(|one| one.is_aggregate()).unwrap();
            lag.lacp = Some(Lacp { interval, lacp_mode });
            bench.dialect.defaults("cli").unwrap().canonical(&mut bench.device);
            let place = format!("{name}: {interval:?} {lacp_mode:?}");
            assert!(!bench.call("attach_port", &bond).unwrap(), "{place}");
            let moved = bonded(&["e1", "e2"], &json!(101), "one", "802.3ad");
            let before = bench.device.interfaces.values().find(|one| one.is_aggregate()).unwrap().lacp;
            bench.done("attach_port", &moved);
            let after = bench.device.interfaces.values().find(|one| one.is_aggregate()).unwrap().lacp;
            assert_eq!(after, before, "{place}");
        }
    }
}

/// Community SONiC's command line sets no description.
#[test]
fn where_no_description_is_kept_an_aggregate_is_found_without_one() {
    let rules = Rules { lag_numbers: "7-9".parse().unwrap(), ..Rules::default() };
    let mut bench = Bench::of(Switch { face: Face::Cli(CliSettings::default()), ..spoken("sonic", ruled(rules)) });
    let bond = bonded(&["e1", "e2"], &json!(100), "one", "balance-xor");
    bench.done("attach_port", &bond);
    assert_eq!(bench.members("PortChannel7"), ["e1", "e2"]);
    assert_eq!(bench.port("PortChannel7").description, None);
    let moved = bonded(&["e1", "e2"], &json!(101), "one", "balance-xor");
    bench.done("attach_port", &moved);
    assert!(!bench.has("PortChannel8"));
    bench.done("detach_port", &moved);
    assert!(!bench.has("PortChannel7"));
    let fault = bench.refused("update_lag", &update("one", &json!({})));
    assert!(fault.kind == FaultKind::Unsupported && fault.message.contains("it may be called PortChannel7"), "{fault}");
    bench.done("update_lag", &update("PortChannel7", &json!({})));
    assert!(bench.has("PortChannel7"));
    bench.done("attach_port", &bonded(&["e1", "e2"], &json!(100), "two", "balance-xor"));
    assert!(bench.has("PortChannel8"));
    // The second as the first: the answer may have been lost.
    for _ in 0..2 {
        bench.done("delete_lag", &delete("PortChannel7"));
        assert!(!bench.has("PortChannel7") && bench.has("PortChannel8"));
    }
}

/// Such as a rate of so many seconds: the model has no word for it.
#[test]
fn a_rate_in_words_of_others_stays_where_nobody_asks_for_another() {
    use mercury_model::{Foreign, Leaf};

    for name in ["huawei", "sonic", "cisco_ios"] {
        let rules = Rules { lag_numbers: "7-9".parse().unwrap(), ..Rules::default() };
        let mut bench = Bench::of(Switch { face: Face::Cli(CliSettings::default()), ..spoken(name, ruled(rules)) });
        let bond = |vlan: u16| bonded(&["e1", "e2"], &json!(vlan), "one", "802.3ad");
        bench.done("attach_port", &bond(100));
        let lag = bench.device.interfaces.values_mut().find(|one| one.is_aggregate()).unwrap();
        let foreign = Foreign::new(vec!["fast user-defined 23".to_owned()]);
        lag.foreign.insert(Leaf::LacpInterval, foreign.clone());
        assert!(!bench.call("attach_port", &bond(100)).unwrap(), "{name}");
        bench.done("attach_port", &bond(101));
        let lag = bench.device.interfaces.values().find(|one| one.is_aggregate()).unwrap();
        assert_eq!(lag.foreign.get(Leaf::LacpInterval), Some(&foreign), "{name}");
    }
}
