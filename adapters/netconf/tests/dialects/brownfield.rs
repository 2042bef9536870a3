//! Switches as networks have them: `tests/brownfield` has a folder for each
//! dialect, and in it one running configuration a file. Every port of it is taken
//! through what callers ask for and back; what is not Mercury's is there
//! throughout, as it was.
//!
//! A file is XML, each top node of the datastore after the other. Comments stand on
//! lines of their own. `<!-- refused PORT: words -->` says that nothing may be done
//! to VLANs or membership of that port, and what the refusal must say; it need not
//! be in the configuration. `<!-- no member PORT: words -->` says so of making it a
//! member alone. Every other port must be changed. `<!-- beyond NODE: words -->` says
//! that switches show more than the vendor's modules allow, and what is said of it.

use std::{collections::BTreeMap, fs, path::PathBuf, sync::Arc};

use mercury_adapter::{ChannelGroup, Dialect, ModeForm, Names, NodePath, PathStep, SwitchedVlanTree, Tree, TrunkForm};
use mercury_model::{
    Aggregation, Intended, Interface, InterfaceName, InterfaceScope, InterfaceType, Lacp, LagType, Leaf, Plan, Running,
    Scope, SwitchedVlan, TrunkVlans, Vlan, VlanId, VlanScope, VlanStatus,
};
use mercury_netconf::{
    EditConfig, conformance,
    xml::{Element, Limits, Node},
};

use crate::{
    device::Device,
    filter::select,
    published, render,
    views::{View, shown},
};

/// The VLANs that are asked for; no file has them.
const VLANS: [u16; 3] = [3040, 3041, 3042];

/// The aggregate that is made; no file has it.
const NUMBER: u16 = 9;

/// Files that a dialect's folder must have.
const LEAST: [(&str, usize); 3] = [("arista_eos", 15), ("cisco_iosxe", 15), ("juniper_junos", 15)];

/// Nodes below a dialect's top one that the published set has no module for.
const UNPUBLISHED: [(&str, &str); 3] =
    [("juniper_junos", "chassis"), ("juniper_junos", "groups"), ("juniper_junos", "system")];

struct File {
    name: String,
    /// How its switch shows what it has; as it was written, where nothing is said.
    view: Option<View>,
    dialect: Arc<Dialect>,
    text: String,
    refused: BTreeMap<InterfaceName, String>,
    no_members: BTreeMap<InterfaceName, String>,
    beyond: BTreeMap<InterfaceName, String>,
}

fn files() -> Vec<File> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/brownfield");
    let mut files = Vec::new();
    for folder in fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()) {
        let named = |dialect: &Arc<Dialect>| folder.file_name().is_some_and(|name| *name == *dialect.name);
        let Some(dialect) = crate::dialects().into_iter().find(named) else { continue };
        let paths = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        // Those of gNMI are JSON.
        for path in paths.filter(|path| path.extension().is_some_and(|own| own == "xml")) {
            let name = format!("{} {}", dialect.name, path.file_name().unwrap().to_str().unwrap());
            files.push(File::new(name, &dialect, &fs::read_to_string(path).unwrap()));
        }
    }
    files.sort_by(|one, other| one.name.cmp(&other.name));
    files
}

impl File {
    fn new(name: String, dialect: &Arc<Dialect>, whole: &str) -> Self {
        let lines: Vec<&str> = whole.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let (comments, lines): (Vec<&str>, Vec<&str>) = lines.into_iter().partition(|line| line.starts_with("<!--"));
        let said = |word: &str| {
            let of = |comment: &&str| {
                let said = comment.strip_prefix("<!-- ")?.strip_prefix(word)?.strip_suffix(" -->").unwrap();
                let (port, words) = said.split_once(": ").unwrap();
                Some((port.parse().unwrap(), words.to_owned()))
            };
            comments.iter().filter_map(of).collect()
        };
        let (refused, no_members, beyond) = (said("refused "), said("no member "), said("beyond "));
        Self { name, view: None, dialect: Arc::clone(dialect), text: lines.concat(), refused, no_members, beyond }
    }

    /// The same on a switch that shows it otherwise, if there is a difference.
    fn seen(self, view: View) -> Option<Self> {
        let device = self.device();
        let name = format!("{} {view:?}", self.name);
        (shown(&self.dialect, &device.data, view) != device.data).then(|| Self { view: Some(view), name, ..self })
    }

    fn device(&self) -> Device {
        let data = Element::parse(format!("<data>{}</data>", self.text).as_bytes(), Limits::default())
            .unwrap_or_else(|error| panic!("{}: {error}", self.name));
        let mut device = Device::with(&data.elements().cloned().collect::<Vec<_>>());
        self.settle(&mut device);
        device
    }

    fn apply(&self, device: &mut Device, edit: &EditConfig) -> Result<(), String> {
        device.apply(&edit.content())?;
        self.settle(device);
        Ok(())
    }

    /// It is what it has that a switch writes otherwise; the rest it only shows.
    fn settle(&self, device: &mut Device) {
        if self.view == Some(View::Rewritten) {
            device.data = self.shown(device);
        }
    }

    fn shown(&self, device: &Device) -> Element {
        self.view.map_or_else(|| device.data.clone(), |view| shown(&self.dialect, &device.data, view))
    }

    fn tree(&self) -> &Tree {
        &self.dialect.netconf.as_ref().unwrap().tree
    }

    fn has(&self, leaf: Leaf) -> bool {
        self.tree().has(leaf)
    }

    /// What a session would see of `scope`: what its filter selects.
    fn read(&self, device: &Device, scope: &Scope) -> Running {
        let seen = select(&self.shown(device), &conformance::filter(&self.dialect, scope));
        conformance::decode(&self.dialect, &seen, scope).unwrap()
    }

    /// Every port whose name is one, and those that must be refused.
    fn ports(&self) -> Vec<Interface> {
        let running = self.read(&self.device(), &Scope::all());
        let is_port = |name: &InterfaceName| {
            self.dialect.interface_names.as_ref().is_none_or(|names| names.spelled(name.as_str()).is_ok())
        };
        let mut ports: Vec<_> = running.interfaces.values().filter(|port| is_port(&port.name)).cloned().collect();
        let named = self.refused.keys().filter(|name| !running.interfaces.contains_key(*name));
        ports.extend(named.map(|name| Interface::new(name.clone())));
        assert!(ports.len() >= 3, "{}: {} ports", self.name, ports.len());
        ports
    }

    /// Has `change` made of the port in a read of `scope`, and takes it back.
    fn there_and_back(&self, what: &str, port: &InterfaceName, scope: &Scope, change: impl Fn(&mut Running)) {
        let what = format!("{}, {port}: {what}", self.name);
        let mut device = self.device();
        let before = self.read(&device, scope);
        let mut wanted = before.clone();
        change(&mut wanted);
        let wanted = Intended(wanted.config);
        let rendered = render(&self.dialect, &Plan::between(&before, &wanted));
        let joins = wanted.0.interface(port).aggregate_id.is_some();
        let words = self.no_members.get(port).filter(|_| joins).or(self.refused.get(port));
        let edit = match (rendered, words) {
            (Ok(edit), None) => edit,
            (Err(refusal), Some(words)) => {
                let said = refusal.to_string();
                assert!(said.contains(port.as_str()) && said.contains(words.as_str()), "{what}: {said}");
                return;
            }
            (Ok(edit), Some(words)) => panic!("{what}: not refused, though {words}\n{edit}"),
            (Err(refusal), None) => panic!("{what}: {refusal}"),
        };
        let names = [port.clone(), self.aggregate()];
        let (whole, rest) = (self.leaves(&device, &[]), self.leaves(&device, &names));
        self.apply(&mut device, &edit).unwrap_or_else(|problem| panic!("{what}: {problem}\n{edit}"));
        let after = self.read(&device, scope);
        assert!(wanted.is_met_by(&after), "{what}: wanted {wanted:#?}\nfound {:#?}\n{edit}", after.config);
        assert_same(
            &rest,
            &self.leaves(&device, &names),
            &format!("{what}: more was changed than is Mercury's\n{edit}"),
        );
        self.assert_counted(&self.device(), &device, &what);
        let undo = Plan::between(&after, &Intended(before.config.clone())).written_as(&before);
        let undo = render(&self.dialect, &undo).unwrap_or_else(|refusal| panic!("{what}, undone: {refusal}"));
        self.apply(&mut device, &undo).unwrap();
        self.assert_counted(&self.device(), &device, &what);
        assert_same(&whole, &self.leaves(&device, &[]), &format!("{what}: was not undone\n{edit}\n{undo}"));
    }

    /// Every aggregate has a number below the count, which no request lowers.
    fn assert_counted(&self, before: &Device, after: &Device, what: &str) {
        if self.tree().aggregate_count.is_none() {
            return;
        }
        let told = |device: &Device| self.read(device, &Scope::all()).aggregate_count.unwrap();
        let ours = self.read(after, &Scope::all()).interfaces.contains_key(&self.aggregate());
        assert!(told(after) >= told(before) && (!ours || told(after) > NUMBER), "{what}: {}", told(after));
    }

    fn aggregate(&self) -> InterfaceName {
        format!("{}{NUMBER}", self.dialect.lag_prefix.as_deref().unwrap()).parse().unwrap()
    }

    /// Every leaf with its path, sorted, but for those that Mercury owns of these
    /// interfaces, its VLANs, and containers that are left empty on the way to what
    /// it owns.
    fn leaves(&self, device: &Device, without: &[InterfaceName]) -> Vec<String> {
        let mut data = self.shown(device);
        // It only ever grows: see `assert_counted`.
        if let Some(count) = &self.tree().aggregate_count {
            strip(&mut data, &count.steps, &Names::default());
        }
        for name in without {
            let names = Names::interface(name);
            let all = *name == self.aggregate();
            let owned = if all { entries(self.tree()) } else { owned(self.tree()) };
            owned.iter().for_each(|path| strip(&mut data, &path.steps, &names));
        }
        if let (false, Some(vlan)) = (without.is_empty(), &self.tree().vlan) {
            for id in vlans() {
                let names = Names::vlan("default", Some(id), Some(&format!("vlan-{id}")));
                strip(&mut data, &vlan.entry.steps, &names);
            }
        }
        let on_the_way: Vec<Vec<String>> =
            owned(self.tree()).iter().chain(&self.tree().aggregate_count).map(names_of).collect();
        let mut leaves = Vec::new();
        collect(&data, &[], &on_the_way, &mut String::new(), &mut leaves);
        leaves.sort();
        leaves
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

/// What there is of an interface, in every list.
fn entries(tree: &Tree) -> Vec<NodePath> {
    let beside = tree.lists.values().filter(|list| list.is_beside).map(|list| list.entry.clone());
    beside.chain([tree.interface.clone()]).collect()
}

/// What Mercury owns of an interface, from the top.
fn owned(tree: &Tree) -> Vec<NodePath> {
    let switched = |own: &SwitchedVlanTree| -> Vec<NodePath> {
        let mode = match &own.mode {
            ModeForm::Leaf { path, .. } => vec![path.clone()],
            // Whatever else may stand there is a mode too.
            ModeForm::Presence { access, trunk } => vec![access.parent(), access.clone(), trunk.clone()],
            ModeForm::Derived => Vec::new(),
        };
        let leaves = [&own.access_vlan, &own.native_vlan];
        let trunk = std::iter::once(&own.trunk_vlans).chain(&own.also_trunk_vlans).flat_map(TrunkForm::nodes);
        mode.into_iter()
            .chain(leaves.into_iter().chain(trunk).chain(own.also.iter().map(|(path, _)| path)).cloned())
            .collect()
    };
    let own = switched(&tree.switched_vlan).into_iter().chain(tree.aggregate_switched_vlan.iter().flat_map(switched));
    let mut owned: Vec<NodePath> = own.map(|path| tree.interface.join(&path)).collect();
    owned.extend(tree.channel_group.iter().flat_map(ChannelGroup::nodes).map(|path| tree.interface.join(path)));
    for (leaf, at) in &tree.leaves {
        let list = leaf.list().and_then(|list| tree.lists.get(&list)).filter(|list| list.is_beside);
        let entry = list.map_or(&tree.interface, |list| &list.entry);
        owned.extend(at.paths().map(|path| entry.join(path)));
    }
    owned
}

fn names_of(path: &NodePath) -> Vec<String> {
    path.steps.iter().map(|step| step.name.clone()).collect()
}

/// Takes away every node at a path below `parent`.
fn strip(parent: &mut Element, steps: &[PathStep], names: &Names) {
    let Some((step, below)) = steps.split_first() else { return };
    let fits = |element: &Element| {
        let name = names.resolve(&step.name).unwrap();
        let has = |key: &str, word: &str| {
            let Some(value) = names.resolve(word) else { return true };
            element.find(key).is_some_and(|found| found.value() == value)
        };
        element.name == *name && step.keys.iter().all(|(key, word)| has(key, word))
    };
    parent.children.retain_mut(|node| match node {
        Node::Element(element) if fits(element) => {
            strip(element, below, names);
            !below.is_empty()
        }
        _ => true,
    });
}

/// The keys of lists, first ones first.
const KEYS: [&str; 3] = ["name", "id", "vlan-id"];

/// One line for each leaf: names, keys in brackets, attributes, value.
fn collect(element: &Element, above: &[String], on_the_way: &[Vec<String>], path: &mut String, into: &mut Vec<String>) {
    let length = path.len();
    // A key is in the path.
    let key_of = |of: &Element| KEYS.into_iter().find(|key| of.find(key).is_some());
    let own = key_of(element);
    for child in element.elements().filter(|child| own != Some(child.name.as_str())) {
        let names = [above, std::slice::from_ref(&child.name)].concat();
        let key = key_of(child).and_then(|key| child.find(key));
        let attributes = child.attributes.iter().filter(|one| !one.name.starts_with("xmlns"));
        path.push_str(&format!("/{}", child.name));
        attributes.for_each(|one| path.push_str(&format!("@{}={}", one.name, one.value)));
        if let Some(key) = key {
            path.push_str(&format!("[{}]", key.value()));
        }
        let is_way = |owned: &Vec<String>| {
            let fits = |(own, name): (&String, &String)| own.starts_with('{') || own == name;
            owned.len() > names.len() && owned.iter().zip(&names).all(fits)
        };
        let holds = child.elements().filter(|below| key.is_none_or(|key| !std::ptr::eq(*below, key))).count();
        if holds == 0 {
            if !on_the_way.iter().any(is_way) {
                into.push(format!("{path} {:?}", child.value()));
            }
        } else {
            collect(child, &names, on_the_way, path, into);
        }
        path.truncate(length);
    }
}

fn drop_below(top: &mut Node, name: &str) {
    if let Node::Element(top) = top {
        top.children.retain(|node| !matches!(node, Node::Element(below) if below.name == name));
    }
}

fn of_one(port: &InterfaceName, more: &[InterfaceName]) -> Scope {
    Scope {
        interfaces: InterfaceScope::Named(more.iter().chain([port]).cloned().collect()),
        vlans: VlanScope::Named(vlans().collect()),
        stp: false,
    }
}

fn with_vlans(running: &mut Running) {
    running.config.vlans.extend(vlans().map(|id| (id, Vlan { id, name: None, status: VlanStatus::Active })));
}

fn port<'a>(running: &'a mut Running, name: &InterfaceName) -> &'a mut Interface {
    running.config.interfaces.entry(name.clone()).or_insert_with(|| Interface::new(name.clone()))
}

fn trunk() -> SwitchedVlan {
    let native = vlans().next();
    SwitchedVlan::Trunk { native, vlans: TrunkVlans::only(vlans().collect()) }
}

fn attach_and_detach(file: &File, name: &InterfaceName) {
    let scope = of_one(name, &[]);
    for (what, vlans) in [
        ("attach access", Some(SwitchedVlan::access(vlans().next().unwrap()))),
        ("attach trunk", Some(trunk())),
        ("detach", None),
    ] {
        let idle = file.read(&file.device(), &scope).interface(name).switched_vlan == vlans;
        if idle && !file.refused.contains_key(name) {
            continue;
        }
        file.there_and_back(what, name, &scope, |running| {
            with_vlans(running);
            port(running, name).switched_vlan.clone_from(&vlans);
        });
    }
}

/// What makes of a port a member.
fn member(port: &mut Interface, aggregate: &InterfaceName) {
    port.switched_vlan = None;
    port.mtu = None;
    port.foreign.remove(&Leaf::Mtu);
    port.aggregate_id = Some(aggregate.clone());
}

fn join(file: &File, name: &InterfaceName, aggregates: &[InterfaceName]) {
    let Some(first) = aggregates.first() else { return };
    file.there_and_back("join", name, &Scope::all(), |running| member(port(running, name), first));
}

fn make(file: &File, name: &InterfaceName) {
    let aggregate = file.aggregate();
    let kind = [Leaf::LagType, Leaf::MinLinks].map(|leaf| file.has(leaf));
    file.there_and_back("make an aggregate", name, &Scope::all(), |running| {
        with_vlans(running);
        member(port(running, name), &aggregate);
        let made = port(running, &aggregate);
        made.kind = Some(InterfaceType::Ieee8023adLag);
        made.switched_vlan = Some(trunk());
        made.lacp = file.has(Leaf::LacpMode).then(Lacp::default);
        let lag_type = kind[0].then_some(LagType::Lacp);
        made.aggregation = Aggregation { lag_type, min_links: kind[1].then_some(2), mlag_id: None }.or_none();
    });
}

/// The aggregate is read too, as the service does.
fn leave(file: &File, found: &Interface) {
    let aggregate = found.aggregate_id.clone().unwrap();
    file.there_and_back("leave", &found.name, &of_one(&found.name, std::slice::from_ref(&aggregate)), |running| {
        port(running, &found.name).aggregate_id = None;
        if file.dialect.members_say_lag_type("netconf") {
            let left = port(running, &aggregate);
            [Leaf::LagType, Leaf::LacpMode, Leaf::LacpInterval].into_iter().for_each(|leaf| leaf.set(left, None));
        }
    });
}

#[test]
fn what_others_configured_is_there_after_every_request_and_its_undoing() {
    let files = files();
    for (dialect, least) in LEAST {
        let found = files.iter().filter(|file| file.dialect.name == dialect).count();
        assert!(found >= least, "{dialect}: {found} configurations");
    }
    files.iter().for_each(every_request);
}

#[test]
fn it_is_there_however_the_switch_shows_what_it_has() {
    for view in View::ALL {
        let files: Vec<_> = files().into_iter().filter_map(|file| file.seen(view)).collect();
        assert!(files.len() >= 12, "{view:?}: {} configurations", files.len());
        files.iter().for_each(every_request);
    }
}

fn every_request(file: &File) {
    let ports = file.ports();
    let aggregates: Vec<_> = ports.iter().filter(|port| port.is_aggregate()).map(|port| port.name.clone()).collect();
    for found in &ports {
        if found.aggregate_id.is_none() {
            attach_and_detach(file, &found.name);
        } else {
            leave(file, found);
        }
        if file.has(Leaf::AggregateId) && !found.is_aggregate() && found.aggregate_id.is_none() {
            join(file, &found.name, &aggregates);
            if !found.is_aggregate() && (file.tree().kind.is_some() || file.tree().aggregate_names.is_some()) {
                make(file, &found.name);
            }
        }
    }
}

#[test]
fn what_others_configured_is_valid_by_the_vendors_own_modules() {
    let mut problems = Vec::new();
    for dialect in crate::dialects() {
        let document = |file: &File| {
            let mut data = file.device().data;
            let unpublished = UNPUBLISHED.iter().filter(|(name, _)| *name == dialect.name).map(|(_, node)| *node);
            for node in unpublished {
                data.children.iter_mut().for_each(|top| drop_below(top, node));
            }
            published::Document { name: file.name.clone(), form: "state-xml", text: data.to_xml().unwrap() }
        };
        let documents: Vec<_> = files().iter().filter(|file| file.dialect.name == dialect.name).map(document).collect();
        let Some(checked) = published::check(&dialect, &documents) else { continue };
        for file in files().iter().filter(|file| file.dialect.name == dialect.name) {
            let said = checked.iter().filter(|(name, _)| **name == file.name).flat_map(|(_, said)| said);
            let said = said.filter(|line| !published::is_known("netconf", &dialect.name, &file.name, line));
            let (known, new): (Vec<_>, Vec<_>) =
                said.partition(|line| file.beyond.values().any(|words| line.contains(words.as_str())));
            problems.extend(new.iter().map(|line| format!("{}: {line}", file.name)));
            if known.is_empty() && !file.beyond.is_empty() {
                problems.push(format!("{}: is within the modules after all", file.name));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
