//! The line without its first reading: a warm session whose switch carries a change out
//! only where everything that it was made from is as it was last read needs no other.
//!
//! What was read may be old, so that nothing is said by it alone. Whatever is not a change
//! that was made and read back ends here, and is done from the beginning: a switch that
//! has all that is wanted already, or that cannot have it, one that has been changed since,
//! and one that shows afterwards that what was taken for granted was not so.

use mercury_model::{Edit, InterfaceName, InterfaceScope, Plan, Running, Scope};

use super::{Line, Prepared, Work, after::rounded_off, changed, locked, prepared, unless_stopped};
use crate::outcome::{Outcome, ReadBack, Report};

/// What became of a change that was made from what was `running` then; `None` where all is as before, or is to be
/// looked at again.
pub(super) async fn recalled(line: &mut Line<'_>, work: &Work, running: Running) -> Option<Report> {
    let mut report = Report::new(&line.switch.identity.name, Outcome::Planned);
    let stop = line.link.stop().clone();
    let taking = locked(line.locks, (&line.switch.identity.name, line.lock), line.policy, None);
    let held = unless_stopped(&stop, taking).await.ok()?;
    let flights = line.link.flights();
    let preparing = prepared(line, work, running, &*held, None, &mut report);
    let Ok(Prepared::Transition(mut change)) = unless_stopped(&stop, preparing).await else { return None };
    change.recalled = true;
    // What was read beside is what the change would be held to, and a port that it leaves as
    // it is holds it to nothing.
    if line.link.flights() != flights || !changes_all(report.plan.as_ref(), &change.before.scope) {
        return None;
    }
    match changed(line, &change, &*held, None).await {
        Outcome::NotStarted(fault) => {
            tracing::debug!(switch = line.switch.identity.name, %fault, "not as it was last read; reading it");
            None
        }
        Outcome::Committed(proof) if !is_wanted(line, work, &proof) => {
            let switch = &line.switch.identity.name;
            tracing::warn!(switch, "the switch took a change for what is no longer so; reading what it has");
            None
        }
        outcome => {
            report.outcome = rounded_off(line, work, outcome, &*held, &mut report).await;
            Some(report)
        }
    }
}

/// Whether the plan changes each interface that was read.
fn changes_all(plan: Option<&Plan>, scope: &Scope) -> bool {
    let changed = |name: &InterfaceName| {
        let is_its = |edit: &Edit| matches!(edit, Edit::Interface { interface, .. } if interface == name);
        plan.is_some_and(|plan| plan.edits.iter().any(is_its))
    };
    matches!(&scope.interfaces, InterfaceScope::Named(names) if names.iter().all(changed))
}

/// Whether nothing is left to do.
fn is_wanted(line: &Line<'_>, work: &Work, proof: &ReadBack) -> bool {
    let now = proof.running();
    work.desired(line.switch, now, line.dialect).is_ok_and(|desired| ReadBack::proves(&desired.intended, now).is_some())
}
