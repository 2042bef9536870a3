//! What a device says about spanning tree, and about whose it is.

use std::collections::BTreeSet;

use mercury_model::{DeviceConfig, EdgePort, InterfaceName, Stp};

use super::{Data, find, value};
use crate::{EdgeForm, Names, NodePath, StpTree, Tree};

/// Reads the settings of the interfaces that were read; says whose entries hold
/// more than that.
pub(super) fn read<D: Data>(
    tree: &Tree,
    data: &D,
    config: &mut DeviceConfig,
) -> Result<BTreeSet<InterfaceName>, String> {
    let mut shared = BTreeSet::new();
    let Some(tree) = &tree.stp else { return Ok(shared) };
    for (entry, names) in find(data, &tree.interface, &Names::default()) {
        let Some(name) = names.found_interface() else { continue };
        let Some(interface) = config.interfaces.get_mut(&name) else { continue };
        let edge_port = tree.edge_port.as_ref().map(|(path, form)| edge_port(entry, path, *form, &names));
        let edge_port = edge_port.transpose().map_err(|problem| format!("{name}: {problem}"))?.flatten();
        let guard = tree.bpdu_guard.as_ref().and_then(|path| value(entry, path, &names));
        interface.stp = Stp::of(edge_port, guard.map(|guard| guard == "true"));
        if holds_more(entry, &known(tree)) {
            shared.insert(name);
        }
    }
    Ok(shared)
}

fn edge_port<D: Data>(entry: &D, path: &NodePath, form: EdgeForm, names: &Names) -> Result<Option<EdgePort>, String> {
    match form {
        EdgeForm::PresentWhenEnabled => Ok((!find(entry, path, names).is_empty()).then_some(EdgePort::EdgeEnable)),
        EdgeForm::Identity => {
            let identity = value(entry, path, names).map(|word| word.rsplit_once(':').map_or(word, |(_, name)| name));
            let edge = identity.map(|word| {
                let shown: String = word.chars().take(64).collect();
                EdgePort::from_identity(word).ok_or_else(|| format!("edge-port {shown:?} is none that is known"))
            });
            edge.transpose()
        }
    }
}

/// The nodes of an entry that are Mercury's, by their names.
fn known(tree: &StpTree) -> Vec<Vec<&str>> {
    let keys = tree.interface.steps.last().map_or(&[][..], |step| &step.keys);
    let leaves = [tree.name.as_ref(), tree.edge_port.as_ref().map(|(path, _)| path), tree.bpdu_guard.as_ref()];
    let leaves = leaves.into_iter().flatten().map(|path| path.steps.iter().map(|step| step.name.as_str()).collect());
    keys.iter().map(|(key, _)| vec![key.as_str()]).chain(leaves).collect()
}

/// Whether a node holds a leaf that is not among these. State is not
/// configuration, though some targets answer with both.
fn holds_more<D: Data>(node: &D, known: &[Vec<&str>]) -> bool {
    node.below().filter(|below| below.name() != "state").any(|below| {
        let rest: Vec<Vec<&str>> = known
            .iter()
            .filter_map(|path| path.split_first().filter(|(first, _)| **first == below.name()))
            .map(|(_, rest)| rest.to_vec())
            .collect();
        let is_known = !rest.is_empty();
        match below.below().next() {
            Some(_) => holds_more(below, &rest),
            None => !is_known,
        }
    })
}
