//! VNIs in the trees of vendors: the dialect's own words, over its own protocol, to a
//! simulated switch that has such a tree.

use mercury_sim::{Mode, Options, Quirks, schema::Schema};
use serde_json::{Value, json};

use super::on_network;
use crate::harness::{Client, Entry, Face, Mercury, Simulated};

/// A switch with a tree of its own, and how it is looked at.
struct Native {
    switch: Simulated,
    dialect: &'static str,
    ports: [&'static str; 2],
    /// What of `vxlan_…` its entry says.
    says: &'static [(&'static str, &'static str)],
    /// What binds VLANs, from its running configuration: `10100: 3000`.
    bound: fn(&Value) -> Vec<String>,
    /// The VLAN that a port carries untagged.
    vlan: fn(&Value, &str) -> Option<u64>,
    /// A VNI of the network team's: 20900 on VLAN 900.
    theirs: &'static str,
    /// What is there but for this, which VNIs need; and what Mercury calls it.
    needed: (&'static str, &'static str),
    /// Whether it is told that a VNI carries frames.
    tells: bool,
}

const JUNOS: &str = include_str!("../../trees/juniper_junos.txt");
const SRL: &str = include_str!("../../trees/nokia_srl.txt");

fn options(tree: &str) -> Options {
    Options { schema: Schema::from_text(tree).unwrap(), lags: Vec::new(), ..Simulated::options() }
}

/// Such a switch, on which nothing is missing.
fn junos(quirks: Quirks) -> Native {
    let switch = Simulated::with(Options { mode: Mode::CandidateJunos, gnmi_listen: None, quirks, ..options(JUNOS) });
    let native = Native {
        switch,
        dialect: "juniper_junos",
        ports: ["xe-0/0/1", "xe-0/0/2"],
        says: &[],
        bound: |running| {
            let vlans = list(&running["junos:configuration"]["vlans"]["vlan"]);
            let bound = vlans.iter().filter(|vlan| vlan["vxlan"].is_object());
            bound.map(|vlan| format!("{}: {}", vlan["vxlan"]["vni"], bare(&vlan["vlan-id"]))).collect()
        },
        vlan: |running, port| {
            let port = list(&running["junos:configuration"]["interfaces"]["interface"])
                .into_iter()
                .find(|own| own["name"] == port)?;
            let unit = list(&port["unit"]).into_iter().find(|unit| unit["name"] == "0")?;
            bare(&unit["family"]["ethernet-switching"]["vlan"]["members"][0]).parse().ok()
        },
        theirs: "<configuration xmlns=\"http://xml.juniper.net/xnm/1.1/xnm\"><vlans><vlan><name>storage</name>\
                 <vlan-id>900</vlan-id><vxlan><vni>20900</vni></vxlan></vlan></vlans></configuration>",
        needed: (
            "<configuration xmlns=\"http://xml.juniper.net/xnm/1.1/xnm\"><switch-options><vtep-source-interface>\
             <interface-name>lo0.0</interface-name></vtep-source-interface></switch-options></configuration>",
            "VTEP (switch-options vtep-source-interface)",
        ),
        tells: false,
    };
    native.has(
        "<configuration xmlns=\"http://xml.juniper.net/xnm/1.1/xnm\"><switch-options>\
         <route-distinguisher><rd-type>192.0.2.1:1</rd-type></route-distinguisher><vrf-target>\
         <community>target:65000:1</community></vrf-target></switch-options><protocols><evpn>\
         <encapsulation>vxlan</encapsulation><extended-vni-list>all</extended-vni-list></evpn></protocols><interfaces>\
         <interface><name>xe-0/0/1</name><description>free</description></interface>\
         <interface><name>xe-0/0/2</name><description>free</description></interface></interfaces></configuration>",
    )
}

fn srl(face: Face, quirks: Quirks) -> Native {
    let gnmi_commit_confirmed = matches!(face, Face::Confirmed);
    let quirks = Quirks { gnmi_members_by_parent: true, ..quirks };
    let switch = Simulated::gnmi_of(face, Options { quirks, gnmi_commit_confirmed, ..options(SRL) });
    let interface = |name: &str| {
        format!("<interface xmlns=\"{INTERFACES}\"><name>{name}</name><admin-state>enable</admin-state></interface>")
    };
    let native = Native {
        switch,
        dialect: "nokia_srl",
        ports: ["ethernet-1/1", "ethernet-1/2"],
        says: &[("vxlan_vtep", "vxlan1"), ("vxlan_route_target", "65000:{vni}")],
        bound: |running| {
            let tunnels = list(&running["srl_nokia-tunnel-interfaces:tunnel-interface"]);
            let instances = list(&running["srl_nokia-network-instance:network-instance"]);
            let all = tunnels.iter().flat_map(|tunnel| list(&tunnel["vxlan-interface"]));
            let shown = |vxlan: Value| {
                let name = format!("vxlan1.{}", vxlan["index"]);
                let in_instance = instances.iter().any(|one| one["vxlan-interface"][0]["name"] == name.as_str());
                assert!(in_instance, "{name} is in no network instance");
                format!("{}: {}", vxlan["ingress"]["vni"], vxlan["index"])
            };
            all.map(shown).collect()
        },
        vlan: |running, port| {
            let members = |one: &Value| list(&one["interface"]).into_iter().map(|own| bare(&own["name"]));
            let instances = list(&running["srl_nokia-network-instance:network-instance"]);
            let of_port = instances.iter().flat_map(members).find(|name| name.starts_with(&format!("{port}.")))?;
            of_port.rsplit_once('.')?.1.parse().ok()
        },
        theirs: "<network-instance xmlns=\"urn:nokia.com:srlinux:net-inst:network-instance\"><name>vlan-900</name>\
                 <type xmlns:i=\"urn:nokia.com:srlinux:net-inst:network-instance\">i:mac-vrf</type>\
                 <vxlan-interface><name>vxlan1.900</name></vxlan-interface></network-instance>\
                 <tunnel-interface xmlns=\"urn:srl_nokia/tunnel-interfaces\"><name>vxlan1</name><vxlan-interface>\
                 <index>900</index><type xmlns:i=\"urn:nokia.com:srlinux:chassis:interfaces\">i:bridged</type>\
                 <ingress><vni>20900</vni></ingress></vxlan-interface></tunnel-interface>",
        needed: (
            "<tunnel-interface xmlns=\"urn:srl_nokia/tunnel-interfaces\"><name>vxlan1</name></tunnel-interface>",
            "no VTEP vxlan1",
        ),
        // Get tells what is configured, and a subscription what is so.
        tells: matches!(face, Face::NoGet),
    };
    let ports = ["ethernet-1/1", "ethernet-1/2", "ethernet-1/3"].map(interface).concat();
    native.has(&format!(
        "{ports}<interface xmlns=\"{INTERFACES}\"><name>system0</name><subinterface><index>0</index></subinterface>\
         </interface><network-instance xmlns=\"urn:nokia.com:srlinux:net-inst:network-instance\"><name>default</name>\
         <type xmlns:i=\"urn:nokia.com:srlinux:net-inst:network-instance\">i:default</type><interface>\
         <name>system0.0</name></interface><protocols><bgp xmlns=\"urn:nokia.com:srlinux:bgp:bgp\">\
         <autonomous-system>65000</autonomous-system><afi-safi><afi-safi-name>evpn</afi-safi-name>\
         <admin-state>enable</admin-state></afi-safi></bgp></protocols></network-instance>"
    ))
}

const INTERFACES: &str = "urn:nokia.com:srlinux:chassis:interfaces";

impl Native {
    fn has(self, theirs: &str) -> Self {
        self.switch.handle().change_running(theirs).unwrap();
        self
    }

    /// With all that VNIs need.
    fn ready(self) -> Self {
        let (needed, _) = self.needed;
        self.has(needed)
    }

    fn entry(&self, name: &str) -> Entry {
        let entry = self.switch.entry(name).text("dialect", self.dialect).text("local_vlans", "3000-3003");
        let says = |entry: Entry, (key, value): &(&str, &str)| entry.text(key, value);
        self.says.iter().fold(entry.with("manage_vlans", true), says)
    }

    fn bound(&self) -> Vec<String> {
        let mut bound = (self.bound)(&self.switch.running());
        bound.sort();
        bound
    }

    fn vlan(&self, port: usize) -> Option<u64> {
        (self.vlan)(&self.switch.running(), self.ports[port])
    }

    fn on(&self, port: usize, network: &Value) -> Value {
        on_network(&[("leaf1", self.ports[port])], network)
    }

    /// What an answer says of a VNI that carries frames, or that nobody says so of.
    fn segments(&self, vlan: u16, vni: u32) -> Value {
        json!([{"vlan-id": vlan, "vni": vni, "vni-state": if self.tells { "UP" } else { "UNKNOWN" }}])
    }
}

/// All of them, each in all the ways in which it is spoken to.
fn all() -> [Native; 4] {
    let silent = Quirks { gnmi_no_get: true, gnmi_no_capabilities: true, ..Quirks::default() };
    [
        junos(Quirks::default()),
        srl(Face::Plain, Quirks::default()),
        srl(Face::Confirmed, Quirks::default()),
        srl(Face::NoGet, silent),
    ]
}

fn list(json: &Value) -> Vec<Value> {
    json.as_array().cloned().unwrap_or_default()
}

fn bare(json: &Value) -> String {
    json.as_str().map_or_else(|| json.to_string(), str::to_owned)
}

/// From the first port of a VNI to the last: bound, read back, shared, moved, taken away.
#[test]
fn a_vni_comes_with_its_first_port_and_goes_with_the_last() {
    for native in all().map(Native::ready).map(|native| {
        let theirs = native.theirs;
        native.has(theirs)
    }) {
        let mercury = Mercury::serve(&[native.entry("leaf1")]);
        let mut client = Client::of(&mercury);
        let before = native.switch.running();
        assert_eq!(native.bound(), ["20900: 900"]);
        let one = json!({"vni": 10_100});
        let attached = client.done("attach_port", &native.on(0, &one));
        assert_eq!(attached["switches"][0]["segments"], native.segments(3000, 10_100), "{attached}");
        assert_eq!((native.bound(), native.vlan(0)), (sorted(["20900: 900", "10100: 3000"]), Some(3000)));
        let again = client.done("attach_port", &native.on(0, &one));
        assert_eq!(again["changed"], false, "{}: {again}", native.dialect);
        client.done("attach_port", &native.on(1, &json!({"vni": 10_100, "segmentation_id": 3000})));
        assert_eq!(native.vlan(1), Some(3000));
        // To another, while its old one has a port still, and then has none.
        let other = json!({"vni": 10_200});
        client.done("attach_port", &native.on(0, &other));
        let both = sorted(["20900: 900", "10100: 3000", "10200: 3001"]);
        assert_eq!((native.bound(), native.vlan(0)), (both, Some(3001)));
        let moved = client.done("attach_port", &native.on(1, &other));
        assert_eq!(moved["switches"][0]["segments"], native.segments(3001, 10_200), "{moved}");
        assert_eq!((native.bound(), native.vlan(1)), (sorted(["20900: 900", "10200: 3001"]), Some(3001)));
        client.done("detach_port", &native.on(0, &other));
        assert_eq!(native.bound(), sorted(["20900: 900", "10200: 3001"]), "another port is on it");
        client.done("detach_port", &native.on(1, &other));
        assert_eq!((native.bound(), native.vlan(0), native.vlan(1)), (sorted(["20900: 900"]), None, None));
        // What is left of the ports is what Mercury leaves of any.
        client.done("attach_port", &native.on(0, &one));
        client.done("detach_port", &native.on(0, &one));
        assert_eq!(native.bound(), sorted(["20900: 900"]), "{before}");
    }
}

fn sorted<const N: usize>(bound: [&str; N]) -> Vec<String> {
    let mut all: Vec<_> = bound.map(str::to_owned).to_vec();
    all.sort();
    all
}

/// What is not there is told by its name, and nothing is sent.
#[test]
fn what_a_vni_needs_is_named() {
    for native in all() {
        let mercury = Mercury::serve(&[native.entry("leaf1")]);
        let before = native.switch.handle().fingerprint();
        let refused = Client::of(&mercury).fails("attach_port", &native.on(0, &json!({"vni": 10_100})));
        assert!(refused.message.contains(native.needed.1), "{}: {refused:?}", native.dialect);
        assert_eq!(native.switch.handle().fingerprint(), before, "{}", native.dialect);
    }
}

/// A port may be put on a VNI of the network team's, whose VLAN is not of `local_vlans`; it is
/// never bound or taken away. Nor is a VNI bound to two VLANs, or a VLAN to two VNIs.
#[test]
fn what_the_network_team_bound_stays_as_it_is() {
    for native in all().map(Native::ready).map(|native| {
        let theirs = native.theirs;
        native.has(theirs)
    }) {
        let mercury = Mercury::serve(&[native.entry("leaf1")]);
        let mut client = Client::of(&mercury);
        let before = native.switch.handle().fingerprint();
        for (network, told) in [
            (json!({"vni": 20_900, "segmentation_id": 3000}), "VNI 20900: leaf1 has it on VLAN 900, and not on"),
            (json!({"vni": 6000, "segmentation_id": 900}), "VLAN 900 is bound to VNI 20900"),
        ] {
            let refused = client.fails("attach_port", &native.on(0, &network));
            assert!(refused.message.contains(told), "{}: {refused:?}", native.dialect);
        }
        assert_eq!(native.switch.handle().fingerprint(), before, "{}: nothing was sent", native.dialect);
        client.done("attach_port", &native.on(0, &json!({"vni": 20_900})));
        assert_eq!((native.bound(), native.vlan(0)), (sorted(["20900: 900"]), Some(900)));
        client.done("detach_port", &native.on(0, &json!({"vni": 20_900})));
        assert_eq!((native.bound(), native.vlan(0)), (sorted(["20900: 900"]), None));
    }
}

/// That it is configured is one thing, and that it carries frames another.
#[test]
fn a_vni_that_is_down_is_configured_and_told_apart() {
    let silent = Quirks { gnmi_no_get: true, gnmi_no_capabilities: true, ..Quirks::default() };
    let native = srl(Face::NoGet, Quirks { vnis_are_down: true, ..silent }).ready();
    let mercury = Mercury::serve(&[native.entry("leaf1")]);
    let attached = Client::of(&mercury).done("attach_port", &native.on(0, &json!({"vni": 10_100})));
    let told = &attached["switches"][0];
    let segments = json!([{"vlan-id": 3000, "vni": 10_100, "vni-state": "DOWN", "down": "down"}]);
    assert_eq!((&told["outcome"], &told["segments"]), (&json!("committed"), &segments), "{attached}");
    assert_eq!((native.bound(), native.vlan(0)), (sorted(["10100: 3000"]), Some(3000)));
}

/// Whatever goes wrong on the way: the VNI, its VLAN and its port are all there or none of
/// them is, what was said of it is so, and the next request does what it asks for.
#[test]
fn a_fault_on_the_way_leaves_all_of_it_or_nothing() {
    let of_netconf = [
        "edit-config:1:before:refuse:operation-failed",
        "edit-config:1:before:drop",
        "edit-config:1:after:drop",
        "commit-configuration:1:before:refuse:operation-failed",
        "commit-configuration:1:before:ignore",
        "commit-configuration:1:before:drop",
        "commit-configuration:1:after:drop",
        "commit-configuration:2:before:drop",
        "commit-configuration:2:after:drop",
    ];
    let of_gnmi = [
        "gnmi-set:1:before:status:aborted",
        "gnmi-set:1:before:status:unavailable",
        "gnmi-set:1:before:drop",
        "gnmi-set:1:after:drop",
        "gnmi-set:1:before:ignore",
        "gnmi-set:1:after:status:internal",
        "gnmi-set:2:before:drop",
        "gnmi-get:2:before:drop",
    ];
    let natives = |fault: usize| {
        [
            (junos(Quirks::default()), of_netconf.get(fault)),
            (srl(Face::Plain, Quirks::default()), of_gnmi.get(fault)),
            (srl(Face::Confirmed, Quirks::default()), of_gnmi.get(fault)),
        ]
    };
    for (native, fault) in (0..of_netconf.len()).flat_map(natives).filter_map(|(native, fault)| Some((native, *fault?)))
    {
        let native = native.ready();
        let mercury = Mercury::serve(&[native.entry("leaf1")]);
        let mut client = Client::of(&mercury);
        let told = format!("{} {fault}", native.dialect);
        let attach = native.on(0, &json!({"vni": 10_100}));
        native.switch.handle().inject(fault.parse().unwrap());
        let answered = client.call("attach_port", &attach);
        let is_there = (native.bound(), native.vlan(0)) == (sorted(["10100: 3000"]), Some(3000));
        let is_gone = (native.bound(), native.vlan(0)) == (Vec::new(), None);
        let waits = native.switch.handle().pending_commit().is_some();
        match &answered {
            Ok(done) => assert!(is_there && !waits, "{told}: {done}"),
            Err(failed) if failed.kind() == "unknown" => assert!(is_there || is_gone, "{told}: {failed:?}"),
            Err(failed) => assert!(is_gone && !waits, "{told}: {failed:?}: {}", native.switch.running()),
        }
        native.switch.handle().clear_faults();
        client.done("attach_port", &attach);
        assert_eq!((native.bound(), native.vlan(0)), (sorted(["10100: 3000"]), Some(3000)), "{told}");
        client.done("detach_port", &attach);
        assert_eq!((native.bound(), native.vlan(0)), (Vec::new(), None), "{told}");
    }
}
