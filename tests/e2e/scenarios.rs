//! What Ironic asks for, on every kind of switch.

use mercury_sim::Mode;
use serde_json::{Value, json};

use crate::harness::{Client, Datastores, Entry, Mercury, Peer, Port, Switch};

/// One module per peer, one test per scenario.
macro_rules! on_every_peer {
    ($($scenario:ident),+ $(,)?) => {
        on_every_peer!(@peer simulator_candidate, Peer::Simulator(Mode::Candidate), $($scenario),+);
        on_every_peer!(@peer simulator_plain, Peer::Simulator(Mode::CandidatePlain), $($scenario),+);
        on_every_peer!(@peer simulator_running, Peer::Simulator(Mode::Running), $($scenario),+);
        on_every_peer!(@peer simulator_startup, Peer::Simulator(Mode::RunningStartup), $($scenario),+);
        on_every_peer!(@peer netconfd_candidate, Peer::Netconfd(Datastores::Candidate), $($scenario),+);
        on_every_peer!(@peer netconfd_running, Peer::Netconfd(Datastores::Running), $($scenario),+);
        on_every_peer!(@peer netconfd_startup, Peer::Netconfd(Datastores::Startup), $($scenario),+);
        on_every_peer!(@peer netconfd_published, Peer::NetconfdPublished, $($scenario),+);
    };
    (@peer $module:ident, $peer:expr, $($scenario:ident),+) => {
        mod $module {
            use super::*;
            $(#[test]
            fn $scenario() {
                super::$scenario($peer);
            })+
        }
    };
}

on_every_peer!(access_sets_the_vlan_and_the_description, retag_changes_the_vlan_alone);

/// A service before one shared switch, and a port of its own there.
struct Stage {
    switch: crate::harness::Shared,
    port: String,
    client: Client,
    _mercury: Mercury,
}

impl Stage {
    fn new(peer: Peer) -> Option<Self> {
        Self::with(peer, |entry| entry)
    }

    fn with(peer: Peer, change: impl Fn(Entry) -> Entry) -> Option<Self> {
        let switch = peer.shared()?;
        let mercury = Mercury::serve(&[change(switch.entry("leaf1"))]);
        let client = Client::of(&mercury);
        Some(Self { port: switch.port(), switch, client, _mercury: mercury })
    }

    /// `update_port` of this stage's port, which must succeed; the answer is
    /// what the switch has.
    fn update(&mut self, more: &Value) -> Value {
        let mut params = json!({"switch_id": "leaf1", "port_name": self.port, "rpc.version": "1.0"});
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = self.client.done("update_port", &params);
        self.seen(&answer);
        answer
    }

    /// The port as the switch has it, which must be what the answer says.
    fn seen(&self, answer: &Value) -> Port {
        let seen = self.switch.look().port(&self.port);
        assert_eq!(Port::answered(&answer["interface"]), seen, "the answer is not what is: {answer}");
        seen
    }
}

fn access(vlan: u16) -> Value {
    json!({"mode": "access", "native_vlan": vlan})
}

fn access_sets_the_vlan_and_the_description(peer: Peer) {
    let Some(mut stage) = Stage::new(peer) else { return };
    let answer = stage.update(&json!({"mode": "access", "native_vlan": 100, "description": "Ironic Port 8d1f"}));
    assert_eq!(
        stage.seen(&answer),
        Port { vlans: "access 100".to_owned(), description: Some("Ironic Port 8d1f".to_owned()), ..Port::default() }
    );
    assert_eq!(answer["changed"], true);
    assert_eq!(answer["status"], "configured");
    assert_eq!(answer["mode"], "access");
    assert_eq!(answer["native_vlan"], 100);
    assert_eq!(answer["allowed_vlans"], json!([]));
}

fn retag_changes_the_vlan_alone(peer: Peer) {
    let Some(mut stage) = Stage::new(peer) else { return };
    stage.update(&json!({"mode": "access", "native_vlan": 100, "description": "kept"}));
    let answer = stage.update(&access(200));
    let port = stage.seen(&answer);
    assert_eq!((port.vlans.as_str(), port.description.as_deref()), ("access 200", Some("kept")));
}
