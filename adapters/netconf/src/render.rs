//! A plan's operations as one `<config>` for `<edit-config>`.

use std::{fmt, sync::Arc};

use mercury_adapter::{
    Capabilities, Datastore, Dialect, EntryOperations, LeafOperation, Module, Names, NetconfDialect, Node, NodePath,
    Operations, Origin, Payload, Render, RequestForm, Unrenderable, Writing, operations, operations::Value,
};
use mercury_model::Plan;

use crate::{
    operation::{self, DefaultOperation, EditOptions, ErrorOption, Store},
    place::{append, place},
    xml::{BASE_NS, Element},
};

/// The content of `<config>`, one element per top-level node, and what becomes of data in it
/// without `nc:operation`; merged, where nothing is said (RFC 6241 section 7.2).
#[derive(Clone, Debug)]
pub struct EditConfig(pub(crate) Element, pub(crate) Option<DefaultOperation>);

impl EditConfig {
    /// The top-level nodes.
    #[must_use]
    pub fn content(&self) -> Vec<Element> {
        self.0.elements().cloned().collect()
    }
}

/// The operation that has a target make an edit.
pub(crate) fn request(edit: Option<&EditConfig>, target: &Capabilities) -> Element {
    let store = match target.datastore {
        Datastore::Candidate => Store::Candidate,
        Datastore::Running => Store::Running,
    };
    let error_option = target.atomic_edit.then_some(ErrorOption::RollbackOnError);
    let content = edit.map(EditConfig::content).unwrap_or_default();
    let default_operation = edit.and_then(|edit| edit.1);
    operation::edit_config(store, EditOptions { default_operation, error_option, test_option: None }, content)
}

impl fmt::Display for EditConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_pretty().map_err(|_| fmt::Error)?)
    }
}

/// Renders plans for one switch.
pub struct Renderer {
    dialect: Arc<Dialect>,
    netconf: NetconfDialect,
    instance: String,
}

impl Renderer {
    /// A renderer for a dialect that speaks NETCONF; `None` for one that does
    /// not. `instance` takes the place of the dialect's network instance.
    #[must_use]
    pub fn new(dialect: &Arc<Dialect>, instance: Option<&str>) -> Option<Self> {
        let netconf = dialect.netconf.clone()?;
        let instance = instance.unwrap_or(&netconf.network_instance).to_owned();
        Some(Self { dialect: Arc::clone(dialect), netconf, instance })
    }

    fn writing(&self, target: &Capabilities) -> Writing<'_> {
        Writing {
            dialect: &self.dialect,
            protocol: "netconf",
            tree: self.netconf.tree_of(target.variant),
            instance: &self.instance,
            explicit_enabled: false,
            one_by_one: false,
        }
    }
}

impl Render for Renderer {
    fn request(&self, payload: &Payload, target: &Capabilities, form: RequestForm) -> Option<String> {
        let edit = payload.body::<EditConfig>().filter(|_| form == RequestForm::Xml)?;
        request(Some(edit), target).to_pretty().ok()
    }

    fn render(&self, plan: &Plan, target: &Capabilities) -> Result<Payload, Unrenderable> {
        let writing = self.writing(target);
        let config = config(&operations(&writing, plan)?);
        // What cannot be written as XML is found here, not when it is sent.
        config.to_xml().map_err(|error| writing.cannot("a value", &error.to_string()))?;
        Ok(Payload::new(EditConfig(config, None)))
    }
}

fn config(operations: &Operations) -> Element {
    let mut config = Element::new(BASE_NS, "config");
    take_away(&mut config, &operations.cleared);
    for one in &operations.entries {
        let (path, names) = (&one.entry.path, &one.entry.names);
        // An entry that may be new is named once: looking for it would take a while among thousands.
        match one.origin {
            Origin::Present => place(&mut config, path, names, |element| entry(element, one, names)),
            Origin::Merge | Origin::Create => append(&mut config, path, names, |element| entry(element, one, names)),
        }
    }
    take_away(&mut config, &operations.removed);
    config
}

/// The key alone: a server may look at what else a removed entry holds.
fn take_away(config: &mut Element, nodes: &[Node]) {
    for node in nodes {
        place(config, &node.path, &node.names, |entry| *entry = entry.clone().operation("remove"));
    }
}

fn entry(element: &mut Element, one: &EntryOperations, names: &Names) {
    if one.origin == Origin::Create {
        *element = element.clone().operation("create");
    }
    if let Some((path, value)) = &one.key_leaf {
        place(element, path, names, |leaf| set(leaf, value));
    }
    for operation in &one.leaves {
        match operation {
            LeafOperation::Set(path, value) => place(element, path, names, |leaf| set(leaf, value)),
            LeafOperation::Remove(path) => remove(element, path, names),
            LeafOperation::SetList { path, present, wanted } => {
                // No operation is for a whole leaf-list, so each value is named (RFC 6241 section 7.2).
                for value in present.iter().filter(|value| !wanted.contains(value)) {
                    append(element, path, names, |leaf| {
                        set(leaf, value);
                        *leaf = leaf.clone().operation("remove");
                    });
                }
                for value in wanted.iter().filter(|value| !present.contains(value)) {
                    append(element, path, names, |leaf| set(leaf, value));
                }
            }
        }
    }
}

fn remove(element: &mut Element, path: &NodePath, names: &Names) {
    place(element, path, names, |leaf| *leaf = leaf.clone().operation("remove"));
}

fn set(leaf: &mut Element, value: &Value) {
    // Of a list entry that is its key alone, that stays.
    if *value == Value::Container {
        return;
    }
    leaf.children.clear();
    let bare = leaf.clone();
    *leaf = match value {
        Value::Identity(Module { namespace, name }, local) => {
            bare.qname(name.as_deref().unwrap_or("id"), namespace, local)
        }
        other => bare.text(other.text()),
    };
}
