//! `mercury plan --save` and `mercury apply`: a change that is worked out now, read by
//! people, and made later as they read it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use clap::Args;
use mercury_adapter::Dialect;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tracing_subscriber::fmt::{
    format::Writer,
    time::{FormatTime as _, SystemTime},
};

use super::{
    Common, DONE, Ended, Failure, Output, Tool, found, new_files::NewFiles, print, progress, render, requests::Request,
    signals::interruptible, switch::not_in,
};
use crate::{
    fault::Fault,
    group,
    intent::{Intent, Reviewed},
    inventory::Switch,
    outcome::Report,
    registry, rpc,
    service::{Requester, Service},
};

/// What such files are called in themselves.
const FORMAT: &str = "mercury-plan-1";
/// They may be this long, in bytes.
const MAX_FILE: u64 = 64 << 20;

/// A plan that was saved.
#[derive(Clone, Debug, Args)]
pub(super) struct ApplyArguments {
    /// The file that `mercury plan --save` wrote.
    plan: PathBuf,
}

/// The file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Saved {
    format: String,
    /// The version that made it.
    pub(super) mercury: String,
    /// When, in UTC (RFC 3339).
    pub(super) at: String,
    /// The user who did.
    pub(super) by: Option<String>,
    /// What is wanted.
    pub(super) requests: Vec<Value>,
    /// Whether there were rules to be asked; not told in files of an earlier Mercury.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ruled: Option<bool>,
    pub(super) switches: Vec<SavedSwitch>,
    /// Of all the rest (SHA-256, base64), so that what was reviewed can be told from what
    /// was edited since; none of what is not saved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) digest: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SavedSwitch {
    pub(super) switch: String,
    pub(super) dialect: String,
    /// The files that told of the switch in its place; none where it was asked itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) shown_by: Option<String>,
    /// Of the dialect, and of what the entry says of the switch (SHA-256, base64).
    pub(super) dialect_digest: String,
    rules_digest: String,
    /// What it was worked out from.
    pub(super) before: Value,
    /// What it would have then; none in files of an earlier Mercury.
    #[serde(default)]
    pub(super) after: Value,
    pub(super) plan: Vec<String>,
    pub(super) warnings: Vec<String>,
    /// What the rules have to say of it; none in files of an earlier Mercury.
    #[serde(default)]
    pub(super) findings: Value,
    pub(super) payload: Option<String>,
    /// The whole request that carries it, by the form that it is written in; none in files
    /// of an earlier Mercury.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) wire: BTreeMap<String, String>,
    /// Why it cannot be made; no such plan is saved.
    #[serde(skip)]
    pub(super) refused: Option<String>,
}

/// Why requests are no change.
struct Unfit {
    fault: Fault,
    /// The number of the request that it is of, where it is of one.
    of: Option<usize>,
    /// That of an earlier one that is about the same.
    first: Option<usize>,
}

/// All requests as one change.
fn intent(service: &Service, requests: &[Value]) -> Result<Intent, Box<Unfit>> {
    let unfit = |fault, of, first| Box::new(Unfit { fault, of, first });
    let one = |(index, request)| rpc::intent(service, request).map_err(|fault| unfit(fault, Some(index), None));
    let intents: Vec<Intent> = requests.iter().enumerate().map(one).collect::<Result<_, _>>()?;
    let twice = group::twice(&intents);
    group::as_one("plan", intents).map_err(|fault| match twice {
        Some([first, second]) => unfit(fault, Some(second), Some(first)),
        None => unfit(fault, None, None),
    })
}

/// Why all requests as one change would be refused, where each of them is not, and the request that
/// it is of. Switches are asked again only where there are rules, which count what is changed at once.
pub(super) async fn refused(tool: &Tool, requests: &[Request]) -> Option<(Fault, Option<Box<Request>>)> {
    let all: Vec<Value> = requests.iter().map(Request::question).collect();
    let intent = match intent(tool, &all) {
        Ok(intent) => intent,
        Err(unfit) => return Some(unfit.among(requests)),
    };
    if !tool.has_rules && tool.shown.is_empty() {
        return None;
    }
    match tool.plan(intent, &Requester::at_a_shell()).await {
        Ok(reports) => reports.iter().find_map(|report| Some((report.outcome.fault()?.at(&report.switch), None))),
        Err(fault) => Some((fault, None)),
    }
}

impl Unfit {
    /// The fault with the places of what it is of.
    fn among(self, given: &[Request]) -> (Fault, Option<Box<Request>>) {
        let request = |index: Option<usize>| index.and_then(|index| given.get(index));
        let mut fault = self.fault;
        if let Some(place) = request(self.first).and_then(|first| first.place(None)) {
            fault.message = format!("{}: this one, and that at {place}", fault.message);
        }
        (fault, request(self.of).cloned().map(Box::new))
    }
}

/// Works out all requests as one change, and writes what came of it; tells the digest.
pub(super) async fn save(tool: &Tool, requests: &[Request], file: &Path) -> Result<(Vec<Report>, String), Failed> {
    let (mut saved, reports) = worked_out(tool, requests).await?;
    if let Some(fault) = reports.iter().find_map(|report| Some(report.outcome.fault()?.at(&report.switch))) {
        return Err(fault.into());
    }
    let digest = saved.digested()?;
    saved.digest = Some(digest.clone());
    let text = serde_json::to_string_pretty(&saved).map_err(Failure::because)?;
    write(file, &text)?;
    Ok((reports, digest))
}

/// Works out all requests as one change, also one that would be refused.
pub(super) async fn worked_out(tool: &Tool, requests: &[Request]) -> Result<(Saved, Vec<Report>), Failed> {
    let (service, given) = (&tool.service, requests);
    let requests: Vec<Value> = requests.iter().map(Request::question).collect();
    let intent = intent(service, &requests).map_err(|unfit| {
        let (fault, request) = unfit.among(given);
        Failed::Refused(fault, request)
    })?;
    let who = Requester::at_a_shell();
    let reports = progress::asked(service, intent.targets.len(), service.plan(intent, &who)).await?;
    let dialects = service.inventory().dialects();
    let switches = reports.iter().map(|report| {
        let (switch, dialect) = named(service, &report.switch, dialects)?;
        let edits = report.plan.as_ref().map(Reviewed::edits).unwrap_or_default();
        let shown = |running: &Option<_>| running.as_ref().map(Reviewed::shown).unwrap_or_default();
        let renderer = registry::renderer(&switch, dialects).map_err(Failure::because)?;
        let wire = report.payload.as_ref().map(|payload| render::every_form(&*renderer, payload));
        Ok(SavedSwitch {
            switch: report.switch.clone(),
            dialect: dialect.name.clone(),
            shown_by: tool.shown.get(&report.switch).cloned(),
            dialect_digest: digest(&format!("{dialect:?}")),
            rules_digest: rules(&switch),
            before: shown(&report.before),
            after: shown(&report.intended),
            payload: report.payload.as_ref().map(ToString::to_string),
            wire: wire.unwrap_or_default(),
            plan: edits,
            warnings: report.told().map(std::borrow::Cow::into_owned).collect(),
            findings: json!(report.findings),
            refused: report.outcome.fault().map(|fault| fault.to_string()),
        })
    });
    let switches = switches.collect::<Result<Vec<_>, Failure>>()?;
    let by = who.user;
    let (format, mercury) = (FORMAT.to_owned(), env!("CARGO_PKG_VERSION").to_owned());
    let ruled = Some(tool.has_rules);
    Ok((Saved { format, mercury, at: now(), by, requests, ruled, switches, digest: None }, reports))
}

/// What is told of other files.
const NONE: &str = "it is no plan that `plan --save` wrote";

/// A plan that was saved.
///
/// # Errors
/// A sentence: it cannot be read, or is none.
pub(super) fn read(file: &Path) -> Result<Saved, Failure> {
    let (name, text) = (file.display(), super::read_bounded(file, MAX_FILE)?);
    let told = |reason: String| Failure::Other(format!("{name}: {reason}"));
    let value: Value = serde_json::from_str(&text).map_err(|error| told(format!("{NONE}: {error}")))?;
    if !is_plan(&value) {
        return Err(told(format!("{NONE}; requests are for `plan`, `report --request` and `render --request`")));
    }
    checked(value).map_err(told)
}

/// A plan that was saved, if nobody changed it since.
///
/// # Errors
/// A sentence: it is none, or is not as it was saved.
pub(super) fn checked(value: Value) -> Result<Saved, String> {
    let mut saved: Saved = serde_json::from_value(value).map_err(|error| error.to_string())?;
    if saved.format != FORMAT {
        return Err(format!("its format is {:?}, not {FORMAT:?}", saved.format));
    }
    let said = saved.digest.take();
    let digest = saved.digested().map_err(|failure| failure.to_string())?;
    if said.as_ref() != Some(&digest) {
        let said = said.unwrap_or_else(|| "none".to_owned());
        return Err(format!(
            "it is not as `plan --save` wrote it: its digest is {said}, and that of what it says is {digest}. Save the \
             plan again"
        ));
    }
    saved.digest = Some(digest);
    Ok(saved)
}

/// Whether a value says that it is a plan that was saved.
pub(super) fn is_plan(value: &Value) -> bool {
    value.get("format").is_some_and(|format| format == FORMAT)
}

/// Whether a file holds a plan that was saved.
pub(super) fn is_one(file: &Path) -> bool {
    let is_regular = std::fs::metadata(file).is_ok_and(|it| it.is_file());
    let text = if is_regular { super::read_bounded(file, MAX_FILE).ok() } else { None };
    let value = text.and_then(|text| serde_json::from_str::<Value>(&text).ok());
    value.is_some_and(|value| is_plan(&value))
}

/// What is said where nobody has any.
pub(super) const NO_RULES: &str = "no rules were asked: there is no --rules and none in the settings";

impl Saved {
    /// The files that told of switches in their place, if any did.
    pub(super) fn shown_by(&self) -> Option<String> {
        let files: Vec<&str> = self.switches.iter().filter_map(|switch| switch.shown_by.as_deref()).collect();
        (!files.is_empty()).then(|| files.join(", "))
    }

    /// The digest of all but the digest, members in the order of their names.
    fn digested(&self) -> Result<String, Failure> {
        let value = serde_json::to_value(self).map_err(Failure::because)?;
        Ok(digest(&value.to_string()))
    }
}

/// One that somebody may have read is never written over.
pub(super) fn write(file: &Path, text: &str) -> Result<(), Failure> {
    let mut new = NewFiles::default();
    new.open(file, &format!("{text}\n"))?;
    new.keep();
    Ok(())
}

/// Why nothing came of it.
pub(super) enum Failed {
    /// A fault, and the request that it is of, where it is of one.
    Refused(Fault, Option<Box<Request>>),
    Tool(Failure),
}

impl From<Fault> for Failed {
    fn from(fault: Fault) -> Self {
        Self::Refused(fault, None)
    }
}

impl From<Failure> for Failed {
    fn from(failure: Failure) -> Self {
        Self::Tool(failure)
    }
}

/// Makes the change that was saved, on all its switches or on none.
pub(super) async fn apply(common: &Common, arguments: &ApplyArguments) -> Ended {
    let saved = read(&arguments.plan)?;
    let tool = common.service()?;
    let done = match reviewed(&tool, &saved)? {
        Ok(intent) => {
            let who = Requester::at_a_shell();
            let made = progress::changed(intent.targets.len(), tool.apply(intent, &who));
            match interruptible(&tool, tool.stop_timeout, made).await? {
                Some(done) => done.and_then(|reports| Ok((rpc::changed(&reports)?, reports))),
                None => return Ok(found()),
            }
        }
        Err(fault) => Err(fault),
    };
    tool.finish().await;
    match done {
        Ok((answer, reports)) => {
            match common.output {
                Output::Json => print::json(&answer),
                Output::Human => reports.iter().for_each(|report| print::report(&rpc::report_json(report))),
            }
            Ok(DONE)
        }
        Err(fault) => {
            match common.output {
                Output::Json => print::json(&json!({"error": rpc::error_json(&fault)})),
                Output::Human => print::talk(&fault.to_string()),
            }
            Ok(found())
        }
    }
}

/// What is wanted, to be made as it was seen.
fn reviewed(service: &Service, saved: &Saved) -> Result<Result<Intent, Fault>, Failure> {
    let mut intent = match intent(service, &saved.requests) {
        Ok(intent) => intent,
        Err(unfit) => return Ok(Err(unfit.fault)),
    };
    let dialects = service.inventory().dialects();
    let moved =
        |switch: &str, what: &str| Ok(Err(Fault::value("plan", format!("nothing was sent: {what}")).at(switch)));
    if let Some(other) = saved.switches.iter().find(|one| intent.targets.iter().all(|own| own.switch != one.switch)) {
        return moved(&other.switch, "the requests are not about this switch any more");
    }
    for target in &mut intent.targets {
        let Some(one) = saved.switches.iter().find(|one| one.switch == target.switch) else {
            return moved(&target.switch, "the requests are about this switch too, by now");
        };
        let (switch, dialect) = named(service, &target.switch, dialects)?;
        if one.dialect != dialect.name || one.dialect_digest != digest(&format!("{dialect:?}")) {
            let what = format!("its dialect {} is not the one that the plan was made with", dialect.name);
            return moved(&target.switch, &what);
        }
        if one.rules_digest != rules(&switch) {
            let what = "what its entry and the network team's rules say is not what they said when the plan was made";
            return moved(&target.switch, what);
        }
        let SavedSwitch { before, plan, payload, .. } = one;
        let reviewed = Reviewed { before: before.clone(), plan: plan.clone(), payload: payload.clone() };
        target.reviewed = Some(Arc::new(reviewed));
    }
    Ok(Ok(intent))
}

fn named(service: &Service, name: &str, dialects: &[Arc<Dialect>]) -> Result<(Arc<Switch>, Arc<Dialect>), Failure> {
    let switch = service.inventory().find(name);
    let switch = switch.ok_or_else(|| not_in(service.inventory(), name))?;
    Ok((Arc::clone(switch), registry::dialect(switch, dialects).map_err(Failure::because)?))
}

/// What an entry says of how its switch is configured, and which switch it is.
fn rules(switch: &Switch) -> String {
    let identity = &switch.identity;
    digest(&format!("{:?} {:?} {:?}", identity.address, identity.network_instance, switch.rules))
}

fn digest(text: &str) -> String {
    STANDARD.encode(ring::digest::digest(&ring::digest::SHA256, text.as_bytes()))
}

fn now() -> String {
    let mut text = String::new();
    // Writing to a text does not fail.
    let _written = SystemTime.format_time(&mut Writer::new(&mut text));
    // To the second, as people read it.
    text.split_once('.').map_or(text.clone(), |(seconds, _)| format!("{seconds}Z"))
}
