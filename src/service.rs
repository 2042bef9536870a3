//! The service without its listener: an inventory, an owner task per switch,
//! and requests that touch one or several of them.

use std::{
    collections::BTreeMap,
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use mercury_adapter::Dialect;
use mercury_model::{DeviceConfig, InterfaceScope, Running, Scope, VlanScope};
use tokio::sync::{Mutex, oneshot};
use tokio_util::sync::CancellationToken;

use crate::{
    fault::{Fault, FaultKind},
    intent::Intent,
    inventory::{Inventory, Switch},
    lock::Coordinator,
    outcome::{Outcome, Report},
    pipeline::{Joint, Work},
    registry::{self, RegistryError},
    target::Target,
};

/// Who asks, and on whose behalf; for logs.
#[derive(Clone, Debug, Default)]
pub struct Requester {
    /// The request id of the caller's context.
    pub request_id: Option<String>,
    /// The user of the caller's context.
    pub user: Option<String>,
    /// The project of the caller's context.
    pub project: Option<String>,
    /// Who was authenticated, or the command line.
    pub caller: String,
    /// Where the request came from.
    pub peer: Option<String>,
    /// Cancelled when nobody waits for the answer any more: what has not begun
    /// by then is dropped. Without one, everything is done.
    pub gone: Option<CancellationToken>,
}

/// Everything that answers requests.
pub struct Service {
    inventory: Inventory,
    targets: BTreeMap<String, Target>,
    /// Requests for several switches enter their queues one at a time, so that
    /// two of them meet in the same order everywhere and cannot wait for each
    /// other.
    gate: Mutex<()>,
}

impl Service {
    /// Starts an owner task for every switch of the inventory.
    ///
    /// # Errors
    /// A switch's dialect is not known or does not speak the switch's protocol.
    pub fn start(
        inventory: Inventory,
        dialects: &[Arc<Dialect>],
        locks: &Arc<dyn Coordinator>,
    ) -> Result<Self, RegistryError> {
        let mut targets = BTreeMap::new();
        for switch in inventory.iter() {
            let target = registry::target(switch, dialects, locks)?;
            targets.insert(switch.name.clone(), target);
        }
        Ok(Self { inventory, targets, gate: Mutex::new(()) })
    }

    /// A service over targets that were started elsewhere, such as over
    /// switches in memory. A switch of the inventory without a target cannot
    /// be asked anything.
    #[doc(hidden)]
    #[must_use]
    pub fn over(inventory: Inventory, targets: impl IntoIterator<Item = Target>) -> Self {
        let targets = targets.into_iter().map(|target| (target.switch.name.clone(), target)).collect();
        Self { inventory, targets, gate: Mutex::new(()) }
    }

    /// The switches.
    #[must_use]
    pub const fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    /// Does what is wanted on every switch it names, or on none, and says
    /// what is.
    ///
    /// # Errors
    /// Nothing was begun: a switch's queue is full.
    pub async fn apply(&self, intent: Intent, who: &Requester) -> Result<Vec<Report>, Fault> {
        let begun = Instant::now();
        let verb = intent.verb;
        let reports = match <[_; 1]>::try_from(intent.targets) {
            Ok([target]) => {
                let name = target.switch.name.clone();
                vec![self.one(&name, Work::Apply(target), who.gone.clone()).await?]
            }
            Err(targets) => {
                let work = targets.into_iter().map(|target| (target.switch.name.clone(), Work::Apply(target)));
                self.together(work.collect()).await?
            }
        };
        for report in &reports {
            log(verb, who, report, begun.elapsed());
        }
        Ok(reports)
    }

    /// Says what [`Service::apply`] would do; nothing is written.
    ///
    /// # Errors
    /// A switch's queue is full.
    pub async fn plan(&self, intent: Intent, who: &Requester) -> Result<Vec<Report>, Fault> {
        let begun = Instant::now();
        let mut reports = Vec::new();
        for target in intent.targets {
            let name = target.switch.name.clone();
            reports.push(self.one(&name, Work::Plan(target), who.gone.clone()).await?);
        }
        for report in &reports {
            log("plan", who, report, begun.elapsed());
        }
        Ok(reports)
    }

    /// Reads `scope` from one switch.
    ///
    /// # Errors
    /// The switch is not known or its queue is full.
    pub async fn read(&self, switch: &Switch, scope: Scope) -> Result<Report, Fault> {
        self.one(&switch.name, Work::Read(scope), None).await
    }

    /// Takes no more work, finishes what was begun, and closes every session.
    pub async fn finish(&self) {
        for target in self.targets.values() {
            target.finish().await;
        }
    }

    async fn one(&self, switch: &str, work: Work, gone: Option<CancellationToken>) -> Result<Report, Fault> {
        answer(switch, self.target(switch)?.submit(work, None, gone)?).await
    }

    fn target(&self, switch: &str) -> Result<&Target, Fault> {
        self.targets
            .get(switch)
            .ok_or_else(|| Fault::new(FaultKind::Internal, "the switch has no owner task").at(switch))
    }

    /// Prepares every switch, then keeps all changes or takes all back.
    async fn together(&self, work: Vec<(String, Work)>) -> Result<Vec<Report>, Fault> {
        let mut waiting = Vec::new();
        {
            let _gate = self.gate.lock().await;
            for (switch, work) in work {
                let target = self.target(&switch)?;
                let (prepared, ready) = oneshot::channel();
                let (keep, kept) = oneshot::channel();
                let patience = patience(&target.switch);
                let report = target.submit(work, Some(Joint { prepared, keep: kept, patience }), None)?;
                waiting.push((switch, ready, keep, report));
            }
        }
        // A switch that drops its end without a word has failed, or had nothing to do.
        let (mut verdicts, mut reports) = (Vec::new(), BTreeMap::new());
        let mut all = true;
        for (switch, ready, keep, report) in waiting {
            match ready.await {
                Ok(true) => verdicts.push((switch, keep, report)),
                _ => {
                    let report = answer(&switch, report).await?;
                    all &= report.outcome.is_success();
                    reports.insert(switch, report);
                }
            }
        }
        let mut pending = Vec::new();
        for (switch, keep, report) in verdicts {
            let _gone = keep.send(all);
            pending.push((switch, report));
        }
        for (switch, report) in pending {
            let report = answer(&switch, report).await?;
            reports.insert(switch, report);
        }
        if all && reports.values().any(|report| !report.outcome.is_success()) {
            self.restore(&mut reports).await;
        }
        Ok(reports.into_values().collect())
    }

    /// One switch failed after the others had confirmed: the others are put
    /// back as they were.
    async fn restore(&self, reports: &mut BTreeMap<String, Report>) {
        for (switch, report) in reports.iter_mut().filter(|(_, report)| report.changed()) {
            let (Some(before), Some(made)) = (report.before.clone(), report.now.clone()) else { continue };
            let (before, made) = changed(&before, &made.config);
            let work = Work::Restore { before: Box::new(before), made: Box::new(made) };
            let cause = Fault::new(FaultKind::Undone, "another switch of the same request failed");
            report.outcome = match self.one(switch, work, None).await {
                Ok(undone) if undone.outcome.is_success() => Outcome::RolledBack(cause),
                Ok(undone) => {
                    let undo = undone.outcome.fault().unwrap_or_else(|| cause.clone());
                    Outcome::RollbackFailed { cause, undo }
                }
                Err(undo) => Outcome::RollbackFailed { cause, undo },
            };
        }
    }
}

/// What was changed, as it was and as it was made: the rest is not ours to put
/// back, and others may be at work on it.
fn changed(before: &Running, made: &DeviceConfig) -> (Running, DeviceConfig) {
    let interfaces = before.interfaces.keys().chain(made.interfaces.keys());
    let interfaces = interfaces.filter(|name| before.interfaces.get(*name) != made.interfaces.get(*name));
    let vlans = before.vlans.keys().chain(made.vlans.keys());
    let vlans = vlans.filter(|id| before.vlans.get(*id) != made.vlans.get(*id));
    let scope = Scope {
        interfaces: InterfaceScope::Named(interfaces.cloned().collect()),
        vlans: VlanScope::Named(vlans.copied().collect()),
    };
    (Running::new(&before.config, scope.clone()), made.within(&scope))
}

/// How long a prepared switch waits for the others: less than its confirm
/// timer, or the confirmation would come too late.
fn patience(switch: &Switch) -> Duration {
    switch.confirm_timeout.mul_f32(0.8)
}

async fn answer(switch: &str, report: oneshot::Receiver<Report>) -> Result<Report, Fault> {
    report.await.map_err(|_| Fault::new(FaultKind::Internal, "the owner task ended before its answer").at(switch))
}

/// One line per request and switch: who, what, when, why and how it ended.
fn log(verb: &str, who: &Requester, report: &Report, total: Duration) {
    let fault = report.outcome.fault();
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    let plan = report.plan.as_ref().map(ToString::to_string).unwrap_or_else(|| "-".to_owned());
    let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
    macro_rules! line {
        ($level:ident, $message:expr) => {
            tracing::$level!(
                request_id = text(&who.request_id),
                user = text(&who.user),
                project = text(&who.project),
                caller = who.caller,
                peer = text(&who.peer),
                action = verb,
                switch = report.switch,
                plan,
                outcome = report.outcome.name(),
                fault = fault.as_ref().map(|fault| fault.kind.name()),
                flights = report.flights,
                device_ms = Rounded(milliseconds(report.device_time)).to_string(),
                queue_ms = Rounded(milliseconds(report.queue_time)).to_string(),
                total_ms = Rounded(milliseconds(total)).to_string(),
                "{}",
                $message
            )
        };
    }
    for warning in &report.warnings {
        tracing::warn!(request_id = text(&who.request_id), switch = report.switch, "the switch warns: {warning}");
    }
    match &fault {
        None => line!(info, "done"),
        Some(fault) if fault.kind == FaultKind::Unknown => line!(error, fault.message),
        Some(fault) => line!(warn, fault.message),
    }
}

struct Rounded(f64);

impl fmt::Display for Rounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use mercury_model::{Interface, Vlan, VlanStatus};

    use super::*;

    #[test]
    fn only_what_was_changed_is_put_back() {
        let id = |number: u16| number.try_into().unwrap();
        let vlan = |number| (id(number), Vlan { id: id(number), name: None, status: VlanStatus::Active });
        let port = |name: &str| (name.parse().unwrap(), Interface::new(name.parse().unwrap()));
        let interfaces = [port("Ethernet1"), port("Ethernet2")].into();
        let config = DeviceConfig { interfaces, vlans: [vlan(100), vlan(200)].into() };
        let before = Running::new(&config, Scope::all());
        let mut made = config;
        made.vlans.remove(&id(100));
        made.interfaces.get_mut(&"Ethernet2".parse().unwrap()).unwrap().mtu = Some(9000);
        let (before, made) = changed(&before, &made);
        assert_eq!(before.interfaces.keys().map(|name| name.as_str()).collect::<Vec<_>>(), ["Ethernet2"]);
        assert_eq!(before.vlans.keys().copied().collect::<Vec<_>>(), [id(100)]);
        assert!(made.vlans.is_empty() && made.interfaces.len() == 1);
        assert!(!before.scope.interfaces.covers(&"Ethernet1".parse().unwrap()));
    }
}
