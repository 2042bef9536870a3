//! `mercury policy`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{Common, DONE, Ended, Failure, Output, found, print, read_bounded};
use crate::{
    config::{self, LogLevel},
    lock::NoLocks,
    rpc,
    service::{Requester, Service},
};

/// A request may be this long, in bytes.
const MAX_REQUEST: u64 = 1 << 20;

/// What is done with the policy.
#[derive(Clone, Debug, Args)]
pub(super) struct PolicyArguments {
    #[command(subcommand)]
    command: PolicyCommand,
}

#[derive(Clone, Debug, Subcommand)]
enum PolicyCommand {
    /// Say whether a caller may ask for something, and if not, why.
    Explain {
        /// A JSON file with `method` and `params` of the request; `-` is standard input.
        request: PathBuf,
        /// Who asks, as the log names them.
        #[arg(long)]
        caller: String,
        /// How it was let in, for a policy that tells by `ways`.
        #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(config::ways()))]
        way: Option<String>,
    },
}

pub(super) fn run(common: &Common, arguments: &PolicyArguments) -> Ended {
    let PolicyCommand::Explain { request, caller, way } = &arguments.command;
    let (settings, inventory) = common.load(&common.overrides(), Some(LogLevel::Error))?;
    if settings.policy.is_none() {
        return Err(Failure::Other("the settings name no policy, so every caller may ask for everything".to_owned()));
    }
    let request: Value = serde_json::from_str(&read_bounded(request, MAX_REQUEST)?).map_err(Failure::because)?;
    let service = Service::start(inventory, &NoLocks::shared()).map_err(Failure::because)?.under(settings.policy);
    let intent = rpc::intent(&service, &request).map_err(Failure::Refused)?;
    let way = way.as_ref().and_then(|way| config::ways().into_iter().find(|known| known == way)).unwrap_or_default();
    let who = Requester { caller: caller.clone(), way, ..Requester::default() };
    let method = request.get("method").and_then(Value::as_str).unwrap_or_default();
    let permitted = service.permits(method, intent, &who, true);
    let reason = permitted.as_ref().err().map(|fault| fault.message.clone());
    match common.output {
        Output::Json => print::json(&json!({"granted": reason.is_none(), "reason": reason})),
        Output::Human => print::line(&reason.unwrap_or_else(|| format!("{caller} may ask for it"))),
    }
    Ok(if permitted.is_ok() { DONE } else { found() })
}
