//! `mercury config check`.

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::{
    Common, DONE, Shape,
    findings::{self, Checked},
    found, machine, print,
};
use crate::{
    config::{self, FileAccess, Overrides},
    inventory::{self, Inventory},
};

/// What is checked.
#[derive(Clone, Debug, Args)]
pub(super) struct CheckArguments {
    /// The files of settings, switches and rules alone, as they lie in a repository: no secret, host
    /// key or certificate is looked for, and nothing that the machine of the service has.
    #[arg(long)]
    offline: bool,
}

pub(super) fn run(common: &Common, arguments: &CheckArguments) -> ExitCode {
    let secret_files = arguments.offline.then_some(FileAccess::Unasked);
    let overrides = Overrides { secret_files, ..common.overrides() };
    let (settings, inventory, mut findings) = config::check(common.config.as_deref(), &overrides);
    let switches = inventory.as_ref().map_or(0, Inventory::len);
    let here = !arguments.offline;
    if let (Some(settings), Some(inventory), true) = (&settings, &inventory, here) {
        findings.merge(inventory::weak(settings, inventory));
    }
    if let Some(inventory) = inventory.as_ref().filter(|_| here) {
        findings.merge(machine::for_switches(inventory));
    }
    if let Some(settings) = settings.as_ref().filter(|_| here) {
        findings.merge(machine::check(settings, switches));
        findings.merge(machine::places(settings));
    }
    match common.shape {
        Shape::Sarif | Shape::Junit => {
            let name = common.config.as_ref().map_or_else(|| "settings".to_owned(), |file| file.display().to_string());
            return findings::tell(common, [Checked::of(name, "configuration", findings)]);
        }
        Shape::Json => print::json(&json!({"findings": findings, "usable_switches": switches})),
        Shape::Human => {
            if !findings.is_empty() {
                print::line(&findings.to_string());
            }
            print::line(&format!(
                "{}, {}",
                print::counted(switches, "usable switch", "usable switches"),
                print::counted(findings.len(), "finding", "findings")
            ));
        }
    }
    if settings.is_none() || findings.has_errors() { found() } else { DONE }
}
