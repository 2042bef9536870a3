//! Dell's OS10, as `dell-interface.yang` of open-switch/opx-base-model and the clients that
//! the dialect names have it: VLANs list their ports.

use std::collections::BTreeMap;

use mercury_model::{
    Interface, InterfaceName, InterfaceScope, Plan, Running, Scope, SwitchedVlan, TrunkVlans, Vlan, VlanId, VlanScope,
    VlanSet, VlanStatus,
};
use mercury_restconf::conformance;
use serde_json::{Value as Json, json};

use crate::{
    brownfield::{there_and_back, vlans},
    device::Device,
    dialect, render,
    round_trip::read,
};

/// The conditions of the module, and what OS10 does by itself: whoever is untagged in one
/// VLAN is so in no other, and an access port that is in none is in VLAN 1.
pub(crate) fn becomes(before: &Json, mut data: Json) -> Result<Json, String> {
    let empty = Vec::new();
    let entries = |data: &Json| data["interfaces"]["interface"].as_array().unwrap_or(&empty).clone();
    let (was, is) = (entries(before), entries(&data));
    let ports_alone = is.iter().filter(|one| is_port(one));
    let modes: BTreeMap<&str, &str> =
        ports_alone.map(|one| (name(one), one["mode"].as_str().unwrap_or("MODE_L2"))).collect();
    let mut untagged: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for vlan in is.iter().filter(|one| is_vlan(one)) {
        if vlan["type"] != "iana-if-type:l2vlan" {
            return Err(format!("{} has no type", name(vlan)));
        }
        for port in ports(vlan, "tagged-ports") {
            if modes.get(port) != Some(&"MODE_L2HYBRID") {
                return Err(format!("{port}: Interface is not in switchport mode trunk!"));
            }
            if ports(vlan, "untagged-ports").contains(&port) {
                return Err(format!("{port}: Interface cannot be an access and trunk member of the same VLAN."));
            }
        }
        for port in ports(vlan, "untagged-ports") {
            if !matches!(modes.get(port), Some(&("MODE_L2HYBRID" | "MODE_L2"))) {
                return Err(format!("{port}: Interface is not in switchport mode access or trunk!"));
            }
            untagged.entry(port.to_owned()).or_default().push(name(vlan).to_owned());
        }
    }
    let had = |vlan: &str, port: &str| {
        was.iter().any(|one| name(one) == vlan && ports(one, "untagged-ports").contains(&port))
    };
    for (port, own) in &untagged {
        let new: Vec<_> = own.iter().filter(|vlan| !had(vlan, port)).collect();
        if new.len() > 1 {
            return Err(format!("{port} in {new:?}"));
        }
        for left in own.iter().filter(|vlan| !new.is_empty() && !new.contains(vlan)) {
            list(&mut data, left).retain(|own| own != port);
        }
    }
    for port in is.iter().filter(|one| is_port(one) && modes[name(one)] == "MODE_L2") {
        if !untagged.contains_key(name(port)) {
            list(&mut data, "vlan1").push(name(port).into());
        }
    }
    for entry in data["interfaces"]["interface"].as_array_mut().into_iter().flatten() {
        // The mode that is so anyway it does not show.
        let is_shown = |value: &Json| *value != "MODE_L2" && value.as_array().is_none_or(|values| !values.is_empty());
        entry.as_object_mut().unwrap().retain(|_, value| is_shown(value));
    }
    Ok(data)
}

fn name(entry: &Json) -> &str {
    entry["name"].as_str().unwrap_or_default()
}

fn is_vlan(entry: &Json) -> bool {
    name(entry).starts_with("vlan")
}

fn is_port(entry: &Json) -> bool {
    matches!(entry["type"].as_str(), Some("iana-if-type:ethernetCsmacd" | "iana-if-type:ieee8023adLag"))
}

fn ports<'a>(vlan: &'a Json, list: &str) -> Vec<&'a str> {
    vlan[list].as_array().into_iter().flatten().filter_map(Json::as_str).collect()
}

fn list<'a>(data: &'a mut Json, vlan: &str) -> &'a mut Vec<Json> {
    let entries = data["interfaces"]["interface"].as_array_mut().unwrap();
    let entry = entries.iter_mut().find(|one| name(one) == vlan).unwrap();
    let own = entry.as_object_mut().unwrap().entry("untagged-ports").or_insert_with(|| json!([]));
    own.as_array_mut().unwrap()
}

/// A switch with ports that nobody configured, which is what OS10 shows of each.
pub(crate) fn device(interfaces: &BTreeMap<InterfaceName, Interface>) -> Device {
    let port = |name: &InterfaceName| json!({ "name": name.as_str(), "type": "iana-if-type:ethernetCsmacd" });
    let mut entries: Vec<_> = interfaces.values().filter(|one| one.kind.is_none()).map(|one| port(&one.name)).collect();
    let all: Vec<_> = entries.iter().map(|one| one["name"].clone()).collect();
    entries.push(json!({ "name": "vlan1", "type": "iana-if-type:l2vlan", "untagged-ports": all }));
    with(json!({ "interfaces": { "interface": entries } }))
}

fn with(data: Json) -> Device {
    Device { data, patches: false, becomes: Some(becomes) }
}

pub(crate) fn brown() -> Device {
    with(serde_json::from_str(include_str!("os10.json")).unwrap())
}

pub(crate) fn id(number: u16) -> VlanId {
    number.try_into().unwrap()
}

fn trunk(native: Option<u16>, list: &str) -> SwitchedVlan {
    let vlans = if list.is_empty() { TrunkVlans::None } else { TrunkVlans::only(list.parse().unwrap()) };
    SwitchedVlan::Trunk { native: native.map(id), vlans }
}

/// What there is, with another setting of one port.
pub(crate) fn wanted(before: &Running, port: &str, vlans: Option<SwitchedVlan>) -> mercury_model::Intended {
    let mut config = before.config.clone();
    config.interfaces.get_mut(&port.parse().unwrap()).unwrap().switched_vlan = vlans;
    mercury_model::Intended(config)
}

#[test]
fn what_a_port_carries_is_read_from_its_vlans() {
    let dialect = dialect("dell_os10");
    let running = read(&dialect, &brown());
    let vlans = |port: &str| running.config.interfaces[&port.parse().unwrap()].switched_vlan.clone();
    assert_eq!(vlans("ethernet1/1/1"), Some(SwitchedVlan::access(id(100))));
    assert_eq!(vlans("ethernet1/1/2"), Some(trunk(Some(100), "100,200")));
    assert_eq!(vlans("ethernet1/1/3"), Some(trunk(None, "200")));
    // In VLAN 1 is an access port of which nothing is said.
    assert_eq!(vlans("ethernet1/1/4:1"), None);
    assert_eq!(vlans("port-channel50"), Some(trunk(Some(1), "1,100,200")));
    for foreign in ["ethernet1/1/49", "ethernet1/1/50"] {
        assert!(matches!(vlans(foreign), Some(SwitchedVlan::Foreign(_))), "{foreign}");
    }
    let port = &running.config.interfaces[&"ethernet1/1/2".parse().unwrap()];
    assert_eq!((port.mtu, port.enabled), (Some(9216), true));
    assert!(!running.config.interfaces[&"ethernet1/1/4:1".parse().unwrap()].enabled);
    let name = |number| running.config.vlans[&id(number)].name.as_ref().map(ToString::to_string);
    assert_eq!((name(100).as_deref(), name(1)), (Some("servers"), None));
    assert!(!running.config.interfaces.keys().any(|name| name.as_str().starts_with("vlan")));
    // The ports of a VLAN are nothing that is beside it; an address is.
    let besides: Vec<_> = running.besides_vlans.iter().map(|(id, more)| format!("{id} {more}")).collect();
    assert_eq!(besides, ["200 ipv4"]);
}

#[test]
fn what_others_configured_stays_and_comes_back() {
    let dialect = dialect("dell_os10");
    let (device, mut changed) = (brown(), 0);
    for port in read(&dialect, &device).config.interfaces.keys().filter(|name| name.as_str() != "mgmt1/1/1") {
        let native = vlans().next();
        let both: VlanSet = vlans().collect();
        let trunk = |native| Some(SwitchedVlan::Trunk { native, vlans: TrunkVlans::only(both.clone()) });
        for wanted in [native.map(SwitchedVlan::access), trunk(native), trunk(None), None] {
            changed += usize::from(there_and_back(&dialect, &device, port, wanted));
        }
    }
    assert_eq!(changed, 5 * 4, "ports that may be changed");
}

/// Each pair, and by how many requests: a switch may look at every one of them.
#[test]
fn every_setting_is_reached_from_every_other() {
    let dialect = dialect("dell_os10");
    let settings = [
        None,
        Some(SwitchedVlan::access(id(100))),
        Some(SwitchedVlan::access(id(300))),
        Some(trunk(None, "100,300")),
        Some(trunk(Some(100), "100,300")),
        Some(trunk(Some(300), "100,200,300")),
        Some(trunk(Some(1), "1,100")),
        Some(trunk(Some(100), "100")),
        Some(trunk(None, "")),
    ];
    let (port, mut most) = ("ethernet1/1/1", 0);
    for from in &settings {
        for to in &settings {
            let mut switch = brown();
            let first = render(
                &dialect,
                &Plan::between(&read(&dialect, &switch), &wanted(&read(&dialect, &switch), port, from.clone())),
            );
            switch.apply(&first.unwrap()).unwrap();
            let before = read(&dialect, &switch);
            let intended = wanted(&before, port, to.clone());
            assert!(wanted(&before, port, from.clone()).is_met_by(&before), "{from:?}");
            let changes = render(&dialect, &Plan::between(&before, &intended)).unwrap();
            let requests =
                switch.apply(&changes).unwrap_or_else(|problem| panic!("{from:?} {to:?}: {problem}\n{changes}"));
            let after = read(&dialect, &switch);
            assert!(intended.is_met_by(&after), "{from:?} {to:?}: {:#?}\n{changes}", after.config.interfaces);
            most = most.max(requests);
        }
    }
    assert_eq!(most, 5, "three VLANs that go one by one, and what comes");
}

fn requests(vlans: Option<SwitchedVlan>, port: &str) -> Vec<String> {
    let (dialect, device) = (dialect("dell_os10"), brown());
    let before = read(&dialect, &device);
    let changes = render(&dialect, &Plan::between(&before, &wanted(&before, port, vlans))).unwrap();
    let shown = |(method, uri, body): (String, String, Option<String>)| {
        format!("{method} {uri} {}", body.unwrap_or_default()).trim_end().to_owned()
    };
    let requests = conformance::requests(&changes, false, false).into_iter().map(shown);
    requests.map(|one| one.replace("/data/ietf-interfaces:interfaces", "…")).collect()
}

#[test]
fn a_port_moves_by_one_request_and_leaves_tagged_vlans_first() {
    let patch = |entries: &str| format!(r#"PATCH … {{"ietf-interfaces:interfaces":{{"interface":[{entries}]}}}}"#);
    let untagged =
        |vlan: u16, port: &str| format!(r#"{{"name":"vlan{vlan}","dell-interface:untagged-ports":["{port}"]}}"#);
    let port = "ethernet1/1/1";
    assert_eq!(requests(Some(SwitchedVlan::access(id(300))), port), [patch(&untagged(300, port))]);
    assert_eq!(requests(None, port), [patch(&untagged(1, port))]);
    let hybrid = |port: &str| format!(r#"{{"name":"{port}","dell-interface:mode":"MODE_L2HYBRID"}}"#);
    let tagged = |vlan: u16, port: &str| format!(r#"{{"name":"vlan{vlan}","dell-interface:tagged-ports":["{port}"]}}"#);
    let with_native = [hybrid(port), untagged(300, port), tagged(200, port)].join(",");
    assert_eq!(requests(Some(trunk(Some(300), "200,300")), port), [patch(&with_native)]);
    // It cannot be tagged where it is untagged.
    let leave = "DELETE …/interface=vlan100/dell-interface:untagged-ports=ethernet1%2F1%2F1";
    assert_eq!(
        requests(Some(trunk(None, "100")), port),
        [patch(&hybrid(port)), leave.to_owned(), patch(&tagged(100, port))]
    );
    let port = "ethernet1/1/2";
    let leave = "DELETE …/interface=vlan200/dell-interface:tagged-ports=ethernet1%2F1%2F2".to_owned();
    let access = [format!(r#"{{"name":"{port}","dell-interface:mode":"MODE_L2"}}"#), untagged(200, port)].join(",");
    assert_eq!(requests(Some(SwitchedVlan::access(id(200))), port), [leave, patch(&access)]);
}

#[test]
fn a_vlan_is_made_with_its_type_and_goes_as_a_whole() {
    let (dialect, mut device) = (dialect("dell_os10"), brown());
    let before = read(&dialect, &device);
    let mut config = before.config.clone();
    config.vlans.insert(id(400), Vlan { id: id(400), name: "tenant \"7\"".parse().ok(), status: VlanStatus::Active });
    config.vlans.remove(&id(300));
    let port = config.interfaces.get_mut(&"ethernet1/1/1".parse().unwrap()).unwrap();
    port.switched_vlan = Some(SwitchedVlan::access(id(400)));
    let intended = mercury_model::Intended(config);
    let changes = render(&dialect, &Plan::between(&before, &intended)).unwrap();
    let sent = conformance::requests(&changes, false, false);
    let made = r#"{"name":"vlan400","type":"iana-if-type:l2vlan","description":"tenant \"7\"","dell-interface:untagged-ports":["ethernet1/1/1"]}"#;
    assert!(sent[0].2.as_ref().unwrap().contains(made), "{changes}");
    assert_eq!((sent.len(), sent[1].1.as_str()), (2, "/data/ietf-interfaces:interfaces/interface=vlan300"));
    device.apply(&changes).unwrap();
    let after = conformance::decode(&dialect, &device.data.to_string(), &Scope::all()).unwrap();
    assert!(intended.is_met_by(&after), "{:#?}", after.config);
}

#[test]
fn what_it_has_not_over_restconf_is_refused_in_words() {
    let dialect = dialect("dell_os10");
    let before = read(&dialect, &brown());
    let refusal = |change: &dyn Fn(&mut Interface)| {
        let mut config = before.config.clone();
        change(config.interfaces.get_mut(&"ethernet1/1/1".parse().unwrap()).unwrap());
        render(&dialect, &Plan::between(&before, &mercury_model::Intended(config))).unwrap_err().to_string()
    };
    let joins = refusal(&|port| port.aggregate_id = "port-channel50".parse().ok());
    assert!(joins.contains("a port channel lists its members"), "{joins}");
    let all = refusal(&|port| port.switched_vlan = Some(SwitchedVlan::Trunk { native: None, vlans: TrunkVlans::All }));
    assert!(all.contains("a trunk of all VLANs"), "{all}");
}

/// Nobody sees what it carries, and the VLAN would be taken from under it.
#[test]
fn a_vlan_is_somebodys_that_lists_a_port_without_an_entry() {
    let (dialect, mut device) = (dialect("dell_os10"), brown());
    let vlan = |device: &Device, name: &str| {
        let entries = device.data["interfaces"]["interface"].as_array().unwrap();
        entries.iter().position(|one| one["name"] == name).unwrap()
    };
    let at = vlan(&device, "vlan300");
    device.data["interfaces"]["interface"][at]["tagged-ports"] = json!(["ethernet1/1/31"]);
    // Whatever was asked for.
    let port = InterfaceScope::Named(["ethernet1/1/1".parse().unwrap()].into());
    let narrow = Scope { interfaces: port, vlans: VlanScope::Named([id(100)].into()), ..Scope::default() };
    for scope in [Scope::all(), narrow] {
        let running = conformance::decode(&dialect, &device.data.to_string(), &scope).unwrap();
        let besides: Vec<_> = running.besides_vlans.iter().map(|(id, more)| format!("{id} {more}")).collect();
        assert_eq!(besides, ["200 ipv4", "300 ethernet1/1/31, a port that has no entry"]);
        assert_eq!(running.listing, Some("1,100,200,300,3040-3041".parse().unwrap()));
    }
}

#[test]
fn what_could_not_be_taken_back_is_refused_and_what_a_port_can_have_is_not() {
    let dialect = dialect("dell_os10");
    let mut device = brown();
    let more = json!({ "name": "ethernet1/1/5", "type": "iana-if-type:ethernetCsmacd" });
    device.data["interfaces"]["interface"].as_array_mut().unwrap().push(more);
    let before = read(&dialect, &device);
    let mut config = before.config.clone();
    let mut carry_all = |port: &str| {
        config.interfaces.get_mut(&port.parse().unwrap()).unwrap().switched_vlan = Some(trunk(None, "1-4094"));
        render(&dialect, &Plan::between(&before, &mercury_model::Intended(config.clone())))
    };
    for port in ["ethernet1/1/1", "ethernet1/1/2", "ethernet1/1/3", "port-channel50"] {
        assert!(carry_all(port).is_ok());
    }
    let refusal = carry_all("ethernet1/1/5").unwrap_err().to_string();
    assert!(refusal.contains("to take it back, the change takes 204"), "{refusal}");
}
