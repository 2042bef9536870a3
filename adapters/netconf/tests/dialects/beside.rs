//! What others have beside Mercury's leaves stays, whatever Mercury does.

use std::sync::Arc;

use mercury_adapter::{Dialect, LeafTree};
use mercury_model::{Intended, Plan, Running};
use mercury_netconf::{
    conformance,
    xml::{Element, Node},
};
use serde_json::Value as Json;

#[path = "../../../../tests/kit/beside.rs"]
mod kit;

use kit::{Sibling, Step};

use crate::{case, device::Device, dialects, render, round_trip};

fn read(dialect: &Dialect, device: &Device) -> Running {
    conformance::decode(dialect, &device.data, &case::everything()).unwrap()
}

/// The nodes at a path, made where they are missing.
fn put(parent: &mut Element, steps: &[Step], value: &Json, ns: &str) {
    let (step, below) = steps.split_first().unwrap();
    let ns = step.namespace.as_deref().unwrap_or(ns);
    let values = match (value, below.is_empty()) {
        (Json::Array(values), true) => values.clone(),
        (value, true) => vec![value.clone()],
        (_, false) => Vec::new(),
    };
    if below.is_empty() {
        for value in values {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let text = if value.is_null() { String::new() } else { text };
            parent.children.push(Node::Element(Element::new(ns, &step.name).text(text)));
        }
        return;
    }
    let is_it = |element: &Element| {
        element.name == step.name
            && step.key.as_ref().is_none_or(|(key, value)| element.find(key).is_some_and(|one| one.value() == value))
    };
    if !parent.elements().any(is_it) {
        let new = Element::new(ns, &step.name);
        let new = step.key.iter().fold(new, |new, (key, value)| new.leaf(key, value));
        parent.children.push(Node::Element(new));
    }
    let found = parent.children.iter_mut().find_map(|node| match node {
        Node::Element(element) if is_it(element) => Some(element),
        _ => None,
    });
    put(found.unwrap(), below, value, ns);
}

/// How often a leaf is there with its value.
fn count(parent: &Element, steps: &[Step]) -> usize {
    let Some((step, below)) = steps.split_first() else { return 1 };
    let is_it = |element: &&Element| {
        element.name == step.name
            && step.key.as_ref().is_none_or(|(key, value)| element.find(key).is_some_and(|one| one.value() == value))
    };
    parent.elements().filter(is_it).map(|element| count(element, below)).sum()
}

fn namespace(dialect: &Dialect) -> String {
    dialect.netconf.as_ref().unwrap().tree.interface.steps[0].module.namespace.to_string()
}

fn survives(dialect: &Arc<Dialect>, sibling: &Sibling) -> (usize, Vec<String>) {
    let start = kit::start(&dialect.name, &|leaf| dialect.has("netconf", leaf));
    let mut switch = round_trip::device(dialect, &round_trip::visible(dialect, &start));
    put(&mut switch.data, &sibling.steps, &sibling.value, &namespace(dialect));
    let there = count(&switch.data, &sibling.steps);
    let (mut done, mut problems) = (0, Vec::new());
    for (what, change) in kit::requests(&dialect.name) {
        let before = read(dialect, &switch);
        let mut intended = before.config.clone();
        change(&mut intended);
        let intended = round_trip::visible(dialect, &intended);
        if kit::is_refused(&before, &intended) {
            continue;
        }
        // What cannot be said, or would lose it, is refused before anything is sent.
        let Ok(edit) = render(dialect, &Plan::between(&before, &Intended(intended))) else { continue };
        switch.apply(&edit.content()).unwrap();
        let undo = Plan::between(&read(dialect, &switch), &Intended(before.config.clone())).written_as(&before);
        if count(&switch.data, &sibling.steps) != there {
            problems.push(format!("{}: {what} takes {} away\n{edit}", dialect.name, sibling.line));
        }
        let undo = render(dialect, &undo).unwrap();
        switch.apply(&undo.content()).unwrap();
        if count(&switch.data, &sibling.steps) != there {
            problems.push(format!("{}: undoing {what} takes {} away\n{undo}", dialect.name, sibling.line));
        }
        done += 1;
    }
    (done, problems)
}

#[test]
fn every_leaf_beside_mercurys_own_outlives_what_mercury_does() {
    for dialect in dialects() {
        // What a case has not sent yet may be Mercury's all the same.
        let own = |sibling: &Sibling| {
            let names: Vec<&str> = sibling.steps.iter().map(|step| step.name.as_str()).collect();
            let tree = &dialect.netconf.as_ref().unwrap().tree;
            let mut paths = tree.leaves.values().flat_map(LeafTree::paths);
            paths.any(|path| names.ends_with(&path.steps.iter().map(|step| step.name.as_str()).collect::<Vec<_>>()))
        };
        let siblings: Vec<_> = kit::all(&dialect.name).into_iter().filter(|sibling| !own(sibling)).collect();
        let (mut done, mut problems) = (0, Vec::new());
        for sibling in &siblings {
            let (requests, lost) = survives(&dialect, sibling);
            done += requests;
            problems.extend(lost);
        }
        assert!(
            problems.is_empty(),
            "{} of {}: {}",
            problems.len(),
            siblings.len(),
            problems.iter().map(|one| one.lines().next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
        );
        assert!(done >= siblings.len() * 5, "{}: only {done} requests for {}", dialect.name, siblings.len());
    }
}
