//! What a command line needs of a dialect.

mod bonds;
mod flat;
mod general;
mod lag_block;
mod overlay;
mod session;
mod set;
mod state;
mod template;
mod words;

use std::sync::Arc;

pub use bonds::{BondColumns, BondParts, BondRow, Bonds};
pub use flat::{FlatAggregate, FlatBridge, FlatForm, FlatLeaf, FlatMember, FlatNumber, FlatSaying, FlatWords};
pub use general::GeneralMode;
pub(crate) use lag_block::numbers;
pub use lag_block::{LagBlock, Since};
pub use overlay::{CliOverlay, OverlayPart, SegmentLine, VniStates, Way};
pub use session::{
    Candidate, CliSession, CliTransport, Confirming, Enable, Level, Prompts, Question, ShellLogin, Waiting, When,
};
pub use set::{Known, SetWords};
pub use state::{LinkState, StateForm, StateTable};
pub use template::{Filled, Hole, Template};
pub use words::{
    Blocks, CliForm, CliLine, CliWords, Command, DeviceColumns, LagMembers, ModeChange, Rows, Said, Shown,
    SwitchedPort, TrunkAbsent, TrunkWords, VlanMembers, VlanTable, Whole,
};

use mercury_model::InterfaceName;

use super::{Mapping, Tree};
use crate::{Defaults, InterfaceNames};

/// How a dialect is spoken to at its command line; cheap to clone.
#[derive(Clone, Debug)]
pub struct CliDialect {
    /// TCP port where an inventory entry names none; 22 is IANA's for SSH.
    pub port: u16,
    /// The network instance that holds the VLANs, where lines name one.
    pub network_instance: String,
    /// How the model is found in the data that lines are read as: where they are by a
    /// table or commands, in one tree for all systems, less what this one has no lines
    /// for; or else in the system's own.
    pub mapping: Mapping,
    /// What is so where a leaf is absent.
    pub defaults: Defaults,
    /// How a session is held.
    pub session: Arc<CliSession>,
    /// Its lines.
    pub words: Wording,
    /// What tells of ports whether or not they are configured; each is asked where those before
    /// it told nothing.
    pub states: Vec<StateTable>,
    /// What its ports are called.
    pub names: Option<InterfaceNames>,
}

impl CliDialect {
    /// Where everything lies, if that is in a tree.
    #[must_use]
    pub fn tree(&self) -> Option<&Tree> {
        match &self.mapping {
            Mapping::Tree(tree) => Some(tree),
            Mapping::MacVrf => None,
        }
    }

    /// Whether a name is an aggregate's, which is there by being configured.
    #[must_use]
    pub fn is_aggregate(&self, name: &InterfaceName) -> bool {
        let prefix = self.tree().and_then(|tree| tree.aggregate_names.as_deref());
        let number = prefix.and_then(|prefix| name.as_str().strip_prefix(prefix));
        number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    }

    /// Whether a port or aggregate can have this name, as it is.
    #[must_use]
    pub fn spells(&self, name: &InterfaceName) -> bool {
        self.names.as_ref().is_none_or(|names| names.shown(name.as_str()).as_deref() == Some(name.as_str()))
    }
}

/// The form of a system's lines.
#[derive(Clone, Debug)]
pub enum Wording {
    /// Each node of the one tree has its own.
    Table(Arc<CliWords>),
    /// They say the way through the system's own tree.
    Set(Arc<SetWords>),
    /// They are commands, and what is shown are other lines.
    Flat(Arc<FlatWords>),
}

impl Wording {
    /// The commands that show the configuration, in the order in which they are asked.
    #[must_use]
    pub fn shows(&self) -> &[Shown] {
        match self {
            Self::Table(words) => &words.shows,
            Self::Set(words) => &words.shows,
            Self::Flat(words) => &words.shows,
        }
    }

    /// What it says of VNIs, where that is by lines of their own.
    #[must_use]
    pub fn overlay(&self) -> Option<&CliOverlay> {
        match self {
            Self::Table(words) => words.overlay.as_ref(),
            Self::Flat(words) => words.overlay.as_ref(),
            Self::Set(_) => None,
        }
    }

    /// The lines by the table, where they are.
    #[must_use]
    pub fn table(&self) -> Option<&CliWords> {
        match self {
            Self::Table(words) => Some(words),
            Self::Set(_) | Self::Flat(_) => None,
        }
    }
}
