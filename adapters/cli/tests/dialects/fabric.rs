//! A switch whose VLANs list their ports, and which shows them as rows: Pluribus's. A port
//! is untagged in one VLAN at most.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use mercury_cli::Script;

#[derive(Clone, Default)]
struct Vlan {
    scope: String,
    ports: BTreeSet<String>,
    untagged: BTreeSet<String>,
}

#[derive(Clone)]
pub(crate) struct Fabric {
    ports: Vec<String>,
    vlans: BTreeMap<String, Vlan>,
}

impl Fabric {
    pub(crate) fn with(ports: &[String]) -> Self {
        let others = ["200".to_owned()];
        Self { ports: ports.iter().chain(&others).cloned().collect(), vlans: BTreeMap::new() }
    }

    pub(crate) fn apply(&mut self, script: &Script) {
        for line in &script.lines {
            assert_eq!((line.depth, line.is_block), (0, false), "{script}");
            match line.text.split(' ').collect::<Vec<_>>()[..] {
                ["vlan-create", "id", id, "scope", scope, "ports", "none", ..] => {
                    self.vlans.entry(id.to_owned()).or_default().scope = scope.to_owned();
                }
                ["vlan-delete", "id", id] => drop(self.vlans.remove(id)),
                ["port-vlan-add", "port", port, "untagged-vlan", id] => {
                    for vlan in self.vlans.values_mut().filter(|vlan| vlan.untagged.contains(port)) {
                        vlan.untagged.remove(port);
                        vlan.ports.remove(port);
                    }
                    let vlan = self.vlans.entry(id.to_owned()).or_default();
                    vlan.ports.insert(port.to_owned());
                    vlan.untagged.insert(port.to_owned());
                }
                ["vlan-port-add", "vlan-id", id, "ports", port, "tagged"] => {
                    self.vlans.entry(id.to_owned()).or_default().ports.insert(port.to_owned());
                }
                ["vlan-port-remove", "vlan-id", id, "ports", port] => {
                    let vlan = self.vlans.get_mut(id).unwrap();
                    vlan.ports.remove(port);
                    vlan.untagged.remove(port);
                }
                ["vlan-port-remove", "vlan-range", "all", "ports", port] => {
                    for vlan in self.vlans.values_mut() {
                        vlan.ports.remove(port);
                        vlan.untagged.remove(port);
                    }
                }
                _ => panic!("{}: no such command", line.text),
            }
        }
    }

    /// Whether a VLAN is there for itself, and not since a port was put into it.
    pub(crate) fn is_asked_for(&self, id: u16) -> bool {
        self.vlans.get(&id.to_string()).is_none_or(|vlan| !vlan.scope.is_empty())
    }

    pub(crate) fn has_vlan_1(&self) -> bool {
        self.vlans.contains_key("1")
    }

    /// Rows of ports, of VLANs and their scopes, and of VLANs and their ports.
    pub(crate) fn answers(&self) -> Vec<String> {
        let names = |ports: &BTreeSet<String>| match ports.len() {
            0 => "none".to_owned(),
            _ => ports.iter().cloned().collect::<Vec<_>>().join(","),
        };
        let (mut scopes, mut ports, mut untagged) = (String::new(), String::new(), String::new());
        for (id, vlan) in &self.vlans {
            writeln!(scopes, "{id}:{}", vlan.scope).unwrap();
            writeln!(ports, "{id}:{}", names(&vlan.ports)).unwrap();
            writeln!(untagged, "{id}:{}", names(&vlan.untagged)).unwrap();
        }
        vec![self.ports.iter().map(|port| format!("{port}\n")).collect(), scopes, ports, untagged]
    }
}
