//! The second look at what a reply left out, before anything rests on it.

use std::collections::{BTreeMap, BTreeSet};

use mercury_adapter::{Absent, Answer, Sighting, Step};
use mercury_model::{InterfaceName, InterfaceScope, Running};

use super::{Line, Work};
use crate::{
    commit,
    desired::{self, Verdict},
    fault::{Fault, FaultKind},
    link::{lost_fault, taken},
    outcome::{Outcome, ReadBack, Report},
};

/// What was read, and how sure it is.
pub(super) struct Looked {
    pub(super) running: Running,
    /// Whether what is absent there is absent from the configuration; `None` where
    /// nobody has looked again.
    confirmed: Option<bool>,
    /// Nothing was shown of any port.
    blind: bool,
    absent: Absent,
}

impl Looked {
    /// What was read, looked at again where something is absent that was not
    /// found absent before on this switch, and not seen since. One flight, and another read where that shows
    /// what the first did not, or two where the target leaves out what is there.
    ///
    /// # Errors
    /// The switch has no such port, or does not show what it has.
    pub(super) async fn at(
        line: &mut Line<'_>,
        work: &Work,
        running: Running,
        report: &mut Report,
    ) -> Result<Self, Fault> {
        let Some(intent) = work.wanted() else {
            return Ok(Self { running, confirmed: Some(true), blind: false, absent: Absent::default() });
        };
        let absent = desired::absent(intent, &running);
        let known = absent.vlans.is_empty()
            && desired::answers_several(&running)
            && absent.interfaces.iter().all(|name| line.link.is_idle(name));
        let first = Self { running, confirmed: absent.is_empty().then_some(true), blind: false, absent };
        if known { Ok(first) } else { first.again(line, work, report).await }
    }

    /// Whether what is absent may be called that; `None` where it takes another look.
    pub(super) const fn is_confirmed(&self) -> Option<bool> {
        self.confirmed
    }

    /// That it may not.
    pub(super) fn unconfirmed(&self) -> Fault {
        desired::unconfirmed(&self.absent)
    }

    /// Whether something may be written, where a commit that waits to be confirmed can be
    /// cancelled or not.
    ///
    /// # Errors
    /// It shows nothing of any port, so the way back from what is not read back either could
    /// lead to nothing but a port without anything, whatever it had.
    pub(super) fn is_writable(&self, cancels: bool) -> Result<(), Fault> {
        if self.blind && !cancels { Err(self.unconfirmed()) } else { Ok(()) }
    }

    /// What was read, where something may be written.
    ///
    /// # Errors
    /// As [`Looked::is_writable`] says.
    pub(super) fn writable(self, cancels: bool) -> Result<Running, Fault> {
        self.is_writable(cancels).map(|()| self.running)
    }

    /// Looks again, whatever is known.
    pub(super) async fn again(self, line: &mut Line<'_>, work: &Work, report: &mut Report) -> Result<Self, Fault> {
        let Some(intent) = work.wanted() else { return Ok(self) };
        let Self { mut running, mut absent, .. } = self;
        let seen = seen(line, &absent).await?;
        let mut verdict = judged(line, &absent, &seen)?;
        // Somebody may have made it between the two looks.
        for is_left_out in [false, true] {
            if verdict != Verdict::Overlooked {
                break;
            }
            if is_left_out {
                read_whole(line);
            }
            running = commit::read_more(line.link, &running.scope.clone(), line.policy).await?;
            absent = desired::absent(intent, &running);
            verdict = judged(line, &absent, &seen)?;
        }
        match verdict {
            Verdict::Overlooked => Err(desired::withheld(&absent)),
            Verdict::NotConfigured { doubtful, confirmed, blind } => {
                report.doubts.extend(doubtful);
                Ok(Self { running, confirmed: Some(confirmed), blind, absent })
            }
        }
    }
}

fn read_whole(line: &mut Line<'_>) {
    tracing::warn!(
        switch = line.switch.identity.name,
        "the switch left out of its reply what it has; reading all of its interfaces and VLANs from now on"
    );
    line.link.read_whole();
}

fn judged(line: &Line<'_>, absent: &Absent, seen: &Sighting) -> Result<Verdict, Fault> {
    desired::judged(line.switch, absent, seen, line.dialect).map_err(|fault| *fault)
}

async fn seen(line: &mut Line<'_>, absent: &Absent) -> Result<Sighting, Fault> {
    let step = Step::Look(absent.clone());
    let mut flight = line.link.flight(std::slice::from_ref(&step), line.policy.reply_timeout).await;
    taken(&step, flight.results.first(), flight.lost.as_ref())?;
    match flight.results.pop() {
        Some(Ok(Answer::Seen(seen))) => Ok(*seen),
        _ => Err(flight
            .lost
            .as_ref()
            .map_or_else(|| Fault::new(FaultKind::Internal, "a look without an answer"), lost_fault)),
    }
}

/// What a switch shows of a port that it does not show proves nothing: neither
/// that a change was dropped, nor that it was undone.
pub(super) fn doubted(outcome: Outcome, doubts: &BTreeMap<InterfaceName, String>) -> Outcome {
    match outcome {
        Outcome::Rejected(cause) | Outcome::RolledBack(cause)
            if cause.kind == FaultKind::ReadBack && !doubts.is_empty() =>
        {
            let doubts = doubts.values().map(String::as_str).collect::<Vec<_>>().join("; ");
            let cause = Fault { message: format!("{}; {doubts}", cause.message), ..cause };
            Outcome::Unknown { cause, settles_within: None }
        }
        other => other,
    }
}

/// After the change was taken back: what is not shown is as before only if it is not
/// hidden.
pub(super) async fn undone(line: &mut Line<'_>, outcome: Outcome, report: &Report) -> Outcome {
    let (Outcome::Rejected(cause) | Outcome::RolledBack(cause), Some(before)) = (&outcome, &report.before) else {
        return outcome;
    };
    let mut unshown = Absent { interfaces: line.link.take_unshown(), vlans: BTreeSet::new() };
    // What the switch itself refused is not there, and was not shown before either, unless it
    // keeps of a change what it did before it came to what it refuses.
    let whole = line.link.capabilities().is_some_and(|capabilities| capabilities.atomic_edit);
    let refused = whole && matches!(&outcome, Outcome::Rejected(cause) if !cause.device_errors.is_empty());
    unshown.interfaces.retain(|name| !refused || before.interfaces.contains_key(name));
    if unshown.is_empty() {
        return outcome;
    }
    let Err(fault) = as_before(line, &unshown, before).await else { return outcome };
    Outcome::Unknown { cause: cause.clone().but(&fault.message), settles_within: None }
}

async fn as_before(line: &mut Line<'_>, unshown: &Absent, before: &Running) -> Result<(), Fault> {
    line.link.open().await?;
    let seen = desired::afterwards(line.switch, seen(line, unshown).await?);
    match judged(line, unshown, &seen)? {
        Verdict::NotConfigured { confirmed: true, .. } => Ok(()),
        Verdict::NotConfigured { .. } => Err(desired::unconfirmed(unshown)),
        Verdict::Overlooked => {
            let now = commit::read_more(line.link, &before.scope, line.policy).await?;
            let is_as_before = |name| match (now.interfaces.get(name), before.interfaces.get(name)) {
                (Some(now), Some(before)) => now == before,
                _ => false,
            };
            if unshown.interfaces.iter().all(is_as_before) { Ok(()) } else { Err(desired::withheld(unshown)) }
        }
    }
}

/// After the change: a port that was there before and is not shown any more may
/// be one of which nothing is configured, or one that is hidden.
pub(super) async fn sure(line: &mut Line<'_>, work: &Work, outcome: Outcome, report: &mut Report) -> Outcome {
    let (Outcome::Committed(proof), Some(before)) = (&outcome, &report.before) else { return outcome };
    let now = proof.running();
    let Some(intent) = work.wanted().filter(|_| now.scope.interfaces != InterfaceScope::All) else { return outcome };
    let mut absent = desired::absent(intent, now);
    absent.interfaces.retain(|name| before.interfaces.contains_key(name));
    absent.vlans.clear();
    if absent.is_empty() {
        return outcome;
    }
    match confirmed(line, &absent, proof).await {
        Ok(()) => outcome,
        Err(cause) => Outcome::Unknown { cause, settles_within: None },
    }
}

async fn confirmed(line: &mut Line<'_>, absent: &Absent, proof: &ReadBack) -> Result<(), Fault> {
    line.link.open().await?;
    let seen = desired::afterwards(line.switch, seen(line, absent).await?);
    match judged(line, absent, &seen)? {
        // The port was there a moment ago.
        Verdict::NotConfigured { .. } if seen.interfaces.is_some() => {
            line.link.are_idle(absent.interfaces.iter().cloned());
            Ok(())
        }
        Verdict::NotConfigured { .. } => Err(desired::unconfirmed(absent)),
        Verdict::Overlooked => {
            let scope = proof.running().scope.clone();
            let mut now = commit::read_more(line.link, &scope, line.policy).await?;
            if absent.interfaces.iter().any(|name| !now.interfaces.contains_key(name)) {
                read_whole(line);
                now = commit::read_more(line.link, &scope, line.policy).await?;
            }
            // It may be listed and hold nothing.
            if now.is_as(&proof.running().config) { Ok(()) } else { Err(desired::withheld(absent)) }
        }
    }
}
