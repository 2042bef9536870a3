//! Putting nodes into a tree at a dialect's paths, and finding them there.

use std::sync::Arc;

use mercury_adapter::{NodePath, PathStep};
use mercury_model::{InterfaceName, VlanId};

use crate::xml::{Element, Node};

/// What a path's placeholders stand for. Shared, because what a device answers
/// may hold one long name and a million elements below it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    name: Option<Arc<str>>,
    instance: Option<Arc<str>>,
    vlan_id: Option<Arc<str>>,
    vlan_name: Option<Arc<str>>,
}

impl Names {
    /// The names of one interface.
    pub(crate) fn interface(name: &InterfaceName) -> Self {
        Self { name: Some(Arc::from(name.as_str())), ..Self::default() }
    }

    /// The names of one VLAN in an instance; `name` where VLANs are keyed so.
    pub(crate) fn vlan(instance: &str, id: Option<VlanId>, name: Option<&str>) -> Self {
        Self {
            instance: Some(Arc::from(instance)),
            vlan_id: id.map(|id| Arc::from(id.to_string())),
            vlan_name: name.map(Arc::from),
            ..Self::default()
        }
    }

    /// The text a word of a path stands for; `None` for a placeholder without
    /// a value.
    fn resolve<'a>(&'a self, word: &'a str) -> Option<&'a str> {
        match word {
            "{name}" => self.name.as_deref(),
            "{type}" => self.name.as_deref().map(|name| split(name).0),
            "{id}" => self.name.as_deref().map(|name| split(name).1),
            "{instance}" => self.instance.as_deref(),
            "{vlan-id}" => self.vlan_id.as_deref(),
            "{vlan-name}" => self.vlan_name.as_deref(),
            literal => Some(literal),
        }
    }

    fn capture(&mut self, word: &str, value: &str) {
        match word {
            "{name}" => self.name = Some(Arc::from(value)),
            "{type}" => self.name = Some(Arc::from(value)),
            "{id}" => self.name = self.name.take().map(|kind| Arc::from(format!("{kind}{value}"))),
            "{vlan-id}" => self.vlan_id = Some(Arc::from(value)),
            "{vlan-name}" => self.vlan_name = Some(Arc::from(value)),
            _ => {}
        }
    }

    /// The interface name that was found.
    pub(crate) fn found_interface(&self) -> Option<InterfaceName> {
        self.name.as_deref().and_then(|name| name.parse().ok())
    }

    /// The VLAN name that was found.
    pub(crate) fn found_vlan_name(&self) -> Option<&str> {
        self.vlan_name.as_deref()
    }
}

/// `GigabitEthernet1/0/1` is `GigabitEthernet` and `1/0/1`.
fn split(name: &str) -> (&str, &str) {
    name.split_at(name.find(|c: char| c.is_ascii_digit()).unwrap_or(name.len()))
}

/// Does something to the element at `path` below `root`, which is made where
/// it is missing. Keys without a value are left out, as a filter for all
/// entries needs.
pub(crate) fn place(root: &mut Element, path: &NodePath, names: &Names, act: impl FnOnce(&mut Element)) {
    at(root, &path.steps, names, false, act);
}

/// Does something to a new element at `path`, beside those that may be there
/// already: one more entry of a leaf-list, or of a list where it is known to
/// be missing.
pub(crate) fn append(root: &mut Element, path: &NodePath, names: &Names, act: impl FnOnce(&mut Element)) {
    at(root, &path.steps, names, true, act);
}

fn at(parent: &mut Element, steps: &[PathStep], names: &Names, anew: bool, act: impl FnOnce(&mut Element)) {
    let Some((step, below)) = steps.split_first() else { return act(parent) };
    let wanted = made(step, names);
    let same = |element: &Element| {
        element.ns == wanted.ns
            && element.name == wanted.name
            && wanted.elements().all(|key| element.find(&key.name).is_some_and(|found| found.value() == key.value()))
    };
    let is_it = |node: &Node| matches!(node, Node::Element(element) if same(element));
    // A new one is not looked for: four thousand VLANs would be compared with one another.
    let found = if anew && below.is_empty() { None } else { parent.children.iter().position(is_it) };
    let index = found.unwrap_or(parent.children.len());
    if found.is_none() {
        parent.children.push(Node::Element(wanted));
    }
    if let Some(Node::Element(child)) = parent.children.get_mut(index) {
        at(child, below, names, anew, act);
    }
}

fn made(step: &PathStep, names: &Names) -> Element {
    let name = names.resolve(&step.name).unwrap_or(&step.name);
    let keys = step.keys.iter().filter_map(|(key, value)| Some((key, names.resolve(value)?)));
    keys.fold(Element::new(&step.namespace, name), |element, (key, value)| element.leaf(key, value))
}

/// Every element at `path` below `root` whose keys fit, with the values that
/// placeholders without one stand for there. Names are compared by their
/// local part: devices answer in odd namespaces.
pub(crate) fn find<'a>(root: &'a Element, path: &NodePath, names: &Names) -> Vec<(&'a Element, Names)> {
    path.steps.iter().fold(vec![(root, names.clone())], |found, step| {
        found.into_iter().flat_map(|(parent, names)| matching(parent, step, &names)).collect()
    })
}

fn matching<'a>(parent: &'a Element, step: &PathStep, names: &Names) -> Vec<(&'a Element, Names)> {
    let fits = |element: &'a Element| {
        let mut names = names.clone();
        if step.name.starts_with('{') {
            names.capture(&step.name, &element.name);
        } else if element.name != step.name {
            return None;
        }
        for (key, word) in &step.keys {
            let value = element.find(key)?.value();
            let literal = !word.starts_with('{') || word == "{instance}";
            if literal && names.resolve(word) != Some(value) {
                return None;
            }
            names.capture(word, value);
        }
        Some((element, names))
    };
    parent.elements().filter_map(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interface_name_is_split_before_its_first_digit() {
        assert_eq!(split("GigabitEthernet1/0/1"), ("GigabitEthernet", "1/0/1"));
        assert_eq!(split("mgmt"), ("mgmt", ""));
    }

    #[test]
    fn one_long_name_above_many_elements_is_held_once() {
        let entry = Element::new("", "vlan").leaf("name", "x").empty("config").empty("config");
        let root = Element::new("", "data").child(entry);
        let step = |name: &str, keys: &[(&str, &str)]| PathStep {
            namespace: Arc::from(""),
            name: name.to_owned(),
            keys: keys.iter().map(|(key, word)| ((*key).to_owned(), (*word).to_owned())).collect(),
        };
        let path = NodePath { steps: vec![step("vlan", &[("name", "{vlan-name}")]), step("config", &[])] };
        let found = find(&root, &path, &Names::default());
        let names: Vec<_> = found.iter().map(|(_, names)| names.vlan_name.as_ref().unwrap()).collect();
        assert!(names.len() == 2 && Arc::ptr_eq(names[0], names[1]));
    }
}
