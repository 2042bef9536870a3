//! What an onlooker can see of the switch.

use std::{collections::BTreeMap, time::Duration};

use tokio::time::Instant;

use super::{Device, SessionId, State};
use crate::{
    datastore::Datastore,
    fault::{Fault, FaultId},
};

/// How often things happened, from the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Sessions opened.
    pub sessions: u64,
    /// Requests answered or being answered, of both faces.
    pub rpcs: u64,
    /// Batches of requests read together, that is: round trips. With gNMI those
    /// that run at the same time on one connection are one.
    pub flights: u64,
    /// Edits that changed or could have changed a datastore, without refused
    /// ones. A Set is one too.
    pub edits: u64,
    /// Successful commits, plain, confirmed and confirming. A Set is one too.
    pub commits: u64,
    /// Confirmed commits that were undone.
    pub rollbacks: u64,
    /// Commits that were made while another waited to be confirmed.
    pub overlaps: u64,
    /// SSH connections that were made, each of which may carry several sessions.
    pub ssh_connections: u64,
    /// gNMI and RESTCONF connections opened.
    pub connections: u64,
    /// Successful gNMI Sets, also those that only confirm, cancel or extend.
    pub sets: u64,
    /// Successful gNMI Gets.
    pub gets: u64,
    /// Successful gNMI subscriptions.
    pub subscriptions: u64,
}

/// A commit that is undone unless it is confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingCommit {
    /// The session that made it; 0 once that is gone.
    pub session: SessionId,
    /// The token another session may confirm it with.
    pub persist: Option<String>,
    /// The id of the gNMI Set it was made by.
    pub gnmi_id: Option<String>,
    /// Time left.
    pub remaining: Duration,
}

/// A snapshot of the switch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Open NETCONF sessions.
    pub sessions: usize,
    /// Open gNMI and RESTCONF connections.
    pub connections: usize,
    /// Who holds which lock.
    pub locks: BTreeMap<Datastore, SessionId>,
    /// Whether the candidate differs from running.
    pub candidate_dirty: bool,
    /// A commit that waits to be confirmed.
    pub pending: Option<PendingCommit>,
    /// Counters.
    pub counters: Counters,
}

impl Device {
    pub(crate) fn status(&self) -> Status {
        self.look().status()
    }

    pub(crate) fn set_fault(&self, fault: Fault) -> FaultId {
        self.change(|state| state.faults.set(fault))
    }
}

impl State {
    fn status(&self) -> Status {
        Status {
            sessions: self.sessions.len(),
            connections: self.connections,
            locks: self.locks.clone(),
            candidate_dirty: self.candidate_is_dirty(),
            pending: self.pending.as_ref().or(self.overlapped.first()).map(|pending| PendingCommit {
                session: pending.session(),
                persist: pending.persist().map(str::to_owned),
                gnmi_id: pending.set().map(str::to_owned),
                remaining: pending.deadline().saturating_duration_since(Instant::now()),
            }),
            counters: self.counters,
        }
    }
}
