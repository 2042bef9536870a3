//! Whether what a switch without a lock shows is what was written to it.
//!
//! Such a switch may answer OK to a change and be read back as before because
//! nothing was done; or because what is read is state, or because access control
//! keeps something from who reads. Only what has shown a change before is
//! believed.

use mercury_adapter::{Answer, CommitMode, Step};
use mercury_model::{Intended, Plan, Running};

use super::{Policy, Transition, command::Landed};
use crate::{
    fault::{Fault, FaultKind},
    link::{Link, Shown, taken},
    outcome::Outcome,
};

/// What a switch without a lock said to a change, and showed of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answered {
    /// OK, and it is for good.
    taken: bool,
    shown: Shown,
}

impl Answered {
    pub(super) fn of(landed: &Landed, before: &Running) -> Self {
        let committed = landed.steps.iter().position(|step| matches!(step, Step::Commit(CommitMode::Plain)));
        let read = landed.results.iter().rev().find_map(|result| match result {
            Ok(Answer::Running(running)) => Some(running),
            _ => None,
        });
        let shown = read.map(|now| Shown {
            ports: now.interfaces != before.interfaces,
            vlans: now.vlans != before.vlans,
            segments: now.segments != before.segments,
        });
        Self { taken: committed.is_some_and(|at| landed.is_done(at)), shown: shown.unwrap_or_default() }
    }
}

/// Learns from the read-back of a change, and says whether the switch answered
/// with OK to something that it might not show.
pub(super) fn is_in_doubt(known: &mut Shown, answered: Answered, transition: &Transition<'_>) -> bool {
    known.ports |= answered.shown.ports;
    known.vlans |= answered.shown.vlans;
    known.segments |= answered.shown.segments;
    let (before, intended) = (&transition.before, &transition.intended.0);
    let mut ports = intended.interfaces.iter().filter(|(name, port)| before.interfaces.get(name) != Some(port));
    let believed = ports.all(|(name, _)| known.ports && before.interfaces.contains_key(name))
        && (known.vlans || before.vlans == intended.vlans)
        && (known.segments || before.segments == intended.segments);
    answered.taken && !believed
}

/// Takes back a change that may be there although it does not show.
pub(super) async fn take_back(
    link: &mut Link,
    transition: &Transition<'_>,
    policy: &Policy,
    outcome: Outcome,
) -> Outcome {
    let (Outcome::Rejected(cause) | Outcome::RolledBack(cause) | Outcome::RollbackFailed { cause, .. }) = outcome
    else {
        return outcome;
    };
    let sent = match transition.lock.is_held() {
        true => send(link, transition, policy).await,
        false => Err(Fault::new(FaultKind::Coordinator, "the lock that keeps other Mercurys from it was lost")),
    };
    let sent = match sent {
        Ok(()) => "what takes it back was sent".to_owned(),
        Err(fault) => format!("what takes it back could not be sent: {fault}"),
    };
    let doubt = "no such change has been seen on it yet, so it may have what it does not show";
    let message = format!("{}; {doubt}; {sent}", cause.message);
    Outcome::Unknown { cause: Fault { message, ..cause }, settles_within: None }
}

async fn send(link: &mut Link, transition: &Transition<'_>, policy: &Policy) -> Result<(), Fault> {
    let before = &transition.before;
    let made = Running { config: transition.intended.0.clone(), ..before.clone() };
    let plan = Plan::between(&made, &Intended(before.config.clone())).written_as(before);
    link.open().await?;
    let way_back = link.render(transition.render, &plan)?;
    let steps = [Step::Discard, Step::Stage(way_back), Step::Commit(CommitMode::Plain)];
    let flight = link.flight(&steps, policy.commit_timeout).await;
    let answer = |(index, step)| taken(step, flight.results.get(index), flight.lost.as_ref());
    steps.iter().enumerate().try_for_each(answer)
}
