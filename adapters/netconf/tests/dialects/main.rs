//! The conformance kit: every dialect against every case of `tests/cases`.
//!
//! What a dialect renders is compared with a file that a person has reviewed,
//! played into a small `<edit-config>` interpreter that shares no code with
//! the renderer, and read back. `MERCURY_BLESS=1` writes the files anew; read
//! the difference before committing it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a case that cannot be read is a failure of the test"
)]

mod case;
mod device;
mod leftovers;
mod payload;
mod random;
mod round_trip;

use std::{collections::BTreeSet, fs, path::Path, sync::Arc};

use mercury_adapter::{Dialect, Render, Unrenderable, builtin};
use mercury_model::Plan;
use mercury_netconf::{EditConfig, Renderer};

/// The dialects of `adapters/dialects` that speak NETCONF.
fn dialects() -> Vec<Arc<Dialect>> {
    builtin().unwrap().into_iter().filter(|dialect| dialect.netconf.is_some()).map(Arc::new).collect()
}

fn dialect(name: &str) -> Arc<Dialect> {
    dialects().into_iter().find(|dialect| dialect.name == name).unwrap()
}

fn render(dialect: &Arc<Dialect>, plan: &Plan) -> Result<EditConfig, Unrenderable> {
    let payload = Renderer::new(dialect, None).unwrap().render(plan)?;
    let edit: &EditConfig = payload.body().unwrap();
    assert_eq!(payload.to_string(), edit.to_string());
    Ok(edit.clone())
}

/// Whether to write what is rendered instead of comparing it.
fn bless() -> bool {
    std::env::var_os("MERCURY_BLESS").is_some()
}

/// Compares with a file, or writes it.
fn golden(file: &Path, text: &str, problems: &mut Vec<String>) {
    if bless() {
        fs::write(file, text).unwrap();
        return;
    }
    match fs::read_to_string(file) {
        Ok(reviewed) if reviewed == text => {}
        Ok(reviewed) => problems.push(format!("{}\nreviewed:\n{reviewed}\nnow:\n{text}", file.display())),
        Err(error) => problems.push(format!("{}: {error}\nnow:\n{text}", file.display())),
    }
}

#[test]
fn every_dialect_renders_every_case_as_reviewed() {
    let (mut problems, dialects) = (Vec::new(), dialects());
    for case in case::all() {
        let mut expected: BTreeSet<String> = ["running.json", "intended.json", "plan.txt"].map(str::to_owned).into();
        let plan = case.plan();
        let lines: String = plan.edits.iter().map(|edit| format!("{edit}\n")).collect();
        golden(&case.folder.join("plan.txt"), &lines, &mut problems);
        for dialect in &dialects {
            let (file, text) = match render(dialect, &plan) {
                Ok(edit) => (format!("{}.edit-config.xml", dialect.name), edit.to_string()),
                Err(refusal) => (format!("{}.refused.txt", dialect.name), format!("{refusal}\n")),
            };
            golden(&case.folder.join(&file), &text, &mut problems);
            expected.insert(file);
        }
        for entry in fs::read_dir(&case.folder).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            if expected.contains(&name) {
                continue;
            }
            if bless() {
                fs::remove_file(entry.path()).unwrap();
            } else {
                problems.push(format!("{}/{name} belongs to no dialect, or to what it no longer does", case.name));
            }
        }
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
            let edit = render(&dialect, &case::plan(&case.intended, &case.intended)).unwrap();
            assert_eq!(edit.content(), [], "{} {}", dialect.name, case.name);
        }
    }
}
