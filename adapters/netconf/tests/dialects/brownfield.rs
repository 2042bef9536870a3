//! Switches as networks have them, and what is asked for of them over NETCONF.

#[path = "../../../../tests/kit/brownfield.rs"]
mod kit;

use std::{fs, sync::Arc};

use kit::{File, NUMBER, Said, entries, is_on_the_way, names_of, of_vlans, owned, vlans};
use mercury_adapter::{Dialect, Names, PathStep, Tree, Unrenderable};
use mercury_model::{InterfaceName, Plan, Running, Scope};
use mercury_netconf::{
    EditConfig, conformance,
    xml::{Element, Limits, Node},
};

use crate::{device::Device, dialect, filter::select, render, switch::Switch, view::View, views::shown};

/// The dialects that have a folder, and whose modules their files are checked
/// against: their vendor's own, or OpenConfig's where those may not be passed on.
const FOLDERS: [(&str, &str); 5] = [
    ("arista_eos", "arista_eos"),
    ("cisco_iosxe", "cisco_iosxe"),
    ("cisco_nxos", "openconfig"),
    ("juniper_junos", "juniper_junos"),
    ("openconfig", "openconfig"),
];

/// Nodes below a dialect's top one that the published set has no module for.
const UNPUBLISHED: [(&str, &str); 3] =
    [("juniper_junos", "chassis"), ("juniper_junos", "groups"), ("juniper_junos", "system")];

/// A switch, as it shows itself; as it was written, where no view is said.
#[derive(Clone)]
pub(crate) struct Seen {
    pub(crate) dialect: Arc<Dialect>,
    pub(crate) device: Device,
    pub(crate) view: Option<View>,
}

fn files(dialect_name: &str) -> Vec<File<Seen>> {
    let file = |path: std::path::PathBuf| {
        let (said, text) = Said::of_xml(&fs::read_to_string(&path).unwrap());
        let name = kit::called(dialect_name, &path);
        let data = Element::parse(format!("<data>{text}</data>").as_bytes(), Limits::default())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let device = Device::with(&data.elements().cloned().collect::<Vec<_>>());
        File { name, said, switch: Seen { dialect: dialect(dialect_name), device, view: None } }
    };
    kit::paths(dialect_name, "xml").into_iter().map(file).collect()
}

impl Seen {
    /// The same switch where it shows itself otherwise, if there is a difference.
    fn through(mut self, view: View) -> Option<Self> {
        self.view = Some(view);
        let differs = self.shown() != self.device.data;
        self.settle();
        differs.then_some(self)
    }

    /// It is what it has that a switch writes otherwise; the rest it only shows.
    pub(crate) fn settle(&mut self) {
        if self.view == Some(View::Rewritten) {
            self.device.data = self.shown();
        }
    }

    fn shown(&self) -> Element {
        let data = &self.device.data;
        self.view.map_or_else(|| data.clone(), |view| shown(&self.dialect, data, view))
    }

    fn tree(&self) -> &Tree {
        &self.dialect.netconf.as_ref().unwrap().tree
    }
}

impl Switch for Seen {
    type Change = EditConfig;
    const PROTOCOL: &'static str = "netconf";
    const FORM: &'static str = "state-xml";

    fn dialect(&self) -> &Arc<Dialect> {
        &self.dialect
    }

    /// What its filter selects.
    fn read(&self, scope: &Scope) -> Running {
        let seen = select(&self.shown(), &conformance::filter(&self.dialect, scope));
        conformance::decode(&self.dialect, &seen, scope).unwrap()
    }

    fn rendered(&self, plan: &Plan) -> Result<EditConfig, Unrenderable> {
        render(&self.dialect, plan)
    }

    fn apply(&mut self, edit: &EditConfig) -> Result<(), String> {
        self.device.apply(&edit.content())?;
        self.settle();
        Ok(())
    }

    /// But for containers that are left empty on the way to what Mercury owns.
    fn leaves(&self, without: Option<(&InterfaceName, &InterfaceName)>) -> Vec<String> {
        let mut data = self.shown();
        // It only ever grows: see `assert_held`.
        if let Some(count) = &self.tree().aggregate_count {
            strip(&mut data, &count.steps, &Names::default());
        }
        if let Some((port, aggregate)) = without {
            owned(self.tree()).iter().for_each(|path| strip(&mut data, &path.steps, &Names::interface(port)));
            entries(self.tree()).iter().for_each(|path| strip(&mut data, &path.steps, &Names::interface(aggregate)));
        }
        if let (Some(_), Some(vlan)) = (without, &self.tree().vlan) {
            for id in vlans() {
                let names = Names::vlan("default", Some(id), Some(&format!("vlan-{id}")));
                strip(&mut data, &vlan.entry.steps, &names);
            }
        }
        let tree = self.tree();
        let on_the_way: Vec<Vec<String>> =
            owned(tree).iter().chain(&tree.aggregate_count).chain(&of_vlans(tree)).map(names_of).collect();
        let mut leaves = Vec::new();
        collect(&data, &[], &on_the_way, &mut String::new(), &mut leaves);
        leaves.sort();
        leaves
    }

    fn of_a_vlan(&self) -> Vec<String> {
        of_vlans(self.tree()).iter().map(|path| format!("/{}", names_of(path).join("/"))).collect()
    }

    fn text(&self) -> String {
        let mut data = self.device.data.clone();
        for (_, node) in UNPUBLISHED.iter().filter(|(name, _)| *name == self.dialect.name) {
            data.children.iter_mut().for_each(|top| drop_below(top, node));
        }
        data.to_xml().unwrap()
    }

    /// Every aggregate has a number below the count, which no request lowers.
    fn assert_held(&self, before: &Self, what: &str) {
        if self.tree().aggregate_count.is_none() {
            return;
        }
        let told = |seen: &Self| seen.read(&Scope::all()).aggregate_count.unwrap();
        let ours = format!("{}{NUMBER}", self.dialect.lag_prefix.as_deref().unwrap());
        let is_made = self.read(&Scope::all()).interfaces.contains_key(&ours.parse().unwrap());
        assert!(told(self) >= told(before) && (!is_made || told(self) > NUMBER), "{what}: {}", told(self));
    }
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
        let holds = child.elements().filter(|below| key.is_none_or(|key| !std::ptr::eq(*below, key))).count();
        if holds == 0 {
            if !is_on_the_way(on_the_way, &names) {
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
