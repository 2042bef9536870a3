//! Several Mercurys of which each may be asked: who serves which switch, and what becomes
//! of requests when one of them goes.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
};

use serde_json::{Value, json};

use crate::{
    harness::{Client, Entry, Mercury, RpcError, Setup, Simulated, block_on, wait},
    netconf_tls::Authority,
    server::EtcdServer,
};

/// One of them, and where switches call it.
struct Member {
    name: &'static str,
    mercury: Mercury,
    home: SocketAddr,
    _files: Setup,
}

impl Member {
    fn start(
        name: &'static str,
        shown: &str,
        authority: &Authority,
        etcd: &EtcdServer,
        entries: &[Entry],
        more: &str,
    ) -> Self {
        let files = Setup::new();
        let settings = format!("{more}\n{}", settings(name, shown, authority, etcd, &files));
        let mercury = Setup::new().settings(&settings).switches(entries).serve();
        let home = door(&mercury);
        Self { name, mercury, home, _files: files }
    }

    fn attach(&self, switch: &str, port: &str, vlan: u16) -> Result<Value, RpcError> {
        let params = json!({"switch_id": switch, "port_name": port, "mode": "access", "native_vlan": vlan});
        Client::of(&self.mercury).call("update_port", &params)
    }

    fn handed_over(&self, result: &str) -> u64 {
        let told = String::from_utf8(Client::of(&self.mercury).request("GET", "/metrics", b"").body).unwrap();
        let line = format!("mercury_handed_over_total{{result=\"{result}\"}} ");
        told.lines().find_map(|told| told.strip_prefix(&line)?.parse().ok()).unwrap_or(0)
    }
}

/// The settings of a member, whose certificate bears the name `shown`.
pub(crate) fn settings(name: &str, shown: &str, authority: &Authority, etcd: &EtcdServer, files: &Setup) -> String {
    let (cert, key) = authority.member(shown);
    let [cert, key, ca] = [("member.pem", cert), ("member.key", key), ("ca.pem", authority.pem())]
        .map(|(file, text)| files.write(file, &text));
    format!(
        "[etcd]\nendpoints = [{:?}]\nlease_ttl = 2\n[call_home]\nssh = [\"127.0.0.1:0\"]\nwait = 20\n\
         [fleet]\nname = {name:?}\nlisten = \"127.0.0.1:0\"\ncert = {cert:?}\nkey = {key:?}\nca = {ca:?}\n\
         members = [\"DNS:a.example.org\", \"DNS:b.example.org\", \"DNS:c.example.org\"]\n",
        etcd.endpoint()
    )
}

/// Where switches call it.
pub(crate) fn door(mercury: &Mercury) -> SocketAddr {
    let door = mercury.stderr.wait_json("a door", |line| line["carried"] == "Ssh");
    door["address"].as_str().unwrap().parse().unwrap()
}

/// What `htpasswd -bnBC 4 ironic secret` prints.
const IRONIC: &str = "ironic:$2y$04$j0ySQiADElx.9PnFdS8J0e9M3hxKx8ukxnfRHI4LrRFUFdLO/UsaG\n";

const NAMES: [&str; 3] = ["a", "b", "c"];

fn members(etcd: &EtcdServer, entries: &[Entry]) -> [Member; 3] {
    let authority = Authority::new();
    let members = NAMES.map(|name| Member::start(name, &format!("{name}.example.org"), &authority, etcd, entries, ""));
    see_each_other(etcd, &members, entries);
    members
}

/// What `mercury fleet` says, once it names all of these.
fn fleet(etcd: &EtcdServer, entries: &[Entry]) -> Value {
    let settings =
        format!("[etcd]\nendpoints = [{:?}]\n[fleet]\nname = \"nobody\"\nlisten = \"127.0.0.1:0\"\n", etcd.endpoint());
    let setup = Setup::new();
    let (cert, key) = Authority::new().member("nobody");
    let [cert, key] = [("own.pem", cert), ("own.key", key)].map(|(file, text)| setup.write(file, &text));
    let more = format!("cert = {cert:?}\nkey = {key:?}\nca = {cert:?}\nmembers = [\"DNS:nobody\"]\n");
    let setup = setup.settings(&(settings + &more)).switches(entries);
    let done = setup.run(&["fleet", "--output", "json"]);
    assert!(done.code() <= 1, "{}", done.stderr);
    done.json()
}

fn see_each_other(etcd: &EtcdServer, members: &[Member], entries: &[Entry]) {
    wait("all members", || fleet(etcd, entries)["members"].as_array().unwrap().len() == members.len());
    // Each sees what etcd has; what it does not see yet it serves by itself.
    for member in members {
        member.mercury.stderr.wait_json("the others", |line| line["members"] == members.len());
    }
}

fn served_by<'a>(fleet: &'a Value, switch: &str) -> Option<&'a str> {
    let rows = fleet["switches"].as_array().unwrap();
    rows.iter().find(|row| row["name"] == switch).unwrap()["member"].as_str()
}

#[test]
fn every_switch_has_one_member_whoever_is_asked() {
    let Some(etcd) = EtcdServer::start() else { return };
    let switches: Vec<_> = (0..6).map(|_| Simulated::with(Simulated::options())).collect();
    let entries: Vec<_> =
        switches.iter().enumerate().map(|(number, switch)| switch.netconf_entry(&format!("leaf{number}"))).collect();
    let members = members(&etcd, &entries);
    for (number, switch) in switches.iter().enumerate() {
        for (vlan, member) in (100..).zip(&members) {
            member.attach(&format!("leaf{number}"), "Ethernet1", vlan).unwrap();
            assert_eq!(switch.look().port("Ethernet1").vlans, format!("access {vlan}"));
        }
        assert_eq!(switch.handle().status().sessions, 1, "of leaf{number}, whoever was asked");
    }
    let handed: u64 = members.iter().map(|member| member.handed_over("answered")).sum();
    assert_eq!(handed, 12, "two of three that are asked are another's");
    let told = fleet(&etcd, &entries);
    for number in 0..6 {
        let by = served_by(&told, &format!("leaf{number}")).unwrap();
        assert!(NAMES.contains(&by), "{told}");
    }
    // What is wrong is told as if it were not handed over.
    for member in &members {
        let error = member.attach("leaf0", "Ethernet99", 100).unwrap_err();
        assert_eq!((error.kind(), error.code), ("invalid-value", 400), "{error:?}");
        let body = json!({"type": "update_port", "payload": {"switch_id": "leaf0", "port_name": "Ethernet1",
                          "mode": "access", "native_vlan": 4095}});
        let answer = Client::of(&member.mercury).post("/v1/actions", body.to_string().as_bytes());
        assert_eq!(answer.status, 400, "{}", member.name);
    }
}

/// Two members; what the second shows is `shown`.
fn pair(etcd: &EtcdServer, shown: &str, entries: &[Entry], more: &str) -> [Member; 2] {
    let authority = Authority::new();
    let members = [("a", "a.example.org"), ("b", shown)]
        .map(|(name, shown)| Member::start(name, shown, &authority, etcd, entries, more));
    see_each_other(etcd, &members, entries);
    members
}

#[test]
fn who_asks_is_told_to_whoever_serves() {
    let Some(etcd) = EtcdServer::start() else { return };
    let switch = Simulated::start(mercury_sim::Mode::Candidate);
    let entries = [switch.netconf_entry("leaf1")];
    let files = Setup::new();
    let users = files.write("htpasswd", IRONIC);
    let more = format!("auth = \"http_basic\"\nallow_plaintext_passwords = true\nhtpasswd = {users:?}\n");
    let [a, b] = pair(&etcd, "b.example.org", &entries, &more);
    let serves = served_by(&fleet(&etcd, &entries), "leaf1").unwrap().to_owned();
    let (serving, asked) = if serves == "a" { (&a, &b) } else { (&b, &a) };
    let params = json!({"switch_id": "leaf1", "port_name": "Ethernet1", "mode": "access", "native_vlan": 100,
                        "context": {"request_id": "req-1", "user": "someone"}});
    Client::of(&asked.mercury).basic("ironic", "secret").done("update_port", &params);
    let line = serving.mercury.request("req-1");
    assert_eq!((&line["caller"], &line["user"]), (&json!("ironic"), &json!("someone")), "{line}");
    assert!(asked.mercury.requests().is_empty(), "it is told of where it is served");
}

#[test]
fn a_stranger_is_not_heard_and_serves_by_itself() {
    let Some(etcd) = EtcdServer::start() else { return };
    let switches: Vec<_> = (0..6).map(|_| Simulated::start(mercury_sim::Mode::Candidate)).collect();
    let entries: Vec<_> =
        switches.iter().enumerate().map(|(number, switch)| switch.netconf_entry(&format!("leaf{number}"))).collect();
    let [a, b] = pair(&etcd, "x.example.org", &entries, "");
    let told = fleet(&etcd, &entries);
    let theirs = (0..6).filter(|number| served_by(&told, &format!("leaf{number}")) == Some("a")).count();
    for (number, switch) in switches.iter().enumerate() {
        b.attach(&format!("leaf{number}"), "Ethernet1", 100).unwrap();
        assert_eq!(switch.look().port("Ethernet1").vlans, "access 100");
    }
    assert_eq!((b.handed_over("answered"), b.handed_over("taken-back")), (0, u64::try_from(theirs).unwrap()));
    assert_eq!(a.mercury.requests().len(), 0, "{}", a.mercury.stderr.text());
    assert_eq!(theirs > 0, a.mercury.stderr.text().contains("no member of the fleet"));
}

/// A simulated switch that calls one member, and the next when that connection has ended.
struct Calling {
    homes: Arc<Mutex<Vec<SocketAddr>>>,
    _thread: JoinHandle<()>,
}

impl Calling {
    fn start(switch: &Arc<Simulated>, homes: Vec<SocketAddr>) -> Self {
        let (homes, switch) = (Arc::new(Mutex::new(homes)), Arc::clone(switch));
        let next = Arc::clone(&homes);
        let thread = std::thread::spawn(move || {
            for turn in 0.. {
                let homes = next.lock().unwrap_or_else(PoisonError::into_inner).clone();
                if homes.is_empty() {
                    break;
                }
                // Whoever is gone does not answer, and another does.
                let _ended = block_on(switch.simulator().call_home_ssh(homes[turn % homes.len()], b""));
            }
        });
        Self { homes, _thread: thread }
    }

    /// Whom it calls from its next call on.
    fn calls(&self, homes: Vec<SocketAddr>) {
        *self.homes.lock().unwrap_or_else(PoisonError::into_inner) = homes;
    }
}

impl Drop for Calling {
    fn drop(&mut self) {
        self.calls(Vec::new());
    }
}

#[test]
fn a_switch_that_calls_home_is_served_by_whom_it_has_called() {
    let Some(etcd) = EtcdServer::start() else { return };
    let switch = Arc::new(Simulated::start(mercury_sim::Mode::Candidate));
    let entry = switch.netconf_entry("leaf1").without("address").without("port").with("call_home", true);
    let entries = [entry];
    let members = members(&etcd, &entries);
    assert_eq!(served_by(&fleet(&etcd, &entries), "leaf1"), None);
    let calling = Calling::start(&switch, vec![members[1].home]);
    // A request that comes before the switch has called waits for it, wherever it calls.
    for (vlan, member) in (100..).zip(&members) {
        member.attach("leaf1", "Ethernet1", vlan).unwrap();
        assert_eq!(switch.look().port("Ethernet1").vlans, format!("access {vlan}"));
    }
    assert_eq!(served_by(&fleet(&etcd, &entries), "leaf1"), Some("b"));
    let [a, mut b, c] = members;
    calling.calls(vec![c.home]);
    b.mercury.kill();
    a.attach("leaf1", "Ethernet1", 200).unwrap();
    assert_eq!(switch.look().port("Ethernet1").vlans, "access 200");
    // What the one that was killed has said of itself ends with its lease.
    wait("the other", || served_by(&fleet(&etcd, &entries), "leaf1") == Some("c"));
    // Who comes to its end gives it up, and is not asked for it any more.
    calling.calls(vec![a.home]);
    let mut c = c;
    c.mercury.terminate();
    a.attach("leaf1", "Ethernet1", 201).unwrap();
    assert!(c.mercury.wait().success());
    assert_eq!(switch.look().port("Ethernet1").vlans, "access 201");
    wait("the last", || served_by(&fleet(&etcd, &entries), "leaf1") == Some("a"));
}

#[test]
fn what_a_member_does_not_answer_is_served_by_who_was_asked() {
    let Some(etcd) = EtcdServer::start() else { return };
    let switch = Simulated::start(mercury_sim::Mode::Candidate);
    let entries = [switch.netconf_entry("leaf1").with("lock_wait", 30).with("confirm_timeout", 3)];
    let members = members(&etcd, &entries);
    let by = served_by(&fleet(&etcd, &entries), "leaf1").unwrap().to_owned();
    let (mut serving, others): (Vec<_>, Vec<_>) = members.into_iter().partition(|member| member.name == by);
    let asked = &others[0];
    // It is killed when it has the lock, and nobody knows what it has sent.
    let held = switch.handle().inject("edit-config:1:before:hold".parse().unwrap());
    std::thread::scope(|scope| {
        let answer = scope.spawn(|| asked.attach("leaf1", "Ethernet1", 100));
        block_on(switch.handle().held(held));
        serving[0].mercury.kill();
        switch.handle().release(held);
        answer.join().unwrap().unwrap();
    });
    assert_eq!(switch.look().port("Ethernet1").vlans, "access 100");
    assert_eq!(asked.handed_over("taken-back"), 1);
}
