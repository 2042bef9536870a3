//! A switch whose lines wait in a candidate: nothing is so before the commit, and what is
//! not confirmed is undone.

use mercury_sim::{CLI_PASSWORD, CLI_USER, CliHandle, CliSwitch, LineFault};
use serde_json::{Value, json};

use super::{attach, grammar};
use crate::harness::{Client, Entry, Mercury, RpcError, block_on, wait};

const PORT: &str = "xe-0/0/1";

/// As somebody else has configured it years ago.
const BEFORE: &str = "set version 21.4R3-S4.9
set groups lab interfaces <et-*> mtu 9216
set system host-name leaf-7
set chassis aggregated-devices ethernet device-count 4
set interfaces xe-0/0/1 description \"free, since 2019\"
set interfaces xe-0/0/1 unit 0 family ethernet-switching interface-mode access
set interfaces xe-0/0/1 unit 0 family ethernet-switching vlan members servers
set interfaces xe-0/0/2 native-vlan-id 10
set interfaces xe-0/0/2 unit 0 family ethernet-switching interface-mode trunk
set interfaces xe-0/0/2 unit 0 family ethernet-switching vlan members servers
set interfaces xe-0/0/2 unit 0 family ethernet-switching vlan members 100-200
set interfaces xe-0/0/3 unit 0 family inet address 192.0.2.1/31
set interfaces irb unit 10 family inet address 198.51.100.1/24
set protocols rstp interface xe-0/0/1 edge
set vlans servers vlan-id 10
set vlans servers l3-interface irb.10";

fn start() -> CliSwitch {
    block_on(CliSwitch::start(grammar::sets(), BEFORE)).unwrap()
}

fn entry(switch: &CliSwitch) -> Entry {
    Entry::new("leaf1")
        .text("protocol", "cli")
        .text("dialect", "juniper_junos")
        .text("address", &switch.addr().ip().to_string())
        .with("port", switch.addr().port())
        .text("username", CLI_USER)
        .text("password", CLI_PASSWORD)
        .with("host_key_fingerprints", format!("[{:?}]", switch.host_key_fingerprint()))
        .with("manage_vlans", true)
}

fn has(switch: &CliHandle, line: &str) -> bool {
    switch.running().lines().any(|own| own == line)
}

fn is_attached(switch: &CliHandle) -> bool {
    let port = "set interfaces xe-0/0/1 unit 0 family ethernet-switching";
    has(switch, &format!("{port} vlan members 100"))
        && has(switch, &format!("{port} interface-mode access"))
        && !has(switch, &format!("{port} vlan members servers"))
        && has(switch, "set vlans vlan-100 vlan-id 100")
}

#[test]
fn a_port_is_attached_and_detached_by_commits_that_are_confirmed() {
    let switch = start();
    let handle = switch.handle();
    let mercury = Mercury::serve(&[entry(&switch)]);
    let mut client = Client::of(&mercury);
    let answer = client.done("attach_port", &attach(PORT, 100));
    assert_eq!(answer["changed"], true, "{answer}");
    assert!(is_attached(&handle), "{}", handle.running());
    assert_eq!(handle.candidate(), None, "nobody is kept out any longer");
    let answer = client.done("attach_port", &attach(PORT, 100));
    assert_eq!(answer["changed"], false, "{answer}");
    client.done("detach_port", &attach(PORT, 100));
    let left: Vec<String> = handle.running().lines().filter(|line| line.contains(PORT)).map(str::to_owned).collect();
    assert_eq!(
        left,
        [
            "set interfaces xe-0/0/1 description \"free, since 2019\"",
            "set interfaces xe-0/0/1 unit 0 family ethernet-switching",
            "set protocols rstp interface xe-0/0/1 edge"
        ]
    );
    // What was confirmed is not undone.
    handle.lapse();
    for line in BEFORE.lines().filter(|line| !line.contains(PORT)) {
        assert!(has(&handle, line), "{line} is gone:\n{}", handle.running());
    }
}

/// Attaches with a fault at one line of configuration mode.
fn struck(nth: usize, fault: &LineFault) -> (CliHandle, Result<Value, RpcError>, bool) {
    let switch = start();
    let handle = switch.handle();
    let mercury = Mercury::serve(&[entry(&switch).with("reply_timeout", 2).with("commit_timeout", 2)]);
    handle.inject(nth, fault.clone());
    let answer = Client::of(&mercury).call("attach_port", &attach(PORT, 100));
    let is_struck = handle.is_struck();
    (handle, answer, is_struck)
}

/// Does so at one line after the other, to the last; what was asked for is either done to
/// stay, or not done, once the time for a commit that was not confirmed is over.
fn at_every_line(fault: &LineFault) {
    let before = start().handle().running();
    for nth in 0.. {
        let (switch, answer, is_struck) = struck(nth, fault);
        if !is_struck {
            assert!(nth >= 6, "{fault:?} at {nth} never struck: {answer:?} {:?}", switch.entered());
            return;
        }
        let place = || format!("{fault:?} at line {nth}: {answer:?}\n{:?}\n{}", switch.entered(), switch.running());
        match &answer {
            Ok(answer) => {
                assert_eq!(answer["changed"], true, "{}", place());
                switch.lapse();
                assert!(is_attached(&switch), "{}", place());
            }
            Err(error) if error.kind() == "unknown" => {
                switch.lapse();
                assert!(switch.running() == before || is_attached(&switch), "{}", place());
            }
            Err(_) => {
                assert_eq!(switch.running(), before, "{}", place());
                switch.lapse();
                assert_eq!(switch.running(), before, "{}", place());
            }
        }
    }
}

#[test]
fn a_line_that_is_refused_takes_those_before_it_along() {
    let words = "error: the moon is full";
    at_every_line(&LineFault::Refuse(words.to_owned()));
    let (_, answer, _) = struck(3, &LineFault::Refuse(words.to_owned()));
    let error = answer.unwrap_err();
    assert!(error.message.contains(words) && error.message.contains("bad-command"), "{error:?}");
}

#[test]
fn a_connection_that_ends_at_any_line_leaves_a_candidate_or_a_commit_to_go() {
    at_every_line(&LineFault::DropBefore);
    at_every_line(&LineFault::DropAfter);
}

#[test]
fn a_switch_that_hangs_or_floods_at_any_line_of_a_candidate_is_left_in_a_known_state() {
    at_every_line(&LineFault::Hang);
    at_every_line(&LineFault::Flood);
}

#[test]
fn a_switch_that_is_renamed_at_any_line_of_a_candidate_is_changed_all_the_same() {
    at_every_line(&LineFault::Rename("leaf-8".to_owned()));
}

/// Whoever commits next would confirm what a killed Mercury left to be confirmed.
#[test]
fn what_a_killed_mercury_did_not_confirm_is_undone_and_confirmed_by_nobody() {
    let switch = start();
    let handle = switch.handle();
    let before = handle.running();
    let mut mercury = Mercury::serve(&[entry(&switch).with("commit_timeout", 60)]);
    // Where the confirmation is, another switch tells.
    let (other, ..) = struck(usize::MAX, &LineFault::Hang);
    let confirms = other.entered().iter().position(|line| line == "commit").unwrap();
    handle.inject(confirms - 1, LineFault::Hang);
    let body = json!({"jsonrpc": "2.0", "method": "attach_port", "params": attach(PORT, 100), "id": 1});
    let mut client = Client::of(&mercury);
    client.start("POST", "/", body.to_string().as_bytes());
    wait("the read behind the commit", || handle.is_struck());
    mercury.kill();
    assert!(is_attached(&handle), "it waits to be confirmed");
    let mercury = Mercury::serve(&[entry(&switch).with("lock_wait", 0)]);
    let error = Client::of(&mercury).call("attach_port", &attach("xe-0/0/2", 100)).unwrap_err();
    assert!(error.message.contains("waits to be confirmed"), "{error:?}");
    handle.lapse();
    assert_eq!(handle.running(), before);
    Client::of(&mercury).done("attach_port", &attach(PORT, 100));
    assert!(is_attached(&handle), "{}", handle.running());
}

#[test]
fn a_mercury_that_is_killed_at_any_line_of_a_candidate_leaves_nothing_in_the_way() {
    for nth in 0.. {
        let switch = start();
        let handle = switch.handle();
        let before = handle.running();
        let mut mercury = Mercury::serve(&[entry(&switch).with("reply_timeout", 60).with("commit_timeout", 60)]);
        handle.inject(nth, LineFault::Hang);
        let body = json!({"jsonrpc": "2.0", "method": "attach_port", "params": attach(PORT, 100), "id": 1});
        let mut client = Client::of(&mercury);
        client.start("POST", "/", body.to_string().as_bytes());
        let is_over = || is_attached(&handle) && handle.candidate().is_none();
        let confirms = || handle.entered().iter().any(|line| line == "commit");
        wait("the line, or the end", || handle.is_struck() || (is_over() && confirms()));
        if !handle.is_struck() {
            assert!(nth >= 6, "never struck: {:?}", handle.entered());
            return;
        }
        mercury.kill();
        wait("the end of the session", || handle.candidate().is_none());
        let place = format!("at line {nth}: {:?}", handle.entered());
        handle.lapse();
        let stays = confirms();
        assert!(if stays { is_attached(&handle) } else { handle.running() == before }, "{place}\n{}", handle.running());
        let mercury = Mercury::serve(&[entry(&switch)]);
        let answer = Client::of(&mercury).done("attach_port", &attach(PORT, 100));
        handle.lapse();
        assert!(is_attached(&handle), "{place}: {answer}\n{}", handle.running());
    }
}

#[test]
fn the_name_of_another_vlan_is_not_taken_from_it() {
    let switch = start();
    let handle = switch.handle();
    handle.enter("set vlans vlan-100 vlan-id 77");
    let mercury = Mercury::serve(&[entry(&switch)]);
    let error = Client::of(&mercury).call("attach_port", &attach(PORT, 100)).unwrap_err();
    assert!(error.message.contains("vlan-100 is there already"), "{error:?}");
    assert!(has(&handle, "set vlans vlan-100 vlan-id 77"), "{}", handle.running());
    assert_eq!(handle.candidate(), None);
}
