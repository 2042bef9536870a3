//! A spanning tree entry that others use too: what is theirs outlives what is
//! Mercury's.

use mercury_model::{EdgePort, Intended, InterfaceName, Leaf, List, Plan, Running, Stp, Value};
use mercury_netconf::{
    conformance,
    xml::{Element, Limits},
};

use crate::{case, device::Device, dialect, render};

const OPENCONFIG: [&str; 2] = [
    r#"<interfaces xmlns="http://openconfig.net/yang/interfaces"><interface><name>Ethernet1</name>
       <config><name>Ethernet1</name></config></interface></interfaces>"#,
    r#"<stp xmlns="http://openconfig.net/yang/spanning-tree"><interfaces><interface><name>Ethernet1</name>
       <config><name>Ethernet1</name><guard>ROOT</guard></config></interface></interfaces></stp>"#,
];

const JUNOS: [&str; 1] = [r#"<configuration xmlns="http://xml.juniper.net/xnm/1.1/xnm">
       <interfaces><interface><name>Ethernet1</name></interface></interfaces>
       <protocols><rstp><interface><name>Ethernet1</name><no-root-port/></interface></rstp></protocols>
       </configuration>"#];

fn switch(data: &[&str]) -> Device {
    let compact = |text: &&str| text.lines().map(str::trim).collect::<String>();
    let parsed = |text: &&str| Element::parse(compact(text).as_bytes(), Limits::default()).unwrap();
    Device::with(&data.iter().map(parsed).collect::<Vec<_>>())
}

fn port() -> InterfaceName {
    "Ethernet1".parse().unwrap()
}

fn read(name: &str, switch: &Device) -> Running {
    conformance::decode(&dialect(name), &switch.data, &case::everything()).unwrap()
}

/// Brings the port's settings to `stp`.
fn make(name: &str, switch: &mut Device, stp: Option<Stp>) {
    let running = read(name, switch);
    let mut intended = running.config.clone();
    intended.interfaces.get_mut(&port()).unwrap().stp = stp;
    let edit = render(&dialect(name), &Plan::between(&running, &Intended(intended))).unwrap();
    switch.apply(&edit.content()).unwrap();
    assert_eq!(read(name, switch).interface(&port()).stp, stp, "{edit}");
}

#[test]
fn what_others_put_into_an_entry_outlives_an_edge_port() {
    for (name, data, guard) in [
        ("openconfig", &OPENCONFIG[..], Some(true)),
        ("arista_eos", &OPENCONFIG[..], Some(true)),
        ("juniper_junos", &JUNOS[..], None),
    ] {
        let mut switch = switch(data);
        let before = switch.data.to_pretty().unwrap();
        assert_eq!(read(name, &switch).shared, [(List::Stp, port())].into(), "{name}");
        make(name, &mut switch, Stp::of(Some(EdgePort::EdgeEnable), guard));
        make(name, &mut switch, None);
        assert_eq!(switch.data.to_pretty().unwrap(), before, "{name}");
    }
}

/// What a switch adds to an entry of its own accord is not what was intended,
/// and does not make the change one that failed.
#[test]
fn an_entry_with_a_name_alone_says_nothing() {
    let bare = OPENCONFIG.map(|text| text.replace("<guard>ROOT</guard>", ""));
    let running = read("openconfig", &switch(&bare.each_ref().map(String::as_str)));
    assert_eq!((running.interface(&port()).stp, running.shared.len()), (None, 0));
    let defaults = OPENCONFIG.map(|text| text.replace("<guard>", "<bpdu-guard>false</bpdu-guard><guard>"));
    let running = read("openconfig", &switch(&defaults.each_ref().map(String::as_str)));
    let mut intended = running.config.clone();
    intended.interfaces.get_mut(&port()).unwrap().stp = Stp::of(None, Some(false));
    assert!(Intended(intended).is_met_by(&running));
}

#[test]
fn a_value_that_is_none_is_kept_as_it_is() {
    let odd = OPENCONFIG.map(|text| text.replace("<guard>ROOT</guard>", "<edge-port>x:EDGE_MAYBE</edge-port>"));
    let data = switch(&odd.each_ref().map(String::as_str)).data;
    let running = conformance::decode(&dialect("openconfig"), &data, &case::everything()).unwrap();
    let Some(Value::Foreign(foreign)) = Leaf::EdgePort.get(&running.interface(&port())) else { panic!("{running:?}") };
    assert_eq!(foreign.values(), ["EDGE_MAYBE"]);
}
