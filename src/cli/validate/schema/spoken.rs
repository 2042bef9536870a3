//! What a system speaks in one namespace of its own, where its published modules have another
//! each: Junos, unless it is set `rfc-compliant` and `yang-compliant`.

use std::{collections::BTreeMap, sync::Arc};

use yang5::{context::Context, iter::IterSchemaFlags};

/// Junos' own namespace, whatever its release.
const SPOKEN: &str = "http://xml.juniper.net/xnm/1.1/xnm";
/// What the namespaces of its marks begin with, such as `junos:changed-seconds`.
const MARKS: &str = "http://xml.juniper.net/junos/";
/// Marks in no namespace, which no module speaks of.
const BARE: [&str; 6] = ["active", "inactive", "protect", "unprotect", "replace", "insert"];
/// The element that all of a configuration is in.
const ROOT: &str = "configuration";

/// The namespaces that modules have for what is spoken in another.
pub(super) struct Spoken {
    root: Arc<str>,
    below: BTreeMap<String, Arc<str>>,
}

impl Spoken {
    /// `None` where the document does not speak so, or the modules do.
    pub(super) fn of(text: &str, context: &Context) -> Option<Self> {
        let is_there = |namespace: &str| context.modules(true).any(|module| module.namespace() == namespace);
        if !text.contains(SPOKEN) || is_there(SPOKEN) {
            return None;
        }
        let tops = context.modules(true).flat_map(|module| module.data().collect::<Vec<_>>());
        let root = tops.into_iter().find(|node| node.name() == ROOT && node.module().name().starts_with("junos"))?;
        let below = root
            .children2(IterSchemaFlags::empty())
            .map(|node| (node.name().to_owned(), Arc::from(node.module().namespace())));
        Some(Self { root: Arc::from(root.module().namespace()), below: below.collect() })
    }

    /// The namespace of an element in Junos' own, so deep in the data: that of the
    /// configuration, that of what stands in it, and what is above it further down.
    pub(super) fn meant(&self, namespace: &str, depth: usize, name: &str) -> Option<&Arc<str>> {
        match depth {
            _ if !is_own(namespace) => None,
            0 => Some(&self.root),
            1 => Some(self.below.get(name).unwrap_or(&self.root)),
            _ => None,
        }
    }
}

/// Whether this is Junos' own namespace.
pub(super) fn is_own(namespace: &str) -> bool {
    namespace == SPOKEN
}

/// Whether an attribute is a mark, which says nothing of the data.
pub(super) fn is_mark(namespace: Option<&str>, name: &str) -> bool {
    match namespace {
        Some(namespace) => namespace.starts_with(MARKS),
        None => BARE.contains(&name),
    }
}

/// Whether an attribute takes its element away, as Junos says it.
pub(super) fn is_deleted(namespace: Option<&str>, name: &str, value: &str) -> bool {
    namespace.is_none() && name == "delete" && value == "delete"
}
