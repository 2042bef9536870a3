//! Every dialect that speaks RESTCONF against every case of `tests/cases`, and against
//! switches as networks have them.
//!
//! What a dialect renders is played into a small interpreter of requests that shares no
//! code with the adapter, and read back as a session would; as one YANG Patch, and as plain
//! requests.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a case that cannot be read is a failure of the test"
)]

mod brownfield;
#[path = "../../../../tests/kit/carried.rs"]
mod carried;
#[expect(dead_code, reason = "other kits compare with files too")]
#[path = "../../../../tests/kit/case.rs"]
mod case;
mod device;
mod face;
mod from_xml;
#[path = "../../../../tests/kit/names.rs"]
mod names;
mod os10;
mod round_trip;
mod slow;
mod sonic;
mod states;
mod tags;
mod turns;
mod written;

use std::sync::Arc;

use mercury_adapter::{Capabilities, Dialect, Render as _, Unrenderable, builtin};
use mercury_model::Plan;
use mercury_restconf::{Changes, Renderer};

/// The protocol of this kit, as dialect files call it.
const PROTOCOL: &str = "restconf";

/// The dialects that speak RESTCONF.
fn dialects() -> Vec<Arc<Dialect>> {
    builtin().unwrap().into_iter().filter(|dialect| dialect.restconf.is_some()).collect()
}

fn dialect(name: &str) -> Arc<Dialect> {
    dialects().into_iter().find(|dialect| dialect.name == name).unwrap()
}

fn render(dialect: &Arc<Dialect>, plan: &Plan) -> Result<Changes, Unrenderable> {
    let target = Capabilities { variant: Some(0), ..Capabilities::unknown() };
    let payload = Renderer::new(dialect, None).unwrap().render(plan, &target)?;
    Ok(payload.body::<Changes>().unwrap().clone())
}
