//! `mercury report`: a change as one HTML page, for whoever has to agree to it. The page
//! needs nothing but itself.

mod page;
mod picture;
mod rows;

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::{
    Common, DONE, Ended, Failure, Output, found,
    network::Networks,
    new_files, print,
    question::{OfflineArguments, tell_refused},
    requests,
    review::{self, Failed, Saved},
    signals::stoppable,
};

/// What is shown, and where.
#[derive(Clone, Debug, Args)]
pub(super) struct ReportArguments {
    /// A plan that `mercury plan --save` wrote, as it is in the file.
    #[arg(required_unless_present = "request", conflicts_with = "request")]
    plan: Option<PathBuf>,
    /// A file of requests, as `mercury plan` takes it: all as one change, worked out now.
    #[arg(long, value_name = "FILE")]
    request: Option<PathBuf>,
    /// What Ironic's ports are to be, as `mercury plan` takes it.
    #[arg(long, value_name = "[NAME=]NETWORK", requires = "request")]
    network: Vec<String>,
    /// Where the page is written; nothing is written over.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    #[command(flatten)]
    offline: OfflineArguments,
}

pub(super) async fn run(common: &Common, arguments: &ReportArguments) -> Ended {
    // Before anybody is asked for what could not be kept.
    new_files::is_free(&arguments.to)?;
    let saved = match (&arguments.plan, &arguments.request) {
        (Some(plan), _) => review::read(plan)?,
        (None, Some(file)) => {
            let requests = requests::read(file, &Networks::read(&arguments.network)?)?;
            let tool = arguments.offline.service(common, None)?;
            let worked_out = review::worked_out(&tool, &requests);
            let Some(worked_out) = stoppable(&tool, tool.stop_timeout, worked_out).await? else {
                return Ok(found());
            };
            tool.finish().await;
            match worked_out {
                Ok((saved, _)) => saved,
                Err(Failed::Tool(failure)) => return Err(failure),
                Err(Failed::Refused(fault, request)) => {
                    tell_refused(common.output, request.as_deref(), &fault);
                    return Ok(found());
                }
            }
        }
        (None, None) => return Err(Failure::Other("a plan or --request must be named".to_owned())),
    };
    let file = arguments.to.display();
    review::write(&arguments.to, &page::page(&saved))?;
    let refused = saved.switches.iter().filter(|switch| switch.refused.is_some()).count();
    let when = if arguments.plan.is_some() { " when the plan was made" } else { "" };
    tell(common, &saved, &file.to_string(), refused, when);
    Ok(if refused == 0 { DONE } else { found() })
}

fn tell(common: &Common, saved: &Saved, file: &str, refused: usize, when: &str) {
    let count = saved.switches.len();
    match common.output {
        Output::Json => print::json(&json!({"page": file, "switches": count, "refused": refused,
                                            "offline": saved.shown_by(), "ruled": saved.ruled})),
        Output::Human => {
            let switches = print::counted(count, "switch", "switches");
            let offline = saved.shown_by().map(|files| format!("; offline, from {files}")).unwrap_or_default();
            print::line(&format!("{file}: {switches}, {refused} refused{when}{offline}"));
            if saved.ruled == Some(false) {
                print::talk(review::NO_RULES);
            }
        }
    }
}
