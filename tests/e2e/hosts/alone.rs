//! One Mercury and its etcd: silent, gone, and empty afterwards.

use serde_json::{Value, json};

use super::locks;
use crate::{
    harness::{Client, Mercury, Port, RpcError, Setup, Simulated, block_on},
    server::EtcdServer,
};

fn setup(switch: &Simulated, etcd: &EtcdServer, more: &str) -> Setup {
    let settings = format!("[etcd]\nendpoints = [{:?}]\n{more}", etcd.endpoint());
    Setup::new().switches(&[switch.gnmi_entry("leaf1")]).settings(&settings)
}

fn serve(switch: &Simulated, etcd: &EtcdServer) -> Mercury {
    setup(switch, etcd, "lease_ttl = 2\ntimeout = 1\n").serve()
}

fn attach(mercury: &Mercury, port: &str) -> Result<Value, RpcError> {
    let params = json!({"switch_id": "leaf1", "port_name": port, "mode": "access", "native_vlan": 100});
    Client::of(mercury).call("update_port", &params)
}

fn assert_refused(mercury: &Mercury, switch: &Simulated) {
    let before = switch.handle().counters().edits;
    let error = attach(mercury, "Ethernet2").unwrap_err();
    assert_eq!((error.kind(), error.code, error.class()), ("coordinator", 503, "NetworkError"), "{error:?}");
    assert_eq!((&error.data["who_acts"], &error.data["retry"]), (&json!("nobody"), &json!(true)));
    assert!(error.message.contains("etcd: "), "{error:?}");
    assert_eq!(switch.handle().counters().edits, before);
    assert_eq!(switch.look().port("Ethernet2"), Port::default());
}

#[test]
fn without_etcd_nothing_is_sent_and_the_caller_is_told() {
    let Some(etcd) = EtcdServer::start() else { return };
    let switch = Simulated::start(mercury_sim::Mode::Candidate);
    let mercury = serve(&switch, &etcd);
    attach(&mercury, "Ethernet1").unwrap();
    etcd.stop();
    assert_refused(&mercury, &switch);
    etcd.go_on();
    attach(&mercury, "Ethernet3").unwrap();
    etcd.kill();
    assert_refused(&mercury, &switch);
    etcd.restart();
    attach(&mercury, "Ethernet4").unwrap();
}

#[test]
fn a_lock_that_is_lost_while_the_switch_is_read_stops_the_change() {
    let Some(etcd) = EtcdServer::start() else { return };
    let switch = Simulated::start(mercury_sim::Mode::Candidate);
    let mercury = serve(&switch, &etcd);
    let held = switch.handle().inject("gnmi-get:1:before:hold".parse().unwrap());
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| attach(&mercury, "Ethernet1"));
        block_on(switch.handle().held(held));
        etcd.stop();
        mercury.stderr.wait_json("the loss", |line| line["left_ms"] == 0);
        switch.handle().release(held);
        let error = asked.join().unwrap().unwrap_err();
        assert!(error.message.contains("the lock that keeps other Mercurys from this switch was lost"), "{error:?}");
    });
    assert_eq!(switch.handle().counters().edits, 0);
    etcd.go_on();
    attach(&mercury, "Ethernet1").unwrap();
}

#[test]
fn a_command_leaves_no_lock_behind() {
    let Some(etcd) = EtcdServer::start() else { return };
    let switch = Simulated::start(mercury_sim::Mode::Candidate);
    let setup = setup(&switch, &etcd, "lease_ttl = 300\n");
    let done = setup.run(&["attach", "leaf1", "Ethernet1", "--access", "100"]);
    assert_eq!(done.code(), 0, "{}", done.stderr);
    assert_eq!(block_on(locks(&etcd)), 0);
    assert_eq!(setup.run(&["detach", "leaf1", "Ethernet1"]).code(), 0);
    assert_eq!(switch.look().port("Ethernet1").vlans, "none");
}
