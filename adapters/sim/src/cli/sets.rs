//! A configuration as lines that each say the whole way to what they set.

use std::{collections::BTreeSet, fmt};

use super::SetGrammar;

/// A line's words.
type Way = Vec<String>;

/// Ways to what is set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sets {
    ways: BTreeSet<Way>,
    /// The word before each, once there is one.
    set: String,
}

impl Sets {
    /// Enters a line. What is said of it is said back: nothing if it is known, and done.
    pub(super) fn enter(&mut self, grammar: &SetGrammar, line: &str) -> Option<String> {
        let begun = |verb: &str| line.strip_prefix(verb).filter(|rest| rest.starts_with(' ')).map(words);
        let is_known = |way: &Way| way.first().is_some_and(|word| grammar.tops.contains(word));
        self.set.clone_from(&grammar.set);
        match (begun(&grammar.set), begun(&grammar.delete)) {
            (Some(way), _) if is_known(&way) => {
                self.set(grammar, way);
                None
            }
            (None, Some(way)) if is_known(&way) => {
                let was_there = self.delete(grammar, &way);
                (!was_there).then(|| grammar.not_found.clone())
            }
            _ => Some(grammar.unknown.clone()),
        }
    }

    fn set(&mut self, grammar: &SetGrammar, way: Way) {
        if let Some((_, above)) = way.split_last()
            && fits(&grammar.values, above)
        {
            self.ways.retain(|own| !(own.starts_with(above) && own.len() == way.len()));
        }
        self.ways.insert(way);
    }

    /// Takes away a way and all that goes on from it. What holds others stays.
    fn delete(&mut self, grammar: &SetGrammar, way: &[String]) -> bool {
        let gone: Vec<Way> = self.ways.iter().filter(|own| own.starts_with(way)).cloned().collect();
        let above = (1..way.len()).rev().filter_map(|length| way.get(..length));
        let left = above.into_iter().find(|above| fits(&grammar.stays, above));
        self.ways.retain(|own| !own.starts_with(way));
        self.ways.extend(left.filter(|_| !gone.is_empty()).map(<[String]>::to_vec));
        !gone.is_empty()
    }

    /// What is at a way, as it is shown; a star at its end is whatever follows.
    pub(super) fn at(&self, way: &str) -> Vec<String> {
        let way = words(way.trim_end_matches('*'));
        let goes_on = |own: &&Way| self.ways.range::<Way, _>(*own..).nth(1).is_some_and(|next| next.starts_with(own));
        let shown = self.ways.iter().filter(|own| own.starts_with(&way) && !goes_on(own));
        shown
            .map(|own| format!("{} {}", self.set, own.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")))
            .collect()
    }
}

impl fmt::Display for Sets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.at("").iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// Whether a way is one of these, in which a star is any one word.
fn fits(patterns: &[String], way: &[String]) -> bool {
    patterns.iter().any(|pattern| {
        let pattern: Vec<&str> = pattern.split(' ').collect();
        pattern.len() == way.len() && pattern.iter().zip(way).all(|(own, word)| *own == "*" || own == word)
    })
}

fn quoted(word: &str) -> String {
    if word.contains(' ') { format!("\"{word}\"") } else { word.to_owned() }
}

fn words(line: &str) -> Way {
    let mut words = Way::new();
    for (number, part) in line.split('"').enumerate() {
        if number % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}
