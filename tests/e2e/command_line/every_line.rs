//! What goes wrong at one line of a script after the other.

mod committed;
mod lags;
mod members;

use std::{
    collections::BTreeSet,
    panic::resume_unwind,
    thread,
    time::{Duration, Instant},
};

use mercury_sim::{CLI_PASSWORD, CLI_USER, CliHandle, CliSwitch, LineFault};
use serde_json::{Value, json};

use super::{attach, bonds::bonded, entry, grammar, port, start};
use crate::harness::{Client, Entry, Mercury, RpcError, block_on, wait};

/// A family of command lines, by one of its systems, and what is asked of it.
struct Family {
    start: fn() -> CliSwitch,
    entry: fn(&CliSwitch) -> Entry,
    method: &'static str,
    asks: fn() -> Value,
    is_done: fn(&CliHandle) -> bool,
    /// Lines of that at which something can go wrong, at least.
    lines: usize,
    /// The line that leaves when all is done and saved; empty where none does.
    over: &'static str,
    /// What is said of a line that is not taken.
    refusal: &'static str,
    /// Whether what runs is saved.
    is_saved: bool,
}

/// Lines, each with the one that enters its block; their order says nothing, nor does a port of
/// which nothing is said.
fn lines(text: &str) -> BTreeSet<(String, String)> {
    let mut within = "";
    let mut all = BTreeSet::new();
    for line in text.lines().filter(|line| *line != "!") {
        within = if line.starts_with(' ') { within } else { line };
        let is_bare_port = line == within && line.starts_with("interface ") && line.split(' ').count() < 4;
        all.extend((!is_bare_port).then(|| (within.to_owned(), line.to_owned())));
    }
    all
}

/// Blocks of lines, and what is saved.
const BLOCKS: Family = Family {
    start,
    entry,
    method: "attach_port",
    asks: || attach(super::PORT, 100),
    is_done: |switch| port(switch, super::PORT).contains(&"switchport access vlan 100".to_owned()),
    lines: 3,
    over: "",
    refusal: REFUSED,
    is_saved: true,
};

const REFUSED: &str = "Command rejected: the moon is full";

/// Commands, each of which is so at once and kept.
const ROWS: Family = Family {
    start: || block_on(CliSwitch::start(grammar::rows(), ROWS_BEFORE)).unwrap(),
    entry: rows_entry,
    method: "attach_port",
    asks: || attach("2", 100),
    is_done: |switch| {
        let mut attached: Vec<&str> = ROWS_BEFORE.lines().filter(|row| !row.ends_with("tagged 10 2")).collect();
        attached.retain(|row| !row.ends_with("tagged 20 2"));
        attached.extend(["scope 100 local", "untagged 100 2"]);
        attached.sort_unstable();
        switch.running().lines().eq(attached)
    },
    lines: 3,
    over: "",
    refusal: "Error: the moon is full",
    is_saved: false,
};

/// The same, and a bond whose trunk gets its number in the midst of its lines.
const TRUNKS: Family = Family {
    entry: |switch| rows_entry(switch).text("lag_numbers", "7-9"),
    asks: || bonded(["2", "3"], 100),
    is_done: |switch| {
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
    method: "attach_port",
    asks: || attach(MEMBER, 100),
    is_done: |switch| {
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
    over: "",
    refusal: "% Error: the moon is full",
    is_saved: true,
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

/// Lines of a family that are tried at once: most of it is waiting.
const AT_ONCE: usize = 3;

/// Does something with each family, side by side.
fn each_family<const N: usize>(families: [&Family; N], does: impl Fn(&Family) + Sync) {
    thread::scope(|scope| {
        let does = &does;
        let all = families.map(|family| scope.spawn(move || does(family)));
        all.into_iter().for_each(|one| one.join().unwrap_or_else(|panic| resume_unwind(panic)));
    });
}

/// Does something at one line after the other, to the last, which it tells by `false`; there are so many, at
/// least.
fn each_line(least: usize, at: impl Fn(usize) -> bool + Sync) {
    for first in (0..).step_by(AT_ONCE) {
        let is_one: Vec<bool> = thread::scope(|scope| {
            let lines: Vec<_> = (first..first + AT_ONCE)
                .map(|nth| {
                    scope.spawn({
                        let at = &at;
                        move || at(nth)
                    })
                })
                .collect();
            lines.into_iter().map(|line| line.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
        });
        if let Some(last) = is_one.iter().position(|is_one| !is_one) {
            assert!(first + last >= least, "there are {} lines", first + last);
            return;
        }
    }
}

/// Attaches with a fault at one line of the script; once more, where nobody knows what became
/// of it.
fn struck(family: &Family, nth: usize, fault: &LineFault) -> (CliHandle, Result<Value, RpcError>, bool) {
    let switch = (family.start)();
    let handle = switch.handle();
    // As long as it takes, where something is said.
    let patience = if matches!(fault, LineFault::Hang | LineFault::Flood) { 3 } else { 30 };
    let entry = (family.entry)(&switch).with("reply_timeout", patience).with("commit_timeout", patience);
    let mercury = Mercury::serve(&[entry]);
    handle.inject(nth, fault.clone());
    let answer = Client::of(&mercury).call(family.method, &(family.asks)());
    let is_struck = handle.is_struck();
    if answer.as_ref().is_err_and(|error| error.kind() == "unknown") {
        let next = Client::of(&mercury).call(family.method, &(family.asks)());
        assert!(next.is_ok() && (family.is_done)(&handle), "{fault:?} at line {nth}: {next:?}\n{}", handle.running());
    }
    (handle, answer, is_struck)
}

/// Does so at one line after the other, to the last; what was asked for is either
/// done and saved, or undone and not saved.
fn at_every_line(family: &Family, fault: &LineFault, may_be_done: bool) {
    let before = lines(&(family.start)().handle().running());
    each_line(family.lines, |nth| {
        let (switch, answer, is_struck) = struck(family, nth, fault);
        if !is_struck {
            return false;
        }
        let entered = switch.entered();
        let place = format!("{fault:?} at line {nth}: {answer:?}\n{entered:?}\n{}", switch.running());
        let is_unknown = answer.as_ref().is_err_and(|error| error.kind() == "unknown");
        if family.is_saved && !is_unknown {
            let expected = if answer.is_ok() { lines(&switch.running()) } else { before.clone() };
            assert_eq!(lines(&switch.startup()), expected, "{place}");
        }
        let may_be_done = may_be_done || entered.get(nth).is_some_and(|line| *line == family.over);
        match &answer {
            Ok(answer) => {
                assert!(may_be_done && answer["changed"] == true, "{place}");
                assert!((family.is_done)(&switch), "{place}");
            }
            Err(error) if error.kind() == "unknown" => assert!((family.is_done)(&switch), "{place}"),
            Err(_) => assert_eq!(lines(&switch.running()), before, "{place}"),
        }
        true
    });
}

fn refused_at_every_line(family: &Family) {
    at_every_line(family, &LineFault::Refuse(family.refusal.to_owned()), false);
}

fn ended_at_every_line(family: &Family) {
    at_every_line(family, &LineFault::DropBefore, true);
    at_every_line(family, &LineFault::DropAfter, true);
    at_every_line(family, &LineFault::Closed("*** Line cleared by an administrator ***".to_owned()), true);
}

#[test]
fn a_line_that_is_refused_undoes_those_before_it_and_says_so() {
    let (_, answer, _) = struck(&BLOCKS, 2, &LineFault::Refuse(REFUSED.to_owned()));
    let error = answer.unwrap_err();
    assert!(error.message.contains(REFUSED) && error.message.contains("bad-command"), "{error:?}");
    each_family([&BLOCKS, &ROWS, &TRUNKS, &MEMBERS], refused_at_every_line);
}

/// Where no switch disables a port that leaves an aggregate, or says that it does, somebody did.
#[test]
fn a_port_that_somebody_shuts_while_it_joins_an_aggregate_stays_shut_when_that_is_undone() {
    let family = Family {
        entry: |switch| entry(switch).text("lag_numbers", "7-9").with("default_vlan", 10),
        asks: || {
            let links = ["GigabitEthernet1/0/1", "GigabitEthernet1/0/3"]
                .map(|port| json!({"switch_id": "leaf1", "port_id": port}));
            json!({"network": 100, "port": {"binding:profile": {
                "local_link_information": links,
                "local_group_information": {
                    "id": "8d1f00aa-0000-4000-8000-000000000000", "name": "bond-a", "bond_mode": "802.3ad"},
            }}})
        },
        ..BLOCKS
    };
    let enter = format!("interface {}\nshutdown", super::PORT);
    let fault = LineFault::Others { enter, words: REFUSED.to_owned() };
    each_line(6, |nth| {
        let (handle, answer, is_struck) = struck(&family, nth, &fault);
        if !is_struck {
            return false;
        }
        let place = format!("at line {nth}: {answer:?}\n{:?}\n{}", handle.entered(), handle.running());
        assert!(answer.is_err() && port(&handle, super::PORT).contains(&"shutdown".to_owned()), "{place}");
        assert!(!handle.running().contains("channel-group"), "{place}");
        true
    });
}

#[test]
fn a_connection_that_ends_at_any_line_leaves_a_known_state() {
    each_family([&BLOCKS, &ROWS, &TRUNKS, &MEMBERS], ended_at_every_line);
}

#[test]
fn a_switch_that_takes_its_time_over_each_line_is_waited_for() {
    let switch = (BLOCKS.start)();
    let (handle, latency) = (switch.handle(), Duration::from_millis(40));
    handle.delay(latency);
    handle.inject(usize::MAX, LineFault::Hang);
    let mercury = Mercury::serve(&[(BLOCKS.entry)(&switch)]);
    let began = Instant::now();
    Client::of(&mercury).done(BLOCKS.method, &(BLOCKS.asks)());
    assert!((BLOCKS.is_done)(&handle) && !handle.entered().is_empty());
    assert!(began.elapsed() >= latency * u32::try_from(handle.entered().len()).unwrap());
}

#[test]
fn a_switch_that_hangs_at_any_line_is_left_in_a_known_state() {
    each_family([&BLOCKS, &ROWS], |family| at_every_line(family, &LineFault::Hang, true));
}

#[test]
fn a_switch_that_floods_at_any_line_is_left_in_a_known_state() {
    each_family([&BLOCKS, &ROWS], |family| at_every_line(family, &LineFault::Flood, true));
}

#[test]
fn a_switch_that_is_renamed_at_any_line_is_changed_all_the_same() {
    each_family([&BLOCKS, &ROWS], |family| at_every_line(family, &LineFault::Rename("access-2".to_owned()), true));
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
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": "attach_port", "params": (ROWS.asks)()});
        let mut asked = Client::of(&mercury);
        asked.start("POST", "/", body.to_string().as_bytes());
        wait("the line, or the end", || handle.is_struck() || (ROWS.is_done)(&handle));
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
        let answer = Client::of(&mercury).call("attach_port", &(ROWS.asks)());
        assert!((ROWS.is_done)(&handle), "at line {nth}: {answer:?}\n{}", handle.running());
    }
}

/// What a killed Mercury leaves: nothing is saved that was not asked for, nothing of others is
/// touched, and the next one makes of the port what it is asked to. Where lines wait for a
/// commit, all of them are so or none is.
fn killed_at_every_line(family: &Family, is_whole: bool) {
    let before = lines(&(family.start)().handle().running());
    each_line(family.lines, |nth| {
        let switch = (family.start)();
        let handle = switch.handle();
        let entry = (family.entry)(&switch);
        let mut mercury = Mercury::serve(&[entry.with("reply_timeout", 60).with("commit_timeout", 60)]);
        handle.inject(nth, LineFault::Hang);
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": family.method, "params": (family.asks)()});
        let mut asked = Client::of(&mercury);
        asked.start("POST", "/", body.to_string().as_bytes());
        let is_over = || (family.is_done)(&handle) && (!family.is_saved || handle.startup() == handle.running());
        wait("the line, or the end", || handle.is_struck() || is_over());
        if !handle.is_struck() {
            return false;
        }
        mercury.kill();
        let place = format!("at line {nth}: {:?}\n{}", handle.entered(), handle.running());
        let is_before = |text: &str| lines(text) == before;
        assert!(!is_whole || is_before(&handle.running()) || (family.is_done)(&handle), "{place}");
        assert!(!family.is_saved || is_before(&handle.startup()) || handle.startup() == handle.running(), "{place}");
        let mercury = Mercury::serve(&[(family.entry)(&switch)]);
        let answer = Client::of(&mercury).call(family.method, &(family.asks)());
        assert!((family.is_done)(&handle), "{place}\n{answer:?}\n{}", handle.running());
        assert!(!family.is_saved || handle.startup() == handle.running(), "{place}\n{answer:?}");
        true
    });
}
