//! RPCs over gNMI, counted by the switch: by the witness before lemming and
//! gnxi, by the simulator itself.

use serde_json::json;

use crate::harness::{Client, Face, Kind, Mercury, Peer, Port, Setup, Switch};

/// RPCs that the switch has received; a look at a real one is made of them too.
fn received(switch: &Switch) -> u64 {
    match switch {
        Switch::Simulated(switch) => switch.handle().counters().rpcs,
        Switch::Target(switch) => switch.calls().len() as u64,
        Switch::Real(_) => unreachable!("gNMI only"),
    }
}

/// A warm attach costs that many, one that is there already a single read; the
/// answer and the log line say the same number as the switch.
fn warm_attach_costs(rpcs: u64, peer: Peer) {
    let Some(switch) = peer.own() else { return };
    let mercury = Mercury::serve(&[switch.entry("leaf1")]);
    let mut client = Client::of(&mercury);
    let mut attach = |port: &str, vlan: u16, id: &str| {
        let params = json!({"switch_id": "leaf1", "port_name": port, "mode": "access", "native_vlan": vlan,
                            "description": "Ironic Port 8d1f", "context": {"request_id": id}});
        let before = received(&switch);
        let answer = client.done("update_port", &params);
        (answer, received(&switch) - before)
    };
    attach("Ethernet1", 100, "req-cold");
    for (index, (port, vlan, outcome, limit)) in [
        ("Ethernet1", 200, "committed", rpcs),
        ("Ethernet2", 100, "committed", rpcs),
        ("Ethernet1", 300, "committed", rpcs),
        ("Ethernet1", 300, "unchanged", 1),
    ]
    .into_iter()
    .enumerate()
    {
        let id = format!("req-warm-{index}");
        let (answer, counted) = attach(port, vlan, &id);
        assert_eq!(answer["outcome"], outcome, "{answer}");
        assert_eq!(counted, limit, "{answer}");
        assert_eq!(answer["flights"], counted);
        assert_eq!(mercury.request(&id)["flights"], counted);
        assert_eq!(Port::answered(&answer["interface"]), switch.look().port(port));
    }
    assert_eq!(switch.look().port("Ethernet1").vlans, "access 300");
}

#[test]
fn a_warm_attach_on_lemming_takes_three_rpcs() {
    warm_attach_costs(3, Peer::Gnmi(Kind::Lemming));
}

#[test]
fn a_warm_attach_on_gnxi_takes_three_rpcs() {
    warm_attach_costs(3, Peer::Gnmi(Kind::Gnxi));
}

#[test]
fn a_warm_attach_on_the_simulator_takes_three_rpcs() {
    warm_attach_costs(3, Peer::SimulatorGnmi(Face::Plain));
}

#[test]
fn a_warm_attach_without_get_takes_three_rpcs() {
    warm_attach_costs(3, Peer::SimulatorGnmi(Face::NoGet));
}

#[test]
fn a_warm_attach_with_commit_confirmed_takes_four_rpcs() {
    warm_attach_costs(4, Peer::SimulatorGnmi(Face::Confirmed));
}

/// A trunk of so many VLANs that are to be made is a few round trips, warm or not.
fn many_vlans_take_few_rpcs(peer: Peer, vlans: u16) {
    let Some(switch) = peer.own() else { return };
    let mercury = Mercury::serve(&[switch.entry("leaf1").with("manage_vlans", true)]);
    let mut client = Client::of(&mercury);
    let trunk: Vec<u16> = (2..2 + vlans).collect();
    let mut params = json!({"switch_id": "leaf1", "port_name": "Ethernet1", "mode": "trunk", "native_vlan": 1,
                            "allowed_vlans": trunk});
    let before = received(&switch);
    let answer = client.done("update_port", &params);
    let counted = received(&switch) - before;
    assert!(answer["outcome"] == "committed" && counted <= 10, "{counted}: {}", answer["outcome"]);
    assert_eq!(switch.look().vlans.len(), usize::from(vlans) + 1);
    params["port_name"] = "Ethernet2".into();
    let before = received(&switch);
    client.done("update_port", &params);
    let counted = received(&switch) - before;
    assert!(counted <= 10, "{counted}");
}

#[test]
fn four_thousand_vlans_on_the_simulator_take_few_rpcs() {
    many_vlans_take_few_rpcs(Peer::SimulatorGnmi(Face::Plain), 4093);
}

#[test]
fn four_thousand_vlans_without_get_take_few_rpcs() {
    many_vlans_take_few_rpcs(Peer::SimulatorGnmi(Face::NoGet), 4093);
}

#[test]
fn many_vlans_on_lemming_take_few_rpcs() {
    many_vlans_take_few_rpcs(Peer::Gnmi(Kind::Lemming), 60);
}

#[test]
fn many_vlans_on_gnxi_take_few_rpcs() {
    many_vlans_take_few_rpcs(Peer::Gnmi(Kind::Gnxi), 60);
}

/// Whether a commit can be made to undo itself is a Set to ask: `plan`, `verify`
/// and `switch probe` do not, on a target that confirms whatever it is told to.
fn looking_sends_no_set(kind: Kind) {
    let Some(Switch::Target(target)) = Peer::Gnmi(kind).own() else { return };
    let setup = Setup::new().switches(&[target.entry("leaf1").text("confirmed_commit", "on")]);
    for words in [
        &["plan", "leaf1", "Ethernet1", "--access", "100"][..],
        &["verify", "leaf1", "Ethernet1", "--access", "100"],
        &["switch", "probe", "leaf1"],
    ] {
        let finished = setup.run(words);
        assert!(finished.code() <= 1, "{words:?}: {} {}", finished.stdout, finished.stderr);
    }
    let calls = target.calls();
    assert!(calls.len() > 3, "{calls:?}");
    assert!(calls.iter().all(|call| call["method"] != "Set"), "{calls:?}");
}

#[test]
fn looking_at_lemming_sends_no_set() {
    looking_sends_no_set(Kind::Lemming);
}

#[test]
fn looking_at_gnxi_sends_no_set() {
    looking_sends_no_set(Kind::Gnxi);
}
