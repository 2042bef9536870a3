//! What NETCONF needs of a dialect.

use super::Tree;
use crate::Defaults;

/// How a dialect is spoken to over NETCONF.
#[derive(Clone, Debug)]
pub struct NetconfDialect {
    /// TCP port where an inventory entry names none; 830 is IANA's.
    pub port: u16,
    /// Whether several requests may be under way at once.
    pub pipelining: bool,
    /// Whether running can be locked beside the candidate.
    pub lock_running: bool,
    /// Whether the standard confirmed commit works as announced.
    pub confirmed_commit: bool,
    /// The network instance that holds the VLANs, where an inventory entry
    /// names none.
    pub network_instance: String,
    /// What is so where a leaf is absent.
    pub defaults: Defaults,
    /// Where everything lies.
    pub tree: Tree,
}
