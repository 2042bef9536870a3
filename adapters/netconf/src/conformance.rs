//! What the conformance kit in `tests/dialects` needs of the insides, and
//! nothing else.

use std::collections::BTreeSet;

use mercury_adapter::{Dialect, Looking, running};
use mercury_model::{Running, Scope};

use crate::{decode, xml::Element};

/// The bare list entries of everything in `scope`: what a session asks for,
/// and what a switch holds of ports that nobody configured. Empty for a
/// dialect without NETCONF.
#[must_use]
pub fn entries(dialect: &Dialect, scope: &Scope) -> Vec<Element> {
    let Some(netconf) = &dialect.netconf else { return Vec::new() };
    decode::filter(netconf, &netconf.network_instance, scope, &BTreeSet::new())
}

/// What `data` says about `scope`, as a session reads it.
///
/// # Errors
/// The dialect does not speak NETCONF.
pub fn decode(dialect: &Dialect, data: &Element, scope: &Scope) -> Result<Running, String> {
    let netconf = dialect.netconf.as_ref().ok_or_else(|| format!("{} does not speak NETCONF", dialect.name))?;
    let looking = Looking { tree: &netconf.tree, defaults: &netconf.defaults, instance: &netconf.network_instance };
    Ok(running(looking, data, scope))
}
