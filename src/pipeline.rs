//! The straight line of one request on one switch: read what is there, work
//! out what should be, plan the difference, render it, commit it, and answer
//! with what is. A dry run is the same line cut short.

use std::time::Duration;

use mercury_adapter::{Dialect, Render};
use mercury_model::{DeviceConfig, Intended, Plan, Running, Scope};
use tokio::sync::oneshot;

use crate::{
    commit::{self, Applied, Change, Policy},
    desired::{concerns, desired, scope},
    fault::{Fault, FaultKind},
    intent::TargetIntent,
    link::Link,
    lock::Coordinator,
    outcome::{Outcome, ReadBack, Report},
};

/// What is to be done on one switch.
#[derive(Clone, Debug)]
pub enum Work {
    /// Make it what is wanted.
    Apply(TargetIntent),
    /// Say what would be done.
    Plan(TargetIntent),
    /// Only read.
    Read(Scope),
    /// Put back what was there, if nobody has changed it since.
    Restore {
        /// What was there.
        before: Box<Running>,
        /// What Mercury made of it.
        made: Box<DeviceConfig>,
    },
}

impl Work {
    /// What is wanted, if something is to be made so.
    #[must_use]
    pub const fn intent(&self) -> Option<&TargetIntent> {
        match self {
            Self::Apply(intent) => Some(intent),
            Self::Plan(_) | Self::Read(_) | Self::Restore { .. } => None,
        }
    }

    fn scope(&self) -> Scope {
        match self {
            Self::Apply(intent) | Self::Plan(intent) => scope(intent),
            Self::Read(scope) => scope.clone(),
            Self::Restore { before, .. } => before.scope.clone(),
        }
    }

    fn desired(&self, running: &Running, dialect: &Dialect) -> Result<Intended, Fault> {
        match self {
            Self::Apply(intent) | Self::Plan(intent) => desired(intent, running, dialect),
            Self::Read(_) => Ok(Intended(running.config.clone())),
            Self::Restore { before, made } if running.is_as(made) || running.is_as(&before.config) => {
                Ok(Intended(before.config.clone()))
            }
            Self::Restore { .. } => {
                Err(Fault::new(FaultKind::Unknown, "somebody else has changed it since; it was left alone"))
            }
        }
    }

    /// Whether the lock is needed at once: not for looking, and not when the
    /// switch probably has it already.
    const fn writes(&self) -> bool {
        matches!(self, Self::Apply(_) | Self::Restore { .. })
    }
}

/// The other switches of the same request: they are told that this one is
/// ready, and decide together.
pub struct Joint {
    /// Told whether the change was made and can still be undone.
    pub prepared: oneshot::Sender<bool>,
    /// Whether to keep it; a dropped sender means no.
    pub keep: oneshot::Receiver<bool>,
    /// How long to wait for that.
    pub patience: Duration,
}

/// What the line runs on: one switch's link, and how it is spoken to.
pub struct Line<'a> {
    /// The switch's name.
    pub name: &'a str,
    /// Its session.
    pub link: &'a mut Link,
    /// How it is changed.
    pub policy: &'a Policy,
    /// How it differs.
    pub dialect: &'a Dialect,
    /// How plans are put for it.
    pub render: &'a dyn Render,
    /// What keeps other writers of it away.
    pub locks: &'a dyn Coordinator,
    /// What its lock is called there.
    pub lock: &'a str,
}

/// Runs the line.
pub async fn run(line: Line<'_>, work: &Work, look_first: bool, joint: Option<Joint>) -> Report {
    let mut line = line;
    line.link.start_counting();
    let mut report = Report::new(line.name, Outcome::Planned);
    report.outcome = steps(&mut line, work, look_first, joint, &mut report).await;
    if let Outcome::Unchanged(proof) | Outcome::Committed(proof) = &report.outcome {
        report.now = Some(proof.running().clone());
    }
    narrow(&mut report, work);
    report.capabilities = line.link.capabilities().cloned();
    let cost = line.link.cost();
    (report.flights, report.device_time, report.warnings) = (cost.flights, cost.time, cost.warnings);
    report
}

async fn steps(
    line: &mut Line<'_>,
    work: &Work,
    look_first: bool,
    joint: Option<Joint>,
    report: &mut Report,
) -> Outcome {
    if !work.writes() || look_first {
        match look(line, work, report).await {
            Ok(Some(outcome)) => return outcome,
            Ok(None) => {}
            Err(fault) => return Outcome::NotStarted(fault),
        }
    }
    let held = match line.locks.acquire(line.lock, line.policy.lock_wait).await {
        Ok(held) => held,
        Err(fault) => return Outcome::NotStarted(fault),
    };
    let running = match commit::begin(line.link, &work.scope(), line.policy).await {
        Ok(running) => running,
        Err(fault) => return Outcome::NotStarted(fault),
    };
    let (intended, plan) = match planned(line, work, &running, report) {
        Ok(found) => found,
        Err(fault) => {
            commit::release(line.link, line.policy).await;
            return Outcome::NotStarted(fault);
        }
    };
    if let Some(proof) = ReadBack::proves(&intended, &running) {
        commit::release(line.link, line.policy).await;
        return Outcome::Unchanged(proof);
    }
    let payload = match line.render.render(&plan) {
        Ok(payload) => payload,
        Err(fault) => {
            commit::release(line.link, line.policy).await;
            return Outcome::NotStarted(fault.into());
        }
    };
    report.payload = Some(payload.to_string());
    if !held.is_held() {
        commit::release(line.link, line.policy).await;
        return Outcome::NotStarted(Fault::new(FaultKind::Locked, "the lock was lost before anything was sent"));
    }
    let change = Change { before: running, intended, payload, render: line.render };
    let held = match commit::apply(line.link, &change, line.policy, joint.is_none()).await {
        Applied::Over(outcome) => return outcome,
        Applied::Held(held) => held,
    };
    if agreed(joint).await {
        return commit::keep(line.link, &change, line.policy, held).await;
    }
    let cause = Fault::new(FaultKind::Undone, "another switch of the same request failed");
    commit::take_back(line.link, &change, line.policy, held, cause).await
}

/// Looks without the lock. `None`: there is something to write.
async fn look(line: &mut Line<'_>, work: &Work, report: &mut Report) -> Result<Option<Outcome>, Fault> {
    let running = commit::read_unlocked(line.link, &work.scope(), line.policy).await?;
    let (intended, plan) = planned(line, work, &running, report)?;
    if !matches!(work, Work::Plan(_))
        && let Some(proof) = ReadBack::proves(&intended, &running)
    {
        return Ok(Some(Outcome::Unchanged(proof)));
    }
    if work.writes() {
        return Ok(None);
    }
    report.now = Some(running);
    if !plan.is_empty() {
        report.payload = Some(line.render.render(&plan)?.to_string());
    }
    Ok(Some(Outcome::Planned))
}

fn planned(line: &Line<'_>, work: &Work, running: &Running, report: &mut Report) -> Result<(Intended, Plan), Fault> {
    report.before = Some(running.clone());
    let intended = work.desired(running, line.dialect)?;
    let plan = Plan::between(running, &intended);
    report.plan = Some(plan.clone());
    Ok((intended, plan))
}

/// Keeps of what was read only what the request is about: all interfaces may
/// have been read to find out who uses a VLAN.
fn narrow(report: &mut Report, work: &Work) {
    let (Work::Apply(intent) | Work::Plan(intent)) = work else { return };
    let seen: Vec<_> = report.before.iter().chain(&report.now).collect();
    let scope = concerns(intent, &seen);
    for running in report.before.iter_mut().chain(&mut report.now) {
        *running = Running::new(&running.config, scope.clone());
    }
}

/// Says that this switch is ready, and waits for what all decide.
async fn agreed(joint: Option<Joint>) -> bool {
    let Some(Joint { prepared, keep, patience }) = joint else { return true };
    if prepared.send(true).is_err() {
        return false;
    }
    matches!(tokio::time::timeout(patience, keep).await, Ok(Ok(true)))
}
