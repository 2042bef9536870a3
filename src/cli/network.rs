//! What Ironic's ports are to be, as its own settings say it
//! (`[ironic_networking] provisioning_network = access/native_vlan=110`).

use std::collections::BTreeMap;

use mercury_model::{VlanId, VlanSet};
use serde_json::{Value, json};

use super::Failure;

/// By physical network.
#[derive(Clone, Debug, Default)]
pub(super) struct Networks {
    by_name: BTreeMap<String, Value>,
    others: Option<Value>,
}

impl Networks {
    /// `MODE/native_vlan=N`, with `/allowed_vlans=N,N-N` for trunks, and perhaps a name
    /// and an equals sign before it.
    pub(super) fn read(given: &[String]) -> Result<Self, Failure> {
        let mut networks = Self::default();
        for text in given {
            let bad = |reason: &str| Failure::Other(format!("--network {text}: {reason}"));
            let named = text.split_once('=').filter(|(name, _)| !name.contains('/'));
            let switchport =
                switchport(named.map_or(text.as_str(), |(_, network)| network)).map_err(|error| bad(&error))?;
            let before = match named {
                Some((name, _)) => networks.by_name.insert(name.to_owned(), switchport),
                None => networks.others.replace(switchport),
            };
            if before.is_some() {
                return Err(bad("there is another for the same ports"));
            }
        }
        Ok(networks)
    }

    /// The switchport of ports of this physical network; `None` where their own counts.
    pub(super) fn of(&self, physical_network: Option<&str>) -> Option<&Value> {
        physical_network.and_then(|name| self.by_name.get(name)).or(self.others.as_ref())
    }
}

fn switchport(text: &str) -> Result<Value, String> {
    let mut words = text.split('/');
    let mode = words.next().unwrap_or_default();
    if !["access", "trunk", "hybrid"].contains(&mode) {
        return Err("it begins with access, trunk or hybrid".to_owned());
    }
    let (mut native, mut allowed) = (None, None);
    for word in words {
        match word.split_once('=') {
            Some(("native_vlan", vlan)) => native = Some(vlan.parse::<VlanId>().map_err(|error| error.to_string())?),
            Some(("allowed_vlans", vlans)) => {
                allowed = Some(vlans.parse::<VlanSet>().map_err(|error| error.to_string())?);
            }
            _ => return Err(format!("{word:?} is neither native_vlan=N nor allowed_vlans=N,N-N")),
        }
    }
    let allowed: Option<Vec<u16>> = allowed.map(|vlans| vlans.iter().map(VlanId::get).collect());
    Ok(json!({"mode": mode, "native_vlan": native.map(VlanId::get), "allowed_vlans": allowed}))
}
