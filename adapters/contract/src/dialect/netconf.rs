//! What NETCONF needs of a dialect.

use std::sync::Arc;

use serde::Deserialize;

use super::{NodePath, Tree};
use crate::Defaults;

/// How a dialect is spoken to over NETCONF; cheap to clone, as each session does.
#[derive(Clone, Debug)]
pub struct NetconfDialect {
    /// TCP port where an inventory entry names none; 830 is IANA's.
    pub port: u16,
    /// Whether several requests may be under way at once.
    pub pipelining: bool,
    /// Whether running can be locked beside the candidate.
    pub lock_running: bool,
    /// By what a commit is made that undoes itself unless it is confirmed.
    pub confirmed_commit: ConfirmedBy,
    /// The network instance that holds the VLANs, where an inventory entry
    /// names none.
    pub network_instance: String,
    /// The operation that makes running survive a reboot, where there is no startup
    /// to copy it to.
    pub save: Option<NodePath>,
    /// What is so where a leaf is absent.
    pub defaults: Defaults,
    /// Where everything lies in the newest release.
    pub tree: Arc<Tree>,
    /// Where it lay in earlier ones, the newest first.
    pub variants: Vec<Variant>,
}

/// The operation that makes a commit that waits to be confirmed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConfirmedBy {
    /// The standard one, as far as it is announced (RFC 6241 section 8.4).
    #[default]
    Commit,
    /// Junos' `<commit-configuration>`.
    CommitConfiguration,
    /// None: what is announced does not work.
    Nothing,
}

/// An earlier form of a system's data.
#[derive(Clone, Debug)]
pub struct Variant {
    /// The module that tells.
    pub module: String,
    /// The revision with which this form went, `YYYY-MM-DD`.
    pub before: String,
    /// Where everything lay.
    pub tree: Arc<Tree>,
}

impl NetconfDialect {
    /// Where everything lies for a target of this variant, counted from the newest
    /// form, 0; there too where the variant is unknown.
    #[must_use]
    pub fn tree_of(&self, variant: Option<usize>) -> &Arc<Tree> {
        let earlier = variant.and_then(|variant| self.variants.get(variant.checked_sub(1)?));
        earlier.map_or(&self.tree, |variant| &variant.tree)
    }

    /// The dialect as a target of this variant speaks it. Where it is unknown, what
    /// only another form says is not understood.
    #[must_use]
    pub fn of(&self, variant: Option<usize>) -> Self {
        let mut own = Self { tree: Arc::clone(self.tree_of(variant)), ..self.clone() };
        if own.tree.switched_vlan.reads_also != variant.is_some() {
            let tree = Arc::make_mut(&mut own.tree);
            let aggregate = tree.aggregate_switched_vlan.as_mut();
            std::iter::once(&mut tree.switched_vlan)
                .chain(aggregate)
                .for_each(|tree| tree.reads_also = variant.is_some());
        }
        own
    }

    /// The variant of a target with these revisions of its modules; `None` where
    /// they do not tell.
    #[must_use]
    pub fn variant(&self, revision: impl Fn(&str) -> Option<String>) -> Option<usize> {
        let is_before = |variant: &Variant| Some(*revision(&variant.module)? < *variant.before);
        let told: Vec<Option<bool>> = self.variants.iter().map(is_before).collect();
        if told.iter().any(Option::is_none) {
            return None;
        }
        // Releases follow one another: an earlier form has all of the later ones'.
        Some(told.iter().rposition(|is_before| *is_before == Some(true)).map_or(0, |at| at + 1))
    }
}
