//! Whether the elements of an edit are in the namespaces that a dialect has them in: what
//! reads data goes by their names alone, and a server does not.

use mercury_adapter::{Nodes, Unread};
use quick_xml::{events::Event, name::ResolveResult, reader::NsReader};

use super::AROUND;
use crate::published::is_spoken;

/// What an element may hold.
enum Inside<'n> {
    /// Data, of whatever model.
    Around,
    /// Nodes that are looked at.
    Data(Vec<&'n Nodes>),
    /// Nothing that is.
    Others,
}

/// The elements that `nodes` has in another namespace, or that are in none; what is in such a
/// one is not looked at.
///
/// # Errors
/// A sentence: it is not well-formed.
pub fn strangers(text: &str, nodes: &Nodes) -> Result<Unread, String> {
    let (mut reader, mut unread) = (NsReader::from_str(text), Unread::default());
    let (top, mut open) = ([nodes], Vec::new());
    loop {
        let begin = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let event = reader.read_event().map_err(|error| error.to_string())?;
        match &event {
            Event::Start(tag) | Event::Empty(tag) => {
                let name = tag.local_name().into_inner();
                let known = match open.last() {
                    None | Some(Inside::Around) if AROUND.contains(&name) => Err(Inside::Around),
                    None | Some(Inside::Around) => Ok(&top[..]),
                    Some(Inside::Data(nodes)) => Ok(nodes.as_slice()),
                    Some(Inside::Others) => Err(Inside::Others),
                };
                let inside = match known {
                    Err(inside) => inside,
                    Ok(known) => {
                        let named = || known.iter().flat_map(|own| own.below(name));
                        let space = match reader.resolver().resolve_element(tag.name()).0 {
                            ResolveResult::Bound(space) => space.as_ref().to_owned(),
                            ResolveResult::Unbound | ResolveResult::Unknown(_) => String::new(),
                        };
                        let fits = |own: &str| own.is_empty() || own == space || is_spoken(&space, own);
                        let fitting = named().filter(|(step, _)| fits(&step.module.namespace));
                        let below: Vec<&Nodes> = fitting.map(|(_, below)| below).collect();
                        if let (true, Some((step, _))) = (below.is_empty(), named().next()) {
                            let own = &step.module.namespace;
                            unread.add_at(text, begin, || match space.as_str() {
                                "" => format!("<{name}> is in no namespace, and not in {own:?}"),
                                other => format!("<{name}> is in namespace {other:?}, and not in {own:?}"),
                            });
                        }
                        if below.is_empty() { Inside::Others } else { Inside::Data(below) }
                    }
                };
                if matches!(event, Event::Start(_)) {
                    open.push(inside);
                }
            }
            Event::End(_) => drop(open.pop()),
            Event::Eof => return Ok(unread),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(dialect: &str, text: &str) -> Vec<String> {
        let all = mercury_adapter::builtin().unwrap();
        let dialect = all.iter().find(|one| one.name == dialect).unwrap();
        let nodes = Nodes::of(&dialect.netconf.as_ref().unwrap().tree.looked_at());
        let told = strangers(text, &nodes).unwrap().told;
        let place = |number: Option<usize>| number.unwrap_or_default();
        told.iter().map(|left| format!("{}:{} {}", place(left.line), place(left.column), left.what)).collect()
    }

    #[test]
    fn an_element_of_another_namespace_is_told_once_and_with_its_place() {
        let port = |top: &str, inside: &str| {
            format!("<config>\n <interfaces{top}><interface><name>e1</name>{inside}</interface></interfaces></config>")
        };
        let (own, none) = (" xmlns=\"http://openconfig.net/yang/interfaces\"", Vec::<String>::new());
        let vlan = |space: &str| {
            format!(
                "<ethernet xmlns=\"http://openconfig.net/yang/interfaces/ethernet\"><switched-vlan{space}><config/></switched-vlan></ethernet>"
            )
        };
        let (right, wrong) = (vlan(" xmlns=\"http://openconfig.net/yang/vlan\""), vlan(""));
        assert_eq!(told("openconfig", &port(own, &right)), none);
        let first = told("openconfig", &port(" xmlns=\"urn:x\"", &right));
        assert_eq!(
            first,
            ["2:2 <interfaces> is in namespace \"urn:x\", and not in \"http://openconfig.net/yang/interfaces\""]
        );
        assert!(told("openconfig", &port("", "")).concat().contains("2:2 <interfaces> is in no namespace"));
        let inherited = told("openconfig", &port(own, &wrong)).concat();
        assert!(
            inherited.contains("<switched-vlan> is in namespace") && inherited.contains("/yang/vlan\""),
            "{inherited}"
        );
        // Junos takes its configuration in any of its own, and in none.
        for space in [
            "",
            " xmlns=\"http://yang.juniper.net/junos/conf/root\"",
            " xmlns=\"http://xml.juniper.net/junos/24.4R1/junos\"",
        ] {
            let text = format!("<configuration{space}><vlans><vlan><name>v</name></vlan></vlans></configuration>");
            assert_eq!(told("juniper_junos", &text), none, "{space}");
        }
        assert_eq!(told("juniper_junos", "<configuration xmlns=\"urn:x\"/>").len(), 1);
        assert_eq!(
            told("openconfig", "<system xmlns=\"urn:x\"><interfaces/></system>"),
            none,
            "others' are passed over"
        );
    }
}
