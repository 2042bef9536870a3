use super::*;

#[test]
fn every_builtin_dialect_loads_and_says_where_its_facts_come_from() {
    let dialects = builtin().unwrap();
    assert!(dialects.iter().any(|dialect| dialect.name == "openconfig"));
    for dialect in dialects {
        assert!(!dialect.sources.is_empty(), "{} names no source", dialect.name);
        assert!(!dialect.protocols().is_empty(), "{} speaks no protocol", dialect.name);
    }
}

#[test]
fn a_dialect_stands_for_each_protocol_where_its_evidence_puts_it() {
    let evidence = |standing: &str, protocol: &str, against: &str| {
        format!(
            "[[evidence]]\nstanding = \"{standing}\"\nprotocol = \"{protocol}\"\nagainst = \"{against}\"\n\
             date = \"2026-11-28\"\ntest = \"a test\"\n"
        )
    };
    let load_with = |evidence: &str| {
        let text = format!("inherits = \"openconfig\"\n{evidence}");
        load(&[EMBEDDED, &[("x", text.as_str())]].concat())
    };
    let standing = |evidence: &str| {
        let dialects = load_with(evidence).unwrap();
        let one = dialects.into_iter().find(|dialect| dialect.name == "x").unwrap();
        [one.standing("netconf"), one.standing("gnmi")]
    };
    // Evidence is about one dialect, and openconfig's is not its heirs'.
    assert_eq!(standing(""), ["unverified", "unverified"]);
    let checked = evidence("schema-checked", "gnmi", "OS 1");
    assert_eq!(standing(&checked), ["unverified", "schema-checked against OS 1"]);
    let proven = [checked, evidence("proven", "gnmi", "a"), evidence("proven", "gnmi", "b")].concat();
    assert_eq!(standing(&proven)[1], "proven against a, b; schema-checked against OS 1");
    assert_eq!(standing(&evidence("imitated", "gnmi", "c"))[1], "imitated against c");
    let errors = load_with(&evidence("believed", "gnmi", "a")).unwrap_err();
    assert!(errors[0].to_string().contains("believed"), "{errors:?}");
}

#[test]
fn a_leaf_without_a_rule_or_a_reason_is_an_error_that_names_it() {
    let text = EMBEDDED.iter().find(|(name, _)| *name == "openconfig").unwrap().1;
    let without = text.replace("mtu = \"config/mtu\"", "");
    let errors = load(&[("holed", without.as_str())]).unwrap_err();
    assert_eq!(errors[0].name, "holed");
    assert!(errors[0].problems.iter().any(|problem| problem.contains("mtu")), "{errors:?}");
    let excused = format!(
        "{without}\n[[deviation]]\nleaf = \"mtu\"\nreason = \"the switch has one MTU for all\"\nevidence = \"a test\"\n"
    );
    assert_eq!(load(&[("excused", excused.as_str())]).unwrap()[0].deviation("gnmi", "mtu").unwrap().evidence, "a test");
    let elsewhere = excused.replace("reason =", "protocol = \"netconf\"\nreason =");
    let errors = load(&[("excused", elsewhere.as_str())]).unwrap_err();
    let says = |tree: &str| format!("{tree}.tree says nothing about mtu and no deviation excuses it");
    assert_eq!(errors[0].problems, ["gnmi", "restconf"].map(says));
}

/// Or a trunk that does not list its native VLAN, as Ironic asks for one, could not be said.
#[test]
fn a_list_of_tagged_vlans_alone_says_that_native_ones_count() {
    let text = "inherits = \"openconfig\"\n[tree.switched-vlan]\ntrunk-vlans = { tagged-only = true }\n";
    let with = |text: &str| load(&[EMBEDDED, &[("x", text)]].concat());
    let errors = with(text).unwrap_err();
    assert!(errors[0].to_string().contains("native-in-trunk-vlans"), "{errors:?}");
    with(&format!("native-in-trunk-vlans = true\n{text}")).unwrap();
}

#[test]
fn unknown_keys_unknown_prefixes_and_loops_are_errors() {
    for (text, word) in [
        ("inherits = \"openconfig\"\ncolour = 1\n", "colour"),
        ("inherits = \"openconfig\"\n[tree]\nmtu = \"nowhere:mtu\"\n", "nowhere"),
        ("inherits = \"openconfig\"\n[gnmi.tree]\nmtu = \"config/{colour}\"\n", "{colour}"),
        ("inherits = \"missing\"\n", "missing"),
        ("inherits = \"x\"\n", "inherits itself"),
        ("vendor = ", "TOML"),
    ] {
        let mut files = EMBEDDED.to_vec();
        files.push(("x", text));
        let errors = load(&files).unwrap_err();
        assert!(errors.iter().any(|error| error.name == "x" && error.to_string().contains(word)), "{word}: {errors:?}");
    }
}

/// Else ports would be read as carrying nothing, or written to where nothing reads them.
#[test]
fn vlans_list_their_ports_in_one_shape_alone() {
    let (_, os10) = EMBEDDED.iter().find(|(name, _)| *name == "dell_os10").unwrap();
    let native = r#"native-vlan = "dell-if:untagged-ports""#;
    let beside = r#"entry = "if:interfaces/interface[name=vlan{vlan-id}]""#;
    let elsewhere = r#"entry = "if:vlans/vlan[name=vlan{vlan-id}]""#;
    let aggregate = |by_vlan: bool| {
        let list = if by_vlan { "dell-if:others" } else { "dell-if:tagged-ports" };
        format!(
            "by-vlan = {by_vlan}\naccess-vlan = \"dell-if:untagged-ports\"\nnative-vlan = \"dell-if:untagged-ports\"\n\
             mode = {{ path = \"dell-if:mode\", access = \"A\", trunk = \"B\" }}\n\
             trunk-vlans = {{ path = \"{list}\", tagged-only = true, absent-is-none = true }}\n"
        )
    };
    let routed = "[restconf.tree.routed]";
    let with = |by_vlan| format!("[restconf.tree.aggregate-switched-vlan]\n{}{routed}", aggregate(by_vlan));
    for (from, to, told) in [
        (native, r#"native-vlan = "dell-if:native-ports""#.to_owned(), "to be one list, of the ports without a tag"),
        (", absent-is-none = true", String::new(), "to be tagged-only, absent-is-none"),
        (beside, elsewhere.to_owned(), "entries of the list of interfaces"),
        (routed, with(true), "aggregate-switched-vlan.by-vlan: has to list by the same lists"),
        (routed, with(false), "aggregate-switched-vlan.by-vlan: has to list by the same lists"),
        (r#"input = '{"#, r#"input = '{,"#.to_owned(), "save.input: is no JSON object"),
    ] {
        assert!(os10.contains(from), "{from}");
        let errors = load(&[("x", os10.replacen(from, &to, 1).as_str())]).unwrap_err();
        assert!(errors[0].to_string().contains(told), "{told}: {errors:?}");
    }
}

#[test]
fn the_block_of_a_lags_members_is_said_whole() {
    let (_, fastiron) = EMBEDDED.iter().find(|(name, _)| *name == "brocade_fastiron").unwrap();
    for (from, to, told) in [
        ("{name} {mode} id", "{name} id", "lag-members.beside.shown: the line has no {mode}"),
        ("port-name {value} {name}", "port-name {name}", "lag-members.beside.description: the line has no {value}"),
        ("disable {name}", "disable", "lag-members.beside.disable: the line has no {name}"),
        ("SW: Version {value}", "SW: Version", "lag-members.beside.since.line: the line has no {value}"),
        ("08.0.61\"", "8.x\"", "lag-members.beside.since.release: \"8.x\" is not three numbers"),
        ("mercury-{number} static id {number}", "mercury static", "lag-members.beside: port.lag-type has no line"),
        (", STATIC =", ", OTHER =", "lag-members.beside: port.lag-type has no line"),
    ] {
        assert!(fastiron.contains(from), "{from}");
        let errors = load(&[("x", fastiron.replacen(from, to, 1).as_str())]).unwrap_err();
        assert!(errors.iter().any(|error| error.to_string().contains(told)), "{told}: {errors:?}");
    }
}

#[test]
fn how_ports_become_members_is_said_once_and_whole() {
    let (_, force10) = EMBEDDED.iter().find(|(name, _)| *name == "dell_force10").unwrap();
    let mtu = "mtu = \"mtu {value}\"";
    for (from, to, told) in [
        ("channel-member {name}", "channel-member", "lag-members.listed: the line names no port"),
        ("port-channel {number} mode", "port-channel mode", "lag-members.lacp.line: the line has no {number}"),
        (" mode {mode}", " mode active", "lag-members.lacp.line: the line has no {mode}"),
        ("lag-prefix = \"Port-channel \"\n", "", "lag-prefix: only its name tells an aggregate"),
        (
            mtu,
            "channel-group = \"channel-group {number} mode {mode}\"",
            "says what is said elsewhere about port.channel-group",
        ),
        (mtu, "lag-type = { said = { LACP = \"lacp\" }, absent = \"STATIC\" }", "port.lag-type: the members of"),
        (", both = \"portmode hybrid\"", "", "both"),
        ("{ enter = \"port-channel-protocol LACP\", ", "{ ", "enter"),
    ] {
        assert!(force10.contains(from), "{from}");
        let errors = load(&[("x", force10.replacen(from, to, 1).as_str())]).unwrap_err();
        assert!(errors[0].to_string().contains(told), "{told}: {errors:?}");
    }
}

#[test]
fn the_words_of_a_command_line_are_whole_or_refused_by_name() {
    let pvid = "native-vlan = \"switchport general pvid {value}\"";
    for (name, from, to, told) in [
        (
            "dell_powerconnect",
            "mode = \"general\"",
            "mode = \"trunk\"",
            "general.mode: is no word of a mode of its own",
        ),
        ("dell_powerconnect", pvid, "native-vlan = \"pvid {value}\"", "general: needs port.native-vlan, which is"),
        ("dell_powerconnect", "vlan add {value} tagged", "vlan add tagged", "general.tagged: the line has no {value}"),
        ("dell_force10", "\"!untagged {name}\"", "\"!untagged\"", "members.switched.default: the line has no {name}"),
        (
            "netmiko_ovs_linux",
            "--columns=_uuid,name,interfaces,",
            "--columns=_uuid,name,",
            "bonds: no command shows interfaces of Port",
        ),
        ("netmiko_ovs_linux", "protected list Port", "list Port", "bonds: no command shows protected of Port"),
        ("netmiko_ovs_linux", ",output_port list", " list", "bonds: no command shows output_port of Mirror"),
        ("netmiko_ovs_linux", "cur_cfg,next_cfg list", "cur_cfg list", "applied: no command shows next_cfg"),
        (
            "netmiko_ovs_linux",
            "joins = \"add port {name} interfaces {value}\"",
            "joins = \"add port {name}\"",
            "bonds.parts.joins: the line has no {value}",
        ),
        (
            "netmiko_ovs_linux",
            "same = [\"external_ids\", \"other_config\", \"vlan_mode\", \"tag\", \"trunks\"]",
            "same = []",
            "bonds.columns.same: a port that goes is guarded by nothing",
        ),
        (
            "netmiko_ovs_linux",
            "form = \"json-table\"",
            "form = \"indented\"",
            "bonds: only where the form is json-table",
        ),
        (
            "cisco_ios",
            "vlan = { enter = \"vlan {vlan-id}\" }",
            "vlan = { enter = \"vlan\" }",
            "vlan.enter: the line has no {vlan-id}",
        ),
    ] {
        let (_, text) = EMBEDDED.iter().find(|(own, _)| *own == name).unwrap();
        assert!(text.contains(from), "{name} {from}");
        let errors = load(&[("x", text.replacen(from, to, 1).as_str())]).unwrap_err();
        assert!(errors[0].to_string().contains(told), "{told}: {errors:?}");
    }
}
