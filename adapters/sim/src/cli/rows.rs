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
        let Some((change, mut names)) = known else { return Some(grammar.unknown.clone()) };
        if let Some((row, words)) = &change.needs {
            let Some(found) = self.0.iter().find_map(|own| bound(row, own, &names)) else { return Some(words.clone()) };
            names = found;
        }
        if let Some((row, words)) = &change.lacks
            && self.0.iter().any(|own| bound(row, own, &names).is_some())
        {
            return Some(words.clone());
        }
        if let Some((row, lowest)) = &change.numbers {
            let taken = |number: &String| self.0.iter().any(|own| bound(row, own, &numbered(number)).is_some());
            let free = (*lowest..).map(|number| number.to_string()).find(|number| !taken(number))?;
            names.extend(numbered(&free));
        }
        let mut all = each_of(&names);
        if let Some(row) = &change.each {
            all = all.iter().flat_map(|names| self.0.iter().filter_map(move |own| bound(row, own, names))).collect();
            all.push(names);
        }
        let is_gone =
            |own: &String| change.removes.iter().any(|row| all.iter().any(|names| bound(row, own, names).is_some()));
        self.0.retain(|own| !is_gone(own));
        let added = all.iter().flat_map(|names| change.adds.iter().map(|row| filled(row, names)));
        self.0.extend(added.filter(|row| !row.contains('{')));
        None
    }

    /// What a command shows; `None` where it shows nothing.
    pub(super) fn show(&self, grammar: &RowGrammar, line: &str) -> Option<Vec<String>> {
        let known = grammar.shows.iter().find_map(|show| Some((show, bound(&show.command, line, &Names::new())?)));
        let (show, asked) = known?;
        let each = self.0.iter().filter_map(|row| bound(&show.each, row, &asked));
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

fn numbered(number: &str) -> Names {
    Names::from([("number".to_owned(), number.to_owned())])
}

/// What names stand for, for each word of a list.
fn each_of(names: &Names) -> Vec<Names> {
    let Some((list, words)) = names.iter().find(|(name, _)| name.ends_with(',')) else { return vec![names.clone()] };
    let each = words.split(',').map(|word| {
        let mut names = names.clone();
        names.insert(list.trim_end_matches(',').to_owned(), word.to_owned());
        names
    });
    each.collect()
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
