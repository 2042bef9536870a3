//! What a switch's entry may ask for beside what callers ask for.

use mercury_model::InterfaceName;

use super::{PortNames, Template};

/// What is done on a switch beside what a request says; nothing, unless its
/// entry asks for it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// `trunk_ports`: the ports and aggregates that carry every VLAN that
    /// Mercury makes, such as uplinks; none. Only with `manage_vlans`, and no
    /// caller may configure them.
    pub trunk_ports: Vec<InterfaceName>,
    /// `vlan_name`: what a VLAN is called when Mercury makes it, with the
    /// placeholders `{vlan}`, `{network}` and `{network_id}`. Without it, the
    /// network's name in add_network and none elsewhere. Where the caller does
    /// not say what a placeholder stands for, the VLAN gets no name. Only with
    /// `manage_vlans`.
    pub vlan_name: Option<Template>,
    /// `remove_unused_vlans`: a request that takes a port off a VLAN also
    /// removes the VLAN, if it bears a name that `vlan_name` gives and only
    /// `trunk_ports` are left on it; false. Only with `manage_vlans` and a
    /// `vlan_name` that asks for `{vlan}`.
    pub remove_unused_vlans: bool,
    /// `port_names`: rules from the names of callers to those of the switch, a
    /// list of `{ match = '…', replace = '…' }`; none.
    pub port_names: PortNames,
    /// `description`: what an attached port is described as, with the
    /// placeholders `{switch}`, `{port}`, `{vlan}`, `{port_id}`, `{mac}` and
    /// `{description}`, each empty where the caller does not say it. Without
    /// it, what the caller says, or else what is there. An aggregate is described
    /// as the caller says.
    pub description: Option<Template>,
    /// `idle_description`: what a port that belongs to nobody is described as,
    /// with the placeholders `{switch}` and `{port}`; empty is no description.
    /// Without it, "Default port configuration" after reset_port, and after
    /// detach_port what is there, or nothing where `description` is given.
    pub idle_description: Option<Template>,
    /// `disable_inactive_ports`: disable a port that is detached or reset, and
    /// enable one that is attached unless its `admin_state_up` is false; false.
    /// delete_lag detaches no port.
    pub disable_inactive_ports: bool,
}
