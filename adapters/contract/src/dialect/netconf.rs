//! What NETCONF needs of a dialect.

use std::sync::Arc;

use serde::Deserialize;

use super::{NodePath, Tree, Variant, variant};
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

impl NetconfDialect {
    /// Where everything lies for a target of this variant, counted from the newest
    /// form, 0; there too where the variant is unknown.
    #[must_use]
    pub fn tree_of(&self, variant: Option<usize>) -> &Arc<Tree> {
        variant::tree_of(&self.tree, &self.variants, variant)
    }

    /// The dialect as a target of this variant speaks it. Where it is unknown, what
    /// only another form says is not understood.
    #[must_use]
    pub fn of(&self, variant: Option<usize>) -> Self {
        Self { tree: variant::understood(&self.tree, &self.variants, variant), ..self.clone() }
    }

    /// The variant of a target with these revisions of its modules; `None` where
    /// they do not tell.
    #[must_use]
    pub fn variant(&self, revision: impl Fn(&str) -> Option<String>) -> Option<usize> {
        variant::number(&self.variants, revision)
    }
}
