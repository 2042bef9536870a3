//! Command line adapter: plans as lines, lines as data, and sessions at a prompt.
//!
//! [`CliRenderer`] puts a plan as a [`Script`] of lines; [`asks`] says which commands
//! show a configuration, and [`running`] reads what they answered. [`prompt`] is a
//! terminal without socket and clock, which tells the answer to each line, and
//! [`judge`] says what the answer means.
//!
//! NVUE's REST server has the words of its command line as the members of JSON objects:
//! [`NvueRenderer`] puts lines as [`Patches`], and [`NvueSession`] carries them in revisions.

mod candidate;
#[doc(hidden)]
pub mod conformance;
mod connector;
mod exec;
pub mod judge;
mod nvue;
pub mod prompt;
mod release;
mod script;
mod session;
mod sh;
mod shell;
mod telnet;
mod transcript;
mod trial;
mod typing;
mod vnis;
mod wire;
mod words;

pub use connector::{CliConnector, CliOptions, CliWay};
pub use nvue::{NvueConnector, NvueOptions, NvueRenderer, NvueSession, Patches, recorded_objects};
pub use script::{Line, NUMBER, Numbered, Script};
pub use session::LineSession;
pub use telnet::TelnetOptions;
pub use transcript::{Recording, Transcript};
pub(crate) use words::unused;
pub use words::{
    Brought, CliRenderer, PortStates, PortTable, Unreadable, Untold, another, asks, brought, port_states, recorded,
    running, vni_states,
};
