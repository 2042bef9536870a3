//! What the conformance kit in `tests/dialects` needs of the insides, and
//! nothing else.

use mercury_adapter::{Dialect, running};
use mercury_model::{Running, Scope};

use crate::{
    decode::{self, Has},
    message::ReplyData,
    xml::Element,
};

/// The bare list entries of everything in `scope`: what a session asks for,
/// and what a switch holds of ports that nobody configured. Empty for a
/// dialect without NETCONF.
#[must_use]
pub fn entries(dialect: &Dialect, scope: &Scope) -> Vec<Element> {
    let Some(netconf) = &dialect.netconf else { return Vec::new() };
    decode::filter(netconf, &netconf.network_instance, scope, Has { lacp: false, stp: false })
}

/// What `data` says about `scope`, as a session reads it.
///
/// # Errors
/// A sentence that names what cannot be understood, or that the dialect does
/// not speak NETCONF.
pub fn decode(dialect: &Dialect, data: &Element, scope: &Scope) -> Result<Running, String> {
    let netconf = dialect.netconf.as_ref().ok_or_else(|| format!("{} does not speak NETCONF", dialect.name))?;
    running(&netconf.tree, &netconf.network_instance, data, scope)
}

/// The same of a reply's data, as it came.
///
/// # Errors
/// It is no data; or as [`decode`].
pub fn read(dialect: &Dialect, data: ReplyData, scope: &Scope) -> Result<Result<Running, String>, String> {
    let netconf = dialect.netconf.as_ref().ok_or_else(|| format!("{} does not speak NETCONF", dialect.name))?;
    decode::read(netconf, &netconf.network_instance, data, scope).map_err(|error| error.to_string())
}
