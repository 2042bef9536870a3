//! Command line adapter: plans as lines, lines as data, and sessions at a prompt.
//!
//! [`CliRenderer`] puts a plan as a [`Script`] of lines; [`asks`] says which commands
//! show a configuration, and [`running`] reads what they answered. [`prompt`] is a
//! terminal without socket and clock, which tells the answer to each line, and
//! [`judge`] says what the answer means.

mod candidate;
#[doc(hidden)]
pub mod conformance;
mod connector;
mod exec;
pub mod judge;
pub mod prompt;
mod script;
mod session;
mod sh;
mod shell;
mod telnet;
mod transcript;
mod wire;
mod words;

pub use connector::{CliConnector, CliOptions, CliWay};
pub use script::{Line, Script};
pub use session::LineSession;
pub use telnet::TelnetOptions;
pub use transcript::{Recording, Transcript};
pub use words::{
    Brought, CliRenderer, PortStates, Unreadable, Untold, another, asks, brought, port_states, recorded, running,
};
