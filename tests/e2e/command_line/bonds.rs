//! Bonds of a real Open vSwitch, made by `ovs-vsctl` over SSH: interfaces keep their rows and
//! numbers wherever they have their place, and nobody's port is open meanwhile.

use serde_json::{Value, json};

use super::bridge::Bridge;
use crate::harness::{Client, Entry, Ironic, Mercury};

/// The network on both ports in one bond.
pub(super) fn bonded(ports: [&str; 2], network: u16) -> Value {
    let link = |port: &str| json!({"switch_id": "leaf1", "port_id": port});
    json!({"network": network, "port": {"binding:profile": {
        "local_link_information": ports.map(link),
        "local_group_information": {
            "id": "8d1f00aa-0000-4000-8000-000000000000", "name": "bond-a", "bond_mode": "802.3ad",
            "bond_properties": {"bond_lacp_rate": "fast"}},
    }}})
}

/// A network with an MTU.
fn sized(network: u16, mtu: u16) -> Value {
    json!({"id": "n", "network_type": "vlan", "segmentation_id": network, "mtu": mtu})
}

fn vlans(bridge: &Bridge, port: &str) -> String {
    bridge.vlans(port).join(" ")
}

/// What of an interface is to stay.
fn interface(bridge: &Bridge, name: &str) -> String {
    let columns = ["_uuid", "ofport", "type", "options", "external_ids:theirs"];
    columns.map(|of| bridge.vsctl(&["get", "interface", name, of])).join(" ")
}

fn entry(bridge: &Bridge) -> Entry {
    bridge.entry("leaf1").text("lag_numbers", "1-9").with("manage_mtu", true)
}

/// A bridge of three ports, one of them a trunk with a description, and of others' bond.
fn furnished() -> Option<Bridge> {
    let bridge = Bridge::start(&["p1", "p2", "p3"])?;
    bridge.vsctl(&["set", "port", "p3", "tag=7", "external_ids:theirs=kept"]);
    bridge.vsctl(&["set", "port", "p1", "vlan_mode=trunk", "trunks=30,31", "external_ids:description=\"rack 4\""]);
    for port in ["p1", "p2"] {
        bridge.vsctl(&["set", "interface", port, "external_ids:theirs=kept", "options:theirs=kept"]);
    }
    let dummies = ["--", "set", "interface", "p4", "type=dummy", "--", "set", "interface", "p5", "type=dummy"];
    let team = ["add-bond", "br0", "team0", "p4", "p5", "lacp=passive", "tag=7", "other_config:theirs=kept"];
    bridge.vsctl(&[&team[..], &dummies].concat());
    Some(bridge)
}

#[test]
fn a_bond_is_made_of_interfaces_that_stay_and_taken_apart_again() {
    let Some(bridge) = furnished() else { return };
    let mercury = Mercury::serve(&[entry(&bridge)]);
    let mut client = Client::of(&mercury);
    let before = ["p1", "p2"].map(|port| interface(&bridge, port));

    let asked = bonded(["p1", "p2"], 100);
    let answer = client.done("attach_port", &asked);
    assert_eq!(answer["switches"][0]["lags"]["bond-a"], "bond1", "{answer}");
    assert_eq!(answer["switches"][0]["flights"], 2, "what is there, and the change and what is there then: {answer}");
    assert_eq!(bridge.vsctl(&["list-ports", "br0"]), "bond1\np3\nteam0");
    assert_eq!(bridge.vsctl(&["list-ifaces", "br0"]), "p1\np2\np3\np4\np5");
    let said = |column| bridge.vsctl(&["get", "port", "bond1", column]);
    assert_eq!(["lacp", "bond_mode", "other_config"].map(said), ["active", "balance-tcp", "{lacp-time=fast}"]);
    assert_eq!(said("external_ids"), "{description=\"[[bond-a]]\"}");
    assert_eq!(vlans(&bridge, "bond1"), "access 100 []");
    assert_eq!(["p1", "p2"].map(|port| interface(&bridge, port)), before);
    let text = |port| bridge.vsctl(&["get", "interface", port, "external_ids"]);
    assert_eq!(text("p1"), "{description=\"rack 4\", theirs=kept}");
    assert_eq!(client.done("attach_port", &asked)["changed"], false);

    // Other VLANs and another MTU are the bond's, whoever of its links is named.
    let mut trunk = bonded(["p1", "p2"], 100);
    trunk["port"]["trunk_details"] = json!({"sub_ports": [{"segmentation_id": 101}]});
    trunk["network"] = sized(100, 1400);
    client.done("update_port", &trunk);
    assert_eq!(vlans(&bridge, "bond1"), "native-untagged 100 [101]");
    let mtu = |port| bridge.vsctl(&["get", "interface", port, "mtu_request"]);
    assert_eq!(["p1", "p2", "p3"].map(mtu), ["1400", "1400", "[]"]);
    let tagged = json!({"switch_ids": ["leaf1"], "lag_name": "bond1", "mode": "trunk", "native_vlan": 100,
                        "allowed_vlans": [100, 101], "aggregation_mode": "lacp"});
    client.done("update_lag", &tagged);
    assert_eq!(vlans(&bridge, "bond1"), "native-untagged 100 [100, 101]");
    // One that is named alone leaves, with nothing of the bond's, and joins again.
    let one = json!({"switch_id": "leaf1", "port_name": "p2", "mode": "access", "native_vlan": 102,
                     "description": "rack 5"});
    client.done("update_port", &one);
    assert_eq!((bridge.vsctl(&["list-ports", "br0"]).as_str(), mtu("p2").as_str()), ("bond1\np2\np3\nteam0", "[]"));
    assert_eq!(
        (vlans(&bridge, "p2"), bridge.vsctl(&["list-ifaces", "br0"])),
        ("access 102 []".into(), "p1\np2\np3\np4\np5".into())
    );
    assert_eq!(text("p2"), "{theirs=kept}");
    client.done("attach_port", &asked);
    assert_eq!((bridge.vsctl(&["list-ports", "br0"]).as_str(), mtu("p2").as_str()), ("bond1\np3\nteam0", "1400"));
    assert_eq!(text("p2"), "{description=\"rack 5\", theirs=kept}");

    // Another bond takes both, and nothing is left of the first.
    let mut other = trunk.clone();
    other["port"]["binding:profile"]["local_group_information"]["name"] = json!("bond-b");
    other["port"]["binding:profile"]["local_group_information"]["id"] = json!("9e2f00bb-0000-4000-8000-000000000000");
    let answer = client.done("attach_port", &other);
    let lag = answer["switches"][0]["lags"]["bond-b"].as_str().unwrap().to_owned();
    assert_eq!(bridge.vsctl(&["list-ports", "br0"]), format!("{lag}\np3\nteam0"), "{answer}");
    assert_eq!(
        (vlans(&bridge, &lag), ["p1", "p2"].map(mtu)),
        ("native-untagged 100 [101]".into(), ["1400", "1400"].map(str::to_owned))
    );
    assert_eq!(["p1", "p2"].map(|port| interface(&bridge, port)), before);

    client.done("detach_port", &other);
    assert_eq!(bridge.vsctl(&["list-ports", "br0"]), "p1\np2\np3\nteam0");
    assert_eq!(["p1", "p2"].map(|port| vlans(&bridge, port)), ["trunk [] [4095]", "trunk [] [4095]"]);
    assert_eq!(["p1", "p2"].map(mtu), ["[]", "[]"]);
    assert_eq!(["p1", "p2"].map(|port| interface(&bridge, port)), before);
    assert_eq!(bridge.vsctl(&["get", "port", "p1", "external_ids"]), "{description=\"rack 4\"}");
    assert_eq!(text("p1"), "{theirs=kept}");

    // A bond of others is shown, has VLANs as a port has, and is not made anything else.
    let plain = json!({"switch_id": "leaf1", "port_name": "p4", "mode": "access", "native_vlan": 100});
    client.done("update_port", &plain);
    assert_eq!(vlans(&bridge, "team0"), "access 100 []");
    let theirs = |column| bridge.vsctl(&["get", "port", "team0", column]);
    assert_eq!(["lacp", "bond_mode", "other_config"].map(theirs), ["passive", "[]", "{theirs=kept}"]);
    let error = client.call("attach_port", &bonded(["p1", "p4"], 100)).unwrap_err();
    assert!(error.message.contains("team0"), "{error:?}");
    assert_eq!(bridge.vsctl(&["get", "port", "p3", "external_ids"]), "{theirs=kept}");
}

/// Ironic makes no aggregate with a port: its port joins what is there by that name. One without
/// members there is not.
#[test]
fn ironics_client_has_a_port_join_a_bond_and_lose_it_again() {
    let Some(bridge) = furnished() else { return };
    let mercury = Mercury::serve(&[entry(&bridge).with("allowed_lags", "[\"team0\"]")]);
    let mut ironic = Ironic::of(&mercury);
    let before = interface(&bridge, "p2");
    let port = |more: Value| {
        let mut args = json!({"switch_id": "leaf1", "port_name": "p2", "native_vlan": 7});
        args.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        args
    };
    let lag = json!({"switch_ids": ["leaf1"], "lag_name": "lag-8d1f", "description": "d", "mode": "access",
                     "native_vlan": 7, "aggregation_mode": "lacp", "allowed_vlans": null, "default_vlan": null});
    let error = ironic.fails("update_lag", &lag);
    assert!(error.message.contains("a bond is its interfaces"), "{error:?}");
    let join = port(json!({"description": "Ironic Port 8d1f", "mode": "access", "lag_name": "team0"}));
    assert_eq!(ironic.done("update_port", &join)["status"], "configured");
    assert_eq!(bridge.vsctl(&["list-ports", "br0"]), "p1\np3\nteam0");
    assert_eq!((vlans(&bridge, "team0"), interface(&bridge, "p2")), ("[] 7 []".into(), before.clone()));
    let text = |table| bridge.vsctl(&["get", table, "p2", "external_ids"]);
    assert_eq!(text("interface"), "{description=\"Ironic Port 8d1f [team0]\", theirs=kept}");
    // By its number, which the entry allows to be made, a team's bond is Mercury's to change.
    let dummy = ["--", "set", "interface", "p6", "type=dummy", "--", "set", "port", "bond7", "lacp=active"];
    bridge.vsctl(
        &[
            &[
                "--",
                "--id=@p",
                "create",
                "interface",
                "name=p6",
                "--",
                "--id=@b",
                "create",
                "port",
                "name=bond7",
                "interfaces=@p",
                "bond_mode=balance-tcp",
                "vlan_mode=trunk",
                "trunks=4095",
                "--",
                "add",
                "bridge",
                "br0",
                "ports",
                "@b",
            ][..],
            &dummy,
        ]
        .concat(),
    );
    let mut named = lag.clone();
    named["lag_name"] = json!("bond7");
    named["mode"] = json!("trunk");
    named["allowed_vlans"] = json!([8, 9]);
    assert_eq!(ironic.done("update_lag", &named)["status"], "configured");
    assert_eq!(vlans(&bridge, "bond7"), "native-untagged 7 [8, 9]");
    ironic.done("delete_lag", &json!({"switch_ids": ["leaf1"], "lag_name": "bond7"}));
    assert_eq!(bridge.vsctl(&["list-ports", "br0"]), "p1\np3\np6\nteam0");
    assert_eq!(vlans(&bridge, "p6"), "trunk [] [4095]");

    ironic.done("reset_port", &port(json!({})));
    assert_eq!(bridge.vsctl(&["list-ports", "br0"]), "p1\np2\np3\np6\nteam0");
    assert_eq!((vlans(&bridge, "p2"), interface(&bridge, "p2")), ("trunk [] [4095]".into(), before));
    assert_eq!(text("interface"), "{theirs=kept}");
}

#[test]
fn a_bond_that_cannot_be_is_not_made_and_what_was_there_stays() {
    let Some(bridge) = furnished() else { return };
    let mercury = Mercury::serve(&[entry(&bridge)]);
    let mut client = Client::of(&mercury);
    let rows = || {
        let of = |table| bridge.vsctl(&["--columns=_uuid,name,external_ids,mtu_request", "list", table]);
        let ports = "--columns=_uuid,name,interfaces,vlan_mode,tag,trunks,external_ids,other_config,qos,protected";
        (of("Interface"), bridge.vsctl(&[ports, "list", "Port"]))
    };
    let before = rows();
    let mut fixed = bonded(["p1", "p2"], 100);
    fixed["port"]["binding:profile"]["local_group_information"]["bond_mode"] = json!("balance-xor");
    let alone = json!({"switch_ids": ["leaf1"], "lag_name": "bond2", "mode": "access", "native_vlan": 100,
                       "aggregation_mode": "lacp"});
    for (method, asked, why) in [("attach_port", &fixed, "static"), ("update_lag", &alone, "a bond is its interfaces")]
    {
        let error = client.call(method, asked).unwrap_err();
        assert!(error.message.contains(why), "{error:?}");
    }
    assert_eq!(rows(), before);
    let mut refused = |method: &str, set: &[&str], told: &str, clear: &[&str]| {
        bridge.vsctl(set);
        let before = rows();
        let error = client.call(method, &bonded(["p1", "p2"], 100)).unwrap_err();
        assert!(error.message.contains(told), "{set:?}: {error:?}");
        assert_eq!(rows(), before, "{set:?}");
        bridge.vsctl(clear);
    };
    let attach = "attach_port";
    // What somebody else keeps in a port's row would go with it.
    let (set, clear) = (["set", "port", "p2"], ["clear", "port", "p2"]);
    let with = |words: &[&'static str; 3], more: &'static str| [&words[..], &[more]].concat();
    for (column, value, usual) in
        [("protected", "true", "false"), ("bond_updelay", "100", "0"), ("bond_fake_iface", "true", "false")]
    {
        let [pair, undo] = [value, usual].map(|value| format!("{column}={value}"));
        refused(attach, &["set", "port", "p2", pair.as_str()], column, &["set", "port", "p2", undo.as_str()]);
    }
    refused(attach, &with(&set, "cvlans=5"), "cvlans", &with(&clear, "cvlans"));
    refused(attach, &with(&set, "lacp=off"), "lacp", &with(&clear, "lacp"));
    refused(attach, &with(&set, "mac=\"02:00:00:00:00:01\""), "mac", &with(&clear, "mac"));
    refused(attach, &with(&set, "external_ids:theirs=kept"), "external_ids:theirs", &with(&clear, "external_ids"));
    refused(attach, &with(&set, "other_config:rstp-path-cost=7"), "rstp-path-cost", &with(&clear, "other_config"));
    let qos = ["set", "port", "p2", "qos=@q", "--", "--id=@q", "create", "qos", "type=linux-htb"];
    refused(attach, &qos, "qos would be lost", &["--", "clear", "port", "p2", "qos", "--", "--all", "destroy", "qos"]);
    // Of whoever plugged it in.
    let plugged = ["set", "interface", "p2", "external_ids:iface-id=vm7"];
    refused(attach, &plugged, "iface-id", &["remove", "interface", "p2", "external_ids", "iface-id"]);
    // And a mirror would lose it; an interface's own text would be taken for the port's.
    let mirror = |port| {
        let id = ["--", "--id=@p", "get", "port", port, "--", "--id=@m", "create", "mirror", "name=span"];
        [&id[..], &["select_src_port=@p", "--", "set", "bridge", "br0", "mirrors=@m"]].concat()
    };
    let no_mirror = ["clear", "bridge", "br0", "mirrors"];
    refused(attach, &mirror("p1"), "select_src_port of a mirror", &no_mirror);
    let cable = ["set", "interface", "p2", "external_ids:description=cable"];
    refused(
        attach,
        &cable,
        "description of its interface",
        &["remove", "interface", "p2", "external_ids", "description"],
    );
    // No interface is in two bridges.
    let other = [
        "add-br",
        "br1",
        "--",
        "set",
        "bridge",
        "br1",
        "datapath_type=dummy",
        "--",
        "del-port",
        "p2",
        "--",
        "add-port",
        "br1",
        "p2",
        "--",
        "set",
        "interface",
        "p2",
        "type=dummy",
    ];
    refused(
        attach,
        &other,
        "p2 is actually attached to bridge br1",
        &["del-br", "br1", "--", "add-port", "br0", "p2", "--", "set", "interface", "p2", "type=dummy"],
    );

    Client::of(&mercury).done(attach, &bonded(["p1", "p2"], 100));
    assert_eq!(vlans(&bridge, "bond1"), "access 100 []");
    let detach = "detach_port";
    refused(
        detach,
        &["set", "port", "bond1", "bond_updelay=100"],
        "bond_updelay",
        &["set", "port", "bond1", "bond_updelay=0"],
    );
    refused(
        detach,
        &["set", "port", "bond1", "bond_mode=balance-slb"],
        "bond_mode",
        &["set", "port", "bond1", "bond_mode=balance-tcp"],
    );
    refused(detach, &mirror("bond1"), "select_src_port of a mirror", &no_mirror);
    assert_eq!(vlans(&bridge, "bond1"), "access 100 []");
}

/// The port's row goes when its interface joins, and what somebody writes there meanwhile would be
/// lost.
#[test]
fn a_port_that_somebody_changes_meanwhile_joins_no_bond() {
    let Some(bridge) = furnished() else { return };
    let mercury = Mercury::serve(&[entry(&bridge)]);
    let mut client = Client::of(&mercury);
    let command = bridge.path("ovs-vsctl");
    for (column, key, change) in
        [("external_ids", "theirs", "external_ids:theirs=\"it's late\""), ("tag", "", "tag=9 vlan_mode=access")]
    {
        let script = format!(
            "#!/bin/sh\ncase \"$*\" in *\"create port\"*) /usr/bin/ovs-vsctl set port p2 {change};; esac\n\
             exec /usr/bin/ovs-vsctl \"$@\"\n"
        );
        std::fs::write(&command, script).unwrap();
        std::fs::set_permissions(&command, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        client.call("attach_port", &bonded(["p1", "p2"], 100)).unwrap_err();
        std::fs::remove_file(&command).unwrap();
        let held = if key.is_empty() { column.to_owned() } else { format!("{column}:{key}") };
        let held = bridge.vsctl(&["get", "port", "p2", &held]);
        assert!(["9", "\"it's late\""].contains(&held.as_str()), "{held}");
        assert_eq!(bridge.vsctl(&["list-ports", "br0"]), "p1\np2\np3\nteam0");
        bridge.vsctl(&["clear", "port", "p2", "external_ids"]);
    }
    // What was read is there still, whatever it is.
    let text = "external_ids:mercury=\"it's \u{fc}ber\"";
    bridge.vsctl(&["set", "port", "p2", text, "other_config:rstp-port-admin-edge=true"]);
    client.done("attach_port", &bonded(["p1", "p2"], 100));
    assert_eq!(bridge.vsctl(&["list-ports", "br0"]), "bond1\np3\nteam0");
}

/// Others plug interfaces in, and have them in bonds.
#[test]
fn a_member_that_somebody_plugged_in_stays_where_it_is() {
    let Some(bridge) = furnished() else { return };
    let mercury = Mercury::serve(&[entry(&bridge)]);
    let mut client = Client::of(&mercury);
    client.done("attach_port", &bonded(["p1", "p2"], 100));
    bridge.vsctl(&["set", "interface", "p2", "external_ids:iface-id=vm7"]);
    let error = client.call("detach_port", &bonded(["p1", "p2"], 100)).unwrap_err();
    assert!(error.message.contains("iface-id"), "{error:?}");
    assert_eq!(bridge.vsctl(&["list-ports", "br0"]), "bond1\np3\nteam0");
    bridge.vsctl(&["remove", "interface", "p2", "external_ids", "iface-id"]);
    client.done("detach_port", &bonded(["p1", "p2"], 100));
    assert_eq!(bridge.vsctl(&["list-ports", "br0"]), "p1\np2\np3\nteam0");
}

/// What was accepted is not applied: the device of one is gone, or nobody applies anything.
#[test]
fn a_bond_that_nobody_applies_is_undone() {
    let Some(bridge) = furnished() else { return };
    let mercury = Mercury::serve(&[entry(&bridge)]);
    let mut client = Client::of(&mercury);
    let places = || {
        let ports = "--columns=name,vlan_mode,tag,trunks,external_ids,other_config,lacp,bond_mode";
        let interfaces = "--columns=_uuid,name,mtu_request,external_ids";
        (
            bridge
                .vsctl(&["--no-wait", ports, "find", "Port", "name!=br0"])
                .split("\n\n")
                .map(str::to_owned)
                .collect::<std::collections::BTreeSet<_>>(),
            bridge.vsctl(&["--no-wait", interfaces, "list", "Interface"]),
        )
    };
    bridge.vsctl(&["set", "interface", "p2", "type=gone"]);
    let before = places();
    let error = client.call("attach_port", &bonded(["p1", "p2"], 100)).unwrap_err();
    assert!(error.message.contains("no use of") && error.message.contains("the switch is as before"), "{error:?}");
    assert_eq!(places(), before, "{error:?}");
    bridge.vsctl(&["set", "interface", "p2", "type=dummy"]);
    let answer = client.done("attach_port", &bonded(["p1", "p2"], 100));
    assert!(!answer.to_string().contains("not applied"), "{answer}");
    // Whose device goes later may leave, and what is so already is told.
    bridge.vsctl(&["set", "interface", "p2", "type=gone"]);
    let answer = client.done("attach_port", &bonded(["p1", "p2"], 100));
    assert!(answer["changed"] == false && answer.to_string().contains("is not applied: p2"), "{answer}");
    client.done("detach_port", &bonded(["p1", "p2"], 100));
    assert_eq!(bridge.vsctl(&["list-ports", "br0"]), "p1\np2\np3\nteam0");
}

/// The database takes it, and nobody applies it: nothing is called done, and what is asked again
/// is found when somebody does.
#[test]
fn what_ovs_vswitchd_does_not_apply_is_unknown_until_it_does() {
    let Some(bridge) = furnished() else { return };
    let mercury = Mercury::serve(&[entry(&bridge).with("lock_wait", 2)]);
    let mut client = Client::of(&mercury);
    let signal = |name: &str| {
        let pid = std::fs::read_to_string(bridge.path("vs.pid")).unwrap();
        assert!(std::process::Command::new("kill").args([name, pid.trim()]).status().unwrap().success());
    };
    signal("-STOP");
    let error = client.call("attach_port", &bonded(["p1", "p2"], 100)).unwrap_err();
    signal("-CONT");
    assert!(error.message.contains("what the switch has now is unknown"), "{error:?}");
    // It waits for ovs-vswitchd.
    bridge.vsctl(&["set", "open_vswitch", ".", "external_ids:asked=again"]);
    client.done("attach_port", &bonded(["p1", "p2"], 100));
    assert_eq!(
        (vlans(&bridge, "bond1"), bridge.vsctl(&["list-ports", "br0"])),
        ("access 100 []".into(), "bond1\np3\nteam0".into())
    );
}
