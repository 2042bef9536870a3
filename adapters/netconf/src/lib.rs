//! NETCONF adapter: edit-config rendering and sessions over SSH and TLS.
//!
//! From the wire up: [`framing`] cuts bytes into messages, [`xml`] makes trees
//! of them, [`hello`], [`operation`] and [`message`] know what the trees mean,
//! [`protocol`] is a session without socket and clock, [`client`] gives it both.
//! [`Renderer`] puts plans as edits, [`NetconfSession`] carries steps.

mod announced;
mod burst;
mod carrier;
pub mod client;
#[doc(hidden)]
pub mod conformance;
mod connect;
mod counted;
mod decode;
pub mod document;
pub mod framing;
pub mod hello;
mod junos;
mod library;
mod look;
pub mod message;
mod modules;
mod monitoring;
pub mod operation;
mod place;
pub mod protocol;
mod published;
mod render;
mod session;
mod states;
pub mod xml;

pub use carrier::{Carried, Carrier, Channels, Duplex, OverSsh, OverTls, TlsTarget};
pub use connect::NetconfConnector;
pub use counted::Counters;
pub use render::{EditConfig, Renderer};
pub use session::{NetconfSession, ReadOnly};
