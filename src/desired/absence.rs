//! What a reply left out, and what a second look makes of it. Pure.

use std::collections::{BTreeMap, BTreeSet};

use mercury_adapter::{Absent, Dialect, Sighting};
use mercury_model::{InterfaceName, InterfaceScope, Running, VlanScope};

use super::lag::LagNames;
use crate::{
    fault::{Fault, FaultKind},
    intent::{TargetIntent, VlanIntent},
    inventory::Switch,
};

/// How many names are suggested in place of one that is not there.
const SUGGESTED: usize = 3;

/// What a request is about and the reply, which was asked for it, does not show:
/// its ports and its links, a VLAN that is to go, and VLANs of which not two
/// were answered together.
#[must_use]
pub fn absent(intent: &TargetIntent, running: &Running) -> Absent {
    let ports = ports(intent);
    let interfaces = ports.filter(|port| running.scope.interfaces.covers(port));
    let interfaces = interfaces.filter(|port| !running.interfaces.contains_key(port)).cloned().collect();
    let VlanScope::Named(asked) = &running.scope.vlans else {
        return Absent { interfaces, vlans: BTreeSet::new() };
    };
    let together = running.vlans.len() > 1;
    let in_doubt = |vlan: &&VlanIntent| match vlan {
        VlanIntent::Absent { .. } => true,
        VlanIntent::Present { .. } => asked.len() > 1 && !together,
    };
    let vlans = intent.vlans.iter().filter(in_doubt).map(VlanIntent::id);
    Absent { interfaces, vlans: vlans.filter(|id| !running.vlans.contains_key(id)).collect() }
}

/// Whether a reply that names several interfaces shows more than one, or only
/// one was asked for: then the target looks at more than the first.
#[must_use]
pub fn answers_several(running: &Running) -> bool {
    match &running.scope.interfaces {
        InterfaceScope::All => true,
        InterfaceScope::Named(names) => names.len() < 2 || running.interfaces.len() > 1,
    }
}

/// The ports that a request is about.
fn ports(intent: &TargetIntent) -> impl Iterator<Item = &InterfaceName> {
    let links = intent.lags.iter().flat_map(|lag| &lag.links).flatten();
    let uplinks = intent.uplinks.iter().map(|uplink| &uplink.interface);
    intent.ports.iter().map(|port| &port.interface).chain(links).chain(uplinks)
}

/// What the second look says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The reply left out what is there.
    Overlooked,
    /// It is not in the configuration.
    NotConfigured {
        /// Of these ports it could not be found out whether the switch has them.
        doubtful: BTreeMap<InterfaceName, String>,
        /// Whether an absence is one: the configuration was listed, and the port is
        /// there, or nobody expects such a switch to tell.
        confirmed: bool,
        /// Whether of its ports the target shows nothing at all, neither configuration nor
        /// state: what one of them has may as well be hidden.
        blind: bool,
    },
}

/// Judges what was absent.
///
/// # Errors
/// [`FaultKind::InvalidValue`]: the switch tells of its ports, and not of this
/// one.
pub fn judged(switch: &Switch, absent: &Absent, seen: &Sighting, dialect: &Dialect) -> Result<Verdict, Box<Fault>> {
    let listed = seen.interfaces.as_ref().is_some_and(|listed| !listed.is_disjoint(&absent.interfaces));
    if listed || seen.vlans.as_ref().is_some_and(|listed| !listed.is_disjoint(&absent.vlans)) {
        return Ok(Verdict::Overlooked);
    }
    let names = LagNames::of(switch, dialect);
    let name = &switch.identity.name;
    let mut doubtful = BTreeMap::new();
    // An aggregate is there by being configured.
    for port in absent.interfaces.iter().filter(|name| !names.is_one(name)) {
        match seen.state.as_ref().filter(|state| !state.is_empty()) {
            Some(state) if state.contains(port) => {}
            Some(state) if seen.untold.is_none() => return Err(Box::new(missing(port, state, name))),
            _ => {
                let why = seen.untold.as_deref().unwrap_or("of its state it tells nothing");
                let meant = seen.interfaces.iter().flatten().find(|known| is_slip(port.as_str(), known.as_str()));
                let meant = meant.map(|known| format!("; did you mean {known}?")).unwrap_or_default();
                let note = format!(
                    "whether {name} has a port {port} could not be found out: its configuration does not name it, \
                     and {why}{meant}"
                );
                doubtful.insert(port.clone(), note);
            }
        }
    }
    let is_had = |listed: Option<bool>| listed.is_some_and(|is_empty| !is_empty);
    let confirmed = absent.interfaces.is_empty() || is_had(seen.interfaces.as_ref().map(BTreeSet::is_empty));
    let is_sure = doubtful.is_empty() || !dialect.tells_state(switch.protocol().as_str());
    // Who lists no interface at all tells nothing of VLANs either, unless it lists some.
    let lists_vlans = seen.vlans.as_ref().is_some_and(|vlans| {
        !vlans.is_empty() || seen.interfaces.as_ref().is_none_or(|interfaces| !interfaces.is_empty())
    });
    let confirmed = confirmed && is_sure && (absent.vlans.is_empty() || lists_vlans);
    let blind = !doubtful.is_empty() && !is_had(seen.interfaces.as_ref().map(BTreeSet::is_empty));
    Ok(Verdict::NotConfigured { doubtful, confirmed, blind })
}

/// Whether a name is that of a port in other letters: `gi1/0/1` of `GigabitEthernet1/0/1`. Another
/// number is another port.
fn is_slip(name: &str, port: &str) -> bool {
    let letters =
        |name: &str| name.chars().filter(|c| c.is_alphabetic()).flat_map(char::to_lowercase).collect::<String>();
    let numbers = |name: &str| name.chars().filter(|c| !c.is_alphabetic() && *c != ' ').collect::<String>();
    // Few have the same numbers: of the others no letters are compared.
    if numbers(name) != numbers(port) {
        return false;
    }
    let (own, known) = (letters(name), letters(port));
    !own.is_empty() && known.starts_with(&own) || strsim::levenshtein(&own, &known) <= 2
}

/// What was seen after a change, of ports that were there before it: at a command line a port
/// may have gone from the table with its transceiver, and what is configured is told apart
/// from that. Elsewhere state and configuration are hidden by the same access control, so
/// that neither is told of what is hidden.
#[must_use]
pub fn afterwards(switch: &Switch, seen: Sighting) -> Sighting {
    if switch.protocol().as_str() == "cli" { Sighting { state: None, ..seen } } else { seen }
}

fn missing(port: &InterfaceName, there: &BTreeSet<InterfaceName>, switch: &str) -> Fault {
    let mut nearest: Vec<&InterfaceName> = there.iter().collect();
    nearest.sort_by_key(|name| strsim::levenshtein(name.as_str(), port.as_str()));
    let nearest: Vec<&str> = nearest.iter().take(SUGGESTED).map(|name| name.as_str()).collect();
    let reason = format!(
        "{switch} shows Mercury no port {:?}, neither in its configuration nor in its state; the nearest names are {}",
        port.as_str(),
        nearest.join(", ")
    );
    Fault::value("port_name", reason)
}

/// Nothing can be said of what is not shown.
#[must_use]
pub fn unconfirmed(absent: &Absent) -> Fault {
    let reason = format!(
        "the switch shows nothing of {}, neither configuration nor state, so whether anything is configured there is \
         not known; look at the switch, and at what Mercury's user may read",
        named(absent)
    );
    Fault::new(FaultKind::Unknown, reason)
}

/// The switch names it and does not show what it has.
#[must_use]
pub fn withheld(absent: &Absent) -> Fault {
    let reason =
        format!("the switch lists {} in its configuration and does not show what is configured there", named(absent));
    Fault::new(FaultKind::Unknown, reason)
}

fn named(absent: &Absent) -> String {
    let interfaces = absent.interfaces.iter().map(ToString::to_string);
    interfaces.chain(absent.vlans.iter().map(|id| format!("VLAN {id}"))).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::is_slip;

    #[test]
    fn a_port_in_other_letters_is_meant_and_one_of_another_number_is_not() {
        for (name, port, is_meant) in [
            ("ethernet1", "Ethernet1", true),
            ("Eth1/2", "Ethernet1/2", true),
            ("Gi 1/0/1", "GigabitEthernet1/0/1", true),
            ("Ehternet1", "Ethernet1", true),
            ("ge-0/0/1", "xe-0/0/1", true),
            ("Ethernet99", "Ethernet9", false),
            ("Ethernet1", "Port-Channel1", false),
        ] {
            assert_eq!(is_slip(name, port), is_meant, "{name} {port}");
        }
    }
}
