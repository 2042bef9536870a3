//! SARIF 2.1.0 (OASIS), which code forges show beside the lines of a change.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::Checked;
use crate::finding::{Code, Finding, Severity};

pub(super) fn log(all: &[Checked]) -> Value {
    let findings = || all.iter().flat_map(|one| &one.findings);
    let codes: BTreeSet<Code> = findings().map(|finding| finding.code).collect();
    let rule = |code: &Code| json!({"id": code, "shortDescription": {"text": code.meaning()}, "help": {"text": code.advice()}});
    let rules: Vec<Value> = codes.iter().map(rule).collect();
    let results: Vec<Value> = findings().map(result).collect();
    let driver = json!({"name": "mercury", "version": env!("CARGO_PKG_VERSION"), "rules": rules});
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": results}],
    })
}

fn result(finding: &Finding) -> Value {
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let help = finding.help.as_ref().map(|help| format!("\n{help}")).unwrap_or_default();
    let mut location = Map::new();
    if let Some(file) = &finding.file {
        let mut place = json!({"artifactLocation": {"uri": uri(&file.display().to_string())}});
        if let (Some(line), Some(members)) = (finding.line, place.as_object_mut()) {
            let mut region = json!({"startLine": line});
            if let (Some(column), Some(region)) = (finding.column, region.as_object_mut()) {
                region.insert("startColumn".to_owned(), column.get().into());
            }
            members.insert("region".to_owned(), region);
        }
        location.insert("physicalLocation".to_owned(), place);
    }
    if !finding.field.is_empty() {
        location.insert("logicalLocations".to_owned(), json!([{"fullyQualifiedName": finding.field}]));
    }
    let mut result = json!({
        "ruleId": finding.code, "level": level, "message": {"text": format!("{}{help}", finding.message)},
    });
    if let (false, Some(members)) = (location.is_empty(), result.as_object_mut()) {
        members.insert("locations".to_owned(), json!([location]));
    }
    result
}

/// A path as a reference (RFC 3986): what is no plain character of one is escaped.
fn uri(path: &str) -> String {
    let is_plain = |octet: u8| octet.is_ascii_alphanumeric() || b"/-._~".contains(&octet);
    path.bytes()
        .map(|octet| if is_plain(octet) { char::from(octet).to_string() } else { format!("%{octet:02X}") })
        .collect()
}
