//! Switches that connect to Mercury (RFC 8071): who is let in, and what becomes of
//! requests while they are away.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
};

use mercury_sim::{Fault, Options};
use serde_json::{Value, json};

use crate::{
    harness::{Client, Datastores, Entry, Front, Mercury, RpcError, Setup, Simulated, block_on, netconfd},
    netconf_tls::{Authority, detach},
};

const JUNOS: &str = "MSG-ID: DEVICE-CONN-INFO\r\nMSG-VER: V1\r\nDEVICE-ID: leaf1\r\n";

/// A Mercury that listens for calls, and where.
struct Home {
    mercury: Mercury,
    ssh: SocketAddr,
    tls: SocketAddr,
}

impl Home {
    fn serve(entries: &[Entry], more: &str) -> Self {
        let settings = format!("[call_home]\nssh = [\"127.0.0.1:0\"]\ntls = [\"127.0.0.1:0\"]\n{more}\n");
        let mercury = Setup::new().settings(&settings).switches(entries).serve();
        let door = |carried: &str| {
            let line = mercury.stderr.wait_json("a door", |line| line["carried"] == carried);
            line["address"].as_str().unwrap().parse().unwrap()
        };
        let (ssh, tls) = (door("Ssh"), door("Tls"));
        Self { mercury, ssh, tls }
    }

    fn attach(&self, vlan: u16) -> Result<Value, RpcError> {
        let params = json!({"switch_id": "leaf1", "port_name": "Ethernet1", "mode": "access", "native_vlan": vlan});
        Client::of(&self.mercury).call("update_port", &params)
    }

    /// How often something was told.
    fn told(&self, words: &str) -> usize {
        self.mercury.stderr.text().lines().filter(|line| line.contains(words)).count()
    }

    fn wait_told(&self, words: &str, times: usize) {
        crate::harness::wait(words, || self.told(words) >= times);
    }
}

fn metrics(home: &Home) -> String {
    String::from_utf8(Client::of(&home.mercury).request("GET", "/metrics", b"").body).unwrap()
}

/// An entry of a switch that calls: no address, no port.
fn caller(entry: Entry) -> Entry {
    entry.without("address").without("port").with("call_home", true)
}

/// A simulated switch that calls, and again when its connection has ended, until this is
/// dropped.
struct Calling {
    ends: Arc<AtomicBool>,
    _thread: JoinHandle<()>,
}

impl Calling {
    fn start(switch: &Arc<Simulated>, home: &Home, first: &'static str, by_tls: bool) -> Self {
        let (ends, switch) = (Arc::new(AtomicBool::new(false)), Arc::clone(switch));
        let (stop, (ssh, tls)) = (Arc::clone(&ends), (home.ssh, home.tls));
        let thread = std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                let called = match by_tls {
                    true => block_on(switch.simulator().call_home_tls(tls)),
                    false => block_on(switch.simulator().call_home_ssh(ssh, first.as_bytes())),
                };
                if called.is_err() {
                    break;
                }
            }
        });
        Self { ends, _thread: thread }
    }
}

impl Drop for Calling {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
    }
}

fn options() -> Options {
    Options { tls_listen: Some(SocketAddr::from(([127, 0, 0, 1], 0))), ..Simulated::options() }
}

#[test]
fn a_switch_that_calls_is_served_over_ssh_with_and_without_the_lines_of_junos_and_over_tls() {
    let files = Setup::new();
    for (first, by_tls) in [("", false), (JUNOS, false), ("", true)] {
        let switch = Arc::new(Simulated::with(options()));
        let entry = if by_tls { switch.tls_entry("leaf1", &files) } else { switch.netconf_entry("leaf1") };
        let home = Home::serve(&[caller(entry)], "");
        let _calling = Calling::start(&switch, &home, first, by_tls);
        home.attach(100).unwrap();
        home.attach(101).unwrap();
        assert_eq!(switch.look().port("Ethernet1").vlans, "access 101");
        // Its session is ended; it calls again, and is served again.
        switch.handle().reboot();
        home.attach(102).unwrap();
        assert_eq!(switch.look().port("Ethernet1").vlans, "access 102");
        assert!(home.told("called home") >= 2, "{}", home.mercury.stderr.text());
        assert!(metrics(&home).contains("mercury_call_home_total{result=\"let-in\"}"));
    }
}

#[test]
fn who_is_away_is_waited_for_and_then_told_of() {
    let switch = Arc::new(Simulated::with(options()));
    let home = Home::serve(&[caller(switch.netconf_entry("leaf1"))], "wait = 1");
    let error = home.attach(100).unwrap_err();
    assert_eq!(error.kind(), "unreachable", "{error:?}");
    assert!(error.message.contains("calls home") && error.message.contains("has not called"), "{error:?}");
    // A request that is there before the switch is served when it comes.
    let home = Home::serve(&[caller(switch.netconf_entry("leaf1"))], "wait = 60");
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| home.attach(100));
        let _calling = Calling::start(&switch, &home, "", false);
        asked.join().unwrap().unwrap();
    });
    assert_eq!(switch.look().port("Ethernet1").vlans, "access 100");
}

#[test]
fn who_is_not_known_is_told_of_with_what_it_showed_and_gets_nothing() {
    let files = Setup::new();
    let (switch, other) = (Arc::new(Simulated::with(options())), Arc::new(Simulated::with(options())));
    let home = Home::serve(&[caller(switch.netconf_entry("leaf1")).with("connect_timeout", 5)], "wait = 1");
    block_on(other.simulator().call_home_ssh(home.ssh, JUNOS.as_bytes())).unwrap();
    home.wait_told(&other.fingerprint(), 1);
    assert_eq!(home.told("it calls itself \\\"leaf1\\\""), 1, "{}", home.mercury.stderr.text());
    assert_eq!(home.attach(100).unwrap_err().kind(), "unreachable");
    assert_eq!(other.handle().session_count(), 0);
    let home = Home::serve(&[caller(switch.tls_entry("leaf1", &files))], "wait = 1");
    block_on(other.simulator().call_home_tls(home.tls)).unwrap();
    home.wait_told("known by this certificate", 1);
    assert_eq!(home.attach(100).unwrap_err().kind(), "unreachable");
    assert_eq!((switch.handle().session_count(), other.handle().session_count()), (0, 0));
}

#[test]
fn silent_callers_take_no_more_than_their_places_and_are_hung_up_on() {
    let switch = Arc::new(Simulated::with(options()));
    let limits = "half_open = 2\nhalf_open_per_peer = 2\nhandshake_timeout = 1";
    let home = Home::serve(&[caller(switch.netconf_entry("leaf1"))], limits);
    let silent: Vec<_> = (0..2).map(|_| TcpStream::connect(home.ssh).unwrap()).collect();
    let mut third = TcpStream::connect(home.ssh).unwrap();
    // The third is closed at once, the others when their time is over.
    assert_eq!(third.read(&mut [0; 64]).unwrap_or(0), 0);
    home.wait_told("too many callers", 1);
    for mut socket in silent {
        let mut said = Vec::new();
        let _reset = socket.read_to_end(&mut said);
        assert!(said.is_empty() || said.starts_with(b"SSH-"), "{said:?}");
    }
    // What is no SSH is, too; and then there is room for the switch.
    let mut odd = TcpStream::connect(home.tls).unwrap();
    odd.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let _reset = odd.read_to_end(&mut Vec::new());
    let _calling = Calling::start(&switch, &home, "", false);
    home.attach(100).unwrap();
}

#[test]
fn the_second_connection_of_a_switch_is_closed_while_the_first_lives_and_wins_when_it_does_not() {
    let switch = Arc::new(Simulated::with(options()));
    let home = Home::serve(&[caller(switch.netconf_entry("leaf1"))], "");
    let _first = Calling::start(&switch, &home, "", false);
    home.attach(100).unwrap();
    let again = std::thread::spawn({
        let (switch, address) = (Arc::clone(&switch), home.ssh);
        move || block_on(switch.simulator().call_home_ssh(address, b"")).unwrap()
    });
    home.wait_told("called again while its connection lives", 1);
    again.join().unwrap();
    home.attach(101).unwrap();
    assert_eq!(switch.handle().session_count(), 1, "the first is the one that is used");
    // All go, and the next that comes wins.
    switch.handle().reboot();
    home.attach(102).unwrap();
    assert_eq!(switch.look().port("Ethernet1").vlans, "access 102");
}

#[test]
fn a_switch_that_goes_under_a_commit_and_calls_again_leaves_a_known_outcome() {
    let files = Setup::new();
    for by_tls in [false, true] {
        for fault in ["commit:1:before:drop", "commit:1:after:drop", "commit:2:after:drop"] {
            let faults = vec![fault.parse::<Fault>().unwrap()];
            let switch = Arc::new(Simulated::with(Options { faults, ..options() }));
            let entry = if by_tls { switch.tls_entry("leaf1", &files) } else { switch.netconf_entry("leaf1") };
            let home = Home::serve(&[caller(entry).with("confirm_timeout", 5)], "");
            let _calling = Calling::start(&switch, &home, "", by_tls);
            let answer = home.attach(100);
            let has = switch.look().port("Ethernet1").vlans;
            assert_eq!(answer.is_ok(), has == "access 100", "{fault}: {answer:?} and {has}");
            block_on(switch.handle().wait_until(|status| status.pending.is_none()));
            home.attach(200).unwrap();
            assert_eq!(switch.look().port("Ethernet1").vlans, "access 200", "{fault}");
        }
    }
}

/// sshd -i with and without Junos' lines, and TLS, each with netconfd behind it.
#[test]
fn netconfd_calls_home_and_a_connection_that_is_cut_under_a_commit_is_called_again() {
    let Some(switch) = netconfd(Datastores::Candidate) else { return };
    let (authority, setup) = (Authority::new(), Setup::new());
    let ca = setup.write("ca.pem", &authority.pem());
    let by_ssh = switch.entry("leaf1").without("known_hosts");
    let by_ssh = by_ssh.with("host_key_fingerprints", format!("[{:?}]", switch.fact("fingerprint")));
    let by_tls = authority.entry(&setup, 1).with("tls_ca", format!("[{ca:?}]")).text("tls_server_name", "leaf1");
    // By keys that are nobody's, nothing is asked of it.
    let another = format!("[{:?}]", Simulated::with(options()).fingerprint());
    let stranger = by_ssh.clone().with("host_key_fingerprints", another);
    let home =
        Home::serve(&[caller(stranger), caller(Entry { name: "leaf2".to_owned(), ..by_tls.clone() })], "wait = 1");
    let by_their_key = Front::call_ssh(&switch, home.ssh, JUNOS);
    home.wait_told(switch.fact("fingerprint"), 1);
    let theirs = Front::call_tls(&switch, home.tls, &Authority::new().server(2020, 2090), &authority.pem());
    home.wait_told("signed with another key", 1);
    assert_eq!(home.attach(99).unwrap_err().kind(), "unreachable");
    assert_eq!(switch.look().port("Ethernet1").vlans, "none");
    drop((by_their_key, theirs, home));
    for (vlan, entry, first) in [(100, &by_ssh, ""), (200, &by_ssh, JUNOS), (300, &by_tls, "")] {
        let home = Home::serve(&[caller(entry.clone()).with("confirm_timeout", 5)], "");
        let call = || match entry.toml().contains("transport") {
            true => Front::call_tls(&switch, home.tls, &authority.server(2020, 2090), &authority.pem()),
            false => Front::call_ssh(&switch, home.ssh, first),
        };
        let called = call();
        home.attach(vlan).unwrap();
        assert_eq!(switch.look().port("Ethernet1").vlans, format!("access {vlan}"));
        detach(&home.mercury, vlan);
        switch.arm(&json!({"op": "commit", "nth": 1, "moment": "after", "action": "cut"}));
        let answer = std::thread::scope(|scope| {
            let asked = scope.spawn(|| home.attach(vlan + 1));
            crate::harness::wait("the cut", || switch.fired());
            drop(called);
            let again = call();
            (asked.join().unwrap(), again)
        });
        let has = switch.look().port("Ethernet1").vlans;
        assert_eq!(answer.0.is_ok(), has == format!("access {}", vlan + 1), "{:?} and {has}", answer.0);
        home.attach(vlan + 2).unwrap();
        assert_eq!(switch.look().port("Ethernet1").vlans, format!("access {}", vlan + 2));
        // It loses its power, which nobody is told, and calls again: the one that is gone is
        // asked for and does not answer.
        let calls = home.told("called home");
        let _called = if vlan == 300 {
            answer.1.vanish();
            let again = call();
            home.wait_told("called home", calls + 1);
            assert_eq!(home.told("called again while its connection lives"), 0);
            home.attach(vlan + 3).unwrap();
            assert_eq!(switch.look().port("Ethernet1").vlans, format!("access {}", vlan + 3));
            again
        } else {
            answer.1
        };
        // Another connection while that one lives is closed, and that one serves.
        let _second = call();
        home.wait_told("called again while its connection lives", 1);
        home.attach(vlan + 4).unwrap();
        assert_eq!(switch.look().port("Ethernet1").vlans, format!("access {}", vlan + 4));
        detach(&home.mercury, vlan + 4);
    }
}

/// A switch may lock out a user who fails too often, and it calls again at once.
#[test]
fn a_login_that_was_refused_is_not_tried_at_each_call_until_its_secret_is_another() {
    let (switch, files) = (Arc::new(Simulated::with(options())), Setup::new());
    let secret = files.write("leaf1.password", "wr0ng");
    let entry = caller(switch.netconf_entry("leaf1")).with("password", format!("{{ file = {secret:?} }}"));
    let home = Home::serve(&[entry], "wait = 1");
    let _calling = Calling::start(&switch, &home, "", false);
    // Turned away without a login.
    home.wait_told("not let in, 1 times one after another; tried again after", 1);
    let refused = home.attach(100).unwrap_err();
    assert!(refused.message.contains("was not let in, "), "{refused:?}");
    files.write("leaf1.password", switch.password());
    home.wait_told("called home", 1);
    home.attach(100).unwrap();
}

/// A command opens no door unless it asks for a switch that calls home; where `serve` has
/// the doors, it says so.
#[test]
fn a_command_beside_the_service_says_that_another_process_listens_where_that_matters() {
    let (switch, other) = (Arc::new(Simulated::with(options())), Simulated::start(mercury_sim::Mode::Candidate));
    let entries = [caller(switch.netconf_entry("leaf1")), other.entry("leaf2")];
    let home = Home::serve(&entries, "");
    let settings = format!("[call_home]\nssh = [\"{}\"]\n", home.ssh);
    let beside = Setup::new().settings(&settings).switches(&entries);
    let probed = beside.run(&["switch", "probe", "leaf2"]);
    assert_eq!((probed.code(), probed.stderr.as_str()), (0, ""), "{}", probed.stdout);
    let probed = beside.run(&["switch", "probe", "leaf1"]);
    assert_eq!(probed.code(), 1);
    let said = probed.stdout + &probed.stderr;
    assert!(said.contains("another process may listen there: where mercury serve runs, ask that one"), "{said}");
    assert!(!said.contains("reached") && !said.contains("listens for no calls"), "{said}");
}
