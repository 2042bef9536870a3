//! Commands at a prompt without modes. What they change are rows of words, and is kept at once.

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
};

use super::RowGrammar;

/// What the names of a pattern stand for.
type Names = HashMap<String, String>;

/// What there is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Rows(BTreeSet<String>);

impl Rows {
    /// A row that somebody else has made.
    pub(super) fn add(&mut self, row: &str) {
        self.0.insert(row.to_owned());
    }

    /// Enters a command. What is said of it is said back: nothing if it is known, and done.
    pub(super) fn enter(&mut self, grammar: &RowGrammar, line: &str) -> Option<String> {
        let known = grammar.changes.iter().find_map(|change| Some((change, bound(&change.line, line, &Names::new())?)));
        let Some((change, names)) = known else { return Some(grammar.unknown.clone()) };
        if let Some((row, words)) = &change.needs
            && !self.0.iter().any(|own| bound(row, own, &names).is_some())
        {
            return Some(words.clone());
        }
        self.0.retain(|own| !change.removes.iter().any(|row| bound(row, own, &names).is_some()));
        self.0.extend(change.adds.iter().map(|row| filled(row, &names)));
        None
    }

    /// What a command shows; `None` where it shows nothing.
    pub(super) fn show(&self, grammar: &RowGrammar, line: &str) -> Option<Vec<String>> {
        let show = grammar.shows.iter().find(|show| show.command == line)?;
        let each = self.0.iter().filter_map(|row| bound(&show.each, row, &Names::new()));
        let shown = each.map(|mut names| {
            let own = self.0.iter().filter(|row| show.list.iter().any(|list| bound(list, row, &names).is_some()));
            let list: BTreeSet<&str> = own.filter_map(|row| row.split(' ').next_back()).collect();
            let list = if list.is_empty() { show.none.clone() } else { list.into_iter().collect::<Vec<_>>().join(",") };
            names.insert("list".to_owned(), list);
            filled(&show.row, &names)
        });
        Some(shown.collect())
    }
}

impl fmt::Display for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|row| writeln!(f, "{row}"))
    }
}

/// Whether a line is as the pattern says: what its names stand for then.
fn bound(pattern: &str, line: &str, names: &Names) -> Option<Names> {
    let (pattern, line): (Vec<&str>, Vec<&str>) = (pattern.split(' ').collect(), line.split(' ').collect());
    let mut names = names.clone();
    let fits = pattern.iter().zip(&line).all(|(own, word)| match name(own) {
        Some(name) => names.entry(name.to_owned()).or_insert_with(|| (*word).to_owned()) == word,
        None => *own == "*" || own == word,
    });
    (fits && pattern.len() == line.len()).then_some(names)
}

/// The name that a word of a pattern is.
fn name(word: &str) -> Option<&str> {
    word.strip_prefix('{')?.strip_suffix('}')
}

fn filled(pattern: &str, names: &Names) -> String {
    names.iter().fold(pattern.to_owned(), |text, (name, word)| text.replace(&format!("{{{name}}}"), word))
}
