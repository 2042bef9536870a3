//! The straight line of one request on one switch: read what is there, work
//! out what should be, plan the difference, render it, commit it, and answer
//! with what is. A dry run is the same line cut short.

mod after;
mod judged;
mod looks;
mod missing;
mod quiet;
mod recalled;
mod told;

use std::collections::BTreeMap;

use mercury_adapter::{Dialect, Payload, Render};
use mercury_model::{Intended, Plan, Running, Scope};
use tokio_util::sync::CancellationToken;

use after::rounded_off;
use judged::{judged, within_grants};
use looks::Looked;
use quiet::Quiet;
use recalled::recalled;
use told::{narrow, told};

use crate::{
    commit::{self, Policy, Transition},
    desired::{self, Desired},
    fault::{Fault, FaultKind},
    intent::{Agreed, Offers, Reviewed, TargetIntent},
    inventory::Switch,
    link::Link,
    lock::{Coordinator, Held},
    metrics,
    outcome::{Outcome, ReadBack, Report},
    pace::{Joint, Milestone, Order},
    trace::{Kind, Several},
    waits::Waits,
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
}

impl Work {
    /// What is wanted, if something is to be made so.
    #[must_use]
    pub const fn intent(&self) -> Option<&TargetIntent> {
        match self {
            Self::Apply(intent) => Some(intent),
            Self::Plan(_) | Self::Read(_) => None,
        }
    }

    /// What it is called in a trace.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Apply(_) => "apply",
            Self::Plan(_) => "plan",
            Self::Read(_) => "read",
        }
    }

    /// What is wanted, if something is wanted.
    const fn wanted(&self) -> Option<&TargetIntent> {
        match self {
            Self::Apply(intent) | Self::Plan(intent) => Some(intent),
            Self::Read(_) => None,
        }
    }

    /// What was seen of it beforehand, if it may be done in no other way.
    fn reviewed(&self) -> Option<(&TargetIntent, &Reviewed)> {
        let intent = self.intent()?;
        Some((intent, intent.reviewed.as_deref()?))
    }

    fn scope(&self, switch: &Switch) -> Scope {
        match self {
            Self::Apply(intent) | Self::Plan(intent) => desired::scope(intent, &switch.rules),
            Self::Read(scope) => scope.clone(),
        }
    }

    /// What must be read besides, as it turned out.
    fn widened(&self, switch: &Switch, running: &Running) -> Option<Scope> {
        desired::widened(self.wanted()?, &switch.rules, running)
    }

    fn offers(&self, switch: &Switch, running: &Running, dialect: &Dialect) -> Offers {
        self.wanted().map(|intent| desired::offers(intent, switch, running, dialect)).unwrap_or_default()
    }

    fn desired(&self, switch: &Switch, running: &Running, dialect: &Dialect) -> Result<Desired, Fault> {
        match self {
            Self::Apply(intent) | Self::Plan(intent) => desired::desired(intent, switch, running, dialect),
            Self::Read(_) => Ok(Desired {
                intended: Intended(running.config.clone()),
                lags: BTreeMap::new(),
                notes: BTreeMap::new(),
            }),
        }
    }

    /// The same, with what was agreed.
    fn agreed(&self, agreed: &Agreed) -> Self {
        let mut work = self.clone();
        if let Self::Apply(intent) | Self::Plan(intent) = &mut work {
            intent.accept(agreed);
        }
        work
    }

    /// Whether the lock is needed at once: not for looking, and not when the
    /// switch probably has it already.
    const fn writes(&self) -> bool {
        matches!(self, Self::Apply(_))
    }
}

/// What the line runs on: one switch's link, and how it is spoken to.
pub struct Line<'a> {
    /// The switch's entry.
    pub switch: &'a Switch,
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
    /// The requests that the work was merged from, where it was from several.
    pub parts: Vec<&'a TargetIntent>,
    /// Those who wait for the answer; nothing is begun when one of them does not
    /// any more.
    pub waits: Vec<&'a Waits>,
}

/// Runs the line.
pub async fn run(line: Line<'_>, work: &Work, look_first: bool, joint: Option<&mut Joint>) -> Report {
    let mut line = line;
    line.link.start_counting();
    let mut report = Report::new(&line.switch.identity.name, Outcome::Planned);
    let may_recall = joint.is_none() && !look_first && work.writes();
    let known = if may_recall { line.link.recall(&work.scope(line.switch)) } else { None };
    // Boxed, because few requests have it.
    let recalled = match known {
        Some(running) => Box::pin(recalled(&mut line, work, running)).await,
        None => None,
    };
    match recalled {
        Some(made) => report = made,
        None => report.outcome = Box::pin(steps(&mut line, work, look_first, joint, &mut report)).await,
    }
    report.outcome = looks::doubted(report.outcome, &report.doubts);
    if let Outcome::Unchanged(proof) | Outcome::Committed(proof) = &report.outcome {
        report.now = Some(proof.running().clone());
    }
    narrow(&mut report, work, &line.switch.rules);
    report.capabilities = line.link.capabilities().cloned();
    if let (Outcome::Committed(_), Some(why)) =
        (&report.outcome, report.capabilities.as_ref().and_then(|own| own.unsaved))
        && line.policy.persist
    {
        report.warnings.push(format!("{why}: whether the change survives a reboot is not known"));
    }
    let cost = line.link.cost();
    (report.flights, report.device_time) = (cost.flights, cost.time);
    report.warnings.extend(cost.warnings.iter().map(ToString::to_string));
    report.warnings.extend(cost.notes.into_iter().map(str::to_owned));
    report
}

async fn steps(
    line: &mut Line<'_>,
    work: &Work,
    look_first: bool,
    mut joint: Option<&mut Joint>,
    report: &mut Report,
) -> Outcome {
    let stop = line.link.stop().clone();
    let begun = begun(line, work, look_first, joint.as_deref_mut(), report);
    let (held, running) = match unless_stopped(&stop, begun).await {
        Ok(Begun::Locked(held, running)) => (held, running),
        Ok(Begun::Over(outcome)) => return outcome,
        Err(fault) => return not_started(line, fault),
    };
    let planning = Several::below(line.link.trace(), Kind::Internal);
    let prepared = prepared(line, work, running, &*held, joint.as_deref_mut(), report);
    let prepared = unless_stopped(&stop, prepared).await;
    planning.end(|| {
        let plan = report.plan.as_ref().map(|plan| ("mercury.plan", plan.to_string()));
        ("plan".to_owned(), plan.into_iter().collect(), prepared.as_ref().err().map(|fault| fault.message.clone()))
    });
    let change = match prepared {
        Ok(Prepared::Transition(change)) => change,
        Ok(Prepared::Nothing(proof)) => {
            match commit::release_saved(line.link, proof.running(), line.policy).await {
                Ok(false) => {}
                Ok(true) => report.warnings.push("running was so and was not saved; it is now".to_owned()),
                Err(fault) => report.warnings.push(format!("running is so; whether it is saved is not known: {fault}")),
            }
            return Outcome::Unchanged(*proof);
        }
        Err(fault) if stop.is_cancelled() => return not_started(line, fault),
        Err(fault) => {
            commit::release(line.link, line.policy).await;
            return Outcome::NotStarted(fault);
        }
    };
    let outcome = changed(line, &change, &*held, joint).await;
    rounded_off(line, work, outcome, &*held, report).await
}

/// Makes the change, and keeps it where all of the request's switches do.
async fn changed(
    line: &mut Line<'_>,
    change: &Transition<'_>,
    held: &dyn Held,
    mut joint: Option<&mut Joint>,
) -> Outcome {
    let made = match commit::make(line.link, change, line.policy, joint.is_none()).await {
        Ok(made) => made,
        Err(outcome) => return *outcome,
    };
    let stands = made.stands();
    let still = || if stands { Ok(()) } else { still(held) };
    let agreed = reach(joint.as_deref_mut(), Milestone::Made).await.and_then(|_| still());
    if let Err(cause) = agreed {
        return made.undo(cause).await;
    }
    let done = match made.confirm_and_save().await {
        Ok(done) => done,
        Err(outcome) => return *outcome,
    };
    if let Err(cause) = reach(joint, Milestone::Kept).await {
        return done.undo(cause).await;
    }
    done.unlock().await
}

/// While nothing was sent, whoever is told to stop just stops.
async fn unless_stopped<T>(stop: &CancellationToken, step: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    tokio::select! {
        biased;
        () = stop.cancelled() => Err(Fault::stopping()),
        done = step => done,
    }
}

/// A step that was not waited for may be half done: its session is of no more
/// use, and takes the switch's lock with it.
fn not_started(line: &mut Line<'_>, fault: Fault) -> Outcome {
    if line.link.stop().is_cancelled() {
        line.link.cut();
    }
    Outcome::NotStarted(fault)
}

enum Begun {
    Locked(Box<dyn Held>, Running),
    /// There is nothing to write.
    Over(Outcome),
}

/// Looks, and takes both locks where something is to be written.
async fn begun(
    line: &mut Line<'_>,
    work: &Work,
    look_first: bool,
    joint: Option<&mut Joint>,
    report: &mut Report,
) -> Result<Begun, Fault> {
    if (!work.writes() || look_first)
        && let Some(outcome) = look(line, work, report).await?
    {
        return Ok(Begun::Over(outcome));
    }
    // A switch that cannot be reached keeps nobody from it.
    line.link.open().await?;
    let held = locked(line.locks, (&line.switch.identity.name, line.lock), line.policy, joint).await?;
    let running = commit::begin(line.link, &work.scope(line.switch), line.policy, &*held).await?;
    Ok(Begun::Locked(held, running))
}

/// Takes the lock that keeps other Mercurys away, in turn where several
/// switches are in the request.
async fn locked(
    locks: &dyn Coordinator,
    (switch, name): (&str, &str),
    policy: &Policy,
    mut joint: Option<&mut Joint>,
) -> Result<Box<dyn Held>, Fault> {
    reach(joint.as_deref_mut(), Milestone::Unlocked).await?;
    let held = metrics::locking(switch, locks.acquire(name, policy.lock_wait)).await?;
    reach(joint, Milestone::Locked).await?;
    Ok(held)
}

enum Prepared<'a> {
    Transition(Box<Transition<'a>>),
    Nothing(Box<ReadBack>),
}

/// Everything up to the point where something is sent.
async fn prepared<'a: 'c, 'c>(
    line: &mut Line<'a>,
    work: &Work,
    running: Running,
    held: &'c dyn Held,
    mut joint: Option<&mut Joint>,
    report: &mut Report,
) -> Result<Prepared<'c>, Fault> {
    let running = match work.widened(line.switch, &running) {
        None => running,
        Some(scope) => commit::read_more(line.link, &scope, line.policy).await?,
    };
    let mut looked = Looked::at(line, work, running, report).await?;
    let offers = work.offers(line.switch, &looked.running, line.dialect);
    let order = reach(joint.as_deref_mut(), Milestone::Read(offers)).await?;
    let agreed = match &order {
        Order::Agree(agreed) => Some(work.agreed(agreed)),
        _ => None,
    };
    let work = agreed.as_ref().unwrap_or(work);
    let mut quiet = Quiet::default();
    let (intended, plan) = loop {
        let (intended, plan) = planned(line, work, &looked.running, report)?;
        fits_each(line, &looked.running, &intended)?;
        let Some(proof) = ReadBack::proves(&intended, &looked.running) else { break (intended, plan) };
        match looked.is_confirmed() {
            Some(true) if quiet.stays(line, held).await? => return Ok(Prepared::Nothing(Box::new(proof))),
            Some(true) => {
                // What was read may have been somebody's that is undone since.
                let running = commit::read_more(line.link, &looked.running.scope, line.policy).await?;
                looked = Looked::at(line, work, running, report).await?;
            }
            Some(false) => return Err(looked.unconfirmed()),
            None => {
                looked = looked.again(line, work, report).await?;
                quiet.read_again();
            }
        }
    };
    let running = looked.writable(commit::cancels(line.link, line.policy))?;
    let payload = rendered(line, work, &plan, report)?;
    // Asked first, so that none is said to have begun for the sake of another who has gone.
    if line.waits.iter().any(|waits| waits.is_over()) || !line.waits.iter().all(|waits| waits.begin()) {
        return Err(Fault::abandoned());
    }
    reach(joint, Milestone::Planned { confirms: commit::confirms(line.link, line.policy) }).await?;
    still(held)?;
    Ok(Prepared::Transition(Box::new(Transition {
        before: running,
        intended,
        payload,
        render: line.render,
        lock: held,
        recalled: false,
        disables_leavers: line.link.capabilities().is_some_and(|own| own.disables_leavers),
    })))
}

/// Makes sure that what requests have in common is as each of them wants it:
/// two ports turn out to be members of one aggregate only when they were read.
///
/// # Errors
/// One would have what another wants, so they are to be done one by one.
fn fits_each(line: &Line<'_>, running: &Running, intended: &Intended) -> Result<(), Fault> {
    if line.parts.len() < 2 {
        return Ok(());
    }
    let made = Running::new(&intended.0, running.scope.clone());
    for part in &line.parts {
        if desired::desired(part, line.switch, &made, line.dialect)?.intended != *intended {
            let reason = "requests that wait together want one aggregate to be different things";
            return Err(Fault::new(FaultKind::Unsupported, reason));
        }
    }
    Ok(())
}

/// Looks without the lock. `None`: there is something to write.
async fn look(line: &mut Line<'_>, work: &Work, report: &mut Report) -> Result<Option<Outcome>, Fault> {
    let (was_warm, session) = (line.link.is_warm(), line.link.session_number());
    let mut running = missing::read(line, work, &work.scope(line.switch)).await?;
    if let Some(scope) = work.widened(line.switch, &running) {
        running = missing::read(line, work, &scope).await?;
    }
    let mut looked = Looked::at(line, work, running, report).await?;
    report.offers = work.offers(line.switch, &looked.running, line.dialect);
    report.down.clone_from(&looked.running.down);
    let (intended, plan) = loop {
        let (intended, plan) = planned(line, work, &looked.running, report)?;
        fits_each(line, &looked.running, &intended)?;
        let proof = ReadBack::proves(&intended, &looked.running);
        // A session that was opened anew has not been told of a commit that waits to be confirmed.
        let is_same = was_warm && line.link.session_number() == session;
        match proof {
            None if work.writes() => return Ok(None),
            None => break (intended, plan),
            Some(_) if work.writes() && !is_same => return Ok(None),
            // That there is nothing to do is as sure where it is only asked.
            Some(proof) => match looked.is_confirmed() {
                Some(true) if matches!(work, Work::Plan(_)) => break (intended, plan),
                Some(true) => return Ok(Some(Outcome::Unchanged(proof))),
                Some(false) => return Err(looked.unconfirmed()),
                None => looked = looked.again(line, work, report).await?,
            },
        }
    };
    // Where nothing is known of a switch because none is asked, a blank one is meant.
    if !plan.is_empty() && !line.link.is_recorded() {
        looked.is_writable(commit::cancels(line.link, line.policy))?;
    }
    report.intended = Some(Running::new(&intended.0, looked.running.scope.clone()));
    report.now = Some(looked.running);
    if !plan.is_empty() {
        rendered(line, work, &plan, report)?;
    }
    Ok(Some(Outcome::Planned))
}

fn planned(line: &Line<'_>, work: &Work, running: &Running, report: &mut Report) -> Result<(Intended, Plan), Fault> {
    report.before = Some(running.clone());
    let desired = work.desired(line.switch, running, line.dialect)?;
    report.missing = work.wanted().and_then(|intent| missing::told(intent, line, running, &desired));
    let Desired { intended, lags, notes } = desired;
    let plan = Plan::between(running, &intended);
    within_grants(line, work, running, &plan)?;
    if let Some((intent, reviewed)) = work.reviewed() {
        let scope = told(intent, &line.switch.rules, &lags, &[running], Some(&plan));
        reviewed.still(&Running::new(&running.config, scope), &plan)?;
    }
    report.findings = judged(line, running, &intended, &plan, &lags);
    if work.writes() && report.findings.has_errors() {
        return Err(Fault::against_rules(report.findings.clone()));
    }
    (report.plan, report.lags, report.notes) = (Some(plan.clone()), lags, notes);
    Ok((intended, plan))
}

fn rendered(line: &Line<'_>, work: &Work, plan: &Plan, report: &mut Report) -> Result<Payload, Fault> {
    let payload = line.link.render(line.render, plan)?;
    if let Some((_, reviewed)) = work.reviewed() {
        reviewed.carries(&payload.to_string())?;
    }
    report.payload = Some(payload.clone());
    Ok(payload)
}

/// Whether the lock is still ours: who has lost it leaves the switch alone.
fn still(held: &dyn Held) -> Result<(), Fault> {
    if held.is_held() {
        return Ok(());
    }
    Err(Fault::new(FaultKind::Coordinator, "the lock that keeps other Mercurys from this switch was lost"))
}

/// Says how far this switch is, and waits for the others; alone it goes on.
async fn reach(joint: Option<&mut Joint>, milestone: Milestone) -> Result<Order, Fault> {
    match joint {
        None => Ok(Order::Go),
        Some(joint) => joint.reach(milestone).await,
    }
}
