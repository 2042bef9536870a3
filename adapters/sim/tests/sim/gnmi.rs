//! The switch as a gNMI client meets it.

pub(crate) mod client;
mod commit;
mod faults;
mod get;
mod quirks;
mod set;
mod subscribe;
mod tls;
mod together;
