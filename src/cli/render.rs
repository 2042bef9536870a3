//! `mercury render`: the request on the wire that would carry a change.

use std::{collections::BTreeMap, time::Duration};

use clap::{Args, ValueEnum};
use mercury_adapter::{Capabilities, Datastore, Recorded, RequestForm};
use serde_json::json;

use super::{
    Common, DONE, Ended, Failure, Output, Tool, found, log, print,
    question::{QuestionArguments, tell_fault},
    signals::interruptible,
};
use crate::{
    config::{LogFormat, LogLevel},
    inventory::{CliSettings, Face, GnmiSettings, Inventory, OvsdbSettings, RestconfSettings, Switch},
    lock::NoLocks,
    registry, rpc,
    service::{Requester, Service},
};

/// What the switch is called that is made up for `--dialect`.
const ANY: &str = "switch";

/// What is to be printed.
#[derive(Clone, Debug, Args)]
pub(super) struct RenderArguments {
    #[command(flatten)]
    question: QuestionArguments,
    /// Ask nobody and read no file of switches: the request is for a switch of this
    /// dialect of which nothing is configured.
    #[arg(long, value_name = "NAME", conflicts_with = "offline")]
    dialect: Option<String>,
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
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Store {
    Candidate,
    Running,
}

pub(super) async fn run(common: &Common, arguments: &RenderArguments) -> Ended {
    let requests = arguments.question.requests()?;
    let tool = match &arguments.dialect {
        Some(dialect) => arguments.bare(common, dialect)?,
        None => arguments.question.service(common)?,
    };
    let (dialects, mut is_refused) = (tool.inventory().dialects(), false);
    for request in &requests {
        let question = request.question();
        let planned = rpc::planned(&tool, &question, Requester::at_a_shell());
        let Some(planned) = interruptible(&tool, tool.stop_timeout, planned).await? else { return Ok(found()) };
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
            let (Some(switch), Some(payload)) = (switch, &report.payload) else { continue };
            let render = registry::renderer(switch, dialects).map_err(Failure::because)?;
            let forms = match (arguments.form, &switch.face) {
                (Some(Form::Xml), _) | (None, Face::Netconf(_)) => RequestForm::Xml,
                (Some(Form::Textproto), _) => RequestForm::Textproto,
                (Some(Form::Json), _) | (None, Face::Gnmi(_) | Face::Ovsdb(_) | Face::Restconf(_)) => RequestForm::Json,
                (Some(Form::Lines), _) | (None, Face::Cli(_)) => RequestForm::Lines,
            };
            let printed = render.request(payload, &arguments.target(), forms).ok_or_else(|| {
                let protocol = switch.protocol().as_str();
                Failure::Other(format!("{}: {protocol} has no such form of a request", report.switch))
            })?;
            report.told().for_each(|warning| print::talk(&format!("{}: warning: {warning}", report.switch)));
            match common.output {
                Output::Human => print::line(printed.trim_end()),
                Output::Json => print::json(&json!({"switch": report.switch, "request": printed})),
            }
        }
    }
    tool.finish().await;
    Ok(if is_refused { found() } else { DONE })
}

impl RenderArguments {
    /// What is taken to be so of a target that was not asked.
    fn target(&self) -> Capabilities {
        let datastore = match self.datastore {
            Store::Candidate => Datastore::Candidate,
            Store::Running => Datastore::Running,
        };
        Capabilities { datastore, atomic_edit: true, ..Capabilities::unknown() }
    }

    /// A service over one switch of which nothing is configured.
    fn bare(&self, common: &Common, dialect: &str) -> Result<Tool, Failure> {
        let format = common.overrides().log_format.unwrap_or(LogFormat::Human);
        log::begin(format, common.overrides().log_level.unwrap_or(LogLevel::Error))?;
        let name = self.question.switch().unwrap_or(ANY);
        let mut switch = Switch::new(name, "192.0.2.1", dialect, "");
        match self.protocol {
            Spoken::Netconf => {}
            Spoken::Gnmi => switch.face = Face::Gnmi(GnmiSettings::default()),
            Spoken::Cli => switch.face = Face::Cli(CliSettings::default()),
            Spoken::Ovsdb => switch.face = Face::Ovsdb(OvsdbSettings::default()),
            Spoken::Restconf => switch.face = Face::Restconf(RestconfSettings::default()),
        }
        let nothing = Recorded { is_whole: true, source: "nothing".to_owned(), ..Recorded::default() };
        let recorded = BTreeMap::from([(name.to_owned(), nothing)]);
        let inventory = Inventory::from_iter([switch]).speaking(common.dialects()?);
        let service = Service::offline(inventory, recorded).map_err(Failure::because)?;
        Ok(Tool { service, locks: NoLocks::shared(), stop_timeout: Duration::from_secs(1) })
    }
}
