//! The switch as a gNMI client meets it.

mod client;
mod commit;
mod faults;
mod get;
mod quirks;
mod set;
mod subscribe;
mod tls;
mod together;
