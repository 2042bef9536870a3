//! The NETCONF face of the switch (RFC 6241), over any byte stream.

mod edit;
mod encode;
mod filter;
mod framing;
mod junos;
mod monitoring;
mod operations;
mod reply;
mod session;
pub(crate) mod tls;
mod xml;

use crate::{
    SimError,
    datastore::Container,
    edit::Operation,
    schema::{Node, Schema},
};

pub(crate) use session::{End, serve};

/// The namespace of NETCONF itself.
const BASE: &str = "urn:ietf:params:xml:ns:netconf:base:1.0";

/// A configuration as the content of `<config>`.
pub(crate) fn to_xml(config: &Container, root: &'static [Node]) -> String {
    encode::configuration(config, root, encode::Defaults::Explicit)
}

/// Reads an edit from the content of a `<config>`: one or several top-level
/// elements, with `operation` attributes where wanted.
pub(crate) fn edit_from_xml(content: &str, schema: &Schema) -> Result<crate::edit::Edit, SimError> {
    let document = format!("<config xmlns=\"{BASE}\" xmlns:nc=\"{BASE}\">{content}</config>");
    let config = xml::parse(document.as_bytes()).map_err(SimError::Malformed)?;
    edit::read(&config, schema, Operation::Merge, false).map_err(|reason| SimError::Refused(reason.into()))
}
