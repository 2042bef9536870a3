//! Requests for two switches, on two hosts at once.

use std::thread;

use serde_json::{Value, json};

use crate::{
    harness::{Client, Mercury, RpcError, Setup, Simulated},
    server::EtcdServer,
};

/// Requests of each caller.
const EACH: u16 = 5;

/// A host that calls the switches so.
fn serve(switches: &[Simulated; 2], names: [&str; 2], etcd: &EtcdServer) -> Mercury {
    let settings = format!("[etcd]\nendpoints = [{:?}]\n", etcd.endpoint());
    let [first, second] = switches;
    let entries = [first.netconf_entry(names[0]), second.gnmi_entry(names[1])];
    Setup::new().switches(&entries).settings(&settings).serve()
}

fn attach(client: &mut Client, port: &str, vlan: u16) -> Result<Value, RpcError> {
    let links = ["leaf1", "leaf2"].map(|switch| json!({"switch_id": switch, "port_id": port}));
    let port = json!({"id": "server", "binding:profile": {"local_link_information": links}});
    let network = json!({"id": "net", "network_type": "vlan", "segmentation_id": vlan});
    client.call("attach_port", &json!({"port": port, "network": network}))
}

#[test]
fn two_hosts_that_need_the_same_two_switches_never_wait_for_each_other() {
    let Some(etcd) = EtcdServer::start() else { return };
    let switches = [(); 2].map(|()| Simulated::start(mercury_sim::Mode::Candidate));
    // What one host calls a switch is what the other calls the other one.
    let hosts = [["leaf1", "leaf2"], ["leaf2", "leaf1"]].map(|names| serve(&switches, names, &etcd));
    thread::scope(|scope| {
        for caller in 0..4 {
            let host = &hosts[caller % 2];
            scope.spawn(move || {
                let (mut client, port) = (Client::of(host), format!("Ethernet{}", caller + 1));
                for vlan in 100..100 + EACH {
                    let answer = attach(&mut client, &port, vlan);
                    assert!(answer.is_ok(), "{port}: {answer:?}");
                }
            });
        }
    });
    for switch in &switches {
        let found = switch.look();
        for number in 1..=4 {
            assert_eq!(found.port(&format!("Ethernet{number}")).vlans, format!("access {}", 99 + EACH));
        }
    }
}
