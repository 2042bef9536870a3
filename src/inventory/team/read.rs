//! A rule file: any number of `[[rule]]` tables.

use std::{
    collections::BTreeSet,
    ops::RangeInclusive,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
};

use super::{TeamRule, TeamRules, rego::Rego};
use crate::config::{
    fields::{Table, Value},
    reader::Reader,
    source, toml_tree,
};
use crate::finding::{Code, Finding, Findings, Severity};

/// A rule file may be this big, in bytes.
const MAX_FILE: u64 = 1 << 20;
/// The most ports, and the widest trunk, that a rule can speak of.
const MAX_COUNT: u64 = 65_535;

const WHERE: &[&str] = &["switches", "roles", "ports"];
const WHAT: &[&str] = &[
    "allowed_vlans",
    "reserved_vlans",
    "protected",
    "max_trunk_vlans",
    "mtu",
    "description",
    "vlan_name",
    "max_ports",
    "windows",
];
pub(super) const KEYS: [&[&str]; 3] = [&["name", "reason", "help", "severity"], WHERE, WHAT];

pub(super) fn load(files: &[PathBuf], findings: &mut Findings) -> TeamRules {
    let mut names = BTreeSet::new();
    let mut rules = Vec::new();
    let (rego, tables): (Vec<_>, Vec<_>) =
        files.iter().partition(|file| file.extension().is_some_and(|it| it == "rego"));
    for file in tables {
        match source::read(file, MAX_FILE) {
            Ok(source) => rules.extend(parse(file, &source.text, &mut names, findings)),
            Err(error) => findings.push(error.finding().field("rules")),
        }
    }
    let rego = Rego::load(&rego, findings).map(Arc::new);
    TeamRules { rules: rules.into_iter().map(Arc::new).collect(), rego, place: None, now: None }
}

fn parse(file: &Path, text: &str, names: &mut BTreeSet<String>, findings: &mut Findings) -> Vec<TeamRule> {
    let mut own = Findings::default();
    let root = toml_tree::parse(file, text, &mut own);
    let mut rules = Vec::new();
    if !own.has_errors() {
        Reader::new(file, "", &root, &mut own)
            .refuse_unknown(&["rule"], |key| (key == "rules").then(|| "each rule is a [[rule]] table".to_owned()));
        for table in tables(file, &root, &mut own) {
            rules.push(rule(file, table, names, &mut own));
        }
    }
    let is_sound = !own.has_errors();
    findings.merge(own);
    if is_sound { rules } else { Vec::new() }
}

fn tables<'a>(file: &Path, root: &'a Table, findings: &mut Findings) -> Vec<&'a Table> {
    let wrong = |line| {
        let finding = Finding::error(Code::WrongType, "must be a list of tables, each headed [[rule]]");
        finding.field("rule").at(file, line)
    };
    let Some(entry) = root.entries.get("rule") else {
        findings.push(Finding::error(Code::MissingKey, "holds no rule").field("rule").at(file, None));
        return Vec::new();
    };
    let Value::List(items) = &entry.value else {
        findings.push(wrong(Some(entry.line)));
        return Vec::new();
    };
    let mut tables = Vec::new();
    for item in items {
        match &item.value {
            Value::Table(table) => tables.push(table),
            _ => findings.push(wrong(Some(item.line))),
        }
    }
    tables
}

fn rule(file: &Path, table: &Table, names: &mut BTreeSet<String>, findings: &mut Findings) -> TeamRule {
    let known = KEYS.concat();
    let title = match table.entries.get("name").map(|entry| &entry.value) {
        Some(Value::Text(name)) if !name.is_empty() => format!("rule.{name}"),
        _ => "rule".to_owned(),
    };
    let mut reader = Reader::new(file, title, table, findings);
    reader.refuse_unknown(&known, |_| None);
    let name = reader.required_text("name").unwrap_or_default();
    if !name.is_empty() && !names.insert(name.clone()) {
        reader.blame_key("name", Finding::error(Code::DuplicateKey, "another rule has this name"));
    }
    if !WHAT.iter().any(|key| reader.find(key).is_some()) {
        let finding = Finding::error(Code::MissingKey, format!("wants nothing; one of {}", WHAT.join(", ")));
        reader.blame_key("name", finding);
    }
    let severities = [("error", Severity::Error), ("warning", Severity::Warning)];
    TeamRule {
        name,
        reason: reader.required_text("reason").unwrap_or_default(),
        help: reader.text("help"),
        severity: reader.choice("severity", &severities).unwrap_or(Severity::Error),
        switches: each(&mut reader, "switches"),
        roles: each(&mut reader, "roles"),
        ports: each(&mut reader, "ports"),
        allowed_vlans: reader.vlans("allowed_vlans"),
        reserved_vlans: reader.vlans("reserved_vlans"),
        protected: protected(&mut reader),
        max_trunk_vlans: count(&mut reader, "max_trunk_vlans"),
        mtu: mtu(&mut reader),
        description: reader.parsed("description"),
        vlan_name: reader.parsed("vlan_name"),
        max_ports: count(&mut reader, "max_ports"),
        windows: each(&mut reader, "windows"),
    }
}

/// A list that says something.
fn each<T: FromStr<Err = String>>(reader: &mut Reader<'_>, key: &str) -> Option<Vec<T>> {
    let mut values = Vec::new();
    for (text, found) in reader.texts(key)? {
        match text.parse() {
            Ok(value) => values.push(value),
            Err(reason) => reader.blame(&found, Finding::error(Code::BadValue, reason)),
        }
    }
    if values.is_empty() && !reader.failed() {
        reader.blame_key(key, Finding::error(Code::BadValue, "must not be empty"));
    }
    Some(values)
}

/// `false` would read as if it let a port go that another rule protects.
fn protected(reader: &mut Reader<'_>) -> bool {
    let said = reader.flag("protected");
    if said == Some(false) {
        let finding = Finding::error(Code::BadValue, "can only be true");
        reader.blame_key("protected", finding.help("no rule takes back what another says"));
    }
    said == Some(true)
}

fn count(reader: &mut Reader<'_>, key: &str) -> Option<usize> {
    reader.number(key, 1..=MAX_COUNT).and_then(|number| usize::try_from(number).ok())
}

/// `"1500-9216"`, both included.
fn mtu(reader: &mut Reader<'_>) -> Option<RangeInclusive<u16>> {
    let found = reader.find("mtu")?;
    let text = reader.text_of(&found)?;
    let range = text.split_once('-').and_then(|(low, high)| {
        let (low, high): (u16, u16) = (low.trim().parse().ok()?, high.trim().parse().ok()?);
        (0 < low && low <= high).then_some(low..=high)
    });
    if range.is_none() {
        let reason = format!("must be a range of octets, as \"1500-9216\" is, not {text:?}");
        reader.blame(&found, Finding::error(Code::BadValue, reason));
    }
    range
}
