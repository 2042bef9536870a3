//! `mercury audit-log`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;

use super::{Common, DONE, Ended, Failure, Output, found, print};
use crate::audit;

/// What is done with an audit log.
#[derive(Debug, Args)]
pub(super) struct AuditLogArguments {
    #[command(subcommand)]
    command: AuditLogCommand,
}

#[derive(Debug, Subcommand)]
enum AuditLogCommand {
    /// Say whether every line is there as it was written, or the first that is not.
    Verify {
        /// The log; of several files, into which it was moved, the oldest first.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

pub(super) fn run(common: &Common, arguments: &AuditLogArguments) -> Ended {
    let AuditLogCommand::Verify { files } = &arguments.command;
    let verified = audit::verify(files).map_err(Failure::because)?;
    let (shown, text, code) = match verified {
        Ok(whole) => {
            let from = if whole.continues { "it continues another file; " } else { "" };
            let lines = print::counted(usize::try_from(whole.lines).unwrap_or(usize::MAX), "line", "lines");
            let text = format!("whole: {lines}; {from}the last line has SHA-256 {}", whole.last);
            let shown = json!({"whole": true, "lines": whole.lines, "continues": whole.continues, "last": whole.last});
            (shown, text, DONE)
        }
        Err(wrong) => {
            let shown = json!({"whole": false, "file": wrong.file, "line": wrong.line, "message": wrong.message});
            (shown, wrong.to_string(), found())
        }
    };
    match common.output {
        Output::Json => print::json(&shown),
        Output::Human => print::line(&text),
    }
    Ok(code)
}
