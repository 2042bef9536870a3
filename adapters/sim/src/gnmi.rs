//! The gNMI face (gNMI 0.10.0): messages, paths, JSON, and HTTP/2 below them.
//!
//! It reads and writes running. gNMI knows no candidate and no session: a Set
//! is a commit, and a lock somebody holds over NETCONF keeps it out.

mod capabilities;
mod commit;
mod connection;
mod exchange;
mod get;
mod json;
mod leaves;
mod listener;
mod path;
pub(crate) mod payload;
mod read;
mod scalar;
mod service;
mod set;
mod status;
mod subscribe;

pub(crate) use connection::{Opening, Trust};
pub(crate) use listener::listen;

/// What Capabilities says (gNMI section 3.2.2).
const VERSION: &str = "0.10.0";
