//! The conformance kit: every dialect with a command line against every case of
//! `tests/cases`.
//!
//! What a dialect renders is compared with a file that a person has reviewed, typed into
//! a small engine of lines that knows only what replaces what, and read back.
//! `MERCURY_BLESS=1` writes the files anew; read the difference before committing it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a case that cannot be read is a failure of the test")]

mod brownfield;
#[path = "../../../../tests/kit/carried.rs"]
mod carried;
#[path = "../../../../tests/kit/case.rs"]
mod case;
mod database;
mod default_vlan;
mod device;
mod device_rules;
mod fabric;
mod fastiron;
mod force10;
mod forms;
mod general;
mod large;
mod made;
mod missing;
#[path = "../../../../tests/kit/names.rs"]
mod names;
mod numbered;
mod nvue;
mod overlays;
mod robust;
mod round_trip;
mod sets;
mod shown;
mod shown_flat;
mod shown_sets;
mod states;
mod table;
mod theirs;
mod transcripts;
mod turns;

use std::{collections::BTreeSet, sync::Arc};

use case::{Case, golden, leftovers};
use mercury_adapter::{Capabilities, Dialect, Render, Unrenderable, builtin};
use mercury_cli::{CliRenderer, Script};
use mercury_model::Plan;

/// The protocol of this kit, as dialect files call it.
const PROTOCOL: &str = "cli";

/// The dialects of `adapters/dialects` that have a command line.
fn dialects() -> Vec<Arc<Dialect>> {
    builtin().unwrap().into_iter().filter(|dialect| dialect.cli.is_some()).collect()
}

fn dialect(name: &str) -> Arc<Dialect> {
    dialects().into_iter().find(|dialect| dialect.name == name).unwrap()
}

/// Whether VLANs are never made there.
fn makes_no_vlans(dialect: &Dialect) -> bool {
    dialect.cli.as_ref().unwrap().tree().is_some_and(|tree| tree.vlan.is_none())
}

/// A case on a dialect's system; `None` where it cannot be one, or is about VLANs that are
/// never made there.
fn case_of(case: &Case, dialect: &Dialect) -> Option<Case> {
    let mut own = case.of(&dialect.name)?;
    if makes_no_vlans(dialect) {
        own.running.vlans.clear();
        own.intended.vlans.clear();
        if own.running == own.intended {
            return None;
        }
    }
    Some(own)
}

fn render(dialect: &Arc<Dialect>, plan: &Plan) -> Result<Script, Unrenderable> {
    let payload = CliRenderer::new(dialect).unwrap().render(plan, &Capabilities::unknown())?;
    let script: &Script = payload.body().unwrap();
    assert_eq!(payload.to_string(), script.to_string());
    Ok(script.clone())
}

#[test]
fn every_dialect_renders_every_case_as_reviewed() {
    let (mut problems, dialects) = (Vec::new(), dialects());
    for case in case::all() {
        let mut expected = BTreeSet::new();
        for dialect in &dialects {
            let Some(case) = case_of(&case, dialect) else { continue };
            let plan = case::plan(&case.running, &case.intended);
            let (file, text) = match render(dialect, &plan) {
                Ok(script) => (format!("{}.lines.txt", dialect.name), script.to_string()),
                Err(refusal) => (format!("{}.lines.refused.txt", dialect.name), format!("{refusal}\n")),
            };
            golden(&case.folder.join(&file), &text, &mut problems);
            expected.insert(file);
        }
        leftovers(&case, &["lines.txt", "lines.refused.txt"], &expected, &mut problems);
    }
    assert!(
        problems.is_empty(),
        "MERCURY_BLESS=1 writes these files; review the difference:\n\n{}",
        problems.join("\n\n")
    );
}

#[test]
fn equal_configurations_render_nothing() {
    for case in case::all() {
        for dialect in dialects() {
            let Some(case) = case_of(&case, &dialect) else { continue };
            let script = render(&dialect, &case::plan(&case.intended, &case.intended)).unwrap();
            assert_eq!(script.lines, [], "{} {}", dialect.name, case.name);
        }
    }
}
