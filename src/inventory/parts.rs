//! The parts of a TOML inventory, so that a mistake in one switch's is that switch's alone.

use crate::config::toml_tree;
use crate::finding::Findings;
use std::ops::Range;
use std::path::Path;

/// The lines of a text, from 0, each with its end.
pub(super) struct Parts<'t> {
    lines: Vec<&'t str>,
    /// The parts that cannot be read, each a `[[switch]]` with what stands below it.
    pub(super) broken: Vec<Range<usize>>,
}

impl<'t> Parts<'t> {
    /// Those of a text that is no TOML as a whole; `None` where the mistake is not within
    /// `[[switch]]`s: in what all of them have in common, or between them.
    pub(super) fn of(file: &Path, text: &'t str) -> Option<Self> {
        // What stands in a text of several lines heads nothing.
        if ["\"\"\"", "'''"].iter().any(|mark| text.contains(mark)) {
            return None;
        }
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let heads: Vec<(usize, bool)> =
            lines.iter().enumerate().filter_map(|(at, line)| Some((at, is_switch(line)?))).collect();
        let ends = heads.iter().skip(1).map(|(at, _)| *at).chain([lines.len()]);
        let mut parts = vec![(0..heads.first().map_or(lines.len(), |(at, _)| *at), false)];
        parts.extend(heads.iter().zip(ends).map(|((at, is_switch), end)| (*at..end, *is_switch)));
        let own = Self { lines, broken: Vec::new() };
        let (mut broken, mut rest) = (Vec::new(), parts.into_iter());
        for (part, is_switch) in rest.by_ref() {
            if is_whole(file, &own.text(&part)) {
                continue;
            }
            let below = own.lines.get(part.start + 1..part.end).unwrap_or_default();
            if !is_switch || below.iter().any(|line| may_head_another(line)) {
                return None;
            }
            broken.push(part);
        }
        let own = Self { broken, ..own };
        (!own.broken.is_empty() && is_whole(file, &own.sound())).then_some(own)
    }

    fn text(&self, part: &Range<usize>) -> String {
        self.lines.get(part.clone()).unwrap_or_default().concat()
    }

    /// The text without what cannot be read, whose lines are blank.
    pub(super) fn sound(&self) -> String {
        let mut broken = self.broken.iter().peekable();
        let mut text = String::new();
        for (at, line) in self.lines.iter().enumerate() {
            while broken.next_if(|part| part.end <= at).is_some() {}
            text.push_str(if broken.peek().is_some_and(|part| part.contains(&at)) { "\n" } else { line });
        }
        text
    }

    /// The same under a head that is as it should be: what can be read of it may be its name.
    pub(super) fn headed(&self, part: &Range<usize>) -> String {
        let below = part.start + 1..part.end;
        format!("{}[[switch]]\n{}", "\n".repeat(part.start), self.text(&below))
    }

    /// A part alone, on its lines.
    pub(super) fn alone(&self, part: &Range<usize>) -> String {
        format!("{}{}", "\n".repeat(part.start), self.text(part))
    }
}

fn is_whole(file: &Path, text: &str) -> bool {
    let mut broken = Findings::default();
    toml_tree::parse(file, text, &mut broken);
    broken.iter().next().is_none()
}

/// Whether a line heads a switch, or what switches have in common; also where its brackets
/// are not as they should be. `None` of any other.
fn is_switch(line: &str) -> Option<bool> {
    let word = line.trim_start().strip_prefix('[')?.trim_start_matches('[').trim_start();
    let end = word.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(word.len());
    let (word, rest) = word.split_at(end);
    // What is below a switch has a dot behind its name.
    match (word, rest.trim_start().starts_with(['.', ','])) {
        ("switch", false) => Some(true),
        ("defaults", false) => Some(false),
        _ => None,
    }
}

/// Whether a line may head what is no part of the switch above it, such as `["defaults"]`.
fn may_head_another(line: &str) -> bool {
    let head = line.trim_start().strip_prefix('[').map(|rest| rest.trim_start_matches('[').trim_start());
    head.is_some_and(|head| head.strip_prefix("switch").is_none_or(|rest| !rest.trim_start().starts_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(text: &str) -> Option<Vec<Range<usize>>> {
        Parts::of(Path::new("inventory.toml"), text).map(|parts| parts.broken)
    }

    fn only(broken: &[Range<usize>]) -> Option<(usize, usize)> {
        let [part] = broken else { return None };
        Some((part.start, part.end))
    }

    const DEFAULTS: &str = "[defaults]\nusername = 'a'\n";

    #[test]
    fn a_mistake_within_a_switch_is_that_switchs() {
        let of = |second: &str| {
            let text = format!("{DEFAULTS}[[switch]]\nname = 'a'\n{second}[[switch]]\nname = 'c'\n");
            let parts = Parts::of(Path::new("inventory.toml"), &text)?;
            assert_eq!(parts.sound().lines().count(), text.lines().count());
            assert!(parts.sound().contains("name = 'c'") && !parts.sound().contains("'b'"));
            only(&parts.broken)
        };
        for second in [
            "[[switch]]\nname = 'b\n",
            "[[switch]\nname = 'b'\n",
            "[switch]]\nname = 'b'\n",
            "[[switch\nname = 'b'\n",
            "[[switch]]\nname = 'b'\nallowed_vlans = [\n",
            "[[switch]]\nname = 'b'\n[switch.card]\nhost = \n",
        ] {
            let end = 4 + second.lines().count();
            assert_eq!(of(second), Some((4, end)), "{second}");
        }
    }

    #[test]
    fn what_may_concern_others_is_not_one_switchs() {
        for text in [
            "[defaults]\nusername = 'a\n[[switch]]\nname = 'a'\n",
            "allowed_vlans = [\n[[switch]]\nname = 'a'\n",
            &format!("{DEFAULTS}{DEFAULTS}[[switch]]\nname = 'a'\n"),
            "[[switch]]\nname = 'a'\n[switch]\nname = 'b'\n",
            "[[switch]]\nname = 'a\n[\"defaults\"]\nallowed_vlans = '100'\n[[switch]]\nname = 'b'\n",
            "[[switch]]\nname = 'a\n[[switch]]\nname = 'b'\nnote = '''\n[[switch]]\nname = 'off'\n'''\n",
            "",
        ] {
            assert_eq!(broken(text), None, "{text}");
        }
        // A list within a list heads nothing.
        let text = "[[switch]]\nname = 'a'\nports = [\n['switch', 'b'],\n]\n[[switch]]\nname = \n";
        assert_eq!(broken(text).as_deref().and_then(only), Some((5, 7)));
    }
}
