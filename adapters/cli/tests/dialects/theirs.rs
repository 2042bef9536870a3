//! What networking-generic-switch's lines and Mercury's make of the same port, asked for the
//! same: its own devices say what is typed, one engine takes both, and one reader says what
//! the port has then. `theirs.toml` says where that is not the same, and why.

mod asked;
mod typed;

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use mercury_model::DeviceConfig;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    case::plan,
    dialect, names, render,
    round_trip::{device, read, visible},
    transcripts,
};
use asked::{Asked, PORT};

/// What the package says (`tests/peers/generic_switch.py`).
#[derive(Deserialize)]
struct Package {
    /// Its device types.
    types: BTreeSet<String>,
    /// By device type and request.
    lines: BTreeMap<String, BTreeMap<String, Value>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    /// Why two states are not the same, by a word for it.
    reasons: BTreeMap<String, String>,
    /// By the name of a dialect.
    #[serde(rename = "type")]
    types: BTreeMap<String, Type>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Type {
    /// Its `device_type`s.
    device_types: Vec<String>,
    /// What the port is called where it is not the name that the switch shows.
    port: Option<String>,
    /// The dialect of the system that takes these lines, where it is another.
    #[serde(default)]
    typed_on: Option<String>,
    /// By request: what both make of it, or each.
    states: BTreeMap<String, State>,
}

/// In the words of `tests/transcripts/expected.toml`, then what became of VLANs.
#[derive(Debug, Deserialize, PartialEq)]
#[serde(untagged)]
enum State {
    Same(String),
    Differ { ours: String, theirs: String, why: String },
}

/// `None` where it is not installed.
fn package(table: &Table) -> Option<Package> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let venv = env::var_os("MERCURY_TEST_VENV").map_or_else(|| root.join("target/peers/venv"), PathBuf::from);
    let python = venv.with_file_name("generic-switch").join("bin/python");
    if !python.exists() {
        assert!(env::var_os("MERCURY_PEERS").is_none(), "{} is missing; tests/peers/install", python.display());
        return None;
    }
    let mut questions = BTreeMap::new();
    for (name, own) in &table.types {
        let shown = names::name(own.typed_on.as_ref().unwrap_or(name), &PORT.parse().unwrap()).unwrap();
        let port = own.port.clone().unwrap_or_else(|| shown.to_string());
        for kind in &own.device_types {
            let requests: Vec<Value> = Asked::all().iter().map(Asked::question).collect();
            questions.insert(kind.clone(), json!({ "port": port, "requests": requests }));
        }
    }
    let mut child = Command::new(&python)
        .arg("-B")
        .arg(root.join("tests/peers/generic_switch.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let question = serde_json::to_string(&questions).unwrap();
    child.stdin.take().unwrap().write_all(question.as_bytes()).unwrap();
    let done = child.wait_with_output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    Some(serde_json::from_slice(&done.stdout).unwrap())
}

/// What a port has, and what became of VLANs.
fn state(before: &DeviceConfig, after: &DeviceConfig, port: &str) -> String {
    let port = after.interfaces.values().find(|one| one.name.as_str() == port);
    let mut words = vec![port.map_or("gone".to_owned(), transcripts::shown)];
    for id in before.vlans.keys().chain(after.vlans.keys().filter(|id| !before.vlans.contains_key(id))) {
        let name = |config: &DeviceConfig| config.vlans.get(id).map(|vlan| vlan.name.clone());
        match (name(before), name(after)) {
            (was, is) if was == is => {}
            (_, None) => words.push(format!("no VLAN {id}")),
            (_, Some(None)) => words.push(format!("VLAN {id}")),
            (_, Some(Some(name))) => words.push(format!("VLAN {id} {name}")),
        }
    }
    words.join(", ")
}

/// What Mercury makes of it.
fn ours(name: &str, asked: &Asked) -> String {
    let dialect = dialect(name);
    let Some([before, after]) = asked.on(&dialect) else { return "not there".to_owned() };
    let Some(mut switch) = device(&dialect, &before) else { return "not there".to_owned() };
    match render(&dialect, &plan(&before, &after)) {
        Err(_) => "refused".to_owned(),
        Ok(script) => {
            switch.apply(&script);
            let found = read(&dialect, &switch);
            assert_eq!(found, visible(&dialect, &after), "{name} {}\n{script}", asked.name);
            state(&before, &found, names::name(name, &PORT.parse().unwrap()).unwrap().as_str())
        }
    }
}

/// What the lines of networking-generic-switch make of it.
fn theirs(name: &str, own: &Type, asked: &Asked, lines: &Value) -> String {
    if lines.get("error").is_some() {
        return "error".to_owned();
    }
    let name = own.typed_on.as_deref().unwrap_or(name);
    let dialect = dialect(name);
    let Some([before, _]) = asked.on(&dialect) else { return "not there".to_owned() };
    let Some(switch) = device(&dialect, &before) else { return "not there".to_owned() };
    let lines: Vec<&str> = lines.as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    let script = typed::script(&dialect, &lines);
    // What this engine does not take, its system refuses.
    let taken = std::panic::catch_unwind(|| {
        let mut switch = switch.clone();
        switch.apply(&script);
        switch
    });
    let Ok(switch) = taken else { return "refused".to_owned() };
    state(&before, &read(&dialect, &switch), names::name(name, &PORT.parse().unwrap()).unwrap().as_str())
}

#[test]
fn the_same_ports_end_in_the_same_state() {
    let table: Table = toml::from_str(include_str!("theirs.toml")).unwrap();
    let Some(package) = package(&table) else {
        eprintln!("SKIPPED: networking-generic-switch is not installed (tests/peers/install)");
        return;
    };
    let (mut problems, mut types, mut reasons) = (Vec::new(), BTreeSet::from(["netmiko_fake"]), BTreeSet::new());
    for (name, own) in &table.types {
        for kind in &own.device_types {
            types.insert(kind);
            for asked in Asked::all() {
                let found = (ours(name, &asked), theirs(name, own, &asked, &package.lines[kind][asked.name]));
                let is_so = match own.states.get(asked.name) {
                    Some(State::Same(state)) => found == (state.clone(), state.clone()),
                    Some(State::Differ { ours, theirs, why }) => {
                        assert!(table.reasons.contains_key(why), "{name}: {why:?} is no reason");
                        reasons.insert(why);
                        ours != theirs && found == (ours.clone(), theirs.clone())
                    }
                    None => false,
                };
                if !is_so {
                    problems.push(format!("{kind} {} ours = {:?}, theirs = {:?}", asked.name, found.0, found.1));
                }
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert_eq!(types, package.types.iter().map(String::as_str).collect(), "all but the one without a switch");
    assert_eq!(reasons, table.reasons.keys().collect(), "reasons that nothing has");
}
