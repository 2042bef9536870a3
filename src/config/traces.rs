//! The `[traces]` table.

use super::fields::Table;
use super::reader::Reader;
use crate::finding::{Code, Finding, Findings};
use crate::trace;
use std::path::Path;

/// Every key of the table.
pub(super) const KEYS: &[&str] = &["endpoint"];

/// The collector, if there is one.
pub(super) fn read(file: &Path, table: &Table, findings: &mut Findings) -> Option<String> {
    let is_there = table.entries.contains_key("traces");
    let own = super::settings::sub_table(file, table, "traces", findings);
    let mut reader = Reader::new(file, "traces", &own, findings);
    reader.refuse_unknown(KEYS, |_| None);
    if is_there && !reader.failed() {
        reader.require("endpoint");
    }
    let endpoint = reader.text("endpoint")?;
    if let Err(error) = trace::check(&endpoint) {
        reader.blame_key("endpoint", Finding::error(Code::BadValue, error.to_string()));
    }
    (!reader.failed()).then_some(endpoint)
}
