//! TOML into a [`Table`] with lines.

use super::fields::{Entry, Table, Value};
use crate::finding::{Code, Finding, Findings};
use std::ops::Range;
use std::path::Path;
use toml::de::{DeTable, DeValue};

/// A file of another kind is wrong on every line; so many of them are told.
const MAX_SYNTAX: usize = 5;

/// Reads TOML; what can be read of a broken document is returned with findings.
pub(crate) fn parse(file: &Path, text: &str, findings: &mut Findings) -> Table {
    let lines = Lines::of(text);
    let (root, errors) = DeTable::parse_recoverable(text);
    let more = errors.len().saturating_sub(MAX_SYNTAX);
    for error in errors.into_iter().take(MAX_SYNTAX) {
        // Only the message: the error's own Display quotes the line, which may hold a secret.
        let line = error.span().map(|span| lines.at(&span));
        findings.push(Finding::error(Code::Syntax, error.message()).at(file, line));
    }
    if more > 0 {
        let message = format!("and {more} more such mistakes: is it TOML?");
        findings.push(Finding::error(Code::Syntax, message).at(file, None));
    }
    // Line 0: what a file lacks as a whole is on no line.
    lines.table(root.get_ref(), 0)
}

/// Where each line begins.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        let after_newlines = text.match_indices('\n').map(|(at, _)| at + 1);
        Lines(std::iter::once(0).chain(after_newlines).collect())
    }

    fn at(&self, span: &Range<usize>) -> usize {
        self.0.partition_point(|&start| start <= span.start).max(1)
    }

    fn table(&self, table: &DeTable<'_>, line: usize) -> Table {
        let entries = table
            .iter()
            .map(|(key, value)| {
                let line = self.at(&key.span());
                let entry = Entry { line, value: self.value(value.get_ref(), line) };
                (key.get_ref().to_string(), entry)
            })
            .collect();
        Table { line, entries }
    }

    fn value(&self, value: &DeValue<'_>, line: usize) -> Value {
        match value {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Boolean(flag) => Value::Boolean(*flag),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map_or(Value::Other("an integer beyond 64 bits"), Value::Integer),
            DeValue::Array(items) => Value::List(
                items
                    .iter()
                    .map(|item| {
                        let line = self.at(&item.span());
                        Entry { line, value: self.value(item.get_ref(), line) }
                    })
                    .collect(),
            ),
            DeValue::Table(table) => Value::Table(self.table(table, line)),
            DeValue::Float(_) => Value::Other("a fraction"),
            DeValue::Datetime(_) => Value::Other("a date"),
        }
    }
}
