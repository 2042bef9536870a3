//! The house: what may depend on what, between packages and between the stages
//! of a request, and what may lie at the top of the tree.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a tree that cannot be read fails the test")]

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// Every package, and the packages of this workspace it may name, for its
/// tests too.
const PACKAGES: [(&str, &[&str]); 7] = [
    ("mercury", &["mercury-adapter", "mercury-gnmi", "mercury-model", "mercury-netconf", "mercury-sim"]),
    ("mercury-netconf", &["mercury-adapter", "mercury-model"]),
    ("mercury-gnmi", &["mercury-adapter", "mercury-gnmi-proto", "mercury-model"]),
    // The messages as published, and nothing of Mercury's.
    ("mercury-gnmi-proto", &[]),
    ("mercury-sim", &["mercury-gnmi-proto", "mercury-model"]),
    ("mercury-adapter", &["mercury-model"]),
    ("mercury-model", &[]),
];

/// Each stage, and the ones it may not know: those after it, and those that
/// call it.
const STAGES: [(&str, &[&str]); 6] = [
    ("fault", &["intent", "desired", "pipeline", "commit", "outcome", "rpc", "service", "cli"]),
    ("intent", &["desired", "pipeline", "commit", "outcome", "rpc", "service", "cli"]),
    ("desired", &["pipeline", "commit", "outcome", "rpc", "service", "cli"]),
    ("commit", &["rpc", "service", "pipeline", "intent", "cli"]),
    ("outcome", &["rpc", "service", "pipeline", "commit", "cli"]),
    ("pipeline", &["rpc", "service", "cli"]),
];

/// What may lie at the top, besides dotfiles.
const TOP: [&str; 9] =
    ["Cargo.toml", "Cargo.lock", "README.md", "src", "yang", "adapters", "config", "findings", "tests"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn metadata() -> Value {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let arguments = ["metadata", "--no-deps", "--offline", "--format-version", "1"];
    let output = Command::new(cargo).args(arguments).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The dependencies of each package, by name.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let metadata = metadata();
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages
        .map(|package| {
            let named = package["dependencies"].as_array().unwrap().iter().map(|named| text(&named["name"])).collect();
            (text(&package["name"]), named)
        })
        .collect()
}

#[test]
fn packages_depend_on_each_other_as_the_house_says() {
    let packages = dependencies();
    let names: BTreeSet<&str> = packages.keys().map(String::as_str).collect();
    assert_eq!(names, PACKAGES.iter().map(|(name, _)| *name).collect(), "the packages of the workspace");
    for (name, allowed) in PACKAGES {
        let named: BTreeSet<&str> =
            packages[name].iter().map(String::as_str).filter(|other| names.contains(other)).collect();
        let allowed: BTreeSet<&str> = allowed.iter().copied().collect();
        // The simulator may do without the model; the others are what they are.
        let fits = if name == "mercury-sim" { named.is_subset(&allowed) } else { named == allowed };
        assert!(fits, "{name} depends on {named:?}, and should on {allowed:?}");
    }
}

#[test]
fn the_model_has_no_runtime_no_network_and_no_clock() {
    let named = &dependencies()["mercury-model"];
    let allowed = ["proptest", "serde", "serde_json", "thiserror", "toml"].map(str::to_owned).into();
    assert!(named.is_subset(&allowed), "mercury-model depends on {named:?}");
}

/// What it does is a matter of what it was told, so that a test can walk through
/// every state of it.
#[test]
fn the_state_machines_of_a_commit_have_no_socket_no_clock_and_no_chance() {
    let folder = root().join("src/commit");
    let files = ["command", "first", "machine", "style", "taking", "transition"].map(|name| {
        let file = folder.join(format!("{name}.rs"));
        (file.clone(), fs::read_to_string(&file).unwrap())
    });
    for (file, text) in files.into_iter().chain(sources(&folder.join("machine"))) {
        for name in ["tokio", "async ", ".await", "Instant", "SystemRandom", "Link"] {
            let mut code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            let line = code.find(|line| line.contains(name));
            assert_eq!(line, None, "{} mentions {name}", file.display());
        }
    }
}

#[test]
fn the_simulator_shares_no_encoder_with_an_adapter() {
    let files = sources(&root().join("adapters/sim/src"));
    assert!(!files.is_empty(), "the simulator has moved");
    for (file, text) in files {
        for name in ["mercury_netconf", "mercury_adapter"] {
            assert!(!text.contains(name), "{} mentions {name}", file.display());
        }
    }
}

#[test]
fn a_stage_knows_the_stages_before_it_and_none_after() {
    let mut problems = Vec::new();
    for (stage, forbidden) in STAGES {
        let file = root().join("src").join(format!("{stage}.rs"));
        let mut files = sources(&root().join("src").join(stage));
        files.push((file.clone(), fs::read_to_string(&file).unwrap()));
        for (file, text) in files {
            for module in mentioned(&text).into_iter().filter(|module| forbidden.contains(&module.as_str())) {
                problems.push(format!("{} uses crate::{module}", file.strip_prefix(root()).unwrap().display()));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// The modules a source file names below `crate::`, comments aside.
fn mentioned(text: &str) -> BTreeSet<String> {
    let code: String = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .fold(String::new(), |code, line| code + line + "\n");
    let mut found = BTreeSet::new();
    for after in code.split("crate::").skip(1) {
        match after.strip_prefix('{') {
            Some(group) => found.extend(heads(group)),
            None => found.extend(head(after)),
        }
    }
    found
}

/// The first names of a group's members: `a, b::{c, d}, e}` is a, b, e.
fn heads(group: &str) -> BTreeSet<String> {
    let (mut depth, mut start, mut found) = (0usize, true, BTreeSet::new());
    for (index, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => start = true,
            c if start && !c.is_whitespace() => {
                found.extend(group.get(index..).and_then(head));
                start = false;
            }
            _ => {}
        }
    }
    found
}

fn head(text: &str) -> Option<String> {
    let name: String = text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    (!name.is_empty()).then_some(name)
}

#[test]
fn mentions_are_found_however_they_are_written() {
    let text =
        "use crate::a::B;\nuse crate::{\n    c::{self, x},\n    d,\n};\n// crate::e\nfn f() { crate::g::h(); }\n";
    assert_eq!(mentioned(text), ["a", "c", "d", "g"].map(str::to_owned).into());
}

/// Every Rust file below a folder, which need not be there.
fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
    found
}

#[test]
fn the_top_of_the_tree_has_only_what_belongs_there() {
    let git = Command::new("git").arg("ls-files").current_dir(root()).output();
    let entries: BTreeSet<String> = match git {
        Ok(output) if output.status.success() && !output.stdout.is_empty() => {
            let names = String::from_utf8(output.stdout).unwrap();
            names.lines().filter_map(|name| name.trim_start_matches('"').split('/').next()).map(str::to_owned).collect()
        }
        // A tree without its history: everything but what cargo builds.
        _ => fs::read_dir(root())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "target")
            .collect(),
    };
    let odd: Vec<&String> =
        entries.iter().filter(|name| !name.starts_with('.') && !TOP.contains(&name.as_str())).collect();
    assert!(odd.is_empty(), "{odd:?} at the top of the tree");
    assert!(entries.contains("Cargo.toml"), "{entries:?}");
}
