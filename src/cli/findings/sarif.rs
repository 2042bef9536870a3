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
    // Without findings of a level it matters whether it was looked at.
    let skipped =
        all.iter().filter_map(|one| Some((one, format!("not checked by {}", one.level), one.skipped.clone()?)));
    let parts =
        all.iter().filter_map(|one| Some((one, format!("checked in part by {}", one.level), one.passed_over()?)));
    let told: BTreeSet<(&str, String)> =
        skipped.chain(parts).map(|(one, how, why)| (one.name.as_str(), format!("{how}: {why}"))).collect();
    let notices = told.iter().map(|(name, what)| {
        json!({
            "level": "warning",
            "message": {"text": format!("{name}: {what}")},
            "locations": [{"physicalLocation": {"artifactLocation": {"uri": uri(name)}}}],
        })
    });
    let notices: Vec<Value> = notices.collect();
    let invocation = json!({"executionSuccessful": true, "toolExecutionNotifications": notices});
    let driver = json!({"name": "mercury", "version": env!("CARGO_PKG_VERSION"), "rules": rules});
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "invocations": [invocation],
                  "results": results}],
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

#[cfg(test)]
mod tests {
    use crate::finding::Findings;

    use super::*;

    #[test]
    fn what_was_not_looked_at_is_told_beside_the_findings() {
        let one = |skipped: Option<&str>| Checked {
            skipped: skipped.map(str::to_owned),
            ..Checked::of("leaf 1.xml".to_owned(), "schema", Findings::default())
        };
        let told = log(&[one(Some("there are no modules"))]);
        let notices = &told["runs"][0]["invocations"][0]["toolExecutionNotifications"];
        assert_eq!(notices[0]["message"]["text"], "leaf 1.xml: not checked by schema: there are no modules");
        let place = &notices[0]["locations"][0]["physicalLocation"]["artifactLocation"];
        assert_eq!((&notices[0]["level"], &place["uri"]), (&json!("warning"), &json!("leaf%201.xml")));
        let part = Checked { passed_over: 2, ..one(None) };
        let told = log(&[part]);
        assert_eq!(
            told["runs"][0]["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"],
            "leaf 1.xml: checked in part by schema: 2 lines, nodes and attributes of it not looked at"
        );
        let told = log(&[one(None)]);
        // Columns count characters, as everywhere else.
        assert_eq!(told["runs"][0]["columnKind"], "unicodeCodePoints");
        assert_eq!(
            told["runs"][0]["invocations"][0],
            json!({"executionSuccessful": true, "toolExecutionNotifications": []})
        );
    }
}
