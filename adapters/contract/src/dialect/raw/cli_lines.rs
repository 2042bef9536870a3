//! How a node is said, as a dialect file has it.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::{Table, Value};

use super::Reader;
use crate::dialect::cli::{CliLine, Hole, Said, Template};

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum RawLine {
    /// `description {value}`.
    Line(String),
    Value(RawValue),
    Lines(RawLines),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawValue {
    line: String,
    #[serde(default)]
    also: Vec<String>,
    #[serde(default)]
    words: BTreeMap<String, String>,
    remove: Option<String>,
    absent: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLines {
    said: BTreeMap<String, String>,
    /// Values and lines.
    #[serde(default)]
    also: Vec<(String, String)>,
    remove: Option<String>,
    absent: Option<String>,
}

impl Reader<'_> {
    pub(super) fn raw_line(&mut self, key: &str, raw: Value) -> Option<RawLine> {
        let read = RawLine::deserialize(raw);
        read.map_err(|_| {
            let forms =
                "a line, or a table of line, also, words, remove and absent, or of said, also, remove and absent";
            self.problems.push(format!("cli.words.{key}: is {forms}"));
        })
        .ok()
    }

    pub(super) fn line(&mut self, key: &str, undo: &str, raw: RawLine) -> Option<CliLine> {
        let (said, remove, absent) = match raw {
            RawLine::Line(line) => (self.value(key, &line, &[], BTreeMap::new())?, None, None),
            RawLine::Value(raw) => (self.value(key, &raw.line, &raw.also, raw.words)?, raw.remove, raw.absent),
            RawLine::Lines(raw) => {
                let mut form = |(word, line): (String, String)| Some((word, self.template(key, &line)?));
                let lines = raw.said.into_iter().filter_map(&mut form).collect();
                let also = raw.also.into_iter().filter_map(&mut form).collect();
                (Said::Lines { lines, also }, raw.remove, raw.absent)
            }
        };
        let undone = match (&said, remove) {
            (_, Some(remove)) => remove,
            (Said::Value { line, .. }, None) => format!("{undo} {}", line.bare()),
            (Said::Lines { lines, .. }, None) => match lines.as_slice() {
                [(_, line)] => format!("{undo} {}", line.bare()),
                _ => {
                    self.problems.push(format!("cli.words.{key}: nothing says what takes it away"));
                    return None;
                }
            },
        };
        Some(CliLine { said, remove: self.template(key, &undone)?, absent })
    }

    fn value(&mut self, key: &str, line: &str, also: &[String], words: BTreeMap<String, String>) -> Option<Said> {
        let line = self.template(key, line)?;
        let holds = |line: &Template| {
            [Hole::Value, Hole::VlanName, Hole::Number, Hole::Status].iter().any(|hole| line.has(*hole))
        };
        if !holds(&line) {
            self.problems.push(format!("cli.words.{key}: the line holds no value"));
        }
        let also = also.iter().filter_map(|text| self.template(key, text)).collect();
        Some(Said::Value { line, also, words: words.into_iter().collect() })
    }
}

/// A leaf as the tree has it.
pub(super) fn leaf_of(node: &str, line: &CliLine) -> Value {
    let mut leaf = Table::from_iter([("path".to_owned(), Value::from(node))]);
    if let Some(absent) = &line.absent {
        let words = line.said.words().map(|word| (word.to_owned(), Value::from(word)));
        leaf.insert("words".to_owned(), Value::Table(words.collect()));
        leaf.insert("absent".to_owned(), Value::from(absent.as_str()));
    }
    Value::Table(leaf)
}
