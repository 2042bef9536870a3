use super::{Card, LagNumbers, Options, OverlayRules, Proposed, TeamRules};
use crate::finding::Findings;
use mercury_adapter::InterfaceNames;
use mercury_model::{InterfaceName, VlanId, VlanSet};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// What may be done to a switch, and what is done beside what callers ask for.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// Save the running configuration over the startup configuration after
    /// each change, where they differ; true. In Ironic's INI file false, as
    /// Ironic documents it.
    pub persist: bool,
    /// The VLANs that may be configured; absent means the file's `[defaults]`,
    /// then the service's `allowed_vlans`, then all. Empty means none.
    pub allowed_vlans: Option<VlanSet>,
    /// The lowest VLAN that its system has, as its dialect says; 1.
    pub lowest_vlan: VlanId,
    /// The VLAN of a port that belongs to nobody, 1 to 4094; none. Ironic's
    /// file has the key too, but nothing there reads it.
    pub native_vlan: Option<VlanId>,
    /// The VLAN that a reset without `default_vlan` puts a port in, 1 to 4094; none.
    pub default_vlan: Option<VlanId>,
    /// Create VLANs that a port needs and the switch lacks; false.
    pub manage_vlans: bool,
    /// Set a port's MTU when it is asked for; false.
    pub manage_mtu: bool,
    /// On attach make the port, or its aggregate, an edge of the spanning tree,
    /// and on detach take that away; false, and then it is left as it is.
    pub stp_edge: bool,
    /// On attach guard the port, or its aggregate, against bridges, whose BPDUs
    /// then close it, and on detach take that away; false, and then it is left
    /// as it is.
    pub stp_bpdu_guard: bool,
    /// The ports that may be configured; absent means all, empty means none.
    pub allowed_ports: Option<Vec<InterfaceName>>,
    /// The network team's aggregates (LAGs) that requests may name, as those
    /// among `allowed_ports` are; none.
    pub allowed_lags: Vec<InterfaceName>,
    /// The numbers of the aggregates (LAGs) that Mercury may make and remove,
    /// 1 to 65535; none.
    pub lag_numbers: LagNumbers,
    /// What the names of its aggregates are before their number, such as
    /// `"Port-Channel"`; the dialect's.
    pub lag_prefix: Option<String>,
    /// Switches of one request that have the same text here give a new
    /// aggregate the same number, as an MLAG or MC-LAG wants it; none.
    pub mlag_domain: Option<String>,
    /// The VNIs that it serves, and how; none.
    pub overlay: Option<OverlayRules>,
    /// After an attach, take the port's link down and let it come up again, so
    /// that the server asks for an address in its new network; false.
    pub bounce_on_attach: bool,
    /// How long the link stays down then, 1 to 30 s; 3 s.
    pub bounce_time: Duration,
    /// Bounce also where the switch does not undo by itself what is not
    /// confirmed, so that a port can stay down if Mercury dies meanwhile. Whoever
    /// asks for VLANs of a port, or to take them away, then enables it; false.
    pub bounce_unconfirmed: bool,
    /// What is done beside what callers ask for; nothing.
    pub options: Options,
    /// `card`: what makes it a DPU, over OVSDB; none.
    pub card: Option<Card>,
    /// The ports that uplinks of cards hang on, and those cards, as their entries say:
    /// they carry what the cards' representors do, and are nobody's to configure.
    pub uplinks: BTreeMap<InterfaceName, String>,
    /// What its ports and aggregates are called, as its dialect says; `None`
    /// where any name will do.
    pub interface_names: Option<Arc<InterfaceNames>>,
    /// The network team's rules of the service's `rules` files that hold here; none.
    pub team: TeamRules,
}

impl Default for Rules {
    fn default() -> Self {
        Rules {
            persist: true,
            allowed_vlans: None,
            lowest_vlan: VlanId::MIN,
            native_vlan: None,
            default_vlan: None,
            manage_vlans: false,
            manage_mtu: false,
            stp_edge: false,
            stp_bpdu_guard: false,
            allowed_ports: None,
            allowed_lags: Vec::new(),
            lag_numbers: LagNumbers::default(),
            lag_prefix: None,
            mlag_domain: None,
            overlay: None,
            bounce_on_attach: false,
            bounce_time: Duration::from_secs(3),
            bounce_unconfirmed: false,
            options: Options::default(),
            card: None,
            uplinks: BTreeMap::new(),
            interface_names: None,
            team: TeamRules::default(),
        }
    }
}

impl Rules {
    /// Whether Mercury has anything to say about spanning tree here.
    pub const fn manages_stp(&self) -> bool {
        self.stp_edge || self.stp_bpdu_guard
    }

    /// Whether VLANs may be bound to VNIs here, so that those that are have to be known.
    pub const fn serves_vnis(&self) -> bool {
        self.overlay.is_some()
    }

    /// Whether there can be this VLAN here, and the inventory lets it be configured.
    pub fn allows_vlan(&self, vlan: VlanId) -> bool {
        vlan >= self.lowest_vlan && self.allowed_vlans.as_ref().is_none_or(|allowed| allowed.contains(vlan))
    }

    /// Whether the inventory lets this port be configured; names are compared exactly.
    pub fn allows_port(&self, name: &InterfaceName) -> bool {
        self.allowed_ports.as_ref().is_none_or(|allowed| allowed.contains(name))
    }

    /// What the network team's rules have to say of a change, before anything of it is
    /// sent; one of error severity is not to be made.
    #[must_use]
    pub fn judge(&self, change: &Proposed<'_>) -> Findings {
        self.team.judge(change)
    }

    /// A port or aggregate as the switch names it, from what a caller calls it:
    /// by the entry's `port_names` first, then as the dialect says. A name that
    /// the entry itself uses is taken as it is.
    ///
    /// # Errors
    /// Why it is no name here.
    pub fn named(&self, given: &InterfaceName) -> Result<InterfaceName, String> {
        let name = self
            .options
            .port_names
            .rewritten(given)
            .map_err(|error| format!("what port_names makes of {:?} is no port's name: {error}", given.as_str()))?;
        let Some(names) = self.interface_names.as_ref().filter(|_| !self.mentions(&name)) else { return Ok(name) };
        let made = if name == *given { String::new() } else { format!(", made of {:?} by port_names", given.as_str()) };
        let spelled =
            names.spelled(name.as_str()).map_err(|misnamed| format!("{:?}{made}: {misnamed}", name.as_str()))?;
        spelled.parse().map_err(|error: mercury_model::TextError| error.to_string())
    }

    /// Whether the network team's files use this very name.
    fn mentions(&self, name: &InterfaceName) -> bool {
        let listed = self.allowed_ports.iter().flatten().chain(&self.allowed_lags).chain(&self.options.trunk_ports);
        let number = self.lag_prefix.as_ref().and_then(|prefix| name.as_str().strip_prefix(prefix.as_str()));
        listed.into_iter().any(|listed| listed == name) || number.is_some_and(|number| number.parse::<u16>().is_ok())
    }
}
