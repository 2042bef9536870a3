//! `[netconf.defaults]` and `[gnmi.defaults]` of a dialect file.

use mercury_model::{Leaf, VlanId};
use toml::Table;

use super::{Reader, inherit::lay_over};
use crate::Defaults;

impl Reader<'_> {
    /// What is so where a leaf is absent.
    pub(super) fn defaults(&mut self, base: &Table, own: Table) -> Defaults {
        let mut whole = base.clone();
        lay_over(&mut whole, own);
        let mut defaults = Defaults::default();
        for (name, value) in whole {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let vlan = || text.parse::<VlanId>().map_err(|error| error.to_string()).map(Some);
            let read = match (name.as_str(), Leaf::from_name(&name)) {
                ("interface-mode", _) if text == "ACCESS" => {
                    defaults.access_mode = true;
                    Ok(())
                }
                ("access-vlan", _) => vlan().map(|vlan| defaults.access_vlan = vlan),
                ("native-vlan", _) => vlan().map(|vlan| defaults.native_vlan = vlan),
                (_, Some(leaf)) => match leaf.read(&text) {
                    mercury_model::Value::Foreign(_) => Err(format!("{text:?} is no value of it")),
                    value => {
                        defaults.leaves.insert(leaf, value);
                        Ok(())
                    }
                },
                _ => Err("is no leaf with a default Mercury knows".to_owned()),
            };
            if let Err(problem) = read {
                self.problems.push(format!("{}.defaults.{name}: {problem}", self.section));
            }
        }
        defaults
    }
}
