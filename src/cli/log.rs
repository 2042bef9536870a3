//! Logs, to standard error.

use std::io::IsTerminal as _;

use tracing_subscriber::{EnvFilter, fmt};

use crate::config::{LogFormat, LogLevel};

/// Begins to log. `RUST_LOG` refines the level for single modules.
pub(super) fn begin(format: LogFormat, level: LogLevel) {
    let filter =
        EnvFilter::builder().with_default_directive(tracing_subscriber::filter::LevelFilter::WARN.into()).parse_lossy(
            std::env::var("RUST_LOG")
                .unwrap_or_else(|_| format!("warn,mercury={0},mercury_netconf={0}", level.as_str())),
        );
    let begun = match format {
        LogFormat::Human => {
            let colours = std::io::stderr().is_terminal();
            let lines = fmt().with_env_filter(filter).with_writer(std::io::stderr);
            lines.with_target(false).with_ansi(colours).try_init()
        }
        LogFormat::Json => {
            fmt().json().flatten_event(true).with_env_filter(filter).with_writer(std::io::stderr).try_init()
        }
    };
    if begun.is_err() {
        tracing::debug!("somebody else logs already");
    }
}
