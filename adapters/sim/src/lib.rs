//! The simulated switch: one datastore, a NETCONF face over SSH and TLS, a
//! gNMI face over HTTP/2, a RESTCONF face over HTTP/1.1, named faults.
//!
//! It is a strict peer, made to be written against: what the standards let a
//! switch refuse is refused here. It shares no encoder with the adapters, so
//! that a mistake in one of them meets something that does not make it too.
//!
//! ```no_run
//! # async fn example() -> Result<(), mercury_sim::SimError> {
//! let switch = mercury_sim::Simulator::start(mercury_sim::Options::default()).await?;
//! println!("ssh -s -p {} {}@127.0.0.1 netconf", switch.addr().port(), switch.username());
//! # Ok(()) }
//! ```
//!
//! | Module | What it holds |
//! |---|---|
//! | [`schema`] | the OpenConfig subset, with namespaces and module names |
//! | [`datastore`] | a configuration as a tree of that shape |
//! | [`edit`] | what merge, replace, create, delete, remove and none do |
//! | `validate` | what must hold before a configuration may run |
//! | `device` | datastores, locks, sessions, confirmed commit |
//! | `netconf` | framing, XML, operations, replies |
//! | `ssh` | the SSH server in front |
//! | `tls` | the certificates of both sides |
//! | `gnmi` | paths, JSON, the four RPCs, and TLS in front |
//! | `restconf` | URIs, JSON, and HTTP/1.1 with TLS in front |
//! | `ovsdb` | rows, transactions and JSON-RPC of an Open vSwitch, and its ovs-vswitchd |
//! | `strikes` | faults, as gNMI, RESTCONF and OVSDB meet them |
//! | `cli` | a switch with nothing but a command line, and its faults |
//! | `nvue` | a switch with nothing but NVUE's REST server, and its faults |
//! | [`fault`] | what goes wrong, and when |
//!
//! Only `netconf` knows XML and only `gnmi` protocol buffers: another face is
//! another module on `device`.

mod cli;
pub mod datastore;
mod device;
pub mod edit;
mod error;
pub mod fault;
mod gnmi;
mod netconf;
mod nvue;
mod options;
mod ovsdb;
mod pattern;
pub mod refusal;
mod restconf;
pub mod schema;
mod severable;
mod simulator;
mod ssh;
mod strikes;
mod tls;
mod validate;

pub use cli::{
    CLI_PASSWORD, CLI_USER, CliHandle, CliSwitch, CommitGrammar, Grammar, LagGrammar, LineFault, RowChange, RowGrammar,
    RowShow, SetGrammar, Show,
};
pub use datastore::Datastore;
pub use device::{Counters, PendingCommit, SessionId, Status};
pub use error::SimError;
pub use fault::{Fault, FaultId};
pub use nvue::{NVUE_PASSWORD, NVUE_USER, NvueFault, NvueHandle, NvueRequest, NvueSwitch};
pub use options::{Mode, Options, Quirks, RestconfFace};
pub use ovsdb::OvsdbHandle;
pub use simulator::{Handle, Simulator};
