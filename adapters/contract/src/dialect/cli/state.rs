//! How a system tells which ports it has, configured or not, and whether their links are up.

use super::Template;

/// A command that tells which ports there are, and how its answer is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateTable {
    /// The command.
    pub command: String,
    /// What its answer looks like.
    pub form: StateForm,
    /// What stands there for each state, in lower case; what is none of these is unknown.
    pub words: Vec<(String, LinkState)>,
    /// Whether a port that is there may have no row, as where it lacks its transceiver: a row
    /// proves that there is a port, and its absence nothing.
    pub leaves_out: bool,
}

/// What tells of ports and their links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateForm {
    /// Columns below titles: a row begins with the port's name.
    Columns {
        /// Titles that a heading may begin with.
        name: Vec<String>,
        /// Titles of the column with the state of the link; the first that a heading has.
        link: Vec<String>,
        /// The title of a column beside it, and the word in it of a port that was shut down.
        admin: Option<(String, String)>,
    },
    /// Lines that each have a port's name, the state of its link, or both; the state alone is
    /// that of the port before it. Others stand between them.
    Lines(Vec<Template>),
}

/// What is told of a port's link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// Frames can pass.
    Up,
    /// None can, for whatever reason but the next.
    Down,
    /// Somebody shut the port down.
    AdminDown,
    /// It is not told, or not in words that are known.
    Unknown,
}
