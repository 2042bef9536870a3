//! What RESTCONF needs of a dialect.

use std::sync::Arc;

use super::{NodePath, Tree, Trust, Variant, variant};
use crate::Defaults;

/// How a dialect is spoken to over RESTCONF (RFC 8040); cheap to clone, as each session does.
#[derive(Clone, Debug)]
pub struct RestconfDialect {
    /// TCP port where an inventory entry names none; 443 is HTTPS's.
    pub port: u16,
    /// Whether a YANG Patch (RFC 8072) is sent to a target that announces it.
    pub yang_patch: bool,
    /// Whether such a patch is carried out wholly or not at all.
    pub atomic: bool,
    /// Whether a plain PATCH of the datastore itself is taken; else one is sent for each
    /// of the nodes at its top.
    pub datastore_patch: bool,
    /// Whether nodes are read together, by their names alone, from a target that announces
    /// `fields` (RFC 8040 section 4.8.3).
    pub fields: bool,
    /// Whether nodes that lie in one container of the top are read by that, whole, where they are
    /// not read together otherwise: fewer requests, and more octets.
    pub whole: bool,
    /// Whether the query parameter `content` (RFC 8040 section 4.8.1) is sent to a target that
    /// does not announce it, or announces nothing: some have it only where they say so. What is
    /// configured has to be told apart from state by its place then.
    pub unsaid_content: bool,
    /// Whether an interface that is made must be told that it is enabled.
    pub explicit_enabled: bool,
    /// How far a strong entity tag is trusted.
    pub revision: Trust,
    /// The network instance that holds the VLANs, where an inventory entry names none.
    pub network_instance: String,
    /// The operation that makes running survive a reboot, where one is known.
    pub save: Option<NodePath>,
    /// What that operation is told, as JSON; nothing where it takes nothing.
    pub save_input: Option<String>,
    /// What is so where a leaf is absent.
    pub defaults: Defaults,
    /// Where everything lies in the newest release.
    pub tree: Arc<Tree>,
    /// Where it lay in earlier ones, the newest first.
    pub variants: Vec<Variant>,
}

impl RestconfDialect {
    /// Where everything lies for a target of this variant, counted from the newest form, 0;
    /// there too where the variant is unknown.
    #[must_use]
    pub fn tree_of(&self, variant: Option<usize>) -> &Arc<Tree> {
        variant::tree_of(&self.tree, &self.variants, variant)
    }

    /// The dialect as a target of this variant speaks it. Where it is unknown, what only
    /// another form says is not understood.
    #[must_use]
    pub fn of(&self, variant: Option<usize>) -> Self {
        Self { tree: variant::understood(&self.tree, &self.variants, variant), ..self.clone() }
    }

    /// The variant of a target with these revisions of its modules; `None` where they do
    /// not tell.
    #[must_use]
    pub fn variant(&self, revision: impl Fn(&str) -> Option<String>) -> Option<usize> {
        variant::number(&self.variants, revision)
    }
}
