//! A switch whose VLANs list their ports, and which shows them as rows: Pluribus's. A port
//! is untagged in one VLAN at most. A trunk gets a number when it is made, and is in VLANs by that.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use mercury_cli::{NUMBER, Numbered, Script};

#[derive(Clone, Default)]
struct Vlan {
    scope: String,
    ports: BTreeSet<String>,
    untagged: BTreeSet<String>,
}

#[derive(Clone)]
struct Trunk {
    number: u16,
    ports: Vec<String>,
    mode: String,
    timeout: String,
}

#[derive(Clone)]
pub(crate) struct Fabric {
    /// Whether each is on.
    ports: BTreeMap<String, bool>,
    vlans: BTreeMap<String, Vlan>,
    trunks: BTreeMap<String, Trunk>,
}

impl Fabric {
    pub(crate) fn with(ports: &[String]) -> Self {
        let others = ["200".to_owned()];
        let ports = ports.iter().chain(&others).map(|port| (port.clone(), true)).collect();
        Self { ports, vlans: BTreeMap::new(), trunks: BTreeMap::new() }
    }

    pub(crate) fn apply(&mut self, script: &Script) {
        let mut number = String::new();
        for line in &script.lines {
            assert_eq!((line.depth, line.is_block), (0, false), "{script}");
            let text = line.text.replace(NUMBER, &number);
            let words: Vec<&str> = text.split(' ').collect();
            if let ["switch-local", words @ ..] = &words[..] {
                let told = self.local(words);
                assert_eq!(told.is_some(), line.numbered == Numbered::Asks, "{text}");
                number = told.unwrap_or(number);
                continue;
            }
            assert_eq!(line.numbered == Numbered::Bears, line.text.contains(NUMBER), "{script}");
            match words[..] {
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
                _ => panic!("{text}: no such command"),
            }
        }
    }

    /// Does a command of this switch alone; what it shows.
    fn local(&mut self, words: &[&str]) -> Option<String> {
        match words {
            ["port-config-modify", "port", port, how @ ("enable" | "disable")] => {
                *self.ports.get_mut(*port).unwrap() = *how == "enable";
            }
            ["trunk-create", "name", name, "ports", ports] => {
                let taken = |number: &u16| self.trunks.values().any(|trunk| trunk.number == *number);
                let number = (128..).find(|number| !taken(number)).unwrap();
                let (mode, timeout) = ("off".to_owned(), "slow".to_owned());
                let trunk = Trunk { number, ports: self.free(name, ports), mode, timeout };
                self.trunks.entry((*name).to_owned()).or_insert(trunk);
            }
            ["trunk-modify", "name", name, "ports", ports] => {
                let ports = self.free(name, ports);
                self.trunk(name).ports = ports;
            }
            ["trunk-modify", "name", name, "lacp-mode", mode] => (*mode).clone_into(&mut self.trunk(name).mode),
            ["trunk-modify", "name", name, "lacp-timeout", rate] => (*rate).clone_into(&mut self.trunk(name).timeout),
            ["trunk-delete", "name", name] => {
                let gone = self.trunks.remove(*name).map(|trunk| trunk.number.to_string());
                for (vlan, number) in self.vlans.values_mut().flat_map(|vlan| Some((vlan, gone.as_ref()?))) {
                    vlan.ports.remove(number);
                    vlan.untagged.remove(number);
                }
            }
            ["trunk-show", "name", name, "format", "trunk-id", "parsable-delim", ":"] => {
                return Some(self.trunk(name).number.to_string());
            }
            _ => panic!("{words:?}: no such command"),
        }
        None
    }

    fn trunk(&mut self, name: &str) -> &mut Trunk {
        self.trunks.get_mut(name).unwrap_or_else(|| panic!("there is no {name}"))
    }

    /// Ports that are in no VLAN and in no other trunk.
    fn free(&self, name: &str, ports: &str) -> Vec<String> {
        let ports: Vec<String> = ports.split(',').map(str::to_owned).collect();
        for port in &ports {
            assert!(self.ports.contains_key(port), "{port} is no port");
            assert!(!self.vlans.values().any(|vlan| vlan.ports.contains(port)), "{port} is in a VLAN");
            let elsewhere = self.trunks.iter().find(|(own, trunk)| *own != name && trunk.ports.contains(port));
            assert!(elsewhere.is_none(), "{port} is in another trunk");
        }
        ports
    }

    /// Whether a VLAN is there for itself, and not since a port was put into it.
    pub(crate) fn is_asked_for(&self, id: u16) -> bool {
        self.vlans.get(&id.to_string()).is_none_or(|vlan| !vlan.scope.is_empty())
    }

    pub(crate) fn has_vlan_1(&self) -> bool {
        self.vlans.contains_key("1")
    }

    /// Rows of trunks, of ports, of VLANs and their scopes, and of VLANs and their ports.
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
        let trunks = |said: fn(&Trunk) -> String| {
            self.trunks.iter().map(|(name, trunk)| format!("{name}:{}\n", said(trunk))).collect()
        };
        let state = |(port, is_on): (&String, &bool)| format!("{port}:{}\n", if *is_on { "on" } else { "off" });
        vec![
            trunks(|trunk| trunk.number.to_string()),
            trunks(|trunk| trunk.ports.join(",")),
            trunks(|trunk| trunk.mode.clone()),
            trunks(|trunk| trunk.timeout.clone()),
            self.ports.iter().map(state).collect(),
            scopes,
            ports,
            untagged,
        ]
    }
}
