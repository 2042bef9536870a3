//! JUnit's XML, which every CI shows: a suite for each level, a case for each file.

use std::collections::BTreeMap;

use quick_xml::escape::escape;

use super::Checked;

pub(super) fn suites(all: &[Checked]) -> String {
    let mut levels: BTreeMap<&str, Vec<&Checked>> = BTreeMap::new();
    all.iter().for_each(|one| levels.entry(one.level).or_default().push(one));
    let suites: String = levels.iter().map(|(level, cases)| suite(level, cases)).collect();
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"mercury\">\n{suites}</testsuites>")
}

fn suite(level: &str, cases: &[&Checked]) -> String {
    let failed = cases.iter().filter(|one| one.findings.has_errors()).count();
    let told: String = cases.iter().map(|one| case(one)).collect();
    let parts = cases.iter().filter(|one| one.passed_over > 0).count();
    let count = cases.len() + parts;
    let skipped = cases.iter().filter(|one| one.skipped.is_some()).count() + parts;
    let skipped = if skipped > 0 { format!(" skipped=\"{skipped}\"") } else { String::new() };
    format!("  <testsuite name=\"{level}\" tests=\"{count}\" failures=\"{failed}\"{skipped}>\n{told}  </testsuite>\n")
}

/// What of a file was not looked at is a case of its own: no CI shows a case as passed in part.
fn case(one: &Checked) -> String {
    let head = |name: &str| format!("    <testcase classname=\"{}\" name=\"{}\"", one.level, text(name));
    let skipped = |name: &str, reason: &str| {
        format!("{}>\n      <skipped message=\"{}\"/>\n    </testcase>\n", head(name), text(reason))
    };
    if let Some(reason) = &one.skipped {
        return skipped(&one.name, reason);
    }
    let part = one.passed_over().map(|reason| skipped(&format!("{} (the rest)", one.name), &reason));
    format!("{}{}", looked_at(one, &head(&one.name)), part.unwrap_or_default())
}

fn looked_at(one: &Checked, head: &str) -> String {
    if one.findings.is_empty() {
        return format!("{head}/>\n");
    }
    let told = text(&one.findings.to_string());
    let inner = match one.findings.errors().iter().next() {
        Some(first) => {
            let message = text(&first.message);
            format!("<failure type=\"{}\" message=\"{message}\">{told}</failure>", first.code)
        }
        None => format!("<system-out>{told}</system-out>"),
    };
    format!("{head}>\n      {inner}\n    </testcase>\n")
}

/// Without what XML 1.0 has no way to say.
fn text(text: &str) -> String {
    let is_sayable = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
    let plain: String = text.chars().filter(is_sayable).collect();
    escape(plain.as_str()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Code, Finding, Findings};

    #[test]
    fn what_was_not_looked_at_is_a_case_that_was_skipped() {
        let name = || "leaf1.cfg".to_owned();
        let warning = Findings::from(Finding::warning(Code::ReadingUnknown, "hostname: nobody reads it"));
        let part = Checked { passed_over: 1, ..Checked::of(name(), "reading", warning) };
        let whole = Checked::of(name(), "rules", Findings::default());
        let none =
            Checked { skipped: Some("no modules".to_owned()), ..Checked::of(name(), "schema", Findings::default()) };
        let told = suites(&[part, whole, none]);
        for expected in [
            "<testsuite name=\"reading\" tests=\"2\" failures=\"0\" skipped=\"1\">",
            "name=\"leaf1.cfg\">\n      <system-out>",
            "name=\"leaf1.cfg (the rest)\">\n      <skipped message=\"1 line, node or attribute of it not looked at\"/>",
            "<testsuite name=\"rules\" tests=\"1\" failures=\"0\">",
            "<testsuite name=\"schema\" tests=\"1\" failures=\"0\" skipped=\"1\">",
        ] {
            assert!(told.contains(expected), "{expected}\n{told}");
        }
    }
}
