//! The switch file of Ironic's own networking service.
//!
//! As ironic 39.0.0 reads it: sections `[switch:NAME]`; `driver_type`,
//! `device_type`, `address`, `username`, `mac_address` and one of `password`
//! and `key_file` are required; `port`, `enable_secret`, `persist`,
//! `allowed_vlans` and `native_vlan` are not. Metal3 adds `insecure`. Sections of
//! other names are passed over, and `[DEFAULT]` serves no switch.
//!
//! Ironic's own service speaks no gNMI, so what only gNMI needs has no key
//! there; it has Mercury's keys here.

use super::build::Kind;
use super::ini::{self, Section};
use super::load::{Context, Draft};
use super::{build, device_type};
use crate::config::reader::Reader;
use crate::finding::{Code, Finding, Findings};
use std::path::Path;

pub(crate) const KEYS: &[&str] = &[
    "driver_type",
    "device_type",
    "address",
    "username",
    "mac_address",
    "password",
    "key_file",
    "port",
    "enable_secret",
    "persist",
    "allowed_vlans",
    "native_vlan",
    "insecure",
];
/// What nothing but Ironic requires, or nothing else here finds missing.
const REQUIRED: &[&str] = &["driver_type", "device_type", "mac_address"];

pub(crate) fn read(file: &Path, text: &str, context: &Context, findings: &mut Findings) -> Vec<Draft> {
    let sections = ini::parse(file, text, findings);
    let mut drafts = Vec::new();
    for section in &sections {
        match section.name.strip_prefix("switch:") {
            Some("") => passed_over(file, section, "the section names no switch", findings),
            Some(name) => drafts.push(switch(file, section, name, context, findings)),
            None if section.name == "DEFAULT" => defaults(file, section, findings),
            None => passed_over(file, section, "the section is not [switch:NAME]", findings),
        }
    }
    drafts
}

fn switch(file: &Path, section: &Section, name: &str, context: &Context, findings: &mut Findings) -> Draft {
    let mut reader = Reader::new(file, format!("switch.{name}"), &section.table, findings);
    reader.refuse_unknown(&known(), advice);
    for key in REQUIRED {
        reader.require(key);
    }
    let drivers = [("generic-switch", ())];
    reader.choice("driver_type", &drivers);
    let kind = kind(&mut reader, context);
    let switch = build::switch(&mut reader, name.to_owned(), kind, build::Form::Ironic, context);
    let sound = !reader.failed();
    Draft { switch, sound, file: file.to_owned(), line: section.table.line }
}

fn kind(reader: &mut Reader<'_>, context: &Context) -> Kind {
    let mut kind = Kind { protocol: None, dialect: String::new() };
    if let Some(found) = reader.find("device_type")
        && let Some(text) = reader.text_of(&found)
    {
        let (protocol, dialect) = device_type::parse(&text, &context.dialects);
        kind.protocol = protocol;
        match dialect {
            Ok(dialect) => kind.dialect = dialect,
            Err(finding) => reader.blame(&found, finding),
        }
    }
    kind
}

fn known() -> Vec<&'static str> {
    [KEYS, build::GNMI].concat()
}

/// What was meant for switches reaches none of them.
fn defaults(file: &Path, section: &Section, findings: &mut Findings) {
    for (key, entry) in section.table.entries.iter().filter(|(key, _)| known().contains(&key.as_str())) {
        let finding = Finding::warning(Code::UnknownKey, "serves no switch").field(format!("DEFAULT.{key}"));
        findings.push(finding.at(file, Some(entry.line)).help("each [switch:NAME] has its own keys"));
    }
}

/// Ironic passes over such a section without a word, whatever it was meant to be.
fn passed_over(file: &Path, section: &Section, message: &str, findings: &mut Findings) {
    let finding = Finding::warning(Code::UnknownKey, message)
        .field(format!("[{}]", section.name))
        .at(file, Some(section.table.line));
    findings.push(finding.help("a switch is [switch:NAME]"));
}

/// Options of networking-generic-switch, which Ironic never passes on to it
/// from this file, by the name they have here.
fn advice(key: &str) -> Option<String> {
    let here = match key {
        "ngs_mac_address" => "mac_address",
        "ngs_save_configuration" => "persist",
        "ngs_allowed_vlans" => "allowed_vlans",
        "ngs_port_native_vlan" => "native_vlan",
        "ip" | "host" => "address",
        "secret" => "enable_secret",
        "key_filename" => "key_file",
        key if key.starts_with("ngs_") => {
            return Some(
                "Ironic ignores it in this file too; Mercury's own inventory file has more options".to_owned(),
            );
        }
        _ => return None,
    };
    Some(format!("here it is called {here}"))
}
