//! The `[audit]` table.

use super::fields::Table;
use super::reader::{Reader, beside};
use crate::finding::{Code, Finding, Findings};
use std::path::{Path, PathBuf};

/// Where the audit log goes, and what it is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditLog {
    /// `file`: the file it is appended to; `None`, written `"-"`, for standard output.
    pub file: Option<PathBuf>,
    /// `required`: whether changes are refused whose line cannot be written; false.
    pub required: bool,
}

/// Every key of the table.
pub(super) const KEYS: &[&str] = &["file", "required"];

/// The table, if there is one.
pub(super) fn read(file: &Path, table: &Table, findings: &mut Findings) -> Option<AuditLog> {
    let is_there = table.entries.contains_key("audit");
    let own = super::settings::sub_table(file, table, "audit", findings);
    let mut reader = Reader::new(file, "audit", &own, findings);
    reader.refuse_unknown(KEYS, |_| None);
    let place = reader.text("file");
    let required = reader.flag("required").unwrap_or(false);
    if is_there && place.is_none() && !reader.failed() {
        let finding = Finding::error(Code::MissingKey, "must be given");
        reader.blame_key("file", finding.help("file = \"audit.jsonl\", or \"-\" for standard output"));
    }
    let file = Some(place?).filter(|place| place != "-").map(|place| beside(file, &place));
    Some(AuditLog { file, required })
}
