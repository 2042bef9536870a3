//! OVSDB adapter: plans as what changes in the rows of Open vSwitch, and sessions that
//! carry them as guarded transactions (RFC 7047).
//!
//! [`Renderer`] puts a plan as a [`Change`]; the session makes one transaction of it,
//! which waits for nothing and goes on only where everything that the plan was made from
//! is still so. [`splitter`] and [`message`] are the protocol without socket and clock.

mod bonds;
mod bridged;
mod change;
mod client;
pub mod conformance;
mod connect;
pub mod datum;
mod guarded;
pub mod message;
mod owner;
pub mod packed;
mod places;
#[cfg(test)]
mod places_tests;
mod probe;
mod read;
mod render;
#[cfg(test)]
mod round_trip_tests;
mod rows;
mod session;
pub mod splitter;
mod transaction;
mod tunnels;
mod vlans;

pub use change::{BondChange, Change, LeafChange, Place, PortChange};
pub use client::{Answer, Client, Reply};
pub use connect::{Endpoint, OvsdbConnector, OvsdbOptions};
pub use render::Renderer;
pub use session::OvsdbSession;
pub use transaction::{DATABASE, Failed, Transaction};
pub use tunnels::{Tunnel, TunnelChange};
pub use vlans::Vlans;
