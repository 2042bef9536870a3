//! Where switches call, while a command runs.

use std::{net::SocketAddr, time::Duration};

use mercury_call_home::{Carried, Door, Heard, Limits, Reception};

use super::Failure;
use crate::{
    config::{CallHome, Settings},
    inventory::Inventory,
    metrics,
};

/// How long who was not let in keeps its place.
const PENALTY: Duration = Duration::from_secs(5);
/// How long a connection is asked whether it lives, when its switch calls again.
const CHECK: Duration = Duration::from_secs(6);

/// Opens them, as the settings say.
///
/// # Errors
/// An address cannot be listened on.
pub(super) fn open(settings: &Settings) -> Result<Vec<Door>, Failure> {
    settings.call_home.as_ref().map_or_else(|| Ok(Vec::new()), all).map_err(Failure::Other)
}

fn all(call_home: &CallHome) -> Result<Vec<Door>, String> {
    let ssh = call_home.ssh.iter().map(|address| (Carried::Ssh, *address));
    let tls = call_home.tls.iter().map(|address| (Carried::Tls, *address));
    ssh.chain(tls).map(|(carried, address)| one(call_home, carried, address)).collect()
}

fn one(call_home: &CallHome, carried: Carried, address: SocketAddr) -> Result<Door, String> {
    let limits = Limits {
        half_open: call_home.half_open,
        half_open_per_peer: call_home.half_open_per_peer,
        handshake: call_home.handshake_timeout,
        penalty: PENALTY,
        check: CHECK,
        wait: call_home.wait,
    };
    let failed = |error| format!("no calls can be taken on {address}: {error}");
    let listener = mercury_call_home::listen(address).map_err(failed)?;
    let door = Door::open(listener, carried, limits, Reception::shared(), heard).map_err(failed)?;
    tracing::info!(address = %door.address(), ?carried, "switches that call home are listened for");
    Ok(door)
}

fn heard(what: Heard) {
    metrics::call(match what {
        Heard::LetIn => "let-in",
        Heard::NotKnown => "not-known",
        Heard::Again => "again",
        Heard::NoPlace => "no-place",
    });
}

/// How many more switches they are as file descriptors count: a socket that was accepted
/// has a second one, by which it is probed.
pub(super) fn sockets(settings: &Settings, inventory: &Inventory) -> usize {
    let half_open = settings.call_home.as_ref().map_or(0, |home| home.half_open);
    inventory.iter().filter(|switch| switch.calls_home()).count() + half_open
}

/// The same for one command, as soon as it asks for a switch that calls home, and not
/// before.
pub(super) fn open_at_need(settings: &Settings) {
    let Some(call_home) = settings.call_home.clone() else { return };
    Reception::shared().opens_at_need(Box::new(move || {
        let help = "where mercury serve runs, ask that one";
        all(&call_home).map_err(|why| format!("{why}; another process may listen there: {help}"))
    }));
}
