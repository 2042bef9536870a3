//! Locks in a real etcd: who has them, who waits, and what becomes of them when
//! a process or etcd itself is slow, cut off or dead. What must never be is that
//! two believe they have the same lock.
//!
//! Tests say that they are left out where there is no etcd, unless
//! `MERCURY_PEERS` is set; `tests/run` installs it and sets that.
#![cfg(feature = "etcd")]

// The attribute tells clippy that helpers here are tests too.
#[cfg(test)]
mod access;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod kit;
#[cfg(test)]
mod order;
#[cfg(test)]
#[path = "../kit/etcd.rs"]
mod server;
