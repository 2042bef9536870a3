use super::{ConfirmedCommit, TlsSettings};

/// What only a switch that is configured through its OVSDB has. Its address is a host, or
/// `unix:` and the absolute path of a socket of this machine.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OvsdbSettings {
    /// How both prove themselves to one another; of no meaning for a socket of this
    /// machine.
    pub tls: TlsSettings,
    /// `foreign_bridges`: the bridges of somebody else, such as Neutron, OVN or a
    /// controller, whose ports Mercury may change all the same; none.
    pub foreign_bridges: Vec<String>,
    /// `confirmed_commit`: where it must be on, the switch is not changed, because a
    /// transaction is for good; auto.
    pub confirmed_commit: ConfirmedCommit,
}
