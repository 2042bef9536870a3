//! What a system speaks in one namespace of its own, where its published modules have another
//! each, or in none: Junos, unless it is set `rfc-compliant` and `yang-compliant`.

use std::{collections::BTreeMap, sync::Arc};

use yang5::{context::Context, iter::IterSchemaFlags};

use crate::registry::is_junos;

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
        if !text.contains(ROOT) || is_there(SPOKEN) {
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
    pub(super) fn meant(&self, namespace: Option<&str>, depth: usize, name: &str) -> Option<&Arc<str>> {
        match depth {
            _ if !is_junos(namespace) => None,
            0 => Some(&self.root).filter(|_| name == ROOT),
            1 => Some(self.below.get(name).unwrap_or(&self.root)),
            _ => None,
        }
    }
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::{Encoding, Modules};

    const MODULE: &str = "module junos-conf-root { namespace \"http://yang.juniper.net/junos/conf/root\"; prefix jc; \
                          container configuration { container interfaces { list interface { key name; leaf name { type string; } \
                          leaf mtu { type uint16; } } } } }";

    #[test]
    fn a_configuration_in_none_of_the_modules_namespaces_is_checked_as_junos_takes_it() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("junos-conf-root.yang"), MODULE).unwrap();
        let modules = Modules::load(&[folder.path().to_owned()]).unwrap();
        let base = "urn:ietf:params:xml:ns:netconf:base:1.0";
        let inside = |mtu: &str, more: &str| {
            format!(
                "<interfaces>\n<interface{more}><name>xe-0/0/1</name><mtu>{mtu}</mtu></interface></interfaces></configuration>"
            )
        };
        let told = |text: &str| {
            let file = Path::new("a.xml");
            let understood = modules.understand(file, &text.into(), Encoding::Xml);
            modules.check(understood, file, false).iter().map(|one| (one.code.word(), one.line)).collect::<Vec<_>>()
        };
        for begin in [
            "<configuration>".to_owned(),
            "<configuration xmlns=\"http://xml.juniper.net/xnm/1.1/xnm\">".to_owned(),
            "<configuration xmlns=\"http://xml.juniper.net/junos/24.4R1/junos\">".to_owned(),
            format!("<config xmlns=\"{base}\" xmlns:nc=\"{base}\"><configuration>"),
        ] {
            let end = if begin.starts_with("<config ") { "</config>" } else { "" };
            assert_eq!(told(&format!("{begin}{}{end}", inside("9000", ""))), [], "{begin}");
            assert_eq!(told(&format!("{begin}{}{end}", inside("70000", ""))), [("schema-value", Some(2))], "{begin}");
        }
        let edit =
            format!("<config xmlns:nc=\"{base}\"><configuration>{}</config>", inside("9", " nc:operation=\"delete\""));
        assert_eq!(told(&edit), []);
        assert_eq!(told("<other><configuration/></other>"), [("schema-namespace", Some(1))]);
        let strange = told(&format!("<configuration>{}", inside("9", " xmlns=\"urn:x\"")));
        assert_eq!(strange.len(), 1, "{strange:?}");
    }
}
