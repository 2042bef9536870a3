//! Where in a text that was read its nodes are.

use std::ops::Range;

use super::{Left, Unread, place};

/// A text that was read.
#[derive(Clone, Debug)]
pub struct Source<'t> {
    pub(super) text: &'t str,
    /// Parts that each say the whole way to what they hold.
    parts: Vec<Range<usize>>,
    /// What its lines were made from, and for each line the octet there.
    written: Option<(&'t str, &'t [usize])>,
}

impl<'t> Source<'t> {
    /// One in which nodes stand in one another.
    #[must_use]
    pub fn of(text: &'t str) -> Self {
        Self { text, parts: Vec::new(), written: None }
    }

    /// One of which each of these ranges of octets says the whole way to its nodes, in any order.
    #[must_use]
    pub fn in_parts(text: &'t str, parts: Vec<Range<usize>>) -> Self {
        Self { parts, ..Self::of(text) }
    }

    /// One whose every line says the whole way. Where the lines were made from a text that was
    /// `written` otherwise, `octets` are where in that each line's statement begins.
    #[must_use]
    pub fn in_lines(text: &'t str, written: Option<(&'t str, &'t [usize])>) -> Self {
        let line = |line: &str| {
            let begin = line.as_ptr().addr() - text.as_ptr().addr();
            begin..begin + line.len()
        };
        Self { text, parts: text.lines().map(line).collect(), written }
    }

    /// Line and column of an octet as they were written, both from 1, columns in characters.
    #[must_use]
    pub fn place(&self, octet: usize) -> (usize, usize) {
        let Some((written, octets)) = self.written else { return place(self.text, octet) };
        let line = self.text.get(..octet).unwrap_or(self.text).matches('\n').count();
        place(written, octets.get(line).copied().unwrap_or_default())
    }

    /// Adds what the last of these words names, which lead to it one behind the other; `keys`
    /// are those of them that tell entries apart.
    pub(super) fn add(&self, unread: &mut Unread, words: &[&str], keys: &[&str], what: impl FnOnce() -> String) {
        unread.add(|| {
            let place = self.find(words, keys).map(|octet| self.place(octet));
            Left { what: what(), line: place.map(|(line, _)| line), column: place.map(|(_, column)| column) }
        });
    }

    fn find(&self, words: &[&str], keys: &[&str]) -> Option<usize> {
        let last = words.last().copied().unwrap_or_default();
        // One that says them in their order goes before one that has them in other texts.
        let (mut in_order, mut in_any) = (None, None);
        for part in self.parts.iter().filter(|_| !keys.is_empty() && !last.is_empty()) {
            let Some(own) = self.text.get(part.clone()) else { continue };
            let holds_all = || keys.iter().filter(|key| !key.is_empty()).all(|key| whole(own, key).is_some());
            let Some(begin) = whole(own, last).filter(|_| holds_all()) else { continue };
            if let (Some(octet), true) = in_turn(own, words) {
                in_order = Some(part.start + octet);
                break;
            }
            in_any = in_any.or(Some(part.start + begin));
        }
        in_order.or(in_any).or_else(|| in_turn(self.text, words).0)
    }
}

/// Where the last of these words begins that stand in a text one behind the other, and whether
/// it is the very last.
fn in_turn(text: &str, words: &[&str]) -> (Option<usize>, bool) {
    let (mut from, mut found, mut is_last) = (0, None, false);
    for word in words.iter().filter(|word| !word.is_empty()) {
        let at = whole(text.get(from..).unwrap_or_default(), word);
        is_last = at.is_some();
        if let Some(at) = at {
            found = Some(from + at);
            from += at + word.len();
        }
    }
    (found, is_last)
}

/// Where a text holds a word that goes on neither before nor behind.
fn whole(text: &str, word: &str) -> Option<usize> {
    let goes_on = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    text.match_indices(word).map(|(at, _)| at).find(|at| {
        let before = text.get(..*at).and_then(|text| text.chars().next_back());
        let behind = text.get(at + word.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(goes_on) && !behind.is_some_and(goes_on)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_in_a_part_is_found_there_in_any_order() {
        let text =
            "- path: /a[n=x]/c\n  value: {mtu: 1}\n- value: {hue: 1}\n  path: /a[n=y]/c\n- path: /a[n=x]/c/hue\n";
        let begins: Vec<usize> = text.match_indices("- ").map(|(at, _)| at).chain([text.len()]).collect();
        let parts = begins.windows(2).map(|two| two[0]..two[1]).collect();
        let source = Source::in_parts(text, parts);
        for (key, leaf, expected) in [("x", "hue", (5, 19)), ("y", "hue", (3, 11)), ("x", "mtu", (2, 11))] {
            let octet = source.find(&["a", key, "c", leaf], &[key]).unwrap();
            assert_eq!(source.place(octet), expected, "{key} {leaf}");
        }
        let text = "- a[n=y]: {text: \"hue of x c\"}\n- a[n=x]: {c: {hue: 1}}\n";
        let source = Source::in_parts(text, vec![0..31, 31..text.len()]);
        assert_eq!(source.place(source.find(&["a", "x", "c", "hue"], &["x"]).unwrap()), (2, 16), "as it is written");
        let lines = "set i x mtu 1\nset i y hue 1\nset i x hue 2\n";
        let found = |source: &Source<'_>| source.place(source.find(&["i", "x", "hue"], &["x"]).unwrap());
        assert_eq!(found(&Source::in_lines(lines, None)), (3, 9));
        let written = "i { x { mtu 1; } y { hue 1; }\n  x { hue 2; } }";
        let octets = [8, 21, written.rfind("hue").unwrap()];
        assert_eq!(found(&Source::in_lines(lines, Some((written, &octets)))), (2, 7));
        assert_eq!(Source::of(lines).find(&["i", "z", "nothing"], &["z"]).map(|octet| octet < 14), Some(true));
    }
}
