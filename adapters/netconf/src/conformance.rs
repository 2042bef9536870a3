//! What the conformance kit in `tests/dialects` needs of the insides, and
//! nothing else.

use mercury_adapter::{Budget, Bump, DataTree, Dialect, Looking, MAX_REPLY, Names, running};
use mercury_model::{InterfaceName, List, Running, Scope};

use crate::{
    decode,
    message::ReplyData,
    place::place,
    published::Published,
    render::EditConfig,
    xml::{self, BASE_NS, Element},
};

/// The bare list entries of ports: what a switch holds of those that nobody
/// configured. Empty for a dialect without NETCONF.
#[must_use]
pub fn entries(dialect: &Dialect, ports: &[InterfaceName]) -> Vec<Element> {
    let Some(netconf) = &dialect.netconf else { return Vec::new() };
    let mut root = Element::new(BASE_NS, "data");
    for port in ports {
        place(&mut root, &netconf.tree.interface, &Names::interface(port), |_| {});
    }
    root.elements().cloned().collect()
}

/// What a session asks a server for that knows every list of the dialect's.
/// Empty for a dialect without NETCONF.
#[must_use]
pub fn filter(dialect: &Dialect, scope: &Scope) -> Vec<Element> {
    let Some(netconf) = &dialect.netconf else { return Vec::new() };
    decode::filter(netconf, &netconf.network_instance, scope, &List::ALL.into())
}

/// An edit as a session sends it to a Junos device of this family that speaks in the
/// namespaces of the published modules.
#[must_use]
pub fn published(family: &str, edit: &EditConfig) -> String {
    let shown = format!("<data><configuration xmlns=\"http://yang.juniper.net/{family}/conf/root\"/></data>");
    let mut config = edit.clone();
    Published::shown(&shown).iter().for_each(|published| published.respell(&mut config.0));
    config.to_string()
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

/// The same of the text of `<data>`, read as a session reads it.
///
/// # Errors
/// It is no data, not one that the dialect's tree can be read from, or the dialect
/// does not speak NETCONF.
pub fn decode_text(dialect: &Dialect, text: &str, scope: &Scope) -> Result<Running, String> {
    let netconf = dialect.netconf.as_ref().ok_or_else(|| format!("{} does not speak NETCONF", dialect.name))?;
    let looking = Looking { tree: &netconf.tree, defaults: &netconf.defaults, instance: &netconf.network_instance };
    let (arena, mut share) = (Bump::new(), Budget::shared().share(MAX_REPLY));
    let data = xml::tree(text, xml::Limits::default(), xml::Laid::All, &mut DataTree::new(&arena, &mut share));
    data.map(|data| running(looking, data, scope)).map_err(|error| error.to_string())
}

/// The same of a reply's data, as it came.
///
/// # Errors
/// It is no data, not one that the dialect's tree can be read from, or the dialect
/// does not speak NETCONF.
pub fn read(dialect: &Dialect, data: ReplyData, scope: &Scope) -> Result<Running, String> {
    let netconf = dialect.netconf.as_ref().ok_or_else(|| format!("{} does not speak NETCONF", dialect.name))?;
    decode::read(netconf, &netconf.network_instance, data, scope).map_err(|error| error.to_string())
}
