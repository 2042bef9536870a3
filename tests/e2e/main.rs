//! The whole service as its callers meet it: `mercury serve` in a process of
//! its own, Ironic's released client or plain HTTP before it, a simulated
//! switch, a real netconfd or a real gNMI server behind it, and an eye on the
//! switch that shares no code with Mercury.
//!
//! Tests with real peers say that they are left out unless `MERCURY_PEERS` is
//! set; `tests/run` sets it.

// The attribute tells clippy that helpers here are tests too.
#[cfg(test)]
mod absent;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod audit_log;
#[cfg(test)]
mod browser;
#[cfg(test)]
mod call_home;
#[cfg(test)]
mod callers;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod client;
#[cfg(test)]
mod command_line;
#[cfg(test)]
mod conductor;
#[cfg(test)]
mod crowd;
mod defaults;
#[cfg(test)]
mod desk;
#[cfg(test)]
mod difference;
#[cfg(test)]
mod dpu;
#[cfg(test)]
mod driver;
#[cfg(test)]
mod ends;
#[cfg(test)]
mod faces;
#[cfg(test)]
#[cfg(feature = "yang")]
mod fetch;
#[cfg(test)]
mod flights;
#[cfg(test)]
mod harness;
#[cfg(test)]
#[cfg(feature = "etcd")]
mod hosts;
#[cfg(test)]
mod http;
#[cfg(test)]
mod import;
#[cfg(test)]
mod init;
#[cfg(test)]
mod interrupted;
#[cfg(test)]
mod ironic;
#[cfg(test)]
mod jetconf;
#[cfg(test)]
mod left_out;
#[cfg(test)]
mod locks;
#[cfg(test)]
mod logs;
#[cfg(feature = "etcd")]
#[cfg(test)]
mod members;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod netconf_tls;
#[cfg(test)]
mod nvue;
#[cfg(test)]
mod offline;
#[cfg(test)]
mod on_switch;
#[cfg(test)]
mod openstack;
#[cfg(test)]
mod others;
#[cfg(test)]
mod output;
#[cfg(test)]
mod overlays;
#[cfg(test)]
mod ovsdb;
#[cfg(test)]
mod own_dialects;
#[cfg(test)]
mod packaging;
#[cfg(test)]
mod policy;
#[cfg(test)]
#[cfg(feature = "yang")]
mod published;
#[cfg(test)]
mod reload;
#[cfg(test)]
mod render;
#[cfg(test)]
mod report;
#[cfg(test)]
mod restconf;
#[cfg(test)]
mod review;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod scenarios;
#[cfg(test)]
#[cfg(feature = "yang")]
mod schema;
#[cfg(test)]
mod secrets;
#[cfg(test)]
#[cfg(feature = "etcd")]
#[path = "../kit/etcd.rs"]
mod server;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod shared_vlans;
#[cfg(test)]
mod signals;
#[cfg(test)]
mod status;
#[cfg(test)]
mod taken_away;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod traces;
#[cfg(test)]
mod validate;
#[cfg(test)]
#[cfg(feature = "yang")]
mod yanglint;
