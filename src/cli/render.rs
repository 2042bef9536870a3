//! `mercury render`: the request on the wire that would carry a change.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
    path::Path,
    sync::Arc,
    time::Duration,
};

use clap::{Args, ValueEnum};
use mercury_adapter::{Capabilities, Datastore, Payload, Recorded, Render, RequestForm};
use serde_json::{Value, json};

use super::{
    Common, DONE, Ended, Failure, Output, Tool, found, log, print,
    question::{QuestionArguments, tell_fault},
    requests::Request,
    review::{self, SavedSwitch},
    signals::stoppable,
};
use crate::{
    config::{FileAccess, LogFormat, LogLevel, Overrides},
    inventory::{CliSettings, Face, GnmiSettings, Inventory, NvueSettings, OvsdbSettings, RestconfSettings, Switch},
    registry, rpc,
    service::{Requester, Service},
};

/// What the one is called that no request names.
const ANY: &str = "switch";
/// What switches are called by in requests.
const NAMES: [&str; 2] = ["switch_id", "switch_ids"];

/// What is to be printed.
#[derive(Clone, Debug, Args)]
pub(super) struct RenderArguments {
    #[command(flatten)]
    question: QuestionArguments,
    /// Ask nobody and read no file of switches: the request is for a switch of this
    /// dialect of which nothing is configured.
    #[arg(long, value_name = "NAME", conflicts_with = "offline")]
    dialect: Option<String>,
    /// Ask the switches of the file what they have. Otherwise nobody is asked, and the request
    /// is for switches of which nothing is configured but what `--offline --running` says.
    #[arg(long, conflicts_with_all = ["dialect", "offline"])]
    ask: bool,
    /// How that switch is spoken to.
    #[arg(long, value_enum, requires = "dialect", default_value_t = Spoken::Netconf)]
    protocol: Spoken,
    /// The form; NETCONF has xml alone, a command line lines, OVSDB json, gNMI the others.
    #[arg(long = "as", value_enum, value_name = "FORM")]
    form: Option<Form>,
    /// Where NETCONF's edit goes.
    #[arg(long, value_enum, default_value_t = Store::Candidate)]
    datastore: Store,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Form {
    /// `<edit-config>`.
    Xml,
    /// A SetRequest in the JSON of protocol buffers, or the parameters of a transaction.
    Json,
    /// A SetRequest in their text format.
    Textproto,
    /// The lines typed in configuration mode.
    Lines,
}

/// By which protocol it would be sent.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Spoken {
    Netconf,
    Gnmi,
    Cli,
    Ovsdb,
    Restconf,
    Nvue,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Store {
    Candidate,
    Running,
}

impl Form {
    const ALL: [Self; 4] = [Self::Xml, Self::Json, Self::Textproto, Self::Lines];

    const fn word(self) -> &'static str {
        match self {
            Self::Xml => "xml",
            Self::Json => "json",
            Self::Textproto => "textproto",
            Self::Lines => "lines",
        }
    }
}

impl From<Form> for RequestForm {
    fn from(form: Form) -> Self {
        match form {
            Form::Xml => Self::Xml,
            Form::Json => Self::Json,
            Form::Textproto => Self::Textproto,
            Form::Lines => Self::Lines,
        }
    }
}

/// The request that carries a payload, in each form that it can be written in.
pub(super) fn every_form(render: &dyn Render, payload: &Payload) -> BTreeMap<String, String> {
    let target = target(Store::Candidate);
    let of = |form: Form| Some((form.word().to_owned(), render.request(payload, &target, form.into())?));
    Form::ALL.into_iter().filter_map(of).collect()
}

pub(super) async fn run(common: &Common, arguments: &RenderArguments) -> Ended {
    if let (Some(plan), None) = (arguments.question.plan(), &arguments.dialect) {
        return arguments.saved(common, plan);
    }
    let requests = arguments.question.requests()?;
    // Of a dialect nothing is configured, as whoever names one knows.
    let is_told = arguments.ask || arguments.question.is_offline() || arguments.dialect.is_some();
    let tool = match &arguments.dialect {
        Some(dialect) => arguments.bare(common, dialect, &requests)?,
        None if is_told => arguments.question.service(common)?,
        None => unasked(common)?,
    };
    let (dialects, mut is_refused) = (tool.inventory().dialects(), false);
    for request in &requests {
        let question = request.question();
        let planned = rpc::planned(&tool, &question, Requester::at_a_shell());
        let Some(planned) = stoppable(&tool, tool.stop_timeout, planned).await? else { return Ok(found()) };
        let reports = match planned {
            Ok((_, reports)) => reports,
            Err(fault) => {
                is_refused = true;
                tell_fault(common.output, request, &fault);
                continue;
            }
        };
        for report in reports {
            let switch = tool.inventory().find(&report.switch);
            let Some(switch) = switch else { continue };
            let Some(payload) = &report.payload else {
                // Of a switch of which nothing is configured nothing can be taken away.
                is_refused |= !is_told;
                tell_nothing(common, &report.switch, is_told);
                continue;
            };
            let render = registry::renderer(switch, dialects).map_err(Failure::because)?;
            let form = arguments.form.unwrap_or(match &switch.face {
                Face::Netconf(_) => Form::Xml,
                Face::Gnmi(_) | Face::Ovsdb(_) | Face::Restconf(_) | Face::Nvue(_) => Form::Json,
                Face::Cli(_) => Form::Lines,
            });
            let printed = render.request(payload, &target(arguments.datastore), form.into()).ok_or_else(|| {
                let protocol = switch.protocol().as_str();
                let form = form.to_possible_value().map(|form| form.get_name().to_owned()).unwrap_or_default();
                Failure::Other(format!(
                    "{}: a request over {protocol}, which its entry or --protocol says, has no form {form:?} (--as)",
                    report.switch
                ))
            })?;
            report.told().for_each(|warning| print::talk(&format!("{}: warning: {warning}", report.switch)));
            tell(common, &report.switch, &printed);
        }
    }
    tool.finish().await;
    Ok(if is_refused { found() } else { DONE })
}

/// The switches of the file, of none of which anything is configured.
fn unasked(common: &Common) -> Result<Tool, Failure> {
    let overrides = Overrides { secret_files: Some(FileAccess::Unasked), ..common.overrides() };
    let (settings, inventory) = common.load(&overrides, Some(LogLevel::Error))?;
    print::talk("no switch was asked: this is for switches of which nothing is configured (--ask, --offline)");
    let recorded = inventory.iter().map(|switch| (switch.identity.name.clone(), nothing())).collect();
    let service = Service::offline(inventory, recorded).map_err(Failure::because)?;
    Ok(Tool::offline(service, settings.limits.stop_timeout))
}

/// That nothing is configured.
fn nothing() -> Recorded {
    Recorded { is_whole: true, source: "nothing".to_owned(), ..Recorded::default() }
}

/// What is taken to be so of a target that was not asked.
fn target(store: Store) -> Capabilities {
    let datastore = match store {
        Store::Candidate => Datastore::Candidate,
        Store::Running => Datastore::Running,
    };
    Capabilities { datastore, atomic_edit: true, ..Capabilities::unknown() }
}

fn tell(common: &Common, switch: &str, printed: &str) {
    match common.output {
        Output::Human => print::line(printed.trim_end()),
        Output::Json => print::json(&json!({"switch": switch, "request": printed})),
    }
}

/// That nothing would be sent; `is_told`: it is known what is configured there.
fn tell_nothing(common: &Common, switch: &str, is_told: bool) {
    match common.output {
        Output::Human if is_told => print::talk(&format!("{switch}: nothing would be sent")),
        Output::Human => {
            let reason = "what it would send depends on what is configured there (--ask, --offline)";
            print::talk(&format!("{switch}: {reason}"));
        }
        Output::Json => print::json(&json!({"switch": switch, "request": null, "asked": is_told})),
    }
}

/// The switches that a request names, wherever in it.
fn named<'r>(value: &'r Value, names: &mut BTreeSet<&'r str>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| match value {
            Value::String(switch) if NAMES.contains(&name.as_str()) => _ = names.insert(switch),
            Value::Array(all) if NAMES.contains(&name.as_str()) => names.extend(all.iter().filter_map(Value::as_str)),
            _ => named(value, names),
        }),
        Value::Array(values) => values.iter().for_each(|value| named(value, names)),
        _ => {}
    }
}

impl RenderArguments {
    /// What a saved plan would send, as it is in the file: nothing else is read.
    fn saved(&self, common: &Common, plan: &Path) -> Ended {
        if matches!(self.datastore, Store::Running) {
            return Err(Failure::Other("--datastore: a saved plan is printed as it was saved".to_owned()));
        }
        for SavedSwitch { switch, payload, wire, .. } in &review::read(plan)?.switches {
            let form = match self.form {
                Some(form) => wire.get(form.word()),
                None => wire.values().next(),
            };
            match (form, payload) {
                (Some(printed), _) => tell(common, switch, printed),
                (None, None) => print::talk(&format!("{switch}: nothing would be sent")),
                (None, Some(_)) => {
                    let reason = "the plan does not hold the request in that form";
                    return Err(Failure::Other(format!("{}: {switch}: {reason}", plan.display())));
                }
            }
        }
        Ok(DONE)
    }

    /// A service over switches of which nothing is configured: those that the requests name.
    fn bare(&self, common: &Common, dialect: &str, requests: &[Request]) -> Result<Tool, Failure> {
        let format = common.overrides().log_format.unwrap_or(LogFormat::Human);
        log::begin(format, common.overrides().log_level.unwrap_or(LogLevel::Error))?;
        let mut names = BTreeSet::new();
        requests.iter().for_each(|request| named(&request.params, &mut names));
        if names.is_empty() {
            names.insert(ANY);
        }
        let mut switches =
            names.into_iter().zip(1..).map(|(name, number)| self.made_up(name, dialect, number)).collect::<Vec<_>>();
        let dialects = common.dialects()?;
        // A name that no port of the system can have is none of this switch's.
        let own = dialects.iter().find(|own| own.name == dialect).and_then(|own| own.interface_names.clone());
        let own = own.map(Arc::new);
        switches.iter_mut().for_each(|switch| switch.rules.interface_names.clone_from(&own));
        let recorded = switches.iter().map(|switch| (switch.identity.name.clone(), nothing())).collect();
        let inventory = Inventory::from_iter(switches).speaking(dialects);
        let service = Service::offline(inventory, recorded).map_err(Failure::because)?;
        Ok(Tool::offline(service, Duration::from_secs(1)))
    }

    /// Each is at an address of its own, of those that are for tests (RFC 2544).
    fn made_up(&self, name: &str, dialect: &str, number: u32) -> Switch {
        let address = Ipv4Addr::from(u32::from(Ipv4Addr::new(198, 18, 0, 0)) + number % (1 << 17)).to_string();
        let mut switch = Switch::new(name, &address, dialect, "");
        match self.protocol {
            Spoken::Netconf => {}
            Spoken::Gnmi => switch.face = Face::Gnmi(GnmiSettings::default()),
            Spoken::Cli => switch.face = Face::Cli(CliSettings::default()),
            Spoken::Ovsdb => switch.face = Face::Ovsdb(OvsdbSettings::default()),
            Spoken::Restconf => switch.face = Face::Restconf(RestconfSettings::default()),
            Spoken::Nvue => switch.face = Face::Nvue(NvueSettings::default()),
        }
        switch
    }
}
