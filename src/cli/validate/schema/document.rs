//! What of a document the modules speak of. All else becomes blanks, so that every line
//! stays what it is, and every column but behind what is declared anew.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use mercury_adapter::place;
use quick_xml::{
    NsReader,
    events::{BytesStart, Event, attributes::Attribute},
    name::ResolveResult,
};
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::spoken::{self, Spoken};
use crate::registry::is_junos;

/// NETCONF's namespace (RFC 6241 section 3.1).
const BASE: &str = "urn:ietf:params:xml:ns:netconf:base:1.0";
/// Elements may stand so deep in one another; libyang goes down with each.
const MAX_DEPTH: usize = 64;
/// What holds data, one in another.
const AROUND: [&str; 5] = ["rpc", "rpc-reply", "edit-config", "data", "config"];

/// What stands beside the data.
const BESIDE: [&str; 6] = ["target", "source", "default-operation", "test-option", "error-option", "with-defaults"];

/// What an edit may do with a node (RFC 6241 section 7.2).
const OPERATIONS: [&str; 5] = ["merge", "replace", "create", "delete", "remove"];
/// What an edit may say beside its data in one word (RFC 6241 section 7.2).
const WORDS: [(&str, &[&str]); 3] = [
    ("default-operation", &["merge", "replace", "none"]),
    ("test-option", &["test-then-set", "set", "test-only"]),
    ("error-option", &["stop-on-error", "continue-on-error", "rollback-on-error"]),
];

/// A document without what is around its data. Places are octets of the document as it was.
#[derive(Default)]
pub(super) struct Plain {
    pub(super) text: String,
    /// Operations that are none, for want of a namespace.
    pub(super) unqualified: Vec<usize>,
    /// Words that mean nothing where they stand, each with what may stand there.
    pub(super) unknown: Vec<(usize, String)>,
    /// Elements in no module's namespace: libyang passes them over.
    pub(super) nobodys: Vec<(usize, String)>,
    /// What is taken away, with all that is in it and the way to it; each behind what it is in.
    pub(super) taken: Vec<Taken>,
    /// What was put in, in the order of the text.
    pub(super) added: Vec<Added>,
}

/// A node that is taken away, or is on the way to one.
pub(super) struct Taken {
    pub(super) namespace: Arc<str>,
    pub(super) name: String,
    /// What it is in, by its place among all of them.
    pub(super) parent: Option<usize>,
    pub(super) at: usize,
}

/// What was put into a line of a document.
pub(super) struct Added {
    /// The line, counted from 1.
    line: usize,
    /// Where in that line it begins, counted from 1.
    column: usize,
    characters: usize,
}

/// The column that was a line's before something was put into it.
pub(super) fn as_written(line: usize, column: usize, added: &[Added]) -> usize {
    let before = added.iter().filter(|one| one.line == line && one.column < column);
    column - before.map(|one| one.characters.min(column - one.column)).sum::<usize>()
}

/// The data of a JSON document: RESTCONF's `data` is taken away.
///
/// # Errors
/// A sentence: it is not JSON, or too deep.
pub(super) fn json(text: &str) -> Result<Plain, String> {
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| error.to_string())?;
    if levels(text) > MAX_DEPTH {
        return Err(format!("more than {MAX_DEPTH} levels"));
    }
    let inner = serde_json::from_str::<BTreeMap<String, &RawValue>>(text).ok().and_then(|members| {
        let is_around = |name: &str| name == "data" || name.ends_with(":data");
        match members.iter().next() {
            Some((name, value)) if members.len() == 1 && is_around(name) => Some(value.get()),
            _ => None,
        }
    });
    let text = match inner {
        None => text.to_owned(),
        Some(inner) => {
            let at = offset(text, inner);
            let mut blank = Blanked::of(text);
            blank.out(0..at);
            blank.out(at + inner.len()..text.len());
            blank.text()
        }
    };
    Ok(Plain { text, ..Plain::default() })
}

/// How deep objects and arrays of JSON stand in one another.
fn levels(text: &str) -> usize {
    let (mut deepest, mut depth, mut is_string, mut is_escaped) = (0, 0_usize, false, false);
    for octet in text.bytes() {
        match octet {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_string => is_escaped = true,
            b'"' => is_string = !is_string,
            b'{' | b'[' if !is_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !is_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Where a piece of a text begins.
fn offset(text: &str, piece: &str) -> usize {
    piece.as_ptr().addr().saturating_sub(text.as_ptr().addr()).min(text.len())
}

/// A text, and which parts of it become blanks.
struct Blanked(Vec<u8>);

impl Blanked {
    fn of(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }

    fn out(&mut self, range: Range<usize>) {
        for octet in self.0.get_mut(range).into_iter().flatten().filter(|octet| **octet != b'\n') {
            *octet = b' ';
        }
    }

    fn text(self) -> String {
        String::from_utf8(self.0).unwrap_or_default()
    }
}

/// The data of an XML document: without what is around it, NETCONF's own attributes, and
/// what an edit takes away; in the namespaces of the modules where it is spoken in another.
///
/// # Errors
/// A sentence with line and column: it is not well-formed.
pub(super) fn xml(text: &str, spoken: Option<&Spoken>) -> Result<Plain, String> {
    let mut walk = Walk {
        text,
        spoken,
        blank: Blanked::of(text),
        plain: Plain::default(),
        declared: Vec::new(),
        inserts: Vec::new(),
        open: Vec::new(),
        // What nothing is taken away of needs no looking after.
        is_edit: text.contains("operation"),
    };
    let wrong = |octet: usize, reason: String| {
        let (line, column) = place(text, octet);
        format!("line {line} column {column}: {reason}")
    };
    let mut reader = NsReader::from_str(text);
    let mut depth = 0_usize;
    // How many open elements are inside the data, and the one of them that is taken away.
    let (mut inside, mut gone): (usize, Option<(usize, usize)>) = (0, None);
    // Whether what is open stands beside the data, and which words it may have.
    let (mut is_aside, mut beside): (bool, Option<&(&str, &[&str])>) = (false, None);
    // Whether the data are in Junos' own namespace, or in none as Junos takes them.
    let mut is_spoken = false;
    loop {
        let begin = at(&reader);
        let event = reader.read_event();
        let at_error = usize::try_from(reader.error_position()).unwrap_or(usize::MAX);
        let event = event.map_err(|error| wrong(at_error, error.to_string()))?;
        let end = at(&reader);
        match &event {
            Event::Start(tag) | Event::Empty(tag) => {
                let is_open = matches!(event, Event::Start(_));
                depth += usize::from(is_open);
                if depth > MAX_DEPTH {
                    return Err(wrong(begin, format!("more than {MAX_DEPTH} levels")));
                }
                if inside == 0 && AROUND.contains(&tag.local_name().as_ref()) {
                    walk.around(tag);
                    walk.blank.out(begin..end);
                    continue;
                }
                let is_beside = inside == 0 && BESIDE.contains(&tag.local_name().as_ref());
                let meant = walk.meant(&reader, tag, inside).filter(|_| !is_beside && !is_aside);
                if inside == 0 && !is_beside {
                    is_spoken = meant.is_some();
                }
                if !is_beside && gone.is_none() && !is_spoken && is_nobodys(&reader, tag) {
                    walk.plain.nobodys.push((begin, tag.local_name().as_ref().to_owned()));
                }
                if is_beside {
                    is_aside = is_open;
                    beside = WORDS.iter().find(|(name, _)| *name == tag.local_name().as_ref());
                }
                let is_taken = walk.attributes(&reader, tag) || is_beside;
                let meant = meant.filter(|_| inside == 0 || is_spoken);
                if walk.is_edit && !is_beside && !is_aside {
                    walk.enter(&reader, tag, meant.clone(), (begin, is_taken || gone.is_some()));
                    walk.open.truncate(walk.open.len() - usize::from(!is_open));
                }
                let behind_name = begin + 1 + tag.name().as_ref().len();
                if inside == 0 && !is_beside {
                    walk.declare(behind_name);
                }
                if let Some(namespace) = meant {
                    walk.speak(tag, &namespace, behind_name);
                }
                inside += usize::from(is_open);
                if is_taken && gone.is_none() {
                    if is_open {
                        gone = Some((inside, begin));
                    } else {
                        walk.blank.out(begin..end);
                    }
                }
            }
            Event::End(_) if inside == 0 => {
                walk.blank.out(begin..end);
                depth = depth.saturating_sub(1);
            }
            Event::End(_) => {
                depth -= 1;
                walk.open.pop();
                (is_aside, beside) = (is_aside && inside > 1, None);
                if let Some((_, from)) = gone.filter(|(depth, _)| *depth == inside) {
                    walk.blank.out(from..end);
                    gone = None;
                }
                inside -= 1;
            }
            Event::DocType(_) => return Err(wrong(begin, "DOCTYPE is forbidden".to_owned())),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => walk.blank.out(begin..end),
            Event::Eof if depth > 0 => return Err(wrong(begin, "the document ends inside an element".to_owned())),
            Event::Eof => return Ok(walk.done()),
            Event::Text(own) if beside.is_some_and(|(_, words)| !words.contains(&own.xml10_content().trim())) => {
                let (name, words) = beside.copied().unwrap_or_default();
                let reason = format!("{name} is one of {}, not {:?}", words.join(", "), own.xml10_content().trim());
                walk.plain.unknown.push((begin, reason));
            }
            _ if inside == 0 => walk.blank.out(begin..end),
            _ => {}
        }
    }
}

fn at(reader: &NsReader<&[u8]>) -> usize {
    usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX)
}

/// The namespace that an element is in.
fn namespace<'r>(reader: &'r NsReader<&[u8]>, tag: &'r BytesStart<'_>) -> Option<&'r str> {
    match reader.resolver().resolve_element(tag.name()).0 {
        ResolveResult::Bound(space) => Some(space.into_inner()),
        ResolveResult::Unbound | ResolveResult::Unknown(_) => None,
    }
}

/// Whether it is in no module's namespace.
fn is_nobodys(reader: &NsReader<&[u8]>, tag: &BytesStart<'_>) -> bool {
    namespace(reader, tag).is_none_or(|own| own == BASE)
}

struct Walk<'t> {
    text: &'t str,
    spoken: Option<&'t Spoken>,
    blank: Blanked,
    plain: Plain,
    /// The prefixes that are declared around the data.
    declared: Vec<String>,
    /// Where they are to be declared instead, and other words that are put in; in the order
    /// of the text.
    inserts: Vec<(usize, Arc<str>)>,
    /// The elements of the data that are open, where it may be an edit.
    open: Vec<Open>,
    is_edit: bool,
}

/// An element of the data, and where it is among those that are taken away, if it is.
struct Open {
    namespace: Arc<str>,
    name: String,
    at: usize,
    /// Whether it is spoken in Junos' own namespace.
    is_spoken: bool,
    taken: Option<usize>,
}

impl Walk<'_> {
    fn around(&mut self, tag: &BytesStart<'_>) {
        for attribute in tag.attributes().flatten() {
            let key = attribute.key.as_ref().to_owned();
            if key.starts_with("xmlns:") {
                let value = attribute.value.clone().into_owned();
                self.declared.push(format!(" {key}=\"{value}\""));
            }
        }
    }

    fn declare(&mut self, at: usize) {
        if !self.declared.is_empty() {
            self.inserts.push((at, self.declared.concat().into()));
        }
    }

    /// The namespace that the modules have for an element, so deep in the data, of Junos' own.
    fn meant(&self, reader: &NsReader<&[u8]>, tag: &BytesStart<'_>, depth: usize) -> Option<Arc<str>> {
        let spoken = self.spoken.filter(|_| tag.name().prefix().is_none())?;
        let space = namespace(reader, tag);
        spoken.meant(space, depth, tag.local_name().as_ref()).cloned()
    }

    /// Has an element be in that namespace, with all in it that says nothing else.
    fn speak(&mut self, tag: &BytesStart<'_>, namespace: &str, at: usize) {
        for attribute in tag.attributes().flatten().filter(|own| own.key.as_ref() == "xmlns") {
            self.out(&attribute);
        }
        self.inserts.push((at, format!(" xmlns=\"{namespace}\"").into()));
    }

    /// Takes an attribute away, with the quote behind the value.
    fn out(&mut self, attribute: &Attribute<'_>) {
        let from = offset(self.text, attribute.key.as_ref());
        self.blank.out(from..offset(self.text, &attribute.value) + attribute.value.len() + 1);
    }

    /// Goes into an element of the data, in the namespace that is meant where that is not the
    /// one it is in; keeps it and the way to it where it is taken away.
    fn enter(
        &mut self,
        reader: &NsReader<&[u8]>,
        tag: &BytesStart<'_>,
        meant: Option<Arc<str>>,
        (at, is_taken): (usize, bool),
    ) {
        let above = self.open.last().filter(|above| above.is_spoken && tag.name().prefix().is_none());
        let is_spoken = meant.is_some() || above.is_some();
        let space = namespace(reader, tag);
        let namespace = match (meant, above) {
            (Some(meant), _) => meant,
            (None, Some(above)) if is_junos(space) => Arc::clone(&above.namespace),
            (None, _) => match self.open.last().filter(|above| space.is_some_and(|own| *above.namespace == *own)) {
                Some(above) => Arc::clone(&above.namespace),
                None => space.map(Arc::from).unwrap_or_default(),
            },
        };
        self.open.push(Open { namespace, name: tag.local_name().as_ref().to_owned(), at, is_spoken, taken: None });
        let (mut parent, taken) = (None, &mut self.plain.taken);
        for open in self.open.iter_mut().filter(|_| is_taken) {
            let own = open.taken.get_or_insert_with(|| {
                let (namespace, name) = (Arc::clone(&open.namespace), open.name.clone());
                taken.push(Taken { namespace, name, parent, at: open.at });
                taken.len() - 1
            });
            parent = Some(*own);
        }
    }

    /// Takes NETCONF's attributes away; says whether the element is taken away.
    fn attributes(&mut self, reader: &NsReader<&[u8]>, tag: &BytesStart<'_>) -> bool {
        let mut is_taken = false;
        // Most have none.
        if tag.attributes_raw().trim_ascii().is_empty() {
            return false;
        }
        for attribute in tag.attributes().flatten() {
            let (space, name) = reader.resolver().resolve_attribute(attribute.key);
            let is_base = matches!(space, ResolveResult::Bound(space) if space.as_ref() == BASE);
            let is_bare = attribute.key.prefix().is_none() && name.as_ref() == "operation";
            if self.spoken.is_some() && attribute.key.as_namespace_binding().is_none() {
                let space = match &space {
                    ResolveResult::Bound(space) => Some(space.as_ref()),
                    _ => None,
                };
                let is_deleted = spoken::is_deleted(space, name.as_ref(), &attribute.value);
                if is_deleted || spoken::is_mark(space, name.as_ref()) {
                    self.out(&attribute);
                    is_taken |= is_deleted;
                    continue;
                }
            }
            if !is_base && !is_bare {
                continue;
            }
            self.out(&attribute);
            let from = offset(self.text, attribute.key.as_ref());
            if is_bare {
                self.plain.unqualified.push(from);
            } else if name.as_ref() == "operation" {
                is_taken |= matches!(&*attribute.value, "delete" | "remove");
                if !OPERATIONS.contains(&&*attribute.value) {
                    let reason = format!("an operation is one of {}, not {:?}", OPERATIONS.join(", "), attribute.value);
                    self.plain.unknown.push((offset(self.text, &attribute.value), reason));
                }
            }
        }
        is_taken
    }

    fn done(self) -> Plain {
        let Walk { blank, plain, inserts, .. } = self;
        let mut text = blank.text();
        // What became blanks needs none.
        let is_there = |at: usize| text.get(..at).is_some_and(|before| !before.ends_with(' '));
        let inserts: Vec<_> = inserts.into_iter().filter(|(at, _)| is_there(*at)).collect();
        let (mut added, mut from, mut line, mut column) = (Vec::new(), 0, 1, 1);
        for (at, words) in &inserts {
            let between = text.get(from..*at).unwrap_or_default();
            let own = between.rsplit_once('\n').map(|(_, own)| own);
            line += between.matches('\n').count();
            column = own.map_or(column, |_| 1) + own.unwrap_or(between).chars().count();
            let characters = words.chars().count();
            added.push(Added { line, column, characters });
            column += characters;
            from = *at;
        }
        for (at, words) in inserts.into_iter().rev() {
            text.insert_str(at, &words);
        }
        Plain { text, added, ..plain }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_into_a_line_moves_no_column() {
        let text = "<config xmlns:a=\"urn:a\"><top><x>é 1</x></top><top><x>2</x></top>\n<top>\n<x>3</x></top></config>";
        let plain = xml(text, None).unwrap();
        assert_eq!(plain.text.matches("xmlns:a=").count(), 3, "{}", plain.text);
        for wanted in ['1', '2', '3'] {
            let place = |text: &str| {
                let mut lines = text.lines().enumerate();
                lines.find_map(|(line, own)| Some((line + 1, own.chars().position(|c| c == wanted)? + 1))).unwrap()
            };
            let (line, column) = place(&plain.text);
            assert_eq!((line, as_written(line, column, &plain.added)), place(text), "{wanted}");
        }
    }

    #[test]
    fn what_an_edit_takes_away_is_kept_with_the_way_to_it() {
        let text = format!(
            "<edit-config xmlns=\"{BASE}\" xmlns:nc=\"{BASE}\"><target><candidate/></target>\
             <default-operation>often</default-operation><test-option>set</test-option><config>\
             <a xmlns=\"urn:a\"><b/><c nc:operation=\"delete\"><d/></c><e nc:operation=\"frobnicate\"/>\
             <f xmlns=\"urn:f\" nc:operation=\"remove\"/></a><g xmlns=\"urn:g\" operation=\"delete\"/></config></edit-config>"
        );
        let plain = xml(&text, None).unwrap();
        let taken = plain.taken.iter().map(|one| (&*one.namespace, one.name.as_str(), one.parent));
        let expected =
            [("urn:a", "a", None), ("urn:a", "c", Some(0)), ("urn:a", "d", Some(1)), ("urn:f", "f", Some(0))];
        assert_eq!(taken.collect::<Vec<_>>(), expected);
        assert!(plain.taken.iter().all(|one| text[one.at..].starts_with(&format!("<{}", one.name))));
        let unknown = plain.unknown.iter().map(|(at, reason)| (&text[*at..*at + 5], reason.as_str()));
        let expected = [
            ("often", "default-operation is one of merge, replace, none, not \"often\""),
            ("frobn", "an operation is one of merge, replace, create, delete, remove, not \"frobnicate\""),
        ];
        assert_eq!(unknown.collect::<Vec<_>>(), expected);
        assert_eq!(plain.unqualified, [text.find("operation=\"delete\"/></config>").unwrap()]);
        assert!(!plain.text.contains("<c") && plain.text.contains("<b/>"), "{}", plain.text);
    }

    #[test]
    fn what_is_not_well_formed_is_told_with_its_place() {
        for (text, said) in [
            ("<a>\n <b></c></a>", "line 2 column 5: "),
            ("<a><b></c></a>", "line 1 column 7: "),
            ("<a>\n<b>", "line 2 column 4: the document ends inside an element"),
            ("<?xml version=\"1.0\"?>\n<!DOCTYPE a><a/>", "line 2 column 1: DOCTYPE"),
        ] {
            let told = xml(text, None).err().unwrap();
            assert!(told.starts_with(said), "{text}: {told}");
        }
    }

    #[test]
    fn levels_are_those_outside_of_strings() {
        for (text, deep) in [("1", 0), ("{}", 1), (r#"{"[[[":[1,{"a\"{":"]"}]}"#, 3), (r#"["\\[",[]]"#, 2)] {
            assert_eq!(levels(text), deep, "{text}");
        }
    }
}
