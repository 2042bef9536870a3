//! A node's whole life, and what it costs.

use mercury_sim::Mode;

use super::{CLEANING, IDLE, INSPECTION, Inventory, Link, Node, PROVISIONING, Plant, RESCUING, TENANT, readme};
use crate::harness::{Datastores, Face, Peer, State, Switch};

struct Life {
    plant: Plant,
    node: Node,
    switch: Switch,
    before: State,
}

impl Life {
    fn begin(peer: Peer) -> Option<Self> {
        let switch = peer.own()?;
        let entry = switch.entry("leaf1").text("confirmed_commit", "on");
        let inventory = match peer {
            Peer::SimulatorGnmi(_) => Inventory::of(&[entry
                .text("allowed_vlans", "100-199")
                .with("mac_addresses", format!("[{:?}]", readme::mac()))]),
            _ => Inventory::of_the_readme(&entry.without("confirmed_commit")),
        };
        let plant = Plant::new(&inventory)?;
        let before = switch.look();
        let node = Node::enroll(&plant, 1, &Link::both());
        node.becomes(&plant, "manage", "manageable");
        assert_eq!(switch.look(), before, "nobody asked for a change");
        Some(Self { plant, node, switch, before })
    }

    fn ports(&self, vlans: [&str; 2], what: &str) {
        assert_eq!(ports(&self.switch), vlans, "{what}");
    }

    /// Orders a state: what the ports carry while the ramdisk is awaited, and then.
    fn through(&self, order: &str, waits: (&str, [&str; 2]), then: (&str, [&str; 2])) {
        let commits = commits(&self.switch);
        self.node.becomes(&self.plant, order, waits.0);
        self.ports(waits.1, waits.0);
        self.node.boots(&self.plant, then.0);
        self.ports(then.1, then.0);
        self.cost(order, commits);
    }

    /// What the order cost, as README.md has it.
    fn cost(&self, order: &str, before: Option<u64>) {
        let [calls, changes, confirmed] = readme::cost(order);
        let seen = self.plant.calls(calls);
        let outcomes: Vec<&str> = seen.iter().map(|call| call["outcome"].as_str().unwrap()).collect();
        let of = |outcome: &str| outcomes.iter().filter(|seen| **seen == outcome).count();
        assert_eq!((outcomes.len(), of("committed"), of("unchanged")), (calls, changes, calls - changes), "{order}");
        assert_eq!(confirmed, 2 * changes, "{order}");
        if let (Some(before), Some(after)) = (before, commits(&self.switch)) {
            assert_eq!(after - before, confirmed as u64, "{order}: as the switch counts");
        }
    }

    fn lives(&self) {
        let Self { plant, node, .. } = self;
        self.through("inspect", ("inspect wait", INSPECTION), ("manageable", IDLE));
        self.through("provide", ("clean wait", CLEANING), ("available", IDLE));
        self.through("active", ("wait call-back", PROVISIONING), ("active", TENANT));
        self.through("rescue", ("rescue wait", RESCUING), ("rescue", TENANT));
        let before = commits(&self.switch);
        node.becomes(plant, "unrescue", "active");
        self.ports(TENANT, "unrescue");
        self.cost("unrescue", before);
        self.through("deleted", ("clean wait", CLEANING), ("available", IDLE));
        assert_eq!(others(self.switch.look()), others(self.before.clone()), "another port moved");
        assert_eq!(plant.calls(0).len(), 0, "calls that nobody expected");
    }
}

fn others(mut state: State) -> State {
    for port in ["Ethernet1", "Ethernet2"] {
        state.ports.remove(port);
    }
    state
}

fn ports(switch: &Switch) -> [String; 2] {
    let seen = switch.look();
    ["Ethernet1", "Ethernet2"].map(|port| seen.port(port).vlans)
}

/// As a NETCONF simulator counts them.
fn commits(switch: &Switch) -> Option<u64> {
    match switch {
        Switch::Simulated(simulated) => Some(simulated.handle().counters().commits),
        _ => None,
    }
}

#[test]
fn a_nodes_life_on_a_simulated_switch() {
    Life::begin(Peer::Simulator(Mode::Candidate)).iter().for_each(Life::lives);
}

#[test]
fn a_nodes_life_on_a_gnmi_simulator() {
    Life::begin(Peer::SimulatorGnmi(Face::Confirmed)).iter().for_each(Life::lives);
}

#[test]
fn a_nodes_life_on_netconfd() {
    Life::begin(Peer::Netconfd(Datastores::Candidate)).iter().for_each(Life::lives);
}
