//! Callers that hang up, wait too short or never finish.

use super::*;

#[test]
fn a_change_is_finished_when_the_caller_hangs_up() {
    let stage = Stage::with(Simulated::start(Mode::Candidate));
    let handle = stage.switch.handle();
    let fault = handle.inject("commit:1:before:hold".parse().unwrap());
    let mut caller = Client::of(&stage.mercury);
    let mut params = update("Ethernet1");
    params["context"] = json!({"request_id": "req-gone"});
    caller.start("POST", "/", &request(&json!(1), "update_port", &params));
    block_on(handle.held(fault));
    drop(caller);
    // The hang-up has been noticed once a later caller on the same service was answered.
    Client::of(&stage.mercury).done("get_switches", &json!({}));
    handle.release(fault);
    let line = stage.mercury.request("req-gone");
    assert_eq!(line["outcome"], "committed", "{line}");
    assert_eq!(stage.port("Ethernet1").vlans, "access 100");
    assert_eq!(handle.pending_commit(), None);
}

/// The caller says how long it waits, and is told what that means for its change.
#[test]
fn a_caller_that_waits_too_short_is_told_whether_anything_was_begun() {
    let stage = Stage::with(Simulated::start(Mode::Candidate));
    let handle = stage.switch.handle();
    let fault = handle.inject("commit:1:before:hold".parse().unwrap());
    let ask = |port: &str| {
        let error = Client::of(&stage.mercury).preferring("wait=1").fails("update_port", &update(port));
        (error.kind().to_owned(), error.data["retry"].clone())
    };
    assert_eq!(ask("Ethernet1"), ("unknown".to_owned(), json!(false)), "at its commit");
    assert_eq!(ask("Ethernet2"), ("timeout".to_owned(), json!(true)), "behind it in the queue");
    handle.release(fault);
    // A third one is served after the second would have been.
    Client::of(&stage.mercury).done("update_port", &update("Ethernet3"));
    assert_eq!(stage.port("Ethernet1").vlans, "access 100");
    assert_eq!(stage.port("Ethernet2").vlans, "none");
}

/// Requests that share a commit have begun when there is something to send, not when
/// their turn has come.
#[test]
fn callers_who_gave_up_before_anything_was_read_are_told_that_nothing_was_sent() {
    let stage = Stage::with(Simulated::start(Mode::Candidate));
    let handle = stage.switch.handle();
    let first = handle.inject("commit:1:before:hold".parse().unwrap());
    let second = handle.inject("lock:3:before:hold".parse().unwrap());
    let ask = |port: &str, prefer: Option<&'static str>| {
        let mut caller = Client::of(&stage.mercury);
        if let Some(prefer) = prefer {
            caller = caller.preferring(prefer);
        }
        caller.start("POST", "/", &request(&json!(1), "update_port", &update(port)));
        caller
    };
    let mut before = ask("Ethernet9", None);
    block_on(handle.held(first));
    let callers = [ask("Ethernet1", Some("wait=2")), ask("Ethernet2", Some("wait=2"))];
    let mut patient = ask("Ethernet3", None);
    handle.release(first);
    block_on(handle.held(second));
    for mut caller in callers {
        let answer = caller.response().expect("an answer").json();
        assert_eq!(answer["error"]["data"]["kind"], "timeout", "{answer}");
    }
    handle.release(second);
    for caller in [&mut before, &mut patient] {
        assert_eq!(caller.response().expect("an answer").json()["result"]["outcome"], "committed");
    }
    assert_eq!(stage.port("Ethernet3").vlans, "access 100");
    assert_eq!((stage.port("Ethernet1"), stage.port("Ethernet2")), (Port::default(), Port::default()));
}

#[test]
fn a_change_on_netconfd_is_finished_when_the_caller_hangs_up() {
    let Some(switch) = netconfd(Datastores::Candidate) else { return };
    let mercury = Mercury::serve(&[switch.entry("leaf1")]);
    switch.arm(&json!({"op": "commit", "nth": 1, "moment": "before", "action": "hold"}));
    let mut caller = Client::of(&mercury);
    let mut params = update("Ethernet1");
    params["context"] = json!({"request_id": "req-gone"});
    caller.start("POST", "/", &request(&json!(1), "update_port", &params));
    switch.wait_held();
    drop(caller);
    Client::of(&mercury).done("get_switches", &json!({}));
    switch.release();
    assert_eq!(mercury.request("req-gone")["outcome"], "committed");
    assert_eq!(switch.look().port("Ethernet1").vlans, "access 100");
}

#[test]
fn half_sent_headers_are_cut_off() {
    let switch = Simulated::start(Mode::Candidate);
    let setup = Setup::new().switches(&[switch.entry("leaf1")]);
    let mercury = setup.settings("[limits]\nheader_timeout = 1\n").serve();
    for start in ["POST / HT", "POST / HTTP/1.1\r\nHost: x\r\nContent-Le"] {
        let mut client = Client::of(&mercury);
        client.send(start.as_bytes());
        let answer = client.response();
        assert!(answer.as_ref().is_none_or(|answer| answer.status == 408 || answer.status == 400), "{answer:?}");
    }
}
