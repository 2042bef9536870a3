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
    let count = cases.len();
    let skipped = cases.iter().filter(|one| one.skipped.is_some()).count();
    let skipped = if skipped > 0 { format!(" skipped=\"{skipped}\"") } else { String::new() };
    format!("  <testsuite name=\"{level}\" tests=\"{count}\" failures=\"{failed}\"{skipped}>\n{told}  </testsuite>\n")
}

fn case(one: &Checked) -> String {
    let head = format!("    <testcase classname=\"{}\" name=\"{}\"", one.level, text(&one.name));
    if let Some(reason) = &one.skipped {
        return format!("{head}>\n      <skipped message=\"{}\"/>\n    </testcase>\n", text(reason));
    }
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
