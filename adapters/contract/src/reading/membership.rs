//! VLANs that list their ports, where ports do not say what they carry.

use std::collections::{BTreeMap, BTreeSet};

use mercury_model::{VlanId, VlanSet};

use super::{Data, find, vlan};
use crate::{Names, Tree};

/// The VLANs that list one port.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listed {
    /// Without a tag.
    pub(crate) untagged: VlanSet,
    /// With one.
    pub(crate) tagged: VlanSet,
}

/// By the port, which VLANs list it.
#[derive(Default)]
pub(super) struct Lists {
    /// The VLANs that are there.
    pub(super) vlans: VlanSet,
    of: BTreeMap<String, Listed>,
    none: Listed,
}

impl Lists {
    pub(super) fn read<D: Data>(tree: &Tree, data: &D) -> Self {
        let Some(vlan) = &tree.vlan else { return Self::default() };
        let ports = &tree.switched_vlan;
        let (mut vlans, mut of) = (Vec::new(), BTreeMap::<String, [Vec<VlanId>; 2]>::new());
        for (entry, names) in find(data, &vlan.entry, &Names::vlan("", None, None)) {
            let Some(id) = vlan::number(vlan, entry, &names) else { continue };
            vlans.push(id);
            for (at, list) in [&ports.access_vlan, &ports.trunk_vlans.path].into_iter().enumerate() {
                for (port, _) in find(entry, list, &names) {
                    if let Some(own) = of.entry(port.value().to_owned()).or_default().get_mut(at) {
                        own.push(id);
                    }
                }
            }
        }
        let listed = |[untagged, tagged]: [Vec<VlanId>; 2]| Listed {
            untagged: untagged.into_iter().collect(),
            tagged: tagged.into_iter().collect(),
        };
        let of = of.into_iter().map(|(port, lists)| (port, listed(lists))).collect();
        Self { vlans: vlans.into_iter().collect(), of, none: Listed::default() }
    }

    pub(super) fn of(&self, port: &str) -> &Listed {
        self.of.get(port).unwrap_or(&self.none)
    }

    /// The VLANs that list a port of which there is no entry, and those ports: they are
    /// somebody's, and nobody sees what they carry.
    pub(super) fn of_nobody(&self, entries: &BTreeSet<String>) -> BTreeMap<VlanId, String> {
        let mut by_vlan: BTreeMap<VlanId, Vec<&str>> = BTreeMap::new();
        for (port, listed) in self.of.iter().filter(|(port, _)| !entries.contains(*port)) {
            for id in listed.untagged.union(&listed.tagged).iter() {
                by_vlan.entry(id).or_default().push(port);
            }
        }
        let shown = |ports: &[&str]| match ports {
            [first, _, ..] => format!("{first} and {} more ports that have no entry", ports.len() - 1),
            ports => format!("{}, a port that has no entry", ports.join(", ")),
        };
        by_vlan.into_iter().map(|(id, ports)| (id, shown(&ports))).collect()
    }
}
