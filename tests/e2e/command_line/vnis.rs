//! A VNI at the prompts of other systems: from its first port to its last.

use mercury_sim::{CliSwitch, Grammar, LineFault, Show};
use serde_json::{Value, json};

use super::{entry, grammar};
use crate::harness::{Client, Entry, Mercury, block_on};

/// A system, as somebody has configured it years ago.
struct Prompt {
    dialect: &'static str,
    grammar: fn() -> Grammar,
    before: &'static str,
    ports: [&'static str; 2],
    /// What of `vxlan_…` its entry says.
    says: &'static [(&'static str, &'static str)],
    /// Lines that say that VNI 10100 is bound to VLAN 3000.
    bound: &'static [&'static str],
    /// The line that has a port in it.
    member: fn(&str) -> String,
    state: &'static str,
}

const NXOS: Prompt = Prompt {
    dialect: "cisco_nxos",
    grammar: nxos,
    before: "hostname leaf-7
feature vn-segment-vlan-based
nv overlay evpn
vlan 10
vn-segment 10010
interface eth1/1
description free
interface eth1/2
switchport access vlan 10
interface nve1
host-reachability protocol bgp
source-interface loopback1
member vni 10010
ingress-replication protocol bgp
evpn
vni 10010 l2
rd auto",
    ports: ["eth1/1", "eth1/2"],
    says: &[("vxlan_vtep", "nve1")],
    bound: &["vn-segment 10100", "member vni 10100", "vni 10100 l2"],
    member: |_| "switchport access vlan 3000".to_owned(),
    state: "UP",
};

const DELL: Prompt = Prompt {
    dialect: "dell_sonic",
    grammar: dell,
    before: "hostname leaf-7
interface Vlan 10
interface Ethernet1
description free
interface Ethernet2
switchport access Vlan 10
interface vxlan vtep1
source-ip 192.0.2.1
map vni 10010 vlan 10
router bgp 65000
address-family l2vpn evpn
advertise-all-vni",
    ports: ["Ethernet1", "Ethernet2"],
    says: &[("vxlan_vtep", "vtep1")],
    bound: &["map vni 10100 vlan 3000"],
    member: |_| "switchport access Vlan 3000".to_owned(),
    state: "UNKNOWN",
};

const ALL: [Prompt; 2] = [NXOS, DELL];

fn all(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn nxos() -> Grammar {
    let mut grammar = grammar::indented();
    (grammar.host, grammar.user_prompt) = ("leaf-7".to_owned(), None);
    grammar.blocks.extend([("evpn".to_owned(), "config-evpn".to_owned())]);
    grammar.inner = all(&["member vni", "vni"]);
    grammar.values.extend(all(&["vn-segment", "source-interface", "mcast-group", "rd"]));
    grammar.others.extend(all(&[
        "feature",
        "nv overlay",
        "switchport",
        "host-reachability protocol",
        "ingress-replication protocol",
        "route-target",
    ]));
    grammar.save = ("copy running-config startup-config".to_owned(), None);
    let (block, row) = ("none".to_owned(), String::new());
    let always = all(&["nve1      10100    UnicastBGP        Up    CP   L2 [3000]"]);
    let head = "Interface VNI      Multicast-group   State Mode Type [BD/VRF]".to_owned();
    grammar.shows.push(("show nve vni".to_owned(), Show::Table { block, head, row, always }));
    grammar
}

fn dell() -> Grammar {
    let mut grammar = grammar::indented();
    (grammar.host, grammar.user_prompt) = ("leaf-7".to_owned(), None);
    grammar.save = ("write memory".to_owned(), None);
    grammar.blocks.extend([("router".to_owned(), "config-router-bgp".to_owned())]);
    grammar.inner = all(&["address-family"]);
    grammar.values.extend(all(&["switchport access Vlan", "source-ip"]));
    grammar.others.extend(all(&["map vni", "advertise-all-vni", "switchport trunk allowed Vlan"]));
    grammar.shows.push(("show running-configuration".to_owned(), Show::Running));
    grammar
}

impl Prompt {
    fn start(&self) -> CliSwitch {
        block_on(CliSwitch::start((self.grammar)(), self.before)).unwrap()
    }

    fn entry(&self, switch: &CliSwitch) -> Entry {
        let entry = entry(switch).without("enable_secret").text("dialect", self.dialect).with("manage_vlans", true);
        let entry =
            entry.with("remove_unused_vlans", true).text("local_vlans", "3000-3003").text("vlan_name", "vlan-{vlan}");
        self.says.iter().fold(entry, |entry, (key, value)| entry.text(key, value))
    }

    fn on(&self, port: usize) -> Value {
        let link = json!({"switch_id": "leaf1", "port_id": self.ports[port]});
        json!({"port": {"binding:profile": {"local_link_information": [link]}}, "network": {"vni": 10_100}})
    }
}

fn has(switch: &CliSwitch, line: &str) -> bool {
    switch.handle().running().lines().any(|own| own.trim() == line)
}

#[test]
fn a_vni_comes_with_its_first_port_and_goes_with_the_last() {
    for prompt in ALL {
        let switch = prompt.start();
        let mercury = Mercury::serve(&[prompt.entry(&switch)]);
        let mut client = Client::of(&mercury);
        let told = || format!("{}: {}\n{:?}", prompt.dialect, switch.handle().running(), switch.handle().entered());
        let is_bound = || prompt.bound.iter().all(|line| has(&switch, line));
        let attached = client.done("attach_port", &prompt.on(0));
        let segments = json!([{"vlan-id": 3000, "vni": 10_100, "vni-state": prompt.state}]);
        assert_eq!(attached["switches"][0]["segments"], segments, "{attached}");
        assert!(is_bound() && has(&switch, &(prompt.member)(prompt.ports[0])), "{}", told());
        assert_eq!(client.done("attach_port", &prompt.on(0))["changed"], false, "{}", told());
        client.done("attach_port", &prompt.on(1));
        client.done("detach_port", &prompt.on(0));
        assert!(is_bound() && has(&switch, &(prompt.member)(prompt.ports[1])), "{}", told());
        client.done("detach_port", &prompt.on(1));
        // Where VLANs have no names, whose one is, nobody can tell, and it stays.
        let members = prompt.ports.map(prompt.member);
        assert!(!members.iter().any(|line| has(&switch, line)), "{}", told());
        assert!(!switch.handle().running().contains("10100"), "{}", told());
        let theirs = prompt.before.lines().filter(|line| line.contains("10010"));
        theirs.for_each(|line| assert!(has(&switch, line), "{line} is gone: {}", told()));
    }
}

/// Whichever line is refused, nothing of it stays behind, or all of it does.
#[test]
fn whichever_line_is_refused_a_vni_is_bound_whole_or_not_at_all() {
    for (prompt, least) in [(NXOS, 6), (DELL, 3)] {
        let switch = prompt.start();
        let handle = switch.handle();
        let mercury = Mercury::serve(&[prompt.entry(&switch)]);
        let mut client = Client::of(&mercury);
        for method in ["attach_port", "detach_port"] {
            let before = meant(&handle.running());
            for nth in 0.. {
                handle.inject(nth, LineFault::Refuse("% Error: Command rejected: the moon is full".to_owned()));
                let answer = client.call(method, &prompt.on(0));
                if !handle.is_struck() {
                    assert!(answer.unwrap()["changed"] == true && nth >= least, "{}: {nth}", prompt.dialect);
                    break;
                }
                let error = answer.unwrap_err();
                let place = format!("{} {method} {nth}: {:?}", prompt.dialect, handle.entered());
                assert!(error.message.contains("the moon is full"), "{place}: {error:?}");
                assert_eq!(meant(&handle.running()), before, "{place}");
            }
        }
    }
}

/// What is configured: a port without a mode is an access port, and `switchport` is what each is.
fn meant(running: &str) -> String {
    let says_nothing = |line: &str| ["switchport", "switchport mode access"].contains(&line.trim());
    running.lines().filter(|line| !says_nothing(line)).collect::<Vec<_>>().join("\n")
}
