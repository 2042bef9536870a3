//! What ports are called and described as, and what becomes of idle ones.

use mercury_adapter::{Absent, Sighting};

use super::*;

#[test]
fn a_caller_may_call_a_port_what_lldp_does() {
    let rule = |pattern: &str, replacement: &str| PortNameRule::new(pattern, replacement).unwrap();
    let port_names = PortNames::new(vec![rule(r"Eth(\d+)", "Ethernet$1"), rule("up", "Ethernet48"), rule("x", "")]);
    let rules = Rules {
        allowed_ports: Some(vec!["Ethernet1".parse().unwrap(), "Ethernet2".parse().unwrap()]),
        options: Options { port_names, ..uplink() },
        ..Rules::default()
    };
    let mut bench = Bench::of(ruled(rules));
    let access = json!({"mode": "access", "native_vlan": 100});
    bench.done("update_port", &ironic("Eth1", &access));
    assert_eq!(bench.carries("Ethernet1"), "access VLAN 100");
    bench.done("attach_port", &plugin("Ethernet2", &json!(100)));
    assert_eq!(bench.carries("Ethernet2"), "access VLAN 100");
    bench.done("reset_port", &ironic("Eth1", &json!({"native_vlan": 100})));
    assert_eq!(bench.carries("Ethernet1"), "none");
    for (name, reason) in [("Eth3", "\"Ethernet3\" is not among"), ("up", "is a trunk port"), ("x", "it is empty")] {
        let fault = bench.call("update_port", &ironic(name, &access)).unwrap_err();
        assert_eq!(fault.parameter.as_deref(), Some("port_name"));
        assert!(fault.message.contains(reason), "{fault}");
    }
    let mut twice = plugin("Eth1", &json!(100));
    let links = &mut twice["port"]["binding:profile"]["local_link_information"];
    *links = json!([{"switch_id": "leaf1", "port_id": "Eth1"}, {"switch_id": "leaf1", "port_id": "Ethernet1"}]);
    assert!(bench.call("attach_port", &twice).unwrap_err().message.contains("given twice"));
}

#[test]
fn descriptions_are_what_the_entry_says() {
    let description = Template::new("{switch} {port} {vlan} [{port_id}] [{mac}] {description}", Placeholder::OF_A_PORT);
    let idle_description = Template::new("{switch} {port} free", Placeholder::OF_AN_IDLE_PORT).ok();
    let options = Options { description: description.ok(), ..Options::default() };
    let text = |bench: &Bench| bench.port("Ethernet1").description.map(|text| text.to_string()).unwrap_or_default();
    let trunk = json!({"mode": "trunk", "allowed_vlans": [101, 102], "description": "Ironic Port 8d1f"});
    for (idle_description, after_detach, after_reset) in [
        (None, "", "Default port configuration"),
        (Template::new("", &[]).ok(), "", ""),
        (idle_description, "leaf1 Ethernet1 free", "leaf1 Ethernet1 free"),
    ] {
        let mut bench =
            Bench::of(ruled(Rules { options: Options { idle_description, ..options.clone() }, ..Rules::default() }));
        bench.done("attach_port", &plugin("Ethernet1", &json!(100)));
        assert_eq!(text(&bench), "leaf1 Ethernet1 100 [7a1c] [52:54:00:00:00:01]");
        bench.done("detach_port", &plugin("Ethernet1", &Value::Null));
        assert_eq!(text(&bench), after_detach);
        bench.done("update_port", &ironic("Ethernet1", &trunk));
        assert_eq!(text(&bench), "leaf1 Ethernet1 101-102 [] [] Ironic Port 8d1f");
        bench.done("reset_port", &ironic("Ethernet1", &json!({"native_vlan": null})));
        assert_eq!(text(&bench), after_reset);
    }
}

#[test]
fn without_the_options_a_description_is_the_callers() {
    let mut bench = Bench::of(switch());
    let text = |bench: &Bench| bench.port("Ethernet1").description.map(|text| text.to_string()).unwrap_or_default();
    let access = |text: &Value| ironic("Ethernet1", &json!({"mode": "access", "native_vlan": 1, "description": text}));
    for (said, found) in [(json!("a"), "a"), (json!(null), "a"), (json!(""), "a")] {
        bench.done("update_port", &access(&said));
        bench.done("attach_port", &plugin("Ethernet1", &json!(100)));
        bench.done("detach_port", &plugin("Ethernet1", &json!(100)));
        assert_eq!(text(&bench), found);
    }
    let only = Template::new("{description}", Placeholder::OF_A_PORT).ok();
    let mut bench =
        Bench::of(ruled(Rules { options: Options { description: only, ..Options::default() }, ..Rules::default() }));
    bench.done("update_port", &access(&json!("b")));
    bench.done("update_port", &access(&json!(null)));
    assert_eq!(text(&bench), "b", "a template that comes to nothing leaves what is there");
    let long = Template::new(&"x".repeat(250), &[]).ok();
    let mut bench =
        Bench::of(ruled(Rules { options: Options { description: long, ..Options::default() }, ..Rules::default() }));
    let fault = bench.call("update_port", &access(&json!("c"))).unwrap_err();
    assert_eq!(fault.parameter.as_deref(), Some("description"));
}

#[test]
fn an_inactive_port_is_disabled_only_where_the_entry_says_so() {
    for disable_inactive_ports in [false, true] {
        let options = Options { disable_inactive_ports, ..Options::default() };
        let mut bench = Bench::of(ruled(Rules { options, ..Rules::default() }));
        let enabled = |bench: &Bench| bench.port("Ethernet1").enabled;
        bench.done("reset_port", &ironic("Ethernet1", &json!({"native_vlan": null})));
        assert_eq!(enabled(&bench), !disable_inactive_ports);
        bench.done("update_port", &ironic("Ethernet1", &json!({"mode": "access", "native_vlan": 100})));
        assert!(enabled(&bench));
        bench.done("detach_port", &plugin("Ethernet1", &json!(100)));
        assert_eq!(enabled(&bench), !disable_inactive_ports);
        bench.done("attach_port", &plugin("Ethernet1", &json!(100)));
        assert!(enabled(&bench));
        let mut down = plugin("Ethernet1", &json!(100));
        down["port"]["admin_state_up"] = json!(false);
        bench.done("attach_port", &down);
        assert!(!enabled(&bench));
    }
}

#[test]
fn an_idle_port_is_on_the_default_vlan() {
    for (entry, asked, found) in [
        (None, None, "none"),
        (Some(900), None, "access VLAN 900"),
        (None, Some(901), "access VLAN 901"),
        (Some(900), Some(901), "access VLAN 901"),
    ] {
        let switch = ruled(Rules { default_vlan: entry.map(vlan), native_vlan: Some(vlan(1)), ..Rules::default() });
        let mut bench = Bench::of(switch);
        bench.done("attach_port", &plugin("Ethernet1", &json!(100)));
        bench.done("reset_port", &ironic("Ethernet1", &json!({"native_vlan": 100, "default_vlan": asked})));
        assert_eq!(bench.carries("Ethernet1"), found);
        bench.done(
            "update_port",
            &ironic("Ethernet1", &json!({"mode": "access", "native_vlan": 100, "default_vlan": asked})),
        );
        assert_eq!(bench.carries("Ethernet1"), "access VLAN 100", "update_port's default_vlan is what is left");
        bench.done("detach_port", &plugin("Ethernet1", &json!(100)));
        assert_eq!(bench.carries("Ethernet1"), entry.map_or("none".to_owned(), |vlan| format!("access VLAN {vlan}")));
    }
    let narrow = ruled(Rules { allowed_vlans: Some("100".parse().unwrap()), ..Rules::default() });
    let fault =
        Bench::of(narrow).intent("reset_port", &ironic("Ethernet1", &json!({"default_vlan": 901}))).unwrap_err();
    assert_eq!(fault.parameter.as_deref(), Some("default_vlan"));
}

/// A Mercury that died while it bounced a link may have left it down.
#[test]
fn where_a_bounce_may_leave_a_port_down_whoever_asks_for_its_vlans_enables_it() {
    let ruled_by = |accepted: bool| {
        let mut bench =
            Bench::of(ruled(Rules { bounce_on_attach: true, bounce_unconfirmed: accepted, ..Rules::default() }));
        bench.lag("Port-Channel7", &["Ethernet2", "Ethernet3"]);
        bench.allow("Port-Channel7");
        for port in ["Ethernet1", "Ethernet2", "Ethernet9"] {
            let mut down = bench.port(port);
            down.enabled = false;
            bench.device.interfaces.insert(down.name.clone(), down);
        }
        bench
    };
    let up = |bench: &Bench| ["Ethernet1", "Ethernet2", "Ethernet9"].map(|port| bench.port(port).enabled);
    for accepted in [false, true] {
        let mut bench = ruled_by(accepted);
        bench.done("attach_port", &plugin("Ethernet1", &json!(100)));
        bench.done("update_lag", &lags::update("Port-Channel7", &json!({"aggregation_mode": "static"})));
        assert_eq!(up(&bench), [accepted, accepted, false]);
        let mut bench = ruled_by(accepted);
        bench.done("detach_port", &plugin("Ethernet1", &Value::Null));
        assert_eq!(up(&bench), [accepted, false, false]);
    }
}

#[test]
fn a_table_that_may_leave_out_ports_never_says_that_one_is_missing() {
    let names = |names: &[&str]| Some(names.iter().map(|name| name.parse().unwrap()).collect());
    let at = |dialect: &str| Switch { face: Face::Cli(CliSettings::default()), ..spoken(dialect, switch()) };
    let bench = Bench::of(at("juniper_junos"));
    let judged = |seen: &Sighting| {
        let absent = Absent { interfaces: ["xe-0/0/7".parse().unwrap()].into(), ..Absent::default() };
        judged(bench.switch(), &absent, seen, &bench.dialect)
    };
    let whole = Sighting { interfaces: names(&["xe-0/0/1"]), state: names(&["xe-0/0/1"]), ..Sighting::default() };
    assert_eq!(judged(&whole).unwrap_err().kind, FaultKind::InvalidValue);
    let some = Sighting { untold: Some("a port may have no row".to_owned()), ..whole.clone() };
    let Ok(Verdict::NotConfigured { doubtful, confirmed: true, blind: false }) = judged(&some) else { panic!() };
    assert!(doubtful.values().next().unwrap().ends_with("and a port may have no row"), "{doubtful:?}");
    let there = Sighting { state: names(&["xe-0/0/1", "xe-0/0/7"]), ..some };
    assert!(matches!(judged(&there), Ok(Verdict::NotConfigured { doubtful, .. }) if doubtful.is_empty()));
    // Its transceiver was pulled out while it was changed.
    let after = afterwards(bench.switch(), whole.clone());
    assert!(matches!(judged(&after), Ok(Verdict::NotConfigured { confirmed: true, .. })));
    let over_gnmi = over_gnmi("openconfig", switch());
    assert_eq!(afterwards(&over_gnmi, whole.clone()), whole);
}
