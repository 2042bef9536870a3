//! What Ironic asks for, on every kind of switch. Each answer is compared with
//! the switch.

mod lags;
mod links;
mod networks;
mod options;
mod ports;
mod spanning_tree;

use std::sync::atomic::{AtomicU16, Ordering};

use mercury_sim::Mode;
use serde_json::{Value, json};

use crate::harness::{Client, Datastores, Entry, Face, Kind, Mercury, Peer, Port, Shared};
use lags::*;
use links::*;
use networks::*;
use options::*;
use ports::*;
use spanning_tree::*;

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
        on_every_peer!(@peer gnmi_simulator_confirmed, Peer::SimulatorGnmi(Face::Confirmed), $($scenario),+);
        on_every_peer!(@peer gnmi_simulator_plain, Peer::SimulatorGnmi(Face::Plain), $($scenario),+);
        on_every_peer!(@peer gnmi_simulator_without_get, Peer::SimulatorGnmi(Face::NoGet), $($scenario),+);
        on_every_peer!(@peer gnmi_lemming, Peer::Gnmi(Kind::Lemming), $($scenario),+);
        on_every_peer!(@peer gnmi_gnxi, Peer::Gnmi(Kind::Gnxi), $($scenario),+);
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

on_every_peer!(
    access_sets_the_vlan_and_the_description,
    retag_changes_the_vlan_alone,
    a_trunk_has_its_native_vlan,
    a_trunk_without_native_vlan_loses_the_one_it_had,
    hybrid_is_a_trunk_with_an_untagged_vlan,
    a_description_that_is_null_or_empty_leaves_what_is_there,
    reset_restores_the_default_vlan,
    reset_without_default_vlan_leaves_no_vlan,
    a_repeated_request_writes_nothing,
    joining_a_lag_that_is_there,
    joining_a_lag_that_is_missing_makes_none,
    detach_leaves_no_vlan_or_the_idle_one,
    a_detach_of_another_network_than_the_ports_leaves_it_there,
    admin_state_switches_the_port_off_and_on,
    mtu_is_set_where_it_is_managed_and_left_where_not,
    a_vlan_that_a_port_needs_is_made,
    networks_come_and_go_and_a_used_one_stays,
    plugin_trunk_has_its_sub_ports,
    links_on_two_switches_are_all_applied,
    links_are_all_undone_when_another_switch_refuses,
    links_are_all_undone_when_this_switch_refuses,
    a_bounced_port_is_up_again,
    a_probe_may_write_and_leaves_the_port_as_it_was,
    a_bond_is_built_retagged_and_leaves_nothing_behind,
    a_lag_comes_and_goes_as_ironic_calls_it,
    a_bond_over_two_switches_has_one_number,
    trunk_ports_carry_every_vlan_that_is_made,
    attach_then_detach_gives_the_switch_as_it_was,
    ports_have_the_names_and_descriptions_of_the_entry,
    an_attached_port_is_a_guarded_edge_where_the_entry_asks,
    a_plugins_attach_and_detach_leave_no_trace_in_spanning_tree,
    what_an_entry_does_not_ask_for_is_left_as_it_is,
    what_others_say_about_a_ports_spanning_tree_outlives_an_attach,
    a_member_of_a_lag_is_no_edge,
    an_edge_is_undone_when_another_switch_refuses,
);

/// Where requests may name the network team's aggregate.
fn naming_a_lag(entry: Entry) -> Entry {
    entry.with("allowed_lags", r#"["Port-Channel1"]"#)
}

/// A service before a shared switch, and a port of its own there.
struct Stage {
    switch: Shared,
    port: String,
    client: Client,
    mercury: Mercury,
}

impl Stage {
    fn new(peer: Peer) -> Option<Self> {
        Self::with(peer, |entry| entry)
    }

    fn with(peer: Peer, change: impl Fn(Entry) -> Entry) -> Option<Self> {
        Self::among(peer, |entry| vec![change(entry)])
    }

    /// With a whole inventory; `leaf1` is the switch of the stage.
    fn among(peer: Peer, inventory: impl Fn(Entry) -> Vec<Entry>) -> Option<Self> {
        let switch = peer.shared()?;
        let mercury = Mercury::serve(&inventory(switch.entry("leaf1")));
        let client = Client::of(&mercury);
        Some(Self { port: switch.port(), switch, client, mercury })
    }

    /// The same switch and port behind a service whose entry says otherwise.
    fn serve_instead(&mut self, change: impl Fn(Entry) -> Entry) {
        self.mercury = Mercury::serve(&[change(self.switch.entry("leaf1"))]);
        self.client = Client::of(&self.mercury);
    }

    /// Ironic's parameters for this stage's port.
    fn params(&self, more: &Value) -> Value {
        let mut params = json!({"switch_id": "leaf1", "port_name": self.port, "rpc.version": "1.0"});
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        params
    }

    /// `update_port` of this stage's port, which must succeed.
    fn update(&mut self, more: &Value) -> Value {
        let answer = self.client.done("update_port", &self.params(more));
        self.seen(&answer);
        answer
    }

    /// The port as the switch has it, which must be what the answer says.
    fn seen(&self, answer: &Value) -> Port {
        let seen = self.now();
        assert_eq!(Port::answered(&answer["interface"]), seen, "the answer is not what is: {answer}");
        seen
    }

    /// The port as the switch has it.
    fn now(&self) -> Port {
        self.switch.look().port(&self.port)
    }

    /// The plugin's parameters for this stage's port.
    fn attach(&self, network: &Value) -> Value {
        attach(&[("leaf1", &self.port)], network)
    }
}

fn access(vlan: u16) -> Value {
    json!({"mode": "access", "native_vlan": vlan})
}

/// `port` and `network`, as the plugin sends them.
fn attach(links: &[(&str, &str)], network: &Value) -> Value {
    let links: Vec<_> =
        links.iter().map(|(switch, port)| json!({"switch_id": switch, "port_id": port, "switch_info": ""})).collect();
    json!({
        "context": {"request_id": "req-plugin", "user": "alice", "project": "metal"},
        "port": {
            "id": "7a1c", "mac_address": "52:54:00:00:00:01", "binding:vnic_type": "baremetal",
            "binding:profile": {"local_link_information": links},
        },
        "network": network,
    })
}

/// A VLAN that no other test of a shared switch uses.
fn fresh_vlan() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(2000);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
