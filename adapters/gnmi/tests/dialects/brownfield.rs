//! Switches as networks have them, and what is asked for of them over gNMI. The
//! files are JSON, names without their modules', or those of NETCONF.

#[path = "../../../../tests/kit/brownfield.rs"]
mod kit;

use std::{collections::BTreeMap, fs, path::PathBuf, sync::Arc};

use kit::{File, Said, entries, is_on_the_way, names_of, of_vlans, owned, vlans};
use mercury_adapter::{Dialect, LeafValues, Mapping, Names, NodePath, PathStep, Unrenderable};
use mercury_gnmi::SetOperations;
use mercury_model::{Intended, InterfaceName, Plan, Running, Scope, SwitchedVlan, TrunkVlans, VlanId};
use serde_json::Value as Json;

use crate::{
    answers::{self, Reading},
    device::{Device, key, text},
    dialect, from_xml, gnmi, render, request,
    switch::Switch,
    view::View,
    views::shown,
};

/// The dialects that have a folder, and whose modules their files are checked
/// against: their vendor's own, or OpenConfig's where those may not be passed on.
const FOLDERS: [(&str, &str); 4] =
    [("arista_eos", "arista_eos"), ("dell_sonic", "openconfig"), ("nokia_srl", "nokia_srl"), ("sonic", "sonic")];

/// A switch, as it shows itself; as it was written, where no view is said.
#[derive(Clone)]
pub(crate) struct Seen {
    pub(crate) dialect: Arc<Dialect>,
    pub(crate) device: Device,
    pub(crate) view: Option<View>,
}

fn files(dialect_name: &str) -> Vec<File<Seen>> {
    let dialect = dialect(dialect_name);
    let wrapped = gnmi(&dialect).leaf_values == LeafValues::Object;
    let file = |path: PathBuf, said: Said, data: Json| {
        let switch = Seen { dialect: Arc::clone(&dialect), device: Device::with(data, wrapped), view: None };
        File { name: kit::called(dialect_name, &path), said, switch }
    };
    let json = |path: PathBuf| {
        let mut whole: Json = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let members = whole.as_object_mut().unwrap();
        assert!(members.remove("about").is_some(), "{}", path.display());
        let mut said = |name: &str| {
            let said = members.remove(name).unwrap_or_default();
            let said = said.as_object().into_iter().flatten();
            said.map(|(name, words)| (name.clone(), text(words))).collect()
        };
        let said: BTreeMap<&str, BTreeMap<String, String>> =
            ["refused", "no member", "vlan", "beyond"].map(|word| (word, said(word))).into();
        file(path, Said::of(&|word| said[word].clone()), whole)
    };
    let xml = |path: PathBuf| {
        let (said, text) = Said::of_xml(&fs::read_to_string(&path).unwrap());
        file(path, said, from_xml::json(&text))
    };
    let all = kit::paths(dialect_name, "json").into_iter().map(json);
    all.chain(kit::paths(dialect_name, "xml").into_iter().map(xml)).collect()
}

impl Seen {
    /// The same switch where it shows itself otherwise, if there is a difference.
    fn through(mut self, view: View) -> Option<Self> {
        self.view = Some(view);
        let differs = self.shown().data != self.device.data || view == View::Reordered;
        self.settle();
        differs.then_some(self)
    }

    /// It is what it has that a switch writes otherwise; the rest it only shows.
    pub(crate) fn settle(&mut self) {
        if self.view == Some(View::Rewritten) {
            self.device = self.shown();
        }
    }

    fn shown(&self) -> Device {
        self.view.map_or_else(|| self.device.clone(), |view| shown(&self.dialect, &self.device, view))
    }

    /// What Mercury owns of a port, from the top.
    fn owned(&self, port: &InterfaceName) -> Vec<NodePath> {
        match &gnmi(&self.dialect).mapping {
            Mapping::Tree(tree) => owned(tree),
            Mapping::MacVrf => mac_vrf(port, self.read(&Scope::all()).interface(port).switched_vlan.as_ref()),
        }
    }

    fn strip(&self, data: &mut Json, port: &InterfaceName, aggregate: &InterfaceName) {
        let mut strip = |path: &NodePath, names: &Names| strip(data, &path.steps, names);
        self.owned(port).iter().for_each(|path| strip(path, &Names::interface(port)));
        let (entries, vlan) = match &gnmi(&self.dialect).mapping {
            Mapping::Tree(tree) => (entries(tree), tree.vlan.as_ref().map(|vlan| vlan.entry.clone())),
            Mapping::MacVrf => (vec![path(INTERFACE)], Some(path("network-instance[name=vlan-{vlan-id}]"))),
        };
        entries.iter().for_each(|entry| strip(entry, &Names::interface(aggregate)));
        for (id, entry) in vlans().flat_map(|id| vlan.iter().map(move |entry| (id, entry))) {
            strip(entry, &Names::vlan(&gnmi(&self.dialect).network_instance, Some(id), None));
        }
    }
}

impl Switch for Seen {
    type Change = SetOperations;
    const PROTOCOL: &'static str = "gnmi";
    const FORM: &'static str = "state-json";

    fn dialect(&self) -> &Arc<Dialect> {
        &self.dialect
    }

    fn read(&self, scope: &Scope) -> Running {
        answers::running(&self.dialect, &self.shown(), scope, Reading::Get)
    }

    fn rendered(&self, plan: &Plan) -> Result<SetOperations, Unrenderable> {
        render(&self.dialect, plan)
    }

    fn apply(&mut self, set: &SetOperations) -> Result<(), String> {
        self.device.apply(&request(&self.dialect, set))?;
        self.settle();
        Ok(())
    }

    /// Entries of leaf-lists one by one; but for containers that are left empty on
    /// the way to what Mercury owns.
    fn leaves(&self, without: Option<(&InterfaceName, &InterfaceName)>) -> Vec<String> {
        // A default that is shown of what Mercury made is not there.
        let mut data = if without.is_some() { self.device.data.clone() } else { self.shown().data };
        if let Some((port, aggregate)) = without {
            self.strip(&mut data, port, aggregate);
        }
        let owned = match &gnmi(&self.dialect).mapping {
            Mapping::Tree(tree) => [owned(tree), of_vlans(tree)].concat(),
            Mapping::MacVrf => {
                vec![path("interface/ethernet/aggregate-id"), path("interface/subinterface/vlan/encap/untagged")]
            }
        };
        let on_the_way: Vec<Vec<String>> = owned.iter().map(names_of).collect();
        let mut found = Vec::new();
        collect(&data, &mut Vec::new(), &on_the_way, &mut String::new(), &mut found);
        found.sort();
        found
    }

    fn of_a_vlan(&self) -> Vec<String> {
        match &gnmi(&self.dialect).mapping {
            Mapping::Tree(tree) => of_vlans(tree).iter().map(|path| format!("/{}", names_of(path).join("/"))).collect(),
            Mapping::MacVrf => {
                let leaves = ["name", "type", "admin-state", "description", "bridge-table/mac-learning/admin-state"];
                leaves.map(|leaf| format!("/network-instance/{leaf}")).into()
            }
        }
    }

    /// The modules that stand in for Dell's want the type that the name says.
    fn text(&self) -> String {
        let mut data = self.device.data.clone();
        let interfaces = data.pointer_mut("/interfaces/interface").and_then(Json::as_array_mut);
        for entry in interfaces.into_iter().flatten().filter(|_| self.dialect.name == "dell_sonic") {
            if text(&entry["name"]).starts_with("PortChannel") {
                entry["config"]["type"] = "iana-if-type:ieee8023adLag".into();
            }
        }
        data.to_string()
    }
}

const INTERFACE: &str = "interface[name={name}]";

/// What Mercury owns of a port of SR Linux that carries this.
fn mac_vrf(port: &InterfaceName, vlans: Option<&SwitchedVlan>) -> Vec<NodePath> {
    let carried: Vec<VlanId> = match vlans {
        Some(SwitchedVlan::Access { vlan }) => vlan.iter().copied().collect(),
        Some(SwitchedVlan::Trunk { vlans: TrunkVlans::Only(set), .. }) => set.iter().collect(),
        _ => Vec::new(),
    };
    let leaves = ["vlan-tagging", "mtu", "ethernet/aggregate-id"].map(|leaf| format!("{INTERFACE}/{leaf}"));
    let bridged = carried.iter().flat_map(|vlan| {
        let below = |leaf| format!("{INTERFACE}/subinterface[index={vlan}]/{leaf}");
        let member = format!("network-instance[name=vlan-{vlan}]/interface[name={port}.{vlan}]/name");
        ["type", "admin-state", "vlan/encap", "index"].map(below).into_iter().chain([member])
    });
    leaves.into_iter().chain(bridged).map(|text| path(&text)).collect()
}

/// `interface[name={name}]/mtu`; a slash in a key is the key's.
fn path(text: &str) -> NodePath {
    let step = |text: &str| {
        let (name, key) = text.split_once('[').map_or((text, None), |(name, key)| (name, Some(key)));
        let key = key.map(|key| key.trim_end_matches(']').split_once('=').unwrap());
        let keys = key.map(|(key, value)| (key.to_owned(), value.to_owned())).into_iter().collect();
        PathStep { module: mercury_adapter::Module { namespace: "".into(), name: None }, name: name.to_owned(), keys }
    };
    let mut depth = 0i32;
    let is_end = |c: char| {
        depth += i32::from(c == '[') - i32::from(c == ']');
        c == '/' && depth == 0
    };
    NodePath { steps: text.split(is_end).map(step).collect() }
}

/// Takes away every node at a path below `parent`, and what is left empty by that.
fn strip(parent: &mut Json, steps: &[PathStep], names: &Names) {
    let Some((step, below)) = steps.split_first() else { return };
    let Some(members) = parent.as_object_mut() else { return };
    let name = names.resolve(&step.name).unwrap().into_owned();
    let Some(found) = members.get_mut(&name) else { return };
    let entries = match found {
        Json::Array(entries) if entries.iter().any(Json::is_object) => entries,
        _ if below.is_empty() => return drop(members.remove(&name)),
        other => {
            strip(other, below, names);
            return members.retain(|own, left| *own != name || left.as_object().is_none_or(|left| !left.is_empty()));
        }
    };
    let fits = |entry: &Json| {
        let has = |(key, word): &(String, String)| {
            names.resolve(word).is_none_or(|wanted| wanted == text(&entry[key.as_str()]))
        };
        step.keys.iter().all(has)
    };
    entries.retain_mut(|entry| {
        if fits(entry) {
            strip(entry, below, names);
            return !below.is_empty() && entry.as_object().is_some_and(|left| !left.is_empty());
        }
        true
    });
}

/// One line for each leaf: names, keys in brackets, value.
fn collect(
    node: &Json,
    names: &mut Vec<String>,
    on_the_way: &[Vec<String>],
    path: &mut String,
    found: &mut Vec<String>,
) {
    let above = names.last().cloned().unwrap_or_default();
    let length = path.len();
    for (name, value) in node.as_object().unwrap() {
        path.push_str(&format!("/{name}"));
        names.push(name.clone());
        match (value, key(&above, name)) {
            (Json::Object(members), _) if members.is_empty() && is_on_the_way(on_the_way, names) => {}
            (Json::Object(members), _) if !members.is_empty() => collect(value, names, on_the_way, path, found),
            (Json::Array(entries), Some(key)) => {
                for entry in entries {
                    let own = path.len();
                    path.push_str(&format!("[{}]", text(&entry[key])));
                    collect(entry, names, on_the_way, path, found);
                    path.truncate(own);
                }
            }
            (Json::Array(values), None) => found.extend(values.iter().map(|value| format!("{path} {value}"))),
            (value, _) => found.push(format!("{path} {value}")),
        }
        names.pop();
        path.truncate(length);
    }
}

/// Leaf by leaf and whole.
#[test]
fn a_subscription_shows_the_same_as_get() {
    for file in FOLDERS.iter().flat_map(|(dialect, _)| files(dialect)) {
        let Seen { dialect, device, .. } = &file.switch;
        let [got, told] =
            [Reading::Get, Reading::Once].map(|reading| answers::running(dialect, device, &Scope::all(), reading));
        assert!(got.is_as(&told.config), "{}: {:#?}\n{:#?}", file.name, got.config, told.config);
        assert_eq!(
            (&got.written, &got.besides, &got.shared),
            (&told.written, &told.besides, &told.shared),
            "{}",
            file.name
        );
    }
}

/// An aggregate goes with all its subinterfaces, so with those of others it stays.
#[test]
fn an_aggregate_that_others_route_or_bridge_on_is_not_taken_away() {
    let files = files("nokia_srl");
    let removed = |file: &str, aggregate: &str| {
        let file = files.iter().find(|one| one.name.ends_with(file)).unwrap();
        let running = file.switch.read(&Scope::all());
        let mut wanted = running.config.clone();
        assert!(wanted.interfaces.remove(&aggregate.parse().unwrap()).is_some(), "{aggregate}");
        let mut members: Vec<_> = wanted.interfaces.values_mut().collect();
        members.retain(|port| port.aggregate_id.as_ref().is_some_and(|id| id.as_str() == aggregate));
        members.into_iter().for_each(|port| port.aggregate_id = None);
        file.switch.rendered(&Plan::between(&running, &Intended(wanted)))
    };
    for (aggregate, other) in [("lag1", "subinterface 0"), ("lag2", "subinterface 4000")] {
        let refusal = removed("aggregates-that-route.json", aggregate).unwrap_err();
        let told = format!("{}: {}", refusal.what, refusal.reason);
        assert!(told.contains(aggregate) && told.contains(other), "{told}");
    }
    let sent = removed("aggregates.json", "lag2").unwrap();
    assert!(sent.to_string().contains("delete"), "{sent}");
}
