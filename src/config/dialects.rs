//! The dialects there are: those built in, and the operator's own above them.

use super::{
    fields::{Table, Value},
    source, toml_tree,
};
use crate::finding::{Code, Finding, Findings};
use crate::inventory::Changes;
use mercury_adapter::Dialect;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A dialect's file may be this big, in bytes; the longest one built in has a tenth of it.
const MAX_FILE: u64 = 256 * 1024;

/// A folder may have so many dialects.
const MAX_FILES: usize = 256;

/// Every dialect there is, each name once.
#[derive(Clone)]
pub struct Dialects(Arc<[Arc<Dialect>]>);

impl Dialects {
    /// Those built in, with those of the folder above them: every `NAME.toml` in it is
    /// one, in place of the built-in one of its name if there is one. It may inherit
    /// from any other.
    ///
    /// Only those built in where one is not complete: each problem of each is found.
    pub fn load(folder: &Path, findings: &mut Findings) -> Self {
        match files(folder) {
            Ok(files) => Self::above(&files, findings).unwrap_or_default(),
            Err(finding) => {
                findings.push(*finding);
                Self::default()
            }
        }
    }

    /// Those built in, with these files above them.
    pub fn above(files: &[PathBuf], findings: &mut Findings) -> Option<Self> {
        let (mut texts, mut is_whole) = (Vec::new(), true);
        for file in files {
            let text = source::read(file, MAX_FILE).map_err(|error| error.finding());
            let named = text.and_then(|source| Ok((name(file)?, source.text)));
            match named {
                Ok(named) => texts.push(named),
                Err(finding) => {
                    findings.push(finding.at(file, None));
                    is_whole = false;
                }
            }
        }
        match mercury_adapter::above_builtin(&texts) {
            Ok(dialects) => is_whole.then(|| Self(dialects.into())),
            Err(errors) => {
                for error in errors {
                    // A built-in one is wrong by what it inherits from a file here.
                    let file = files.iter().find(|file| file.file_stem().is_some_and(|stem| *stem == *error.name));
                    let text = texts.iter().find(|(name, _)| *name == error.name).map(|(_, text)| text.as_str());
                    for problem in error.problems {
                        let line = text.and_then(|text| line_of(text, &problem));
                        let finding = Finding::error(Code::DialectRefused, problem).field(error.name.as_str());
                        findings.push(file.map_or(finding.clone(), |file| finding.at(file, line)));
                    }
                }
                None
            }
        }
    }
}

/// The line that a problem is on: of a mistake in the TOML itself, of the key or table that
/// the problem begins with, or of the only key that it quotes. `None` where the file does
/// not say it, as what it inherits and what it lacks.
fn line_of(text: &str, problem: &str) -> Option<usize> {
    let mut mistakes = Findings::default();
    let root = toml_tree::parse(Path::new(""), text, &mut mistakes);
    if let Some(line) = mistakes.iter().find_map(|mistake| mistake.line) {
        return Some(line);
    }
    let (mut table, mut line) = (Some(&root), None);
    for part in problem.split([':', ' ']).next().unwrap_or_default().split('.') {
        let Some(entry) = table.and_then(|table| table.entries.get(part)) else { break };
        table = match &entry.value {
            Value::Table(table) => Some(table),
            _ => None,
        };
        // Which of a list is meant the path does not say.
        line = (!matches!(entry.value, Value::List(_))).then_some(entry.line);
    }
    let mut quoted = Vec::new();
    if let Some(key) = problem.split('`').nth(1) {
        lines_of(&root, key, &mut quoted);
    }
    match quoted.as_slice() {
        [only] => Some(*only),
        _ => line,
    }
}

/// The lines of all keys of that name.
fn lines_of(table: &Table, key: &str, lines: &mut Vec<usize>) {
    for (name, entry) in &table.entries {
        if name == key {
            lines.push(entry.line);
        }
        match &entry.value {
            Value::Table(table) => lines_of(table, key, lines),
            Value::List(items) => {
                let tables = items.iter().filter_map(|item| match &item.value {
                    Value::Table(table) => Some(table),
                    _ => None,
                });
                tables.for_each(|table| lines_of(table, key, lines));
            }
            _ => {}
        }
    }
}

impl Dialects {
    /// The same, where those that are as `before` are the very same in memory too; and
    /// the names of the others.
    #[must_use]
    pub fn after(self, before: &Self) -> (Self, BTreeSet<String>) {
        let mut changed = BTreeSet::new();
        let kept = |dialect: &Arc<Dialect>| {
            let old = before.iter().find(|old| old.name == dialect.name);
            let is_as = |old: &&Arc<Dialect>| Arc::ptr_eq(old, dialect) || format!("{old:?}") == format!("{dialect:?}");
            old.filter(is_as).cloned().unwrap_or_else(|| {
                changed.insert(dialect.name.clone());
                Arc::clone(dialect)
            })
        };
        let dialects = self.0.iter().map(kept).collect();
        (Self(dialects), changed)
    }

    /// Those that are not as they were `before`.
    pub(super) fn changes(&self, before: &Self) -> Changes {
        let text = |dialect: &Arc<Dialect>| format!("{dialect:?}");
        let (before, now) = (before.iter(), self.iter());
        Changes::between(
            before.map(|one| (one.name.as_str(), text(one))),
            now.map(|one| (one.name.as_str(), text(one))),
        )
    }

    /// What changes when a folder of dialects does.
    pub(super) fn watched(folder: &Path) -> Vec<PathBuf> {
        let mut watched = files(folder).unwrap_or_default();
        watched.push(folder.to_owned());
        watched
    }
}

impl Deref for Dialects {
    type Target = [Arc<Dialect>];

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Default for Dialects {
    /// Those built in.
    fn default() -> Self {
        // The folder of dialects is the registry; one that does not load fails a test there.
        Self(mercury_adapter::builtin().unwrap_or_default().into())
    }
}

impl fmt::Debug for Dialects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|dialect| &dialect.name)).finish()
    }
}

/// The folder's files of dialects, by name.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Box<Finding>> {
    let found = |finding: Finding| Box::new(finding.at(folder, None).field("dialects"));
    let unreadable = |error: std::io::Error| found(Finding::caused(Code::Unreadable, &error));
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        // What editors and mounts keep beside a file begins with a point.
        let is_hidden = file.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if !is_hidden && file.extension().is_some_and(|extension| extension == "toml") {
            files.push(file);
        }
        if files.len() > MAX_FILES {
            let message = format!("has more than {MAX_FILES} dialects");
            return Err(found(Finding::error(Code::OutOfRange, message)));
        }
    }
    files.sort();
    Ok(files)
}

/// What entries call the dialect of a file.
fn name(file: &Path) -> Result<String, Finding> {
    let is_part = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '_' || char == '-';
    let stem = file.file_stem().and_then(|stem| stem.to_str()).filter(|stem| stem.chars().all(is_part));
    stem.map(str::to_owned).ok_or_else(|| {
        let message = "a dialect is called as its file, in lower-case letters, digits, `_` and `-`";
        Finding::error(Code::BadValue, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_on_the_line_of_its_key() {
        let text = "vendor = \"a\"\n\n[cli.words]\nport = [\"a\"]\ntrunk = { list = \"b\" }\n[netconf.tree]\nmtu = \"c\"\nmtuu = 1\n\
                    [[evidence]]\ndate = 1\n[[evidence]]\ndate = 2\n";
        for (problem, line) in [
            ("cli.words.trunk: needs list, or both add and remove", Some(5)),
            ("cli.words.trunk.absent: is none", Some(5)),
            ("netconf.tree.mtu: is no path", Some(7)),
            ("cli.words.port says what is said elsewhere about mode", None),
            ("netconf.tree says nothing about vlan-name and no deviation excuses it", Some(6)),
            ("unknown field `mtuu`, expected one of `mtu`", Some(8)),
            ("evidence: a test is missing", None),
            ("invalid type `date`", None),
            ("lowest-vlan: is none", None),
        ] {
            assert_eq!(line_of(text, problem), line, "{problem}");
        }
        assert_eq!(line_of("a = 1\nb = \n", "whatever it is"), Some(2));
    }
}
