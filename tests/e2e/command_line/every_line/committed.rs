//! Systems whose lines wait for a commit, in blocks or in a candidate, and one whose lines each
//! say their block.

use super::{
    CLI_PASSWORD, CLI_USER, CliHandle, CliSwitch, Entry, Family, LineFault, at_every_line, attach, block_on,
    each_family, ended_at_every_line, grammar, killed_at_every_line, refused_at_every_line,
};

fn entry(switch: &CliSwitch, dialect: &str) -> Entry {
    Entry::new("leaf1")
        .text("protocol", "cli")
        .text("dialect", dialect)
        .text("address", &switch.addr().ip().to_string())
        .with("port", switch.addr().port())
        .text("username", CLI_USER)
        .text("password", CLI_PASSWORD)
        .with("host_key_fingerprints", format!("[{:?}]", switch.host_key_fingerprint()))
        .with("manage_vlans", true)
        .with("persist", true)
}

/// Blocks whose lines wait for a commit.
const VRP: Family = Family {
    start: || block_on(CliSwitch::start(grammar::committed(), VRP_BEFORE)).unwrap(),
    entry: |switch| entry(switch, "huawei_vrpv8"),
    method: "attach_port",
    asks: || attach("10GE1/0/1", 100),
    is_done: |switch| {
        let text = switch.running();
        text.contains("interface 10GE1/0/1\n description free\n port default vlan 100\n port link-type access\n")
            && text.contains("vlan 100\n")
    },
    lines: 6,
    over: "",
    refusal: "Error: The moon is full.",
    is_saved: true,
};

/// As somebody else has configured it years ago.
const VRP_BEFORE: &str = "sysname ce-6
vlan 10
name servers
interface 10GE1/0/1
description free
port link-type access
port default vlan 10
interface 10GE1/0/2
description theirs
port link-type access
port default vlan 10";

/// A candidate of one's own.
const SRL: Family = Family {
    start: || block_on(CliSwitch::start(grammar::transactions(), SRL_BEFORE)).unwrap(),
    entry: |switch| entry(switch, "nokia_srl"),
    method: "attach_port",
    asks: || attach("ethernet-1/1", 100),
    is_done: |switch| {
        let has = |line: &str| switch.running().lines().any(|own| own == line);
        has("set / network-instance vlan-100 interface ethernet-1/1.100")
            && has("set / interface ethernet-1/1 subinterface 100 vlan encap untagged")
            && has("set / network-instance vlan-10 interface ethernet-1/2.10")
            && !has("set / network-instance vlan-10 interface ethernet-1/1.10")
    },
    lines: 6,
    over: "enter running",
    refusal: "Parsing error: the moon is full",
    is_saved: true,
};

/// As somebody else has configured it years ago.
const SRL_BEFORE: &str = "set / system name host-name leaf-9
set / interface ethernet-1/1 description \"to rack 7\"
set / interface ethernet-1/1 admin-state enable
set / interface ethernet-1/1 vlan-tagging true
set / interface ethernet-1/1 subinterface 10 type bridged
set / interface ethernet-1/1 subinterface 10 admin-state enable
set / interface ethernet-1/1 subinterface 10 vlan encap untagged
set / interface ethernet-1/2 admin-state enable
set / interface ethernet-1/2 vlan-tagging true
set / interface ethernet-1/2 subinterface 10 type bridged
set / interface ethernet-1/2 subinterface 10 vlan encap untagged
set / network-instance vlan-10 type mac-vrf
set / network-instance vlan-10 admin-state enable
set / network-instance vlan-10 interface ethernet-1/1.10
set / network-instance vlan-10 interface ethernet-1/2.10";

/// Lines that each say their block, and a prompt that says more than a host and a mode.
const ONYX: Family = Family {
    start: || block_on(CliSwitch::start(grammar::flat(), ONYX_BEFORE)).unwrap(),
    entry: |switch| entry(switch, "mellanox_mlnxos"),
    method: "attach_port",
    asks: || attach("ethernet 1/1", 100),
    is_done: |switch| {
        let text = switch.running();
        text.contains(
            "interface ethernet 1/1\n description free\n switchport access vlan 100\n switchport mode access\n",
        ) && text.contains("vlan 100\n")
    },
    lines: 5,
    over: "",
    refusal: "% The moon is full",
    is_saved: true,
};

/// As somebody else has configured it years ago.
const ONYX_BEFORE: &str = "hostname mlx-8
vlan 10
name servers
interface ethernet 1/1
description free
switchport mode access
switchport access vlan 10
interface ethernet 1/2
description theirs
switchport mode access
switchport access vlan 10";

const ALL: [&Family; 3] = [&VRP, &SRL, &ONYX];

#[test]
fn a_line_that_is_refused_before_a_commit_leaves_nothing() {
    each_family(ALL, refused_at_every_line);
}

#[test]
fn a_connection_that_ends_before_a_commit_or_behind_it_leaves_a_known_state() {
    each_family(ALL, ended_at_every_line);
}

#[test]
fn a_switch_that_hangs_before_a_commit_or_behind_it_is_left_in_a_known_state() {
    each_family(ALL, |family| at_every_line(family, &LineFault::Hang, true));
}

#[test]
fn a_switch_that_floods_before_a_commit_or_behind_it_is_left_in_a_known_state() {
    each_family(ALL, |family| at_every_line(family, &LineFault::Flood, true));
}

#[test]
fn a_switch_that_is_renamed_before_a_commit_is_changed_all_the_same() {
    each_family(ALL, |family| at_every_line(family, &LineFault::Rename("leaf-7".to_owned()), true));
}

#[test]
fn a_mercury_that_is_killed_before_a_commit_leaves_the_switch_as_it_was() {
    killed_at_every_line(&VRP, true);
    killed_at_every_line(&SRL, true);
    killed_at_every_line(&ONYX, false);
}

/// What a switch says of itself and a person reads: nobody is kept out when all is over.
#[test]
fn a_port_is_attached_and_given_back_where_lines_wait_for_a_commit() {
    for family in ALL {
        let switch = (family.start)();
        let handle: CliHandle = switch.handle();
        let before = super::lines(&handle.running());
        let mercury = super::Mercury::serve(&[(family.entry)(&switch)]);
        let mut client = super::Client::of(&mercury);
        let answer = client.done(family.method, &(family.asks)());
        assert_eq!(answer["changed"], true, "{answer}");
        assert!((family.is_done)(&handle), "{}", handle.running());
        assert_eq!(handle.startup(), handle.running());
        assert_eq!(handle.candidate(), None, "nobody is kept out");
        assert_eq!(client.done(family.method, &(family.asks)())["changed"], false);
        let port = (family.asks)()["port"].clone();
        client.done("attach_port", &serde_json::json!({"port": port, "network": 10}));
        client.done("delete_network", &serde_json::json!({"network": 100}));
        assert_eq!(super::lines(&handle.running()), before);
    }
}
