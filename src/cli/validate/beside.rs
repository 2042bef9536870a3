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
        Code::ReadingUnknown => !told.tells(finding, &[Code::SchemaUnknownNode]) && !told.keyless(finding),
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
        let Some(index) = own.iter().position(|own| is_one_key(own, finding)) else { return finding.clone() };
        let Some(own) = own.get(index).filter(|_| found.insert(index)) else { return finding.clone() };
        let help = Some(own.code.advice().to_owned());
        let Finding { line, column, .. } = **own;
        Finding { severity: Severity::Error, message: own.message.clone(), line, column, help, ..finding.clone() }
    };
    let told = schema.iter().map(&mut in_own_words).collect();
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
            let leaf = schema.message.split_once("\"../config/").and_then(|(_, rest)| rest.split_once('"'));
            let (key, leaf) = (quoted(schema).next().unwrap_or_default(), leaf.map_or("", |(leaf, _)| leaf));
            !leaf.is_empty() && own.message.contains(&format!("[{key}]/config/{leaf} is "))
        }
        (Code::ReadingDuplicate, Code::SchemaDuplicate) => {
            own.message.strip_prefix(&*plain(&schema.field)).is_some_and(|rest| rest.starts_with(" is there "))
        }
        _ => false,
    }
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
    /// Lists with an entry that has no key; libyang leaves out what is above them.
    keyless: BTreeSet<String>,
}

impl<'f> Told<'f> {
    fn of(schema: &'f Findings, text: Option<&'f str>) -> Self {
        let (mut by_place, mut by_port) = (BTreeMap::<_, Vec<_>>::new(), BTreeMap::<_, Vec<_>>::new());
        for finding in schema {
            if let Some(line) = finding.line {
                by_place.entry((line, column(finding).unwrap_or_default())).or_default().push(finding);
            }
            let port = finding.field.split_once("/interface[name='").and_then(|(_, rest)| rest.split_once("']"));
            if let (Some((port, _)), Some(word), Code::SchemaValue) = (port, quoted(finding).next(), finding.code) {
                by_port.entry(port).or_default().push(word);
            }
        }
        let lines = text.into_iter().flat_map(str::lines).map(|line| (line, OnceCell::new()));
        let without_key = schema.iter().filter(|finding| finding.code == Code::SchemaMissingKey);
        let keyless = without_key.map(|finding| plain(&finding.field)).collect();
        Self { by_place, lines: lines.collect(), by_port, keyless }
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
mod tests {
    use super::*;

    fn place(code: Code, line: usize, column: usize, message: &str) -> Finding {
        Finding::error(code, message).at("a.xml".as_ref(), Some(line)).column(Some(column))
    }

    fn kept(own: Vec<Finding>, schema: Vec<Finding>, text: &str) -> Vec<String> {
        let told = beside(&own.into_iter().collect(), &schema.into_iter().collect(), false, Some(text));
        told.iter().map(|one| one.message.clone()).collect()
    }

    #[test]
    fn of_a_key_is_told_once_in_the_words_that_say_which() {
        let path = "/m:interfaces/interface[name='e1']";
        let reference = "Invalid leafref value \"e1\" - no target instance \"../config/name\" with the same value";
        let key =
            |port: &str| place(Code::ReadingKey, 4, 9, &format!("/interfaces/interface[{port}]/config/name is e9, …"));
        let twice = place(Code::ReadingDuplicate, 7, 3, "/interfaces/interface[e1] is there 2 times; …");
        for (own, schema, is_one) in [
            (key("e1"), place(Code::SchemaReference, 3, 2, reference).field(format!("{path}/name")), true),
            (key("e2"), place(Code::SchemaReference, 3, 2, reference).field(format!("{path}/name")), false),
            (
                twice.clone(),
                place(Code::SchemaDuplicate, 2, 2, "Duplicate instance of \"interface\"").field(path),
                true,
            ),
            (twice, place(Code::SchemaDuplicate, 2, 2, "Duplicate instance of \"a\"").field("/m:a[name='e1']"), false),
        ] {
            let schema = Finding { severity: Severity::Warning, ..schema };
            let mut checked = [Checked::of(String::new(), "reading", own.clone().into())];
            let told = united(&mut checked, &schema.clone().into());
            let told = told.iter().next().unwrap();
            assert_eq!(checked[0].findings.is_empty(), is_one, "{told}");
            let expected = if is_one {
                (&own.message, Severity::Error, own.line)
            } else {
                (&schema.message, Severity::Warning, schema.line)
            };
            assert_eq!((&told.message, told.severity, told.line), expected);
        }
        // An entry without its key has no words of its own.
        let unread = place(Code::ReadingUnknown, 1, 1, "/interfaces/interface: dialect openconfig does not read it");
        let missing = place(Code::SchemaMissingKey, 7, 9, "missing").field("/m:interface");
        assert_eq!(kept(vec![unread.clone()], vec![missing], "").len(), 0);
        assert_eq!(kept(vec![unread], vec![place(Code::SchemaMissingKey, 7, 9, "missing").field("/m:a")], "").len(), 1);
    }

    #[test]
    fn what_modules_tell_at_another_place_hides_nothing() {
        for text in [
            "<config>\n<a xmlns=\"urn:x\"/> <b xmlns=\"urn:y\"/>\n<c/></config>",
            "<config>\n<é xmlns=\"urn:x\"/> <b xmlns=\"urn:y\"/>\n<c/></config>",
        ] {
            let own = || {
                [(2, 1), (2, 20), (3, 1)]
                    .map(|(line, column)| place(Code::ReadingNamespace, line, column, &format!("{line} {column}")))
                    .into()
            };
            for (schema, expected) in [
                (place(Code::SchemaNamespace, 2, 11, "x"), &["2 20", "3 1"][..]),
                (place(Code::SchemaNamespace, 2, 21, "x"), &["2 1", "3 1"]),
                (place(Code::SchemaUnknownNode, 3, 2, "\"m:3\""), &["2 1", "2 20"]),
                (place(Code::SchemaUnknownNode, 3, 2, "\"4\""), &["2 1", "2 20", "3 1"]),
                (place(Code::SchemaValue, 2, 1, "x"), &["2 1", "2 20", "3 1"]),
                (Finding::error(Code::SchemaNamespace, "x").at("a.xml".as_ref(), Some(2)), &["3 1"]),
            ] {
                assert_eq!(kept(own(), vec![schema.clone()], text), expected, "{schema}");
            }
        }
    }

    /// Of one value in base64 all is at one place.
    #[test]
    fn another_mistake_at_the_same_place_hides_nothing() {
        let own = vec![
            place(Code::ReadingValue, 1, 5, "Ethernet1: mtu \"99999\" is none"),
            place(Code::ReadingValue, 1, 5, "Ethernet1: access-vlan \"9999\" is none"),
            place(Code::ReadingUnknown, 1, 5, "/interfaces/interface[Ethernet1]/config/colour: nobody reads it"),
            place(Code::ReadingUnknown, 1, 5, "/interfaces/interface[Ethernet1]/config/hue: nobody reads it"),
        ];
        let schema = vec![
            place(Code::SchemaValue, 1, 5, "Value \"99999\" is out of bounds"),
            place(Code::SchemaUnknownNode, 1, 5, "Node \"m:colour\" not found"),
        ];
        let told = kept(own, schema, "aaaaaaaaaaaa");
        assert!(matches!(&told[..], [one, other] if one.contains("access-vlan") && other.contains("hue")), "{told:?}");
    }

    #[test]
    fn a_port_s_words_are_told_once_wherever_that_is() {
        let own = |port: &str, held: &str| {
            let message =
                format!("{port}: switched-vlan holds foreign ({held}), which dialect openconfig has no word for");
            Finding::warning(Code::ReadingForeign, message).field(format!("interfaces/{port}/switched-vlan"))
        };
        let path = "/m:interfaces/interface[name='xe-0/0/1']/v/config/interface-mode";
        let schema = place(Code::SchemaValue, 9, 9, "Invalid enumeration value \"ACESS\"").field(path);
        for (port, held, is_kept) in [
            ("xe-0/0/1", "interface-mode \"ACESS\", access-vlan \"110\"", false),
            ("xe-0/0/1", "interface-mode \"ACESS\", access-vlan \"servers\"", true),
            ("xe-0/0/2", "interface-mode \"ACESS\"", true),
        ] {
            let told = kept(vec![own(port, held)], vec![schema.clone()], "");
            assert_eq!(!told.is_empty(), is_kept, "{port} {held}");
        }
    }

    #[test]
    fn a_value_of_no_port_is_told_once_for_each() {
        let own = || {
            [(7, "e1"), (12, "e2"), (17, "e3")]
                .map(|(line, port)| place(Code::ReadingValue, line, 1, &format!("{port}: mtu \"70000\" is none")))
                .into()
        };
        let schema = |lines: &[usize]| -> Vec<Finding> {
            let one = |line: &usize| {
                place(Code::SchemaValue, *line, 9, "Value \\\"70000\\\" is out").field("/m:interface/config/mtu")
            };
            lines.iter().map(one).collect()
        };
        for (lines, expected) in
            [(&[6][..], &["e2", "e3"][..]), (&[11, 16], &["e1"]), (&[6, 5], &["e3"]), (&[], &["e1", "e2", "e3"])]
        {
            let told = kept(own(), schema(lines), "");
            let ports: Vec<&str> = told.iter().map(|one| &one[..2]).collect();
            assert_eq!(ports, expected, "{lines:?}");
        }
    }

    /// Twice as many findings take twice as much, however many are on one line.
    #[test]
    fn each_finding_is_held_against_those_of_its_own_tag_alone() {
        let compared = |count: usize, separator: &str| {
            let text = vec!["<a mtu='9'/>"; count].join(separator);
            let placed = |code, at: usize| {
                let own = at * ("<a mtu='9'/>".len() + separator.chars().count());
                let (line, column) = if separator == "\n" { (at + 1, 1) } else { (1, own + 1) };
                place(code, line, column + 3, &format!("\"9\" {at}"))
            };
            let schema: Findings = (0..count).map(|at| placed(Code::SchemaValue, at)).collect();
            let told = Told::of(&schema, Some(&text));
            (0..count).map(|at| told.near(&placed(Code::ReadingValue, at)).count()).sum::<usize>()
        };
        for separator in ["\n", " ", "é"] {
            assert_eq!((compared(50, separator), compared(400, separator)), (50, 400), "{separator:?}");
        }
    }

    #[test]
    fn what_is_within_a_word_is_told_at_its_beginning() {
        let text = "{\n \"a\": \"AAAAAAAA\", \"b\": \"BBBB\"}";
        let spans = [text.find('A').unwrap()..text.find("\",").unwrap(), text.find("BBBB").unwrap()..text.len() - 2];
        let columns = [3, 8, 9, 15, 16, 19, 25, 28, 29];
        let findings = columns.iter().map(|column| place(Code::SchemaValue, 2, *column, &column.to_string())).collect();
        let mut checked = [Checked::of(String::new(), "schema", findings)];
        at_begins(&mut checked, text, &spans);
        let told: Vec<_> = checked[0].findings.iter().map(|one| column(one).unwrap()).collect();
        assert_eq!(told, [3, 8, 8, 8, 16, 19, 25, 25, 29], "{spans:?}");
    }
}
