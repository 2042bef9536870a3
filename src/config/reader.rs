//! Taking typed values out of a [`Table`]; what is wrong becomes a finding.

use super::fields::{Entry, Table, Value};
use crate::finding::{Code, Finding, Findings};
use mercury_model::{VlanId, VlanSet};
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

/// Reads the keys of one table, falling back to a table of defaults.
///
/// A key that is wrong counts as absent, so that reading goes on and every
/// other mistake is found too; the caller drops what it built when
/// [`Reader::failed`] says so.
pub(crate) struct Reader<'a> {
    file: &'a Path,
    name: String,
    own: &'a Table,
    defaults: Option<(&'static str, &'a Table)>,
    ignored: &'static [&'static str],
    findings: &'a mut Findings,
    failed: bool,
}

/// A value with the place a finding about it names.
pub(crate) struct Found<'a> {
    pub(crate) entry: &'a Entry,
    pub(crate) field: String,
}

impl<'a> Reader<'a> {
    /// Reads `own`; findings name it `name`, which is empty for a file's top level.
    pub(crate) fn new(file: &'a Path, name: impl Into<String>, own: &'a Table, findings: &'a mut Findings) -> Self {
        Reader { file, name: name.into(), own, defaults: None, ignored: &[], findings, failed: false }
    }

    /// The same, taking what `own` lacks from a table that findings name `name`.
    pub(crate) fn with_defaults(mut self, name: &'static str, table: &'a Table) -> Self {
        self.defaults = Some((name, table));
        self
    }

    /// Takes these keys for absent from here on, wherever they stand.
    pub(crate) fn ignore(&mut self, keys: &'static [&'static str]) {
        self.ignored = keys;
    }

    /// Whether a finding of error severity was made through this reader.
    pub(crate) fn failed(&self) -> bool {
        self.failed
    }

    /// The file that is read.
    pub(crate) fn file(&self) -> &'a Path {
        self.file
    }

    /// Reads keys that belong together: when the table has one of them itself,
    /// none of them is taken from the defaults.
    pub(crate) fn group<T>(&mut self, keys: &[&str], read: impl FnOnce(&mut Self) -> T) -> T {
        let defaults = self.defaults;
        if keys.iter().any(|key| self.own.entries.contains_key(*key)) {
            self.defaults = None;
        }
        let value = read(self);
        self.defaults = defaults;
        value
    }

    /// Reports every key that is not in `known`, suggesting a near one.
    pub(crate) fn refuse_unknown(&mut self, known: &[&str], advice: impl Fn(&str) -> Option<String>) {
        for (key, entry) in &self.own.entries {
            if known.contains(&key.as_str()) {
                continue;
            }
            let finding = Finding::error(Code::UnknownKey, format!("unknown key {key:?}")).field(join(&self.name, key));
            let help = advice(key).or_else(|| nearest(key, known).map(|near| format!("did you mean {near}?")));
            let finding = match help {
                Some(help) => finding.help(help),
                None => finding,
            };
            self.report(finding, Some(entry.line));
        }
    }

    /// The entry of a key, from the table or its defaults.
    pub(crate) fn find(&self, key: &str) -> Option<Found<'a>> {
        if self.ignored.contains(&key) {
            return None;
        }
        if let Some(found) = self.own(key) {
            return Some(found);
        }
        let (name, table) = self.defaults?;
        let entry = table.entries.get(key)?;
        Some(Found { entry, field: join(name, key) })
    }

    /// The entry of a key in the table itself, whatever the defaults say.
    pub(crate) fn own(&self, key: &str) -> Option<Found<'a>> {
        let entry = self.own.entries.get(key)?;
        Some(Found { entry, field: join(&self.name, key) })
    }

    /// Reports a finding about the value `found`.
    pub(crate) fn blame(&mut self, found: &Found<'_>, finding: Finding) {
        self.report(finding.field(found.field.clone()), Some(found.entry.line));
    }

    /// Reports a finding about a key of this table, present or not.
    pub(crate) fn blame_key(&mut self, key: &str, finding: Finding) {
        match self.find(key) {
            Some(found) => self.blame(&found, finding),
            None => {
                let line = (self.own.line > 0).then_some(self.own.line);
                self.report(finding.field(join(&self.name, key)), line);
            }
        }
    }

    fn report(&mut self, finding: Finding, line: Option<usize>) {
        self.failed |= finding.severity == crate::finding::Severity::Error;
        // No file: the command line or a default is at fault.
        let placed = !self.file.as_os_str().is_empty();
        self.findings.push(if placed { finding.at(self.file, line) } else { finding });
    }

    fn wrong_type(&mut self, found: &Found<'_>, wanted: &str) {
        let got = found.entry.value.type_name();
        let message = format!("must be {wanted}, not {got}");
        self.blame(found, Finding::error(Code::WrongType, message));
    }

    fn bad_value(&mut self, found: &Found<'_>, problem: impl Display) {
        self.blame(found, Finding::error(Code::BadValue, problem.to_string()));
    }

    /// Non-empty text of one line.
    pub(crate) fn text(&mut self, key: &str) -> Option<String> {
        let found = self.find(key)?;
        self.text_of(&found)
    }

    /// Text of one line that may be empty.
    pub(crate) fn text_or_empty(&mut self, key: &str) -> Option<String> {
        let found = self.find(key)?;
        match &found.entry.value {
            Value::Text(text) | Value::Word(text) if text.is_empty() => Some(String::new()),
            _ => self.text_of(&found),
        }
    }

    /// Text that must be there.
    pub(crate) fn required_text(&mut self, key: &str) -> Option<String> {
        self.require(key);
        self.text(key)
    }

    /// Reports a key that must be there and is not.
    pub(crate) fn require(&mut self, key: &str) {
        if self.find(key).is_none() {
            self.blame_key(key, Finding::error(Code::MissingKey, "must be given"));
        }
    }

    /// The value as non-empty text of one line; never repeats it in a finding.
    pub(crate) fn text_of(&mut self, found: &Found<'_>) -> Option<String> {
        let (Value::Text(text) | Value::Word(text)) = &found.entry.value else {
            self.wrong_type(found, "text");
            return None;
        };
        if text.is_empty() {
            self.bad_value(found, "must not be empty");
        } else if text.contains('\n') {
            let finding = Finding::error(Code::BadValue, "must be on one line");
            self.blame(found, finding.help("an indented line continues the value above it"));
        } else if text.chars().any(char::is_control) {
            self.bad_value(found, "must not contain control characters");
        } else {
            return Some(text.clone());
        }
        None
    }

    /// Text that a type reads; the type's own error is the finding.
    pub(crate) fn parsed<T>(&mut self, key: &str) -> Option<T>
    where
        T: FromStr,
        T::Err: Display,
    {
        let found = self.find(key)?;
        let text = self.text_of(&found)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.bad_value(&found, error);
                None
            }
        }
    }

    /// One of a closed list of words.
    pub(crate) fn choice<T: Copy>(&mut self, key: &str, choices: &[(&str, T)]) -> Option<T> {
        let found = self.find(key)?;
        let text = self.text_of(&found)?;
        if let Some((_, value)) = choices.iter().find(|(word, _)| *word == text) {
            return Some(*value);
        }
        let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        self.bad_value(&found, format!("must be one of {}, not {text:?}", words.join(", ")));
        None
    }

    /// True or false.
    pub(crate) fn flag(&mut self, key: &str) -> Option<bool> {
        let found = self.find(key)?;
        match &found.entry.value {
            Value::Boolean(flag) => return Some(*flag),
            Value::Word(word) => match word.to_ascii_lowercase().as_str() {
                // The words Ironic's own switch file takes (oslo.utils bool_from_string).
                "true" | "yes" | "on" | "1" | "t" | "y" => return Some(true),
                "false" | "no" | "off" | "0" | "f" | "n" => return Some(false),
                _ => self.bad_value(&found, format!("must be true or false, not {word:?}")),
            },
            _ => self.wrong_type(&found, "true or false"),
        }
        None
    }

    /// A whole number within `range`.
    pub(crate) fn number(&mut self, key: &str, range: RangeInclusive<u64>) -> Option<u64> {
        let found = self.find(key)?;
        let number = self.integer_of(&found, "an integer")?;
        self.within(&found, number, range, "")
    }

    /// A duration within `range` seconds: a number of seconds, or text like `30s` and `2m`.
    pub(crate) fn duration(&mut self, key: &str, range: RangeInclusive<u64>) -> Option<Duration> {
        let found = self.find(key)?;
        let seconds = match &found.entry.value {
            Value::Text(text) => match seconds(text) {
                Some(seconds) => seconds,
                None => {
                    self.bad_value(&found, "must be whole seconds or minutes, like 30, \"30s\" or \"2m\"");
                    return None;
                }
            },
            Value::Word(word) if seconds(word).is_some() => seconds(word)?,
            _ => self.integer_of(&found, "a number of seconds")?,
        };
        self.within(&found, seconds, range, " seconds").map(Duration::from_secs)
    }

    fn integer_of(&mut self, found: &Found<'_>, wanted: &str) -> Option<u64> {
        match &found.entry.value {
            Value::Integer(number) => match u64::try_from(*number) {
                Ok(number) => return Some(number),
                Err(_) => {
                    let finding = Finding::error(Code::OutOfRange, "must not be negative");
                    self.blame(found, finding);
                }
            },
            Value::Word(word) => match word.parse() {
                Ok(number) => return Some(number),
                Err(_) => self.bad_value(found, format!("must be {wanted}, not {word:?}")),
            },
            _ => self.wrong_type(found, wanted),
        }
        None
    }

    fn within(&mut self, found: &Found<'_>, number: u64, range: RangeInclusive<u64>, unit: &str) -> Option<u64> {
        if range.contains(&number) {
            return Some(number);
        }
        let (low, high) = range.into_inner();
        let message = format!("must be {low} to {high}{unit}, not {number}");
        self.blame(found, Finding::error(Code::OutOfRange, message));
        None
    }

    /// A list of texts; text alone is a list of one, and in INI a comma separates.
    pub(crate) fn texts(&mut self, key: &str) -> Option<Vec<(String, Found<'a>)>> {
        let found = self.find(key)?;
        if let Value::List(items) = &found.entry.value {
            let items = items.iter().map(|entry| Found { entry, field: found.field.clone() });
            return Some(items.filter_map(|item| Some((self.text_of(&item)?, item))).collect());
        }
        let text = self.text_of(&found)?;
        let place = |text: &str| (text.to_owned(), Found { entry: found.entry, field: found.field.clone() });
        Some(match found.entry.value {
            Value::Word(_) => text.split(',').map(str::trim).filter(|t| !t.is_empty()).map(place).collect(),
            _ => vec![place(&text)],
        })
    }

    /// A table of its own keys; whatever `read` finds wrong is wrong with this one, too.
    pub(crate) fn table<T>(&mut self, key: &str, known: &[&str], read: impl FnOnce(&mut Reader<'_>) -> T) -> Option<T> {
        let found = self.find(key)?;
        self.table_of(&found, known, read)
    }

    /// A list of at most `most` such tables.
    pub(crate) fn tables<T>(
        &mut self,
        key: &str,
        known: &[&str],
        most: usize,
        read: impl Fn(&mut Reader<'_>) -> T,
    ) -> Option<Vec<T>> {
        let found = self.find(key)?;
        let Value::List(items) = &found.entry.value else {
            self.wrong_type(&found, "a list of tables");
            return None;
        };
        if items.len() > most {
            let message = format!("has {} tables, more than {most}", items.len());
            self.blame(&found, Finding::error(Code::OutOfRange, message));
            return None;
        }
        let items = items.iter().map(|entry| Found { entry, field: found.field.clone() });
        Some(items.filter_map(|item| self.table_of(&item, known, &read)).collect())
    }

    fn table_of<T>(&mut self, found: &Found<'_>, known: &[&str], read: impl FnOnce(&mut Reader<'_>) -> T) -> Option<T> {
        let Value::Table(table) = &found.entry.value else {
            self.wrong_type(found, "a table");
            return None;
        };
        let mut reader = Reader::new(self.file, found.field.clone(), table, self.findings);
        reader.refuse_unknown(known, |_| None);
        let read = read(&mut reader);
        let failed = reader.failed;
        self.failed |= failed;
        Some(read)
    }

    /// A path, relative to the directory of the file it is written in.
    pub(crate) fn path(&mut self, key: &str) -> Option<PathBuf> {
        self.text(key).map(|text| beside(self.file, &text))
    }

    /// A list of paths, each relative to the directory of the file.
    pub(crate) fn paths(&mut self, key: &str) -> Option<Vec<PathBuf>> {
        let texts = self.texts(key)?;
        Some(texts.iter().map(|(text, _)| beside(self.file, text)).collect())
    }

    /// A VLAN, 1 to 4094.
    pub(crate) fn vlan(&mut self, key: &str) -> Option<VlanId> {
        let found = self.find(key)?;
        let number = self.integer_of(&found, "a VLAN, 1 to 4094")?;
        let vlan = u16::try_from(number).ok().and_then(|number| VlanId::try_from(number).ok());
        if vlan.is_none() {
            let message = format!("must be a VLAN, 1 to 4094, not {number}");
            self.blame(&found, Finding::error(Code::OutOfRange, message));
        }
        vlan
    }

    /// A set of VLANs: `"100,102-104"`, or a list of such texts and of numbers.
    pub(crate) fn vlans(&mut self, key: &str) -> Option<VlanSet> {
        let found = self.find(key)?;
        let items = match &found.entry.value {
            Value::List(items) => items.as_slice(),
            _ => std::slice::from_ref(found.entry),
        };
        let mut set = VlanSet::new();
        for entry in items {
            let item = Found { entry, field: found.field.clone() };
            set = set.union(&self.vlans_of(&item)?);
        }
        Some(set)
    }

    fn vlans_of(&mut self, found: &Found<'_>) -> Option<VlanSet> {
        let text = match &found.entry.value {
            Value::Text(text) | Value::Word(text) => text.clone(),
            Value::Integer(number) => number.to_string(),
            _ => {
                self.wrong_type(found, "VLANs, like \"100,102-104\"");
                return None;
            }
        };
        let mut set = VlanSet::new();
        // Ironic passes over empty items (`100,,200`, a comma at the end of a line).
        for item in text.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            match item.parse() {
                Ok(vlans) => set = set.union(&vlans),
                Err(error) => {
                    self.bad_value(found, error);
                    return None;
                }
            }
        }
        Some(set)
    }
}

/// `path`, from the directory of `file` when it is relative.
pub(crate) fn beside(file: &Path, path: &str) -> PathBuf {
    file.parent().map_or_else(|| PathBuf::from(path), |directory| directory.join(path))
}

fn join(name: &str, key: &str) -> String {
    if name.is_empty() { key.to_owned() } else { format!("{name}.{key}") }
}

pub(crate) fn seconds(text: &str) -> Option<u64> {
    let (number, factor) = match (text.strip_suffix('s'), text.strip_suffix('m')) {
        (Some(number), _) => (number, 1),
        (_, Some(number)) => (number, 60),
        _ => return None,
    };
    number.trim_end().parse::<u64>().ok()?.checked_mul(factor)
}

/// Octets of the longest word that is held against those that are known.
const LONGEST_WORD: usize = 64;

/// The known word within two edits of `word`, for "did you mean"; none of a word that is too
/// long to be compared with all of them.
pub(crate) fn nearest<'w>(word: &str, known: &[&'w str]) -> Option<&'w str> {
    let is_comparable = |known: &&&str| known.len() <= LONGEST_WORD;
    let known = known.iter().filter(is_comparable).take_while(|_| word.len() <= LONGEST_WORD);
    let distances = known.map(|candidate| (distance(word, candidate), *candidate));
    distances.filter(|(edits, _)| *edits <= 2).min().map(|(_, candidate)| candidate)
}

/// Levenshtein's distance, row by row.
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (index, a) in from.chars().enumerate() {
        let mut diagonal = index;
        let mut left = index + 1;
        let mut next = vec![left];
        for (b, above) in to.chars().zip(row.iter().skip(1)) {
            left = (diagonal + usize::from(a != b)).min(above + 1).min(left + 1);
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}
