//! Putting nodes into a tree at a dialect's paths, and finding them there.

use mercury_adapter::{NodePath, PathStep};
use mercury_model::{InterfaceName, VlanId};

use crate::xml::{Element, Node};

/// What a path's placeholders stand for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    name: Option<String>,
    instance: Option<String>,
    vlan_id: Option<String>,
    vlan_name: Option<String>,
}

impl Names {
    /// The names of one interface.
    pub(crate) fn interface(name: &InterfaceName) -> Self {
        Self { name: Some(name.to_string()), ..Self::default() }
    }

    /// The names of one VLAN in an instance; `name` where VLANs are keyed so.
    pub(crate) fn vlan(instance: &str, id: Option<VlanId>, name: Option<&str>) -> Self {
        Self {
            instance: Some(instance.to_owned()),
            vlan_id: id.map(|id| id.to_string()),
            vlan_name: name.map(str::to_owned),
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
            "{name}" => self.name = Some(value.to_owned()),
            "{type}" => self.name = Some(value.to_owned()),
            "{id}" => self.name = self.name.take().map(|kind| kind + value),
            "{vlan-id}" => self.vlan_id = Some(value.to_owned()),
            "{vlan-name}" => self.vlan_name = Some(value.to_owned()),
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
/// already: one more entry of a leaf-list.
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
    let mut found = parent.children.iter().position(|node| matches!(node, Node::Element(element) if same(element)));
    if anew && below.is_empty() {
        found = None;
    }
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
}
