//! NETCONF adapter: edit-config rendering and sessions over SSH.

pub mod framing;
pub mod hello;
pub mod message;
pub mod operation;
pub mod xml;
