//! What Mercury itself sends, as a candidate that somebody brings: nothing is wrong with it.

use std::{fs, path::Path, sync::Arc};

use mercury_model::DeviceConfig;
use serde_json::{Value, json};

use super::reading::Candidate;
use crate::{
    finding::Code,
    inventory::{CliSettings, Face, GnmiSettings, OverlayRules, Switch},
    registry::Form,
};

/// Something that is sent in a case of `tests/cases`.
struct Sent {
    dialect: String,
    form: Form,
    name: String,
    text: Arc<str>,
}

fn sent() -> Vec<Sent> {
    let mut all = Vec::new();
    let cases = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")).unwrap();
    for case in cases.map(|case| case.unwrap().path()).filter(|case| case.is_dir()) {
        for file in fs::read_dir(case).unwrap() {
            let path = file.unwrap().path();
            let file = path.file_name().unwrap().to_str().unwrap();
            let (dialect, ending) = file.split_once('.').unwrap();
            let form = match ending {
                "edit-config.xml" => Form::Xml,
                "set.txt" => Form::SetRequest,
                "lines.txt" => Form::Lines,
                _ => continue,
            };
            let text = fs::read_to_string(&path).unwrap();
            let text = if form == Form::SetRequest { as_gnmic(&text) } else { text };
            let name = format!("{}/{file}", path.parent().unwrap().file_name().unwrap().to_str().unwrap());
            all.push(Sent { dialect: dialect.to_owned(), form, name, text: text.into() });
        }
    }
    assert!(all.len() > 400, "{}", all.len());
    all
}

/// `update PATH JSON`, `replace PATH JSON` and `delete PATH`, as gnmic takes them.
fn as_gnmic(text: &str) -> String {
    let mut request = json!({"deletes": [], "replaces": [], "updates": []});
    for line in text.lines() {
        let (kind, rest) = line.split_once(' ').unwrap();
        // A key may have a blank in it.
        let ends = |at: &usize| rest[..*at].matches('[').count() == rest[..*at].matches(']').count();
        let end = rest.match_indices(' ').map(|(at, _)| at).find(ends);
        let (path, value) = end.map_or((rest, None), |at| (&rest[..at], Some(&rest[at + 1..])));
        let entry = match value {
            Some(value) => json!({"path": path, "value": serde_json::from_str::<Value>(value).unwrap()}),
            None => path.into(),
        };
        request[format!("{kind}s")].as_array_mut().unwrap().push(entry);
    }
    request.to_string()
}

/// What these systems show is not what is typed there.
const SHOWN_OTHERWISE: [&str; 8] = [
    "cisco_s300",
    "cumulus",
    "cumulus_nvue",
    "dell_powerconnect",
    "mellanox_mlnxos",
    "netmiko_ovs_linux",
    "pluribus",
    "sonic",
];
const UNDONE: [&str; 2] = ["no ", "undo "];
const HALF: [&str; 4] =
    ["as it stands", "which says nothing in its mode", "/interfaces/interface[Ethernet<1>&", "/tunnel-interface"];

#[test]
fn each_dialect_reads_all_that_is_sent_in_its_words() {
    let dialects = mercury_adapter::builtin().unwrap();
    let mut problems = Vec::new();
    for Sent { dialect, form, name, text } in sent() {
        if form == Form::Lines && SHOWN_OTHERWISE.contains(&dialect.as_str()) {
            continue;
        }
        let face = match form {
            Form::Xml | Form::Json => None,
            Form::SetRequest => Some(Face::Gnmi(GnmiSettings::default())),
            Form::Lines => Some(Face::Cli(CliSettings::default())),
        };
        let mut switch = Switch::new("leaf1", "192.0.2.1", &dialect, "");
        switch.face = face.unwrap_or(switch.face);
        switch.rules.overlay = Some(OverlayRules::of("3000-3009".parse().unwrap(), None));
        let candidate = Candidate { switch: &switch, form, name: &name, text: &text, whole: false };
        for finding in candidate.judged(&dialects, &DeviceConfig::default()).iter().flat_map(|one| &one.findings) {
            // What takes something away is read as that at most, and a part may say half of a thing.
            let is_undone = UNDONE.iter().any(|word| finding.message.starts_with(word));
            let is_half = HALF.iter().any(|word| finding.message.contains(word));
            let is_wrong = matches!(finding.code, Code::Syntax | Code::ReadingUnread | Code::ReadingUnknown);
            if is_wrong && !is_undone && !is_half {
                problems.push(format!("{finding}"));
            }
        }
    }
    problems.sort();
    assert!(problems.is_empty(), "{}\n{}", problems.len(), problems.join("\n"));
}

/// By the modules that the vendors publish, where those are at hand.
#[cfg(feature = "yang")]
#[test]
fn what_is_sent_is_valid_by_the_modules_that_there_are() {
    use super::schema::{Encoding, Modules};

    let published = std::env::var_os("MERCURY_PUBLISHED_MODULES").map(std::path::PathBuf::from);
    let mut sets = vec![("openconfig", Modules::load(&[]).unwrap())];
    for (dialect, folder) in [
        ("openconfig", "openconfig"),
        ("arista_eos", "arista"),
        ("nokia_srl", "nokia"),
        ("juniper_junos", "juniper"),
        ("sonic", "sonic"),
    ] {
        if let Some(folder) = published.as_ref().map(|all| all.join(folder)).filter(|folder| folder.is_dir()) {
            sets.push((dialect, Modules::load(&[folder]).unwrap()));
        }
    }
    let all = sent();
    let mut problems = Vec::new();
    for (dialect, modules) in &sets {
        for Sent { form, name, text, .. } in all.iter().filter(|one| one.dialect == *dialect) {
            // What Nokia has for VNIs is in modules that its set leaves out.
            let is_left_out = *dialect == "nokia_srl" && name.contains("vni");
            let Some(encoding) = Encoding::of(*form).filter(|_| !is_left_out) else { continue };
            let findings = modules.check(modules.understand(name.as_ref(), text, encoding), name.as_ref(), false);
            // SONiC has its untagged VLAN there whatever the mode is, against the condition of its model.
            let is_sonics =
                |told: &String| *dialect == "sonic" && told.contains("schema-when") && told.contains("/access-vlan");
            problems.extend(findings.iter().map(ToString::to_string).filter(|told| !is_sonics(told)));
        }
    }
    problems.sort();
    assert!(problems.is_empty(), "{}\n{}", problems.len(), problems.join("\n"));
}
