//! The RESTCONF face (RFC 8040, RFC 8072): URIs, JSON, and HTTP/1.1 below them.
//!
//! It reads and writes running, one request at a time as IOS-XE does: a lock that somebody
//! holds over NETCONF keeps writers out with 409.

mod answer;
mod fields;
mod listener;
mod patch;
mod resource;
mod service;
mod write;

pub(crate) use listener::{listen, serve};

/// Where resources begin.
const ROOT: &str = "/restconf";
