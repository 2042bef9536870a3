//! Switches as networks have them: `tests/brownfield` has a folder for each
//! dialect, and in it one running configuration a file. Every port of it is taken
//! through what callers ask for and back; what is not Mercury's is there
//! throughout, as it was. Included by each kit.
//!
//! A file is XML, each top node of the datastore after the other, or JSON. It says
//! of itself, in comments on lines of their own or in members beside the data:
//! `refused`, by port, what must be said of every change of its VLANs or membership
//! (it need not be in the configuration); `no member` what must be said of making it
//! a member alone. Every other port must be changed. `vlan`, by number, is what a VLAN
//! holds besides what is Mercury's. `beyond`, by node, is what is said where switches
//! show more than the vendor's modules allow.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use mercury_adapter::{ChannelGroup, Dialect, ModeForm, NodePath, PathStep, SwitchedVlanTree, Tree, TrunkForm};
use mercury_model::{
    Aggregation, Intended, Interface, InterfaceName, InterfaceScope, InterfaceType, Lacp, LagType, Leaf, Plan, Running,
    Scope, SwitchedVlan, TrunkVlans, Vlan, VlanId, VlanScope, VlanStatus,
};

use super::{FOLDERS, files};
use crate::{
    published::{self, Document},
    switch::Switch,
    view::View,
};

/// The VLANs that are asked for; no file has them.
const VLANS: [u16; 3] = [3040, 3041, 3042];

/// The aggregate that is made; no file has it.
pub(crate) const NUMBER: u16 = 9;

/// The configurations that every dialect has at least.
const LEAST: usize = 15;

/// The VLANs of each that are taken away and brought back.
const MOST_VLANS: usize = 4;

/// What a file says of itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    refused: BTreeMap<InterfaceName, String>,
    no_members: BTreeMap<InterfaceName, String>,
    besides_vlans: BTreeMap<VlanId, String>,
    beyond: BTreeMap<String, String>,
}

impl Said {
    /// Takes `<!-- refused PORT: words -->` and so on out of XML, and the blanks.
    pub(crate) fn of_xml(text: &str) -> (Self, String) {
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let (comments, lines): (Vec<&str>, Vec<&str>) = lines.into_iter().partition(|line| line.starts_with("<!--"));
        let said = |word: &str| {
            let of = |comment: &&str| {
                let said = comment.strip_prefix("<!-- ")?.strip_prefix(word)?.strip_suffix(" -->").unwrap();
                let (name, words) = said.split_once(": ").unwrap();
                Some((name.to_owned(), words.to_owned()))
            };
            comments.iter().filter_map(of).collect()
        };
        let own = Self::of(&|word| said(&format!("{word} ")));
        (own, lines.concat())
    }

    /// By what is said of each with a word.
    pub(crate) fn of(said: &dyn Fn(&str) -> BTreeMap<String, String>) -> Self {
        let ports = |word| said(word).into_iter().map(|(name, words)| (name.parse().unwrap(), words)).collect();
        let besides_vlans = said("vlan").into_iter().map(|(id, words)| (id.parse().unwrap(), words)).collect();
        Self { refused: ports("refused"), no_members: ports("no member"), besides_vlans, beyond: said("beyond") }
    }
}

/// One running configuration.
#[derive(Clone)]
pub(crate) struct File<S> {
    pub(crate) name: String,
    pub(crate) said: Said,
    pub(crate) switch: S,
}

/// The files of a dialect that end so.
pub(crate) fn paths(dialect: &str, extension: &str) -> Vec<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/brownfield").join(dialect);
    let found = fs::read_dir(root).into_iter().flatten().map(|entry| entry.unwrap().path());
    let mut found: Vec<_> = found.filter(|path| path.extension().is_some_and(|own| own == extension)).collect();
    found.sort();
    found
}

/// What a file is called where something is said of it.
pub(crate) fn called(dialect: &str, path: &Path) -> String {
    format!("{dialect} {}", path.file_name().unwrap().to_str().unwrap())
}

impl<S: Switch> File<S> {
    fn dialect(&self) -> &Dialect {
        self.switch.dialect()
    }

    fn has(&self, leaf: Leaf) -> bool {
        self.dialect().has(S::PROTOCOL, leaf)
    }

    fn aggregate(&self) -> InterfaceName {
        format!("{}{NUMBER}", self.dialect().lag_prefix.as_deref().unwrap_or("Port-Channel")).parse().unwrap()
    }

    /// Every port whose name is one, or where any name is one its type, and those that
    /// must be refused.
    fn ports(&self) -> Vec<Interface> {
        let running = self.switch.read(&Scope::all());
        let is_port = |one: &&Interface| match &self.dialect().interface_names {
            Some(names) => names.spelled(one.name.as_str()).is_ok(),
            None => matches!(one.kind, Some(InterfaceType::EthernetCsmacd | InterfaceType::Ieee8023adLag)),
        };
        let mut ports: Vec<_> = running.interfaces.values().filter(is_port).cloned().collect();
        let named = self.said.refused.keys().filter(|name| !running.interfaces.contains_key(*name));
        ports.extend(named.map(|name| Interface::new(name.clone())));
        assert!(ports.len() >= 3, "{}: {} ports", self.name, ports.len());
        ports
    }

    /// Takes every port through what callers ask for and back; `made` is shown what
    /// the switch has after each.
    fn every_request(&self, made: &mut dyn FnMut(&str, &S)) {
        let ports = self.ports();
        let aggregates: Vec<_> =
            ports.iter().filter(|port| port.is_aggregate()).map(|port| port.name.clone()).collect();
        for found in &ports {
            match &found.aggregate_id {
                Some(aggregate) => self.leave(&found.name, aggregate, made),
                None => self.attach_and_detach(&found.name, made),
            }
            if found.aggregate_id.is_none() && !found.is_aggregate() && self.has(Leaf::AggregateId) {
                self.join_and_make(&found.name, &aggregates, made);
            }
        }
        self.every_vlan(made);
    }

    /// Takes away each VLAN that no port names and that has nothing of others', and
    /// brings it back; which have more is what the file says.
    fn every_vlan(&self, made: &mut dyn FnMut(&str, &S)) {
        let before = self.switch.read(&Scope::all());
        assert_eq!(before.besides_vlans, self.said.besides_vlans, "{}", self.name);
        let vlans = || before.interfaces.values().filter_map(|port| port.switched_vlan.as_ref());
        // As the service has it: a port that cannot be read may have any of them.
        if vlans().filter_map(SwitchedVlan::foreign).any(|foreign| !foreign.routes) {
            return;
        }
        let named: Vec<VlanId> = vlans().flat_map(|vlans| vlans.named_vlans().iter().collect::<Vec<_>>()).collect();
        let is_idle = |id: &&VlanId| !named.contains(id) && !before.besides_vlans.contains_key(id);
        for id in before.vlans.keys().filter(is_idle).take(MOST_VLANS) {
            let what = format!("{}: VLAN {id} removed", self.name);
            let mut wanted = before.config.clone();
            wanted.vlans.remove(id);
            let wanted = Intended(wanted);
            let sent = self.switch.rendered(&Plan::between(&before, &wanted)).unwrap();
            let mut switch = self.switch.clone();
            let whole = switch.leaves(None);
            switch.apply(&sent).unwrap_or_else(|problem| panic!("{what}: {problem}\n{sent}"));
            let (after, left) = (switch.read(&Scope::all()), switch.leaves(None));
            assert!(wanted.is_met_by(&after), "{what}: {:#?}\n{sent}", after.config);
            let own = self.switch.of_a_vlan();
            let is_own = |line: &&String| own.contains(&without_keys(line));
            let (lost, kept): (Vec<_>, Vec<_>) = whole.iter().partition(|line| !left.contains(line));
            assert!(kept.len() == left.len() && lost.iter().all(is_own), "{what}\nlost {lost:#?}\n{sent}");
            made(&what, &switch);
            let undo = switch.rendered(&Plan::between(&after, &Intended(before.config.clone())).written_as(&before));
            let undo = undo.unwrap_or_else(|refusal| panic!("{what}, undone: {refusal}"));
            switch.apply(&undo).unwrap_or_else(|problem| panic!("{what}: {problem}\n{undo}"));
            let undone = switch.read(&Scope::all());
            assert!(undone.is_as(&before.config), "{what}, undone: {:#?}\n{undo}", undone.config);
            // A default that was shown of it is not there any more.
            let others = |lines: Vec<String>| lines.into_iter().filter(|line| !is_own(&line)).collect::<Vec<_>>();
            assert_same(&others(whole), &others(switch.leaves(None)), &format!("{what}, undone\n{sent}\n{undo}"));
        }
    }

    /// Has `change` made of the port in a read of `scope`, and takes it back.
    fn there_and_back(
        &self,
        what: &str,
        port: &InterfaceName,
        scope: &Scope,
        made: &mut dyn FnMut(&str, &S),
        change: impl Fn(&mut Running),
    ) {
        let what = format!("{}, {port}: {what}", self.name);
        let mut switch = self.switch.clone();
        let before = switch.read(scope);
        let mut wanted = before.clone();
        change(&mut wanted);
        let joins = wanted.interface(port).aggregate_id.is_some();
        let wanted = Intended(wanted.config);
        let words = self.said.no_members.get(port).filter(|_| joins).or(self.said.refused.get(port));
        let sent = match (switch.rendered(&Plan::between(&before, &wanted)), words) {
            (Ok(sent), None) => sent,
            (Err(refusal), Some(words)) => {
                let said = refusal.to_string();
                return assert!(said.contains(port.as_str()) && said.contains(words.as_str()), "{what}: {said}");
            }
            (Ok(sent), Some(words)) => panic!("{what}: not refused, though {words}\n{sent}"),
            (Err(refusal), None) => panic!("{what}: {refusal}"),
        };
        let aggregate = self.aggregate();
        let (whole, rest) = (switch.leaves(None), switch.leaves(Some((port, &aggregate))));
        switch.apply(&sent).unwrap_or_else(|problem| panic!("{what}: {problem}\n{sent}"));
        let after = switch.read(scope);
        assert!(wanted.is_met_by(&after), "{what}: wanted {wanted:#?}\nfound {:#?}\n{sent}", after.config);
        let left = switch.leaves(Some((port, &aggregate)));
        assert_same(&rest, &left, &format!("{what}: more was changed than is Mercury's\n{sent}"));
        switch.assert_held(&self.switch, &what);
        made(&what, &switch);
        let undo = Plan::between(&after, &Intended(before.config.clone())).written_as(&before);
        let undo = switch.rendered(&undo).unwrap_or_else(|refusal| panic!("{what}, undone: {refusal}"));
        switch.apply(&undo).unwrap_or_else(|problem| panic!("{what}: {problem}\n{undo}"));
        switch.assert_held(&self.switch, &what);
        assert_same(&whole, &switch.leaves(None), &format!("{what}: was not undone\n{sent}\n{undo}"));
    }

    fn attach_and_detach(&self, name: &InterfaceName, made: &mut dyn FnMut(&str, &S)) {
        let scope = of_one(name, &[]);
        for (what, vlans) in [
            ("attach access", Some(SwitchedVlan::access(vlans().next().unwrap()))),
            ("attach trunk", Some(self.trunk())),
            ("detach", None),
        ] {
            let idle = self.switch.read(&scope).interface(name).switched_vlan == vlans;
            if idle && !self.said.refused.contains_key(name) {
                continue;
            }
            self.there_and_back(what, name, &scope, made, |running| {
                with_vlans(running);
                port(running, name).switched_vlan.clone_from(&vlans);
            });
        }
    }

    fn join_and_make(&self, name: &InterfaceName, aggregates: &[InterfaceName], made: &mut dyn FnMut(&str, &S)) {
        if let Some(first) = aggregates.first() {
            self.there_and_back("join", name, &Scope::all(), made, |running| member(port(running, name), first));
        }
        let aggregate = self.aggregate();
        self.there_and_back("make an aggregate", name, &Scope::all(), made, |running| {
            with_vlans(running);
            member(port(running, name), &aggregate);
            let new = port(running, &aggregate);
            new.kind = Some(InterfaceType::Ieee8023adLag);
            new.switched_vlan = Some(self.trunk());
            new.lacp = self.has(Leaf::LacpMode).then(Lacp::default);
            let lag_type = self.has(Leaf::LagType).then_some(LagType::Lacp);
            let min_links = self.has(Leaf::MinLinks).then_some(2);
            new.aggregation = Aggregation { lag_type, min_links, mlag_id: None }.or_none();
        });
    }

    /// The aggregate is read too, as the service does.
    fn leave(&self, name: &InterfaceName, aggregate: &InterfaceName, made: &mut dyn FnMut(&str, &S)) {
        let scope = of_one(name, std::slice::from_ref(aggregate));
        self.there_and_back("leave", name, &scope, made, |running| {
            port(running, name).aggregate_id = None;
            if self.dialect().members_say_lag_type(S::PROTOCOL) {
                let left = port(running, aggregate);
                [Leaf::LagType, Leaf::LacpMode, Leaf::LacpInterval].into_iter().for_each(|leaf| leaf.set(left, None));
            }
        });
    }

    fn trunk(&self) -> SwitchedVlan {
        let native = vlans().next();
        let tagged = vlans().filter(|id| self.dialect().native_in_trunk_vlans || Some(*id) != native);
        SwitchedVlan::Trunk { native, vlans: TrunkVlans::only(tagged.collect()) }
    }
}

/// What is not valid by the modules of `judge`, the vendor's own or those that stand
/// in for them: files as they are, and what each request leaves behind.
fn invalid<S: Switch>(judge: &Dialect, files: &[File<S>]) -> Vec<String> {
    let (mut documents, mut of) = (Vec::new(), Vec::new());
    for file in files {
        let mut add = |name: &str, switch: &S| {
            documents.push(Document { name: name.to_owned(), form: S::FORM, text: switch.text() });
            of.push(file);
        };
        add(&file.name, &file.switch);
        file.every_request(&mut add);
    }
    let Some(checked) = published::check(judge, &documents) else { return Vec::new() };
    let mut problems = Vec::new();
    for (document, file) in documents.iter().zip(of) {
        let said = checked[&document.name].iter();
        let said = said.filter(|line| !published::is_known(S::PROTOCOL, &file.dialect().name, &document.name, line));
        let (known, new): (Vec<_>, Vec<_>) =
            said.partition(|line| file.said.beyond.values().any(|words| line.contains(words.as_str())));
        problems.extend(new.iter().map(|line| format!("{}: {line}", document.name)));
        if document.name == file.name && known.is_empty() && !file.said.beyond.is_empty() {
            problems.push(format!("{}: is within the modules after all", file.name));
        }
    }
    problems
}

fn assert_same(before: &[String], after: &[String], what: &str) {
    if before == after {
        return;
    }
    let lost: Vec<_> = before.iter().filter(|leaf| !after.contains(leaf)).collect();
    let new: Vec<_> = after.iter().filter(|leaf| !before.contains(leaf)).collect();
    panic!("{what}\nlost {lost:#?}\nnew {new:#?}");
}

/// The VLANs that are asked for.
pub(crate) fn vlans() -> impl Iterator<Item = VlanId> {
    VLANS.into_iter().map(|number| number.try_into().unwrap())
}

fn with_vlans(running: &mut Running) {
    running.config.vlans.extend(vlans().map(|id| (id, Vlan { id, name: None, status: VlanStatus::Active })));
}

fn port<'a>(running: &'a mut Running, name: &InterfaceName) -> &'a mut Interface {
    running.config.interfaces.entry(name.clone()).or_insert_with(|| Interface::new(name.clone()))
}

/// What makes of a port a member.
fn member(port: &mut Interface, aggregate: &InterfaceName) {
    port.switched_vlan = None;
    port.mtu = None;
    port.foreign.remove(Leaf::Mtu);
    port.aggregate_id = Some(aggregate.clone());
}

fn of_one(port: &InterfaceName, more: &[InterfaceName]) -> Scope {
    Scope {
        interfaces: InterfaceScope::Named(more.iter().chain([port]).cloned().collect()),
        vlans: VlanScope::Named(vlans().collect()),
        ..Scope::default()
    }
}

/// What there is of an interface, in every list.
pub(crate) fn entries(tree: &Tree) -> Vec<NodePath> {
    let beside = tree.lists.values().filter(|list| list.is_beside).map(|list| list.entry.clone());
    beside.chain([tree.interface.clone()]).collect()
}

/// What Mercury owns of an interface, from the top.
pub(crate) fn owned(tree: &Tree) -> Vec<NodePath> {
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

/// What may be of a VLAN and means nothing to others, from the top.
pub(crate) fn of_vlans(tree: &Tree) -> Vec<NodePath> {
    let Some(vlan) = &tree.vlan else { return Vec::new() };
    let name = tree.name.iter().filter(|_| vlan.is_beside(&tree.interface));
    let step = vlan.entry.steps.last().unwrap();
    let key = |(key, _): &(String, String)| NodePath {
        steps: vec![PathStep { module: step.module.clone(), name: key.clone(), keys: Vec::new() }],
    };
    let keys: Vec<NodePath> = step.keys.iter().map(key).collect();
    let known = vlan.leaves().chain(name).chain(vlan.default_values.iter().map(|(path, _)| path)).chain(&keys);
    known.map(|path| vlan.entry.join(path)).collect()
}

/// Whether a node holds something Mercury owns, so that it may be there empty.
pub(crate) fn is_on_the_way(owned: &[Vec<String>], names: &[String]) -> bool {
    let fits = |(own, name): (&String, &String)| own.starts_with('{') || own == name;
    owned.iter().any(|owned| owned.len() > names.len() && owned.iter().zip(names).all(fits))
}

/// The names of a path's nodes.
pub(crate) fn names_of(path: &NodePath) -> Vec<String> {
    path.steps.iter().map(|step| step.name.clone()).collect()
}

/// The path of a leaf without its keys.
fn without_keys(line: &str) -> String {
    let mut depth = 0i32;
    let path = line.chars().filter(|c| {
        depth += i32::from(*c == '[') - i32::from(*c == ']');
        depth == 0 && *c != ']'
    });
    path.take_while(|c| *c != ' ').collect()
}

#[test]
fn what_others_configured_is_there_after_every_request_and_its_undoing() {
    for (dialect, _) in FOLDERS {
        let files = files(dialect);
        assert!(files.len() >= LEAST, "{dialect}: {} configurations", files.len());
        files.iter().for_each(|file| file.every_request(&mut |_, _| {}));
    }
}

#[test]
fn it_is_there_however_the_switch_shows_what_it_has() {
    for view in View::ALL {
        let mut seen = 0;
        for file in FOLDERS.iter().flat_map(|(dialect, _)| files(dialect)) {
            let Some(switch) = file.switch.through(view) else { continue };
            File { switch, name: format!("{} {view:?}", file.name), ..file }.every_request(&mut |_, _| {});
            seen += 1;
        }
        assert!(seen >= 12, "{view:?}: {seen} configurations");
    }
}

#[test]
fn what_others_configured_is_valid_by_the_modules_and_stays_so() {
    let invalid = FOLDERS.iter().flat_map(|(name, judge)| invalid(&crate::dialect(judge), &files(name)));
    let problems: Vec<_> = invalid.collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
