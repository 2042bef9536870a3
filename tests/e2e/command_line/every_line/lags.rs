//! A LAG whose members stand in a block beside that of its settings, made and taken away.

use serde_json::{Value, json};

use super::{
    CLI_PASSWORD, CLI_USER, CliHandle, CliSwitch, Client, Entry, Family, LineFault, Mercury, at_every_line, block_on,
    ended_at_every_line, grammar, killed_at_every_line, lines, refused_at_every_line,
};

fn entry(switch: &CliSwitch) -> Entry {
    Entry::new("leaf1")
        .text("protocol", "cli")
        .text("dialect", "brocade_fastiron")
        .text("address", &switch.addr().ip().to_string())
        .with("port", switch.addr().port())
        .text("username", CLI_USER)
        .text("password", CLI_PASSWORD)
        .with("host_key_fingerprints", format!("[{:?}]", switch.host_key_fingerprint()))
        .text("lag_numbers", "7-9")
        .with("default_vlan", 10)
        .with("persist", true)
}

/// VLAN 100 on two ports in one bond.
fn bonded() -> Value {
    let link = |port: &str| json!({"switch_id": "leaf1", "port_id": port});
    let links = ["ethernet 1/1/1", "ethernet 1/1/2"].map(link);
    json!({"network": 100, "port": {"binding:profile": {
        "local_link_information": links,
        "local_group_information": {
            "id": "8d1f00aa-0000-4000-8000-000000000000", "name": "bond-a", "bond_mode": "802.3ad"},
    }}})
}

/// As somebody else has configured it years ago.
const BEFORE: &str = "hostname rack-5
vlan 10
name servers
untagged ethernet 1/1/1
untagged ethernet 1/1/2
vlan 100
tagged ethernet 1/1/3
interface ethernet 1/1/1
port-name \"rack 4\"
interface ethernet 1/1/4
disable
lag core dynamic id 1
ports ethernet 1/2/1
interface lag 1
port-name \"to the core\"";

/// With the bond.
const BONDED: &str = "hostname rack-5
lag core dynamic id 1
ports ethernet 1/2/1
interface lag 1
port-name \"to the core\"
lag mercury-7 dynamic id 7
ports ethernet 1/1/1
ports ethernet 1/1/2
port-name \"rack 4\" ethernet 1/1/1
interface lag 7
port-name \"[[bond-a]]\"
vlan 10
name servers
vlan 100
untagged lag 7
tagged ethernet 1/1/3";

fn has(switch: &CliHandle, block: &str, line: &str) -> bool {
    lines(&switch.running()).contains(&(block.to_owned(), format!(" {line}")))
}

fn is_bonded(switch: &CliHandle) -> bool {
    let of = |number: u8| {
        let lag = format!("lag mercury-{number} dynamic id {number}");
        has(switch, &lag, "ports ethernet 1/1/1")
            && has(switch, &lag, "ports ethernet 1/1/2")
            && has(switch, &lag, "port-name \"rack 4\" ethernet 1/1/1")
            && has(switch, "vlan 100", &format!("untagged lag {number}"))
    };
    (7..=9).any(of) && has(switch, "lag core dynamic id 1", "ports ethernet 1/2/1")
}

fn is_apart(switch: &CliHandle) -> bool {
    let text = switch.running();
    ["1", "2"].iter().all(|port| has(switch, "vlan 10", &format!("untagged ethernet 1/1/{port}")))
        && has(switch, "interface ethernet 1/1/1", "port-name \"rack 4\"")
        && !text.contains("mercury-7")
        && !text.contains("disable")
        && has(switch, "lag core dynamic id 1", "ports ethernet 1/2/1")
}

const BOND: Family = Family {
    start: || block_on(CliSwitch::start(grammar::lags(), BEFORE)).unwrap(),
    entry,
    method: "attach_port",
    asks: bonded,
    is_done: is_bonded,
    lines: 12,
    refusal: "Error - the moon is full",
    is_saved: true,
};

const APART: Family = Family {
    start: || block_on(CliSwitch::start(grammar::lags(), BONDED)).unwrap(),
    method: "detach_port",
    is_done: is_apart,
    ..BOND
};

#[test]
fn a_lag_is_made_of_ports_that_are_given_back_as_they_were() {
    let switch = (BOND.start)();
    let handle = switch.handle();
    let before = lines(&handle.running());
    let mercury = Mercury::serve(&[entry(&switch)]);
    let mut client = Client::of(&mercury);
    let answer = client.done("attach_port", &bonded());
    assert_eq!(answer["switches"][0]["lags"]["bond-a"], "lag 7", "{answer}");
    assert!(is_bonded(&handle), "{}", handle.running());
    assert_eq!(handle.startup(), handle.running());
    assert_eq!(client.done("attach_port", &bonded())["changed"], false);
    client.done("detach_port", &bonded());
    assert!(is_apart(&handle) || handle.running().contains("disable"), "{}", handle.running());
    assert_eq!(lines(&handle.running()), before);
}

#[test]
fn a_switch_of_an_older_release_is_given_no_lag_and_is_told_why() {
    let mut old = grammar::lags();
    let version = old.shows.iter_mut().find(|(command, _)| command == "show version").unwrap();
    version.1 = mercury_sim::Show::Text("    SW: Version 08.0.30hT311".to_owned());
    let switch = block_on(CliSwitch::start(old, BEFORE)).unwrap();
    let before = switch.handle().running();
    let mercury = Mercury::serve(&[entry(&switch)]);
    let error = Client::of(&mercury).call("attach_port", &bonded()).unwrap_err();
    assert!(error.message.contains("it runs 08.0.30hT311, and before 08.0.61"), "{error:?}");
    assert_eq!(switch.handle().running(), before);
    Client::of(&mercury).done("attach_port", &super::attach("ethernet 1/1/1", 100));
}

#[test]
#[ignore = "not yet run to its end"]
fn a_line_of_a_lag_that_is_refused_undoes_those_before_it() {
    [&BOND, &APART].into_iter().for_each(refused_at_every_line);
}

#[test]
#[ignore = "not yet run to its end"]
fn a_connection_that_ends_at_any_line_of_a_lag_leaves_a_known_state() {
    [&BOND, &APART].into_iter().for_each(ended_at_every_line);
}

#[test]
#[ignore = "not yet run to its end"]
fn a_switch_that_hangs_at_any_line_of_a_lag_is_left_in_a_known_state() {
    [&BOND, &APART].into_iter().for_each(|family| at_every_line(family, &LineFault::Hang, true));
}

/// One that dies while it takes a LAG apart leaves ports as the switch disabled them.
#[test]
#[ignore = "not yet run to its end"]
fn a_mercury_that_is_killed_at_any_line_of_a_lag_leaves_what_the_next_one_puts_right() {
    killed_at_every_line(&BOND, false);
}
