//! What happened on a switch, and what is true there now.

use std::{borrow::Cow, collections::BTreeMap, time::Duration};

use mercury_adapter::{Capabilities, Payload};
use mercury_model::{Intended, InterfaceName, Plan, Running, Scope};

use crate::{
    fault::{Fault, FaultKind},
    finding::{Code, Finding, Findings, Severity},
    intent::{LagName, Offers},
};

/// A configuration that was read back after a change and is what was
/// intended; there is no other way to make one.
#[derive(Clone, Debug)]
pub struct ReadBack(Running);

impl ReadBack {
    /// The read-back, if it shows what was intended.
    #[must_use]
    pub fn proves(intended: &Intended, running: &Running) -> Option<Self> {
        intended.is_met_by(running).then(|| Self(running.clone()))
    }

    /// The part of the read-back that lies inside `scope`.
    #[must_use]
    pub fn within(&self, scope: &Scope) -> Self {
        Self(self.0.told(scope))
    }

    /// What was read.
    #[must_use]
    pub fn running(&self) -> &Running {
        &self.0
    }
}

/// How a request ended on one switch.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The switch already had it; nothing was written.
    Unchanged(ReadBack),
    /// It was written, committed, and read back.
    Committed(ReadBack),
    /// It would be done; nothing was written.
    Planned,
    /// Nothing was committed: the failure came before.
    NotStarted(Fault),
    /// The switch did not take it, and was read back as before; what may be so all
    /// the same, the fault tells ([`Fault::unsettled`]).
    Rejected(Fault),
    /// It failed after it was staged, was undone, and was read back as before, with
    /// the same reserve.
    RolledBack(Fault),
    /// It failed, and so did undoing it.
    RollbackFailed {
        /// Why it was to be undone.
        cause: Fault,
        /// Why that failed.
        undo: Fault,
    },
    /// It is not known what the switch has.
    Unknown {
        /// What happened.
        cause: Fault,
        /// If a confirmed commit may be pending: how long until the switch
        /// undoes it by itself, at the latest.
        settles_within: Option<Duration>,
    },
}

impl Outcome {
    /// The outcome's name in answers, logs and metrics.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Unchanged(_) => "unchanged",
            Self::Committed(_) => "committed",
            Self::Planned => "planned",
            Self::NotStarted(_) => "not-started",
            Self::Rejected(_) => "rejected",
            Self::RolledBack(_) => "rolled-back",
            Self::RollbackFailed { .. } => "rollback-failed",
            Self::Unknown { .. } => "unknown",
        }
    }

    /// Whether the switch has what was asked.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        matches!(self, Self::Unchanged(_) | Self::Committed(_) | Self::Planned)
    }

    /// The failure as the caller is told it: what happened, and what is true
    /// now.
    #[must_use]
    pub fn fault(&self) -> Option<Fault> {
        let told = |fault: &Fault, now: &str| Fault { message: format!("{}; {now}", fault.message), ..fault.clone() };
        match self {
            Self::Unchanged(_) | Self::Committed(_) | Self::Planned => None,
            Self::NotStarted(fault) => Some(fault.clone()),
            Self::Rejected(fault) => Some(told(fault, &as_before("", fault))),
            Self::RolledBack(fault) => Some(told(fault, &as_before("it was undone and ", fault))),
            Self::RollbackFailed { cause, undo } => {
                let now = format!("undoing it failed as well: {}; look at the switch", undo.message);
                Some(Fault { kind: FaultKind::Unknown, ..told(cause, &now) })
            }
            Self::Unknown { cause, settles_within } => {
                let timer = settles_within.map_or_else(
                    || "look at the switch".to_owned(),
                    |left| format!("the switch undoes an unconfirmed change within {} s", left.as_secs().max(1)),
                );
                let now = format!("what the switch has now is unknown; {timer}");
                Some(Fault { kind: FaultKind::Unknown, ..told(cause, &now) })
            }
        }
    }
}

/// What was read, and what may be so all the same.
fn as_before(then: &str, fault: &Fault) -> String {
    match fault.unsettled {
        false => format!("{then}the switch is as before"),
        true => format!("beside that {then}the switch shows what it had before"),
    }
}

/// Everything a caller and a log line may want to know about one switch.
#[derive(Clone, Debug)]
pub struct Report {
    /// The switch's name in the inventory.
    pub switch: String,
    /// How it ended.
    pub outcome: Outcome,
    /// What was there before, as far as it was read.
    pub before: Option<Running>,
    /// What was last read.
    pub now: Option<Running>,
    /// What it would have, where nothing was to be written.
    pub intended: Option<Running>,
    /// What was, or would be, changed.
    pub plan: Option<Plan>,
    /// The aggregates that the request named, as the switch names them.
    pub lags: BTreeMap<LagName, InterfaceName>,
    /// What should be known of a port beside.
    pub notes: BTreeMap<InterfaceName, String>,
    /// What could not be found out about a port.
    pub doubts: BTreeMap<InterfaceName, String>,
    /// The ports that can carry nothing at the moment, and why, as far as it was read.
    pub down: BTreeMap<InterfaceName, String>,
    /// The numbers that would do for aggregates.
    pub offers: Offers,
    /// What was, or would be, sent.
    pub payload: Option<Payload>,
    /// What the switch can do, if it was reached.
    pub capabilities: Option<Capabilities>,
    /// What the network team's rules have to say of the plan.
    pub findings: Findings,
    /// That it has not a VLAN that ports are to have, and that nobody makes, as far as that was read.
    pub missing: Option<String>,
    /// What the switch warned of, and what else should be known.
    pub warnings: Vec<String>,
    /// Round trips on the wire.
    pub flights: u64,
    /// Time spent waiting for the switch.
    pub device_time: Duration,
    /// Time spent waiting for earlier requests to the same switch.
    pub queue_time: Duration,
}

impl Report {
    /// A report that tells of an outcome and of nothing else.
    #[must_use]
    pub fn new(switch: &str, outcome: Outcome) -> Self {
        Self {
            switch: switch.to_owned(),
            outcome,
            before: None,
            now: None,
            intended: None,
            plan: None,
            lags: BTreeMap::new(),
            notes: BTreeMap::new(),
            doubts: BTreeMap::new(),
            down: BTreeMap::new(),
            offers: Offers::default(),
            payload: None,
            capabilities: None,
            findings: Findings::default(),
            missing: None,
            warnings: Vec::new(),
            flights: 0,
            device_time: Duration::ZERO,
            queue_time: Duration::ZERO,
        }
    }

    /// Whatever should be known beside the outcome.
    pub fn told(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let ruled = self.findings.iter().filter(|finding| finding.severity == Severity::Warning);
        let told = self.warnings.iter().chain(&self.missing).chain(self.notes.values()).chain(self.doubts.values());
        told.map(|text| Cow::Borrowed(text.as_str())).chain(ruled.map(Finding::with_help))
    }

    /// The same where a plan is asked for: it is refused as the change would be, but for
    /// the hour, since it may be made by day what is done by night.
    #[must_use]
    pub fn held_to_rules(mut self) -> Self {
        let later = |finding: &Finding| match finding.code {
            Code::RuleOutsideWindow => Finding { severity: Severity::Warning, ..finding.clone() },
            _ => finding.clone(),
        };
        self.findings = self.findings.iter().map(later).collect();
        if self.outcome.is_success() && self.findings.has_errors() {
            self.outcome = Outcome::NotStarted(Fault::against_rules(self.findings.clone()).at(&self.switch));
        }
        self
    }

    /// Whether anything was written and kept.
    #[must_use]
    pub const fn changed(&self) -> bool {
        matches!(self.outcome, Outcome::Committed(_))
    }
}
