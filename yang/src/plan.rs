//! The smallest ordered change from what a device has to what it should have.
//!
//! A plan is decided here and executed elsewhere without further choice: same
//! running and intended, same plan.

use std::{
    fmt,
    hash::{Hash, Hasher},
};

use serde::Serialize;

use crate::{
    Aggregation, Description, DeviceConfig, Intended, Interface, InterfaceName, InterfaceType, Lacp, Running, Stp,
    SwitchedVlan, Vlan, VlanName,
};

/// A value before and after a change; `None` is an absent leaf or container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// `config/description`.
    Description {
        /// The text that is there.
        before: Option<Description>,
        /// The text that should be there.
        after: Option<Description>,
    },
    /// `config/enabled`.
    Enabled {
        /// Whether it is enabled.
        before: bool,
        /// Whether it should be.
        after: bool,
    },
    /// `config/mtu`, octets.
    Mtu {
        /// The MTU that is set.
        before: Option<u16>,
        /// The MTU that should be set.
        after: Option<u16>,
    },
    /// `switched-vlan`, replaced as a whole.
    SwitchedVlan {
        /// What it carries.
        before: Option<SwitchedVlan>,
        /// What it should carry.
        after: Option<SwitchedVlan>,
    },
    /// `ethernet/config/aggregate-id`.
    AggregateId {
        /// The aggregate it is in.
        before: Option<InterfaceName>,
        /// The aggregate it should be in.
        after: Option<InterfaceName>,
    },
    /// `aggregation/config`.
    Aggregation {
        /// Its settings.
        before: Option<Aggregation>,
        /// What they should be.
        after: Option<Aggregation>,
    },
    /// `/lacp/interfaces/interface/config`.
    Lacp {
        /// Its settings.
        before: Option<Lacp>,
        /// What they should be.
        after: Option<Lacp>,
    },
    /// `/stp/interfaces/interface/config`, as far as the mirror has it.
    Stp {
        /// Its settings.
        before: Option<Stp>,
        /// What they should be.
        after: Option<Stp>,
        /// Whether the entry stays when these settings go: it holds what is not
        /// Mercury's.
        shared: bool,
    },
}

/// One step of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Edit {
    /// Make a VLAN, or change its name or status.
    Vlan {
        /// The VLAN that is there.
        before: Option<Vlan>,
        /// The VLAN that should be there.
        after: Vlan,
    },
    /// Make an interface that is not hardware: an aggregate.
    CreateInterface {
        /// Its name.
        interface: InterfaceName,
        /// Its type, which the model makes mandatory.
        kind: InterfaceType,
    },
    /// Change one thing on an interface.
    Interface {
        /// Its name.
        interface: InterfaceName,
        /// Whether it is an aggregate, whose `switched-vlan` lies elsewhere.
        aggregate: bool,
        /// The change.
        change: Change,
    },
    /// Take an interface away, with all that is configured on it.
    RemoveInterface {
        /// Its name.
        interface: InterfaceName,
    },
    /// Take a VLAN away.
    RemoveVlan {
        /// The VLAN that is there.
        before: Vlan,
    },
}

impl Edit {
    /// The interface it changes, if it changes one.
    #[must_use]
    pub const fn interface(&self) -> Option<&InterfaceName> {
        match self {
            Self::CreateInterface { interface, .. }
            | Self::Interface { interface, .. }
            | Self::RemoveInterface { interface } => Some(interface),
            Self::Vlan { .. } | Self::RemoveVlan { .. } => None,
        }
    }
}

/// Which running configuration a plan was computed from; equal configurations
/// have equal fingerprints. Not a defence against forgery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// The fingerprint of what was read.
    #[must_use]
    pub fn of(running: &Running) -> Self {
        let mut hasher = Fnv(0xcbf2_9ce4_8422_2325);
        running.hash(&mut hasher);
        Self(hasher.finish())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// FNV-1a, 64 bits: the same on every machine and in every process, which the
/// standard hasher does not promise.
struct Fnv(u64);

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

/// An ordered change and the running configuration it was computed from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// The steps, in an order in which every reference already has its target:
    /// VLANs and aggregates before the ports that use them, ports before the
    /// aggregates and VLANs they leave.
    pub edits: Vec<Edit>,
    /// The running configuration the plan starts from.
    pub from: Fingerprint,
}

impl Plan {
    /// The smallest plan from `running` to `intended`; empty when they are
    /// equal.
    #[must_use]
    pub fn between(running: &Running, intended: &Intended) -> Self {
        let (have, want) = (&running.config, &intended.0);
        let mut edits = Vec::new();
        make_vlans(have, want, &mut edits);
        make_aggregates(have, want, &mut edits);
        change_interfaces(running, want, &mut edits);
        remove_interfaces(running, want, &mut edits);
        remove_vlans(have, want, &mut edits);
        Self { edits, from: Fingerprint::of(running) }
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }
}

fn make_vlans(have: &DeviceConfig, want: &DeviceConfig, edits: &mut Vec<Edit>) {
    for (id, after) in &want.vlans {
        let before = have.vlans.get(id);
        if before != Some(after) {
            edits.push(Edit::Vlan { before: before.cloned(), after: after.clone() });
        }
    }
}

/// An interface that is missing and whose type is known is made; a physical
/// port is never made, so its wanted type is left unset.
fn make_aggregates(have: &DeviceConfig, want: &DeviceConfig, edits: &mut Vec<Edit>) {
    for (name, wanted) in &want.interfaces {
        if let (false, Some(kind)) = (have.interfaces.contains_key(name), &wanted.kind) {
            edits.push(Edit::CreateInterface { interface: name.clone(), kind: kind.clone() });
            changes(&Interface::new(name.clone()), wanted, false, edits);
        }
    }
}

fn change_interfaces(have: &Running, want: &DeviceConfig, edits: &mut Vec<Edit>) {
    for (name, wanted) in &want.interfaces {
        let shared = have.stp_shared.contains(name);
        match have.interfaces.get(name) {
            Some(present) => changes(present, wanted, shared, edits),
            None if wanted.kind.is_none() => changes(&Interface::new(name.clone()), wanted, shared, edits),
            None => {}
        }
    }
}

fn changes(present: &Interface, wanted: &Interface, stp_shared: bool, edits: &mut Vec<Edit>) {
    let mut change = |change: Change| {
        edits.push(Edit::Interface {
            interface: wanted.name.clone(),
            aggregate: wanted.is_aggregate() || present.is_aggregate(),
            change,
        });
    };
    macro_rules! when_different {
        ($($field:ident => $variant:ident),*) => {$(
            if present.$field != wanted.$field {
                change(Change::$variant { before: present.$field.clone(), after: wanted.$field.clone() });
            }
        )*};
    }
    when_different! {
        description => Description, enabled => Enabled, mtu => Mtu, aggregation => Aggregation, lacp => Lacp,
        aggregate_id => AggregateId, switched_vlan => SwitchedVlan
    }
    if present.stp != wanted.stp {
        change(Change::Stp { before: present.stp, after: wanted.stp, shared: stp_shared });
    }
}

/// A physical port is never taken away: one that should not be listed loses
/// what is configured on it.
fn remove_interfaces(have: &Running, want: &DeviceConfig, edits: &mut Vec<Edit>) {
    for (name, present) in &have.interfaces {
        if want.interfaces.contains_key(name) {
            continue;
        }
        if !present.is_aggregate() {
            changes(present, &Interface::new(name.clone()), have.stp_shared.contains(name), edits);
            continue;
        }
        let mut first = |change: Change| {
            edits.push(Edit::Interface { interface: name.clone(), aggregate: true, change });
        };
        if present.lacp.is_some() {
            first(Change::Lacp { before: present.lacp, after: None });
        }
        // Nothing is left of what refers to it, whoever put it there.
        if present.stp.is_some() || have.stp_shared.contains(name) {
            first(Change::Stp { before: present.stp, after: None, shared: false });
        }
        edits.push(Edit::RemoveInterface { interface: name.clone() });
    }
}

fn remove_vlans(have: &DeviceConfig, want: &DeviceConfig, edits: &mut Vec<Edit>) {
    for (id, before) in &have.vlans {
        if !want.vlans.contains_key(id) {
            edits.push(Edit::RemoveVlan { before: before.clone() });
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.edits.is_empty() {
            return f.write_str("no change");
        }
        for (index, edit) in self.edits.iter().enumerate() {
            write!(f, "{}{edit}", if index > 0 { "; " } else { "" })?;
        }
        Ok(())
    }
}

impl fmt::Display for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vlan { before: None, after } => write!(f, "create VLAN {}{}", after.id, named(after.name.as_ref())),
            Self::Vlan { after, .. } => write!(f, "change VLAN {}{}", after.id, named(after.name.as_ref())),
            Self::CreateInterface { interface, kind } => write!(f, "create {interface} ({})", kind.identity()),
            Self::Interface { interface, change, .. } => write!(f, "{interface}: {change}"),
            Self::RemoveInterface { interface } => write!(f, "remove {interface}"),
            Self::RemoveVlan { before } => write!(f, "remove VLAN {}", before.id),
        }
    }
}

fn named(name: Option<&VlanName>) -> String {
    name.map(|name| format!(" {:?}", name.as_str())).unwrap_or_default()
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn or_none<T>(value: Option<&T>, show: impl Fn(&T) -> String) -> String {
            value.map_or_else(|| "none".to_owned(), show)
        }
        let (leaf, before, after) = match self {
            Self::Description { before, after } => {
                let show = |text: &Description| format!("{:?}", text.as_str());
                ("description", or_none(before.as_ref(), show), or_none(after.as_ref(), show))
            }
            Self::Enabled { before, after } => ("enabled", before.to_string(), after.to_string()),
            Self::Mtu { before, after } => {
                ("mtu", or_none(before.as_ref(), u16::to_string), or_none(after.as_ref(), u16::to_string))
            }
            Self::SwitchedVlan { before, after } => (
                "switched-vlan",
                or_none(before.as_ref(), SwitchedVlan::to_string),
                or_none(after.as_ref(), SwitchedVlan::to_string),
            ),
            Self::AggregateId { before, after } => (
                "aggregate-id",
                or_none(before.as_ref(), InterfaceName::to_string),
                or_none(after.as_ref(), InterfaceName::to_string),
            ),
            Self::Aggregation { before, after } => {
                let show = |a: &Aggregation| {
                    let links = a.min_links.map(|n| format!(" min-links {n}")).unwrap_or_default();
                    let mlag = a.mlag_id.map(|n| format!(" mlag-id {n}")).unwrap_or_default();
                    format!("{}{links}{mlag}", a.lag_type.map_or("LAG".to_owned(), |t| format!("{t:?}").to_uppercase()))
                };
                ("aggregation", or_none(before.as_ref(), show), or_none(after.as_ref(), show))
            }
            Self::Lacp { before, after } => {
                let show = |l: &Lacp| format!("{:?} {:?}", l.lacp_mode, l.interval).to_uppercase();
                ("lacp", or_none(before.as_ref(), show), or_none(after.as_ref(), show))
            }
            Self::Stp { before, after, .. } => {
                ("stp", or_none(before.as_ref(), Stp::to_string), or_none(after.as_ref(), Stp::to_string))
            }
        };
        write!(f, "{leaf} {before} -> {after}")
    }
}
