//! A second, different look at what a reply left out: absent is a question, not
//! an answer. Access control hides without a word (RFC 8341 section 3.2.4), and
//! there are servers that answer the first of several entries a filter names.

use std::collections::BTreeSet;

use mercury_model::{InterfaceName, VlanId};

use crate::{Data, Names, NodePath, Tree, find};

/// What was asked for by name and is not in the reply.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Absent {
    /// Interfaces.
    pub interfaces: BTreeSet<InterfaceName>,
    /// VLANs.
    pub vlans: BTreeSet<VlanId>,
}

impl Absent {
    /// Whether nothing is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.interfaces.is_empty() && self.vlans.is_empty()
    }
}

/// What the second look shows: names only, and of all that there is. `None`
/// where the target would not tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sighting {
    /// Every interface that the running configuration names.
    pub interfaces: Option<BTreeSet<InterfaceName>>,
    /// Every VLAN that it names; `None` too where none was looked for.
    pub vlans: Option<BTreeSet<VlanId>>,
    /// Every interface of which operational state is told; only some of those that there are
    /// where `untold` says why.
    pub state: Option<BTreeSet<InterfaceName>>,
    /// Why `state` is not told, or not of all, where the target was asked for it.
    pub untold: Option<String>,
}

/// The interfaces that `data` names in the entries of `path`.
#[must_use]
pub fn named<D: Data>(data: &D, path: &NodePath) -> BTreeSet<InterfaceName> {
    find(data, path, &Names::default()).iter().filter_map(|(_, names)| names.found_interface()).collect()
}

impl Tree {
    /// The entry that holds the operational state of an interface, from the top.
    #[must_use]
    pub fn state_entry(&self) -> Option<NodePath> {
        let mut path = self.oper_status.clone()?;
        while path.steps.last().is_some_and(|step| step.keys.is_empty()) {
            path.steps.pop();
        }
        (!path.steps.is_empty()).then_some(path)
    }
}
