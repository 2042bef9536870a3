//! Findings, for people and for the machines that show them beside the lines they are
//! about.

mod excerpt;
mod junit;
mod sarif;

use std::sync::Arc;

use serde_json::json;

use super::{Common, DONE, Shape, found, print};
use crate::finding::{Findings, Severity};

/// What was looked at, and what came of it.
pub(super) struct Checked {
    /// The file or example.
    pub(super) name: String,
    /// What was looked for, such as `rules`.
    pub(super) level: &'static str,
    /// The file's text, where it may be shown.
    pub(super) source: Option<Arc<str>>,
    /// What else people should see of it.
    pub(super) told: Vec<String>,
    pub(super) findings: Findings,
}

/// Tells of all; ends with 1 where something of error severity was found.
pub(super) fn tell(common: &Common, all: &[Checked]) -> std::process::ExitCode {
    match common.shape {
        Shape::Human => human(all),
        Shape::Json => {
            let findings: Vec<_> = all.iter().flat_map(|one| &one.findings).collect();
            let checked = all.iter().map(|one| {
                json!({"name": one.name, "level": one.level, "errors": one.findings.errors().len(),
                       "findings": one.findings.len(), "told": one.told})
            });
            print::json(&json!({"findings": findings, "checked": checked.collect::<Vec<_>>()}));
        }
        Shape::Sarif => print::json(&sarif::log(all)),
        Shape::Junit => print::line(&junit::suites(all)),
    }
    if all.iter().any(|one| one.findings.has_errors()) { found() } else { DONE }
}

fn human(all: &[Checked]) {
    for one in all {
        if !one.told.is_empty() {
            print::line(&format!("{}:", one.name));
            one.told.iter().for_each(|line| print::line(&format!("  {line}")));
        }
        one.findings.iter().for_each(|finding| print::line(&excerpt::told(finding, one.source.as_deref())));
    }
    let count = |severity| all.iter().flat_map(|one| &one.findings).filter(|one| one.severity == severity).count();
    let names = all.iter().map(|one| &one.name).collect::<std::collections::BTreeSet<_>>().len();
    print::line(&format!(
        "{} checked, {}, {}",
        names,
        print::counted(count(Severity::Error), "error", "errors"),
        print::counted(count(Severity::Warning), "warning", "warnings")
    ));
}
