//! What must hold before a configuration may run: the constraints of the
//! schema, and what the hardware has.

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    datastore::{Container, Data, Key},
    refusal::{Reason, Tag, Trail},
    schema::{self, Condition, Kind, Node, ROOT, Type, Value},
};

const INTERFACES: [&str; 2] = ["interfaces", "interface"];

/// Checks a whole configuration against the schema and the switch's ports.
/// Returns everything that is wrong with it, in document order.
#[must_use]
pub(crate) fn findings(config: &Container, root: &'static [Node], ports: &BTreeSet<Key>) -> Vec<Reason> {
    let mut check = Check { config, root, ports, found: Vec::new() };
    check.children(root, Some(config), &Trail::Root);
    check.missing_ports();
    check.found
}

/// The configuration without the nodes whose `when` does not hold: where an edit takes away
/// what they rest on, a server deletes them (RFC 7950 section 8.2).
#[must_use]
pub(crate) fn without_what_fell_away(config: &Container, schema: &'static [Node]) -> Container {
    let mut kept = Container::default();
    for (index, node, data) in config.iter(schema) {
        let reads = |when: &Condition| config.leaf(schema, when.path).is_some_and(|value| value.reads(when.equals));
        if !node.when.as_ref().is_none_or(reads) {
            continue;
        }
        match (&node.kind, data) {
            (Kind::Container(below), Data::Container(inner)) => {
                let inner = without_what_fell_away(inner, below);
                if !inner.is_empty() {
                    kept.set(index, Data::Container(inner));
                }
            }
            (Kind::List { children, .. }, Data::List(entries)) => {
                let entry = |(key, entry): (&Key, &Arc<Container>)| {
                    (key.clone(), Arc::new(without_what_fell_away(entry, children)))
                };
                kept.set(index, Data::List(entries.iter().map(entry).collect()));
            }
            (_, data) => kept.set(index, data.clone()),
        }
    }
    kept
}

/// What the entries of a list below others are called.
fn names(
    config: &Container,
    schema: &'static [Node],
    path: &[&'static str],
    by_all_keys: bool,
    above: &str,
) -> BTreeSet<String> {
    let Some((name, below)) = path.split_first() else { return [above.to_owned()].into() };
    let found = schema::child(schema, name).and_then(|(index, node)| Some((node.children(), config.get(index)?)));
    match found.map(|(children, data)| (children, &**data)) {
        Some((children, Data::Container(inner))) => names(inner, children, below, by_all_keys, above),
        Some((children, Data::List(entries))) => {
            let of_entry = |(key, entry): (&Key, &Arc<Container>)| {
                let name = if by_all_keys && !above.is_empty() { format!("{above}.{key}") } else { key.to_string() };
                names(entry, children, below, by_all_keys, &name)
            };
            entries.iter().flat_map(of_entry).collect()
        }
        _ => BTreeSet::new(),
    }
}

struct Check<'a> {
    config: &'a Container,
    root: &'static [Node],
    ports: &'a BTreeSet<Key>,
    found: Vec<Reason>,
}

impl Check<'_> {
    /// `data` is `None` for a container with nothing in it: its mandatory
    /// leaves are still missed.
    fn children(&mut self, schema: &'static [Node], data: Option<&Container>, path: &Trail<'_>) {
        for (index, node) in schema.iter().enumerate() {
            let here = data.and_then(|container| container.get(index));
            if here.is_some() {
                self.condition(node, schema, data, path);
            }
            match (&node.kind, here.map(|data| &**data)) {
                (Kind::Container(below), Some(Data::Container(inner))) => {
                    self.children(below, Some(inner), &path.child(node, None));
                }
                (Kind::Container(below), _) => self.children(below, None, &path.child(node, None)),
                (Kind::List { key, children }, Some(Data::List(entries))) => {
                    for (value, entry) in entries {
                        let path = path.child(node, Some((key, value)));
                        if schema::child(children, "config").is_some() {
                            self.mirrored_key(key, children, entry, value, &path);
                        }
                        if node.name == "interface" && node.module.name == "openconfig-interfaces" {
                            self.hardware(children, entry, value, &path);
                        }
                        self.children(children, Some(entry), &path);
                    }
                }
                (Kind::Leaf(Type::LagReference), Some(Data::Leaf(Value::Text(name)))) => {
                    self.lag_reference(name, &path.child(node, None));
                }
                (Kind::Leaf(Type::InterfaceReference), Some(Data::Leaf(Value::Text(name)))) => {
                    self.interface_reference(name, &path.child(node, None));
                }
                (Kind::Leaf(Type::Entry { path: lists, by_all_keys }), Some(Data::Leaf(Value::Text(name)))) => {
                    let config = self.config;
                    if !names(config, self.root, lists, *by_all_keys, "").contains(&**name) {
                        let message = format!("there is no {} {name}", lists.join(" "));
                        let path = path.child(node, None);
                        let reason = Reason::application(Tag::DataMissing, &path, message);
                        self.found.push(reason.app_tag("instance-required"));
                    }
                }
                (Kind::Leaf(_), None) if node.mandatory => {
                    self.found.push(
                        Reason::application(
                            Tag::MissingElement,
                            &path.child(node, None),
                            format!("mandatory leaf {} is missing", node.name),
                        )
                        .with("bad-element", node.name),
                    );
                }
                _ => {}
            }
        }
    }

    fn condition(
        &mut self,
        node: &'static Node,
        schema: &'static [Node],
        parent: Option<&Container>,
        path: &Trail<'_>,
    ) {
        let Some(when) = &node.when else { return };
        let value = parent.and_then(|parent| parent.leaf(schema, when.path));
        if !value.is_some_and(|value| value.reads(when.equals)) {
            // RFC 7950 section 8.3.2.
            self.found.push(
                Reason::application(
                    Tag::UnknownElement,
                    &path.child(node, None),
                    format!("only valid when {} is {}", when.path.join("/"), when.equals),
                )
                .with("bad-element", node.name),
            );
        }
    }

    /// The key of an OpenConfig list is a leafref to `config/<key>`.
    fn mirrored_key(
        &mut self,
        name: &'static str,
        schema: &'static [Node],
        entry: &Container,
        key: &Key,
        path: &Trail<'_>,
    ) {
        let mirrored = entry.leaf(schema, &["config", name]);
        if !mirrored.is_some_and(|value| value.reads(key.as_str())) {
            self.found.push(
                Reason::application(
                    Tag::DataMissing,
                    path,
                    format!("key {name} refers to config/{name}, which is not the same"),
                )
                .app_tag("instance-required"),
            );
        }
    }

    fn lag_reference(&mut self, name: &str, path: &Trail<'_>) {
        if self.interface_type(name) != Some("ieee8023adLag") {
            self.found.push(
                Reason::application(Tag::DataMissing, path, format!("there is no LAG interface {name}"))
                    .app_tag("instance-required"),
            );
        }
    }

    fn interface_reference(&mut self, name: &str, path: &Trail<'_>) {
        if self.interface_type(name).is_none() {
            self.found.push(
                Reason::application(Tag::DataMissing, path, format!("there is no interface {name}"))
                    .app_tag("instance-required"),
            );
        }
    }

    fn interface_type(&self, name: &str) -> Option<&'static str> {
        let entry = self.config.list(&ROOT, &INTERFACES)?.get(&Key::new(name))?;
        let (_, interfaces) = schema::child(&ROOT, "interfaces")?;
        let (_, interface) = schema::child(interfaces.children(), "interface")?;
        match entry.leaf(interface.children(), &["config", "type"])? {
            Value::Identity(identity) => Some(identity.name),
            _ => None,
        }
    }

    /// An interface made of metal cannot be configured into being, and one
    /// that is there cannot be called something else.
    fn hardware(&mut self, schema: &'static [Node], entry: &Container, key: &Key, path: &Trail<'_>) {
        // Without a type it is not a LAG, so it would have to be a port.
        let physical = match entry.leaf(schema, &["config", "type"]) {
            Some(Value::Identity(identity)) => identity.name == "ethernetCsmacd",
            _ => true,
        };
        if physical != self.ports.contains(key) {
            let message =
                if physical { format!("the switch has no port {key}") } else { format!("{key} is a physical port") };
            self.found.push(Reason::application(Tag::InvalidValue, path, message));
        }
    }

    fn missing_ports(&mut self) {
        let configured = self.config.list(&ROOT, &INTERFACES);
        for port in self.ports {
            if !configured.is_some_and(|entries| entries.contains_key(port)) {
                self.found
                    .push(Reason::protocol(Tag::OperationFailed, format!("physical port {port} cannot be removed")));
            }
        }
    }
}
