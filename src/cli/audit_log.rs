//! `mercury audit-log`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;

use super::{Common, DONE, Ended, Failure, Output, found, print};
use crate::audit::{self, Verified};

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
        /// The SHA-256 of the line before the first, as it was told of the files before.
        #[arg(long, value_name = "SHA-256")]
        after: Option<String>,
    },
}

pub(super) fn run(common: &Common, arguments: &AuditLogArguments) -> Ended {
    let AuditLogCommand::Verify { files, after } = &arguments.command;
    let verified = audit::verify(files).map_err(Failure::because)?;
    let (shown, text, code) = match verified {
        Ok(found_whole) => {
            let Verified { lines, last, continues, after: follows } = found_whole;
            // Lines that are gone at the beginning leave no gap behind.
            let beginning = match after {
                _ if lines == 0 => Some("there is no line"),
                Some(hash) if *hash != follows => Some("the first does not follow the line that --after names"),
                None if continues => Some(
                    "the first follows a line that is not here: give the file before, or --after with its last SHA-256",
                ),
                _ => None,
            };
            let counted = print::counted(usize::try_from(lines).unwrap_or(usize::MAX), "line", "lines");
            let text = match beginning {
                None => format!("whole: {counted}; the last line has SHA-256 {last}"),
                Some(reason) => format!("not whole: {counted}; {reason}; the last line has SHA-256 {last}"),
            };
            let shown = json!({"whole": beginning.is_none(), "lines": lines, "continues": continues, "last": last,
                               "message": beginning});
            (shown, text, if beginning.is_none() { DONE } else { found() })
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
