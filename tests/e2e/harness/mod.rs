//! What every test here stands on.
//!
//! | what | how |
//! |---|---|
//! | a switch | [`Peer::Netconfd`] and the others: [`Peer::own`], [`Peer::shared`] |
//! | its inventory entry | [`Switch::entry`], changed with [`Entry::with`] |
//! | the service | [`Mercury::serve`], or [`Setup`] for files and flags |
//! | calling it | [`Client`] over HTTP, [`Ironic`] with Ironic's own client, [`Conductor`] as all of Ironic |
//! | looking at the switch | [`Switch::look`], which never asks Mercury |
//! | disturbing the switch | [`Simulated::handle`], [`Netconfd::arm`], [`Target::arm`] |
//!
//! Everything waits for states, at most [`LIMIT`].

mod client;
mod conductor;
mod entry;
mod front;
mod ironic;
mod log;
mod mercury;
mod netconfd;
mod openconfig;
mod peer;
pub(crate) mod python;
mod simulated;
mod state;
mod target;

use std::time::Duration;

pub(crate) use client::{Client, RpcError};
pub(crate) use conductor::Conductor;
pub(crate) use entry::Entry;
pub(crate) use front::Front;
pub(crate) use ironic::{Exception, Ironic};
pub(crate) use log::Lines;
pub(crate) use mercury::{Finished, Mercury, Setup, Terminal, signal};
pub(crate) use netconfd::{Netconfd, wait};
pub(crate) use peer::{Datastores, Peer, Shared, Switch, installed, netconfd};
pub(crate) use simulated::{Face, Simulated, block_on};
pub(crate) use state::{Port, State};
pub(crate) use target::{Kind, Target};

/// How long anything here may take to come about.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);
