//! How aggregates are named on one switch, and whose a name is.

use mercury_adapter::Dialect;
use mercury_model::{DeviceConfig, InterfaceName, SwitchedVlan};

use crate::{
    fault::{Fault, FaultKind},
    intent::LagName,
    inventory::Switch,
};

/// How aggregates are named on one switch.
pub(in crate::desired) struct LagNames<'a> {
    pub(super) switch: &'a Switch,
    pub(super) prefix: Option<&'a str>,
}

impl<'a> LagNames<'a> {
    pub(in crate::desired) fn of(switch: &'a Switch, dialect: &'a Dialect) -> Self {
        Self { switch, prefix: switch.rules.lag_prefix.as_deref().or(dialect.lag_prefix.as_deref()) }
    }

    pub(super) fn number(&self, name: &str) -> Option<u16> {
        let digits = name.strip_prefix(self.prefix?)?;
        digits.parse().ok().filter(|number: &u16| number.to_string() == digits)
    }

    /// Whether it is Mercury's to make and to remove.
    pub(in crate::desired) fn is_ours(&self, name: &InterfaceName) -> bool {
        self.number(name.as_str()).is_some_and(|number| self.switch.rules.lag_numbers.contains(number))
    }

    /// Whether this is what an aggregate is called here, there or not.
    pub(in crate::desired) fn is_one(&self, name: &InterfaceName) -> bool {
        self.number(name.as_str()).is_some()
    }

    /// A caller's name as the system has it, if that is one of the system's.
    pub(super) fn spelled(&self, name: &LagName) -> Option<InterfaceName> {
        self.switch.rules.interface_names.as_ref()?.spelled(name.as_str()).ok()?.parse().ok()
    }

    /// The number that a caller's name says.
    pub(super) fn number_in(&self, name: &LagName) -> Option<u16> {
        self.spelled(name).map_or_else(|| self.number(name.as_str()), |own| self.number(own.as_str()))
    }

    /// Refuses the aggregate of a port where the entry's ports leave it out.
    pub(in crate::desired) fn allow(&self, aggregate: &InterfaceName, port: &InterfaceName) -> Result<(), Fault> {
        if self.is_ours(aggregate) || self.switch.rules.allows_port(aggregate) || self.is_listed(aggregate) {
            return Ok(());
        }
        let switch = &self.switch.identity.name;
        let reason = format!("{port} is a member of {aggregate}, which is not among the allowed ports of {switch}");
        Err(Fault::new(FaultKind::InvalidValue, reason))
    }

    /// Refuses a request that names an aggregate of the network team's, unless
    /// the entry names it too.
    pub(in crate::desired) fn nameable(&self, aggregate: &InterfaceName) -> Result<(), Fault> {
        let ports = self.switch.rules.allowed_ports.as_ref();
        if self.is_ours(aggregate) || self.is_listed(aggregate) || ports.is_some_and(|ports| ports.contains(aggregate))
        {
            return Ok(());
        }
        let reason = format!(
            "{aggregate} is the network team's: neither allowed_lags nor allowed_ports of {} names it",
            self.switch.identity.name
        );
        Err(Fault::new(FaultKind::InvalidValue, reason))
    }

    fn is_listed(&self, aggregate: &InterfaceName) -> bool {
        self.switch.rules.allowed_lags.contains(aggregate)
    }

    /// What a port or aggregate that belongs to nobody carries.
    pub(super) fn idle(&self) -> Option<SwitchedVlan> {
        self.switch.rules.default_vlan.map(SwitchedVlan::access)
    }

    pub(super) fn named(&self, number: u16) -> Option<InterfaceName> {
        format!("{}{number}", self.prefix?).parse().ok()
    }

    pub(super) fn free<'c>(&'c self, config: &'c DeviceConfig) -> impl Iterator<Item = (u16, InterfaceName)> + 'c {
        let numbers = self.switch.rules.lag_numbers.iter();
        let named = numbers.filter_map(|number| Some((number, self.named(number)?)));
        named.filter(|(_, name)| !config.interfaces.contains_key(name))
    }
}
