//! Open vSwitch through its database: Debian's own server and switch, in user space,
//! looked at by `ovs-vsctl`.

mod bonds;
pub(crate) mod interrupted;
mod overlays;
pub(crate) mod relay;

use serde_json::{Value, json};

use crate::{
    command_line::{attach, bridge::Bridge},
    harness::{Client, Entry, Mercury, Setup},
};

fn entry(bridge: &Bridge) -> Entry {
    Entry::new("leaf1")
        .text("protocol", "ovsdb")
        .text("dialect", "netmiko_ovs_linux")
        .text("address", &format!("unix:{}", bridge.path("db.sock").display()))
}

fn trunk(native: Option<u16>, vlans: &[u16]) -> Value {
    let mut asked = json!({"switch_id": "leaf1", "port_name": "p1", "mode": "trunk", "allowed_vlans": vlans});
    if let Some(native) = native {
        asked["native_vlan"] = json!(native);
    }
    asked
}

fn vlans(bridge: &Bridge, port: &str) -> String {
    bridge.vlans(port).join(" ")
}

#[test]
fn a_port_is_attached_and_detached_and_others_are_left_alone() {
    let Some(bridge) = Bridge::start(&["p1", "p2"]) else { return };
    bridge.vsctl(&["set", "port", "p2", "tag=7", "vlan_mode=access"]);
    bridge.vsctl(&["set", "port", "p1", "external_ids:theirs=kept"]);
    let mercury = Mercury::serve(&[entry(&bridge)]);
    let mut client = Client::of(&mercury);
    for (method, asked, expected) in [
        ("attach_port", attach("p1", 100), "access 100 []"),
        ("update_port", trunk(Some(10), &[20, 21]), "native-untagged 10 [20, 21]"),
        ("update_port", trunk(None, &[20]), "trunk [] [20]"),
        ("detach_port", attach("p1", 20), "trunk [] [4095]"),
    ] {
        assert_eq!(client.done(method, &asked)["changed"], true, "{expected}");
        assert_eq!(vlans(&bridge, "p1"), expected);
        assert_eq!(client.done(method, &asked)["changed"], false, "{expected}");
        let marked = bridge.vsctl(&["get", "port", "p1", "external_ids"]);
        assert_eq!(marked.contains("mercury=configured"), method != "detach_port", "{expected}: {marked}");
        assert!(marked.contains("theirs=kept"), "{marked}");
    }
    assert_eq!(vlans(&bridge, "p2"), "access 7 []");
    let number = |column| bridge.vsctl(&["get", "open_vswitch", ".", column]);
    assert_eq!(number("cur_cfg"), number("next_cfg"));
}

/// Its rows are what the transaction waits for, however old they are.
#[test]
fn a_port_whose_rows_are_known_takes_a_flight_less_and_who_was_at_it_is_seen() {
    let Some(bridge) = Bridge::start(&["p1", "p2"]) else { return };
    let mercury = Mercury::serve(&[entry(&bridge)]);
    let mut client = Client::of(&mercury);
    let mut flights = |port: &str, vlan: u16| {
        let asked = json!({"switch_id": "leaf1", "port_name": port, "mode": "access", "native_vlan": vlan});
        let answer = client.done("update_port", &asked);
        assert_eq!(answer["outcome"], "committed", "{answer}");
        assert_eq!(vlans(&bridge, port), format!("access {vlan} []"));
        answer["flights"].as_u64().unwrap()
    };
    assert_eq!([flights("p1", 100), flights("p2", 100)], [3, 3]);
    assert_eq!([flights("p1", 101), flights("p2", 101)], [2, 2]);
    // Somebody's words stay; after a refusal nothing that was read before counts.
    bridge.vsctl(&["set", "port", "p1", "tag=7", "external_ids:theirs=kept"]);
    assert!(flights("p1", 102) > 3, "refused, read, and made");
    assert!(bridge.vsctl(&["get", "port", "p1", "external_ids"]).contains("theirs=kept"));
    assert_eq!([flights("p1", 103), flights("p2", 102)], [2, 3]);
    // Nor does what was planned from it, where it is another leaf than the plan's.
    bridge.vsctl(&["set", "port", "p1", "external_ids:description=\"of theirs\""]);
    assert!(flights("p1", 104) > 3, "refused, read, and made");
    assert!(bridge.vsctl(&["get", "port", "p1", "external_ids"]).contains("of theirs"));
    bridge.vsctl(&["set", "interface", "p1", "mtu_request=1400"]);
    assert!(flights("p1", 105) > 3, "refused, read, and made");
    assert_eq!(bridge.vsctl(&["get", "interface", "p1", "mtu_request"]), "1400");
    bridge.vsctl(&["set", "port", "p1", "external_ids:description=again"]);
    assert_eq!(client.done("detach_port", &attach("p1", 105))["changed"], true);
    assert!(bridge.vsctl(&["get", "port", "p1", "external_ids"]).contains("again"));
}

/// Mercury makes no port, and names the nearest.
#[test]
fn a_port_that_is_not_there_is_not_attached() {
    let Some(bridge) = Bridge::start(&["pf0hpf", "pf1hpf"]) else { return };
    let mercury = Mercury::serve(&[entry(&bridge)]);
    let error = Client::of(&mercury).call("attach_port", &attach("pf2hpf", 100)).unwrap_err();
    assert!(error.message.contains("pf0hpf") && error.class().contains("InvalidParameterValue"), "{error:?}");
    assert_eq!(bridge.vsctl(&["list-ports", "br0"]), "pf0hpf\npf1hpf");
}

/// Bridges that others program are theirs, unless the entry says otherwise.
#[test]
fn a_bridge_of_somebody_else_is_left_alone_unless_the_entry_names_it() {
    let Some(bridge) = Bridge::start(&["p1"]) else { return };
    bridge.vsctl(&["add-br", "br-int", "--", "set", "bridge", "br-int", "datapath_type=dummy"]);
    bridge.vsctl(&["add-port", "br-int", "p2", "--", "set", "interface", "p2", "type=dummy"]);
    // As ovn-controller leaves it, which has no row of a controller.
    bridge.vsctl(&["add-br", "br1", "--", "set", "bridge", "br1", "datapath_type=dummy", "fail_mode=secure"]);
    bridge.vsctl(&["add-port", "br1", "p3", "--", "set", "interface", "p3", "type=dummy"]);
    bridge.vsctl(&["add-port", "br0", "p4", "--", "set", "interface", "p4", "type=dummy", "external_ids:iface-id=x"]);
    bridge.vsctl(&["set", "port", "p1", "external_ids:attached-mac=52\\:54\\:00\\:00\\:00\\:01"]);
    let setup = Setup::new().switches(&[entry(&bridge)]);
    let probed = setup.run(&["switch", "probe", "leaf1"]);
    let told = format!("{}{}", probed.stdout, probed.stderr);
    for said in
        ["bridge br-int", "Neutron or OVN, by its name", "fail_mode=secure", "br0 port p1", "attached-mac", "iface-id"]
    {
        assert!(told.contains(said), "{said}: {told}");
    }
    let mercury = setup.serve();
    for (port, sign) in [("p1", "attached-mac"), ("p2", "br-int"), ("p3", "fail_mode=secure"), ("p4", "iface-id")] {
        for method in ["plan_port", "attach_port"] {
            let asked = match method {
                "plan_port" => json!({"switch_id": "leaf1", "port_name": port, "mode": "access", "native_vlan": 100}),
                _ => attach(port, 100),
            };
            let error = Client::of(&mercury).call(method, &asked).unwrap_err();
            assert!(error.message.contains(sign), "{method} {port}: {error:?}");
        }
        assert_eq!(vlans(&bridge, port), "[] [] []");
    }
    let allowed = entry(&bridge).with("foreign_bridges", "[\"br-int\", \"br0\"]");
    let mercury = Mercury::serve(&[allowed]);
    let mut client = Client::of(&mercury);
    client.done("attach_port", &attach("p2", 100));
    assert_eq!(vlans(&bridge, "p2"), "access 100 []");
    assert!(client.call("attach_port", &attach("p3", 100)).is_err());
}

/// A dry run shows what would be, and changes nothing.
/// The machine's own interface, tunnels and other bridges are reached by them.
#[test]
fn no_host_is_at_the_bridges_own_port_or_a_tunnel() {
    let Some(bridge) = Bridge::start(&["p1"]) else { return };
    bridge.vsctl(&[
        "add-port",
        "br0",
        "vx1",
        "--",
        "set",
        "interface",
        "vx1",
        "type=vxlan",
        "options:remote_ip=192.0.2.9",
    ]);
    bridge.vsctl(&["--no-wait", "add-port", "br0", "pa1", "--", "set", "interface", "pa1", "type=patch"]);
    let mercury = Mercury::serve(&[entry(&bridge).with("foreign_bridges", "[\"br0\"]")]);
    let mut client = Client::of(&mercury);
    for (port, told) in [("br0", "bridge br0 itself"), ("vx1", "type vxlan"), ("pa1", "type patch")] {
        let before = vlans(&bridge, port);
        let asked = json!({"switch_id": "leaf1", "port_name": port, "mode": "access", "native_vlan": 100});
        let error = client.call("update_port", &asked).unwrap_err();
        assert!(error.message.contains(told), "{error:?}");
        assert_eq!(vlans(&bridge, port), before);
    }
}

#[test]
fn a_dry_run_changes_nothing() {
    let Some(bridge) = Bridge::start(&["p1"]) else { return };
    let mercury = Mercury::serve(&[entry(&bridge)]);
    let number = || bridge.vsctl(&["get", "open_vswitch", ".", "next_cfg"]);
    let before = number();
    let planned = Client::of(&mercury).done("plan_port", &trunk(Some(10), &[20]));
    let shown = planned.to_string();
    assert!(shown.contains("native-untagged") && shown.contains("update"), "{shown}");
    assert_eq!((vlans(&bridge, "p1").as_str(), number()), ("[] [] []", before));
}

/// What others wrote by the forms that the schema allows is understood as ovs-vswitchd
/// does, and as it was when it is taken back.
#[test]
fn what_others_wrote_is_read_as_it_works() {
    let Some(bridge) = Bridge::start(&["p1"]) else { return };
    let mercury = Mercury::serve(&[entry(&bridge)]);
    for (columns, access) in [
        (["vlan_mode=[]", "tag=100", "trunks=[200,300]"], Some(100)),
        (["vlan_mode=access", "tag=100", "trunks=[200]"], Some(100)),
        (["vlan_mode=trunk", "tag=100", "trunks=[200]"], None),
        (["vlan_mode=[]", "tag=[]", "trunks=[]"], None),
        (["vlan_mode=native-tagged", "tag=100", "trunks=[]"], None),
        (["vlan_mode=native-untagged", "tag=[]", "trunks=[5]"], None),
        (["vlan_mode=access", "tag=0", "trunks=[]"], None),
    ] {
        bridge.vsctl(&[&["set", "port", "p1"], &columns[..]].concat());
        let asked = json!({"switch_id": "leaf1", "port_name": "p1", "mode": "access", "native_vlan": 100});
        let changed = Client::of(&mercury).done("update_port", &asked)["changed"] == true;
        assert_eq!(changed, access != Some(100), "{columns:?}");
        let now = vlans(&bridge, "p1");
        assert_eq!(changed, now == "access 100 []", "{columns:?}: {now}");
    }
}
