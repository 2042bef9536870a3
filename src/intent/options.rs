//! What a switch's entry asks for beside what the caller does
//! ([`crate::inventory::Options`]).

use mercury_model::{Description, InterfaceName, SwitchedVlan, VlanId, VlanName};

use super::{Network, PortIntent, Setting, TargetIntent, VlanIntent, check_port};
use crate::{
    fault::Fault,
    inventory::{Placeholder, Switch, Template},
};

/// The port a caller names, as the switch names it, if the network team's
/// files let it be configured.
///
/// # Errors
/// [`crate::fault::FaultKind::InvalidValue`], naming the parameter.
pub fn interface_of(switch: &Switch, parameter: &str, given: &InterfaceName) -> Result<InterfaceName, Fault> {
    let name = switch.rules.named(given).map_err(|reason| Fault::value(parameter, reason).at(&switch.identity.name))?;
    check_port(switch, parameter, &name)?;
    Ok(name)
}

/// What a caller says of a port.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Said<'a> {
    pub(super) port_id: Option<&'a str>,
    pub(super) mac: Option<&'a str>,
    pub(super) description: Option<&'a Description>,
}

/// Completes what is wanted of a port that is attached.
pub(super) fn attached(switch: &Switch, port: &mut PortIntent, said: Said<'_>) -> Result<(), Fault> {
    if let Some(description) = description(switch, &port.interface, vlans_of(port), said)? {
        port.description = Setting::Set(Some(description));
    }
    active(switch, port);
    Ok(())
}

/// The same but for the description.
pub(super) fn active(switch: &Switch, port: &mut PortIntent) {
    port.bounces = switch.rules.bounce_on_attach;
    if switch.rules.options.disable_inactive_ports && port.enabled == Setting::Keep {
        port.enabled = Setting::Set(true);
    }
}

/// Completes what is wanted of a port that belongs to nobody any more.
pub(super) fn released(switch: &Switch, port: &mut PortIntent) -> Result<(), Fault> {
    if switch.rules.options.description.is_some() {
        port.description = Setting::Set(None);
    }
    if let Some(description) = idle_description(switch, &port.interface)? {
        port.description = Setting::Set(description);
    }
    inactive(switch, port);
    Ok(())
}

/// The same but for the description.
pub(super) fn inactive(switch: &Switch, port: &mut PortIntent) {
    if switch.rules.options.disable_inactive_ports {
        port.enabled = Setting::Set(false);
    }
}

/// What an attached port is described as; `None` leaves what is there.
pub(super) fn description(
    switch: &Switch,
    port: &InterfaceName,
    vlans: Option<&SwitchedVlan>,
    said: Said<'_>,
) -> Result<Option<Description>, Fault> {
    let own = switch.rules.options.description.as_ref();
    let own = own.map(|template| describe(template, "description", switch, port, vlans, said)).transpose()?;
    Ok(own.flatten().or_else(|| said.description.cloned()))
}

/// What an idle port is described as, if the entry says so; perhaps nothing.
pub(super) fn idle_description(switch: &Switch, port: &InterfaceName) -> Result<Option<Option<Description>>, Fault> {
    let own = switch.rules.options.idle_description.as_ref();
    own.map(|template| describe(template, "idle_description", switch, port, None, Said::default())).transpose()
}

/// What a template makes of a port; `None` where that is nothing.
fn describe(
    template: &Template,
    option: &str,
    switch: &Switch,
    port: &InterfaceName,
    vlans: Option<&SwitchedVlan>,
    said: Said<'_>,
) -> Result<Option<Description>, Fault> {
    let value = |placeholder| match placeholder {
        Placeholder::Switch => Some(switch.identity.name.clone()),
        Placeholder::Port => Some(port.to_string()),
        Placeholder::Vlan => vlans.and_then(untagged),
        Placeholder::PortId => said.port_id.map(str::to_owned),
        Placeholder::Mac => said.mac.map(str::to_owned),
        Placeholder::Description => said.description.map(ToString::to_string),
        Placeholder::Network | Placeholder::NetworkId => None,
    };
    let filled = template.fill(|placeholder| Some(value(placeholder).unwrap_or_default())).unwrap_or_default();
    if filled.trim().is_empty() {
        return Ok(None);
    }
    let description = filled.trim().parse();
    let wrong = |error| Fault::value("description", format!("what {option} makes of it cannot be used: {error}"));
    description.map(Some).map_err(|error| wrong(error).at(&switch.identity.name))
}

fn vlans_of(port: &PortIntent) -> Option<&SwitchedVlan> {
    match &port.switched_vlan {
        Setting::Set(vlans) => vlans.as_ref(),
        Setting::Keep => None,
    }
}

/// The VLAN of untagged frames, or else those of the trunk.
fn untagged(vlans: &SwitchedVlan) -> Option<String> {
    match vlans {
        SwitchedVlan::Foreign(_) => None,
        SwitchedVlan::Access { vlan } => vlan.map(|vlan| vlan.to_string()),
        SwitchedVlan::Trunk { native: Some(native), .. } => Some(native.to_string()),
        SwitchedVlan::Trunk { native: None, vlans } => Some(vlans.to_string()),
    }
}

/// What a VLAN is called when Mercury makes it, as `vlan_name` says. `None`
/// without that, and where the caller does not say all it asks for.
pub(super) fn vlan_name(switch: &Switch, id: VlanId, network: Option<&Network>) -> Result<Option<VlanName>, Fault> {
    let Some(template) = &switch.rules.options.vlan_name else { return Ok(None) };
    let filled = template.fill(|placeholder| match placeholder {
        Placeholder::Vlan => Some(id.to_string()),
        Placeholder::Network => network?.name.clone(),
        Placeholder::NetworkId => network?.id.clone(),
        _ => None,
    });
    let wrong = |error| Fault::value("network.name", format!("what vlan_name makes of it cannot be used: {error}"));
    let parse = |name: String| name.trim().parse().map_err(|error| wrong(error).at(&switch.identity.name));
    filled.ok().map(parse).transpose()
}

/// Gives the network's VLAN the name that the network asks for, where it has
/// to be made.
pub(super) fn name_vlan(switch: &Switch, target: &mut TargetIntent, network: &Network) -> Result<(), Fault> {
    for vlan in &mut target.vlans {
        if let VlanIntent::Present { id, name } = vlan
            && Some(*id) == network.vlan
        {
            *name = vlan_name(switch, *id, Some(network))?;
        }
    }
    Ok(())
}
