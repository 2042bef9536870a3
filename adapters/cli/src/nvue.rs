//! NVUE's REST server: the words of the command line as members of JSON objects, changed in
//! revisions.
//!
//! | Module | What it holds |
//! |---|---|
//! | `tree` | objects as lines |
//! | `reading` | what is applied, as data |
//! | `patches` | lines as objects |
//! | `revision` | what the states of a revision mean |
//! | `client` | requests, and what their answers mean |
//! | `session` | steps as requests |
//! | `connect` | opening sessions |

mod client;
mod connect;
mod patches;
mod reading;
mod revision;
mod session;
#[cfg(test)]
mod session_tests;
mod tree;

pub(crate) use client::{Client, Failure};
pub use connect::{NvueConnector, NvueOptions};
pub use patches::{NvueRenderer, Patches};
pub use session::NvueSession;
pub use tree::recorded_objects;
