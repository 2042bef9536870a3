//! What follows a change: a look where it is not sure, and links that are taken down and up.

use super::{Line, Work, looks};
use crate::{
    commit,
    fault::Fault,
    lock::Held,
    outcome::{Outcome, Report},
};

/// What is left when a change was made, or was not.
pub(super) async fn rounded_off(
    line: &mut Line<'_>,
    work: &Work,
    outcome: Outcome,
    held: &dyn Held,
    report: &mut Report,
) -> Outcome {
    let outcome = looks::sure(line, work, outcome, report).await;
    let outcome = looks::undone(line, outcome, report).await;
    bounced(line, work, outcome, held, report).await
}

/// Lets the servers behind ports that were attached notice it, where the
/// switch's entry asks for that. The change stands, whether or not that works.
async fn bounced(line: &mut Line<'_>, work: &Work, outcome: Outcome, held: &dyn Held, report: &mut Report) -> Outcome {
    let (Work::Apply(intent), Outcome::Committed(proof), Some(plan)) = (work, &outcome, &report.plan) else {
        return outcome;
    };
    let ports = intent.ports.iter().filter(|port| port.bounces).map(|port| &port.interface);
    let lags = intent.lags.iter().filter(|lag| lag.bounces).filter_map(|lag| report.lags.get(&lag.name));
    let ports = commit::bounced_ports(&ports.chain(lags).cloned().collect(), plan, proof.running());
    if ports.is_empty() {
        return outcome;
    }
    let means = commit::Means { render: line.render, lock: held, rules: &line.switch.rules };
    let Err(bounce) = commit::bounce(line.link, &ports, means, line.policy).await else { return outcome };
    let down =
        |cause: Fault| Fault { message: format!("attached, but while its link was down: {}", cause.message), ..cause };
    match *bounce {
        Outcome::Unknown { cause, settles_within } => Outcome::Unknown { cause: down(cause), settles_within },
        Outcome::RollbackFailed { cause, undo } => Outcome::RollbackFailed { cause: down(cause), undo },
        Outcome::NotStarted(fault) | Outcome::Rejected(fault) | Outcome::RolledBack(fault) => {
            let warning = format!("the link was not taken down and up again as it should be: {}", fault.message);
            tracing::warn!(switch = line.switch.identity.name, %fault, "attached, but its link could not be taken down");
            report.warnings.push(warning);
            outcome
        }
        Outcome::Unchanged(_) | Outcome::Committed(_) | Outcome::Planned => outcome,
    }
}
