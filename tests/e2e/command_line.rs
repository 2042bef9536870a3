//! A switch with nothing but a command line: what it is told, what it answers, and
//! what is so whatever goes wrong at whichever line.

mod bonds;
pub(crate) mod bridge;
mod candidate;
mod commands;
mod every_line;
mod grammar;
mod imitation;
mod members;
mod overlays;
mod recorded;
mod telnet;
mod theirs;
mod together;
mod trunks;
mod vnis;
mod vtysh;

use mercury_sim::{CLI_PASSWORD, CLI_USER, CliHandle, CliSwitch};
use serde_json::{Value, json};

use bridge::Bridge;
use imitation::Imitation;

use crate::harness::{Client, Entry, Mercury, Setup, block_on};

const PORT: &str = "GigabitEthernet1/0/1";

/// As somebody else has configured it years ago.
const BEFORE: &str = "hostname access-1
vlan 10
name servers
vlan 100
name tenant-a
vlan 200
interface GigabitEthernet1/0/1
description free
switchport access vlan 10
switchport mode access
interface GigabitEthernet1/0/2
switchport mode trunk
switchport trunk allowed vlan 10,100-200
interface GigabitEthernet1/0/3
no shutdown
interface Port-channel1
switchport mode access";

fn start() -> CliSwitch {
    block_on(CliSwitch::start(grammar::indented(), BEFORE)).unwrap()
}

fn entry(switch: &CliSwitch) -> Entry {
    Entry::new("leaf1")
        .text("protocol", "cli")
        .text("dialect", "cisco_ios")
        .text("address", &switch.addr().ip().to_string())
        .with("port", switch.addr().port())
        .text("username", CLI_USER)
        .text("password", CLI_PASSWORD)
        .text("enable_secret", CLI_PASSWORD)
        .with("host_key_fingerprints", format!("[{:?}]", switch.host_key_fingerprint()))
        .with("persist", true)
}

pub(crate) fn attach(port: &str, vlan: u16) -> Value {
    let link = json!({"switch_id": "leaf1", "port_id": port});
    json!({"port": {"binding:profile": {"local_link_information": [link]}}, "network": vlan})
}

/// The lines of an interface as the switch shows them.
fn port(switch: &CliHandle, name: &str) -> Vec<String> {
    let running = switch.running();
    let lines = running.lines().skip_while(|line| *line != format!("interface {name}")).skip(1);
    lines.take_while(|line| *line != "!").map(|line| line.trim().to_owned()).collect()
}

#[test]
fn a_port_is_attached_and_detached_and_what_is_saved_is_what_runs() {
    let switch = start();
    let handle = switch.handle();
    let mercury = Mercury::serve(&[entry(&switch)]);
    let mut client = Client::of(&mercury);
    let answer = client.call("attach_port", &attach(PORT, 100)).unwrap();
    assert_eq!(answer["changed"], true, "{answer}");
    assert!(port(&handle, PORT).contains(&"switchport access vlan 100".to_owned()), "{}", handle.running());
    assert_eq!(handle.startup(), handle.running());
    let again = client.call("attach_port", &attach(PORT, 100)).unwrap();
    assert_eq!(again["changed"], false, "{again}");
    client.done("detach_port", &attach(PORT, 100));
    let lines = port(&handle, PORT);
    assert!(!lines.iter().any(|line| line.contains("100")), "{lines:?}");
    assert_eq!(handle.startup(), handle.running());
    assert_eq!(port(&handle, "GigabitEthernet1/0/2").len(), 2);
}

/// What was reviewed is what is typed: every line of it, in its order, and no other but the
/// one that leaves configuration mode.
#[test]
fn a_saved_plan_is_typed_as_it_was_read() {
    let switch = start();
    let setup = Setup::new().switches(&[entry(&switch)]);
    let file = setup.path().join("plan.json").to_str().unwrap().to_owned();
    let saved = setup.run(&["plan", "--save", &file, "leaf1", PORT, "--access", "100", "--description", "rack 4"]);
    assert_eq!(saved.code(), 0, "{} {}", saved.stdout, saved.stderr);
    let plan: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    let payload: Vec<&str> = plan["switches"][0]["payload"].as_str().unwrap().lines().map(str::trim).collect();
    assert!(payload.len() > 2, "{payload:?}");
    let done = setup.run(&["apply", &file]);
    assert_eq!(done.code(), 0, "{} {}", done.stdout, done.stderr);
    assert_eq!(switch.handle().entered(), [&payload[..], &["exit"]].concat());
}

#[test]
fn a_wrong_enable_secret_is_a_matter_of_credentials() {
    let switch = start();
    let mercury = Mercury::serve(&[entry(&switch).text("enable_secret", "another")]);
    let error = Client::of(&mercury).call("attach_port", &attach(PORT, 100)).unwrap_err();
    assert!(error.message.contains("enable") && error.message.contains("Bad secrets"), "{error:?}");
    assert!(!error.message.contains("another"), "{error:?}");
}

/// What Mercury makes of a port of Open vSwitch is what ovs-vsctl says of it.
#[test]
fn a_port_of_open_vswitch_is_attached_and_detached_by_its_own_commands() {
    let Some(bridge) = Bridge::start(&["p1", "p2"]) else { return };
    bridge.vsctl(&["set", "port", "p2", "tag=7", "vlan_mode=access"]);
    let mercury = Mercury::serve(&[bridge.entry("leaf1")]);
    let mut client = Client::of(&mercury);
    client.done("attach_port", &attach("p1", 100));
    assert_eq!(bridge.vlans("p1")[..2], ["access", "100"]);
    let trunk =
        json!({"switch_id": "leaf1", "port_name": "p1", "mode": "trunk", "native_vlan": 10, "allowed_vlans": [20, 21]});
    let answer = client.done("update_port", &trunk);
    assert_eq!(answer["flights"], 2, "what is there, and the change and what is there then: {answer}");
    let [mode, tag, trunks] = bridge.vlans("p1");
    assert_eq!((mode.as_str(), tag.as_str()), ("native-untagged", "10"));
    assert!(trunks.contains("20") && trunks.contains("21") && !trunks.contains("100"), "{trunks}");
    client.done("detach_port", &attach("p1", 10));
    // Without a mode, a tag and trunks it would carry every VLAN there is.
    let [mode, _, trunks] = bridge.vlans("p1");
    assert!(mode == "trunk" && trunks != "[]", "{mode} {trunks}");
    assert_eq!(bridge.vlans("p2")[..2], ["access", "7"]);
}

/// A mode that Mercury has no word for is another's, and goes when the port gets VLANs.
#[test]
fn an_mtu_and_a_mode_of_others_are_as_open_vswitch_has_them() {
    let Some(bridge) = Bridge::start(&["p1", "p2"]) else { return };
    for (port, tag) in [("p1", "tag=7"), ("p2", "tag=8")] {
        bridge.vsctl(&["set", "port", port, "vlan_mode=native-tagged", tag, "trunks=[7,9]"]);
    }
    let mercury = Mercury::serve(&[bridge.entry("leaf1").with("manage_mtu", true)]);
    let network = json!({"id": "n", "network_type": "vlan", "segmentation_id": 100, "mtu": 8000});
    let asked = json!({"port": attach("p1", 100)["port"].clone(), "network": network});
    Client::of(&mercury).done("attach_port", &asked);
    assert_eq!(bridge.vlans("p1")[..2], ["access", "100"]);
    let mtu = |port: &str| bridge.vsctl(&["get", "interface", port, "mtu_request"]);
    assert_eq!([mtu("p1"), mtu("p2")], ["8000", "[]"]);
    Client::of(&mercury).done("detach_port", &asked);
    assert_eq!(mtu("p1"), "[]");
    assert_eq!(bridge.vlans("p2"), ["native-tagged", "8", "[7, 9]"]);
}

/// The port is not there: nothing is made of it, and nothing said to be done.
#[test]
fn a_port_that_open_vswitch_does_not_have_is_not_attached() {
    let Some(bridge) = Bridge::start(&["p1"]) else { return };
    let mercury = Mercury::serve(&[bridge.entry("leaf1")]);
    let error = Client::of(&mercury).call("attach_port", &attach("nosuch", 100)).unwrap_err();
    assert!(error.message.contains("nosuch"), "{error:?}");
    assert_eq!(bridge.vsctl(&["list-ports", "br0"]), "p1");
}

/// The database takes its VLANs, and there is nothing that could have them.
#[test]
fn a_port_of_open_vswitch_without_a_device_is_not_attached_and_can_be_detached() {
    let Some(bridge) = Bridge::start(&["p1", "p2"]) else { return };
    bridge.vsctl(&["set", "port", "p1", "vlan_mode=access", "tag=10"]);
    bridge.vsctl(&["set", "interface", "p1", "type=gone"]);
    let before = bridge.vlans("p1");
    let mercury = Mercury::serve(&[bridge.entry("leaf1")]);
    let mut client = Client::of(&mercury);
    for _ in 0..2 {
        let error = client.call("attach_port", &attach("p1", 100)).unwrap_err();
        assert!(error.message.contains("it has VLANs of p1 and no use of them: "), "{error:?}");
        assert!(error.message.contains("the switch is as before"), "{error:?}");
        assert_eq!(bridge.vlans("p1"), before);
    }
    // So it is where no mode is said, and where nothing is.
    for unsaid in
        [&["vlan_mode=[]"][..], &["vlan_mode=[]", "trunks=7,8", "tag=[]"], &["tag=[]", "trunks=[]", "vlan_mode=[]"]]
    {
        bridge.vsctl(&[&["set", "port", "p1"], unsaid].concat());
        let before = bridge.vlans("p1");
        let error = client.call("attach_port", &attach("p1", 100)).unwrap_err();
        assert!(error.message.contains("the switch is as before"), "{unsaid:?}: {error:?}");
        let [mode, tag, trunks] = bridge.vlans("p1");
        assert!(mode == "[]" || mode == "trunk" && tag == "[]", "{unsaid:?}: {mode}");
        assert_eq!([&tag, &trunks], [&before[1], &before[2]], "{unsaid:?}");
    }
    bridge.vsctl(&["set", "port", "p1", "vlan_mode=access", "tag=10", "trunks=[]"]);
    // What is so already does nothing there, and may become less.
    let told = |answer: &Value| answer.to_string().contains("what p1 has of VLANs is not applied: ");
    let answer = client.done("attach_port", &attach("p1", 10));
    assert!(answer["changed"] == false && told(&answer), "{answer}");
    bridge.vsctl(&["set", "port", "p1", "vlan_mode=trunk", "tag=[]", "trunks=10,100"]);
    let less = json!({"switch_id": "leaf1", "port_name": "p1", "mode": "trunk", "allowed_vlans": [10]});
    let answer = client.done("update_port", &less);
    assert!(answer["changed"] == true && told(&answer), "{answer}");
    assert_eq!(bridge.vlans("p1"), ["trunk", "[]", "[10]"]);
    let answer = client.done("attach_port", &attach("p2", 100));
    assert!(!told(&answer), "{answer}");
    client.done("detach_port", &attach("p1", 10));
    assert_eq!(bridge.vlans("p1"), ["trunk", "[]", "[4095]"]);
    // The device comes, and it is a port as any other.
    bridge.vsctl(&["set", "interface", "p1", "type=dummy"]);
    client.done("attach_port", &attach("p1", 100));
    assert_eq!(bridge.vlans("p1")[..2], ["access", "100"]);
}

/// On what others wrote after real switches.
#[test]
fn a_port_of_an_imitated_switch_is_attached_and_detached() {
    for (model, dialect, port, has_native) in [
        ("cisco_generic", "cisco_ios", "FastEthernet0/1", true),
        ("cisco_2960_24TT_L", "cisco_ios", "FastEthernet0/3", true),
        ("cisco_6500", "cisco_ios", "FastEthernet0/1", true),
        ("brocade_generic", "brocade_fastiron", "ethernet 1/1", true),
        ("dell_generic", "dell_powerconnect", "ethernet 1/g1", false),
    ] {
        let Some(imitation) = Imitation::start(model) else { return };
        let mercury = Mercury::serve(&[imitation.entry("leaf1", dialect).with("persist", true)]);
        let mut client = Client::of(&mercury);
        let answer = client.done("attach_port", &attach(port, 1000));
        assert_eq!(answer["changed"], true, "{model}: {answer}");
        let answer = client.done("attach_port", &attach(port, 1000));
        assert_eq!(answer["changed"], false, "{model}: {answer}");
        let mut trunk = json!({"switch_id": "leaf1", "port_name": port, "mode": "trunk", "allowed_vlans": [20, 1001]});
        if has_native {
            trunk["native_vlan"] = json!(20);
        }
        let answer = client.done("update_port", &trunk);
        assert_eq!(answer["changed"], true, "{model}: {answer}");
        let answer = client.done("detach_port", &attach(port, 20));
        assert_eq!(answer["changed"], true, "{model}: {answer}");
        let answer = client.done("detach_port", &attach(port, 20));
        assert_eq!(answer["changed"], false, "{model}: {answer}");
    }
}
