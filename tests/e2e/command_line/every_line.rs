//! What goes wrong at one line of a script after the other.

use std::time::{Duration, Instant};

use mercury_sim::{CLI_PASSWORD, CLI_USER, CliHandle, CliSwitch, LineFault};
use serde_json::{Value, json};

use super::{attach, bonds::bonded, entry, grammar, port, start};
use crate::harness::{Client, Entry, Mercury, RpcError, block_on, wait};

/// A family of command lines, by one of its systems.
struct Family {
    start: fn() -> CliSwitch,
    entry: fn(&CliSwitch) -> Entry,
    /// The port that is attached to VLAN 100.
    port: &'static str,
    /// How it is asked for.
    asks: fn() -> Value,
    is_attached: fn(&CliHandle) -> bool,
    /// Lines of that at which something can go wrong, at least.
    lines: usize,
    /// What a reboot would bring; `None` where that is what runs.
    startup: Option<fn(&CliHandle) -> String>,
}

/// Blocks of lines, and what is saved.
const BLOCKS: Family = Family {
    start,
    entry,
    port: super::PORT,
    asks: || attach(super::PORT, 100),
    is_attached: |switch| port(switch, super::PORT).contains(&"switchport access vlan 100".to_owned()),
    lines: 3,
    startup: Some(CliHandle::startup),
};

/// Commands, each of which is so at once and kept.
const ROWS: Family = Family {
    start: || block_on(CliSwitch::start(grammar::rows(), ROWS_BEFORE)).unwrap(),
    entry: rows_entry,
    port: "2",
    asks: || attach("2", 100),
    is_attached: |switch| {
        let mut attached: Vec<&str> = ROWS_BEFORE.lines().filter(|row| !row.ends_with("tagged 10 2")).collect();
        attached.retain(|row| !row.ends_with("tagged 20 2"));
        attached.extend(["scope 100 local", "untagged 100 2"]);
        attached.sort_unstable();
        switch.running().lines().eq(attached)
    },
    lines: 3,
    startup: None,
};

/// The same, and a bond whose trunk gets its number in the midst of its lines.
const TRUNKS: Family = Family {
    entry: |switch| rows_entry(switch).text("lag_numbers", "7-9"),
    port: "2",
    asks: || bonded(["2", "3"], 100),
    is_attached: |switch| {
        let is_of = |row: &&str, port: &str| row.ends_with(port) && row.contains("tagged ");
        let mut attached: Vec<&str> = ROWS_BEFORE.lines().collect();
        attached.retain(|row| !is_of(row, " 2") && !is_of(row, " 3"));
        let trunk = ["trunk lag7 128", "member lag7 2", "member lag7 3", "mode lag7 active", "timeout lag7 fast"];
        attached.extend(trunk.into_iter().chain(["scope 100 local", "untagged 100 128"]));
        attached.sort_unstable();
        switch.running().lines().eq(attached)
    },
    lines: 9,
    ..ROWS
};

pub(super) fn rows_entry(switch: &CliSwitch) -> Entry {
    Entry::new("leaf1")
        .text("protocol", "cli")
        .text("dialect", "pluribus")
        .text("address", &switch.addr().ip().to_string())
        .with("port", switch.addr().port())
        .text("username", CLI_USER)
        .text("password", CLI_PASSWORD)
        .with("host_key_fingerprints", format!("[{:?}]", switch.host_key_fingerprint()))
        .with("manage_vlans", true)
}

/// Blocks of VLANs, each of which says what ports it has: a port leaves one and joins another in
/// lines far from one another.
const MEMBERS: Family = Family {
    start: || block_on(CliSwitch::start(grammar::members(), MEMBERS_BEFORE)).unwrap(),
    entry: |switch| entry(switch).without("dialect").text("dialect", "dell_force10"),
    port: MEMBER,
    asks: || attach(MEMBER, 100),
    is_attached: |switch| {
        let running = switch.running();
        let (mut within, mut of) = ("", Vec::new());
        for line in running.lines() {
            within = if line.starts_with(' ') { within } else { line };
            of.extend(
                line.ends_with(MEMBER).then_some((within, line.trim())).filter(|(block, _)| block.contains("vlan")),
            );
        }
        of == [("interface vlan 100", "untagged TenGigabitEthernet 0/1")]
    },
    lines: 4,
    startup: Some(CliHandle::startup),
};

const MEMBER: &str = "TenGigabitEthernet 0/1";

/// As somebody else has configured it years ago.
const MEMBERS_BEFORE: &str = "hostname rack-4
interface TenGigabitEthernet 0/1
description free
switchport
interface TenGigabitEthernet 0/2
switchport
interface vlan 10
description servers
untagged TenGigabitEthernet 0/1
interface vlan 100
tagged TenGigabitEthernet 0/2
interface vlan 200
tagged TenGigabitEthernet 0/2";

/// As somebody else has configured it years ago.
pub(super) const ROWS_BEFORE: &str = "port 1 on\nport 2 on\nport 3 on\nport 49 on
trunk vxlan-loopback-trunk 397\nmode vxlan-loopback-trunk off\ntimeout vxlan-loopback-trunk slow
scope 1 local\nscope 10 local\nscope 20 fabric
untagged 10 2\ntagged 20 2
untagged 1 3\ntagged 10 49\ntagged 20 49";

/// Attaches with a fault at one line of the script; once more, where nobody knows what became
/// of it.
fn struck(family: &Family, nth: usize, fault: &LineFault) -> (CliHandle, Result<Value, RpcError>, bool) {
    let switch = (family.start)();
    let handle = switch.handle();
    let mercury = Mercury::serve(&[(family.entry)(&switch).with("reply_timeout", 2).with("commit_timeout", 2)]);
    handle.inject(nth, fault.clone());
    let answer = Client::of(&mercury).call("attach_port", &(family.asks)());
    let is_struck = handle.is_struck();
    if answer.as_ref().is_err_and(|error| error.kind() == "unknown") {
        let next = Client::of(&mercury).call("attach_port", &(family.asks)());
        assert!(
            next.is_ok() && (family.is_attached)(&handle),
            "{fault:?} at line {nth}: {next:?}\n{}",
            handle.running()
        );
    }
    (handle, answer, is_struck)
}

/// Does so at one line after the other, to the last; what was asked for is either
/// done and saved, or undone and not saved.
fn at_every_line(family: &Family, fault: &LineFault, may_be_done: bool) {
    let before = (family.start)().handle().running();
    for nth in 0.. {
        let (switch, answer, is_struck) = struck(family, nth, fault);
        if !is_struck {
            assert!(nth >= family.lines, "{fault:?} at {nth} never struck: {answer:?}");
            return;
        }
        let place = format!("{fault:?} at line {nth}: {answer:?}\n{:?}\n{}", switch.entered(), switch.running());
        let is_unknown = answer.as_ref().is_err_and(|error| error.kind() == "unknown");
        if let Some(startup) = family.startup.filter(|_| !is_unknown) {
            assert_eq!(startup(&switch), if answer.is_ok() { switch.running() } else { before.clone() }, "{place}");
        }
        match &answer {
            Ok(answer) => {
                assert!(may_be_done && answer["changed"] == true, "{place}");
                assert!((family.is_attached)(&switch), "{place}");
            }
            Err(error) if error.kind() == "unknown" => assert!((family.is_attached)(&switch), "{place}"),
            Err(_) => assert_eq!(switch.running(), before, "{place}"),
        }
    }
}

#[test]
fn a_line_that_is_refused_undoes_those_before_it_and_says_so() {
    let words = "Command rejected: the moon is full";
    let refused = LineFault::Refuse(words.to_owned());
    at_every_line(&BLOCKS, &refused, false);
    let (_, answer, _) = struck(&BLOCKS, 2, &refused);
    let error = answer.unwrap_err();
    assert!(error.message.contains(words) && error.message.contains("bad-command"), "{error:?}");
    at_every_line(&ROWS, &LineFault::Refuse("Error: the moon is full".to_owned()), false);
    at_every_line(&TRUNKS, &LineFault::Refuse("Error: the moon is full".to_owned()), false);
    at_every_line(&MEMBERS, &LineFault::Refuse("% Error: the moon is full".to_owned()), false);
}

#[test]
fn a_connection_that_ends_at_any_line_leaves_a_known_state() {
    for family in [&BLOCKS, &ROWS, &TRUNKS, &MEMBERS] {
        at_every_line(family, &LineFault::DropBefore, true);
        at_every_line(family, &LineFault::DropAfter, true);
        at_every_line(family, &LineFault::Closed("*** Line cleared by an administrator ***".to_owned()), true);
    }
}

#[test]
fn a_switch_that_takes_its_time_over_each_line_is_waited_for() {
    let switch = (BLOCKS.start)();
    let (handle, latency) = (switch.handle(), Duration::from_millis(40));
    handle.delay(latency);
    handle.inject(usize::MAX, LineFault::Hang);
    let mercury = Mercury::serve(&[(BLOCKS.entry)(&switch)]);
    let began = Instant::now();
    Client::of(&mercury).done("attach_port", &attach(BLOCKS.port, 100));
    assert!((BLOCKS.is_attached)(&handle) && !handle.entered().is_empty());
    assert!(began.elapsed() >= latency * u32::try_from(handle.entered().len()).unwrap());
}

#[test]
fn a_switch_that_hangs_at_any_line_is_left_in_a_known_state() {
    [&BLOCKS, &ROWS].iter().for_each(|family| at_every_line(family, &LineFault::Hang, true));
}

#[test]
fn a_switch_that_floods_at_any_line_is_left_in_a_known_state() {
    [&BLOCKS, &ROWS].iter().for_each(|family| at_every_line(family, &LineFault::Flood, true));
}

#[test]
fn a_switch_that_is_renamed_at_any_line_is_changed_all_the_same() {
    [&BLOCKS, &ROWS].iter().for_each(|family| at_every_line(family, &LineFault::Rename("access-2".to_owned()), true));
}

/// What was typed stays, for there nothing waits for anything; nothing of others does, and
/// the next Mercury makes of the port what it is asked to.
#[test]
fn a_mercury_that_is_killed_between_commands_leaves_the_port_alone_half_done() {
    for nth in 0.. {
        let switch = (ROWS.start)();
        let handle = switch.handle();
        let entry = (ROWS.entry)(&switch);
        let mut mercury = Mercury::serve(&[entry.with("reply_timeout", 60).with("commit_timeout", 60)]);
        handle.inject(nth, LineFault::Hang);
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": "attach_port", "params": attach(ROWS.port, 100)});
        let mut asked = Client::of(&mercury);
        asked.start("POST", "/", body.to_string().as_bytes());
        wait("the line, or the end", || handle.is_struck() || (ROWS.is_attached)(&handle));
        if !handle.is_struck() {
            assert!(nth >= ROWS.lines, "never struck: {:?}", handle.entered());
            return;
        }
        mercury.kill();
        let of_others = |rows: &str| {
            let is_ours = |row: &&str| !row.ends_with(" 2") && *row != "scope 100 local";
            let mut rows: Vec<String> = rows.lines().filter(is_ours).map(str::to_owned).collect();
            rows.sort();
            rows
        };
        assert_eq!(of_others(&handle.running()), of_others(ROWS_BEFORE), "at line {nth}: {:?}", handle.entered());
        let mercury = Mercury::serve(&[(ROWS.entry)(&switch)]);
        let answer = Client::of(&mercury).call("attach_port", &attach(ROWS.port, 100));
        assert!((ROWS.is_attached)(&handle), "at line {nth}: {answer:?}\n{}", handle.running());
    }
}
