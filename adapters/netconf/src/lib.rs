//! NETCONF adapter: edit-config rendering and sessions over SSH.
//!
//! From the wire up: [`framing`] cuts bytes into messages, [`xml`] makes trees
//! of them, [`hello`], [`operation`] and [`message`] know what the trees mean,
//! [`protocol`] is a session without socket and clock, [`client`] gives it both.

pub mod client;
mod counted;
pub mod framing;
pub mod hello;
pub mod message;
pub mod operation;
pub mod protocol;
pub mod xml;

pub use counted::Counters;
