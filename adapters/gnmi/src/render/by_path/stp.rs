//! An interface's entry in the spanning tree's list, which others may share.

use mercury_adapter::{EdgeForm, Names, Unrenderable};
use mercury_model::{EdgePort, InterfaceName, Stp};

use super::ByPath;
use crate::{draft::Draft, operations::Value};

/// The module of the values of `edge-port`.
const STP_TYPES: &str = "openconfig-spanning-tree-types";

/// Sets and deletes the two leaves that are Mercury's. With the last of them
/// goes the entry, unless it is `shared`.
pub(super) fn change(
    by_path: &ByPath<'_>,
    draft: &mut Draft,
    interface: &InterfaceName,
    (before, after): (Option<Stp>, Option<Stp>),
    shared: bool,
) -> Result<(), Unrenderable> {
    let tree = by_path.has("stp", by_path.tree.stp.as_ref())?;
    let names = Names::interface(interface);
    let made = before.is_none() && !shared;
    let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
    if after == Stp::default() && !shared {
        draft.remove(&tree.interface, &names);
        return Ok(());
    }
    let entry = draft.entry(&tree.interface, &names);
    entry.made = made;
    entry.name = tree.name.as_ref().map(|path| (path.clone(), Value::Text(interface.to_string())));
    if before.edge_port != after.edge_port {
        let (path, form) = by_path.has("stp.edge-port", tree.edge_port.as_ref())?;
        let value = after.edge_port.map(|edge| edge_port(by_path, *form, edge)).transpose()?;
        entry.set_or_delete(path, value);
    }
    if before.bpdu_guard != after.bpdu_guard {
        let path = by_path.has("stp.bpdu-guard", tree.bpdu_guard.as_ref())?;
        entry.set_or_delete(path, after.bpdu_guard.map(Value::Boolean));
    }
    Ok(())
}

fn edge_port(by_path: &ByPath<'_>, form: EdgeForm, edge: EdgePort) -> Result<Value, Unrenderable> {
    match (form, edge) {
        (EdgeForm::Identity, edge) => Ok(Value::Identity(STP_TYPES, edge.identity().to_owned())),
        // RFC 7951 section 6.9.
        (EdgeForm::PresentWhenEnabled, EdgePort::EdgeEnable) => Ok(Value::List(Vec::new())),
        (EdgeForm::PresentWhenEnabled, other) => {
            Err(by_path.cannot(&format!("edge-port {}", other.identity()), "a port is an edge or nothing is said"))
        }
    }
}
