//! NVUE's REST server, simulated: a port's life on a switch that others use, and what is so
//! whatever goes wrong at whichever request.

use std::thread;

use mercury_sim::{NVUE_PASSWORD, NVUE_USER, NvueFault, NvueHandle, NvueRequest, NvueSwitch};
use serde_json::{Value, json};

use crate::harness::{Client, Entry, Mercury, RpcError, block_on};

/// As somebody else has configured it.
fn before() -> Value {
    json!({
        "system": {"hostname": "leaf1"},
        "interface": {
            "eth0": {"ip": {"vrf": "mgmt"}, "type": "eth"},
            "swp3": {"description": "'their' port", "link": {"mtu": 9000, "state": {"up": {}}},
                "bridge": {"domain": {"br_default": {"access": 20}}}},
            "swp49": {"bridge": {"domain": {"br_default": {"untagged": 1, "vlan": {"20": {}, "21": {}}}}}},
        },
        "bridge": {"domain": {"br_default": {"vlan": {"20": {}, "21": {}, "100": {}, "101": {}}}}},
        "nve": {"vxlan": {"source": {"address": "10.0.0.1"}}},
        "evpn": {"state": "enabled"},
    })
}

fn start() -> NvueSwitch {
    block_on(NvueSwitch::start(before(), &["swp1", "swp2", "swp3", "swp49"])).unwrap()
}

fn entry(name: &str, switch: &NvueSwitch) -> Entry {
    let pin = switch.certificate_sha256().map(|byte| format!("{byte:02X}")).join(":");
    Entry::new(name)
        .text("protocol", "nvue")
        .text("dialect", "cumulus_nvue")
        .text("address", &switch.addr().ip().to_string())
        .with("port", switch.addr().port())
        .text("username", NVUE_USER)
        .text("password", NVUE_PASSWORD)
        .with("tls_pins", format!("[{pin:?}]"))
        .text("allowed_vlans", "1-3999")
        .with("settle_time", 1)
}

fn on(switch: &str, port: &str, more: Value) -> Value {
    let mut params = json!({"switch_id": switch, "port_name": port});
    let Value::Object(more) = more else { panic!("{more} is no object") };
    params.as_object_mut().unwrap().extend(more);
    params
}

fn bridged(handle: &NvueHandle, port: &str) -> Value {
    handle.applied().pointer(&format!("/interface/{port}/bridge/domain/br_default")).cloned().unwrap_or_default()
}

/// Nothing is left of a port, whatever empty objects are.
fn bare(mut config: Value, port: &str) -> Value {
    fn is_empty(value: &Value) -> bool {
        value.as_object().is_some_and(|members| members.values().all(is_empty))
    }
    let ports = config["interface"].as_object_mut().unwrap();
    if ports.get(port).is_some_and(is_empty) {
        ports.remove(port);
    }
    config
}

#[test]
fn a_port_goes_through_its_life_and_leaves_nothing() {
    let switch = start();
    let handle = switch.handle();
    let entry = entry("leaf1", &switch)
        .with("persist", true)
        .with("manage_vlans", true)
        .with("manage_mtu", true)
        .text("lag_numbers", "1-9")
        .text("local_vlans", "3000-3001");
    let mercury = Mercury::serve(&[entry]);
    let mut client = Client::of(&mercury);
    client
        .done("update_port", &on("leaf1", "swp1", json!({"mode": "access", "native_vlan": 100, "description": "a b"})));
    assert_eq!(bridged(&handle, "swp1"), json!({"access": 100}));
    assert_eq!(handle.applied().pointer("/interface/swp1/description"), Some(&json!("a b")));
    assert_eq!(handle.startup(), handle.applied());
    // Applied to be confirmed, read back, confirmed.
    use NvueRequest::{Apply, Ask, Confirm, Make, Merge, Reject};
    let asked = handle.asked();
    let order: Vec<NvueRequest> = asked.into_iter().filter(|one| ![Ask, NvueRequest::Show].contains(one)).collect();
    assert_eq!(order, [Make, Merge, Apply, Confirm, NvueRequest::Save]);
    let trunk = json!({"mode": "trunk", "native_vlan": 100, "allowed_vlans": [100, 101]});
    client.done("update_port", &on("leaf1", "swp1", trunk));
    assert_eq!(bridged(&handle, "swp1"), json!({"untagged": 100, "vlan": {"101": {}}}));
    client.done("update_port", &on("leaf1", "swp1", json!({"mode": "trunk", "allowed_vlans": [101]})));
    assert_eq!(bridged(&handle, "swp1"), json!({"untagged": "none", "vlan": {"101": {}}}));
    client.done("reset_port", &on("leaf1", "swp1", json!({"native_vlan": 101})));
    assert!(!handle.asked().contains(&Reject));
    // A VLAN, its MTU, and a VNI come and go with a port.
    let link = json!({"switch_id": "leaf1", "port_id": "swp2"});
    let attach =
        |network: Value| json!({"port": {"binding:profile": {"local_link_information": [link]}}, "network": network});
    let network = json!({"network_type": "vlan", "segmentation_id": 150, "mtu": 1500});
    client.done("add_network", &json!({"network": {"segmentation_id": 150, "network_type": "vlan"}}));
    client.done("attach_port", &attach(network.clone()));
    assert_eq!(bridged(&handle, "swp2"), json!({"access": 150}));
    assert!(handle.applied().pointer("/bridge/domain/br_default/vlan/150").is_some());
    assert_eq!(handle.applied().pointer("/interface/swp2/link/mtu"), Some(&json!(1500)));
    client.done("detach_port", &attach(network));
    client.done("delete_network", &json!({"network": {"segmentation_id": 150, "network_type": "vlan"}}));
    client.done("attach_port", &attach(json!({"vni": 10100})));
    assert_eq!(handle.applied().pointer("/bridge/domain/br_default/vlan/3000/vni"), Some(&json!({"10100": {}})));
    assert_eq!(bridged(&handle, "swp2"), json!({"access": 3000}));
    client.done("detach_port", &attach(json!({"vni": 10100})));
    // A bond of two ports.
    let lag = |mode: Value| {
        let mut params = json!({"switch_ids": ["leaf1"], "lag_name": "lag-1", "description": "Ironic PortGroup 8d1f"});
        params.as_object_mut().unwrap().extend(mode.as_object().unwrap().clone());
        params
    };
    let made = json!({"mode": "access", "native_vlan": 100, "aggregation_mode": "lacp"});
    client.done("update_lag", &lag(made));
    assert_eq!(bridged(&handle, "bond1"), json!({"access": 100}));
    let joins = json!({"mode": "access", "native_vlan": 100, "lag_name": "lag-1"});
    client.done("update_port", &on("leaf1", "swp2", joins));
    assert_eq!(handle.applied().pointer("/interface/bond1/bond/member"), Some(&json!({"swp2": {}})));
    client.done("delete_lag", &json!({"switch_ids": ["leaf1"], "lag_name": "lag-1"}));
    let left = handle.applied();
    assert_eq!(left.pointer("/interface/bond1"), None, "{left:#}");
    // Whose VLAN it is, no name tells there, so that it stays; nothing is bound to it.
    assert_eq!(left.pointer("/bridge/domain/br_default/vlan/3000"), Some(&json!({"vni": {}})), "{left:#}");
    let vlans = left.pointer("/bridge/domain/br_default/vlan").and_then(Value::as_object).unwrap();
    assert_eq!(vlans.keys().collect::<Vec<_>>(), ["100", "101", "20", "21", "3000"]);
    let left = bare(left, "swp2");
    assert_eq!(left.pointer("/interface/swp2"), None, "{left:#}");
    assert_eq!(left.pointer("/interface/swp1/bridge/domain"), Some(&json!({})), "{left:#}");
    for port in ["swp3", "swp49", "eth0"] {
        assert_eq!(left["interface"][port], before()["interface"][port]);
    }
    assert_eq!(handle.startup(), handle.applied());
}

/// What a request brings that is to be cut, refused, or overtaken.
struct Case {
    at: NvueRequest,
    fault: NvueFault,
    /// What the answer says, and whether the change is there.
    ends: fn(&Result<Value, RpcError>, bool) -> bool,
}

fn is_made(answer: &Result<Value, RpcError>, is_there: bool) -> bool {
    answer.as_ref().is_ok_and(|answer| answer["outcome"] == "committed") && is_there
}

fn is_not_made(answer: &Result<Value, RpcError>, is_there: bool) -> bool {
    answer.is_err() && !is_there
}

/// Nothing was made, and so nothing was taken back.
fn is_not_begun(answer: &Result<Value, RpcError>, is_there: bool) -> bool {
    let is_told = |error: &RpcError| error.kind() == "locked" && !error.message.contains("undone");
    answer.as_ref().is_err_and(is_told) && !is_there
}

/// It may be yet, and nothing else is said.
fn is_open(answer: &Result<Value, RpcError>, is_there: bool) -> bool {
    answer.as_ref().is_err_and(|error| error.kind() == "unknown") && !is_there
}

/// Either, but known and true.
fn is_known(answer: &Result<Value, RpcError>, is_there: bool) -> bool {
    answer.is_ok() == is_there
}

fn is_overtaken(answer: &Result<Value, RpcError>, is_there: bool) -> bool {
    // Somebody else's affair: it is made upon that, once it was read.
    is_made(answer, is_there)
}

fn cases() -> Vec<Case> {
    use NvueFault::{DropAfter, DropBefore, Final, Foreign, Hang, Invalid, Refuse, RefuseAfter};
    let mut cases = Vec::new();
    for at in NvueRequest::ALL {
        for fault in [DropBefore, DropAfter] {
            cases.push(Case { at, fault, ends: is_known });
        }
        cases.push(Case { at, fault: Refuse(500, "nvued has a cold".to_owned()), ends: is_known });
    }
    let case = |at, fault, ends| Case { at, fault, ends };
    cases.extend([
        case(NvueRequest::Apply, Invalid("Config invalid at somewhere".to_owned()), is_not_made as _),
        case(NvueRequest::Apply, Hang, is_open),
        case(NvueRequest::Apply, Final, is_made),
        case(NvueRequest::Merge, Refuse(400, "access is no such thing".to_owned()), is_not_made),
        case(NvueRequest::Make, Foreign(json!({"interface": {"swp3": {"description": "changed"}}})), is_overtaken),
        case(NvueRequest::Merge, Foreign(json!({"interface": {"swp1": {"description": "theirs"}}})), is_not_begun),
        // A server that does as it is told and answers that it has failed.
        case(NvueRequest::Apply, RefuseAfter(500, "nvued has a cold".to_owned()), is_made),
        case(NvueRequest::Confirm, RefuseAfter(500, "nvued has a cold".to_owned()), is_made),
    ]);
    cases
}

/// Fast is what it is without a word.
#[test]
fn a_bond_speaks_at_the_rate_that_is_asked_for_last() {
    let switch = start();
    let handle = switch.handle();
    let mercury = Mercury::serve(&[entry("leaf1", &switch).text("lag_numbers", "1-9")]);
    let mut client = Client::of(&mercury);
    let bond = |vlan: u16, properties: Value| {
        let links = ["swp1", "swp2"].map(|port| json!({"switch_id": "leaf1", "port_id": port}));
        let group = json!({"id": "8d1f", "name": "bond-a", "bond_mode": "802.3ad", "bond_properties": properties});
        let profile = json!({"local_link_information": links, "local_group_information": group});
        json!({"port": {"binding:profile": profile}, "network": vlan})
    };
    let rate = || handle.applied().pointer("/interface/bond1/bond/lacp-rate").cloned();
    for (asked, expected) in [
        (bond(100, json!({})), None),
        (bond(100, json!({"lacp_rate": "slow"})), Some(json!("slow"))),
        (bond(101, json!({})), Some(json!("slow"))),
        (bond(101, json!({"lacp_rate": "fast"})), None),
        (bond(100, json!({})), None),
    ] {
        client.done("attach_port", &asked);
        assert_eq!(rate(), expected, "{asked}");
        assert_eq!(client.done("attach_port", &asked)["changed"], false, "{asked}");
    }
    client.done("detach_port", &bond(100, json!({})));
    assert_eq!(handle.applied().pointer("/interface/bond1"), None);
}

/// Whichever request is lost, refused or overtaken: what the answer says is so, what others
/// have is theirs, and nothing waits or lies about that Mercury began.
#[test]
fn whatever_goes_wrong_at_whichever_request_the_outcome_is_known() {
    let cases = cases();
    let switches: Vec<NvueSwitch> = cases.iter().map(|_| start()).collect();
    let name = |at: usize| format!("leaf{at}");
    let entries: Vec<Entry> = switches
        .iter()
        .enumerate()
        .map(|(at, switch)| {
            let entry = entry(&name(at), switch).with("persist", at % 2 == 0);
            // What hangs may come yet for as long as it could wait to be confirmed.
            let hangs = cases[at].fault == NvueFault::Hang;
            let entry = entry.text("confirmed_commit", if hangs { "off" } else { "auto" });
            let entry =
                entry.with("lock_wait", if hangs { 1 } else { 6 }).with("connect_timeout", if hangs { 1 } else { 10 });
            entry.with("commit_timeout", 3).with("confirm_timeout", 4)
        })
        .collect();
    let mercury = Mercury::serve(&entries);
    let answers: Vec<Result<Value, RpcError>> = thread::scope(|scope| {
        let ask = |at: usize| {
            let (mercury, case, handle) = (&mercury, &cases[at], switches[at].handle());
            let params = on(&name(at), "swp1", json!({"mode": "access", "native_vlan": 100}));
            scope.spawn(move || {
                let mut client = Client::of(mercury);
                handle.inject(case.at, case.fault.clone());
                client.call("update_port", &params)
            })
        };
        let asked: Vec<_> = (0..cases.len()).map(ask).collect();
        asked.into_iter().map(|one| one.join().unwrap()).collect()
    });
    for ((case, answer), switch) in cases.iter().zip(&answers).zip(&switches) {
        let handle = switch.handle();
        let told = format!("{:?} {:?}: {answer:?}\n{:?}", case.at, case.fault, handle.states());
        let is_there = bridged(&handle, "swp1") == json!({"access": 100});
        assert!((case.ends)(answer, is_there), "{is_there} {told}");
        assert!(is_there || bridged(&handle, "swp1").is_null(), "{told}");
        let words = answer.as_ref().err().map(|error| error.message.clone()).unwrap_or_default();
        if let NvueFault::Invalid(said) = &case.fault {
            assert!(words.contains(said), "{told}");
        }
        let applied = handle.applied();
        if let NvueFault::Foreign(theirs) = &case.fault {
            for (port, own) in theirs["interface"].as_object().unwrap() {
                assert_eq!(applied["interface"][port]["description"], own["description"], "{told}");
            }
        } else {
            assert_eq!(applied["interface"]["swp3"], before()["interface"]["swp3"], "{told}");
        }
        // A port that hangs hangs; nothing else is under way.
        let is_idle = |state: &str| !["apply", "confirm"].contains(&state) || case.fault == NvueFault::Hang;
        assert!(handle.states().iter().all(|(_, state)| is_idle(state)), "{told}");
    }
}

#[test]
fn neither_side_is_taken_for_somebody_else() {
    let (switch, other) = (start(), start());
    let refused = |entry: Entry, kind: &str, words: &str| {
        let mercury = Mercury::serve(&[entry.with("connect_timeout", 5)]);
        let params = on("leaf1", "swp1", json!({"mode": "access", "native_vlan": 100}));
        let error = Client::of(&mercury).call("update_port", &params).unwrap_err();
        assert_eq!(error.kind(), kind, "{error:?}");
        assert!(error.message.contains(words), "{words}: {error:?}");
    };
    let entry = entry("leaf1", &switch);
    let pin = other.certificate_sha256().map(|byte| format!("{byte:02X}")).join(":");
    refused(entry.clone().with("tls_pins", format!("[{pin:?}]")), "host-key", "is none of tls_pins");
    assert!(switch.handle().asked().is_empty(), "nothing was asked before");
    refused(entry.text("password", "wrong"), "credentials", "did not let us in");
}

/// What is applied is looked at as a whole before a revision is: what was read when the last one
/// was made is not read once more, and what somebody has applied since is seen.
#[test]
fn a_port_is_not_read_before_a_change_where_all_is_as_it_was() {
    let switch = start();
    let handle = switch.handle();
    let mercury = Mercury::serve(&[entry("leaf1", &switch)]);
    // Before the revision is applied, and behind it.
    let held = 2;
    let shown = |vlan: u16| {
        let before = handle.asked().len();
        let params = on("leaf1", "swp1", json!({"mode": "access", "native_vlan": vlan}));
        let answer = Client::of(&mercury).call("update_port", &params).unwrap();
        assert_eq!(answer["outcome"], "committed", "{answer}");
        assert_eq!(bridged(&handle, "swp1"), json!({"access": vlan}));
        let asked = handle.asked().split_off(before);
        let shown = asked.iter().filter(|one| **one == NvueRequest::Show).count();
        assert!(shown > held || asked[0] == NvueRequest::Make, "{asked:?}");
        shown
    };
    assert!(shown(100) > held);
    assert_eq!([shown(101), shown(100)], [held; 2]);
    handle.apply(&json!({"interface": {"swp3": {"description": "changed"}}}));
    assert!(shown(101) > held);
    assert_eq!(shown(100), held);
    handle.apply(
        &json!({"interface": {"swp1": {"link": {"mtu": 1400}, "bridge": {"domain": {"br_default": {"access": 20}}}}}}),
    );
    assert!(shown(101) > held);
    assert_eq!(handle.applied()["interface"]["swp1"]["link"]["mtu"], 1400, "it is theirs");
    // While the change is made, too.
    handle.inject(NvueRequest::Make, NvueFault::Foreign(json!({"interface": {"swp1": {"description": "theirs"}}})));
    assert!(shown(100) > held);
    assert_eq!(handle.applied()["interface"]["swp1"]["description"], "theirs");
    assert_eq!(handle.applied()["interface"]["swp3"]["description"], "changed");
}
