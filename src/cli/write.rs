//! `mercury switch probe --write`: whether a switch can be written to, tried on one
//! port by what an attach is made by. Its description is changed and put back.

use std::{sync::Arc, time::Duration};

use mercury_model::{Description, InterfaceName, Scope};

use super::{
    Failure,
    signals::{Signals, deferring},
    start,
};
use crate::{
    config::Dialects,
    fault::{Fault, FaultKind},
    intent::{Intent, PortIntent, Setting, TargetIntent, interface_of},
    inventory::{Inventory, Switch},
    lock::Coordinator,
    outcome::{Outcome, Report},
    registry::{self, Way},
    service::{Requester, Service},
};

/// What the port is described as meanwhile, but where it is so already.
const TEXTS: [&str; 2] = ["mercury probe", "mercury probe 2"];

/// What was found out.
#[derive(Default)]
pub(super) struct Written {
    /// What was tried, and how it went.
    pub(super) facts: Vec<(String, String)>,
    /// What the entry has to say for it to work, in TOML.
    pub(super) lines: Vec<(String, String)>,
    /// Whether it worked, and the port is as it was.
    pub(super) done: bool,
}

/// Tries it, as the entry says and then in every way that it leaves open. A signal ends it when
/// the description is put back, `within` that time at most.
///
/// # Errors
/// Nothing was written: the port may not be configured, or cannot be read.
pub(super) async fn tried(
    switch: &Arc<Switch>,
    dialects: &Dialects,
    port: &str,
    locks: &Arc<dyn Coordinator>,
    within: Duration,
) -> Result<Written, Failure> {
    let given: InterfaceName = port.parse().map_err(Failure::because)?;
    let port = interface_of(switch, "--write", &given).map_err(Failure::Refused)?;
    let (mut written, mut signals) = (Written::default(), Signals::of_a_command()?);
    for Way { lines, switch } in registry::ways(switch) {
        let said: Vec<_> = lines.iter().map(|(key, value)| format!("{key} = {value}")).collect();
        let name = if said.is_empty() { "write".to_owned() } else { format!("write with {}", said.join(", ")) };
        let inventory = Inventory::from_iter([switch]).speaking(dialects.clone());
        let service = start(inventory, locks)?;
        let (ended, is_interrupted) = deferring(&mut signals, &service, within, once(&service, &port)).await;
        let Some(ended) = ended else {
            let [one, other] = TEXTS;
            let told =
                format!("cut off: {port} may be described as {one:?} or {other:?}, or a commit wait to be confirmed");
            written.facts.push((name, told));
            break;
        };
        service.finish().await;
        let (told, goes_on) = match ended? {
            Ended::Done(told) => {
                written.lines = lines.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
                written.done = true;
                (told, false)
            }
            Ended::Refused(fault) => (fault.to_string(), may_be_the_way(&fault)),
            Ended::Left(told) => (told, false),
        };
        written.facts.push((name, told));
        if !goes_on || is_interrupted {
            break;
        }
    }
    Ok(written)
}

enum Ended {
    /// It worked, and the port is as it was.
    Done(String),
    /// It did not, and the port is as it was.
    Refused(Fault),
    /// The port is not as it was, or nobody knows.
    Left(String),
}

/// Writes once, and puts back what was there.
async fn once(service: &Service, port: &InterfaceName) -> Result<Ended, Failure> {
    let Some(switch) = service.inventory().iter().next().cloned() else {
        return Err(Failure::Other("there is no switch".to_owned()));
    };
    let mut scope = Scope::default();
    scope.add_interface(port.clone());
    let seen = service.read(&switch, scope).await.map_err(Failure::because)?;
    if let Some(fault) = seen.outcome.fault() {
        return Ok(Ended::Refused(fault));
    }
    let there = seen.now.as_ref().and_then(|now| now.interfaces.get(port));
    let Some(there) = there else {
        let message = format!("--write: {} shows no configuration of {port}", switch.identity.name);
        let fault = Fault::new(FaultKind::InvalidValue, message);
        return Err(Failure::Refused(fault.at(&switch.identity.name)));
    };
    let before = there.description.clone();
    let other = TEXTS.iter().find(|text| before.as_ref().map(Description::as_str) != Some(**text));
    let text: Option<Description> = other.and_then(|text| text.parse().ok());
    let describe = async |text: Option<Description>| -> Result<Report, Failure> {
        let mut intent = PortIntent::new(port.clone());
        intent.description = Setting::Set(text);
        let target = TargetIntent { ports: vec![intent], ..TargetIntent::new(&switch) };
        let who = Requester { caller: "command line".to_owned(), ..Requester::default() };
        let reports = service.apply(Intent { verb: "probe", targets: vec![target] }, &who).await;
        reports.map_err(Failure::because)?.pop().ok_or_else(|| Failure::Other("no report".to_owned()))
    };
    let changed = describe(text.clone()).await?;
    match (&changed.outcome, changed.outcome.fault()) {
        (Outcome::Committed(_), _) => {}
        (Outcome::Unknown { .. } | Outcome::RollbackFailed { .. }, Some(fault)) => {
            return Ok(Ended::Left(fault.to_string()));
        }
        (_, Some(fault)) => return Ok(Ended::Refused(fault)),
        (_, None) => return Ok(Ended::Left("nothing was written".to_owned())),
    }
    let back = describe(before).await?;
    Ok(match back.outcome.fault() {
        None => Ended::Done(told(&changed)),
        Some(fault) => {
            let text = text.map(|text| text.to_string()).unwrap_or_default();
            Ended::Left(format!("{port} may still be described as {text:?}: {fault}"))
        }
    })
}

fn told(report: &Report) -> String {
    let confirms = report.capabilities.as_ref().and_then(|able| able.confirmed_commit).is_some();
    let confirmed = if confirms { "with" } else { "without" };
    let warnings = report.warnings.iter().map(|warning| format!("; {warning}")).collect::<String>();
    format!("committed {confirmed} confirmed commit in {} round trips, read back, and undone{warnings}", report.flights)
}

/// Whether the switch may take it in another way.
const fn may_be_the_way(fault: &Fault) -> bool {
    matches!(
        fault.kind,
        FaultKind::Refused
            | FaultKind::Unsupported
            | FaultKind::ReadBack
            | FaultKind::Protocol
            | FaultKind::InvalidValue
    )
}
