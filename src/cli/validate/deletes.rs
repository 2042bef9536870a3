//! What a candidate takes away, for the rules: whose port or VLAN it is about is known,
//! what is there is not.

use std::collections::{BTreeMap, BTreeSet};

use mercury_adapter::stands_for_several;
use mercury_model::{DeviceConfig, Interface, InterfaceName, Plan, Running, Scope, Vlan, VlanId, VlanStatus};

use crate::inventory::Proposed;

/// A path: each element with its keys.
type Elements = [(String, BTreeMap<String, String>)];

/// What a port of which something is changed has instead of what is not known.
const UNKNOWN: &str = "what is not known";

/// As people write it.
pub(super) fn shown(path: &Elements) -> String {
    let element = |(name, keys): &(String, BTreeMap<String, String>)| {
        let keys: String = keys.iter().map(|(key, value)| format!("[{key}={value}]")).collect();
        format!("/{name}{keys}")
    };
    if path.is_empty() { "all that it does not name".to_owned() } else { path.iter().map(element).collect() }
}

/// The ports and VLANs that a candidate is about, whatever it says of them.
#[derive(Debug, Default)]
pub(super) struct Touched {
    ports: BTreeSet<InterfaceName>,
    /// Of these something is taken away.
    vlans: BTreeSet<VlanId>,
    /// What is taken away of which no port and no VLAN is known: of all, it may be.
    pub(super) of_all: Vec<String>,
}

impl Touched {
    /// Those that paths of a candidate name; `candidate` tells the numbers of VLANs that are
    /// called by their names.
    pub(super) fn by(deleted: &[Vec<(String, BTreeMap<String, String>)>], configs: [&DeviceConfig; 2]) -> Self {
        let mut touched = Self::default();
        for path in deleted {
            let port = key(path, "interface", "name").and_then(|name| name.parse().ok());
            let named = |name: &str| {
                let all = configs.iter().flat_map(|config| config.vlans.values());
                all.filter(|vlan| vlan.name.as_ref().is_some_and(|own| own.as_str() == name)).map(|vlan| vlan.id).next()
            };
            let number = key(path, "vlan", "vlan-id").and_then(|id| id.parse::<VlanId>().ok());
            let vlan = number.or_else(|| named(key(path, "vlan", "name")?));
            if port.is_none() && vlan.is_none() {
                touched.of_all.push(shown(path));
            }
            touched.ports.extend(port);
            touched.vlans.extend(vlan);
        }
        touched
    }

    /// And these ports.
    pub(super) fn and(mut self, ports: impl IntoIterator<Item = InterfaceName>) -> Self {
        self.ports.extend(ports);
        self
    }

    /// What the rules are asked about: a change in which each of them is touched, though what
    /// is there, and what comes of it, is not known.
    pub(super) fn change(&self, before: &DeviceConfig, after: &DeviceConfig, scope: Scope) -> Supposed {
        let (mut there, mut left) = (before.clone(), after.clone());
        for id in &self.vlans {
            let unknown = || Vlan { id: *id, name: None, status: VlanStatus::Active };
            there.vlans.entry(*id).or_insert_with(unknown);
            // What was there and is not brought anew is gone.
            if before.vlans.get(id) == after.vlans.get(id) {
                left.vlans.remove(id);
                if before.segments.get(id) == after.segments.get(id) {
                    left.segments.remove(id);
                }
            }
        }
        let after = mercury_model::Intended(left);
        let plan = Plan::between(&Running::new(&there, scope.clone()), &after);
        let edited: BTreeSet<InterfaceName> = Proposed::edited(&plan).into_iter().cloned().collect();
        for name in self.ports.difference(&edited) {
            let port = there.interfaces.entry(name.clone()).or_insert_with_key(|name| Interface::new(name.clone()));
            port.description = UNKNOWN.parse().ok();
        }
        let plan = Plan::between(&Running::new(&there, scope), &after);
        Supposed { there, after: after.0, plan }
    }
}

/// A change that is judged.
pub(super) struct Supposed {
    pub(super) there: DeviceConfig,
    pub(super) after: DeviceConfig,
    pub(super) plan: Plan,
}

/// The key of the entry of a list on the way, where it is that of one alone.
fn key<'p>(path: &'p Elements, list: &str, key: &str) -> Option<&'p str> {
    let is_it = |(name, keys): &&(String, BTreeMap<String, String>)| {
        name.rsplit(':').next() == Some(list) && keys.contains_key(key)
    };
    path.iter().find(is_it)?.1.get(key).map(String::as_str).filter(|value| !stands_for_several(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Vec<(String, BTreeMap<String, String>)> {
        let element = |part: &str| {
            let (name, key) = part.split_once('[').map_or((part, None), |(name, key)| (name, key.split_once('=')));
            let key = key.map(|(key, value)| (key.to_owned(), value.trim_end_matches(']').to_owned()));
            (name.to_owned(), key.into_iter().collect())
        };
        text.split('/').filter(|part| !part.is_empty()).map(element).collect()
    }

    #[test]
    fn what_names_no_one_port_or_vlan_is_about_all() {
        let vlan = |id: u16, name: &str| {
            let id = VlanId::try_from(id).unwrap();
            (id, Vlan { id, name: Some(name.parse().unwrap()), status: VlanStatus::Active })
        };
        let config = DeviceConfig { vlans: BTreeMap::from([vlan(110, "nodes")]), ..DeviceConfig::default() };
        for (text, about) in [
            ("interfaces/interface[name=Ethernet48]", "Ethernet48"),
            ("oc-if:interfaces/oc-if:interface[name=Ethernet48]/config/description", "Ethernet48"),
            ("vlans/vlan[vlan-id=110]", "110"),
            ("vlans/vlan[name=nodes]/description", "110"),
            ("vlans/vlan[name=others]", "all"),
            ("vlans/vlan[vlan-id=*]", "all"),
            ("vlans/vlan", "all"),
            ("interfaces/interface[name=*]", "all"),
            ("interfaces/interface[name=*]/config/description", "all"),
            ("interfaces/interface[name=swp{1..48}]", "all"),
            ("interfaces/interface/config", "all"),
            ("interfaces/...", "all"),
            ("*", "all"),
            ("system/aaa", "all"),
            ("", "all"),
        ] {
            let touched = Touched::by(&[path(text)], [&DeviceConfig::default(), &config]);
            let ports = touched.ports.iter().map(ToString::to_string);
            let vlans = touched.vlans.iter().map(ToString::to_string);
            let all = touched.of_all.iter().map(|_| "all".to_owned());
            assert_eq!(ports.chain(vlans).chain(all).collect::<Vec<_>>(), [about], "{text}");
        }
    }
}
