//! What becomes of a dialect's file of which a part is missing: each key of `[cli.words]`, each
//! entry of its lists and each hole of its lines, one at a time. It is refused by name, or what it
//! renders is the same, or is refused: it never types something else without a word.

use std::{fmt::Write as _, sync::Arc};

use mercury_adapter::{Dialect, builtin_text, load};
use mercury_model::Plan;
use toml::{Table, Value};

use crate::{case, case_of, dialects, render};

/// One step into a file.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Entry(usize),
    /// The hole that begins there.
    Hole(usize),
}

/// What a file may leave out and is another system's then, whose lines differ: what stands for a key
/// that is not said is so on most, and a part that a dialect need not have is nothing that it lacks.
const MEANS_MORE: [&str; 35] = [
    // Which parts bind VNIs, and where they stand, is the dialect's to say.
    "overlay",
    // How lines are undone, left and quoted, and what becomes of a mode's.
    "leave",
    "quotes",
    "mode-change",
    "undo",
    // Ways that are a system's own as a whole.
    "bare",
    "aggregate",
    "general",
    "bonds",
    "lag-members.beside",
    "aggregate.options",
    "members.switched",
    "port.switched",
    "vlan.within",
    // How a list is written; it may be said by one line or by lines that add and remove.
    "trunk.longest",
    "trunk.list",
    "trunk.tagged-only",
    "trunk.list-adds",
    "trunk.remove",
    "trunk.clear",
    "trunk.separator",
    "trunk.range",
    "trunk.singly",
    "trunk.all",
    // The data tree's words stand where the system has none of its own.
    "port.channel-group.words",
    "port.mode.words",
    "port.lag-type.words",
    "port.lacp-interval.words",
    "port.lacp-rate.words",
    "port.edge-port.words",
    // Whether a new aggregate is enabled.
    "port.enabled.said.true",
    // Its VLANs tell it, where no line does.
    "port.mode",
    // Two nodes that one line says.
    "port.access-vlan.also",
    "port.native-vlan.also",
    "general.untagged",
];

/// Those of which a part is missed where they are said.
const WHOLE: [&str; 5] = ["general", "bonds", "aggregate", "members.switched", "vlan.within"];

/// Every way into a value that can be taken away.
fn ways(value: &Value, at: &[Step], all: &mut Vec<Vec<Step>>) {
    let mut below = |step: Step, value: &Value| {
        let way = [at, &[step]].concat();
        all.push(way.clone());
        ways(value, &way, all);
    };
    match value {
        Value::Table(table) => table.iter().for_each(|(key, value)| below(Step::Key(key.clone()), value)),
        Value::Array(list) => list.iter().enumerate().for_each(|(number, value)| below(Step::Entry(number), value)),
        Value::String(text) => {
            let holes = text.match_indices('{').filter(|(start, _)| text[*start..].contains('}'));
            all.extend(holes.map(|(start, _)| [at, &[Step::Hole(start)]].concat()));
        }
        _ => {}
    }
}

/// Takes away what a way leads to.
fn take(value: &mut Value, way: &[Step]) {
    match (value, way) {
        (Value::Table(table), [Step::Key(key)]) => drop(table.remove(key)),
        (Value::Array(list), [Step::Entry(number)]) => drop(list.remove(*number)),
        (Value::String(text), [Step::Hole(start)]) => {
            let end = *start + text[*start..].find('}').unwrap();
            text.replace_range(*start..=end, "");
        }
        (Value::Table(table), [Step::Key(key), rest @ ..]) => take(table.get_mut(key).unwrap(), rest),
        (Value::Array(list), [Step::Entry(number), rest @ ..]) => take(list.get_mut(*number).unwrap(), rest),
        (value, way) => panic!("{way:?} into {value}"),
    }
}

fn shown(way: &[Step]) -> String {
    let mut text = "cli.words".to_owned();
    for step in way {
        match step {
            Step::Key(key) => write!(text, ".{key}").unwrap(),
            Step::Entry(number) => write!(text, "[{number}]").unwrap(),
            Step::Hole(start) => write!(text, " {{{start}}}").unwrap(),
        }
    }
    text
}

/// The dialect of this file, or what is said of it.
fn loaded(name: &str, file: &Table) -> Result<Arc<Dialect>, String> {
    let text = toml::to_string(file).unwrap();
    let mut files = vec![(name.to_owned(), text)];
    let mut heir = file.clone();
    while let Some(base) = heir.get("inherits").and_then(Value::as_str).map(str::to_owned) {
        let text = builtin_text(&base).unwrap();
        heir = text.parse().unwrap();
        files.push((base, text.to_owned()));
    }
    match load(&files) {
        Ok(all) => Ok(Arc::new(all.into_iter().find(|one| one.name == name).unwrap())),
        Err(errors) => Err(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    }
}

/// The plans of all cases of a dialect, there and back, and what is typed for them.
fn typed(dialect: &Arc<Dialect>) -> Vec<(Plan, Result<String, String>)> {
    let mut all = Vec::new();
    for case in case::all() {
        let Some(case) = case_of(&case, dialect) else { continue };
        for (from, to) in [(&case.running, &case.intended), (&case.intended, &case.running)] {
            let plan = case::plan(from, to);
            let script = render(dialect, &plan).map(|script| script.to_string()).map_err(|error| error.to_string());
            all.push((plan, script));
        }
    }
    all
}

/// What is wrong with a file that lacks this.
fn problem(name: &str, file: &Table, way: &[Step], whole: &[(Plan, Result<String, String>)]) -> Option<String> {
    let mut file = file.clone();
    take(file.get_mut("cli").unwrap().get_mut("words").unwrap(), way);
    let keys: Vec<&str> =
        way.iter().filter_map(|step| if let Step::Key(key) = step { Some(key.as_str()) } else { None }).collect();
    let dialect = match loaded(name, &file) {
        Ok(dialect) => dialect,
        Err(told) => {
            // A leaf is named as the model has it, and a list that is too short by its length.
            let is_named = told.contains("no deviation excuses it") || told.contains("invalid length");
            let is_told = is_named || keys.iter().rev().take(2).any(|key| told.contains(key));
            return (!is_told).then(|| format!("it is not named: {told}"));
        }
    };
    let place = keys.join(".");
    // What takes a line away is the word that undoes it, where nothing else is said.
    let is_undo = place.ends_with(".remove") && !place.contains("bonds");
    let means_more = |own: &&str| place == **own || place.starts_with(&format!("{own}.")) && !WHOLE.contains(own);
    if is_undo || MEANS_MORE.iter().any(means_more) {
        return None;
    }
    whole.iter().find_map(|(plan, before)| {
        let (Ok(before), Ok(after)) = (before, render(&dialect, plan)) else { return None };
        let after = after.to_string();
        (*before != after).then(|| format!("{before}becomes\n{after}"))
    })
}

#[test]
fn a_file_with_a_part_missing_is_refused_by_name_or_types_nothing_else() {
    let (mut problems, mut looked) = (Vec::new(), 0);
    for dialect in dialects() {
        let file: Table = builtin_text(&dialect.name).unwrap().parse().unwrap();
        let Some(words) = file.get("cli").and_then(|cli| cli.get("words")) else { continue };
        let (mut all, whole) = (Vec::new(), typed(&dialect));
        ways(words, &[], &mut all);
        for way in all {
            looked += 1;
            let found = problem(&dialect.name, &file, &way, &whole);
            problems.extend(found.map(|found| format!("{} without {}: {found}", dialect.name, shown(&way))));
        }
    }
    assert!(looked > 1000, "only {looked} parts");
    assert!(problems.is_empty(), "{} of {looked}:\n{}", problems.len(), problems.join("\n"));
}
