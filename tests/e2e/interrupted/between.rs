//! Mercury gets SIGKILL between two switches of one request: where all or none ends.

use mercury_sim::{Fault, Mode, Options};
use serde_json::{Value, json};

use crate::harness::{Client, Entry, Mercury, Simulated, block_on, wait};

/// Two switches, a port of each on VLAN 100, and a request for both.
struct Pair {
    switches: [Simulated; 2],
    entries: [Entry; 2],
    mercury: Mercury,
}

impl Pair {
    fn new(mode: Mode) -> Self {
        let mut switches = [1, 2].map(|_| Simulated::with(Options { mode, ..Simulated::options() }));
        // The order of their locks, which have their addresses for names.
        switches.sort_by_key(|switch| switch.netconf_port().to_string());
        let entries = ["leaf1", "leaf2"].map(|name| {
            let switch = &switches[usize::from(name == "leaf2")];
            switch.entry(name).with("confirm_timeout", 5).with("commit_timeout", 50).with("lock_wait", 20)
        });
        let mercury = Mercury::serve(&entries);
        let pair = Self { switches, entries, mercury };
        pair.attach(100);
        assert_eq!(pair.carry(), ["access 100", "access 100"]);
        pair
    }

    fn attach(&self, vlan: u16) {
        Client::of(&self.mercury).done("attach_port", &wanted(vlan));
    }

    /// Asks for VLAN 200 and does not wait for the answer.
    fn ask(&self) -> Client {
        let mut client = Client::of(&self.mercury);
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": "attach_port", "params": wanted(200)});
        client.start("POST", "/", body.to_string().as_bytes());
        client
    }

    fn carry(&self) -> [String; 2] {
        [0, 1].map(|index| self.switches[index].look().port("Ethernet1").vlans)
    }

    fn settled(&self) {
        for switch in &self.switches {
            block_on(switch.handle().wait_until(|status| status.sessions == 0 && status.pending.is_none()));
        }
    }

    /// The next Mercury, asked the same, makes both alike.
    fn again(&mut self) {
        self.mercury = Mercury::serve(&self.entries);
        self.attach(200);
        assert_eq!(self.carry(), ["access 200", "access 200"]);
    }
}

fn wanted(vlan: u16) -> Value {
    let links = ["leaf1", "leaf2"].map(|name| json!({"switch_id": name, "port_id": "Ethernet1"}));
    let port = json!({"id": "server", "binding:profile": {"local_link_information": links}});
    json!({"port": port, "network": {"id": "net", "network_type": "vlan", "segmentation_id": vlan}})
}

#[test]
fn between_two_switches_without_confirmed_commit_the_first_keeps_the_change() {
    let mut pair = Pair::new(Mode::CandidatePlain);
    let [first, second] = [0, 1].map(|index| pair.switches[index].handle());
    let edits = second.counters().edits;
    let held = first.inject("get-config:2:after:hold".parse().unwrap());
    let _unanswered = pair.ask();
    block_on(first.held(held));
    pair.mercury.kill();
    first.release(held);
    pair.settled();
    assert_eq!(second.counters().edits, edits, "nothing was sent to the second");
    assert_eq!(pair.carry(), ["access 200", "access 100"]);
    pair.again();
}

#[test]
fn between_two_confirms_one_switch_takes_the_change_back() {
    let mut pair = Pair::new(Mode::Candidate);
    let [first, second] = [0, 1].map(|index| pair.switches[index].handle());
    // The second one's confirm is on its way, and is lost there.
    let [held, _] =
        ["commit:2:before:hold", "commit:2:before:drop"].map(|fault| second.inject(fault.parse::<Fault>().unwrap()));
    let commits = first.counters().commits;
    let _unanswered = pair.ask();
    block_on(second.held(held));
    wait("the first to be confirmed", || first.counters().commits == commits + 2);
    pair.mercury.kill();
    second.release(held);
    pair.settled();
    assert_eq!(pair.carry(), ["access 200", "access 100"]);
    pair.again();
}
