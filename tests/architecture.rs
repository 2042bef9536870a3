//! The house: what may depend on what, between packages and between the stages
//! of a request, and what may lie at the top of the tree.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a tree that cannot be read fails the test")]

#[path = "architecture/threats.rs"]
mod threats;

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
const PACKAGES: [(&str, &[&str]); 15] = [
    (
        "mercury",
        &[
            "mercury-adapter",
            "mercury-call-home",
            "mercury-cli",
            // Its tests call with it.
            "mercury-client",
            "mercury-gnmi",
            "mercury-http",
            "mercury-model",
            "mercury-netconf",
            "mercury-ovsdb",
            "mercury-restconf",
            "mercury-sim",
            "mercury-ssh",
            "mercury-tls",
        ],
    ),
    ("mercury-call-home", &["mercury-adapter", "mercury-ssh", "mercury-tls"]),
    // For whoever calls Mercury, from elsewhere.
    ("mercury-client", &[]),
    ("mercury-cli", &["mercury-adapter", "mercury-http", "mercury-model", "mercury-ssh"]),
    ("mercury-netconf", &["mercury-adapter", "mercury-model", "mercury-ssh", "mercury-tls"]),
    ("mercury-ovsdb", &["mercury-adapter", "mercury-model", "mercury-tls"]),
    ("mercury-restconf", &["mercury-adapter", "mercury-http", "mercury-model", "mercury-tls"]),
    ("mercury-gnmi", &["mercury-adapter", "mercury-gnmi-proto", "mercury-model", "mercury-tls"]),
    // The messages as published, and nothing of Mercury's.
    ("mercury-gnmi-proto", &[]),
    ("mercury-sim", &["mercury-gnmi-proto", "mercury-model"]),
    ("mercury-http", &["mercury-adapter", "mercury-tls"]),
    ("mercury-ssh", &["mercury-adapter"]),
    ("mercury-tls", &["mercury-adapter"]),
    ("mercury-adapter", &["mercury-model"]),
    ("mercury-model", &[]),
];

/// Every module of the root package and the others it names, in an order in
/// which each names earlier ones only; the stages of the line in the order in
/// which a request goes through them, but for rpc, where it begins and ends.
const MODULES: [(&str, &str); 31] = [
    // What any of them may use.
    ("waits", ""),
    ("often", ""),
    ("finding", ""),
    ("metrics", ""),
    ("status", ""),
    ("tls", "config finding"),
    ("auth", "config finding inventory often tls"),
    ("config", "auth finding inventory tls"),
    ("inventory", "auth config finding"),
    ("trace", "config metrics tls"),
    ("fault", "finding"),
    ("lock", "config fault"),
    ("audit", "config fault metrics"),
    // The line, of one switch.
    ("intent", "fault inventory"),
    ("desired", "fault intent inventory"),
    ("link", "fault trace"),
    ("outcome", "fault finding intent"),
    ("commit", "fault inventory link lock outcome"),
    // Several requests at once, and several switches.
    ("pace", "fault intent outcome waits"),
    ("group", "desired fault finding intent inventory outcome"),
    ("transaction", "fault intent outcome pace waits"),
    // What has a request go along the line.
    ("seats", ""),
    ("pipeline", "commit desired fault finding intent inventory link lock metrics outcome pace trace waits"),
    ("target", "commit fault group intent inventory link lock metrics outcome pace pipeline seats trace waits"),
    ("registry", "inventory lock seats target"),
    ("fleet", "config fault inventory lock metrics tls"),
    (
        "service",
        "audit config fault fleet group intent inventory lock metrics outcome pace pipeline registry status target trace transaction waits",
    ),
    // Who asks.
    (
        "rpc",
        "audit auth config desired fault fleet group intent inventory lock metrics often outcome service status tls trace waits",
    ),
    (
        "cli",
        "audit auth config fault finding fleet group intent inventory lock metrics outcome registry rpc service status target tls trace",
    ),
    ("lib", ""),
    ("main", ""),
];

/// Modules that name a later one too: they read the network team's files
/// together.
const TOGETHER: [(&str, &str); 4] =
    [("tls", "config"), ("auth", "config"), ("auth", "inventory"), ("config", "inventory")];

/// Words that mean one thing: a type, trait or function of that name is defined
/// once.
const WORDS: [&str; 11] =
    ["Backlog", "Change", "Face", "Fault", "Held", "Identity", "Link", "Milestone", "Names", "Offers", "agree"];

/// What may lie at the top, besides dotfiles.
const TOP: [&str; 10] =
    ["Cargo.toml", "Cargo.lock", "README.md", "deny.toml", "src", "yang", "adapters", "config", "findings", "tests"];

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
        for name in ["mercury_netconf", "mercury_ssh", "mercury_adapter"] {
            assert!(!text.contains(name), "{} mentions {name}", file.display());
        }
    }
}

#[test]
fn every_module_is_known_and_names_those_before_it() {
    let stem = |file: PathBuf| file.file_stem().unwrap().to_str().unwrap().to_owned();
    let top = fs::read_dir(root().join("src")).unwrap().map(|entry| entry.unwrap().path());
    let there: BTreeSet<String> = top.map(stem).collect();
    let known: BTreeSet<String> = MODULES.iter().map(|(module, _)| (*module).to_owned()).collect();
    assert_eq!(there, known, "the modules of src and those this test knows");
    let place = |module: &str| MODULES.iter().position(|(other, _)| *other == module);
    for (index, (module, allowed)) in MODULES.iter().enumerate() {
        let files = module_sources(module);
        let mut names: BTreeSet<String> = files.iter().flat_map(|(_, text)| mentioned(text)).collect();
        names.remove(*module);
        let allowed: BTreeSet<String> = allowed.split_whitespace().map(str::to_owned).collect();
        assert_eq!(names, allowed, "what {module} names, and what it should");
        let later = names.iter().filter(|name| place(name) >= Some(index));
        let odd: Vec<_> = later.filter(|name| !TOGETHER.contains(&(module, name))).collect();
        assert!(odd.is_empty(), "{module} names {odd:?}, which come after it");
    }
}

#[test]
fn only_those_that_read_entries_and_choose_adapters_name_a_protocol() {
    let may = ["cli", "config", "inventory", "registry"];
    for (module, _) in MODULES.iter().filter(|(module, _)| !may.contains(module)) {
        for (file, text) in module_sources(module) {
            for protocol in ["Netconf", "netconf", "Gnmi", "gnmi"] {
                assert!(!code(&text).contains(protocol), "{} names {protocol}", file.display());
            }
        }
    }
}

#[test]
fn a_word_means_one_thing() {
    // The simulator is a world of its own, which has its own words.
    let folders = [
        "src",
        "yang/src",
        "adapters/contract/src",
        "adapters/cli/src",
        "adapters/netconf/src",
        "adapters/ssh/src",
        "adapters/gnmi/src",
    ];
    let files: Vec<_> = folders.iter().flat_map(|folder| sources(&root().join(folder))).collect();
    let defined: Vec<(&str, String)> = files
        .iter()
        .flat_map(|(file, text)| {
            let place = file.strip_prefix(root()).unwrap().display().to_string();
            definitions(text).map(move |word| (word, place.clone()))
        })
        .collect();
    for word in WORDS {
        let places: Vec<_> = defined.iter().filter(|(name, _)| *name == word).map(|(_, file)| file).collect();
        assert_eq!(places.len(), 1, "{word} is defined in {places:?}");
    }
}

/// The names of the types, traits and functions a file defines.
fn definitions(text: &str) -> impl Iterator<Item = &str> {
    let keywords = ["struct", "enum", "trait", "type", "fn"];
    let words = |line| str::split(line, |c: char| !c.is_alphanumeric() && c != '_');
    text.lines().filter_map(move |line| {
        let mut words = words(line.trim_start())
            .filter(|word| !["", "pub", "crate", "in", "super", "async", "const", "self"].contains(word));
        keywords.contains(&words.next()?).then(|| words.next())?
    })
}

/// The files of a module of the root package, without those of its tests.
fn module_sources(module: &str) -> Vec<(PathBuf, String)> {
    let folder = root().join("src").join(module);
    let file = folder.with_extension("rs");
    let mut files = sources(&folder);
    files.push((file.clone(), fs::read_to_string(&file).unwrap()));
    files.retain(|(file, _)| !file.iter().any(|part| part == "tests" || part == "tests.rs"));
    files
}

/// What is not comment, nor the tests at the end.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.fold(String::new(), |code, line| code + line + "\n")
}

/// The modules a source file names below `crate::`, comments aside.
fn mentioned(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for after in code(text).split("crate::").skip(1) {
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
fn no_file_is_too_long_to_be_read_at_once() {
    let folders = ["src", "yang", "adapters", "tests"].map(|folder| sources(&root().join(folder)));
    let written = |file: &Path| !file.iter().any(|part| part == "generated" || part == "target");
    for (file, text) in folders.into_iter().flatten().filter(|(file, _)| written(file)) {
        let lines = text.lines().count();
        assert!(lines <= 500, "{} has {lines} lines", file.strip_prefix(root()).unwrap().display());
    }
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
