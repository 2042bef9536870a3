//! `mercury config import`: what another service's file says, in Mercury's own files.
//!
//! Ironic's `ironic.conf` (`[ironic_networking]` and `[ironic_networking_json_rpc]`)
//! and networking-generic-switch's `ml2_conf_genericswitch.ini`
//! (`[genericswitch:NAME]`). Every option either becomes one of Mercury's, or stands in
//! the new file as a comment that says why it does not; one whose loss changes what
//! happens is a finding too.

mod generic_switch;
mod ironic;
mod write;

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::{
    Common, DONE, Ended, Failure, Shape,
    findings::{self, Checked},
    found, print,
};
use crate::{
    config::{self, Overrides, fields::Value},
    finding::{Code, Finding, Findings},
    inventory::{Context, sections},
};
use write::Written;

/// A file of another service may be this big, in bytes.
const MAX_FILE: u64 = 16 * 1024 * 1024;

/// Which file, and where to.
#[derive(Clone, Debug, Args)]
pub(super) struct ImportArguments {
    /// Files of Ironic's or of networking-generic-switch, as one service reads them
    /// together.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The folder for `mercury.toml`, `inventory.toml` and `secrets/`; nothing in it is
    /// written over.
    #[arg(long, value_name = "FOLDER")]
    into: PathBuf,
}

/// One section of one file.
struct Given<'a> {
    file: &'a std::path::Path,
    name: String,
    line: usize,
    /// Options with their lines and values.
    options: Vec<(String, usize, String)>,
}

impl Given<'_> {
    /// An option that is lost, and what that changes.
    fn lost(&self, option: &str, line: usize, why: &str) -> Finding {
        let finding = Finding::warning(Code::NotCarriedOver, why).at(self.file, Some(line));
        finding.field(format!("{}.{option}", self.name))
    }

    fn option(&self, name: &str) -> Option<(usize, &str)> {
        let found = self.options.iter().find(|(option, ..)| option == name)?;
        Some((found.1, found.2.as_str()))
    }
}

pub(super) fn run(common: &Common, arguments: &ImportArguments) -> Ended {
    write::is_free(&arguments.into)?;
    let mut findings = Findings::default();
    let mut given = Vec::new();
    for file in &arguments.files {
        let text = super::read_bounded(file, MAX_FILE)?;
        given.extend(sections(file, &text, &mut findings).into_iter().map(|section| {
            Given {
                file,
                line: section.table.line,
                name: section.name,
                options: section
                    .table
                    .entries
                    .into_iter()
                    .filter_map(|(key, entry)| Some((key, entry.line, word(entry.value)?)))
                    .collect(),
            }
        }));
    }
    if findings.has_errors() {
        return Err(Failure::Findings(findings));
    }
    let context = Context::default();
    let mut written = Written::default();
    for section in &given {
        match section.name.strip_prefix("genericswitch:") {
            Some(name) => written.switches.push(generic_switch::entry(section, name, &context, &mut findings)),
            None => ironic::said(section, &mut written, &mut findings),
        }
    }
    if written.is_empty() {
        let named = "[genericswitch:NAME], [ironic_networking] or [ironic_networking_json_rpc]";
        return Err(Failure::Other(format!("there is no section {named}; nothing was written")));
    }
    let files = written.put(&arguments.into)?;
    let (_, inventory, more) = config::check(files.first().map(PathBuf::as_path), &Overrides::default());
    findings.merge(more);
    let is_sound = !findings.has_errors();
    match common.shape {
        Shape::Sarif | Shape::Junit => {
            let name = arguments.into.display().to_string();
            return Ok(findings::tell(common, [Checked::of(name, "import", findings)]));
        }
        Shape::Json => print::json(&json!({
            "written": files, "findings": findings, "usable_switches": inventory.map_or(0, |found| found.len()),
        })),
        Shape::Human => {
            files.iter().for_each(|file| print::line(&format!("written: {}", file.display())));
            if !findings.is_empty() {
                print::line(&findings.to_string());
            }
            let usable = inventory.map_or(0, |found| found.len());
            print::line(&format!(
                "{}; `mercury switch probe NAME` tries one",
                print::counted(usable, "usable switch", "usable switches")
            ));
        }
    }
    Ok(if is_sound { DONE } else { found() })
}

fn word(value: Value) -> Option<String> {
    match value {
        Value::Word(text) | Value::Text(text) => Some(text),
        _ => None,
    }
}

/// What oslo.config takes for true.
fn is_true(text: &str) -> bool {
    ["1", "t", "true", "on", "y", "yes"].contains(&text.trim().to_lowercase().as_str())
}

/// A list as oslo.config reads it.
fn listed(text: &str) -> Vec<&str> {
    text.split(',').map(str::trim).filter(|one| !one.is_empty()).collect()
}
