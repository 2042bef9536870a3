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

mod beside;
mod brownfield;
#[path = "../../../../tests/kit/case.rs"]
mod case;
#[path = "../../../../tests/kit/configs.rs"]
mod configs;
mod device;
mod evpn;
mod filter;
mod foreign;
mod iosxe;
mod leftovers;
#[path = "../../../../tests/kit/names.rs"]
mod names;
#[path = "../../../../tests/kit/paths.rs"]
mod paths;
mod payload;
#[path = "../../../../tests/kit/published.rs"]
mod published;
mod random;
mod round_trip;
mod schema;
mod shared;
#[path = "../../../../tests/kit/switch.rs"]
mod switch;
#[path = "../../../../tests/kit/vendors.rs"]
mod vendors;
#[path = "../../../../tests/kit/view.rs"]
mod view;
mod views;

use std::{collections::BTreeSet, sync::Arc};

use case::{golden, leftovers};
use mercury_adapter::{Capabilities, Dialect, NodePath, Render, Tree, Unrenderable, builtin};
use mercury_model::Plan;
use mercury_netconf::{EditConfig, Renderer};

/// The protocol of this kit, as dialect files call it.
const PROTOCOL: &str = "netconf";

/// The dialects of `adapters/dialects` that speak NETCONF.
fn dialects() -> Vec<Arc<Dialect>> {
    builtin().unwrap().into_iter().filter(|dialect| dialect.netconf.is_some()).collect()
}

/// Where everything lies, in each form.
fn trees(dialect: &Dialect) -> Vec<&Tree> {
    let netconf = dialect.netconf.as_ref().unwrap();
    std::iter::once(&*netconf.tree).chain(netconf.variants.iter().map(|variant| &*variant.tree)).collect()
}

/// Nodes that code names, and no table.
fn named_by_code(_: &Dialect) -> Vec<NodePath> {
    Vec::new()
}

/// Values that code takes for nobody's.
fn defaults_by_code(_: &Dialect) -> Option<paths::Defaults> {
    None
}

/// Those, and each as it speaks with an earlier release.
fn every_form() -> Vec<Arc<Dialect>> {
    let mut forms = dialects();
    for dialect in dialects() {
        let netconf = dialect.netconf.as_ref().unwrap();
        forms.extend(
            (1..=netconf.variants.len()).map(|variant| {
                Arc::new(Dialect { netconf: Some(netconf.of(Some(variant))), ..Dialect::clone(&dialect) })
            }),
        );
    }
    forms
}

fn dialect(name: &str) -> Arc<Dialect> {
    dialects().into_iter().find(|dialect| dialect.name == name).unwrap()
}

fn render(dialect: &Arc<Dialect>, plan: &Plan) -> Result<EditConfig, Unrenderable> {
    let payload = Renderer::new(dialect, None).unwrap().render(plan, &Capabilities::unknown())?;
    let edit: &EditConfig = payload.body().unwrap();
    assert_eq!(payload.to_string(), edit.to_string());
    Ok(edit.clone())
}

#[test]
fn every_dialect_renders_every_case_as_reviewed() {
    let (mut problems, dialects) = (Vec::new(), dialects());
    for case in case::all() {
        let mut expected = BTreeSet::new();
        let plan = case::plan(&case.running, &case.intended);
        let lines: String = plan.edits.iter().map(|edit| format!("{edit}\n")).collect();
        golden(&case.folder.join("plan.txt"), &lines, &mut problems);
        for dialect in &dialects {
            let Some(case) = case.of(&dialect.name) else { continue };
            let plan = case::plan(&case.running, &case.intended);
            let (file, text) = match render(dialect, &plan) {
                Ok(edit) => (format!("{}.edit-config.xml", dialect.name), edit.to_string()),
                Err(refusal) => (format!("{}.refused.txt", dialect.name), format!("{refusal}\n")),
            };
            golden(&case.folder.join(&file), &text, &mut problems);
            expected.insert(file);
        }
        leftovers(&case, &["edit-config.xml", "refused.txt"], &expected, &mut problems);
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
            let Some(case) = case.of(&dialect.name) else { continue };
            let edit = render(&dialect, &case::plan(&case.intended, &case.intended)).unwrap();
            assert_eq!(edit.content(), [], "{} {}", dialect.name, case.name);
        }
    }
}
