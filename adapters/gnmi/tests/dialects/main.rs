//! The conformance kit: every dialect that speaks gNMI against every case of
//! `tests/cases`.
//!
//! What a dialect renders is compared with files that a person has reviewed,
//! played into a small interpreter of Set that shares no code with the
//! renderer, and read back as a session would. `MERCURY_BLESS=1` writes the
//! files anew; read the difference before committing it.
//!
//! `<dialect>.set.txt` says what is done, `<dialect>.set-request.txt` the same
//! as it goes over the wire, `<dialect>.set.refused.txt` why nothing is done.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a case that cannot be read is a failure of the test"
)]

mod answers;
mod beside;
mod brownfield;
#[path = "../../../../tests/kit/case.rs"]
mod case;
#[path = "../../../../tests/kit/configs.rs"]
mod configs;
mod device;
mod from_xml;
mod leftovers;
mod mac_vrf;
mod mac_vrf_overlay;
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
mod text;
#[path = "../../../../tests/kit/vendors.rs"]
mod vendors;
#[path = "../../../../tests/kit/view.rs"]
mod view;
mod views;
mod vni_states;

use std::{collections::BTreeSet, sync::Arc};

use case::{golden, leftovers, plan};
use mercury_adapter::{
    Capabilities, Dialect, GnmiDialect, Mapping, NodePath, Render as _, Tree, Unrenderable, builtin,
};
use mercury_gnmi::{Overrides, Renderer, SetOperations, conformance};
use mercury_gnmi_proto::gnmi::SetRequest;
use mercury_model::Plan;

/// Where everything lies.
fn trees(dialect: &Dialect) -> Vec<&Tree> {
    match &gnmi(dialect).mapping {
        Mapping::Tree(tree) => vec![tree],
        Mapping::MacVrf => Vec::new(),
    }
}

/// Nodes that code names, and no table.
fn named_by_code(dialect: &Dialect) -> Vec<NodePath> {
    match &gnmi(dialect).mapping {
        Mapping::Tree(_) => Vec::new(),
        Mapping::MacVrf => mercury_adapter::mac_vrf::nodes(),
    }
}

/// Values that code takes for nobody's.
fn defaults_by_code(dialect: &Dialect) -> Option<paths::Defaults> {
    match &gnmi(dialect).mapping {
        Mapping::Tree(_) => None,
        Mapping::MacVrf => {
            let (entry, own, said) = mercury_adapter::mac_vrf::defaults();
            let said = said.iter().filter(|(_, value)| !value.is_empty());
            let said = said.map(|(path, value)| (path.join("/"), vec![(*value).to_owned()]));
            Some((entry, own.iter().map(|leaf| (*leaf).to_owned()).collect(), said.collect()))
        }
    }
}

/// The protocol of this kit, as dialect files call it.
const PROTOCOL: &str = "gnmi";

/// The dialects of `adapters/dialects` that speak gNMI.
fn dialects() -> Vec<Arc<Dialect>> {
    builtin().unwrap().into_iter().filter(|dialect| dialect.gnmi.is_some()).collect()
}

fn dialect(name: &str) -> Arc<Dialect> {
    dialects().into_iter().find(|dialect| dialect.name == name).unwrap()
}

fn gnmi(dialect: &Dialect) -> &GnmiDialect {
    dialect.gnmi.as_ref().unwrap()
}

fn render(dialect: &Arc<Dialect>, plan: &Plan) -> Result<SetOperations, Unrenderable> {
    let payload = Renderer::new(dialect, Overrides::default()).unwrap().render(plan, &Capabilities::unknown())?;
    let operations: &SetOperations = payload.body().unwrap();
    assert_eq!(payload.to_string(), operations.to_string());
    Ok(operations.clone())
}

fn request(dialect: &Dialect, operations: &SetOperations) -> SetRequest {
    conformance::set_request(gnmi(dialect), operations)
}

#[test]
fn every_dialect_renders_every_case_as_reviewed() {
    let (mut problems, dialects) = (Vec::new(), dialects());
    for case in case::all() {
        let mut expected = BTreeSet::new();
        for dialect in &dialects {
            let Some(case) = case.of(&dialect.name) else { continue };
            let mut written = |kind: &str, text: &str| {
                let file = format!("{}.{kind}", dialect.name);
                golden(&case.folder.join(&file), text, &mut problems);
                expected.insert(file);
            };
            match render(dialect, &plan(&case.running, &case.intended)) {
                Ok(operations) => {
                    written("set.txt", &operations.to_string());
                    written("set-request.txt", &text::shown(&request(dialect, &operations)));
                }
                Err(refusal) => written("set.refused.txt", &format!("{refusal}\n")),
            }
        }
        let own = ["set.txt", "set-request.txt", "set.refused.txt"];
        leftovers(&case, &own, &expected, &mut problems);
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
            let operations = render(&dialect, &plan(&case.intended, &case.intended)).unwrap();
            assert!(operations.is_empty(), "{} {}", dialect.name, case.name);
        }
    }
}
