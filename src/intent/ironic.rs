//! Released Ironic's own parameters, RPC API 1.0.

use std::{collections::BTreeSet, sync::Arc};

use mercury_model::{Description, InterfaceName, LagType, SwitchedVlan, TrunkVlans, VlanId, VlanSet};
use serde_json::Value;

use super::{
    Fields, Intent, LagIntent, LagName, Membership, PortIntent, Presence, Setting, TargetIntent, check_allowed,
    check_set_aside,
    fields::vlan,
    find_switch, interface_of, kind, needed_vlans,
    options::{self, Said},
    stp,
};
use crate::{
    fault::Fault,
    inventory::{Inventory, Switch},
};

/// VLANs one request may list; Ironic's own schema allows 100.
const MAX_VLANS: usize = 4094;

/// Switches one aggregate may span.
const MAX_SWITCHES: usize = 16;

/// What a port is described as once it belongs to nobody, as Ironic says it.
pub(super) const RESET_DESCRIPTION: &str = "Default port configuration";

/// The parameters of `update_port` as Ironic sends them.
#[derive(Clone, Debug)]
pub struct PortRequest {
    /// The switch as the caller named it.
    pub switch_id: String,
    /// The switch.
    pub switch: Arc<Switch>,
    /// The port as the caller names it.
    pub port_name: InterfaceName,
    /// The port as the switch names it.
    pub interface: InterfaceName,
    /// What to call it; nothing leaves what is there.
    pub description: Option<Description>,
    /// `access`, `trunk` or `hybrid`, as given.
    pub mode: &'static str,
    /// The VLANs, in the model's words.
    pub vlans: SwitchedVlan,
    /// The VLAN the port is leaving.
    pub default_vlan: Option<VlanId>,
    /// The aggregate it joins, if that is there, which then carries the VLANs.
    pub lag_name: Option<LagName>,
}

impl PortRequest {
    /// Reads and checks the parameters.
    ///
    /// # Errors
    /// The first parameter that cannot be used, by name.
    pub fn read(mut fields: Fields<'_>, inventory: &Inventory) -> Result<Self, Fault> {
        let (switch_id, port_name) = port(&mut fields)?;
        let description: Option<Description> = fields.parsed_or_none("description")?;
        let mode = mode(&mut fields)?;
        let native = fields.vlan("native_vlan")?;
        let tagged = vlan_list(&mut fields, "allowed_vlans")?;
        let default_vlan = fields.vlan("default_vlan")?;
        let lag_name = fields.parsed_or_none("lag_name")?;
        fields.finish()?;
        let vlans = switched_vlan(mode, native, tagged)?;
        let switch = find_switch(inventory, "switch_id", &switch_id)?;
        let interface = interface_of(&switch, "port_name", &port_name)?;
        check_vlans(&switch, &vlans)?;
        check_default(&switch, default_vlan)?;
        let said = Said { description: description.as_ref(), ..Said::default() };
        let description = options::description(&switch, &interface, Some(&vlans), said)?;
        Ok(Self { switch_id, switch, port_name, interface, description, mode, vlans, default_vlan, lag_name })
    }

    /// What the request wants.
    #[must_use]
    pub fn intent(&self) -> Intent {
        let mut port = PortIntent::new(self.interface.clone());
        if let Some(description) = &self.description {
            port.description = Setting::Set(Some(description.clone()));
        }
        port.stp = stp::edge(&self.switch.rules);
        port.switched_vlan = Setting::Set(Some(self.vlans.clone()));
        port.membership = self.lag_name.clone().map_or(Membership::Leave, Membership::Join);
        options::active(&self.switch, &mut port);
        Intent::port("update_port", &self.switch, port)
    }
}

/// The parameters of `update_lag`.
#[derive(Clone, Debug)]
pub struct LagRequest {
    /// The switches as the caller named them, and what they are.
    pub switches: Vec<(String, Arc<Switch>)>,
    /// The aggregate.
    pub lag_name: LagName,
    /// What to call it; nothing leaves what is there.
    pub description: Option<Description>,
    /// `access`, `trunk` or `hybrid`, as given.
    pub mode: &'static str,
    /// The VLANs, in the model's words.
    pub vlans: SwitchedVlan,
    /// `aggregation_mode`: `lacp` or `static`.
    pub lag_type: LagType,
    /// The VLAN the aggregate is leaving.
    pub default_vlan: Option<VlanId>,
}

impl LagRequest {
    /// Reads and checks the parameters.
    ///
    /// # Errors
    /// The first parameter that cannot be used, by name.
    pub fn read(mut fields: Fields<'_>, inventory: &Inventory) -> Result<Self, Fault> {
        let switches = switches(&mut fields, inventory)?;
        let lag_name = fields.parsed::<LagName>("lag_name")?.bearable("lag_name")?;
        let description = fields.parsed_or_none("description")?;
        let mode = mode(&mut fields)?;
        let native = fields.vlan("native_vlan")?;
        let lag_type = aggregation_mode(&mut fields)?;
        let tagged = vlan_list(&mut fields, "allowed_vlans")?;
        let default_vlan = fields.vlan("default_vlan")?;
        fields.finish()?;
        let vlans = switched_vlan(mode, native, tagged)?;
        for (_, switch) in &switches {
            check_vlans(switch, &vlans)?;
            check_default(switch, default_vlan)?;
        }
        Ok(Self { switches, lag_name, description, mode, vlans, lag_type, default_vlan })
    }

    /// What the request wants, the same of every switch.
    #[must_use]
    pub fn intent(&self) -> Intent {
        let lag = LagIntent {
            lag_type: Some(self.lag_type),
            description: self.description.clone().map_or(Setting::Keep, |text| Setting::Set(Some(text))),
            switched_vlan: Setting::Set(Some(self.vlans.clone())),
            ..LagIntent::new(self.lag_name.clone(), "lag_name")
        };
        on_all("update_lag", &self.switches, &lag)
    }
}

/// The parameters of `delete_lag`.
#[derive(Clone, Debug)]
pub struct LagRemoval {
    /// The switches as the caller named them, and what they are.
    pub switches: Vec<(String, Arc<Switch>)>,
    /// The aggregate.
    pub lag_name: LagName,
}

impl LagRemoval {
    /// Reads and checks the parameters.
    ///
    /// # Errors
    /// The first parameter that cannot be used, by name.
    pub fn read(mut fields: Fields<'_>, inventory: &Inventory) -> Result<Self, Fault> {
        let switches = switches(&mut fields, inventory)?;
        let lag_name = fields.parsed("lag_name")?;
        fields.finish()?;
        Ok(Self { switches, lag_name })
    }

    /// What the request wants, the same of every switch.
    #[must_use]
    pub fn intent(&self) -> Intent {
        let lag = LagIntent { presence: Presence::Absent, ..LagIntent::new(self.lag_name.clone(), "lag_name") };
        on_all("delete_lag", &self.switches, &lag)
    }
}

fn on_all(verb: &'static str, switches: &[(String, Arc<Switch>)], lag: &LagIntent) -> Intent {
    let targets = switches.iter().map(|(_, switch)| {
        let stp = match lag.presence {
            Presence::Present => stp::edge(&switch.rules),
            Presence::Absent => stp::no_edge(&switch.rules),
        };
        let bounces = switch.rules.bounce_on_attach && lag.presence == Presence::Present;
        let lags = vec![LagIntent { stp, bounces, ..lag.clone() }];
        let mut target = TargetIntent { lags, ..TargetIntent::new(switch) };
        target.vlans = needed_vlans(switch, &target);
        target
    });
    let mut targets: Vec<_> = targets.collect();
    targets.sort_by(|one, other| one.switch.cmp(&other.switch));
    Intent { verb, targets }
}

fn switches(fields: &mut Fields<'_>, inventory: &Inventory) -> Result<Vec<(String, Arc<Switch>)>, Fault> {
    let path = fields.path("switch_ids");
    fields.required("switch_ids")?;
    let items = fields.list("switch_ids", MAX_SWITCHES)?.unwrap_or_default();
    if items.is_empty() {
        return Err(Fault::value(path, "is empty"));
    }
    let mut known = BTreeSet::new();
    let mut switches = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let path = format!("{path}[{index}]");
        let Value::String(id) = item else {
            return Err(Fault::value(path, format!("must be a text, not {}", kind(item))));
        };
        let id: InterfaceName = id.parse().map_err(|error| Fault::value(&path, error))?;
        let switch = find_switch(inventory, &path, id.as_str())?;
        // LLDP may have told one switch by two names.
        if known.insert(switch.identity.name.clone()) {
            switches.push((id.to_string(), switch));
        }
    }
    Ok(switches)
}

fn aggregation_mode(fields: &mut Fields<'_>) -> Result<LagType, Fault> {
    let word: String = fields.parsed("aggregation_mode")?;
    match word.as_str() {
        "lacp" => Ok(LagType::Lacp),
        "static" => Ok(LagType::Static),
        other => {
            let shown: String = other.chars().take(32).collect();
            Err(Fault::value("aggregation_mode", format!("must be lacp or static, not {shown:?}")))
        }
    }
}

/// The parameters of `reset_port`.
#[derive(Clone, Debug)]
pub struct ResetRequest {
    /// The switch as the caller named it.
    pub switch_id: String,
    /// The switch.
    pub switch: Arc<Switch>,
    /// The port as the caller names it.
    pub port_name: InterfaceName,
    /// The port as the switch names it.
    pub interface: InterfaceName,
    /// What to call it from now on.
    pub description: Option<Description>,
    /// The VLAN the caller believes is there; not trusted, only repeated.
    pub native_vlan: Option<VlanId>,
    /// The VLAN to restore.
    pub default_vlan: Option<VlanId>,
}

impl ResetRequest {
    /// Reads and checks the parameters.
    ///
    /// # Errors
    /// The first parameter that cannot be used, by name.
    pub fn read(mut fields: Fields<'_>, inventory: &Inventory) -> Result<Self, Fault> {
        let (switch_id, port_name) = port(&mut fields)?;
        let native_vlan = fields.vlan("native_vlan")?;
        vlan_list(&mut fields, "allowed_vlans")?;
        let default_vlan = fields.vlan("default_vlan")?;
        fields.finish()?;
        let switch = find_switch(inventory, "switch_id", &switch_id)?;
        let interface = interface_of(&switch, "port_name", &port_name)?;
        check_default(&switch, default_vlan)?;
        let described = options::idle_description(&switch, &interface)?;
        let description = described.unwrap_or_else(|| RESET_DESCRIPTION.parse().ok());
        Ok(Self { switch_id, switch, port_name, interface, description, native_vlan, default_vlan })
    }

    /// What the request wants: the idle VLAN, or no VLAN of the port's own, and
    /// no place in an aggregate that Mercury put it in.
    #[must_use]
    pub fn intent(&self) -> Intent {
        let mut port = PortIntent::new(self.interface.clone());
        port.description = Setting::Set(self.description.clone());
        let idle = self.default_vlan.or(self.switch.rules.default_vlan);
        port.switched_vlan = Setting::Set(idle.map(SwitchedVlan::access));
        options::inactive(&self.switch, &mut port);
        port.membership = Membership::Leave;
        port.stp = stp::no_edge(&self.switch.rules);
        Intent::port("reset_port", &self.switch, port)
    }
}

/// `update_port` or `reset_port` of neither a switch nor a port: what Ironic
/// sends for a `local_link_connection` that is `unmanaged`. Nothing is done about
/// it, and the node goes on.
#[derive(Clone, Debug)]
pub struct HandsOff {
    /// The method, for logs.
    pub verb: &'static str,
    /// Ironic's own fields, as it gave them.
    pub said: Vec<(&'static str, Value)>,
}

impl HandsOff {
    /// Reads the parameters; `None` where a switch or a port is named, or should
    /// have been.
    #[must_use]
    pub fn read(verb: &'static str, fields: &mut Fields<'_>) -> Option<Self> {
        let mut is_null = |name| fields.has(name) && fields.get(name).is_none();
        if !(is_null("switch_id") && is_null("port_name")) {
            return None;
        }
        let names = [
            "switch_id",
            "port_name",
            "description",
            "mode",
            "native_vlan",
            "allowed_vlans",
            "default_vlan",
            "lag_name",
        ];
        let given: Vec<_> = names.into_iter().filter(|name| fields.has(name)).collect();
        let said = given.into_iter().map(|name| (name, fields.get(name).cloned().unwrap_or_default())).collect();
        Some(Self { verb, said })
    }
}

fn port(fields: &mut Fields<'_>) -> Result<(String, InterfaceName), Fault> {
    let switch: InterfaceName = fields.parsed("switch_id")?;
    Ok((switch.to_string(), fields.parsed("port_name")?))
}

fn mode(fields: &mut Fields<'_>) -> Result<&'static str, Fault> {
    let mode: String = fields.parsed("mode")?;
    ["access", "trunk", "hybrid"].into_iter().find(|known| *known == mode).ok_or_else(|| {
        let shown: String = mode.chars().take(32).collect();
        Fault::value("mode", format!("must be access, trunk or hybrid, not {shown:?}"))
    })
}

fn vlan_list(fields: &mut Fields<'_>, name: &'static str) -> Result<VlanSet, Fault> {
    let path = fields.path(name);
    let items = fields.list(name, MAX_VLANS)?.unwrap_or_default();
    items.iter().enumerate().map(|(index, item)| vlan(&format!("{path}[{index}]"), item)).collect()
}

/// `hybrid` is a trunk that must have an untagged VLAN.
fn switched_vlan(mode: &str, native: Option<VlanId>, tagged: VlanSet) -> Result<SwitchedVlan, Fault> {
    let native_needed = || Fault::value("native_vlan", format!("{mode} mode needs an untagged VLAN"));
    if mode == "access" {
        if !tagged.is_empty() {
            return Err(Fault::value("allowed_vlans", "access mode carries no tagged VLANs"));
        }
        return Ok(SwitchedVlan::access(native.ok_or_else(native_needed)?));
    }
    if mode == "hybrid" && native.is_none() {
        return Err(native_needed());
    }
    if tagged.is_empty() {
        return Err(Fault::value("allowed_vlans", format!("{mode} mode needs the VLANs it carries")));
    }
    Ok(SwitchedVlan::Trunk { native, vlans: TrunkVlans::only(tagged) })
}

/// Ironic names no VNIs.
fn check_vlans(switch: &Switch, vlans: &SwitchedVlan) -> Result<(), Fault> {
    check_allowed(switch, parameter(vlans, |vlan| switch.rules.allows_vlan(vlan)), vlans)?;
    let is_plain = |vlan| switch.rules.overlay.as_ref().is_none_or(|own| !own.local_vlans.contains(vlan));
    check_set_aside(switch, parameter(vlans, is_plain), vlans, &[])
}

/// Which parameter holds the VLAN that is not `fine`.
fn parameter(vlans: &SwitchedVlan, fine: impl Fn(VlanId) -> bool) -> &'static str {
    match vlans {
        SwitchedVlan::Trunk { native, .. } if native.is_none_or(fine) => "allowed_vlans",
        _ => "native_vlan",
    }
}

fn check_default(switch: &Switch, default: Option<VlanId>) -> Result<(), Fault> {
    let Some(vlans) = default.map(SwitchedVlan::access) else { return Ok(()) };
    check_allowed(switch, "default_vlan", &vlans)?;
    check_set_aside(switch, "default_vlan", &vlans, &[])
}
