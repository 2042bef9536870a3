//! Signals: what was begun is finished or undone in time, and what does not ask
//! for an end ends nothing.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, ChildStderr},
    time::{Duration, Instant},
};

use mercury_sim::Mode;
use serde_json::{Value, json};

use crate::harness::{
    Client, Datastores, Entry, Face, LIMIT, Mercury, Peer, Setup, Simulated, Switch, block_on, signal,
};

fn update(switch: &str) -> Value {
    json!({"switch_id": switch, "port_name": "Ethernet1", "mode": "access", "native_vlan": 100})
}

fn ask(mercury: &Mercury, switch: &str) -> Client {
    let mut caller = Client::of(mercury);
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "update_port", "params": update(switch)});
    caller.start("POST", "/", body.to_string().as_bytes());
    caller
}

fn patient(entry: Entry) -> Entry {
    entry.with("confirm_timeout", 600).with("commit_timeout", 600).with("reply_timeout", 600)
}

#[test]
fn signals_that_ask_for_no_end_end_nothing() {
    let switch = Simulated::start(Mode::Candidate);
    let mut mercury = Mercury::serve(&[switch.entry("leaf1")]);
    let mut client = Client::of(&mercury);
    for name in ["HUP", "USR1", "USR2", "QUIT", "PIPE"] {
        mercury.signal(name);
        if name != "PIPE" {
            mercury.stderr.wait_json(name, |line| line["signal"] == format!("SIG{name}"));
        }
        client.done("update_port", &update("leaf1"));
    }
    mercury.signal("INT");
    assert!(mercury.wait().success());
}

/// Two switches hang in the middle of a commit that would wait for ten minutes
/// to be confirmed; both are undone side by side, and whoever asked is told.
#[test]
fn what_does_not_end_in_time_is_undone_and_told() {
    let switches =
        [Simulated::start(Mode::Candidate), Simulated::start(Mode::Candidate), Simulated::gnmi(Face::Confirmed)];
    let entries: Vec<_> =
        switches.iter().zip(["one", "two", "three"]).map(|(switch, name)| patient(switch.entry(name))).collect();
    let setup = Setup::new().switches(&entries).settings("[limits]\nstop_timeout = 10\n");
    let mut mercury = setup.serve();
    let (mut callers, mut faults) = (Vec::new(), Vec::new());
    for (switch, name) in switches.iter().zip(["one", "two", "three"]) {
        let held = if name == "three" { "gnmi-set:1:after:hold" } else { "commit:1:after:hold" };
        let fault = switch.handle().inject(held.parse().unwrap());
        callers.push((name, ask(&mercury, name), ask(&mercury, name)));
        block_on(switch.handle().held(fault));
        faults.push(fault);
    }
    let told = Instant::now();
    mercury.terminate();
    for (switch, fault) in switches.iter().zip(faults) {
        let_go(switch, fault, 0);
    }
    for (name, one, other) in callers {
        // Whichever came first was begun.
        let answers = [one, other].map(|mut caller| caller.response().expect("an answer").json());
        let said = |words: &str, kind: Option<&str>| {
            answers.iter().any(|answer| {
                let error = &answer["error"];
                error["message"].as_str().is_some_and(|message| message.contains(words))
                    && kind.is_none_or(|kind| error["data"]["kind"] == kind)
            })
        };
        assert!(said("it was undone", None) && said("nothing was sent", Some("busy")), "{name}: {answers:?}");
    }
    assert!(mercury.wait().success());
    assert!(told.elapsed() < Duration::from_secs(12), "{:?}", told.elapsed());
    for switch in &switches {
        assert_eq!(switch.look().port("Ethernet1").vlans, "none");
        assert_eq!(switch.handle().pending_commit(), None);
    }
}

/// A switch that is gone for good cannot be undone; that is said, in time.
#[test]
fn what_cannot_be_undone_in_time_is_told_as_unknown() {
    let switch = Simulated::start(Mode::Candidate);
    let setup = Setup::new().switches(&[patient(switch.entry("leaf1"))]).settings("[limits]\nstop_timeout = 4\n");
    let mut mercury = setup.serve();
    let fault = switch.handle().inject("commit:1:after:hold".parse().unwrap());
    let mut caller = ask(&mercury, "leaf1");
    block_on(switch.handle().held(fault));
    let told = Instant::now();
    drop(switch);
    mercury.terminate();
    let answer = caller.response().expect("an answer").json();
    assert_eq!(answer["error"]["data"]["kind"], "unknown", "{answer}");
    assert!(mercury.wait().success());
    assert!(told.elapsed() < Duration::from_secs(6), "{:?}", told.elapsed());
    let line =
        mercury.stderr.wait_json("which switch it was", |line| line["switch"] == "leaf1" && line["level"] == "ERROR");
    assert!(line["message"].as_str().unwrap().contains("within 600 s"), "{line}");
}

/// How often a switch was spoken to so far.
fn times(switch: &Simulated) -> u64 {
    let counted = switch.handle().counters();
    counted.sessions + counted.connections
}

/// A session that is held does not notice that its peer has gone; the next one, the second
/// after so many, is the one that looks for the truth.
fn let_go(switch: &Simulated, fault: mercury_sim::FaultId, before: u64) {
    let end = Instant::now() + LIMIT;
    while times(switch) < before + 2 {
        assert!(Instant::now() < end, "nobody looked for the truth");
        std::thread::yield_now();
    }
    switch.handle().release(fault);
}

const ATTACH: [&str; 5] = ["attach", "leaf1", "Ethernet1", "--access", "100"];

fn ended(command: Child) -> (Option<i32>, String) {
    let ended = command.wait_with_output().unwrap();
    (ended.status.code(), String::from_utf8(ended.stderr).unwrap())
}

#[test]
fn a_command_that_is_interrupted_undoes_what_it_began() {
    for (name, held) in
        [("INT", "commit:1:after:hold"), ("TERM", "get-config:2:before:hold"), ("HUP", "lock:1:before:hold")]
    {
        let switch = Simulated::start(Mode::Candidate);
        let setup = Setup::new().switches(&[patient(switch.entry("leaf1"))]);
        let fault = switch.handle().inject(held.parse().unwrap());
        let command = setup.begin(&ATTACH);
        block_on(switch.handle().held(fault));
        signal(&command, name);
        if name != "HUP" {
            let_go(&switch, fault, 0);
        }
        let (code, said) = ended(command);
        assert_eq!(code, Some(1), "{name}: {said}");
        let undone = if name == "HUP" { "nothing was sent" } else { "it was undone and the switch is as before" };
        assert!(said.contains(undone), "{name}: {said}");
        assert_eq!(switch.look().port("Ethernet1").vlans, "none", "{name}: {said}");
        assert_eq!(switch.handle().pending_commit(), None, "{name}: {said}");
    }
}

/// It began nothing that would have to be undone.
#[test]
fn a_dry_run_that_is_interrupted_says_that_nothing_was_changed() {
    let switch = Simulated::start(Mode::Candidate);
    let setup = Setup::new().switches(&[patient(switch.entry("leaf1"))]);
    let fault = switch.handle().inject("get-config:1:before:hold".parse().unwrap());
    let command = setup.begin(&["plan", "leaf1", "Ethernet1", "--access", "110"]);
    block_on(switch.handle().held(fault));
    signal(&command, "TERM");
    let (code, said) = ended(command);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("SIGTERM: stopping; nothing was changed") && !said.contains("undoing"), "{said}");
}

#[test]
fn a_bench_on_a_real_switch_that_is_interrupted_undoes_what_it_began() {
    let switch = Simulated::start(Mode::Candidate);
    let setup = Setup::new().switches(&[patient(switch.entry("leaf1"))]);
    let fault = switch.handle().inject("commit:1:after:hold".parse().unwrap());
    let command = setup.begin(&["bench", "--switch", "leaf1", "--port", "Ethernet1", "--write"]);
    block_on(switch.handle().held(fault));
    signal(&command, "INT");
    let_go(&switch, fault, 0);
    let (code, said) = ended(command);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("undoing what was begun"), "{said}");
    assert_eq!(switch.look().port("Ethernet1").vlans, "none", "{said}");
    assert_eq!(switch.handle().pending_commit(), None, "{said}");
}

/// What it writes to try a port is put back, whether the signal comes before or after.
#[test]
fn a_probe_that_writes_puts_back_what_it_wrote_when_it_is_interrupted() {
    for held in ["commit:1:after:hold", "commit:2:after:hold", "edit-config:2:before:hold"] {
        let switch = Simulated::start(Mode::Candidate);
        let setup = Setup::new().switches(&[patient(switch.entry("leaf1"))]);
        let before = switch.handle().xml(mercury_sim::Datastore::Running);
        let fault = switch.handle().inject(held.parse().unwrap());
        let mut command = setup.begin(&["switch", "probe", "leaf1", "--write", "Ethernet1"]);
        block_on(switch.handle().held(fault));
        signal(&command, "INT");
        let rest = heard(&mut command);
        switch.handle().release(fault);
        let output = command.wait_with_output().unwrap();
        let said = std::io::read_to_string(rest).unwrap() + &String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0), "{held}: {said}");
        assert!(said.contains("read back, and undone"), "{held}: {said}");
        assert_eq!(switch.handle().xml(mercury_sim::Datastore::Running), before, "{held}: {said}");
        assert_eq!(switch.handle().pending_commit(), None, "{held}: {said}");
    }
}

#[test]
fn a_command_that_cannot_undo_says_what_may_be_pending_and_until_when() {
    let switch = Simulated::start(Mode::Candidate);
    let setup = Setup::new().switches(&[patient(switch.entry("leaf1"))]).settings("[limits]\nstop_timeout = 3\n");
    let fault = switch.handle().inject("commit:1:after:hold".parse().unwrap());
    let command = setup.begin(&ATTACH);
    block_on(switch.handle().held(fault));
    drop(switch);
    signal(&command, "INT");
    let (code, said) = ended(command);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("leaf1") && said.contains("pending") && said.contains("within 600 s"), "{said}");
}

/// So does a plan that is applied; asked twice, it says what may be pending. Neither leaves a lock.
#[test]
fn an_apply_that_is_interrupted_leaves_no_lock_and_says_what_is_pending() {
    let switch = Simulated::start(Mode::Candidate);
    let setup = Setup::new().switches(&[patient(switch.entry("leaf1"))]);
    let plan = setup.path().join("plan.json").to_str().unwrap().to_owned();
    let saved = setup.run(&["plan", "--save", &plan, "leaf1", "Ethernet1", "--access", "110"]);
    assert_eq!(saved.code(), 0, "{}", saved.stderr);
    for is_twice in [false, true] {
        let fault = switch.handle().inject("commit:1:after:hold".parse().unwrap());
        let before = times(&switch);
        let mut command = setup.begin(&["apply", &plan]);
        block_on(switch.handle().held(fault));
        assert!(switch.handle().pending_commit().is_some());
        signal(&command, "INT");
        let rest = heard(&mut command);
        if is_twice {
            signal(&command, "INT");
        } else {
            let_go(&switch, fault, before);
        }
        assert_eq!(command.wait().unwrap().code(), Some(1));
        let said = std::io::read_to_string(rest).unwrap();
        let words =
            if is_twice { ["leaf1: ", "pending", "within 600 s"] } else { ["it was undone", "leaf1", "as before"] };
        assert!(words.iter().all(|word| said.contains(word)), "{said}");
        switch.handle().clear_faults();
        let end = Instant::now() + LIMIT;
        while switch.handle().session_count() > 0 {
            assert!(Instant::now() < end, "a session is left");
            std::thread::yield_now();
        }
        for store in [mercury_sim::Datastore::Running, mercury_sim::Datastore::Candidate] {
            assert_eq!(switch.handle().lock_holder(store), None, "{said}");
        }
        // The second one got Mercury's own lock, and so would a third.
        let lock = setup.run(&["plan", "leaf1", "Ethernet2", "--access", "110"]);
        assert_eq!(lock.code(), 0, "{}", lock.stderr);
        assert_eq!(switch.handle().pending_commit().is_some(), is_twice);
    }
}

/// Waits until it has said that it was asked to end; what it says after that.
fn heard(command: &mut Child) -> BufReader<ChildStderr> {
    let mut said = BufReader::new(command.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("SIGINT: ") {
        line.clear();
        assert!(said.read_line(&mut line).unwrap() > 0, "it ended and heard nothing");
    }
    said
}

/// What changes nothing leaves nothing either: no lock, no session, nothing staged.
#[test]
fn a_question_that_is_interrupted_leaves_nothing_behind() {
    let switch = Simulated::start(Mode::Candidate);
    let setup = Setup::new().switches(&[patient(switch.entry("leaf1"))]).settings("[limits]\nstop_timeout = 3\n");
    let table = setup.write("table.csv", "switch,port,mode,vlan\nleaf1,Ethernet1,access,110\n");
    let file = setup.write("candidate.xml", STAGED);
    let other = setup.write("other.xml", STAGED);
    let (table, file, other) = (table.to_str().unwrap(), file.to_str().unwrap(), other.to_str().unwrap());
    let plan = setup.path().join("plan.json").to_str().unwrap().to_owned();
    let whole = switch.handle().xml(mercury_sim::Datastore::Running);
    for (words, held) in [
        (&["plan", "--save", &plan, "leaf1", "Ethernet1", "--access", "110"][..], "get-config:1:before:hold"),
        (&["audit", "--expected", table], "get-config:1:before:hold"),
        (&["validate", file, other, "--on", "leaf1"], "validate:1:before:hold"),
    ] {
        let fault = switch.handle().inject(held.parse().unwrap());
        let mut command = setup.begin(words);
        block_on(switch.handle().held(fault));
        signal(&command, "INT");
        let rest = heard(&mut command);
        if words[0] == "validate" {
            switch.handle().release(fault);
        }
        let output = command.wait_with_output().unwrap();
        let said = std::io::read_to_string(rest).unwrap() + &String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(1), "{words:?}: {said}");
        switch.handle().clear_faults();
        assert!(!std::path::Path::new(&plan).exists(), "half a plan is saved: {said}");
        let end = Instant::now() + LIMIT;
        while switch.handle().session_count() > 0 {
            assert!(Instant::now() < end, "{words:?}: a session is left");
            std::thread::yield_now();
        }
        for store in [mercury_sim::Datastore::Running, mercury_sim::Datastore::Candidate] {
            assert_eq!(switch.handle().lock_holder(store), None, "{words:?}: {said}");
            assert_eq!(switch.handle().xml(store), whole, "{words:?}: {said}");
        }
        if words[0] == "validate" {
            assert!(said.contains("was not asked: SIGINT"), "{said}");
        }
    }
    assert_eq!(switch.handle().counters().commits, 0);
}

const STAGED: &str = "<config xmlns=\"urn:ietf:params:xml:ns:netconf:base:1.0\"><interfaces \
                      xmlns=\"http://openconfig.net/yang/interfaces\"><interface><name>Ethernet1</name><config>\
                      <name>Ethernet1</name><description>staged</description></config></interface></interfaces></config>";

/// The same on a server that nobody here wrote.
#[test]
fn netconfd_is_left_without_a_lock_by_what_is_interrupted() {
    let Some(Switch::Real(switch)) = Peer::Netconfd(Datastores::Candidate).own() else { return };
    let setup = Setup::new().switches(&[patient(switch.entry("leaf1"))]).settings("[limits]\nstop_timeout = 3\n");
    let table = setup.write("table.csv", "switch,port,mode,vlan\nleaf1,Ethernet1,access,110\n");
    let file = setup.write("candidate.xml", STAGED);
    let (table, file) = (table.to_str().unwrap(), file.to_str().unwrap());
    let look = || ["running", "candidate"].map(|store| switch.look_at(store));
    let before = look();
    for (words, operation) in [
        (&["plan", "leaf1", "Ethernet1", "--access", "110"][..], "get-config"),
        (&["audit", "--expected", table], "get-config"),
        (&["validate", file, "--on", "leaf1"], "validate"),
    ] {
        switch.arm(&json!({"op": operation, "nth": 1, "moment": "before", "action": "hold"}));
        let mut command = setup.begin(words);
        switch.wait_held();
        signal(&command, "INT");
        let rest = heard(&mut command);
        switch.release();
        let output = command.wait_with_output().unwrap();
        let said = std::io::read_to_string(rest).unwrap() + &String::from_utf8(output.stdout).unwrap();
        assert!(output.status.code().is_some_and(|code| code < 2), "{words:?}: {said}");
        let locks = switch.locks();
        assert!(locks.as_object().is_none_or(|locks| locks.values().all(Value::is_null)), "{words:?}: {locks}");
        assert!(look() == before, "{words:?}: another client sees a change");
    }
}
