//! What readers are shown: configuration, state, and what they may not see.

use std::{collections::BTreeMap, sync::Arc};

use super::Device;
use crate::{
    datastore::{Container, Data, Datastore, Key, build},
    refusal::Refused,
    schema::{Kind, Node, ROOT, Shown, Type, Value, child},
};

/// Which data is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Configuration,
    State,
    Both,
}

impl Device {
    /// Has access control hide a port from now on, or no longer.
    pub(crate) fn hide(&self, port: &str, hides: bool) {
        self.change(|state| match hides {
            true => state.hidden.insert(port.to_owned()),
            false => state.hidden.remove(port),
        });
    }

    /// What of a datastore, and of the state of the switch, a reader sees.
    pub(crate) fn shown(&self, source: Datastore, what: What) -> Result<Arc<Container>, Refused> {
        let config = self.read(source)?;
        if !self.options.schema.is_openconfig() {
            return Ok(self.with_state(config, what));
        }
        let (quirks, hidden) = (&self.options.quirks, self.look().hidden.clone());
        let has_state = what != What::Configuration && !quirks.no_state;
        if what == What::Configuration && !quirks.leaves_out_idle_ports && hidden.is_empty() {
            return Ok(config);
        }
        let mut shown = if what == What::State { Container::default() } else { (*config).clone() };
        if quirks.leaves_out_idle_ports {
            retain(&mut shown, |_, entry| !is_idle(entry));
        }
        if has_state {
            for port in &self.ports {
                for (leaf, value) in [("name", port.as_str()), ("oper-status", "UP")] {
                    build::set(&mut shown, &ROOT, &["interfaces", "interface", port.as_str(), "state", leaf], value);
                }
            }
            let state = if quirks.vnis_are_down { "DOWN" } else { "UP" };
            for [instance, point, endpoint, vni] in vnis(&config) {
                let entry = ["network-instances", "network-instance", &instance, POINTS[0], POINTS[1], &point];
                let vtep = [ENDPOINTS[0], ENDPOINTS[1], &endpoint, "vxlan", "endpoint-vnis", "endpoint-vni", &vni];
                for (leaf, value) in [("vni", vni.as_str()), ("vni-state", state)] {
                    build::set(&mut shown, &ROOT, &[&entry[..], &vtep, &["state", leaf]].concat(), value);
                }
            }
        }
        retain(&mut shown, |name, _| !hidden.contains(name.as_str()));
        Ok(Arc::new(shown))
    }

    /// The same of a switch with another schema, which says what tells state.
    fn with_state(&self, config: Arc<Container>, what: What) -> Arc<Container> {
        let quirks = &self.options.quirks;
        if what == What::Configuration || quirks.no_state && what == What::Both {
            return config;
        }
        if quirks.no_state {
            return Arc::default();
        }
        Arc::new(State { what, vnis_are_down: quirks.vnis_are_down }.shown(&config, self.root(), None))
    }
}

/// Configuration, and in it what a schema says of state: of a leaf that tells it, a word.
struct State {
    what: What,
    vnis_are_down: bool,
}

impl State {
    fn shown(&self, config: &Container, schema: &'static [Node], key: Option<&str>) -> Container {
        let mut shown = Container::default();
        for (index, node) in schema.iter().enumerate() {
            match (&node.kind, config.get(index).map(|data| &**data)) {
                (Kind::Leaf(Type::Enumeration(words)), _) if node.state.is_some() => {
                    let is_down = node.state == Some(Shown::OfVni) && self.vnis_are_down;
                    let word = words.get(usize::from(is_down)).filter(|_| self.what != What::Configuration);
                    if let Some(word) = word {
                        shown.set(index, Data::Leaf(Value::Word(word)));
                    }
                }
                (_, Some(Data::Container(inner))) => {
                    let inner = self.shown(inner, node.children(), None);
                    if !inner.is_empty() {
                        shown.set(index, Data::Container(inner));
                    }
                }
                (Kind::List { key, children }, Some(Data::List(entries))) => {
                    let entry = |(name, entry): (&Key, &Arc<Container>)| {
                        (name.clone(), Arc::new(self.shown(entry, children, Some(key))))
                    };
                    shown.set(index, Data::List(entries.iter().map(entry).collect()));
                }
                (_, Some(data)) if self.what != What::State || key == Some(node.name) => shown.set(index, data.clone()),
                _ => {}
            }
        }
        shown
    }
}

const POINTS: [&str; 2] = ["connection-points", "connection-point"];
const ENDPOINTS: [&str; 2] = ["endpoints", "endpoint"];

/// The VNIs that are configured, each with its instance, connection point and endpoint.
fn vnis(config: &Container) -> Vec<[String; 4]> {
    let below = |schema: &'static [Node], path: &[&str]| {
        path.iter().fold(schema, |nodes, name| child(nodes, name).map_or(&[], |(_, node)| node.children()))
    };
    let text = |key: &Key| key.as_str().to_owned();
    let mut found = Vec::new();
    let instances = ["network-instances", "network-instance"];
    let (instance, vnis) = (below(&ROOT, &instances), ["vxlan", "local-endpoint-vnis", "local-endpoint-vni"]);
    let point = below(instance, &POINTS);
    let endpoint = below(point, &ENDPOINTS);
    for (name, entry) in config.list(&ROOT, &instances).into_iter().flatten() {
        for (point_id, entry) in entry.list(instance, &POINTS).into_iter().flatten() {
            for (id, entry) in entry.list(point, &ENDPOINTS).into_iter().flatten() {
                let own = entry.list(endpoint, &vnis).into_iter().flatten();
                found.extend(own.map(|(vni, _)| [text(name), text(point_id), text(id), text(vni)]));
            }
        }
    }
    let evpn = ["evpn", "evpn-instances", "evpn-instance"];
    for (_, entry) in config.list(&ROOT, &instances).into_iter().flatten() {
        for (_, entry) in entry.list(instance, &evpn).into_iter().flatten() {
            let leaf = |name: &str| Some(entry.leaf(below(instance, &evpn), &["vxlan", "config", name])?.to_string());
            let place = [leaf("overlay-endpoint-network-instance"), leaf("overlay-endpoint"), leaf("vni")];
            if let [Some(name), Some(point), Some(vni)] = place {
                found.push([name, point.clone(), point, vni]);
            }
        }
    }
    found
}

/// Nothing but a name, a type, and that it is enabled.
fn is_idle(entry: &Container) -> bool {
    let schema = child(&ROOT, "interfaces").and_then(|(_, node)| child(node.children(), "interface"));
    let Some((_, interface)) = schema else { return false };
    entry.iter(interface.children()).all(|(_, node, data)| match data {
        Data::Leaf(_) => true,
        Data::Container(config) if node.name == "config" => {
            config.iter(node.children()).all(|(_, leaf, data)| match (leaf.name, data) {
                ("name" | "type", _) => true,
                ("enabled", Data::Leaf(value)) => value.reads("true"),
                _ => false,
            })
        }
        _ => false,
    })
}

/// Keeps the interfaces that `keep` names.
fn retain(root: &mut Container, keep: impl Fn(&Key, &Container) -> bool) {
    let Some((interfaces, node)) = child(&ROOT, "interfaces") else { return };
    let Some((interface, _)) = child(node.children(), "interface") else { return };
    let empty = || Data::Container(Container::default());
    root.update(interfaces, empty, |data| {
        let Data::Container(interfaces) = data else { return };
        interfaces.update(
            interface,
            || Data::List(BTreeMap::new()),
            |data| {
                if let Data::List(entries) = data {
                    entries.retain(|name, entry| keep(name, entry));
                }
            },
        );
    });
}
