//! Command line adapter: plans as lines, and lines as data.
//!
//! [`CliRenderer`] puts a plan as a [`Script`] of lines; [`asks`] says which commands
//! show a configuration, and [`running`] reads what they answered.

#[doc(hidden)]
pub mod conformance;
mod script;
mod words;

pub use script::{Line, Script};
pub use words::{CliRenderer, Unreadable, asks, running};
