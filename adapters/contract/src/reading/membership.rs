//! VLANs that list their ports, where ports do not say what they carry.

use std::collections::BTreeMap;

use super::{Data, find, vlan};
use crate::{Names, Tree};

/// The numbers of the VLANs that list one port.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listed {
    /// Without a tag.
    pub(crate) untagged: Vec<String>,
    /// With one.
    pub(crate) tagged: Vec<String>,
}

/// By the port, which VLANs list it.
#[derive(Default)]
pub(super) struct Lists {
    of: BTreeMap<String, Listed>,
    none: Listed,
}

impl Lists {
    pub(super) fn read<D: Data>(tree: &Tree, data: &D) -> Self {
        let mut own = Self::default();
        let Some(vlan) = &tree.vlan else { return own };
        let ports = &tree.switched_vlan;
        for (entry, names) in find(data, &vlan.entry, &Names::vlan("", None, None)) {
            let Some(id) = vlan::number(vlan, entry, &names) else { continue };
            for (port, _) in find(entry, &ports.access_vlan, &names) {
                own.of.entry(port.value().to_owned()).or_default().untagged.push(id.to_string());
            }
            for (port, _) in find(entry, &ports.trunk_vlans.path, &names) {
                own.of.entry(port.value().to_owned()).or_default().tagged.push(id.to_string());
            }
        }
        own
    }

    pub(super) fn of(&self, port: &str) -> &Listed {
        self.of.get(port).unwrap_or(&self.none)
    }
}
