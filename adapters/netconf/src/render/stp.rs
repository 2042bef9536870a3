//! An interface's entry in the spanning tree's list, which others may share.

use mercury_adapter::{EdgeForm, Names, NodePath, Unrenderable};
use mercury_model::{EdgePort, InterfaceName, Stp};

use super::{Renderer, set};
use crate::{place::place, xml::Element};

/// The module of the values of `edge-port`.
const STP_TYPES: &str = "http://openconfig.net/yang/spanning-tree/types";

/// Sets and removes the two leaves that are Mercury's. With the last of them
/// goes the entry, unless it is `shared`.
pub(super) fn change(
    renderer: &Renderer,
    config: &mut Element,
    interface: &InterfaceName,
    (before, after): (Stp, Stp),
    shared: bool,
) -> Result<(), Unrenderable> {
    let tree = renderer.has("stp", renderer.netconf.tree.stp.as_ref())?;
    let names = Names::interface(interface);
    if after == Stp::default() && !shared {
        place(config, &tree.interface, &names, |entry| *entry = entry.clone().operation("remove"));
        return Ok(());
    }
    let mut leaves: Vec<(&NodePath, Option<Element>)> = Vec::new();
    if before.edge_port != after.edge_port {
        let (path, form) = renderer.has("stp.edge-port", tree.edge_port.as_ref())?;
        let leaf = after.edge_port.map(|edge| edge_port(renderer, path, *form, edge)).transpose()?;
        leaves.push((path, leaf));
    }
    if before.bpdu_guard != after.bpdu_guard {
        let path = renderer.has("stp.bpdu-guard", tree.bpdu_guard.as_ref())?;
        leaves.push((path, after.bpdu_guard.map(|on| made(path).text(on.to_string()))));
    }
    place(config, &tree.interface, &names, |entry| {
        if let Some(path) = &tree.name {
            place(entry, path, &names, |leaf| set(leaf, interface.as_str()));
        }
        for (path, wanted) in leaves {
            place(entry, path, &names, |leaf| {
                *leaf = wanted.unwrap_or_else(|| leaf.clone().operation("remove"));
            });
        }
    });
    Ok(())
}

fn edge_port(renderer: &Renderer, path: &NodePath, form: EdgeForm, edge: EdgePort) -> Result<Element, Unrenderable> {
    match (form, edge) {
        (EdgeForm::Identity, edge) => Ok(made(path).qname("oc-stp-types", STP_TYPES, edge.identity())),
        (EdgeForm::PresentWhenEnabled, EdgePort::EdgeEnable) => Ok(made(path)),
        (EdgeForm::PresentWhenEnabled, other) => {
            Err(renderer.cannot(&format!("edge-port {}", other.identity()), "a port is an edge or nothing is said"))
        }
    }
}

/// The leaf a path ends at.
fn made(path: &NodePath) -> Element {
    path.steps.last().map_or_else(|| Element::new("", ""), |step| Element::new(&step.module.namespace, &step.name))
}
