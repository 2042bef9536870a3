//! What others have beside Mercury's leaves stays, whatever Mercury does.

use std::sync::Arc;

use mercury_adapter::Dialect;
use mercury_model::{Intended, Plan, Running};
use serde_json::{Map, Value as Json, json};

#[path = "../../../../tests/kit/beside.rs"]
mod kit;

use kit::{Sibling, Step};

use crate::{
    answers::{self, Reading},
    case,
    device::{Device, bare, text},
    dialects, render, request, round_trip,
};

fn read(dialect: &Dialect, device: &Device) -> Running {
    answers::running(dialect, device, &case::everything(), Reading::Get)
}

fn entry<'a>(list: &'a mut Json, key: &str, value: &str) -> &'a mut Json {
    let entries = list.as_array_mut().unwrap();
    let found = entries.iter().position(|entry| text(&entry[key]) == value);
    let index = found.unwrap_or_else(|| {
        entries.push(json!({ key: value }));
        entries.len() - 1
    });
    &mut entries[index]
}

fn put(parent: &mut Json, steps: &[Step], value: &Json) {
    let (step, below) = steps.split_first().unwrap();
    assert!(step.namespace.as_ref().is_none_or(|namespace| !namespace.is_empty()));
    let members = parent.as_object_mut().unwrap();
    match (&step.key, below.is_empty()) {
        (_, true) => drop(members.insert(step.name.clone(), value.clone())),
        (None, false) => {
            put(members.entry(step.name.clone()).or_insert_with(|| Json::Object(Map::new())), below, value);
        }
        (Some((key, wanted)), false) => {
            let list = members.entry(step.name.clone()).or_insert_with(|| json!([]));
            put(entry(list, key, wanted), below, value);
        }
    }
}

fn get<'a>(parent: &'a Json, steps: &[Step]) -> Option<&'a Json> {
    let Some((step, below)) = steps.split_first() else { return Some(parent) };
    let own = parent.as_object()?.iter().find(|(name, _)| bare(name) == step.name)?.1;
    match &step.key {
        None => get(own, below),
        Some((key, wanted)) => get(own.as_array()?.iter().find(|entry| text(&entry[key.as_str()]) == *wanted)?, below),
    }
}

fn survives(dialect: &Arc<Dialect>, sibling: &Sibling) -> (usize, Vec<String>) {
    let start = kit::start(&dialect.name, &|leaf| dialect.has("gnmi", leaf));
    let mut switch = round_trip::device(dialect, &round_trip::visible(dialect, &start));
    put(&mut switch.data, &sibling.steps, &sibling.value);
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
        let Ok(set) = render(dialect, &Plan::between(&before, &Intended(intended))) else { continue };
        switch.apply(&request(dialect, &set)).unwrap();
        if get(&switch.data, &sibling.steps) != Some(&sibling.value) {
            problems.push(format!("{}: {what} takes {} away\n{set}", dialect.name, sibling.line));
        }
        let undo = Plan::between(&read(dialect, &switch), &Intended(before.config.clone())).written_as(&before);
        let undo = render(dialect, &undo).unwrap();
        switch.apply(&request(dialect, &undo)).unwrap();
        if get(&switch.data, &sibling.steps) != Some(&sibling.value) {
            problems.push(format!("{}: undoing {what} takes {} away\n{undo}", dialect.name, sibling.line));
        }
        done += 1;
    }
    (done, problems)
}

#[test]
fn every_leaf_beside_mercurys_own_outlives_what_mercury_does() {
    for dialect in dialects() {
        let siblings = kit::all(&dialect.name);
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
            problems[..problems.len().min(4)].join("\n")
        );
        assert!(done >= siblings.len() * 4, "{}: only {done} requests for {}", dialect.name, siblings.len());
    }
}
