//! Confirming what is made.

use mercury_adapter::Step;

use super::{
    super::{
        command::{Landed, Moment, Next},
        style::{Pending, saves},
    },
    Commit, Goal, Made, Onward, Reached, State, Trouble,
    undoing::{Depth, Taken},
};
use crate::{fault::Fault, outcome::ReadBack};

impl Commit<'_> {
    pub(super) fn keep(&mut self, proof: ReadBack, made: Made, at: Moment) -> Onward {
        match made {
            Made::Pending(pending) => self.confirm(proof, pending),
            Made::Locked => self.save_made(proof, true, at),
            Made::Unlocked { saved } => self.finished(proof, saved, false),
        }
    }

    /// Whether it is to be saved over startup on the open session.
    pub(super) fn saves(&self) -> bool {
        self.can(|capabilities| saves(capabilities, self.policy))
    }

    /// Confirms, and looks once more: a plain commit after the timer has run out
    /// is no error, only too late. Where nothing is left to do, the lock is given
    /// back in the same flight.
    ///
    /// A confirmation that carries a token is refused when it is too late; where
    /// looking would cost another round trip, that is proof enough.
    fn confirm(&mut self, proof: ReadBack, pending: Pending) -> Onward {
        let token = pending.token();
        let looks = token.is_none() || self.can(|capabilities| capabilities.pipelining);
        let mut steps = vec![Step::Confirm(token)];
        if looks {
            steps.push(Step::Read(self.transition.before.scope.clone()));
        }
        if self.alone && !self.saves() {
            steps.push(Step::Unlock);
        }
        self.fly(State::Confirming { proof, pending }, steps, self.policy.commit_timeout)
    }

    pub(super) fn confirmed(&mut self, proof: ReadBack, pending: Pending, landed: &Landed, at: Moment) -> Onward {
        let lost = landed.lost.is_some();
        let locked = !lost && !landed.unlocked();
        if let Some(cause) = landed.fault(0) {
            let cause = self.perhaps_late(cause, at);
            let trouble = Trouble { cause, depth: Depth::Pending(pending), locked, taken: Taken::Perhaps };
            return if lost { self.search(trouble, Goal::Final, at) } else { self.undo(trouble, at) };
        }
        if !matches!(landed.steps.get(1), Some(Step::Read(_))) {
            return self.save_made(proof, locked, at);
        }
        let trouble = |cause| Trouble { cause, depth: Depth::Running, locked, taken: Taken::Perhaps };
        match landed.read(1) {
            Err(cause) => self.search(trouble(cause), Goal::Final, at),
            Ok(now) => match self.transition.proof(now) {
                Some(proof) => self.save_made(proof, locked, at),
                None => self.undo(trouble(self.perhaps_late(self.transition.differs(now, self.doers()), at)), at),
            },
        }
    }

    /// Why the change did not stay, with the option that sets the switch's timer
    /// where that has run out.
    fn perhaps_late(&self, cause: Fault, at: Moment) -> Fault {
        let timer = self.policy.confirm_timeout;
        if at.now.saturating_sub(self.sent) < timer {
            return cause;
        }
        let late = format!(
            "the confirmation came too late: the switch undoes what is not confirmed within {} s (confirm_timeout)",
            timer.as_secs()
        );
        Fault { message: format!("{}; {late}", cause.message), ..cause }
    }

    pub(super) fn finished(&mut self, proof: ReadBack, saved: bool, locked: bool) -> Onward {
        self.state = State::Final { proof, saved, locked };
        Next::End(Reached::Final)
    }
}
