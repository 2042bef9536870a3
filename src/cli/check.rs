//! `mercury config check`.

use std::process::ExitCode;

use serde_json::json;

use super::{
    Common, DONE, Shape,
    findings::{self, Checked},
    found, machine, print,
};
use crate::{
    config,
    inventory::{self, Inventory},
};

pub(super) fn run(common: &Common) -> ExitCode {
    let (settings, inventory, mut findings) = config::check(common.config.as_deref(), &common.overrides());
    let switches = inventory.as_ref().map_or(0, Inventory::len);
    if let (Some(settings), Some(inventory)) = (&settings, &inventory) {
        findings.merge(inventory::weak(settings, inventory));
    }
    if let Some(inventory) = &inventory {
        findings.merge(machine::for_switches(inventory));
    }
    if let Some(settings) = &settings {
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
