//! The connection is cut, the server or Mercury killed, ovs-vswitchd stopped, or somebody
//! else at work, at each message of an attach: what is so is known.

use std::{
    fs,
    os::unix::net::UnixStream,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::SeqCst},
    },
};

use serde_json::{Value, json};

use super::{
    entry,
    relay::{Act, Message, Relay},
    vlans,
};
use crate::{
    command_line::bridge::Bridge,
    harness::{Client, Entry, Mercury, RpcError, wait},
};

/// Messages of an attach on a warm session, which has read the port before: the transaction,
/// and what it came to.
const MESSAGES: usize = 4;

fn relayed(relay: &Relay) -> Entry {
    Entry::new("leaf1")
        .text("protocol", "ovsdb")
        .text("dialect", "netmiko_ovs_linux")
        .text("address", &relay.address())
        .with("connect_timeout", 5)
        .with("reply_timeout", 5)
        .with("commit_timeout", 5)
        .with("lock_wait", 10)
}

fn attach(mercury: &Mercury, vlan: u16) -> Result<Value, RpcError> {
    let asked = json!({"switch_id": "leaf1", "port_name": "p1", "mode": "access", "native_vlan": vlan});
    Client::of(mercury).call("update_port", &asked)
}

/// Runs something of Open vSwitch's in the folder of a bridge.
fn run(bridge: &Bridge, program: &str, arguments: &[&str]) {
    let folders = ["OVS_RUNDIR", "OVS_DBDIR", "OVS_LOGDIR"].map(|name| (name, bridge.path("")));
    let status = Command::new(program).args(arguments).envs(folders).stdin(Stdio::null()).status();
    assert!(status.unwrap().success(), "{program} {arguments:?}");
}

pub(crate) fn signal(bridge: &Bridge, pid: &str, name: &str) {
    let pid = fs::read_to_string(bridge.path(pid)).unwrap();
    assert!(Command::new("kill").args([name, pid.trim()]).status().unwrap().success());
}

/// Kills the server, and starts it again.
pub(crate) fn restart(bridge: &Bridge) {
    signal(bridge, "db.pid", "-KILL");
    let at = |name: &str| bridge.path(name).display().to_string();
    let remote = format!("--remote=punix:{}", at("db.sock"));
    let pid = format!("--pidfile={}", at("db.pid"));
    run(bridge, "ovsdb-server", &["--detach", "--no-chdir", &pid, &remote, &at("conf.db")]);
}

/// What of `ovs-vsctl` does not wait for ovs-vswitchd.
fn aside(bridge: &Bridge, arguments: &[&str]) {
    bridge.vsctl(&[&["--no-wait"], arguments].concat());
}

/// A relay that does something before the messages that `when` picks, once.
pub(crate) fn once(
    bridge: &Bridge,
    when: impl Fn(&Message) -> bool + Send + 'static,
    act: impl Fn() -> Act + Send + 'static,
) -> (Relay, Arc<AtomicBool>) {
    let armed = Arc::new(AtomicBool::new(false));
    let is_armed = Arc::clone(&armed);
    let relay = Relay::start(&bridge.path("db.sock"), bridge.path("relay.sock"), move |message| {
        if message.object["method"] != "echo" && when(message) && is_armed.swap(false, SeqCst) {
            act()
        } else {
            Act::Pass
        }
    });
    (relay, armed)
}

/// The state after a request that was answered so.
fn agrees(bridge: &Bridge, said: &Result<Value, RpcError>, [before, after]: [&str; 2], what: &str) {
    let now = vlans(bridge, "p1");
    match said {
        Ok(_) => assert_eq!(now, after, "{what}: {said:?}"),
        Err(error) => {
            assert_ne!(error.kind(), "unknown", "{what}: the database is there, so the truth can be known: {error:?}");
            assert_eq!(now, before, "{what}: {error:?}");
        }
    }
}

/// Does something at each message of an attach, before it and behind it.
fn at_each_message(act: impl Fn(&Bridge, usize) -> Act + Send + Sync + 'static) {
    let Some(bridge) = Bridge::start(&["p1"]) else { return };
    let bridge = Arc::new(bridge);
    let (count, at) = (Arc::new(AtomicUsize::new(usize::MAX)), Arc::new(AtomicUsize::new(0)));
    let (act, acting) = (Arc::new(act), Arc::clone(&bridge));
    let relay = Relay::start(&bridge.path("db.sock"), bridge.path("relay.sock"), {
        let (count, at) = (Arc::clone(&count), Arc::clone(&at));
        move |message| {
            if message.object["method"] == "echo" || message.object["id"] == "echo" {
                return Act::Pass;
            }
            let number = count.load(SeqCst);
            count.store(number.saturating_add(1), SeqCst);
            if number == at.load(SeqCst) { act(&acting, number) } else { Act::Pass }
        }
    });
    let mercury = Mercury::serve(&[relayed(&relay)]);
    for number in 0..MESSAGES {
        attach(&mercury, 903).unwrap_or_else(|error| panic!("{number}: {error:?}"));
        at.store(number, SeqCst);
        count.store(0, SeqCst);
        let said = attach(&mercury, 100);
        assert!(count.load(SeqCst) > number, "message {number} never came");
        count.store(usize::MAX, SeqCst);
        wait("the server", || UnixStream::connect(bridge.path("db.sock")).is_ok());
        agrees(&bridge, &said, ["access 903 []", "access 100 []"], &format!("message {number}"));
    }
}

#[test]
fn cut_before_any_message() {
    at_each_message(|_, _| Act::CutBefore);
}

#[test]
fn cut_behind_any_message() {
    at_each_message(|_, _| Act::CutBehind);
}

#[test]
fn the_server_killed_at_any_message_and_started_again() {
    at_each_message(|bridge, _| {
        restart(bridge);
        Act::CutBefore
    });
}

#[test]
fn mercury_killed_at_any_message() {
    let Some(bridge) = Bridge::start(&["p1"]) else { return };
    let victim = Arc::new(AtomicU32::new(0));
    let (count, at) = (Arc::new(AtomicUsize::new(usize::MAX)), Arc::new(AtomicUsize::new(0)));
    let relay = Relay::start(&bridge.path("db.sock"), bridge.path("relay.sock"), {
        let (count, at, victim) = (Arc::clone(&count), Arc::clone(&at), Arc::clone(&victim));
        move |_| {
            let number = count.load(SeqCst);
            count.store(number.saturating_add(1), SeqCst);
            if number == at.load(SeqCst) {
                let _gone = Command::new("kill").args(["-KILL", &victim.load(SeqCst).to_string()]).status();
            }
            Act::Pass
        }
    });
    for number in 0..MESSAGES {
        let mut mercury = Mercury::serve(&[relayed(&relay)]);
        attach(&mercury, 903).unwrap_or_else(|error| panic!("{number}: {error:?}"));
        victim.store(mercury.pid(), SeqCst);
        at.store(number, SeqCst);
        count.store(0, SeqCst);
        let mut client = Client::of(&mercury);
        let asked = json!({"switch_id": "leaf1", "port_name": "p1", "mode": "access", "native_vlan": 100});
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": "update_port", "params": asked});
        client.start("POST", "/", body.to_string().as_bytes());
        mercury.wait();
        count.store(usize::MAX, SeqCst);
        let now = vlans(&bridge, "p1");
        assert!(["access 903 []", "access 100 []"].contains(&now.as_str()), "{number}: {now}");
    }
}

/// Who changed the port after it was read is not overwritten.
#[test]
fn what_somebody_else_wrote_between_read_and_commit_stays() {
    let Some(bridge) = Bridge::start(&["p1"]) else { return };
    let bridge = Arc::new(bridge);
    let theirs = Arc::clone(&bridge);
    let (relay, armed) = once(&bridge, Message::is_commit, move || {
        theirs.vsctl(&["set", "port", "p1", "tag=55"]);
        Act::Pass
    });
    let mercury = Mercury::serve(&[relayed(&relay)]);
    bridge.vsctl(&["set", "port", "p1", "tag=903", "vlan_mode=access"]);
    armed.store(true, SeqCst);
    let error = attach(&mercury, 100).unwrap_err();
    assert!(error.message.contains("somebody else"), "{error:?}");
    assert_ne!(error.kind(), "unknown", "{error:?}");
    assert_eq!(vlans(&bridge, "p1"), "access 55 []");
    attach(&mercury, 100).unwrap();
    assert_eq!(vlans(&bridge, "p1"), "access 100 []");
}

/// What has nothing to do with the port's VLANs is looked at again, and kept.
#[test]
fn what_somebody_else_wrote_beside_is_kept_and_the_change_is_made() {
    let Some(bridge) = Bridge::start(&["p1"]) else { return };
    let bridge = Arc::new(bridge);
    let theirs = Arc::clone(&bridge);
    let (relay, armed) = once(&bridge, Message::is_commit, move || {
        theirs.vsctl(&["set", "port", "p1", "external_ids:theirs=new"]);
        Act::Pass
    });
    let mercury = Mercury::serve(&[relayed(&relay)]);
    attach(&mercury, 903).unwrap();
    armed.store(true, SeqCst);
    attach(&mercury, 100).unwrap();
    assert_eq!(vlans(&bridge, "p1"), "access 100 []");
    assert!(bridge.vsctl(&["get", "port", "p1", "external_ids"]).contains("theirs=new"));
}

/// The way back is not forced over what somebody else has made of it since.
#[test]
fn what_somebody_else_wrote_behind_the_commit_is_not_undone() {
    let Some(bridge) = Bridge::start(&["p1"]) else { return };
    let bridge = Arc::new(bridge);
    let theirs = Arc::clone(&bridge);
    let (relay, armed) = once(&bridge, Message::is_applied, move || {
        theirs.vsctl(&["set", "port", "p1", "tag=56"]);
        Act::Pass
    });
    let mercury = Mercury::serve(&[relayed(&relay)]);
    attach(&mercury, 903).unwrap();
    armed.store(true, SeqCst);
    let error = attach(&mercury, 100).unwrap_err();
    assert!(error.message.contains("somebody else"), "{error:?}");
    assert_eq!(vlans(&bridge, "p1"), "access 56 []");
}

/// The database takes a change that nobody applies: it is taken back, and nothing is
/// called done.
#[test]
fn what_ovs_vswitchd_does_not_apply_is_undone() {
    let Some(bridge) = Bridge::start(&["p1"]) else { return };
    let mercury = Mercury::serve(&[entry(&bridge).with("commit_timeout", 4).with("reply_timeout", 4)]);
    attach(&mercury, 902).unwrap();
    attach(&mercury, 903).unwrap();
    signal(&bridge, "vs.pid", "-STOP");
    let error = attach(&mercury, 100).unwrap_err();
    assert!(error.message.contains("ovs-vswitchd did not apply"), "{error:?}");
    let tag = |bridge: &Bridge| bridge.vsctl(&["--no-wait", "get", "port", "p1", "tag"]);
    assert_eq!(tag(&bridge), "903");
    // While it is away nothing is sent, by whoever, and nothing is called done: what the
    // port has, and what it had before the last change, no more than others.
    for vlan in [101, 902, 903] {
        let error = attach(&mercury, vlan).unwrap_err();
        assert!(error.message.contains("ovs-vswitchd"), "{error:?}");
    }
    let other = Mercury::serve(&[entry(&bridge).with("commit_timeout", 4).with("reply_timeout", 4)]);
    let error = attach(&other, 101).unwrap_err();
    assert!(error.message.contains("ovs-vswitchd"), "{error:?}");
    assert_eq!(tag(&bridge), "903");
    signal(&bridge, "vs.pid", "-CONT");
    attach(&mercury, 102).unwrap();
    assert_eq!(vlans(&bridge, "p1"), "access 102 []");
}

/// It is in the database, and ovs-vswitchd has no use of it.
#[test]
fn a_port_without_a_device_is_not_attached_and_may_be_detached() {
    let Some(bridge) = Bridge::start(&["p1"]) else { return };
    aside(&bridge, &["add-port", "br0", "lost", "--", "set", "interface", "lost", "type=nosuch"]);
    aside(&bridge, &["set", "port", "lost", "vlan_mode=access", "tag=5"]);
    bridge.vsctl(&["set", "port", "p1", "tag=9"]);
    let mercury = Mercury::serve(&[entry(&bridge)]);
    let mut client = Client::of(&mercury);
    let asked = |vlan: u16| json!({"switch_id": "leaf1", "port_name": "lost", "mode": "access", "native_vlan": vlan});
    let error = client.call("update_port", &asked(100)).unwrap_err();
    assert!(error.message.contains("lost"), "{error:?}");
    assert_eq!(vlans(&bridge, "lost"), "access 5 []");
    // What is so already does nothing there, and may become less.
    let told = |answer: &Value| {
        let words = "what lost has of VLANs is not applied: ";
        answer["warnings"].as_array().is_some_and(|all| all.iter().any(|one| one.as_str().unwrap().contains(words)))
    };
    let answer = client.done("update_port", &asked(5));
    assert!(answer["changed"] == false && told(&answer), "{answer}");
    aside(&bridge, &["set", "port", "lost", "vlan_mode=trunk", "tag=[]", "trunks=5,100"]);
    let less = json!({"switch_id": "leaf1", "port_name": "lost", "mode": "trunk", "allowed_vlans": [5]});
    let answer = client.done("update_port", &less);
    assert!(answer["changed"] == true && told(&answer), "{answer}");
    assert_eq!(vlans(&bridge, "lost"), "trunk [] [5]");
    aside(&bridge, &["set", "port", "lost", "vlan_mode=access", "tag=5", "trunks=[]"]);
    let link = json!({"switch_id": "leaf1", "port_id": "lost"});
    client.done("detach_port", &json!({"port": {"binding:profile": {"local_link_information": [link]}}, "network": 5}));
    assert_eq!(vlans(&bridge, "lost"), "trunk [] [4095]");
}
