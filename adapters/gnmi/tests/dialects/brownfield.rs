//! Switches as networks have them: the JSON files of `tests/brownfield`, one running
//! configuration each, names without their modules'. Every port is taken through what
//! callers ask for and back; what is not Mercury's is there throughout, as it was.
//!
//! `"about"` says what is shown; `"refused"`, by port, what must be said of every
//! change of its VLANs or membership; `"no member"` what must be said of joining
//! alone. Every other port must be changed.

use std::{collections::BTreeMap, fs, path::PathBuf, sync::Arc};

use mercury_adapter::Dialect;
use mercury_model::{
    Aggregation, Intended, Interface, InterfaceName, InterfaceType, Lacp, LagType, Leaf, Plan, Running, SwitchedVlan,
    TrunkVlans, Vlan, VlanId, VlanStatus,
};
use serde_json::Value as Json;

use crate::{
    answers::{self, Reading},
    case,
    device::{Device, key, text},
    dialect, published, render, request,
};

/// The VLANs that are asked for; no file has them.
const VLANS: [u16; 3] = [3040, 3041, 3042];

/// The aggregate that is made; no file has it.
const NUMBER: u16 = 9;

/// Files that a dialect's folder must have.
const LEAST: [(&str, usize); 2] = [("nokia_srl", 6), ("sonic", 6)];

struct File {
    name: String,
    dialect: Arc<Dialect>,
    data: Json,
    refused: BTreeMap<InterfaceName, String>,
    no_members: BTreeMap<InterfaceName, String>,
}

fn files(dialect_name: &str) -> Vec<File> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/brownfield").join(dialect_name);
    let mut paths: Vec<_> = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path: &PathBuf| {
        let mut whole: Json = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        let members = whole.as_object_mut().unwrap();
        assert!(members.remove("about").is_some(), "{}", path.display());
        let mut said = |name: &str| {
            let said = members.remove(name).unwrap_or_default();
            let said = said.as_object().into_iter().flatten();
            said.map(|(port, words)| (port.parse().unwrap(), text(words))).collect()
        };
        let (refused, no_members) = (said("refused"), said("no member"));
        let name = format!("{dialect_name} {}", path.file_name().unwrap().to_str().unwrap());
        File { name, dialect: dialect(dialect_name), data: whole, refused, no_members }
    };
    paths.iter().map(read).collect()
}

impl File {
    fn device(&self) -> Device {
        let wrapped = crate::gnmi(&self.dialect).leaf_values == mercury_adapter::LeafValues::Object;
        Device::with(self.data.clone(), wrapped)
    }

    fn read(&self, device: &Device) -> Running {
        answers::running(&self.dialect, device, &case::everything(), Reading::Get)
    }

    fn ports(&self) -> Vec<Interface> {
        let names = self.dialect.interface_names.as_ref().unwrap();
        let running = self.read(&self.device());
        let ports = running.interfaces.values().filter(|port| names.spelled(port.name.as_str()).is_ok());
        let ports: Vec<_> = ports.cloned().collect();
        assert!(ports.len() >= 3, "{}: {} ports", self.name, ports.len());
        ports
    }

    fn has(&self, leaf: Leaf) -> bool {
        self.dialect.has("gnmi", leaf)
    }

    fn aggregate(&self) -> InterfaceName {
        format!("{}{NUMBER}", self.dialect.lag_prefix.as_deref().unwrap()).parse().unwrap()
    }

    /// Has `change` made of the port, and takes it back; whether it was made.
    fn there_and_back(&self, what: &str, port: &InterfaceName, change: impl Fn(&mut Running)) {
        let what = format!("{}, {port}: {what}", self.name);
        let mut device = self.device();
        let before = self.read(&device);
        let mut wanted = before.clone();
        change(&mut wanted);
        let joins = wanted.config.interface(port).aggregate_id.is_some();
        let wanted = Intended(wanted.config);
        let words = self.no_members.get(port).filter(|_| joins).or(self.refused.get(port));
        let set = match (render(&self.dialect, &Plan::between(&before, &wanted)), words) {
            (Ok(set), None) => set,
            (Err(refusal), Some(words)) => {
                let said = refusal.to_string();
                return assert!(said.contains(port.as_str()) && said.contains(words.as_str()), "{what}: {said}");
            }
            (Ok(set), Some(words)) => panic!("{what}: not refused, though {words}\n{set}"),
            (Err(refusal), None) => panic!("{what}: {refusal}"),
        };
        let (whole, rest) = (leaves(&device), self.others(&device, port));
        device.apply(&request(&self.dialect, &set)).unwrap_or_else(|problem| panic!("{what}: {problem}\n{set}"));
        let after = self.read(&device);
        assert!(wanted.is_met_by(&after), "{what}: wanted {wanted:#?}\nfound {:#?}\n{set}", after.config);
        assert_same(&rest, &self.others(&device, port), &format!("{what}: more was changed than is Mercury's\n{set}"));
        let undo = Plan::between(&after, &Intended(before.config.clone())).written_as(&before);
        let undo = render(&self.dialect, &undo).unwrap_or_else(|refusal| panic!("{what}, undone: {refusal}"));
        device.apply(&request(&self.dialect, &undo)).unwrap_or_else(|problem| panic!("{what}: {problem}\n{undo}"));
        assert_same(&whole, &leaves(&device), &format!("{what}: was not undone\n{set}\n{undo}"));
    }

    /// The leaves that are not Mercury's when it does something to this port.
    fn others(&self, device: &Device, port: &InterfaceName) -> Vec<String> {
        let aggregate = self.aggregate();
        let vlans = VLANS.iter().flat_map(|id| [format!("[Vlan{id}]"), format!("[vlan-{id}]")]);
        let made: Vec<_> = vlans.chain([format!("[{aggregate}]"), format!("[{aggregate}.")]).collect();
        let own = [
            format!("interface[{port}]/ethernet/switched-vlan/config/"),
            format!("interface[{port}]/aggregation/switched-vlan/config/"),
            format!("interface[{port}]/ethernet/config/aggregate-id "),
            format!("interface[{port}]/ethernet/aggregate-id "),
            format!("interface[{port}]/vlan-tagging "),
            // A member's MTU is its aggregate's.
            format!("interface[{port}]/mtu "),
            format!("interface[{port}]/config/mtu "),
            format!("interface[{port}]/subinterface["),
            format!("/interface[{port}."),
        ];
        let routed = format!("interface[{port}]/subinterface[0]/");
        let is_own = |leaf: &String| {
            made.iter().any(|text| leaf.contains(text))
                || own.iter().any(|text| leaf.contains(text)) && !leaf.contains(&routed)
        };
        leaves(device).into_iter().filter(|leaf| !is_own(leaf)).collect()
    }
}

/// Every leaf with its path, sorted; entries of leaf-lists one by one. A container
/// without a leaf is no configuration, but for a choice of an encapsulation.
fn leaves(device: &Device) -> Vec<String> {
    let mut found = Vec::new();
    collect(&device.data, "", &mut String::new(), &mut found);
    found.sort();
    found
}

fn collect(node: &Json, above: &str, path: &mut String, found: &mut Vec<String>) {
    let length = path.len();
    for (name, value) in node.as_object().unwrap() {
        path.push_str(&format!("/{name}"));
        match (value, key(above, name)) {
            (Json::Object(members), _) if members.is_empty() && name != "untagged" => {}
            (Json::Object(members), _) if !members.is_empty() => collect(value, name, path, found),
            (Json::Array(entries), Some(key)) => {
                for entry in entries {
                    let own = path.len();
                    path.push_str(&format!("[{}]", text(&entry[key])));
                    collect(entry, name, path, found);
                    path.truncate(own);
                }
            }
            (Json::Array(values), None) => found.extend(values.iter().map(|value| format!("{path} {value}"))),
            (value, _) => found.push(format!("{path} {value}")),
        }
        path.truncate(length);
    }
}

fn assert_same(before: &[String], after: &[String], what: &str) {
    let lost: Vec<_> = before.iter().filter(|leaf| !after.contains(leaf)).collect();
    let new: Vec<_> = after.iter().filter(|leaf| !before.contains(leaf)).collect();
    assert!(before == after, "{what}\nlost {lost:#?}\nnew {new:#?}");
}

fn vlans() -> impl Iterator<Item = VlanId> {
    VLANS.into_iter().map(|number| number.try_into().unwrap())
}

fn with_vlans(running: &mut Running) {
    running.config.vlans.extend(vlans().map(|id| (id, Vlan { id, name: None, status: VlanStatus::Active })));
}

fn port<'a>(running: &'a mut Running, name: &InterfaceName) -> &'a mut Interface {
    running.config.interfaces.entry(name.clone()).or_insert_with(|| Interface::new(name.clone()))
}

fn trunk(file: &File) -> SwitchedVlan {
    let native = vlans().next();
    let tagged = vlans().filter(|id| file.dialect.native_in_trunk_vlans || Some(*id) != native);
    SwitchedVlan::Trunk { native, vlans: TrunkVlans::only(tagged.collect()) }
}

fn attach_and_detach(file: &File, found: &Interface) {
    let wanted = [
        ("attach access", Some(SwitchedVlan::access(vlans().next().unwrap()))),
        ("attach trunk", Some(trunk(file))),
        ("detach", None),
    ];
    for (what, vlans) in wanted.into_iter().filter(|(_, vlans)| *vlans != found.switched_vlan) {
        file.there_and_back(what, &found.name, |running| {
            with_vlans(running);
            port(running, &found.name).switched_vlan.clone_from(&vlans);
        });
    }
}

fn member(port: &mut Interface, aggregate: &InterfaceName) {
    port.switched_vlan = None;
    port.mtu = None;
    port.foreign.remove(&Leaf::Mtu);
    port.aggregate_id = Some(aggregate.clone());
}

fn join_and_make(file: &File, found: &Interface, aggregates: &[InterfaceName]) {
    if let Some(first) = aggregates.first() {
        file.there_and_back("join", &found.name, |running| member(port(running, &found.name), first));
    }
    let aggregate = file.aggregate();
    file.there_and_back("make an aggregate", &found.name, |running| {
        with_vlans(running);
        member(port(running, &found.name), &aggregate);
        let made = port(running, &aggregate);
        made.kind = Some(InterfaceType::Ieee8023adLag);
        made.switched_vlan = Some(trunk(file));
        made.lacp = file.has(Leaf::LacpMode).then(Lacp::default);
        let lag_type = file.has(Leaf::LagType).then_some(LagType::Lacp);
        made.aggregation = Aggregation { lag_type, min_links: None, mlag_id: None }.or_none();
    });
}

#[test]
fn what_others_configured_is_there_after_every_request_and_its_undoing() {
    for (name, least) in LEAST {
        let files = files(name);
        assert!(files.len() >= least, "{name}: {} configurations", files.len());
        for file in &files {
            let ports = file.ports();
            let aggregates: Vec<_> =
                ports.iter().filter(|port| port.is_aggregate()).map(|port| port.name.clone()).collect();
            for found in &ports {
                if found.aggregate_id.is_some() {
                    file.there_and_back("leave", &found.name, |running| port(running, &found.name).aggregate_id = None);
                    continue;
                }
                attach_and_detach(file, found);
                if !found.is_aggregate() {
                    join_and_make(file, found, &aggregates);
                }
            }
        }
    }
}

#[test]
fn what_others_configured_is_valid_by_the_vendors_own_modules() {
    let mut problems = Vec::new();
    for (dialect_name, _) in LEAST {
        let document = |file: &File| published::Document {
            name: file.name.clone(),
            form: "state-json",
            text: file.data.to_string(),
        };
        let documents: Vec<_> = files(dialect_name).iter().map(document).collect();
        for (name, said) in published::check(&dialect(dialect_name), &documents).unwrap_or_default() {
            let new = said.iter().filter(|line| !published::is_known("gnmi", dialect_name, &name, line));
            problems.extend(new.map(|line| format!("{name}: {line}")));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
