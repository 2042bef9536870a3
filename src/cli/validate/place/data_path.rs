//! Where in a text is what a data path of libyang's leads to.

use std::collections::BTreeMap;

use quick_xml::{Reader, events::Event};
use serde_json::value::RawValue;

use super::{column, found, found_apart, holds};

/// The line of the node that a path of libyang's leads to, as far as it can be seen: the
/// one that holds its name behind the one that holds the last key.
pub(in crate::cli::validate) fn of_data_path(path: &str, text: &str) -> Option<usize> {
    let key = path.rsplit_once("='").and_then(|(_, rest)| rest.split_once('\'').map(|(key, _)| key));
    let name = last(path);
    let begin = key.and_then(|key| text.lines().position(|line| holds(line, key)));
    let behind = text.lines().enumerate().skip(begin.unwrap_or_default()).find(|(_, line)| holds(line, &name));
    behind.map(|(index, _)| index).or(begin).map(|index| index + 1)
}

/// The octet of what a message quotes, or else of the node that a data path leads to, in a
/// part of a text: its words stand there one behind the other, but for keys, which may stand
/// behind what they are keys of. The last of them that is found, where not all are.
pub(in crate::cli::validate) fn within(text: &str, at: std::ops::Range<usize>, path: &str, quoted: &str) -> usize {
    let begin = at.start;
    let part = text.get(at).unwrap_or_default();
    // Where each of them is; what is not there is passed over, as a path's prefix may be.
    let walk = |words: &[&str]| {
        let mut from = 0;
        let mut octet = |word: &&str| {
            let rest = part.get(from..)?;
            // Of a path that is written as one the names stand between slashes.
            let octet = from + found_apart(rest, word).or_else(|| found(rest, word))?;
            from = octet + word.len();
            Some(octet)
        };
        words.iter().map(&mut octet).collect::<Vec<_>>()
    };
    let (with_keys, names) = words(path);
    let value = |words: &[&str]| match walk(&[words, &[quoted]].concat()).as_slice() {
        [.., Some(_), Some(value)] if !quoted.is_empty() => Some(*value),
        _ => None,
    };
    let (node, in_any_order) = (walk(&with_keys), walk(&names));
    let last = || [&node, &in_any_order].into_iter().find_map(|all| *all.last()?);
    // What it quotes may stand before what leads to it.
    let anywhere = || found(part, quoted).filter(|_| node.iter().all(Option::is_some) && !quoted.is_empty());
    let found = value(&with_keys).or_else(|| value(&names)).or_else(anywhere).or_else(last);
    begin + found.or_else(|| node.iter().rev().find_map(|octet| *octet)).unwrap_or_default()
}

/// The names of a data path with the keys between them, and without.
pub(in crate::cli::validate) fn words(path: &str) -> (Vec<&str>, Vec<&str>) {
    let (mut all, mut names, mut rest) = (Vec::new(), Vec::new(), path);
    while let Some(behind) = rest.strip_prefix('/') {
        let end = behind.find(['/', '[']).unwrap_or(behind.len());
        let (name, behind) = behind.split_at(end);
        let name = name.rsplit(':').next().unwrap_or(name);
        all.push(name);
        names.push(name);
        rest = behind;
        while let Some(inside) = rest.strip_prefix('[') {
            let Some((_, value)) = inside.split_once('=') else { return (all, names) };
            let Some(quote @ ('\'' | '"')) = value.chars().next() else { return (all, names) };
            let Some((key, behind)) = value.get(1..).and_then(|value| value.split_once(quote)) else {
                return (all, names);
            };
            all.push(key);
            rest = behind.strip_prefix(']').unwrap_or(behind);
        }
    }
    (all, names)
}

/// The name of the node that a data path leads to.
pub(in crate::cli::validate) fn last(path: &str) -> String {
    without_keys(path).rsplit(['/', ':']).next().unwrap_or_default().to_owned()
}

/// `/a:b/c[name='x']/d` is `/a:b/c/d`.
pub(in crate::cli::validate) fn without_keys(path: &str) -> String {
    let (mut plain, mut depth, mut quote) = (String::new(), 0usize, None);
    for c in path.chars() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            (_, Some(_)) => {}
            ('\'' | '"', None) if depth > 0 => quote = Some(c),
            ('[', None) => depth += 1,
            (']', None) => depth = depth.saturating_sub(1),
            (c, None) if depth == 0 => plain.push(c),
            _ => {}
        }
    }
    plain
}

/// The column of what a message quotes, or else of the node that its path leads to, in a
/// line: of several alike the one behind the keys of its path and the node's name, since a
/// line may be the whole of a file.
pub(in crate::cli::validate) fn in_line(line: &str, quoted: &str, path: &str) -> Option<usize> {
    let name = last(path);
    let behind = |from: usize, word: &str| {
        let rest = line.get(from..).filter(|_| !word.is_empty())?;
        found(rest, word).map(|at| from + at)
    };
    let keys = path.split("='").skip(1).filter_map(|rest| rest.split_once('\'')).map(|(key, _)| key);
    let (mut entry, mut own_key) = (0, None);
    for key in keys {
        if let Some(at) = behind(entry, key) {
            own_key = (key == quoted).then_some(at);
            entry = at + key.len();
        }
    }
    let look = |from| {
        let node = behind(from, &name)?;
        Some((node, behind(node + name.len(), quoted)))
    };
    // What is quoted may be the entry's key itself, and keys of JSON may stand behind what they are
    // keys of.
    let near = look(entry);
    let value = near.and_then(|(_, value)| value).or(own_key);
    let looked = near.or_else(|| look(0));
    let value = value.or_else(|| looked.and_then(|(_, value)| value)).or_else(|| behind(0, quoted));
    value.or(looked.map(|(node, _)| node)).map(|octet| column(line, octet))
}

/// The octet of the first entry of a list that does not have this key, which are known by their
/// local names; in XML of its name, in JSON of its brace.
pub(in crate::cli::validate) fn keyless(text: &str, list: &str, key: &str) -> Option<usize> {
    if text.trim_start().starts_with('<') {
        return keyless_in_xml(text, list, key);
    }
    keyless_in_json(serde_json::from_str(text).ok()?, list, key).map(|octet| octet - text.as_ptr().addr())
}

fn keyless_in_xml(text: &str, list: &str, key: &str) -> Option<usize> {
    let mut reader = Reader::from_str(text);
    // Where each open element begins that may be such an entry, and whether it has other elements,
    // and the key: a leaf may be called as the list.
    let mut open: Vec<(Option<usize>, bool, bool)> = Vec::new();
    loop {
        let begin = usize::try_from(reader.buffer_position()).ok()?;
        let event = reader.read_event().ok()?;
        match &event {
            Event::Start(tag) | Event::Empty(tag) => {
                let name = tag.local_name();
                let is_entry = name.as_ref() == list;
                if let Some((_, has_elements, has_key)) = open.last_mut() {
                    *has_elements = true;
                    *has_key |= name.as_ref() == key;
                }
                match &event {
                    Event::Empty(_) if is_entry => return Some(begin + 1),
                    Event::Empty(_) => {}
                    _ => open.push((is_entry.then_some(begin + 1), false, false)),
                }
            }
            Event::End(_) => {
                if let (Some(begin), true, false) = open.pop()? {
                    return Some(begin);
                }
            }
            Event::Eof => return None,
            _ => {}
        }
    }
}

/// The address of that entry in a value.
fn keyless_in_json(value: &RawValue, list: &str, key: &str) -> Option<usize> {
    if let Ok(members) = serde_json::from_str::<BTreeMap<String, &RawValue>>(value.get()) {
        let below = members.iter().filter_map(|(name, member)| {
            let entries = serde_json::from_str::<Vec<&RawValue>>(member.get()).ok();
            let entries = entries.filter(|_| local(name) == list).unwrap_or_default();
            let has_key = |entry: &&RawValue| {
                let own = serde_json::from_str::<BTreeMap<String, &RawValue>>(entry.get());
                own.is_ok_and(|own| own.keys().any(|name| local(name) == key))
            };
            let own = entries.iter().find(|entry| !has_key(entry)).map(|entry| entry.get().as_ptr().addr());
            own.or_else(|| keyless_in_json(member, list, key))
        });
        return below.min();
    }
    let values = serde_json::from_str::<Vec<&RawValue>>(value.get()).ok()?;
    values.into_iter().find_map(|value| keyless_in_json(value, list, key))
}

fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::{super::Counted, *};

    #[test]
    fn what_is_behind_a_path_that_is_written_as_one_is_found() {
        let text = "- path: \"/m:a/b[name=x]/config\"\n  value: {colour: red, mtu: 7}\n";
        for (quoted, column) in [("colour", 11), ("7", 29)] {
            let path = if quoted == "7" { "/m:a/b[name='x']/config/mtu" } else { "/m:a/b[name='x']/config" };
            let octet = within(text, 0..text.len(), path, quoted);
            assert_eq!(Counted::of(text).place(octet), (2, column), "{quoted}");
        }
    }

    #[test]
    fn what_a_part_of_a_text_says_is_found_there_alone() {
        let text = "{\"updates\": [\n {\"path\": \"/a/b[name=x]\", \"value\": {\"mtu\": 7}},\n \
                    {\"path\": \"/a/b[name=y]\", \"value\": {\n \"name\": \"y\", \"mtu\": 7, \"colour\": \"é\", \"hue\": 7}}]}";
        let second = text.find("/a/b[name=y]").unwrap() - 10;
        let mut counted = Counted::of(text);
        for (path, quoted, place) in [
            ("/m:a/b[name='y']/mtu", "7", (4, 22)),
            // An unknown node, by its parent.
            ("/m:a/b[name='y']", "colour", (4, 26)),
            ("/m:a/b[name='y']/hue", "7", (4, 47)),
            ("/m:a/b[name='y']/mtu", "no such value", (4, 16)),
            ("/m:a/b[name='y']/config/mtu", "7", (4, 22)),
            // Nothing is behind the path in base64.
            ("/m:a/b[name='y']/elsewhere", "x", (3, 22)),
        ] {
            let octet = within(text, second..text.len(), path, quoted);
            assert_eq!(counted.place(octet), place, "{path} {quoted}");
        }
        assert_eq!(counted.place(0), (1, 1));
    }

    #[test]
    fn an_entry_without_its_key_is_found_among_those_that_have_it() {
        for (text, expected) in [
            ("<a><b><k>1</k></b><b><c><k>2</k></c></b></a>", Some("b><c><k>2")),
            ("<x:a xmlns:x=\"u\"><x:b><x:k/></x:b><d><b>leaf</b></d><x:b/></x:a>", Some("x:b/>")),
            ("<a><b><k>1</k><b>leaf</b></b></a>", None),
            ("<a><b><k>1</k></b", None),
            ("{\"m:a\": {\"b\": [{\"m:k\": 1}, {\"c\": {\"k\": 2}}]}}", Some("{\"c\"")),
            ("{\"m:a\": [{\"b\": [{\"k\": 1, \"b\": 2}]}, {\"b\": [{\"c\": 3}]}]}", Some("{\"c\"")),
            ("{\"a\": {\"b\": [{\"k\": 1}]}}", None),
            ("{\"a\": ", None),
        ] {
            let found = keyless(text, "b", "k").map(|octet| &text[octet..]);
            assert!(
                found.zip(expected).is_some_and(|(found, begin)| found.starts_with(begin)) || found == expected,
                "{text}: {found:?}"
            );
        }
    }

    #[test]
    fn a_value_is_found_behind_the_node_that_has_it() {
        let line = "<a><low>5</low><high>5</high></a>";
        assert_eq!(in_line(line, "5", "/m:top/a/high"), Some(22));
        assert_eq!(in_line(line, "5", "/m:top/a/low"), Some(9));
        assert_eq!(in_line(line, "6", "/m:top/a/high"), Some(17), "the node, where no such value is");
        assert_eq!(in_line(line, "6", "/m:top/port[name='et-0/0/1']"), None);
        assert_eq!(in_line("<low/><high/>", "", "/m:top/port[name='a'][vlan='b']/high"), Some(8));
        let ports = "<port><name>a</name><mtu>7</mtu></port><port><name>b</name><mtu>7</mtu></port>";
        assert_eq!(in_line(ports, "7", "/m:top/port[name='a']/mtu"), Some(26));
        assert_eq!(in_line(ports, "7", "/m:top/port[name='b']/mtu"), Some(65));
        let twice = "<a><name>x</name><b><id>110</id><id2>1</id2></b></a><a><name>y</name><b><id>110</id></b></a>";
        assert_eq!(in_line(twice, "110", "/m:a[name='y']/b[id='110']/id"), twice.rfind("110").map(|at| at + 1));
        assert_eq!(in_line("{\"mtu\": 7, \"name\": \"a\"}", "7", "/m:top/port[name='a']/mtu"), Some(9));
        assert_eq!(in_line("<port><name>et-0/0/1</name>", "", "/m:top/port[name='et-0/0/1']"), Some(2));
    }
}
