//! What a caller wants, in the model's words: everything checked that needs
//! no device. One file per caller's dialect of JSON turns parameters into
//! this.

mod cards;
mod fields;
mod ironic;
mod lag;
mod options;
mod plugin;
mod reviewed;
pub mod stp;

use std::sync::Arc;

pub use cards::with_uplinks;
pub use cards::{CardPort, UplinkIntent};
pub use fields::Fields;
pub(crate) use fields::kind;
pub use ironic::{HandsOff, LagRemoval, LagRequest, PortRequest, ResetRequest};
pub use lag::{Agreed, Claim, LagIntent, LagName, Offer, Offers, Presence};
use mercury_model::{Description, InterfaceName, SwitchedVlan, VlanId, VlanName, VlanSet, Vni};
pub use options::interface_of;
pub use plugin::{Network, NetworkRequest, PluginPort, PluginRequest};
pub use reviewed::Reviewed;
use serde::Serialize;
pub use stp::StpIntent;

use crate::{
    fault::{Fault, FaultKind},
    inventory::{Broken, Inventory, Pattern, Rules, Switch},
};

/// Leave a leaf as it is, or set it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum Setting<T> {
    /// Leave what is there.
    #[default]
    Keep,
    /// Make it this.
    Set(T),
}

impl<T> Setting<T> {
    /// Puts the wanted value, if there is one, in place of `current`.
    pub fn apply(&self, current: &mut T)
    where
        T: Clone,
    {
        if let Self::Set(wanted) = self {
            current.clone_from(wanted);
        }
    }
}

/// What is wanted of one interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PortIntent {
    /// The interface, as the switch names it.
    pub interface: InterfaceName,
    /// `description`.
    pub description: Setting<Option<Description>>,
    /// `enabled`.
    pub enabled: Setting<bool>,
    /// `mtu`.
    pub mtu: Setting<Option<u16>>,
    /// `switched-vlan`; `None` leaves the port without VLANs of its own. What is
    /// wanted of a member is wanted of its aggregate.
    pub switched_vlan: Setting<Option<SwitchedVlan>>,
    /// What becomes of its place in an aggregate that no [`LagIntent`] of the
    /// same request names.
    pub membership: Membership,
    /// The network that it is to leave, where the caller says which: while it has
    /// another, it is left as it is.
    pub leaves: Option<VlanId>,
    /// The same by its VNI, where the caller names that alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leaves_vni: Option<Vni>,
    /// The VNI whose VLAN its untagged frames are to have, where `switched_vlan` leaves
    /// that open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub untagged_vni: Option<Vni>,
    /// Spanning tree.
    pub stp: StpIntent,
    /// Whether its link goes down and comes up once it has new VLANs.
    pub bounces: bool,
}

/// What becomes of a port's place in an aggregate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub enum Membership {
    /// It stays.
    #[default]
    Stay,
    /// It leaves the aggregate that Mercury put it in; where the network team
    /// put it, it stays.
    Leave,
    /// It joins the aggregate that `update_lag` or the network team made under
    /// this name, or leaves as with [`Membership::Leave`] if none is called so.
    Join(LagName),
}

impl PortIntent {
    /// Nothing wanted of this interface yet.
    #[must_use]
    pub fn new(interface: InterfaceName) -> Self {
        Self {
            interface,
            description: Setting::Keep,
            enabled: Setting::Keep,
            mtu: Setting::Keep,
            switched_vlan: Setting::Keep,
            membership: Membership::default(),
            leaves: None,
            leaves_vni: None,
            untagged_vni: None,
            stp: StpIntent::default(),
            bounces: false,
        }
    }
}

/// What is wanted of one VLAN.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum VlanIntent {
    /// It is there.
    Present {
        /// The VLAN.
        id: VlanId,
        /// What to call it if it has to be made.
        name: Option<VlanName>,
    },
    /// It is gone, unless a port still uses it.
    Absent {
        /// The VLAN.
        id: VlanId,
    },
}

impl VlanIntent {
    /// The VLAN.
    #[must_use]
    pub const fn id(&self) -> VlanId {
        match self {
            Self::Present { id, .. } | Self::Absent { id } => *id,
        }
    }
}

/// A VNI that VLANs of a switch are to be bound to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SegmentIntent {
    /// The VNI.
    pub vni: Vni,
    /// Which parameter named it, for errors.
    pub parameter: &'static str,
    /// Its VLAN there; `None` where that is any of the entry's.
    pub vlan: Option<VlanId>,
    /// Those, then.
    #[serde(skip)]
    pub local_vlans: VlanSet,
    /// The VLAN that it is to have where none is bound to it, as agreed.
    pub number: Option<u16>,
}

/// What is wanted of one switch. What its entry says is not in it, but for what
/// came of it: whoever makes it so has the entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TargetIntent {
    /// The switch, by its name in the inventory.
    pub switch: String,
    /// Its interfaces.
    pub ports: Vec<PortIntent>,
    /// Its aggregates; they come before its ports.
    pub lags: Vec<LagIntent>,
    /// Its VLANs.
    pub vlans: Vec<VlanIntent>,
    /// Its ports that cards hang on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub uplinks: Vec<UplinkIntent>,
    /// Those of a request with lower ones are changed first.
    #[serde(skip)]
    pub turn: i8,
    /// The VNIs of some of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub segments: Vec<SegmentIntent>,
    /// The interfaces that its caller was granted, where those are not all: no other is
    /// changed.
    #[serde(skip)]
    pub granted: Option<Arc<[Pattern]>>,
    /// The VLANs that its caller was granted, where those are not all: a VNI gets no other,
    /// and what others have a part in loses no other.
    #[serde(skip)]
    pub granted_vlans: Option<VlanSet>,
    /// What people have seen of the change: no other is made.
    #[serde(skip)]
    pub reviewed: Option<Arc<Reviewed>>,
}

impl TargetIntent {
    /// Nothing wanted of this switch yet.
    #[must_use]
    pub fn new(switch: &Switch) -> Self {
        Self {
            switch: switch.identity.name.clone(),
            ports: Vec::new(),
            lags: Vec::new(),
            vlans: Vec::new(),
            uplinks: Vec::new(),
            turn: 0,
            segments: Vec::new(),
            granted: None,
            granted_vlans: None,
            reviewed: None,
        }
    }
}

impl TargetIntent {
    /// Whether a VLAN may be taken off what others have a part in (the uplink of a card, a
    /// trunk port, the switch itself): where it might be put there as well.
    pub(crate) fn may_take_away(&self, rules: &Rules, vlan: VlanId) -> bool {
        rules.allows_vlan(vlan) && self.granted_vlans.as_ref().is_none_or(|granted| granted.contains(vlan))
    }

    /// Gives what is new the numbers that were agreed, and takes what cards have no use for
    /// from their uplinks; whether there is any.
    pub(crate) fn accept(&mut self, agreed: &Agreed) -> bool {
        let Agreed { numbers, released } = agreed;
        for uplink in &mut self.uplinks {
            uplink.releases = released.get(&uplink.card_port).cloned().unwrap_or_default();
        }
        for lag in &mut self.lags {
            lag.number = numbers.get(&Claim::Lag(lag.name.clone())).copied();
        }
        for segment in &mut self.segments {
            segment.number = numbers.get(&Claim::Vni(segment.vni)).copied();
        }
        let (lags, segments) = (self.lags.iter(), self.segments.iter());
        lags.map(|lag| lag.number).chain(segments.map(|segment| segment.number)).any(|number| number.is_some())
            || self.uplinks.iter().any(|uplink| !uplink.releases.is_empty())
    }
}

/// What is wanted of the network: one entry per switch, each switch once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Intent {
    /// The method that asked, for logs.
    pub verb: &'static str,
    /// The switches, by name.
    pub targets: Vec<TargetIntent>,
}

impl Intent {
    /// An intent for one port of one switch.
    #[must_use]
    pub fn port(verb: &'static str, switch: &Switch, port: PortIntent) -> Self {
        let mut target = TargetIntent { ports: vec![port], ..TargetIntent::new(switch) };
        target.vlans = needed_vlans(switch, &target);
        Self { verb, targets: vec![target] }
    }
}

/// The VLANs that ports and aggregates name, where the switch's VLANs are
/// Mercury's to make.
fn needed_vlans(switch: &Switch, target: &TargetIntent) -> Vec<VlanIntent> {
    if !switch.rules.manage_vlans {
        return Vec::new();
    }
    let settings = target.ports.iter().map(|port| &port.switched_vlan);
    let settings = settings.chain(target.lags.iter().map(|lag| &lag.switched_vlan));
    let named = settings.filter_map(|setting| match setting {
        Setting::Set(Some(vlans)) => Some(vlans.named_vlans()),
        _ => None,
    });
    let all = named.fold(mercury_model::VlanSet::new(), |all, some| all.union(&some));
    all.iter().map(|id| needed_vlan(switch, id)).collect()
}

/// A VLAN that Mercury makes where it is missing.
pub(crate) fn needed_vlan(switch: &Switch, id: VlanId) -> VlanIntent {
    // A name for all VLANs has been tried when the entry was read.
    VlanIntent::Present { id, name: options::vlan_name(switch, id, None).ok().flatten() }
}

/// An entry that cannot be used.
fn unusable(broken: &Broken) -> Fault {
    let message = format!("the switch's entry cannot be used: {}", broken.findings.join("; "));
    Fault::new(FaultKind::Entry, message).at(&broken.name)
}

/// Finds the switch a caller names, by its name, MAC address or information.
///
/// # Errors
/// [`FaultKind::SwitchNotFound`] or, where its entry cannot be used,
/// [`FaultKind::Entry`], naming the parameter.
pub fn find_switch(inventory: &Inventory, parameter: &str, id: &str) -> Result<Arc<Switch>, Fault> {
    inventory.find(id).cloned().ok_or_else(|| {
        let fault = match inventory.broken(id) {
            Some(broken) => unusable(broken),
            None => {
                let sharing = inventory.sharing(id).join(", ");
                let reason = match sharing.is_empty() {
                    true => format!("switch {id:?} is not in the inventory"),
                    false => format!("{id:?} is the address of {sharing}; name one of them, or a MAC address of it"),
                };
                Fault::new(FaultKind::SwitchNotFound, format!("{parameter}: {reason}"))
            }
        };
        Fault { parameter: Some(parameter.to_owned()), ..fault }
    })
}

/// Refuses VLANs that the switch's system does not have, or the network team's
/// files do not allow.
///
/// # Errors
/// [`FaultKind::InvalidValue`], naming the parameter, the VLANs and what is
/// allowed.
pub fn check_allowed(switch: &Switch, parameter: &str, vlans: &SwitchedVlan) -> Result<(), Fault> {
    let lowest = switch.rules.lowest_vlan;
    if let Some(vlan) = vlans.named_vlans().iter().find(|vlan| *vlan < lowest) {
        let reason = format!("VLAN {vlan}: {} has no VLANs below {lowest}", switch.identity.name);
        return Err(Fault::value(parameter, reason).at(&switch.identity.name));
    }
    let Some(allowed) = &switch.rules.allowed_vlans else { return Ok(()) };
    let refused = vlans.named_vlans().difference(allowed);
    if refused.is_empty() {
        return Ok(());
    }
    let plural = if refused.len() > 1 { "VLANs" } else { "VLAN" };
    Err(Fault::value(
        parameter,
        format!("{plural} {refused} not allowed on {}; allowed: {allowed}", switch.identity.name),
    )
    .at(&switch.identity.name))
}

/// Refuses VLANs that the switch's entry sets aside for VNIs (`local_vlans`), but for
/// those whose VNIs are told, the `bound`: one may be a tenant's, whom nobody asked for.
///
/// # Errors
/// [`FaultKind::InvalidValue`], naming the parameter and the VLANs.
pub fn check_set_aside(switch: &Switch, parameter: &str, vlans: &SwitchedVlan, bound: &[VlanId]) -> Result<(), Fault> {
    let Some(own) = &switch.rules.overlay else { return Ok(()) };
    let named = vlans.named_vlans();
    let refused: VlanSet =
        named.iter().filter(|vlan| own.local_vlans.contains(*vlan) && !bound.contains(vlan)).collect();
    if refused.is_empty() {
        return Ok(());
    }
    let plural = if refused.len() > 1 { "VLANs" } else { "VLAN" };
    let (name, local) = (&switch.identity.name, &own.local_vlans);
    let reason = format!("{plural} {refused}: {name} sets {local} aside for VNIs (local_vlans); no VNI is told");
    Err(Fault::value(parameter, reason).at(name))
}

/// Refuses a port that the network team's files leave out or keep for themselves.
///
/// # Errors
/// [`FaultKind::InvalidValue`], naming the parameter.
pub fn check_port(switch: &Switch, parameter: &str, port: &InterfaceName) -> Result<(), Fault> {
    if switch.rules.options.trunk_ports.contains(port) {
        let reason = format!("port {:?} of {} is a trunk port for all VLANs", port.as_str(), switch.identity.name);
        return Err(Fault::value(parameter, reason).at(&switch.identity.name));
    }
    cards::check_port(switch, parameter, port)?;
    if switch.rules.allows_port(port) {
        return Ok(());
    }
    Err(Fault::value(
        parameter,
        format!("port {:?} is not among the allowed ports of {}", port.as_str(), switch.identity.name),
    )
    .at(&switch.identity.name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn asked(switch: Switch, vlan: u16) -> Intent {
        let inventory = [switch].into_iter().collect();
        let port = json!({"switch_id": "leaf1", "port_name": "Ethernet1", "description": null, "mode": "access",
                          "native_vlan": vlan, "allowed_vlans": [], "default_vlan": null, "lag_name": null});
        PortRequest::read(Fields::of("", &port).unwrap(), &inventory).unwrap().intent()
    }

    #[test]
    fn an_address_that_switches_share_is_told_from_one_that_none_has() {
        let switch = |name, address| Switch::new(name, address, "openconfig", "mercury");
        let inventory = [switch("leaf1", "192.0.2.1"), switch("leaf2", "192.0.2.1"), switch("leaf3", "192.0.2.3")];
        let inventory: Inventory = inventory.into_iter().collect();
        for (id, told) in [
            ("192.0.2.1", "switch_id: \"192.0.2.1\" is the address of leaf1, leaf2; name one of them"),
            ("192.0.2.9", "switch_id: switch \"192.0.2.9\" is not in the inventory"),
        ] {
            let fault = find_switch(&inventory, "switch_id", id).unwrap_err();
            assert_eq!(fault.kind, FaultKind::SwitchNotFound);
            assert!(fault.message.contains(told), "{fault}");
        }
        assert_eq!(find_switch(&inventory, "switch_id", "192.0.2.3").unwrap().identity.name, "leaf3");
    }

    #[test]
    fn what_is_wanted_can_be_compared_and_written_down_wherever_the_switch_is() {
        let here = Switch::new("leaf1", "192.0.2.1", "openconfig", "mercury");
        let mut there = Switch::new("leaf1", "leaf1.example.org", "openconfig", "somebody");
        there.timing.queue = 1;
        let wanted = asked(here.clone(), 100);
        assert_eq!(wanted, asked(there, 100));
        assert_ne!(wanted, asked(here, 101));
        let text = serde_json::to_value(&wanted).unwrap();
        assert_eq!((&text["verb"], &text["targets"][0]["switch"]), (&json!("update_port"), &json!("leaf1")));
        assert!(!text.to_string().contains("192.0.2.1"), "{text}");
    }
}
