//! Putting nodes into a tree at a dialect's paths.

use mercury_adapter::{Names, NodePath, PathStep};

use crate::xml::{Element, Node};

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
    let name = names.resolve(&step.name);
    let keys = step.keys.iter().filter_map(|(key, value)| Some((key, names.resolve(value)?)));
    let element = Element::new(&step.module.namespace, name.as_deref().unwrap_or(&step.name));
    keys.fold(element, |element, (key, value)| element.leaf(key, &value))
}
