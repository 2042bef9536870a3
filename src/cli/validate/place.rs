//! Where in a text something is.

#[cfg(feature = "yang")]
mod data_path;

#[cfg(feature = "yang")]
pub(super) use data_path::{in_line, keyless, last, of_data_path, within, without_keys, words};
use std::{
    cell::{Cell, OnceCell},
    collections::HashMap,
    path::Path,
};

use crate::finding::Finding;

/// Line and column, both counted from 1, columns in characters.
pub(super) type Place = (usize, usize);

/// The same where the column may not be known.
#[cfg(feature = "yang")]
pub(super) type Line = (usize, Option<usize>);

/// A finding at a place of a file, as far as that is known.
pub(super) fn put(finding: Finding, file: &Path, place: Option<Place>) -> Finding {
    finding.at(file, place.map(|(line, _)| line)).column(place.map(|(_, column)| column))
}

/// A reader's message without the place that it names, and that place: line and column,
/// both counted from 1.
pub(super) fn of_message(message: &str) -> (String, Option<usize>, Option<usize>) {
    let plain = || (message.to_owned(), None, None);
    if let Some((place, rest)) = message.strip_prefix("line ").and_then(|rest| rest.split_once(": ")) {
        let (line, column) = match place.split_once(" column ") {
            Some((line, column)) => (line, column.parse().ok()),
            None => (place, None),
        };
        return line.parse().map_or_else(|_| plain(), |line| (rest.to_owned(), Some(line), column));
    }
    let json = || {
        let (reason, place) = message.rsplit_once(" at line ")?;
        let (line, column) = place.split_once(" column ")?;
        Some((reason.to_owned(), Some(line.parse().ok()?), Some(column.parse::<usize>().ok()?.max(1))))
    };
    json().unwrap_or_else(plain)
}

/// Where things are named in a text. What is asked for more often than now and then is
/// looked up in an index, so that a thousand findings do not read the text a thousand times.
pub(super) struct Places<'t> {
    text: &'t str,
    asked: Cell<usize>,
    index: OnceCell<HashMap<&'t str, Place>>,
    /// Each line, and whether its columns are its octets.
    lines: OnceCell<Vec<(&'t str, bool)>>,
}

impl<'t> Places<'t> {
    /// So often the text itself is gone through.
    const WITHOUT_INDEX: usize = 8;

    pub(super) fn of(text: &'t str) -> Self {
        Self { text, asked: Cell::new(0), index: OnceCell::new(), lines: OnceCell::new() }
    }

    /// Where a port or VLAN is first named, of a data path such as `interfaces/Ethernet1/mtu`
    /// and `vlans/110`.
    pub(super) fn named(&self, path: &str) -> Option<Place> {
        let (list, rest) = path.split_once('/')?;
        // A port's own name may have slashes.
        let name = match list {
            "interfaces" => ["/switched-vlan", "/mtu", "/description"]
                .iter()
                .fold(rest, |name, leaf| name.strip_suffix(leaf).unwrap_or(name)),
            _ => rest.split('/').next().unwrap_or(rest),
        };
        self.asked.set(self.asked.get() + 1);
        if self.asked.get() > Self::WITHOUT_INDEX {
            return self.index.get_or_init(|| index(self.text)).get(name).copied();
        }
        // A line may say the whole way to what it is about.
        let leaf = rest.strip_prefix(name).and_then(|leaf| leaf.strip_prefix('/')).filter(|_| list == "interfaces");
        let words: &[&str] = match leaf {
            Some("switched-vlan") => &["switched-vlan", "vlan", "interface-mode", "native-vlan-id"],
            Some("mtu") => &["mtu"],
            Some("description") => &["description"],
            _ => &[],
        };
        let says_all = |(number, line): (usize, &str)| {
            let at = found(line, name)?;
            let behind = line.get(at + name.len()..)?;
            words.iter().any(|word| found_apart(behind, word).is_some()).then(|| (number + 1, column(line, at)))
        };
        let named = |(number, line): (usize, &str)| Some((number + 1, column(line, found(line, name)?)));
        let lines = || self.text.lines().enumerate();
        lines().filter(|_| !words.is_empty()).find_map(says_all).or_else(|| lines().find_map(named))
    }
}

/// So many lines behind a name its values are looked for.
const BEHIND: usize = 64;

/// What stands before other numbers than VLANs.
const NO_VLANS: [&str; 2] = ["mtu", "description"];

impl<'t> Places<'t> {
    fn lines(&self) -> &[(&'t str, bool)] {
        self.lines.get_or_init(|| self.text.lines().map(|line| (line, line.is_ascii())).collect())
    }

    /// Each line with a value, and where in it that is, in what is said of a port that is named at
    /// a place: on the lines that name it, and on those that are in such a line.
    pub(super) fn lines_of(&self, (line, _): Place, name: &str, value: &str) -> Vec<(&'t str, Place)> {
        let (mut own, mut is_others, mut all) = (None, false, Vec::new());
        let lines = self.lines().get(line - 1..).unwrap_or_default().iter().take(BEHIND);
        for (number, (text, _)) in lines.enumerate().filter(|(_, (text, _))| !text.trim().is_empty()) {
            let begin = Begin::of(text);
            let first = *own.get_or_insert(begin);
            if holds(text, name) {
                is_others = false;
            } else if begin.depth < first.depth {
                break;
            } else if begin.depth == first.depth {
                // A member of the port's own stands beside its name in data.
                is_others |= !first.is_data() || begin.word == first.word;
            }
            if let Some(at) =
                found(text, value).filter(|_| !is_others && !NO_VLANS.iter().any(|word| holds(text, word)))
            {
                all.push((*text, (line + number, column(text, at))));
            }
        }
        all
    }

    /// The place of what is so many octets within a value of ASCII, where that begins at a place.
    pub(super) fn inside(&self, (line, own): Place, value: &str, octets: usize) -> Place {
        let text = self.lines().get(line - 1).map_or("", |(text, _)| text);
        let begins = text.char_indices().nth(own - 1).and_then(|(octet, _)| text.get(octet..));
        (line, own + if begins.is_some_and(|rest| rest.starts_with(value)) { octets } else { 0 })
    }

    /// The first place of a value on the line of a place, or on the next ones; else that place.
    pub(super) fn behind(&self, (line, own): Place, value: &str) -> Place {
        let mut lines = self.lines().get(line - 1..).unwrap_or_default().iter().take(BEHIND).enumerate();
        let place = |(number, (text, is_ascii)): (usize, &(&str, bool))| {
            let from = match number {
                0 if *is_ascii => own - 1,
                0 => text.char_indices().nth(own - 1).map_or(text.len(), |(octet, _)| octet),
                _ => 0,
            };
            let octet = from + found(text.get(from..)?, value)?;
            Some((line + number, if *is_ascii { octet + 1 } else { column(text, octet) }))
        };
        lines.find_map(place).unwrap_or((line, own))
    }
}

/// How a line begins.
#[derive(Clone, Copy)]
struct Begin<'t> {
    /// Blanks before it.
    depth: usize,
    /// A tag or the name of a member, or a word.
    word: &'t str,
}

impl<'t> Begin<'t> {
    fn of(line: &'t str) -> Self {
        let own = line.trim_start();
        let word = own.split(['>', ':', ' ']).next().unwrap_or(own);
        Self { depth: line.len() - own.len(), word }
    }

    /// Whether it is of XML or JSON.
    fn is_data(self) -> bool {
        self.word.starts_with(['<', '"', '{'])
    }
}

/// What may stand in a name beside letters and digits, at its ends too, and within it.
const IN_NAMES: [char; 3] = ['/', '-', '_'];
const WITHIN_NAMES: [char; 2] = ['.', ':'];

/// The first place of each word: of `xe-0/0/1.0` as a whole, and of what is around the dot.
fn index(text: &str) -> HashMap<&str, Place> {
    let mut index = HashMap::new();
    for (number, line) in text.lines().enumerate() {
        let is_word = |c: char| c.is_alphanumeric() || IN_NAMES.contains(&c) || WITHIN_NAMES.contains(&c);
        // Counted on from one word to the next, since a line may be the whole of a file.
        let (mut octets, mut characters) = (0, 1);
        for word in line.split(|c: char| !is_word(c)).filter(|word| !word.is_empty()) {
            let mut add = |piece: &'_ str| {
                let at = piece.as_ptr().addr() - line.as_ptr().addr();
                if at > octets {
                    characters += line.get(octets..at).unwrap_or_default().chars().count();
                    octets = at;
                }
                (at == octets).then_some((number + 1, characters))
            };
            for piece in std::iter::once(word).chain(word.split(WITHIN_NAMES)).filter(|piece| !piece.is_empty()) {
                if !index.contains_key(piece)
                    && let Some(place) = add(piece)
                {
                    index.insert(piece, place);
                }
            }
        }
    }
    index
}

/// Where a line holds a name that goes on neither before nor behind, in octets.
fn found(line: &str, name: &str) -> Option<usize> {
    let goes_on = |c: char| c.is_alphanumeric() || IN_NAMES.contains(&c);
    line.match_indices(name).map(|(at, _)| at).find(|at| {
        let before = line.get(..*at).and_then(|text| text.chars().next_back());
        let behind = line.get(at + name.len()..).and_then(|text| text.chars().next());
        let ends_its_tag = line.get(at + name.len()..).is_some_and(|rest| rest.starts_with("/>"));
        !before.is_some_and(goes_on) && (ends_its_tag || !behind.is_some_and(goes_on))
    })
}

/// The same of a node's name, which may stand in a path between slashes.
pub(super) fn found_apart(line: &str, name: &str) -> Option<usize> {
    let goes_on = |c: char| c != '/' && (c.is_alphanumeric() || IN_NAMES.contains(&c));
    line.match_indices(name).map(|(at, _)| at).find(|at| {
        let before = line.get(..*at).and_then(|text| text.chars().next_back());
        let behind = line.get(at + name.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(goes_on) && !behind.is_some_and(goes_on)
    })
}

/// The column of an octet of a line.
fn column(line: &str, octet: usize) -> usize {
    line.get(..octet).map_or(1, |before| before.chars().count() + 1)
}

/// Whether a line holds a name.
pub(super) fn holds(line: &str, name: &str) -> bool {
    found(line, name).is_some()
}

/// Counts lines and characters as it goes on through a text.
pub(super) struct Counted<'t> {
    text: &'t str,
    octet: usize,
    place: Place,
}

impl<'t> Counted<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        Self { text, octet: 0, place: (1, 1) }
    }

    /// The place of an octet; quick where it is behind the last one.
    pub(super) fn place(&mut self, octet: usize) -> Place {
        if octet < self.octet {
            *self = Self::of(self.text);
        }
        let between = self.text.get(self.octet..octet).unwrap_or_default();
        let (line, column) = self.place;
        self.place = match between.rsplit_once('\n') {
            Some((before, own)) => (line + before.matches('\n').count() + 1, own.chars().count() + 1),
            None => (line, column + between.chars().count()),
        };
        self.octet = octet;
        self.place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_as_a_whole_however_often_one_is_asked_for() {
        let text =
            "a\n  <name>Ethernet10</name>\n  <name>Ethernet1</name> Ethernet1 \"vlan\": 20\né 110 xe-0/0/1.0, xe-0/0/1";
        let places = Places::of(text);
        for _ in 0..=Places::WITHOUT_INDEX {
            for (path, place) in [
                ("interfaces/Ethernet1/mtu", Some((3, 9))),
                ("interfaces/Ethernet2/mtu", None),
                // Columns count characters.
                ("vlans/110/name", Some((4, 3))),
                ("vlans/20", Some((3, 44))),
                ("interfaces/xe-0/0/1/switched-vlan", Some((4, 7))),
                ("interfaces/xe-0/0/1.0/switched-vlan", Some((4, 7))),
            ] {
                assert_eq!(places.named(path), place, "{path}");
            }
        }
    }

    #[test]
    fn a_value_is_found_behind_its_place_on_one_line_or_on_the_next() {
        let text = "{\"name\": \"e1\", \"mtu\": 9}, {\"name\": \"e2\", \"mtu\": 9}\né e3 8 e4 8\n  8 7\n";
        let places = Places::of(text);
        for (own, value, place) in [
            ((1, 11), "9", (1, 23)),
            ((1, 37), "9", (1, 49)),
            ((1, 37), "7", (3, 5)),
            ((2, 3), "8", (2, 6)),
            ((2, 8), "8", (2, 11)),
            ((2, 8), "none", (2, 8)),
            ((9, 1), "7", (9, 1)),
        ] {
            assert_eq!(places.behind(own, value), place, "{own:?} {value}");
        }
        // A number of a list is pointed at, and nothing where the list does not begin there.
        let places = Places::of("é vlan 100,5000\n");
        assert_eq!((places.inside((1, 8), "100,5000", 4), places.inside((1, 3), "100,5000", 4)), ((1, 12), (1, 3)));
    }

    #[test]
    fn lines_of_a_port_are_those_that_name_it_and_those_in_them() {
        for (text, place, expected) in [
            ("a\ninterface e1\n  mtu 9\n  vlan 9\n  trunk 9\ninterface e2\n  vlan 9\n", (2, 11), vec![(4, 8), (5, 9)]),
            ("interface e1\n vlan 9\n!\n vlan 9\n", (1, 11), vec![(2, 7)]),
            ("set e1 vlan 9\nset e2 vlan 9\nset e1 trunk 9\n", (1, 5), vec![(1, 13), (3, 14)]),
            ("i {\n e1 {\n  v 9;\n }\n e2 {\n  v 9;\n }\n}\nv 9;\n", (2, 2), vec![(3, 5)]),
            (
                "<i>\n <name>e1</name>\n <c>\n  <v>9</v>\n </c>\n <w>9</w>\n</i>\n<v>9</v>\n",
                (2, 8),
                vec![(4, 6), (6, 5)],
            ),
            ("{\n\"name\": \"e1\",\n\"v\": 9\n},\n{\n\"name\": \"e2\",\n\"v\": 9\n}\n", (2, 10), vec![(3, 6)]),
        ] {
            let places = Places::of(text);
            let lines: Vec<_> = places.lines_of(place, "e1", "9").into_iter().map(|(_, place)| place).collect();
            assert_eq!(lines, expected, "{text}");
        }
    }

    #[test]
    fn a_line_that_says_the_whole_way_goes_before_one_that_names_the_port_alone() {
        let text = "set interfaces xe-0/0/1 disable\nset interfaces xe-0/0/2 mtu 9\nset interfaces xe-0/0/1 mtu 9\n\
                    path: /interfaces/interface[name=xe-0/0/1]/x/switched-vlan/config\n";
        let places = Places::of(text);
        for (leaf, line) in [("mtu", 3), ("switched-vlan", 4), ("description", 1)] {
            let place = places.named(&format!("interfaces/xe-0/0/1/{leaf}"));
            assert_eq!(place.map(|(line, _)| line), Some(line), "{leaf}");
        }
    }

    #[test]
    fn a_message_names_its_place_or_none() {
        let own = |text: &str| of_message(text);
        assert_eq!(own("line 3: a"), ("a".to_owned(), Some(3), None));
        assert_eq!(own("line 3 column 7: a: b"), ("a: b".to_owned(), Some(3), Some(7)));
        assert_eq!(own("a at line 3 column 0"), ("a".to_owned(), Some(3), Some(1)));
        assert_eq!(own("line of a command: b"), ("line of a command: b".to_owned(), None, None));
    }
}
