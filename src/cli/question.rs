//! `mercury plan` and `verify`: what requests would do to switches, or to what files
//! show of them.
#![expect(clippy::indexing_slicing, reason = "a JSON value indexed by a name it lacks is null")]

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;
use futures_util::{StreamExt as _, stream};
use mercury_adapter::MAX_REPLY;
use serde_json::{Value, json};

use super::{
    Common, DONE, Ended, Failure, Output, Tool, found,
    network::Networks,
    new_files,
    port::VlanArguments,
    print,
    progress::Progress,
    requests::{self, Request},
    review,
    signals::stoppable,
    switch::not_in,
};
use crate::{
    config::{FileAccess, LogLevel, Overrides},
    fault::Fault,
    inventory::{Inventory, Switch},
    registry::{self, Shown},
    rpc,
    service::{Requester, Service},
};

const PLAN: &str = "mercury.plan";
/// Requests that are asked about at a time.
pub(super) const AT_ONCE: usize = 32;

/// What is asked about: a port and its VLANs, or any requests.
#[derive(Clone, Debug, Args)]
pub(super) struct QuestionArguments {
    /// A file of requests that change switches, `{"method": …, "params": …}` as
    /// Ironic sends them: one, a list, or one a line, in JSON or YAML; or Ironic's
    /// ports, as `openstack baremetal port list --long -f json` shows them; or what its
    /// inspection heard by LLDP (`openstack baremetal node inventory save`); or a plan
    /// that was saved. `-` is standard input.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["port", "access", "trunk", "description"])]
    request: Option<PathBuf>,
    /// What Ironic's ports are to be, as its own settings say it:
    /// `access/native_vlan=110`. `NAME=` before it is for the ports of that physical
    /// network. Without it a port's own `extra.switchport` counts.
    #[arg(long, value_name = "[NAME=]NETWORK", requires = "request")]
    network: Vec<String>,
    /// The switch: its name, MAC address or address.
    #[arg(required_unless_present = "request")]
    switch: Option<String>,
    /// The port, as the switch names it.
    #[arg(required_unless_present = "request")]
    port: Option<String>,
    #[command(flatten)]
    vlans: VlanArguments,
    #[command(flatten)]
    offline: OfflineArguments,
}

/// A question, and where to keep the answer.
#[derive(Clone, Debug, Args)]
pub(super) struct PlanArguments {
    #[command(flatten)]
    question: QuestionArguments,
    /// Write the plan to a new file, for `mercury apply`: all requests as one change, on
    /// all switches or on none.
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
}

/// What stands in the place of switches.
#[derive(Clone, Debug, Args)]
pub(super) struct OfflineArguments {
    /// Ask no switch; `--running` says what it has.
    #[arg(long, requires = "running")]
    offline: bool,
    /// What a switch showed: NETCONF's `<data>` or reply, RFC 7951 JSON, a gNMI
    /// answer as JSON, lines, or what `mercury record` printed. Several files of one switch are taken together.
    #[arg(long, value_name = "[SWITCH=]FILE", requires = "offline")]
    running: Vec<String>,
    /// The files hold the whole running configuration: what they leave out is not
    /// configured. Otherwise it is not known.
    #[arg(long, requires = "offline")]
    whole: bool,
}

pub(super) async fn plan(common: &Common, arguments: &PlanArguments) -> Ended {
    let Some(file) = &arguments.save else {
        return run(common, PLAN, &arguments.question).await;
    };
    new_files::is_free(file)?;
    let requests = arguments.question.requests()?;
    let tool = arguments.question.service(common)?;
    let saved = review::save(&tool, &requests, file);
    let Some(saved) = stoppable(&tool, tool.stop_timeout, saved).await? else { return Ok(found()) };
    tool.finish().await;
    match (saved, common.output) {
        (Ok((reports, digest)), Output::Json) => {
            let mut told = rpc::changed(&reports).map_err(Failure::because)?;
            if let Some(told) = told.as_object_mut() {
                told.insert("saved".to_owned(), json!({"file": file, "digest": digest}));
            }
            print::json(&told);
        }
        (Ok((reports, digest)), Output::Human) => {
            reports.iter().for_each(|report| print::report(&rpc::report_json(report)));
            print::line(&format!("saved: {}, digest {digest}{}", file.display(), tool.told_by()));
        }
        (Err(review::Failed::Tool(failure)), _) => return Err(failure),
        (Err(review::Failed::Refused(fault, request)), output) => {
            tell_refused(output, request.as_deref(), &fault);
            return Ok(found());
        }
    }
    Ok(DONE)
}

pub(super) async fn verify(common: &Common, arguments: &QuestionArguments) -> Ended {
    run(common, "mercury.verify", arguments).await
}

async fn run(common: &Common, method: &'static str, arguments: &QuestionArguments) -> Ended {
    let requests = arguments.requests()?;
    let tool = arguments.service(common)?;
    let progress = Progress::of(requests.len(), "requests");
    let asked = stream::iter(&requests).map(|request| asked(&tool, method, request)).buffered(AT_ONCE);
    let asked = asked.inspect(|_| progress.step()).collect::<Vec<_>>();
    let Some(answers) = stoppable(&tool, tool.stop_timeout, asked).await? else { return Ok(found()) };
    drop(progress);
    let is_one = requests.len() == 1;
    let are_plans = !is_one && method == PLAN && answers.iter().all(Result::is_ok);
    let as_one = async { if are_plans { review::refused(&tool, &requests).await } else { None } };
    let Some(as_one) = stoppable(&tool, tool.stop_timeout, as_one).await? else { return Ok(found()) };
    tool.finish().await;
    let (mut refused, mut differing) = (0, 0);
    for (request, answer) in requests.iter().zip(answers) {
        match answer {
            Ok(answer) => {
                differing += usize::from(answer["matches"] == false);
                tell(common.output, request, &answer, is_one);
            }
            Err(fault) => {
                refused += 1;
                tell_fault(common.output, request, &fault);
            }
        }
    }
    if !is_one && common.output == Output::Human {
        let counted = print::counted(requests.len(), "request", "requests");
        let differing = match (method, differing) {
            (PLAN, _) => String::new(),
            (_, 1) => ", 1 differs".to_owned(),
            (_, count) => format!(", {count} differ"),
        };
        print::talk(&format!("{counted}{differing}, {refused} refused"));
    }
    if let Some((fault, request)) = as_one {
        tell_of_all(common.output, request.as_deref(), &fault);
    }
    Ok(if refused > 0 || differing > 0 { found() } else { DONE })
}

/// That what each of them may do by itself, all of them as one change may not.
fn tell_of_all(output: Output, request: Option<&Request>, fault: &Fault) {
    let place = request.and_then(|request| request.place(fault.parameter.as_deref()));
    let place = place.map(|place| format!("{place}: ")).unwrap_or_default();
    let warning = format!("as one change (--save) this is refused: {place}{fault}");
    match output {
        Output::Human => print::talk(&format!("warning: {warning}")),
        Output::Json => print::json(&json!({"warning": warning})),
    }
}

async fn asked(service: &Service, method: &str, request: &Request) -> Result<Value, Fault> {
    rpc::call(service, method, &request.question(), Requester::at_a_shell()).await
}

fn tell(output: Output, request: &Request, answer: &Value, is_one: bool) {
    match output {
        Output::Json if is_one => print::json(answer),
        Output::Json => print::json(&json!({"file": request.file, "line": request.line, "answer": answer})),
        Output::Human => {
            if let (false, Some(place)) = (is_one, request.place(None)) {
                print::line(&format!("{place}:"));
            }
            answer["switches"].as_array().into_iter().flatten().for_each(print::report);
        }
    }
}

/// As of a request, where the fault is of one.
pub(super) fn tell_refused(output: Output, request: Option<&Request>, fault: &Fault) {
    match (request, output) {
        (Some(request), _) => tell_fault(output, request, fault),
        (None, Output::Json) => print::json(&json!({"error": rpc::error_json(fault)})),
        (None, Output::Human) => print::talk(&fault.to_string()),
    }
}

pub(super) fn tell_fault(output: Output, request: &Request, fault: &Fault) {
    let fault = &request.in_its_words(fault);
    match (output, request.place(fault.parameter.as_deref())) {
        (Output::Human, Some(place)) => print::talk(&format!("{place}: {fault}")),
        (Output::Human, None) => print::talk(&fault.to_string()),
        (Output::Json, None) => print::json(&json!({"error": rpc::error_json(fault)})),
        (Output::Json, Some(_)) => {
            let line = request.line_of(fault.parameter.as_deref());
            print::json(&json!({"file": request.file, "line": line, "error": rpc::error_json(fault)}));
        }
    }
}

impl QuestionArguments {
    /// The switches, or what stands in their place.
    pub(super) fn service(&self, common: &Common) -> Result<Tool, Failure> {
        self.offline.service(common, self.switch.as_deref())
    }

    /// Whether files stand in the place of switches.
    pub(super) fn is_offline(&self) -> bool {
        self.offline.offline
    }

    /// The saved plan that is named in place of requests.
    pub(super) fn plan(&self) -> Option<&Path> {
        self.request.as_deref().filter(|file| review::is_one(file))
    }

    pub(super) fn requests(&self) -> Result<Vec<Request>, Failure> {
        if let Some(file) = &self.request {
            return requests::read(file, &Networks::read(&self.network)?);
        }
        let named = |name: &Option<String>| name.clone().unwrap_or_default();
        let params = self.vlans.params(&named(&self.switch), &named(&self.port))?;
        Ok(vec![Request::typed("update_port", params)])
    }
}

impl OfflineArguments {
    /// A service over the switches, or over what the files show; `named` is the switch
    /// that a file is of if nothing else is said.
    pub(super) fn service(&self, common: &Common, named: Option<&str>) -> Result<Tool, Failure> {
        if !self.offline {
            return common.service();
        }
        let overrides = Overrides { secret_files: Some(FileAccess::Unasked), ..common.overrides() };
        let (settings, inventory) = common.load(&overrides, Some(LogLevel::Error))?;
        let mut files: BTreeMap<String, (Arc<Switch>, Vec<Shown>)> = BTreeMap::new();
        for given in &self.running {
            let (switch, file) = whose(&inventory, given, named)?;
            let text = super::read_bounded(file.as_ref(), MAX_REPLY as u64)?;
            let of = files.entry(switch.identity.name.clone()).or_insert_with(|| (switch, Vec::new()));
            of.1.push(Shown { name: file, text });
        }
        let mut recorded = BTreeMap::new();
        for (name, (switch, files)) in files {
            let shown =
                registry::recorded(&switch, inventory.dialects(), &files, self.whole).map_err(Failure::Other)?;
            recorded.insert(name, shown);
        }
        let shown = recorded.iter().map(|(name, shown)| (name.clone(), shown.source.clone())).collect();
        let service = Service::offline(inventory, recorded).map_err(Failure::because)?;
        let has_rules = !settings.rules.is_empty();
        Ok(Tool { has_rules, shown, ..Tool::offline(service, settings.limits.stop_timeout) })
    }
}

/// The switch that a file is of: the one before the equals sign, the one that the
/// command names, or the only one there is.
fn whose(inventory: &Inventory, given: &str, named: Option<&str>) -> Result<(Arc<Switch>, String), Failure> {
    if let Some((switch, file)) = given.split_once('=')
        && let Some(switch) = inventory.find(switch)
    {
        return Ok((Arc::clone(switch), file.to_owned()));
    }
    let unknown = given.split_once('=').filter(|_| !Path::new(given).exists());
    if let Some((switch, _)) = unknown {
        return Err(Failure::Other(format!("--running {given}: {}", not_in(inventory, switch))));
    }
    if let Some(named) = named.filter(|named| inventory.find(named).is_none()) {
        return Err(not_in(inventory, named));
    }
    let mut all = inventory.iter();
    let only = match (named, all.next(), all.next()) {
        (Some(named), ..) => inventory.find(named),
        (None, only, None) => only,
        (None, ..) => None,
    };
    let switch = only.ok_or_else(|| {
        let reason = "of which switch of the inventory it is must be said: --running SWITCH=FILE";
        Failure::Other(format!("{given}: {reason}"))
    })?;
    Ok((Arc::clone(switch), given.to_owned()))
}
