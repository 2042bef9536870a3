//! Logs, to standard error; nothing waits for them or fails because of them.

mod journal;
mod queue;

use std::{io, io::IsTerminal as _, panic, sync::OnceLock, time::Duration};

use tracing_subscriber::{EnvFilter, filter::LevelFilter, fmt};

use super::Failure;
use crate::config::{LogFormat, LogLevel};
use crate::finding::{Finding, Severity};
use crate::metrics;
use journal::Lines;
use queue::Queue;

/// How long the end of the process waits for somebody to read the last lines.
const LAST_LINES: Duration = Duration::from_secs(1);

static QUEUE: OnceLock<Queue> = OnceLock::new();

/// Begins to log. `RUST_LOG` refines the level for single modules.
pub(super) fn begin(format: LogFormat, level: LogLevel) -> Result<(), Failure> {
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::WARN.into()).parse_lossy(
        std::env::var("RUST_LOG").unwrap_or_else(|_| {
            format!("warn,mercury={0},mercury_netconf={0},mercury_cli={0},mercury_ssh={0}", level.as_str())
        }),
    );
    let queue = Queue::start(io::stderr(), |_, lost| {
        metrics::lost_log_lines(lost);
        tracing::error!(lost, "log lines were lost: standard error could not be written, or was not read fast enough");
    })
    .map_err(|error| Failure::Other(format!("logs cannot be written: {error}")))?;
    let writer = Lines::to(queue.clone());
    let lines = fmt().with_env_filter(filter).with_writer(writer).log_internal_errors(false);
    let begun = match format {
        LogFormat::Human => lines.with_target(false).with_ansi(io::stderr().is_terminal()).try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    if begun.is_err() {
        tracing::debug!("somebody else logs already");
        return Ok(());
    }
    let _first = QUEUE.set(queue);
    // What Rust does by itself waits for standard error.
    panic::set_hook(Box::new(|panic| {
        let thread = std::thread::current().name().unwrap_or("-").to_owned();
        tracing::error!(thread, backtrace = %std::backtrace::Backtrace::capture(), "{panic}");
    }));
    Ok(())
}

/// Tells what is wrong with a file.
pub(super) fn finding(finding: &Finding) {
    match finding.severity {
        Severity::Error => tracing::error!("{finding}"),
        Severity::Warning => tracing::warn!("{finding}"),
    }
}

/// Waits a moment for the last lines to be written.
pub(super) fn finish() {
    if let Some(queue) = QUEUE.get() {
        queue.finish(LAST_LINES);
    }
}
