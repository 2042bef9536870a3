//! What a command line needs of a dialect.

mod session;
mod template;
mod words;

use std::sync::Arc;

pub use session::{CliSession, CliTransport, Enable, Level, Prompts, Question, ShellLogin, When};
pub use template::{Filled, Hole, Template};
pub use words::{
    Blocks, CliForm, CliLine, CliWords, Command, ModeChange, PortTable, Said, Shown, TrunkAbsent, TrunkWords,
    VlanMembers, VlanTable, Whole,
};

use super::Tree;
use crate::Defaults;

/// How a dialect is spoken to at its command line; cheap to clone.
#[derive(Clone, Debug)]
pub struct CliDialect {
    /// TCP port where an inventory entry names none; 22 is IANA's for SSH.
    pub port: u16,
    /// The network instance that holds the VLANs; lines name none.
    pub network_instance: String,
    /// Where everything lies in the data that lines are read as: one tree for all
    /// systems, less what this one has no lines for.
    pub tree: Arc<Tree>,
    /// What is so where a leaf is absent.
    pub defaults: Defaults,
    /// How a session is held.
    pub session: Arc<CliSession>,
    /// Its lines.
    pub words: Arc<CliWords>,
}
