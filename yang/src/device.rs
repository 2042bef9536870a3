//! One device's configuration, as much of it as a request touches.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Deref,
    sync::Arc,
};

use serde::Serialize;

use crate::{
    ForeignVlans, Interface, InterfaceName, LacpInterval, Leaf, List, Segment, SwitchedVlan, TrunkVlans, Vlan, VlanId,
    VlanSet, Vni, VniState,
};

/// Interfaces and VLANs by name; ordered, so that equal configurations print
/// and hash alike.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct DeviceConfig {
    /// `/interfaces/interface` and what hangs on it.
    pub interfaces: BTreeMap<InterfaceName, Interface>,
    /// `/network-instances/network-instance/vlans/vlan` of one instance.
    pub vlans: BTreeMap<VlanId, Vlan>,
    /// The VNIs that VLANs are bound to.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub segments: BTreeMap<VlanId, Segment>,
}

impl DeviceConfig {
    /// The interface of that name, or one of which nothing is configured.
    #[must_use]
    pub fn interface(&self, name: &InterfaceName) -> Interface {
        self.interfaces.get(name).cloned().unwrap_or_else(|| Interface::new(name.clone()))
    }

    /// What of this configuration lies inside `scope`.
    #[must_use]
    pub fn within(&self, scope: &Scope) -> Self {
        self.clone().cut_to(scope)
    }

    fn cut_to(mut self, scope: &Scope) -> Self {
        self.interfaces.retain(|name, _| scope.interfaces.covers(name));
        self.vlans.retain(|id, _| scope.vlans.covers(*id));
        self.segments.retain(|id, _| scope.overlays && scope.vlans.covers(*id));
        if !scope.stp {
            self.interfaces.values_mut().for_each(|interface| interface.stp = None);
        }
        self
    }
}

/// Which interfaces a read covers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum InterfaceScope {
    /// These, by name.
    Named(BTreeSet<InterfaceName>),
    /// Every interface the switch has.
    All,
}

impl InterfaceScope {
    /// Whether `name` is covered.
    #[must_use]
    pub fn covers(&self, name: &InterfaceName) -> bool {
        match self {
            Self::Named(names) => names.contains(name),
            Self::All => true,
        }
    }
}

/// Which VLANs a read covers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum VlanScope {
    /// These, by number.
    Named(BTreeSet<VlanId>),
    /// Every VLAN the switch has.
    All,
}

impl VlanScope {
    /// Whether `id` is covered.
    #[must_use]
    pub fn covers(&self, id: VlanId) -> bool {
        match self {
            Self::Named(ids) => ids.contains(&id),
            Self::All => true,
        }
    }
}

/// What a read covers. Inside it, absent means *not configured*; outside it
/// nothing is known.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Scope {
    /// Interfaces covered.
    pub interfaces: InterfaceScope,
    /// VLANs covered.
    pub vlans: VlanScope,
    /// Whether the interfaces' spanning tree settings are covered. Few switches
    /// are asked for them, and some do not have the module.
    pub stp: bool,
    /// Whether the VNIs that the VLANs covered are bound to are. Few switches are
    /// asked for them.
    pub overlays: bool,
}

impl Default for Scope {
    /// Nothing at all.
    fn default() -> Self {
        Self {
            interfaces: InterfaceScope::Named(BTreeSet::new()),
            vlans: VlanScope::Named(BTreeSet::new()),
            stp: false,
            overlays: false,
        }
    }
}

impl Scope {
    /// The whole modelled configuration but for spanning tree and overlays.
    #[must_use]
    pub const fn all() -> Self {
        Self { interfaces: InterfaceScope::All, vlans: VlanScope::All, stp: false, overlays: false }
    }

    /// This scope, with or without spanning tree.
    #[must_use]
    pub fn with_stp(self, stp: bool) -> Self {
        Self { stp, ..self }
    }

    /// This scope, with or without overlays.
    #[must_use]
    pub fn with_overlays(self, overlays: bool) -> Self {
        Self { overlays, ..self }
    }

    /// This scope and one more interface.
    pub fn add_interface(&mut self, name: InterfaceName) {
        if let InterfaceScope::Named(names) = &mut self.interfaces {
            names.insert(name);
        }
    }

    /// This scope and one more VLAN.
    pub fn add_vlan(&mut self, id: VlanId) {
        if let VlanScope::Named(ids) = &mut self.vlans {
            ids.insert(id);
        }
    }
}

/// What a device has: its `<running>` datastore (RFC 6241 section 5.1), inside
/// the scope that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Running {
    /// What was found.
    #[serde(flatten)]
    pub config: DeviceConfig,
    /// What was looked at.
    #[serde(skip)]
    pub scope: Scope,
    /// Whose entry in which list holds more than the model has, so that it is not
    /// Mercury's to take away.
    #[serde(skip)]
    pub shared: BTreeSet<(List, InterfaceName)>,
    /// The leaves of a port's `switched-vlan` as they are written there, where
    /// that is not as the dialect would write what was understood: leaves that mean
    /// nothing in the present mode, and other spellings. Whoever takes them away
    /// has to name them so. Most ports that have such have the same.
    #[serde(skip)]
    pub written: BTreeMap<InterfaceName, Arc<ForeignVlans>>,
    /// The ports of which the container that holds the leaves of their `switched-vlan` was
    /// seen to hold nothing else, so that it may be taken away or replaced as one.
    #[serde(skip)]
    pub alone: BTreeSet<InterfaceName>,
    /// Which of the dialect's places for a leaf holds it, where it is not the first.
    #[serde(skip)]
    pub places: BTreeMap<(Leaf, InterfaceName), usize>,
    /// What a port holds besides Mercury's leaves where a member of an aggregate must
    /// hold nothing, and an aggregate that is to go may hold nothing; where what is said of a
    /// member stands with its aggregate, of one that leaves too.
    #[serde(skip)]
    pub besides: BTreeMap<InterfaceName, String>,
    /// What a port that joins an aggregate has to hold still when its row goes, a line for each
    /// value as the device takes it.
    #[serde(skip)]
    pub seen: BTreeMap<InterfaceName, String>,
    /// What a VLAN's entry holds besides Mercury's leaves: it would go with the VLAN.
    /// Only a read of every interface need tell.
    #[serde(skip)]
    pub besides_vlans: BTreeMap<VlanId, String>,
    /// The VLANs that are there, whatever the scope, where a port is in a VLAN by that
    /// one's list: what is not there has none. `None` on other targets.
    #[serde(skip)]
    pub listing: Option<VlanSet>,
    /// The ports that can carry nothing at the moment, and why, as far as the device shows
    /// that beside what it has.
    #[serde(skip)]
    pub down: BTreeMap<InterfaceName, String>,
    /// The ports on which the device has not applied what it has configured, and why, as far
    /// as it shows that: a database takes VLANs of a port whose device is gone.
    #[serde(skip)]
    pub unused: BTreeMap<InterfaceName, String>,
    /// The ports that the device bridges, where it tells which of them reach one another
    /// beside what each has; nothing is known of others.
    #[serde(skip)]
    pub bridged: BTreeMap<InterfaceName, Bridged>,
    /// The rate of LACP that an aggregate says for itself while it has no member that speaks
    /// LACP: it means nothing then, and is whoever's said it.
    #[serde(skip)]
    pub idle_rates: BTreeMap<InterfaceName, LacpInterval>,
    /// How many aggregates the switch was told to have; `None` where it does not
    /// count them, or not all interfaces were read.
    #[serde(skip)]
    pub aggregate_count: Option<u16>,
    /// What else the switch has of overlays; nothing where they were not read.
    #[serde(skip)]
    pub overlay: Overlay,
}

/// A port's place in a bridge, or in several that are joined.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Bridged {
    /// What it has in common with the ports that it reaches; a name for people.
    pub domain: String,
    /// The VLANs whose frames it may bring there, also where the model has no word for what
    /// it has; all where that is not known.
    pub brings: TrunkVlans,
}

/// What bears on VNIs and is not Mercury's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Overlay {
    /// The VTEPs that have what makes them work, such as a source interface.
    pub vteps: BTreeSet<InterfaceName>,
    /// What the dialect needs and the switch does not have, in people's words.
    pub lacks: BTreeSet<String>,
    /// What it needs beside where BGP is to tell of VNIs, and the switch does not have.
    pub lacks_for_evpn: BTreeSet<String>,
    /// The ASs of the BGP processes that could tell of VNIs, where a target has that below
    /// them.
    pub bgp_as: BTreeSet<u32>,
    /// The VNIs that something else than one VLAN has, and what that is.
    pub taken: BTreeMap<Vni, String>,
    /// What the entry that binds a VLAN holds besides Mercury's leaves: it would go
    /// with it.
    pub besides: BTreeMap<VlanId, String>,
    /// Whether VNIs carry frames, as far as the device shows that beside what it has.
    pub states: BTreeMap<Vni, VniState>,
}

impl Running {
    /// What a read of `scope` found; anything outside the scope is dropped.
    #[must_use]
    pub fn new(config: &DeviceConfig, scope: Scope) -> Self {
        let config = config.within(&scope);
        Self { config, scope, ..Self::default() }
    }

    /// The same, without a copy of what may be a whole switch's.
    #[must_use]
    pub fn found(config: DeviceConfig, scope: Scope) -> Self {
        let config = config.cut_to(&scope);
        Self { config, scope, ..Self::default() }
    }

    /// The ports whose VLANs the device has no use of, and why; one that carries none needs
    /// none.
    pub fn of_no_use(&self) -> impl Iterator<Item = (&Interface, &str)> {
        let carries = |port: &Interface| match &port.switched_vlan {
            Some(SwitchedVlan::Trunk { native, vlans }) => native.is_some() || *vlans != TrunkVlans::None,
            vlans => vlans.is_some(),
        };
        let own = self.unused.iter().filter_map(|(name, why)| Some((self.interfaces.get(name)?, why.as_str())));
        own.filter(move |(port, _)| carries(port))
    }

    /// What of it is told to whoever asked about `scope`: the configuration there, and
    /// whether VNIs carry frames.
    #[must_use]
    pub fn told(&self, scope: &Scope) -> Self {
        let overlay = Overlay { states: self.overlay.states.clone(), ..Overlay::default() };
        Self { overlay, ..Self::new(&self.config, scope.clone()) }
    }

    /// The part of it inside a scope that is no wider.
    #[must_use]
    pub fn narrowed(self, scope: &Scope) -> Self {
        let aggregate_count = self.aggregate_count.filter(|_| scope.interfaces == InterfaceScope::All);
        Self { config: self.config.cut_to(scope), scope: scope.clone(), aggregate_count, ..self }
    }

    /// This, and whose entries beside the interfaces' own hold more than was
    /// read.
    #[must_use]
    pub fn with_shared(self, shared: BTreeSet<(List, InterfaceName)>) -> Self {
        Self { shared, ..self }
    }

    /// Which of the dialect's places for a leaf holds it.
    #[must_use]
    pub fn place(&self, leaf: Leaf, interface: &InterfaceName) -> usize {
        self.places.get(&(leaf, interface.clone())).copied().unwrap_or_default()
    }

    /// The place in which a leaf goes that is new: the one in which every interface
    /// has it, or the first.
    #[must_use]
    pub fn usual_place(&self, leaf: Leaf) -> usize {
        let has = self.interfaces.values().filter(|interface| leaf.get(interface).is_some());
        let mut places = has.map(|interface| self.place(leaf, &interface.name));
        let first = places.next().unwrap_or_default();
        if places.all(|place| place == first) { first } else { 0 }
    }

    /// Whether an interface's entry in a list holds more than was read.
    #[must_use]
    pub fn is_shared(&self, list: List, interface: &InterfaceName) -> bool {
        self.shared.contains(&(list, interface.clone()))
    }
}

impl Running {
    /// Whether this is what was there `before`; a port without configuration
    /// may be listed or not.
    #[must_use]
    pub fn is_as(&self, before: &DeviceConfig) -> bool {
        let mut names = before.interfaces.keys().chain(self.interfaces.keys());
        self.vlans == before.vlans
            && self.segments == before.segments
            && names.all(|name| alike(before.interfaces.get(name), self.interfaces.get(name)))
    }
}

/// Whether two interfaces mean the same. A device may leave out a port of
/// which nothing is configured, and fills in a type nobody gave it.
fn alike(one: Option<&Interface>, other: Option<&Interface>) -> bool {
    let bare = |port: &Interface| {
        !port.is_aggregate() && Interface { kind: None, ..port.clone() } == Interface::new(port.name.clone())
    };
    match (one, other) {
        (None, None) => true,
        (Some(port), None) | (None, Some(port)) => bare(port),
        (Some(one), Some(other)) if one.kind.is_none() || other.kind.is_none() => {
            Interface { kind: None, ..one.clone() } == Interface { kind: None, ..other.clone() }
        }
        (Some(one), Some(other)) => one == other,
    }
}

impl Deref for Running {
    type Target = DeviceConfig;

    fn deref(&self) -> &DeviceConfig {
        &self.config
    }
}

/// What a device should have (RFC 8342 section 5.1.4), inside the same scope
/// as the running configuration it was worked out from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Intended(pub DeviceConfig);

impl Intended {
    /// Whether a read-back shows what was intended. A device need not list an
    /// interface of which nothing is to be configured; one that is to be gone
    /// must not be listed.
    #[must_use]
    pub fn is_met_by(&self, running: &Running) -> bool {
        let wanted = &self.0;
        wanted.vlans == running.vlans
            && wanted.segments == running.segments
            && wanted
                .interfaces
                .values()
                .all(|interface| alike(Some(interface), running.interfaces.get(&interface.name)))
            && running.interfaces.keys().all(|name| wanted.interfaces.contains_key(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(interfaces: &[&Interface]) -> DeviceConfig {
        let interfaces = interfaces.iter().map(|interface| (interface.name.clone(), (*interface).clone()));
        DeviceConfig { interfaces: interfaces.collect(), ..DeviceConfig::default() }
    }

    #[test]
    fn an_interface_without_configuration_may_be_left_out_of_a_read_back() {
        let bare = Interface::new("Ethernet1".parse().unwrap());
        let described = Interface { description: "a server".parse().ok(), ..bare.clone() };
        let met = |intended: &[&Interface], shown: &[&Interface]| {
            Intended(config(intended)).is_met_by(&Running::new(&config(shown), Scope::all()))
        };
        assert!(met(&[&bare], &[]) && met(&[&bare], &[&bare]) && met(&[&described], &[&described]));
        assert!(!met(&[&described], &[]) && !met(&[&bare], &[&described]) && !met(&[&described], &[&bare]));
        assert!(!met(&[], &[&bare]), "what is to be gone must be gone");
        let typed = Interface { kind: Some(crate::InterfaceType::EthernetCsmacd), ..described.clone() };
        assert!(met(&[&described], &[&typed]), "the switch fills in a type");
        let lag = Interface { kind: Some(crate::InterfaceType::Ieee8023adLag), ..bare.clone() };
        let as_before =
            |now: &[&Interface], before: &[&Interface]| Running::new(&config(now), Scope::all()).is_as(&config(before));
        assert!(as_before(&[&bare], &[]) && as_before(&[], &[&bare]) && as_before(&[&typed], &[&described]));
        assert!(!as_before(&[&lag], &[]) && !as_before(&[&typed], &[]));
    }
}
