//! What an edit takes away (RFC 6241 section 7.2), read in one pass: of a document nothing
//! is kept but the way to where the reader is, and to what is taken away.

use std::collections::BTreeMap;

use mercury_adapter::{Nodes, Unread};
use quick_xml::{
    events::{BytesStart, Event},
    name::ResolveResult,
    reader::NsReader,
};

use super::{AROUND, namespaces::Strangers};
use crate::{
    operation::DefaultOperation,
    xml::{BASE_NS, KEYS},
};

/// A path: each element with its keys.
pub type Elements = Vec<(String, BTreeMap<String, String>)>;

/// More paths than any edit names.
const MAX_DELETED: usize = 100_000;
/// What may become of an element, and of what says nothing itself (RFC 6241 section 7.2).
const OPERATIONS: [&str; 5] = ["merge", "replace", "create", "delete", "remove"];
const DEFAULTS: [(&str, DefaultOperation); 3] =
    [("merge", DefaultOperation::Merge), ("replace", DefaultOperation::Replace), ("none", DefaultOperation::None)];

/// What a `<default-operation>` stands in.
const EDIT: &str = "edit-config";
/// What an `<rpc>` or `<edit-config>` has beside its data.
const OF_EDITS: [&str; 5] = ["target", "default-operation", "test-option", "error-option", "source"];
/// Junos' own words for what becomes of an element, in no namespace.
const TAKES: [&str; 4] = ["delete", "replace", "inactive", "active"];
/// Where Junos tells when, and by whom, a configuration was committed.
const JUNOS_NS: &str = "http://xml.juniper.net/junos/";
/// Says that a value is the default one (RFC 6243 section 6).
const DEFAULT_NS: &str = "urn:ietf:params:xml:ns:netconf:default:1.0";

/// An element on the way.
struct Open {
    name: String,
    keys: BTreeMap<String, String>,
    parent: Option<usize>,
    is_taken: bool,
}

/// What an edit says beside its data.
#[derive(Debug, Default)]
pub struct Edited {
    /// The paths that it deletes, removes, replaces or makes have no effect; an empty path
    /// is all that it does not name.
    pub deleted: Vec<Elements>,
    /// Attributes that say something else, and elements that are not looked at.
    pub unread: Unread,
    /// An `operation` or a `default-operation` that servers do not know, or pass over.
    pub operations: Unread,
    /// What becomes of what has no `operation`; merged, where nothing is said.
    pub default: Option<DefaultOperation>,
    /// Elements in another namespace than the dialect has them in, or in none.
    pub strangers: Unread,
}

/// What an edit takes away by `operation`, by its `<default-operation>`, or by Junos' own
/// attributes, and what it says that is not understood; `nodes` are those of the dialect.
///
/// # Errors
/// A sentence: it is not well-formed, or takes away more than 100,000 nodes.
pub fn edited(text: &str, nodes: &Nodes) -> Result<Edited, String> {
    let (mut reader, mut strangers) = (NsReader::from_str(text), Strangers::to(nodes));
    let (mut all, mut path): (Vec<Open>, Vec<usize>) = (Vec::new(), Vec::new());
    let (mut said, mut default) = (String::new(), None);
    let (mut unread, mut operations, mut around) = (Unread::default(), Unread::default(), Around::default());
    loop {
        let begin = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let event = reader.read_event().map_err(|error| error.to_string())?;
        match &event {
            Event::Start(tag) | Event::Empty(tag) => {
                strangers.begin(text, &reader, (tag, begin), matches!(event, Event::Start(_)));
                if around.begin(tag.local_name().into_inner(), path.len()) {
                    unread.add_at(text, begin, || format!("<{}>", tag.local_name().into_inner()));
                }
                let Attributes { is_taken, others, wrong } = attributes(&reader, tag);
                for reason in wrong {
                    operations.add_at(text, begin, || format!("<{}>: {reason}", tag.local_name().into_inner()));
                }
                for name in others {
                    unread.add_at(text, begin, || format!("attribute {name} of <{}>", tag.local_name().into_inner()));
                }
                let name = tag.local_name().into_inner().to_owned();
                let open = Open { name, keys: BTreeMap::new(), parent: path.last().copied(), is_taken };
                path.push(all.len());
                all.push(open);
                match &event {
                    Event::Empty(_) => closed(&mut all, &mut path, ""),
                    _ => said.clear(),
                }
            }
            Event::Text(piece) => said.push_str(&piece.xml10_content()),
            Event::End(tag) => {
                strangers.end();
                let above = path.iter().rev().nth(1).and_then(|above| all.get(*above));
                if tag.local_name().as_ref() == "default-operation" && above.is_some_and(|own| own.name == EDIT) {
                    let word = said.trim();
                    default = DEFAULTS.iter().find(|(own, _)| *own == word).map(|(_, own)| *own);
                    if default.is_none() {
                        let words = DEFAULTS.map(|(own, _)| own).join(", ");
                        let begin = begin.saturating_sub(said.len());
                        operations.add_at(text, begin, || format!("default-operation is one of {words}, not {word:?}"));
                    }
                }
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
    let is_whole = default == Some(DefaultOperation::Replace);
    let deleted = is_whole.then(Elements::new).into_iter().chain(taken).collect();
    Ok(Edited { deleted, unread, operations, default, strangers: strangers.told })
}

/// What an element's attributes say.
#[derive(Default)]
struct Attributes {
    /// It is taken away.
    is_taken: bool,
    /// Those that nobody looks at.
    others: Vec<String>,
    /// Why an `operation` is none.
    wrong: Vec<String>,
}

fn attributes(reader: &NsReader<&[u8]>, tag: &BytesStart<'_>) -> Attributes {
    let mut said = Attributes::default();
    for attribute in tag.attributes().flatten().filter(|own| own.key.as_namespace_binding().is_none()) {
        let (ns, name) = reader.resolver().resolve_attribute(attribute.key);
        let ns = match &ns {
            ResolveResult::Bound(ns) => ns.as_ref(),
            ResolveResult::Unbound => "",
            ResolveResult::Unknown(_) => "unknown",
        };
        match (ns, name.as_ref()) {
            (BASE_NS, "operation") => {
                said.is_taken |= matches!(&*attribute.value, "delete" | "remove" | "replace");
                if !OPERATIONS.contains(&&*attribute.value) {
                    let words = OPERATIONS.join(", ");
                    said.wrong.push(format!("an operation is one of {words}, not {:?}", attribute.value));
                }
            }
            ("", "operation") => {
                let value = &attribute.value;
                let reason = format!("operation={value:?} is not in NETCONF's namespace: servers may pass it over");
                said.wrong.push(reason);
            }
            ("", own) if TAKES.contains(&own) => said.is_taken = true,
            // An `<rpc>` is told apart by it.
            ("", "message-id") | (DEFAULT_NS, "default") => {}
            (other, _) if other.starts_with(JUNOS_NS) => {}
            _ => said.others.push(name.as_ref().to_owned()),
        }
    }
    said
}

/// What holds data, one in another: the way that is gone down, of which a second branch
/// is not looked at.
#[derive(Default)]
struct Around {
    /// How many elements of that kind are in one another.
    depth: usize,
    /// Whether the innermost has data in it.
    has_data: bool,
}

impl Around {
    /// Goes on by an element that stands so deep; says whether it is not looked at.
    fn begin(&mut self, name: &str, depth: usize) -> bool {
        if depth > self.depth {
            return false;
        }
        let is_around = AROUND.contains(&name);
        if is_around && depth == self.depth {
            self.depth += 1;
            return std::mem::take(&mut self.has_data);
        }
        let is_of_edit = OF_EDITS.contains(&name);
        self.has_data |= depth == self.depth && !is_of_edit;
        // Beside the one that was entered.
        depth < self.depth && !is_of_edit
    }
}

fn closed(all: &mut Vec<Open>, path: &mut Vec<usize>, said: &str) {
    let Some(index) = path.pop() else { return };
    let key = all.get(index).map(|own| own.name.as_str()).filter(|name| KEYS.contains(name)).map(str::to_owned);
    let parent = path.last().and_then(|parent| all.get_mut(*parent));
    if let (Some(name), Some(parent)) = (key, parent) {
        // The list's key comes before what is configured of it.
        parent.keys.entry(name).or_insert_with(|| said.to_owned());
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
        edited(text, &Nodes::default()).unwrap().deleted.iter().map(|path| path.iter().map(element).collect()).collect()
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

    #[test]
    fn junos_takes_away_by_attributes_of_its_own() {
        for (attribute, expected) in [
            ("delete=\"delete\"", vec!["/configuration/b[name=x]"]),
            ("replace=\"replace\"", vec!["/configuration/b[name=x]"]),
            ("inactive=\"inactive\"", vec!["/configuration/b[name=x]"]),
            ("active=\"active\"", vec!["/configuration/b[name=x]"]),
            ("xmlns=\"urn:a\"", vec![]),
        ] {
            let text = format!("<configuration><b {attribute}><name>x</name></b></configuration>");
            assert_eq!(shown(&text), expected, "{attribute}");
            assert_eq!(edited(&text, &Nodes::default()).unwrap().unread, Unread::default(), "{attribute}");
        }
    }

    #[test]
    fn what_an_edit_says_that_is_not_looked_at_is_told_with_its_place() {
        let (nc, junos) =
            (format!("xmlns:nc=\"{BASE_NS}\""), "xmlns:junos=\"http://xml.juniper.net/junos/24.4/junos\"");
        for (text, expected) in [
            ("<configuration>\n <b rename=\"rename\" name=\"y\"/></configuration>".to_owned(), vec!["2:2 attribute rename of <b>", "2:2 attribute name of <b>"]),
            (format!("<config><a {nc} nc:insert=\"first\"/></config>"), vec!["1:9 attribute insert of <a>"]),
            (format!("<a {junos} junos:commit-user=\"root\"/>"), vec![]),
            ("<rpc message-id=\"1\"><edit-config><target><running/></target><config><a/></config></edit-config></rpc>".to_owned(), vec![]),
            ("<edit-config><config><a/></config><config><b/></config></edit-config>".to_owned(), vec!["1:35 <config>"]),
            ("<config><a/><config><b/></config></config>".to_owned(), vec!["1:13 <config>"]),
            ("<config><config><b/></config><a/></config>".to_owned(), vec!["1:30 <a>"]),
            ("<config><a><config><b/></config></a><c/></config>".to_owned(), vec![]),
        ] {
            let told = edited(&text, &Nodes::default()).unwrap().unread.told;
            let place = |number: Option<usize>| number.unwrap_or_default();
            let told = told.iter().map(|left| format!("{}:{} {}", place(left.line), place(left.column), left.what));
            assert_eq!(told.collect::<Vec<_>>(), expected, "{text}");
        }
    }

    #[test]
    fn an_operation_that_servers_do_not_know_or_pass_over_is_told_with_its_place() {
        let none = "<edit-config><default-operation>none</default-operation><config/></edit-config>";
        for (text, expected, default) in [
            ("<config>\n<a operation=\"delete\"/></config>", "2:1 <a>: operation=\"delete\" is not in NETCONF's", None),
            (none, "", Some(DefaultOperation::None)),
            (
                &none.replace(">none", ">often"),
                "1:33 default-operation is one of merge, replace, none, not \"often\"",
                None,
            ),
            ("<config><default-operation>none</default-operation></config>", "", None),
            (
                &format!("<config xmlns:nc=\"{BASE_NS}\"><a nc:operation=\"frob\"/></config>"),
                "1:60 <a>: an operation is one of merge, replace, create, delete, remove, not \"frob\"",
                None,
            ),
        ] {
            let edited = edited(text, &Nodes::default()).unwrap();
            let told = edited.operations.told.iter().map(|left| {
                format!("{}:{} {}", left.line.unwrap_or_default(), left.column.unwrap_or_default(), left.what)
            });
            let told = told.collect::<Vec<_>>().join("\n");
            assert!(told.starts_with(expected) && told.is_empty() == expected.is_empty(), "{text}: {told}");
            assert_eq!((edited.default, edited.unread.count), (default, 0), "{text}");
        }
    }
}
