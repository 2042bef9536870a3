//! The `[log]` table.

use super::fields::Table;
use super::reader::Reader;
use super::settings::Overrides;
use crate::finding::Findings;
use std::path::Path;

/// What is told on standard error; the `[log]` table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Log {
    /// `format`: `"human"` or `"json"`, one object a line; human.
    pub format: LogFormat,
    /// `level`: `"error"`, `"warn"`, `"info"`, `"debug"` or `"trace"`; info.
    pub level: LogLevel,
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people.
    #[default]
    Human,
    /// One JSON object a line.
    Json,
}

/// The least severe thing that is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogLevel {
    /// Only what needs somebody.
    Error,
    /// And what may come to need somebody.
    Warn,
    /// And what was done.
    #[default]
    Info,
    /// And how.
    Debug,
    /// And every message.
    Trace,
}

impl LogLevel {
    /// The word for it, as `tracing` spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            LogLevel::Error => "error",
            LogLevel::Warn => "warn",
            LogLevel::Info => "info",
            LogLevel::Debug => "debug",
            LogLevel::Trace => "trace",
        }
    }
}

/// Every key of the table.
pub(super) const KEYS: &[&str] = &["format", "level"];

pub(super) fn read(file: &Path, table: &Table, overrides: &Overrides, findings: &mut Findings) -> Log {
    let mut reader = Reader::new(file, "log", table, findings);
    reader.refuse_unknown(KEYS, |_| None);
    let levels = [LogLevel::Error, LogLevel::Warn, LogLevel::Info, LogLevel::Debug, LogLevel::Trace];
    let format = reader.choice("format", &[("human", LogFormat::Human), ("json", LogFormat::Json)]);
    let level = reader.choice("level", &levels.map(|level| (level.as_str(), level)));
    Log {
        format: overrides.log_format.or(format).unwrap_or_default(),
        level: overrides.log_level.or(level).unwrap_or_default(),
    }
}
