//! A LAG whose members stand in a block beside that of its settings, made and taken away.

use mercury_sim::Show;
use serde_json::{Value, json};

use super::{
    CLI_PASSWORD, CLI_USER, CliHandle, CliSwitch, Client, Entry, Family, LineFault, Mercury, at_every_line, block_on,
    each_family, each_line, ended_at_every_line, grammar, killed_at_every_line, lines, refused_at_every_line, struck,
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

/// Whether the LAG is gone and its ports are as they were; but enabled, perhaps, `or_disabled`.
fn is_parted(switch: &CliHandle, or_disabled: bool) -> bool {
    let text = switch.running();
    ["1", "2"].iter().all(|port| has(switch, "vlan 10", &format!("untagged ethernet 1/1/{port}")))
        && has(switch, "interface ethernet 1/1/1", "port-name \"rack 4\"")
        && !text.contains("mercury-7")
        && (or_disabled || !text.contains("disable"))
        && has(switch, "lag core dynamic id 1", "ports ethernet 1/2/1")
}

const BOND: Family = Family {
    start: || block_on(CliSwitch::start(grammar::lags(), BEFORE)).unwrap(),
    entry,
    method: "attach_port",
    asks: bonded,
    is_done: is_bonded,
    lines: 12,
    over: "",
    refusal: "Error - the moon is full",
    is_saved: true,
};

const APART: Family = Family {
    start: || block_on(CliSwitch::start(grammar::lags(), BONDED)).unwrap(),
    method: "detach_port",
    is_done: |switch| is_parted(switch, false),
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
    assert_eq!(lines(&handle.running()), before);
}

#[test]
fn a_switch_of_an_older_release_is_given_no_lag_and_is_told_why() {
    let switch = that_says(Show::Text("    SW: Version 08.0.30hT311".to_owned()));
    let before = switch.handle().running();
    let mercury = Mercury::serve(&[entry(&switch)]);
    let error = Client::of(&mercury).call("attach_port", &bonded()).unwrap_err();
    assert!(error.message.contains("it runs 08.0.30hT311, and before 08.0.61"), "{error:?}");
    assert_eq!(switch.handle().running(), before);
    Client::of(&mercury).done("attach_port", &super::attach("ethernet 1/1/1", 100));
}

/// A switch that answers this to the question for its release.
fn that_says(version: Show) -> CliSwitch {
    let mut grammar = grammar::lags();
    grammar.shows.retain(|(command, _)| command != "show version");
    grammar.shows.push(("show version".to_owned(), version));
    block_on(CliSwitch::start(grammar, BEFORE)).unwrap()
}

#[test]
fn a_switch_that_does_not_tell_its_release_is_given_no_lag_and_serves_vlans() {
    for version in
        [Show::Silent, Show::Endless, Show::Closes, Show::Text("\u{1}\u{fffd}SW: Version of late".to_owned())]
    {
        let switch = that_says(version.clone());
        let before = switch.handle().running();
        let mercury = Mercury::serve(&[entry(&switch).with("connect_timeout", 2)]);
        let mut client = Client::of(&mercury);
        let error = client.call("attach_port", &bonded()).unwrap_err();
        let is_told = error.message.contains("which release it runs is not known")
            || error.message.contains("does not tell its release");
        assert!(is_told && error.message.contains("before 08.0.61"), "{version:?}: {error:?}");
        assert_eq!(switch.handle().running(), before);
        client.done("attach_port", &super::attach("ethernet 1/1/1", 100));
        assert!(has(&switch.handle(), "vlan 100", "untagged ethernet 1/1/1"), "{}", switch.handle().running());
    }
}

/// What somebody enters, and what is answered to the line that it comes before.
fn others(enter: &str) -> LineFault {
    LineFault::Others { enter: enter.to_owned(), words: BOND.refusal.to_owned() }
}

/// The lines of a change that nothing disturbs.
fn lines_of(family: &Family) -> Vec<String> {
    let switch = (family.start)();
    switch.handle().inject(usize::MAX, LineFault::Hang);
    Client::of(&Mercury::serve(&[(family.entry)(&switch)])).done(family.method, &(family.asks)());
    switch.handle().entered()
}

/// A port that somebody shuts in the middle of a change that is undone, where they find it: in
/// its own block, or in that of the LAG that it is in.
#[test]
fn a_port_that_somebody_shuts_while_a_lag_is_made_or_taken_apart_stays_shut() {
    const MEMBER: &str = "lag mercury-7 dynamic id 7\ndisable ethernet 1/1/1";
    const ALONE: &str = "interface ethernet 1/1/1\ndisable";
    let apart = |typed: &[String]| typed.iter().position(|line| line == "no lag mercury-7 dynamic id 7").unwrap();
    let joined = |typed: &[String]| typed.iter().position(|line| line == "ports ethernet 1/1/1").unwrap();
    let made = lines_of(&BOND);
    let gone = lines_of(&APART);
    let places = (0..made.len()).map(|nth| (&BOND, nth, if nth > joined(&made) { MEMBER } else { ALONE }));
    let of_apart = (0..=apart(&gone)).map(|nth| (&APART, nth, MEMBER));
    let all: Vec<(&Family, usize, &str)> = places.chain(of_apart).collect();
    each_line(all.len(), |at| {
        let Some((family, nth, enter)) = all.get(at).copied() else { return false };
        let (handle, answer, is_struck) = struck(family, nth, &others(enter));
        let place = format!("at line {nth}, {enter}: {answer:?}\n{:?}\n{}", handle.entered(), handle.running());
        assert!(is_struck && answer.is_err(), "{place}");
        let text = handle.running();
        assert!(
            !text.contains("disable ethernet 1/1/2") && !has(&handle, "interface ethernet 1/1/2", "disable"),
            "{place}"
        );
        let is_in = text.contains("mercury-7");
        let block = if is_in { "lag mercury-7 dynamic id 7" } else { "interface ethernet 1/1/1" };
        assert!(has(&handle, block, if is_in { "disable ethernet 1/1/1" } else { "disable" }), "{place}");
        assert_eq!(is_in, family.method == APART.method, "{place}");
        true
    });
}

/// One that was shut before is so when the change is undone, wherever it ends.
#[test]
fn a_port_that_was_shut_stays_shut_when_a_lag_is_undone() {
    let bond = Family { start: || block_on(CliSwitch::start(grammar::lags(), &shut(BEFORE))).unwrap(), ..BOND };
    let apart = Family { start: || block_on(CliSwitch::start(grammar::lags(), &shut(BONDED))).unwrap(), ..APART };
    for family in [&bond, &apart] {
        let before = lines(&(family.start)().handle().running());
        each_line(family.lines, |nth| {
            let (handle, answer, is_struck) = struck(family, nth, &LineFault::Refuse(BOND.refusal.to_owned()));
            if is_struck {
                assert_eq!(lines(&handle.running()), before, "at line {nth}: {answer:?}\n{:?}", handle.entered());
            }
            is_struck
        });
    }
}

/// With the second port disabled.
fn shut(text: &str) -> String {
    match text.contains("mercury-7") {
        true => text.replace("interface lag 7\n", "disable ethernet 1/1/2\ninterface lag 7\n"),
        false => format!("{text}\ninterface ethernet 1/1/2\ndisable"),
    }
}

#[test]
fn a_line_of_a_lag_that_is_refused_undoes_those_before_it() {
    each_family([&BOND, &APART], refused_at_every_line);
}

#[test]
fn a_connection_that_ends_at_any_line_of_a_lag_leaves_a_known_state() {
    each_family([&BOND, &APART], ended_at_every_line);
}

#[test]
fn a_switch_that_hangs_at_any_line_of_a_lag_is_left_in_a_known_state() {
    each_family([&BOND, &APART], |family| at_every_line(family, &LineFault::Hang, true));
}

#[test]
fn a_mercury_that_is_killed_while_it_makes_a_lag_leaves_what_the_next_one_completes() {
    killed_at_every_line(&BOND, false);
}

/// All but that ports may be disabled, as the switch disables those that leave.
#[test]
fn a_mercury_that_is_killed_while_it_takes_a_lag_apart_leaves_ports_disabled_and_nothing_else() {
    killed_at_every_line(&Family { is_done: |switch| is_parted(switch, true), ..APART }, false);
}
