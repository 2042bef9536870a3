//! What an edit takes away (RFC 6241 section 7.2), read in one pass: of a document nothing
//! is kept but the way to where the reader is, and to what is taken away.

use std::collections::BTreeMap;

use quick_xml::{
    events::{BytesStart, Event},
    name::ResolveResult,
    reader::NsReader,
};

use super::AROUND;
use crate::xml::BASE_NS;

/// A path: each element with its keys.
pub type Elements = Vec<(String, BTreeMap<String, String>)>;

/// More paths than any edit names.
const MAX_DELETED: usize = 100_000;
/// Leaves by which entries of lists are told apart.
const KEYS: [&str; 6] = ["name", "vlan-id", "vlanid", "id", "index", "identifier"];

/// An element on the way.
struct Open {
    name: String,
    keys: BTreeMap<String, String>,
    parent: Option<usize>,
    is_taken: bool,
}

/// The paths that an edit deletes, removes or replaces, by `operation` or by its
/// `<default-operation>`; an empty path is all that it does not name.
///
/// # Errors
/// A sentence: it is not well-formed, or takes away more than 100,000 nodes.
pub fn deleted(text: &str) -> Result<Vec<Elements>, String> {
    // Most edits take nothing away.
    if !text.contains("operation") {
        return Ok(Vec::new());
    }
    let mut reader = NsReader::from_str(text);
    let (mut all, mut path): (Vec<Open>, Vec<usize>) = (Vec::new(), Vec::new());
    let (mut said, mut is_whole) = (String::new(), false);
    loop {
        let event = reader.read_event().map_err(|error| error.to_string())?;
        match event {
            Event::Start(tag) => {
                opened(&reader, &tag, &mut all, &mut path);
                said.clear();
            }
            Event::Empty(tag) => {
                opened(&reader, &tag, &mut all, &mut path);
                closed(&mut all, &mut path, "");
            }
            Event::Text(piece) => said.push_str(&piece.xml10_content()),
            Event::End(tag) => {
                is_whole |= tag.local_name().as_ref() == "default-operation" && said.trim() == "replace";
                closed(&mut all, &mut path, said.trim());
            }
            Event::Eof => break,
            _ => {}
        }
        if all.len() > MAX_DELETED {
            return Err(format!("it takes away more than {MAX_DELETED} nodes"));
        }
    }
    let taken = all.iter().filter(|one| one.is_taken).map(|one| way(&all, one));
    Ok(is_whole.then(Elements::new).into_iter().chain(taken).collect())
}

fn opened(reader: &NsReader<&[u8]>, tag: &BytesStart<'_>, all: &mut Vec<Open>, path: &mut Vec<usize>) {
    let operation = tag.attributes().flatten().find_map(|attribute| {
        let (ns, name) = reader.resolver().resolve_attribute(attribute.key);
        let is_base = matches!(ns, ResolveResult::Bound(ns) if ns.as_ref() == BASE_NS);
        (is_base && name.as_ref() == "operation").then(|| attribute.value.to_string())
    });
    let is_taken = matches!(operation.as_deref(), Some("delete" | "remove" | "replace"));
    let open = Open {
        name: tag.local_name().as_ref().to_owned(),
        keys: BTreeMap::new(),
        parent: path.last().copied(),
        is_taken,
    };
    path.push(all.len());
    all.push(open);
}

fn closed(all: &mut Vec<Open>, path: &mut Vec<usize>, said: &str) {
    let Some(index) = path.pop() else { return };
    let Some(name) = all.get(index).map(|own| own.name.clone()) else { return };
    if KEYS.contains(&name.as_str()) {
        let parent = path.last().and_then(|parent| all.get_mut(*parent));
        // The list's key comes before what is configured of it.
        parent.into_iter().for_each(|parent| _ = parent.keys.entry(name.clone()).or_insert_with(|| said.to_owned()));
    }
    // What nothing was taken away of is not needed any more.
    let is_needed = all.iter().skip(index).any(|one| one.is_taken);
    if !is_needed {
        all.truncate(index);
    }
}

/// The path to an element, below what holds data.
fn way(all: &[Open], one: &Open) -> Elements {
    let (mut way, mut next) = (Vec::new(), Some(one));
    while let Some(open) = next {
        way.push((open.name.clone(), open.keys.clone()));
        next = open.parent.and_then(|parent| all.get(parent));
    }
    // What holds data is at the top; data may have containers of such names further down.
    way.into_iter().rev().skip_while(|(name, _)| AROUND.contains(&name.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        let element = |(name, keys): &(String, BTreeMap<String, String>)| {
            let keys: String = keys.iter().map(|(key, value)| format!("[{key}={value}]")).collect();
            format!("/{name}{keys}")
        };
        deleted(text).unwrap().iter().map(|path| path.iter().map(element).collect()).collect()
    }

    #[test]
    fn each_way_to_take_something_away_is_seen_with_its_keys() {
        let nc = format!("xmlns:nc=\"{BASE_NS}\"");
        for (inside, expected) in [
            ("<a><b nc:operation=\"merge\"><name>x</name></b></a>", vec![]),
            ("<a><b nc:operation=\"delete\"><name>x</name></b><b><name>y</name></b></a>", vec!["/a/b[name=x]"]),
            // The key may stand behind.
            ("<a><b><c nc:operation=\"remove\"/><d>1</d><name>x</name></b></a>", vec!["/a/b[name=x]/c"]),
            (
                "<a><b nc:operation=\"replace\"><vlan-id>10</vlan-id></b></a><e nc:operation=\"remove\"/>",
                vec!["/a/b[vlan-id=10]", "/e"],
            ),
            // An attribute of no namespace is none of NETCONF's.
            ("<a operation=\"delete\"/>", vec![]),
            (
                "<a><name>x</name><config><mtu nc:operation=\"delete\">9</mtu></config></a>",
                vec!["/a[name=x]/config/mtu"],
            ),
        ] {
            assert_eq!(shown(&format!("<config {nc}>{inside}</config>")), expected, "{inside}");
        }
        let whole = format!(
            "<edit-config xmlns=\"{BASE_NS}\"><target><running/></target><default-operation>replace</default-operation>\
             <config><a {nc}><b nc:operation=\"delete\"><id>1</id></b></a></config></edit-config>"
        );
        assert_eq!(shown(&whole), ["", "/a/b[id=1]"]);
        assert_eq!(shown(&whole.replace(">replace<", ">merge<")), ["/a/b[id=1]"]);
    }
}
