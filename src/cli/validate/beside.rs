//! What two levels found of one mistake is told once.

use std::{
    cell::OnceCell,
    collections::{BTreeMap, BTreeSet},
};

use super::{super::findings::Checked, place};
use crate::finding::{Code, Finding, Findings, Severity};

/// What the reader found beside what the modules tell: what they tell as well, at the same place,
/// is told once, and what they have looked at may be about other things than ports and VLANs.
/// `text` is what both have looked at.
pub(super) fn beside(own: &Findings, schema: &Findings, is_nothing: bool, text: Option<&str>) -> Findings {
    let (told, of_no_port) = (Told::of(schema, text), of_no_port(own, schema));
    let kept = own.iter().enumerate().filter(|(index, _)| !of_no_port.contains(index)).map(|(_, finding)| finding);
    let kept = kept.filter(|finding| match finding.code {
        Code::ReadingNamespace => !told.tells(finding, &[Code::SchemaNamespace, Code::SchemaUnknownNode]),
        Code::ReadingOperation => !told.tells(finding, &[Code::SchemaOperation, Code::SchemaValue]),
        Code::ReadingUnknown => {
            let is_told = told.tells(finding, &[Code::SchemaUnknownNode]) || told.conditional(finding);
            !is_told && !told.keyless(finding) && !told.by_key(finding)
        }
        Code::ReadingValue => !told.tells(finding, &[Code::SchemaValue]) && !told.tells_words(finding),
        Code::ReadingForeign => !told.tells_words(finding),
        _ => true,
    });
    let eased = |finding: &Finding| match finding.code {
        Code::ReadingNothing if !is_nothing => Finding { severity: Severity::Warning, ..finding.clone() },
        _ => finding.clone(),
    };
    kept.map(eased).collect()
}

/// What the modules and the reader both tell of an entry's key stays with the modules', in the reader's
/// words and at its place; `checked` loses it. That both are there is told, so neither may be
/// elsewhere.
pub(super) fn united(checked: &mut [Checked], schema: &Findings) -> Findings {
    let mut found = BTreeSet::new();
    let own: Vec<&Finding> = checked.iter().flat_map(|one| &one.findings).filter(|own| is_of_keys(own)).collect();
    let mut in_own_words = |finding: &Finding| {
        let all: Vec<_> = own.iter().enumerate().filter(|(_, own)| is_one_key(own, finding)).collect();
        let mut left = all.iter().filter(|(index, _)| !found.contains(index));
        // Where an entry says another key than its path does, what it repeats of the path's is no
        // second mistake.
        let of_path = left.clone().find(|(_, own)| is_of_path(own, finding));
        let Some((index, own)) = of_path.or_else(|| left.next()) else {
            // How often an entry is there is said of all of them at once.
            let is_said = all.iter().any(|(_, own)| own.code == Code::ReadingDuplicate);
            return (!is_said).then(|| finding.clone());
        };
        let (severity, message) = (Severity::Error, own.message.clone());
        let (line, column, help) = (own.line, own.column, Some(own.code.advice().to_owned()));
        match of_path {
            Some(_) => found.extend(all.iter().map(|(index, _)| *index)),
            None => _ = found.insert(*index),
        }
        Some(Finding { severity, message, line, column, help, ..finding.clone() })
    };
    let told = schema.iter().filter_map(&mut in_own_words).collect();
    if !found.is_empty() {
        let mut index = 0;
        for one in checked {
            let is_kept = |own: &&Finding| {
                let is_told = is_of_keys(own) && found.contains(&index);
                index += usize::from(is_of_keys(own));
                !is_told
            };
            one.findings = one.findings.iter().filter(is_kept).cloned().collect();
        }
    }
    told
}

fn is_of_keys(own: &Finding) -> bool {
    matches!(own.code, Code::ReadingKey | Code::ReadingDuplicate)
}

/// Whether the modules speak of the key that the reader speaks of.
fn is_one_key(own: &Finding, schema: &Finding) -> bool {
    match (own.code, schema.code) {
        (Code::ReadingKey, Code::SchemaReference) => {
            let key = plain(&schema.field);
            let Some((entry, leaf)) = key.rsplit_once('/') else { return false };
            own.message.starts_with(&format!("{entry}/config/{leaf} is ")) || is_of_path(own, schema)
        }
        (Code::ReadingDuplicate, Code::SchemaDuplicate) => {
            own.message.strip_prefix(&*plain(&schema.field)).is_some_and(|rest| {
                // An entry, or a leaf.
                rest.starts_with(" is there ") || rest.starts_with(" has ")
            })
        }
        _ => false,
    }
}

/// Whether the reader speaks of an entry that says another key than its path, and the modules of the
/// key that it says.
fn is_of_path(own: &Finding, schema: &Finding) -> bool {
    own.code == Code::ReadingKey && meant(&own.message).is_some_and(|said| said == plain(&schema.field))
}

/// The way to a key by what its entry says it is, where that is not what the path to it says: of
/// `/a/b[x]/name is y, and …` it is `/a/b[y]/name`.
fn meant(message: &str) -> Option<String> {
    let (way, said) = message.split_once(", and ")?.0.rsplit_once(" is ")?;
    let (entry, leaf) = way.rsplit_once("]/").filter(|(_, leaf)| !leaf.contains('/'))?;
    Some(format!("{}[{said}]/{leaf}", entry.rsplit_once('[')?.0))
}

/// `/m:a/b[name='x']` as the reader says it: `/a/b[x]`.
fn plain(path: &str) -> String {
    let (mut said, mut rest) = (String::new(), path);
    while let Some(behind) = rest.strip_prefix('/') {
        let (name, behind) = behind.split_at(behind.find(['/', '[']).unwrap_or(behind.len()));
        said.push('/');
        said.push_str(name.rsplit(':').next().unwrap_or(name));
        rest = behind;
        while let Some((value, behind)) = rest.strip_prefix('[').and_then(|key| {
            let (_, value) = key.split_once("='")?;
            value.split_once("']")
        }) {
            said.push_str(&format!("[{value}]"));
            rest = behind;
        }
    }
    said
}

/// Which of the reader's values the modules tell without saying of which port: libyang does so where
/// JSON names an entry behind what is in it. Of several alike each is the one nearest to it.
fn of_no_port(own: &Findings, schema: &Findings) -> BTreeSet<usize> {
    let mut by_word = BTreeMap::<&str, BTreeSet<(usize, usize)>>::new();
    for (index, finding) in own.iter().enumerate().filter(|(_, own)| own.code == Code::ReadingValue) {
        if let (Some(word), Some(line)) = (quoted(finding).next(), finding.line) {
            by_word.entry(word).or_default().insert((line, index));
        }
    }
    let is_bare = |finding: &&Finding| finding.code == Code::SchemaValue && !finding.field.contains('[');
    let mut found = BTreeSet::new();
    for finding in schema.iter().filter(is_bare) {
        let (Some(line), Some(all)) = (finding.line, quoted(finding).next().and_then(|word| by_word.get_mut(word)))
        else {
            continue;
        };
        let sides = [all.range(..(line, 0)).next_back(), all.range((line, 0)..).next()];
        if let Some(nearest) = sides.into_iter().flatten().min_by_key(|(own, _)| own.abs_diff(line)).copied() {
            all.remove(&nearest);
            found.insert(nearest.1);
        }
    }
    found
}

/// Findings at the beginning of what is written in one word, such as in base64, where they are
/// within it.
pub(super) fn at_begins(checked: &mut [Checked], text: &str, spans: &[std::ops::Range<usize>]) {
    let mut counted = place::Counted::of(text);
    let mut places = BTreeMap::new();
    for span in spans {
        let ((line, begin), (_, end)) = (counted.place(span.start), counted.place(span.end));
        places.insert((line, begin), end);
    }
    let moved = |finding: &Finding| {
        let (Some(line), Some(column)) = (finding.line, finding.column.and_then(|own| usize::try_from(own.get()).ok()))
        else {
            return finding.clone();
        };
        let span = places.range(..=(line, column)).next_back();
        let begin =
            span.filter(|((own, _), end)| *own == line && column < **end).map_or(column, |((_, begin), _)| *begin);
        finding.clone().column(Some(begin))
    };
    checked.iter_mut().for_each(|one| one.findings = one.findings.iter().map(moved).collect());
}

/// What modules told, by its places.
struct Told<'f> {
    /// By line and column; the column is 0 where none is known.
    by_place: BTreeMap<(usize, usize), Vec<&'f Finding>>,
    /// Each line, and its characters where those are asked for and are not its octets.
    lines: Vec<(&'f str, OnceCell<Option<Vec<char>>>)>,
    /// What is said to be wrong of each port.
    by_port: BTreeMap<&'f str, Vec<&'f str>>,
    /// Ports, and the nodes of each that are there under a condition that does not hold.
    conditions: BTreeSet<(&'f str, &'f str)>,
    /// Lists, each with a key that is no value of its leaf.
    no_keys: BTreeSet<(String, &'f str)>,
    /// Lists with an entry that has no key; libyang leaves out what is above them.
    keyless: BTreeSet<String>,
}

impl<'f> Told<'f> {
    fn of(schema: &'f Findings, text: Option<&'f str>) -> Self {
        let (mut by_place, mut by_port) = (BTreeMap::<_, Vec<_>>::new(), BTreeMap::<_, Vec<_>>::new());
        let mut conditions = BTreeSet::new();
        for finding in schema {
            if let Some(line) = finding.line {
                by_place.entry((line, column(finding).unwrap_or_default())).or_default().push(finding);
            }
            let port = finding.field.split_once("/interface[name='").and_then(|(_, rest)| rest.split_once("']"));
            if let (Some((port, _)), Some(word), Code::SchemaValue) = (port, quoted(finding).next(), finding.code) {
                by_port.entry(port).or_default().push(word);
            }
            if let (Some((port, behind)), Code::SchemaWhen) = (port, finding.code) {
                conditions.insert((port, behind.rsplit(['/', ':']).next().unwrap_or_default()));
            }
        }
        let lines = text.into_iter().flat_map(str::lines).map(|line| (line, OnceCell::new()));
        let values = schema.iter().filter(|finding| finding.code == Code::SchemaValue);
        let no_keys = values.filter_map(|finding| {
            let way = plain(&finding.field);
            Some((way.rsplit_once('/')?.0.rsplit(['/', ']']).next()?.to_owned(), quoted(finding).next()?))
        });
        let no_keys = no_keys.collect();
        let without_key = schema.iter().filter(|finding| finding.code == Code::SchemaMissingKey);
        let keyless = without_key.map(|finding| plain(&finding.field)).collect();
        Self { by_place, lines: lines.collect(), by_port, conditions, no_keys, keyless }
    }

    fn tells(&self, own: &Finding, codes: &[Code]) -> bool {
        self.near(own).any(|other| codes.contains(&other.code) && is_of_one(own, other))
    }

    /// Whether it is an entry without its key, which the modules tell by its list.
    fn keyless(&self, own: &Finding) -> bool {
        own.message
            .split_once(": dialect ")
            .is_some_and(|(list, _)| self.keyless.iter().any(|known| list.ends_with(known)))
    }

    /// Whether it is an entry whose key is no value, which the modules tell of the key.
    fn by_key(&self, own: &Finding) -> bool {
        let way = own.message.split_once(": dialect ").map(|(way, _)| way);
        way.is_some_and(|way| self.no_keys.iter().any(|(list, key)| way.ends_with(&format!("/{list}[{key}]"))))
    }

    /// Whether it is a leaf of a port that says nothing in its mode, which the modules tell by its condition.
    fn conditional(&self, own: &Finding) -> bool {
        let said = own.message.split_once(", which ").and_then(|(said, _)| said.split_once(" of "));
        said.is_some_and(|(leaf, port)| {
            let leaf = leaf.split(' ').next().unwrap_or_default();
            self.conditions.contains(&(port, leaf))
        })
    }

    /// Whether all that a port holds and that is none was told of that port, wherever.
    fn tells_words(&self, own: &Finding) -> bool {
        let port = own.field.strip_prefix("interfaces/").and_then(|rest| rest.rsplit_once('/')).map(|(port, _)| port);
        let Some(told) = port.and_then(|port| self.by_port.get(port)) else { return false };
        let is_number = |word: &&str| word.bytes().all(|octet| octet.is_ascii_digit() || b",-.".contains(&octet));
        let mut words = quoted(own).filter(|word| own.code == Code::ReadingValue || !is_number(word)).peekable();
        words.peek().is_some() && words.all(|word| told.contains(&word))
    }

    /// What is in the same tag, or in the same member of JSON: on the same line, and nothing
    /// that ends one of them is between the columns, where those and the text are known.
    fn near(&self, own: &Finding) -> impl Iterator<Item = &'f Finding> {
        let line = own.line.unwrap_or_default();
        let (low, high) = self.tag(own).unwrap_or((1, usize::MAX));
        let unplaced = self.by_place.get(&(line, 0)).into_iter();
        let placed = self.by_place.range((line, low)..=(line, high)).map(|(_, own)| own);
        unplaced.chain(placed).flatten().filter(move |_| line > 0).copied()
    }

    /// From which column to which it goes; `None` where that is not known.
    fn tag(&self, own: &Finding) -> Option<(usize, usize)> {
        let (line, all) = self.lines.get(own.line?.checked_sub(1)?)?;
        let column = column(own)?;
        let ends = |c: char| matches!(c, '>' | '{' | '}' | ',');
        let all = all.get_or_init(|| (!line.is_ascii()).then(|| line.chars().collect()));
        let Some(all) = all else {
            let (before, behind) = (line.get(..column - 1).unwrap_or(line), line.get(column - 1..).unwrap_or_default());
            let high = behind.find(ends).map_or(usize::MAX, |at| column + at);
            return Some((before.rfind(ends).map_or(1, |at| at + 2), high));
        };
        let own = (column - 1).min(all.len());
        let (before, behind) = all.split_at(own);
        let high = behind.iter().position(|c| ends(*c)).map_or(usize::MAX, |at| column + at);
        Some((before.iter().rposition(|c| ends(*c)).map_or(1, |at| at + 2), high))
    }
}

fn column(finding: &Finding) -> Option<usize> {
    finding.column.and_then(|column| usize::try_from(column.get()).ok())
}

/// Whether what the modules quote is what the reader speaks of, where that has the same words.
fn is_of_one(own: &Finding, schema: &Finding) -> bool {
    let has_words = match own.code {
        Code::ReadingNamespace => schema.code == Code::SchemaUnknownNode,
        Code::ReadingValue => quoted(own).next().is_some(),
        code => code == Code::ReadingUnknown,
    };
    let word = quoted(schema).next().map(|word| word.rsplit(':').next().unwrap_or(word));
    // It may stand in a path.
    let speaks_of = |word| place::holds(&own.message, word) || place::found_apart(&own.message, word).is_some();
    !has_words || word.is_none_or(|word| word.is_empty() || speaks_of(word))
}

/// What a message has in quotes.
fn quoted(finding: &Finding) -> impl Iterator<Item = &str> {
    // libyang puts backslashes before some of them.
    finding.message.split('"').skip(1).step_by(2).map(|word| word.trim_end_matches('\\'))
}

#[cfg(test)]
#[path = "beside_tests.rs"]
mod tests;
