//! What fails on one side, or is killed, is as before on both, or known.

use std::{
    os::unix::net::UnixStream,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::SeqCst},
    },
};

use mercury_sim::Mode;
use serde_json::{Value, json};

use super::{card, entry, entry_at, leaf, smart_nic, switches, uplink, vlans};
use crate::{
    command_line::bridge::Bridge,
    harness::{Client, Entry, Mercury, RpcError, Simulated, wait},
    ovsdb::{
        interrupted::{once, restart, signal},
        relay::{Act, Message, Relay},
    },
};

/// More messages than an attach or a detach has on the card's side.
const MESSAGES: usize = 6;

fn patient(entry: Entry) -> Entry {
    entry.with("connect_timeout", 5).with("reply_timeout", 5).with("commit_timeout", 5).with("lock_wait", 20)
}

fn relayed(relay: &Relay) -> Entry {
    patient(entry_at("dpu7", &relay.address(), "leaf1"))
}

/// What of the card and of the switch is so.
fn both(bridge: &Bridge, switch: &Simulated) -> [String; 2] {
    let tag = bridge.vsctl(&["--no-wait", "get", "port", "pf0hpf", "vlan_mode", "tag"]).replace('\n', " ");
    [tag, uplink(switch)]
}

const ON_903: [&str; 2] = ["access 903", "trunk 903"];
const ON_100: [&str; 2] = ["access 100", "trunk 100"];
const OFF: [&str; 2] = ["trunk []", "none"];

fn asked(method: &str, vlan: u16) -> (&'static str, Value) {
    let method = if method == "detach_port" { "detach_port" } else { "attach_port" };
    (method, smart_nic("pf0hpf", &json!(vlan)))
}

fn call(mercury: &Mercury, method: &str, vlan: u16) -> Result<Value, RpcError> {
    let (method, asked) = asked(method, vlan);
    Client::of(mercury).call(method, &asked)
}

/// A switch that refuses takes the card with it, and both are named.
#[test]
fn where_the_switch_fails_the_card_is_as_before() {
    let Some(bridge) = card() else { return };
    for switch in switches() {
        let mercury = Mercury::serve(&[leaf(&switch), entry(&bridge)]);
        call(&mercury, "attach_port", 903).unwrap();
        for (method, vlan) in [("attach_port", 100), ("detach_port", 903)] {
            for fault in ["commit:*:before:refuse:operation-failed", "gnmi-set:*:before:refuse:operation-failed"] {
                switch.handle().inject(fault.parse().unwrap());
            }
            let changes = || bridge.vsctl(&["get", "open_vswitch", ".", "next_cfg"]).parse::<u32>().unwrap();
            let before = changes();
            let error = call(&mercury, method, vlan).unwrap_err();
            switch.handle().clear_faults();
            // What comes goes to the switch first, and what goes leaves the card first.
            assert_eq!(changes() - before, if method == "detach_port" { 2 } else { 0 }, "{method}: {error:?}");
            assert!(error.message.contains("leaf1: ") && error.message.contains("dpu7: "), "{method}: {error:?}");
            assert_ne!(error.kind(), "unknown", "{method}: {error:?}");
            assert_eq!(both(&bridge, &switch), ON_903, "{method}: {error:?}");
        }
        call(&mercury, "detach_port", 903).unwrap();
        assert_eq!(both(&bridge, &switch), OFF);
    }
}

/// The database takes what nobody applies.
#[test]
fn where_ovs_vswitchd_is_stopped_the_switch_is_as_before() {
    let Some(bridge) = card() else { return };
    for switch in switches() {
        let mercury = Mercury::serve(&[leaf(&switch), patient(entry(&bridge))]);
        call(&mercury, "attach_port", 903).unwrap();
        signal(&bridge, "vs.pid", "-STOP");
        for (method, vlan) in [("attach_port", 100), ("detach_port", 903)] {
            let error = call(&mercury, method, vlan).unwrap_err();
            assert!(error.message.contains("ovs-vswitchd"), "{method}: {error:?}");
            assert_eq!(both(&bridge, &switch), ON_903, "{method}: {error:?}");
        }
        signal(&bridge, "vs.pid", "-CONT");
        call(&mercury, "detach_port", 903).unwrap();
        assert_eq!(both(&bridge, &switch), OFF);
    }
}

/// Who changed the representor after it was read is not overwritten, and the switch is as
/// before.
#[test]
fn what_somebody_else_wrote_on_the_card_meanwhile_stays() {
    let Some(bridge) = card() else { return };
    let bridge = Arc::new(bridge);
    let theirs = Arc::clone(&bridge);
    let (relay, armed) = once(&bridge, Message::is_commit, move || {
        theirs.vsctl(&["set", "port", "pf0hpf", "tag=55"]);
        Act::Pass
    });
    let switch = Simulated::start(Mode::Candidate);
    let mercury = Mercury::serve(&[leaf(&switch), relayed(&relay)]);
    call(&mercury, "attach_port", 903).unwrap();
    armed.store(true, SeqCst);
    let error = call(&mercury, "attach_port", 100).unwrap_err();
    assert!(error.message.contains("somebody else") && error.message.contains("leaf1: rolled-back"), "{error:?}");
    assert_eq!(both(&bridge, &switch), ["access 55", "trunk 903"]);
}

/// A representor that is gone.
#[test]
fn where_the_representor_is_missing_nothing_is_done() {
    let Some(bridge) = card() else { return };
    let switch = Simulated::start(Mode::Candidate);
    let mercury = Mercury::serve(&[leaf(&switch), entry(&bridge)]);
    bridge.vsctl(&["del-port", "br0", "pf0hpf"]);
    assert_eq!(Client::of(&mercury).done("is_link_valid", &smart_nic("pf0hpf", &json!(100))), json!(false));
    let error = call(&mercury, "attach_port", 100).unwrap_err();
    assert!(error.message.contains("pf0hpf"), "{error:?}");
    assert_eq!(uplink(&switch), "none");
    // Without its uplink it is no DPU any more.
    bridge.vsctl(&["del-port", "br0", "p0"]);
    let error = Client::of(&mercury).call("attach_port", &smart_nic("pf0vf0", &json!(100))).unwrap_err();
    assert!(error.message.contains("NIC mode"), "{error:?}");
    assert_eq!((uplink(&switch).as_str(), vlans(&bridge, "pf0vf0").as_str()), ("none", "trunk [] [4095]"));
}

/// Does something at each message between Mercury and the card: what was said is so on
/// both sides.
fn at_each_message(act: impl Fn(&Bridge) -> Act + Send + Sync + 'static) {
    let Some(bridge) = card() else { return };
    let bridge = Arc::new(bridge);
    let (count, at) = (Arc::new(AtomicUsize::new(usize::MAX)), Arc::new(AtomicUsize::new(0)));
    let acting = Arc::clone(&bridge);
    let relay = Relay::start(&bridge.path("db.sock"), bridge.path("relay.sock"), {
        let (count, at) = (Arc::clone(&count), Arc::clone(&at));
        move |message| {
            if message.object["method"] == "echo" || message.object["id"] == "echo" {
                return Act::Pass;
            }
            let number = count.load(SeqCst);
            count.store(number.saturating_add(1), SeqCst);
            if number == at.load(SeqCst) { act(&acting) } else { Act::Pass }
        }
    });
    let switch = Simulated::start(Mode::Candidate);
    let mercury = Mercury::serve(&[leaf(&switch), relayed(&relay)]);
    for number in 0..MESSAGES {
        for (method, vlan, after) in [("attach_port", 100, ON_100), ("detach_port", 903, OFF)] {
            call(&mercury, "attach_port", 903).unwrap_or_else(|error| panic!("{number}: {error:?}"));
            at.store(number, SeqCst);
            count.store(0, SeqCst);
            let said = call(&mercury, method, vlan);
            assert!(count.load(SeqCst) > number, "message {number} never came");
            count.store(usize::MAX, SeqCst);
            wait("the server", || UnixStream::connect(bridge.path("db.sock")).is_ok());
            let now = both(&bridge, &switch);
            match &said {
                Ok(_) => assert_eq!(now, after, "{method} {number}: {said:?}"),
                Err(error) => {
                    assert_ne!(error.kind(), "unknown", "{method} {number}: {error:?}");
                    assert_eq!(now, ON_903, "{method} {number}: {error:?}");
                }
            }
        }
    }
}

#[test]
fn cut_behind_any_message_of_the_card() {
    at_each_message(|_| Act::CutBehind);
}

#[test]
fn the_server_of_the_card_killed_at_any_message() {
    at_each_message(|bridge| {
        restart(bridge);
        Act::CutBefore
    });
}

/// The switch undoes what was not confirmed, the card has what it was given last, and the
/// next Mercury makes both as they are asked to be.
#[test]
fn mercury_killed_at_any_message_of_the_card() {
    let Some(bridge) = card() else { return };
    let victim = Arc::new(AtomicU32::new(0));
    let (count, at) = (Arc::new(AtomicUsize::new(usize::MAX)), Arc::new(AtomicUsize::new(0)));
    let (is_armed, killed) = (Arc::new(AtomicBool::new(false)), Arc::clone(&victim));
    let relay = Relay::start(&bridge.path("db.sock"), bridge.path("relay.sock"), {
        let (count, at, is_armed) = (Arc::clone(&count), Arc::clone(&at), Arc::clone(&is_armed));
        move |_| {
            let number = count.load(SeqCst);
            count.store(number.saturating_add(1), SeqCst);
            if number == at.load(SeqCst) && is_armed.swap(false, SeqCst) {
                let _gone = Command::new("kill").args(["-KILL", &killed.load(SeqCst).to_string()]).status();
            }
            Act::Pass
        }
    });
    let switch = Simulated::start(Mode::Candidate);
    let leaf = || leaf(&switch).with("confirm_timeout", 2).with("lock_wait", 30);
    for number in 0..MESSAGES {
        for (method, vlan, after) in [("attach_port", 100, ON_100), ("detach_port", 903, OFF)] {
            let mut mercury = Mercury::serve(&[leaf(), relayed(&relay)]);
            call(&mercury, "attach_port", 903).unwrap_or_else(|error| panic!("{number}: {error:?}"));
            victim.store(mercury.pid(), SeqCst);
            at.store(number, SeqCst);
            count.store(0, SeqCst);
            is_armed.store(true, SeqCst);
            let mut client = Client::of(&mercury);
            let (method, params) = asked(method, vlan);
            let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
            client.start("POST", "/", body.to_string().as_bytes());
            mercury.wait();
            count.store(usize::MAX, SeqCst);
            wait("the switch to undo what was not confirmed", || switch.handle().pending_commit().is_none());
            let now = both(&bridge, &switch);
            for (side, (before, after)) in now.iter().zip(ON_903.iter().zip(after)) {
                assert!(side == before || side == after, "{method} {number}: {now:?}");
            }
            let next = Mercury::serve(&[leaf(), relayed(&relay)]);
            call(&next, method, vlan).unwrap_or_else(|error| panic!("{method} {number}: {error:?}"));
            if method == "attach_port" {
                // What a move has left on the switch goes when it is named.
                call(&next, "detach_port", 903).unwrap_or_else(|error| panic!("{number}: {error:?}"));
            }
            assert_eq!(both(&bridge, &switch), after, "{method} {number}");
        }
    }
}
