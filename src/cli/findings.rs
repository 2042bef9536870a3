//! Findings, for people and for the machines that show them beside the lines they are
//! about.

mod excerpt;
mod junit;
mod sarif;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde_json::json;

use super::{Common, DONE, Shape, found, print};
use crate::finding::{Code, Finding, Findings, Severity};

/// Of so many findings of one file the lines are shown; nobody reads more of them.
const MAX_EXCERPTS: usize = 200;

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
    /// Why it was not looked for after all.
    pub(super) skipped: Option<String>,
    /// How many of its lines, nodes and attributes were not looked at, though the rest was.
    pub(super) passed_over: usize,
    pub(super) findings: Findings,
}

impl Checked {
    /// All of it was looked at.
    pub(super) fn of(name: String, level: &'static str, findings: Findings) -> Self {
        Self { name, level, source: None, told: Vec::new(), skipped: None, passed_over: 0, findings }
    }

    /// What machines are told of it where a part was not looked at.
    fn passed_over(&self) -> Option<String> {
        let counted = print::counted(self.passed_over, "line, node or attribute", "lines, nodes and attributes");
        (self.passed_over > 0).then(|| format!("{counted} of it not looked at"))
    }
}

/// Tells of all; ends with 1 where something of error severity was found.
pub(super) fn tell(common: &Common, all: impl IntoIterator<Item = Checked>) -> std::process::ExitCode {
    let mut telling = Telling::new(common);
    all.into_iter().for_each(|one| telling.add(one));
    telling.end()
}

/// Tells of one after the other: to people at once, to machines at the end.
pub(super) struct Telling {
    shape: Shape,
    kept: Vec<Checked>,
    names: BTreeSet<String>,
    errors: usize,
    warnings: usize,
    /// How many were not looked at for a reason, and that.
    skipped: BTreeMap<String, usize>,
    /// What is to be done about these was said.
    advised: BTreeSet<Code>,
}

impl Telling {
    pub(super) fn new(common: &Common) -> Self {
        Self {
            shape: common.shape,
            kept: Vec::new(),
            names: BTreeSet::new(),
            errors: 0,
            warnings: 0,
            skipped: BTreeMap::new(),
            advised: BTreeSet::new(),
        }
    }

    pub(super) fn add(&mut self, one: Checked) {
        self.errors += one.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
        self.warnings += one.findings.iter().filter(|finding| finding.severity == Severity::Warning).count();
        if self.shape == Shape::Human {
            human(&one, &mut self.advised);
            if let Some(reason) = one.skipped {
                *self.skipped.entry(format!("not by {}: {reason}", one.level)).or_default() += 1;
            }
            self.names.insert(one.name);
        } else {
            self.kept.push(one);
        }
    }

    /// Ends with 1 where something of error severity was found.
    pub(super) fn end(self) -> std::process::ExitCode {
        match self.shape {
            Shape::Human => {
                let (errors, warnings) = (self.errors, self.warnings);
                let skipped = self.skipped.iter().map(|(reason, count)| format!("; {count} {reason}"));
                print::line(&format!(
                    "{} checked, {}, {}{}",
                    self.names.len(),
                    print::counted(errors, "error", "errors"),
                    print::counted(warnings, "warning", "warnings"),
                    skipped.collect::<String>()
                ));
            }
            Shape::Json => {
                let findings: Vec<_> = self.kept.iter().flat_map(|one| &one.findings).collect();
                let checked = self.kept.iter().map(|one| {
                    let mut told = json!({"name": one.name, "level": one.level, "errors": one.findings.errors().len(),
                                          "findings": one.findings.len(), "told": one.told,
                                          "not-looked-at": one.passed_over});
                    if let (Some(reason), Some(members)) = (&one.skipped, told.as_object_mut()) {
                        members.insert("skipped".to_owned(), reason.as_str().into());
                    }
                    told
                });
                print::json(&json!({"findings": findings, "checked": checked.collect::<Vec<_>>()}));
            }
            Shape::Sarif => print::json(&sarif::log(&self.kept)),
            Shape::Junit => print::line(&junit::suites(&self.kept)),
        }
        if self.errors > 0 { found() } else { DONE }
    }
}

/// At once: each line by itself would be a call of the system. What is to be done about each of
/// a kind is said once.
fn human(one: &Checked, advised: &mut BTreeSet<Code>) {
    let mut lines = Vec::new();
    if !one.told.is_empty() {
        lines.push(format!("{}:", one.name));
        lines.extend(one.told.iter().map(|line| format!("  {line}")));
    }
    let shown = |(index, finding): (usize, &Finding)| {
        let is_told = finding.help.is_none() && advised.insert(finding.code);
        let advice = is_told.then(|| finding.code.advice());
        excerpt::told(finding, one.source.as_deref().filter(|_| index < MAX_EXCERPTS), advice)
    };
    lines.extend(one.findings.iter().enumerate().map(shown));
    if !lines.is_empty() {
        print::line(&lines.join("\n"));
    }
}
