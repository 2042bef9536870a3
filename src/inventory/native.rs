//! Mercury's own inventory file: `[defaults]` and any number of `[[switch]]`.

use super::build::Kind;
use super::load::{Context, Draft};
use super::parts::Parts;
use super::{Protocol, build, device_type};
use crate::config::fields::{Entry, Table, Value};
use crate::config::reader::Reader;
use crate::config::toml_tree;
use crate::finding::{Code, Finding, Findings};
use std::path::Path;

/// What `[defaults]` cannot say, because no two switches share it.
pub(crate) const OWN: &[&str] = &["name", "address", "mac_addresses", "card"];

pub(crate) fn read(file: &Path, text: &str, context: &Context, findings: &mut Findings) -> Vec<Draft> {
    let mut broken = Findings::default();
    let root = toml_tree::parse(file, text, &mut broken);
    if broken.iter().next().is_some()
        && let Some(parts) = Parts::of(file, text)
    {
        return apart(file, &parts, context, findings);
    }
    let mut more = Findings::default();
    let mut drafts = entries(file, &root, context, &mut more);
    if let Some(line) = broken.iter().map(|finding| finding.line.unwrap_or_default()).min() {
        // What could still be read from there on may lack a line that limits it.
        let ends: Vec<_> = drafts.iter().skip(1).map(|draft| draft.line).collect();
        for (index, draft) in drafts.iter_mut().enumerate() {
            draft.sound &= ends.get(index).is_some_and(|end| *end <= line);
        }
        more = more.iter().filter(|finding| finding.line.is_some_and(|at| at < line)).cloned().collect();
    }
    findings.merge(broken);
    findings.merge(more);
    drafts
}

/// A mistake in one switch's entry stops no other: its own is not sound, and nothing but the
/// mistake is told of it.
fn apart(file: &Path, parts: &Parts<'_>, context: &Context, findings: &mut Findings) -> Vec<Draft> {
    let root = toml_tree::parse(file, &parts.sound(), &mut Findings::default());
    let mut drafts = entries(file, &root, context, findings);
    for part in &parts.broken {
        let mut mistakes = Findings::default();
        toml_tree::parse(file, &parts.alone(part), &mut mistakes);
        // What follows from the first are not mistakes.
        mistakes.iter().take(1).for_each(|first| findings.push(first.clone()));
        let root = toml_tree::parse(file, &parts.headed(part), &mut Findings::default());
        drafts.extend(entries(file, &root, context, &mut Findings::default()).into_iter().map(|mut draft| {
            draft.sound = false;
            draft
        }));
    }
    drafts.sort_by_key(|draft| draft.line);
    drafts
}

/// Some of what stands in settings alone: whoever names one file for the other has one of them there.
const SETTINGS: [&str; 8] = ["listen", "rules", "auth", "htpasswd", "tls", "lock_dir", "limits", "log"];

fn entries(file: &Path, root: &Table, context: &Context, findings: &mut Findings) -> Vec<Draft> {
    Reader::new(file, "", root, findings).refuse_unknown(&["defaults", "switch"], |key| match key {
        "switches" => Some("each switch is a [[switch]] table; a file of settings is named by --config".to_owned()),
        _ => SETTINGS.contains(&key).then(|| "it is a setting: such a file is named by --config".to_owned()),
    });
    let defaults = defaults(file, root, findings);
    let known: Vec<&str> = OWN.iter().chain(build::SHARED).chain(build::GNMI).copied().collect();
    let mut drafts = Vec::new();
    for (line, table) in switches(file, root, findings) {
        let name = match table.entries.get("name").map(|entry| &entry.value) {
            Some(Value::Text(name)) if !name.is_empty() => format!("switch.{name}"),
            _ => "switch".to_owned(),
        };
        let mut reader = Reader::new(file, name, table, findings).with_defaults("defaults", &defaults);
        reader.refuse_unknown(&known, |_| None);
        let name = reader.required_text("name").unwrap_or_default();
        let kind = kind(&mut reader, context);
        let switch = build::switch(&mut reader, name, kind, build::Form::Native, context);
        let sound = !reader.failed();
        drafts.push(Draft { switch, sound, file: file.to_owned(), line });
    }
    drafts
}

fn defaults(file: &Path, root: &Table, findings: &mut Findings) -> Table {
    let Some(entry) = root.entries.get("defaults") else {
        return Table::default();
    };
    let Value::Table(table) = &entry.value else {
        wrong(file, entry, "defaults", "a table", findings);
        return Table::default();
    };
    let known = [build::SHARED, build::GNMI].concat();
    Reader::new(file, "defaults", table, findings)
        .refuse_unknown(&known, |key| OWN.contains(&key).then(|| "each switch has its own".to_owned()));
    let mut table = table.clone();
    table.entries.retain(|key, _| known.contains(&key.as_str()));
    table
}

fn switches<'a>(file: &Path, root: &'a Table, findings: &mut Findings) -> Vec<(usize, &'a Table)> {
    let Some(entry) = root.entries.get("switch") else {
        return Vec::new();
    };
    let Value::List(items) = &entry.value else {
        wrong(file, entry, "switch", "a list of tables, each headed [[switch]]", findings);
        return Vec::new();
    };
    let mut tables = Vec::new();
    for item in items {
        match &item.value {
            Value::Table(table) => tables.push((item.line, table)),
            _ => wrong(file, item, "switch", "a list of tables, each headed [[switch]]", findings),
        }
    }
    tables
}

fn wrong(file: &Path, entry: &Entry, field: &str, wanted: &str, findings: &mut Findings) {
    let message = format!("must be {wanted}, not {}", entry.value.type_name());
    findings.push(Finding::error(Code::WrongType, message).field(field).at(file, Some(entry.line)));
}

fn kind(reader: &mut Reader<'_>, context: &Context) -> Kind {
    let mut protocol = Some(Protocol::Netconf);
    if let Some(found) = reader.find("protocol") {
        protocol = match reader.text_of(&found) {
            Some(_) => reader.choice("protocol", &Protocol::ALL.map(|protocol| (protocol.as_str(), protocol))),
            None => None,
        };
    }
    reader.require("dialect");
    let mut dialect = String::new();
    if let Some(found) = reader.find("dialect")
        && let Some(name) = reader.text_of(&found)
    {
        // Where the protocol is wrong, the dialect is not blamed for it.
        let speaks = |candidate: &Protocol| device_type::dialect(*candidate, &name, &context.dialects).is_ok();
        let spoken = protocol.or_else(|| Protocol::ALL.into_iter().find(speaks)).unwrap_or(Protocol::Netconf);
        match device_type::dialect(spoken, &name, &context.dialects) {
            Ok(name) => dialect = name,
            Err(finding) => {
                let help = format!("dialects: {}", device_type::dialects(spoken, &context.dialects));
                reader.blame(&found, finding.help(help));
            }
        }
    }
    Kind { protocol, dialect }
}
