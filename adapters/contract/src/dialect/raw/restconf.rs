//! `[restconf]` of a dialect file.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, de::IgnoredAny};
use toml::Table;

use super::{Reader, default_instance, yes};
use crate::{
    Defaults, Module, PathStep,
    dialect::{GnmiDialect, Mapping, NetconfDialect, NodePath, RestconfDialect, Tree, Trust, Variant},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawRestconf {
    #[serde(default = "https_port")]
    port: u16,
    /// The protocol whose tree and defaults are these too; NETCONF's save with them.
    like: Option<Like>,
    #[serde(default = "yes")]
    yang_patch: bool,
    #[serde(default)]
    atomic: bool,
    #[serde(default)]
    datastore_patch: bool,
    #[serde(default = "yes")]
    fields: bool,
    #[serde(default)]
    whole: bool,
    #[serde(default = "yes")]
    unsaid_content: bool,
    #[serde(default)]
    explicit_enabled: bool,
    network_instance: Option<String>,
    /// The operation that saves running.
    save: Option<RawSave>,
    /// What lies elsewhere for this protocol.
    #[serde(default)]
    tree: Table,
    #[serde(default)]
    defaults: Table,
}

/// An operation by its path, or by the name that the target gives it and with what it takes.
#[derive(Deserialize)]
#[serde(untagged)]
enum RawSave {
    Path(String),
    Told(RawTold),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawTold {
    operation: String,
    input: String,
}

const fn https_port() -> u16 {
    443
}

/// The part of a dialect whose data RESTCONF's is.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Like {
    Netconf,
    Gnmi,
}

/// What the rest of the file says.
pub(super) struct Base<'a> {
    pub(super) tree: &'a Table,
    pub(super) defaults: &'a Table,
    pub(super) netconf: Option<&'a NetconfDialect>,
    pub(super) gnmi: Option<&'a GnmiDialect>,
    pub(super) trust: Trust,
}

/// What is found where.
struct Shape {
    tree: Arc<Tree>,
    variants: Vec<Variant>,
    defaults: Defaults,
    network_instance: String,
    save: Option<NodePath>,
}

impl Reader<'_> {
    pub(super) fn restconf(&mut self, base: &Base<'_>, raw: RawRestconf) -> Option<RestconfDialect> {
        self.names_modules();
        let (save, save_input) = match raw.save {
            None => (None, None),
            Some(RawSave::Path(path)) => (Some(self.path("save", &path, None)), None),
            Some(RawSave::Told(RawTold { operation, input })) => (Some(unqualified(operation)), Some(input)),
        };
        if let Some(Err(error)) = save_input.as_deref().map(serde_json::from_str::<BTreeMap<String, IgnoredAny>>) {
            self.problems.push(format!("restconf.save.input: is no JSON object: {error}"));
        }
        let shape = match raw.like {
            Some(like) => {
                if !raw.tree.is_empty() || !raw.defaults.is_empty() {
                    self.problems.push("restconf.like: leaves no place for a tree or defaults".to_owned());
                }
                let found = match like {
                    Like::Netconf => base.netconf.map(Shape::of_netconf),
                    Like::Gnmi => base.gnmi.and_then(Shape::of_gnmi),
                };
                if found.is_none() {
                    self.problems.push("restconf.like: there is no tree of that protocol".to_owned());
                }
                found?
            }
            None => Shape {
                tree: Arc::new(self.laid_over(base.tree, raw.tree)?),
                variants: Vec::new(),
                defaults: self.defaults(base.defaults, raw.defaults),
                network_instance: default_instance(),
                save: None,
            },
        };
        Some(RestconfDialect {
            port: raw.port,
            yang_patch: raw.yang_patch,
            atomic: raw.atomic,
            datastore_patch: raw.datastore_patch,
            fields: raw.fields,
            whole: raw.whole,
            unsaid_content: raw.unsaid_content,
            explicit_enabled: raw.explicit_enabled,
            revision: base.trust,
            network_instance: raw.network_instance.unwrap_or(shape.network_instance),
            save: save.or(shape.save),
            save_input,
            defaults: shape.defaults,
            tree: shape.tree,
            variants: shape.variants,
        })
    }
}

/// The name alone, where a target wants no module's before it.
fn unqualified(name: String) -> NodePath {
    let module = Module { namespace: Arc::from(""), name: None };
    NodePath { steps: vec![PathStep { module, name, keys: Vec::new() }] }
}

impl Shape {
    fn of_netconf(netconf: &NetconfDialect) -> Self {
        Self {
            tree: Arc::clone(&netconf.tree),
            variants: netconf.variants.clone(),
            defaults: netconf.defaults.clone(),
            network_instance: netconf.network_instance.clone(),
            save: netconf.save.clone(),
        }
    }

    fn of_gnmi(gnmi: &GnmiDialect) -> Option<Self> {
        let Mapping::Tree(tree) = &gnmi.mapping else { return None };
        Some(Self {
            tree: Arc::clone(tree),
            variants: Vec::new(),
            defaults: gnmi.defaults.clone(),
            network_instance: gnmi.network_instance.clone(),
            save: None,
        })
    }
}
