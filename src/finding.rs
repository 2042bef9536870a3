//! What is wrong with something that people wrote: a setting, an entry, a rule, a
//! request, a candidate configuration. One type, whoever finds it and whoever reads it.

mod code;

pub use code::Code;

use serde::{Serialize, Serializer};
use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It works, but somebody should know.
    Warning,
    /// What it is about is not used: a setting keeps `mercury serve` from its
    /// start, an entry its switch from being served, a rule a change from being made.
    Error,
}

impl Severity {
    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// One thing that is wrong: where, what, and what to do about it.
///
/// A finding never holds the value of a secret, nor a line of a file that may
/// hold one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Finding {
    /// The file; absent when the command line is at fault.
    pub file: Option<PathBuf>,
    /// The line, counted from 1, where one is to blame.
    pub line: Option<usize>,
    /// The column, counted from 1, where that is known.
    pub column: Option<NonZeroU32>,
    /// The key and the table or switch it is in, `switch.leaf1.port`; of a
    /// configuration the data path, `interfaces/Ethernet1/mtu`.
    pub field: String,
    /// How much it weighs.
    pub severity: Severity,
    /// The kind of mistake.
    pub code: Code,
    /// What is wrong.
    pub message: String,
    /// What to do about it, where more can be said than of every one of its kind.
    pub help: Option<String>,
}

/// A finding, for machines: its help is never absent.
#[derive(Serialize)]
struct Told<'f> {
    file: &'f Option<PathBuf>,
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<NonZeroU32>,
    field: &'f str,
    severity: Severity,
    code: Code,
    message: &'f str,
    help: &'f str,
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { file, line, column, field, severity, code, message, .. } = self;
        let (line, column, severity, code) = (*line, *column, *severity, *code);
        Told { file, line, column, field, severity, code, message, help: self.advice() }.serialize(serializer)
    }
}

impl Finding {
    /// A finding of error severity that has no place yet.
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Finding {
            file: None,
            line: None,
            column: None,
            field: String::new(),
            severity: Severity::Error,
            code,
            message: on_its_line(message.into()),
            help: None,
        }
    }

    /// A finding of warning severity that has no place yet.
    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Finding { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// A finding of error severity that tells an error and its causes.
    pub fn caused(code: Code, error: &dyn std::error::Error) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            message.push_str(": ");
            message.push_str(&error.to_string());
            cause = error.source();
        }
        Self::error(code, message)
    }

    /// The same, in this file and, where known, on this line.
    #[must_use]
    pub fn at(mut self, file: &Path, line: Option<usize>) -> Self {
        self.file = Some(file.to_owned());
        self.line = line;
        self
    }

    /// The same, in this column of its line.
    #[must_use]
    pub fn column(mut self, column: Option<usize>) -> Self {
        self.column = column.and_then(|column| u32::try_from(column).ok().and_then(NonZeroU32::new));
        self
    }

    /// The same, about this field.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.field = on_its_line(field.into());
        self
    }

    /// What to do about it: about this very one, or about each of its kind.
    #[must_use]
    pub fn advice(&self) -> &str {
        self.help.as_deref().unwrap_or(self.code.advice())
    }

    /// What is found, and the advice that is about this very one, on one line.
    #[must_use]
    pub fn with_help(&self) -> Cow<'_, str> {
        match &self.help {
            Some(_) => Cow::Owned(format!("{}{}", self.message, self.helps())),
            None => Cow::Borrowed(&self.message),
        }
    }

    /// `; help: …`, where there is advice about this very one.
    pub(crate) fn helps(&self) -> String {
        self.help.as_ref().map(|help| format!("; help: {help}")).unwrap_or_default()
    }

    /// The same, with advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Keys, paths and words from a file may hold anything; a finding is a line of
/// its own all the same.
fn on_its_line(text: String) -> String {
    if text.contains(char::is_control) { text.escape_debug().to_string() } else { text }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{}:", file.display())?;
            if let Some(line) = self.line {
                write!(f, "{line}:")?;
            }
            if let Some(column) = self.column {
                write!(f, "{column}:")?;
            }
            f.write_str(" ")?;
        }
        write!(f, "{}[{}]: ", self.severity.word(), self.code)?;
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, "\n    help: {help}"),
            None => Ok(()),
        }
    }
}

/// Everything wrong, in the order it was found; the same thing is said once.
///
/// Printed for people with `Display`, serialised as a plain list.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(transparent)]
pub struct Findings {
    all: Vec<Finding>,
    /// Hashes of all: a candidate of many ports may have as many findings.
    #[serde(skip)]
    hashes: HashSet<u64>,
}

impl PartialEq for Findings {
    fn eq(&self, other: &Self) -> bool {
        self.all == other.all
    }
}

impl Eq for Findings {}

impl Findings {
    /// Adds a finding unless the very same one is there.
    pub fn push(&mut self, finding: Finding) {
        let mut hasher = DefaultHasher::new();
        finding.hash(&mut hasher);
        let is_new = self.hashes.insert(hasher.finish());
        if is_new || !self.all.contains(&finding) {
            self.all.push(finding);
        }
    }

    /// Adds all findings of `other`.
    pub fn merge(&mut self, other: Findings) {
        for finding in other.all {
            self.push(finding);
        }
    }

    /// Whether anything of error severity was found.
    pub fn has_errors(&self) -> bool {
        self.all.iter().any(|f| f.severity == Severity::Error)
    }

    /// Those of error severity.
    #[must_use]
    pub fn errors(&self) -> Self {
        self.all.iter().filter(|f| f.severity == Severity::Error).cloned().collect()
    }

    /// Whether nothing was found at all.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The findings, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Finding> {
        self.all.iter()
    }

    /// How many findings there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What is to be done about each of a kind is said once.
        let mut advised = HashSet::new();
        for (index, finding) in self.all.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{finding}")?;
            if finding.help.is_none() && advised.insert(finding.code) {
                write!(f, "\n    help: {}", finding.advice())?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Findings {}

impl FromIterator<Finding> for Findings {
    fn from_iter<I: IntoIterator<Item = Finding>>(findings: I) -> Self {
        let mut all = Findings::default();
        findings.into_iter().for_each(|finding| all.push(finding));
        all
    }
}

impl From<Finding> for Findings {
    fn from(finding: Finding) -> Self {
        Findings::from_iter([finding])
    }
}

impl<'a> IntoIterator for &'a Findings {
    type Item = &'a Finding;
    type IntoIter = std::slice::Iter<'a, Finding>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_help_line_and_what_goes_for_a_kind_is_said_to_people_once() {
        let bare = |message: &str| Finding::error(Code::ReadingValue, message);
        let own = bare("c").help("ask #network");
        let all = Findings::from_iter([bare("a"), bare("b"), own]);
        let told = serde_json::to_value(&all).unwrap();
        let helps: Vec<_> = told.as_array().unwrap().iter().map(|one| one["help"].as_str().unwrap()).collect();
        assert_eq!(helps, [Code::ReadingValue.advice(), Code::ReadingValue.advice(), "ask #network"]);
        let told = all.to_string();
        assert_eq!(told.matches("help: ").count(), 2, "{told}");
        assert!(told.contains(Code::ReadingValue.advice()), "{told}");
    }
}
