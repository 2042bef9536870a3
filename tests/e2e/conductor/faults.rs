//! What goes wrong while Ironic waits, and what brings the ports where they must be.

use std::time::Duration;

use mercury_sim::{Handle, Options};
use serde_json::json;

use super::{IDLE, Inventory, Link, Node, PROVISIONING, Plant, TENANT, readme::mac};
use crate::harness::{Datastores, Entry, Simulated, Switch, block_on, netconfd, wait};

/// The switch's timer for what a dead Mercury did not confirm, in seconds.
const CONFIRM: u8 = 2;

/// The chassis MAC of a second switch.
const OTHER: &str = "00:1c:73:0a:0b:0d";

fn known_by(entry: Entry, mac: &str) -> Entry {
    entry.with("mac_addresses", format!("[{mac:?}]")).text("allowed_vlans", "100-199")
}

fn hasty(entry: Entry) -> Entry {
    entry.with("confirm_timeout", CONFIRM).with("commit_timeout", CONFIRM).with("lock_wait", 20)
}

/// One switch, and a node whose two ports lead to it.
struct Stage {
    plant: Plant,
    inventory: Inventory,
    switch: Switch,
}

impl Stage {
    fn new(options: Options) -> Option<Self> {
        Self::on(Switch::Simulated(Box::new(Simulated::with(options))))
    }

    fn on_netconfd() -> Option<Self> {
        Self::on(Switch::Real(netconfd(Datastores::Candidate)?))
    }

    fn on(switch: Switch) -> Option<Self> {
        let inventory = Inventory::of(&[hasty(known_by(switch.entry("leaf1"), &mac()))]);
        Some(Self { plant: Plant::new(&inventory)?, inventory, switch })
    }

    fn handle(&self) -> Handle {
        let Switch::Simulated(simulated) = &self.switch else { panic!("a simulated switch has one") };
        simulated.handle()
    }

    fn ports(&self) -> [String; 2] {
        let seen = self.switch.look();
        ["Ethernet1", "Ethernet2"].map(|port| seen.port(port).vlans)
    }

    fn active(&self, node: &Node) {
        node.goes(&self.plant, "active", "wait call-back", "active");
        assert_eq!(self.ports(), TENANT);
    }

    /// From wherever a fault left it.
    fn deleted(&self, node: &Node) {
        node.goes(&self.plant, "deleted", "clean wait", "available");
        assert_eq!(self.ports(), IDLE);
    }

    fn down(&mut self) {
        self.plant.down();
    }

    fn up(&mut self) {
        self.plant.up(&self.inventory);
    }
}

#[test]
fn mercury_is_down_at_deploy_and_at_undeploy() {
    Stage::new(Simulated::options()).into_iter().for_each(down_at_deploy_and_at_undeploy);
}

#[test]
fn mercury_is_down_at_deploy_and_at_undeploy_on_netconfd() {
    Stage::on_netconfd().into_iter().for_each(down_at_deploy_and_at_undeploy);
}

fn down_at_deploy_and_at_undeploy(mut stage: Stage) {
    let node = Node::available(&stage.plant, 1, &Link::both());
    stage.down();
    node.becomes(&stage.plant, "active", "deploy failed");
    assert_eq!(stage.ports(), IDLE);
    stage.up();
    stage.deleted(&node);

    stage.active(&node);
    stage.down();
    node.becomes(&stage.plant, "deleted", "error");
    assert_eq!(stage.ports(), TENANT, "nobody was there to move them");
    stage.up();
    stage.deleted(&node);
}

/// The first commit is the one to be confirmed, the second confirms it. What the switch
/// had been sent it does, whoever is still there.
#[test]
fn mercury_is_killed_in_commit_and_in_confirm() {
    let Some(mut stage) = Stage::new(Simulated::options()) else { return };
    let node = Node::available(&stage.plant, 1, &Link::both());
    for (fault, kept) in [
        ("commit:1:before:hold", false),
        ("commit:1:after:hold", false),
        ("commit:2:before:hold", true),
        ("commit:2:after:hold", true),
    ] {
        let handle = stage.handle();
        let held = handle.inject(fault.parse().unwrap());
        node.order(&stage.plant, "active");
        block_on(handle.held(held));
        stage.down();
        handle.release(held);
        node.until(&stage.plant, "deploy failed");
        block_on(handle.wait_until(|status| status.sessions == 0 && status.pending.is_none()));
        let first = if kept { PROVISIONING[0] } else { IDLE[0] };
        assert_eq!(stage.ports(), [first, IDLE[1]], "{fault}");
        stage.up();
        stage.deleted(&node);
    }
}

/// As on the simulator, where the switch has taken either commit and nobody hears of it.
/// netconfd 2.13 crashes when it undoes a confirmed commit that took a port from one
/// VLAN to another, so each node here comes to a port that has none.
#[test]
fn mercury_is_killed_in_commit_and_in_confirm_on_netconfd() {
    let Some(switch) = netconfd(Datastores::Candidate) else { return };
    let inventory = Inventory::of(&[hasty(known_by(switch.entry("leaf1"), &mac()))]);
    let Some(mut plant) = Plant::new(&inventory) else { return };
    for (number, commit, then) in [(1, 1, "none"), (2, 2, "access 120")] {
        let port = format!("Ethernet{number}");
        let carries = || switch.look().port(&port).vlans;
        let node = Node::enroll(&plant, number, &[Link::to(&mac(), &port)]);
        node.becomes(&plant, "manage", "manageable");
        let pid = plant.mercury().pid();
        switch.arm(&json!({"op": "commit", "nth": commit, "moment": "after", "action": "kill-pid", "pid": pid}));
        node.order(&plant, "provide");
        wait("the kill", || switch.fired());
        node.until(&plant, "clean failed");
        if then == "none" {
            switch.wait_undone();
        }
        assert_eq!(carries(), then);
        plant.up(&inventory);
        node.becomes(&plant, "manage", "manageable");
        node.goes(&plant, "provide", "clean wait", "available");
        assert_eq!(carries(), "access 199");
    }
}

#[test]
fn a_switch_that_refuses_one_port_keeps_no_other_from_its_place() {
    let Some(stage) = Stage::new(Simulated::options()) else { return };
    let handle = stage.handle();
    let refuse = |_| {
        handle.inject("edit-config:1:before:refuse:operation-failed:no room in the TCAM".parse().unwrap());
    };
    one_port_is_refused(&stage, refuse, "no room in the TCAM");
}

/// What comes there is no VLAN number, and netconfd says so.
#[test]
fn a_netconfd_that_refuses_one_port_keeps_no_other_from_its_place() {
    let Some(stage) = Stage::on_netconfd() else { return };
    let refuse = |vlan: u16| {
        let (from, to) = (format!(">{vlan}<"), ">no!<");
        let spoil =
            json!({"op": "edit-config", "nth": 1, "moment": "before", "action": "spoil", "from": from, "to": to});
        let Switch::Real(netconfd) = &stage.switch else { panic!("it is netconfd") };
        netconfd.arm(&spoil);
    };
    one_port_is_refused(&stage, refuse, "access-vlan");
}

/// `refuse`: the first edit to come is refused, which is to put a port on this VLAN.
fn one_port_is_refused(stage: &Stage, refuse: impl Fn(u16), says: &str) {
    let node = Node::available(&stage.plant, 1, &Link::both());
    refuse(110);
    node.becomes(&stage.plant, "active", "deploy failed");
    let error = node.last_error(&stage.plant);
    assert!(error.contains(says), "{error}");
    assert_eq!(stage.ports(), IDLE);
    stage.deleted(&node);

    stage.active(&node);
    refuse(199);
    node.becomes(&stage.plant, "deleted", "error");
    let error = node.last_error(&stage.plant);
    assert!(error.contains(says), "{error}");
    assert_eq!(stage.ports(), [TENANT[0], IDLE[1]]);
    stage.deleted(&node);
}

#[test]
fn a_slow_switch_is_waited_for() {
    let slow = Duration::from_millis(1200);
    Stage::new(Options { commit_time: slow, ..Simulated::options() }).iter().for_each(waited_for);
}

/// Every answer of which comes late.
#[test]
fn a_slow_netconfd_is_waited_for() {
    let Some(switch) = netconfd(Datastores::Candidate) else { return };
    switch.delay(Duration::from_millis(400));
    Stage::on(Switch::Real(switch)).iter().for_each(waited_for);
}

fn waited_for(stage: &Stage) {
    let links = [Link::to(&mac(), "Ethernet1")];
    let carries = || stage.switch.look().port("Ethernet1").vlans;
    let node = Node::available(&stage.plant, 1, &links);
    assert_eq!(carries(), IDLE[0]);
    node.goes(&stage.plant, "active", "wait call-back", "active");
    assert_eq!(carries(), TENANT[0]);
    node.goes(&stage.plant, "deleted", "clean wait", "available");
    assert_eq!(carries(), IDLE[0]);
}

/// Ironic goes on to the node's other ports after a network error and a parameter that
/// it takes for wrong, and after nothing else.
#[test]
fn the_other_port_is_let_go_where_a_switch_is_unknown_or_gone() {
    let switches = [Simulated::with(Simulated::options()), Simulated::with(Simulated::options())];
    let entries = [
        known_by(switches[0].entry("leaf1"), &mac()).with("connect_timeout", 2),
        known_by(switches[1].entry("leaf2"), OTHER),
    ];
    let whole = Inventory::of(&entries);
    let Some(mut plant) = Plant::new(&whole) else { return };
    let links = [Link::to(&mac(), "Ethernet1"), Link::to(OTHER, "Ethernet1")];
    let carry = || [&switches[0], &switches[1]].map(|switch| switch.look().port("Ethernet1").vlans);
    let node = Node::available(&plant, 1, &links);

    node.goes(&plant, "active", "wait call-back", "active");
    assert_eq!(carry(), ["access 150", "access 150"]);
    plant.up(&Inventory::of(&entries[1..]));
    node.becomes(&plant, "deleted", "error");
    let error = node.last_error(&plant);
    assert!(error.contains("not in the inventory"), "{error}");
    assert_eq!(carry(), ["access 150", "access 199"]);
    plant.up(&whole);
    node.goes(&plant, "deleted", "clean wait", "available");
    assert_eq!(carry(), ["access 199", "access 199"]);

    node.goes(&plant, "active", "wait call-back", "active");
    switches[0].handle().stop();
    node.becomes(&plant, "deleted", "error");
    let error = node.last_error(&plant);
    assert!(error.contains("leaf1: cannot connect"), "{error}");
    assert_eq!(carry(), ["access 150", "access 199"]);
}
