//! Whether the elements of an edit are in the namespaces that a dialect has them in: what
//! reads data goes by their names alone, and a server does not.

use mercury_adapter::{Nodes, Unread};
use quick_xml::{events::BytesStart, name::ResolveResult, reader::NsReader};

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

/// The elements that a dialect has in another namespace, or that are in none; what is in such a
/// one is not looked at.
pub(super) struct Strangers<'n> {
    top: [&'n Nodes; 1],
    open: Vec<Inside<'n>>,
    pub(super) told: Unread,
}

impl<'n> Strangers<'n> {
    pub(super) fn to(nodes: &'n Nodes) -> Self {
        Self { top: [nodes], open: Vec::new(), told: Unread::default() }
    }

    /// Goes on by an element that begins at this octet of a text, and stays in it where it `is_open`.
    pub(super) fn begin(
        &mut self,
        text: &str,
        reader: &NsReader<&[u8]>,
        (tag, begin): (&BytesStart<'_>, usize),
        is_open: bool,
    ) {
        let name = tag.local_name().into_inner();
        let known = match self.open.last() {
            None | Some(Inside::Around) if AROUND.contains(&name) => Err(Inside::Around),
            None | Some(Inside::Around) => Ok(&self.top[..]),
            Some(Inside::Data(nodes)) => Ok(nodes.as_slice()),
            Some(Inside::Others) => Err(Inside::Others),
        };
        let inside = match known {
            Err(inside) => inside,
            Ok(known) => {
                let named = || known.iter().flat_map(|own| own.below(name));
                let space = reader.resolver().resolve_element(tag.name()).0;
                let space = match &space {
                    ResolveResult::Bound(space) => space.as_ref(),
                    ResolveResult::Unbound | ResolveResult::Unknown(_) => "",
                };
                let fits = |own: &str| own.is_empty() || own == space || is_spoken(space, own);
                let fitting = named().filter(|(step, _)| fits(&step.module.namespace));
                let below: Vec<&Nodes> = fitting.map(|(_, below)| below).collect();
                if let (true, Some((step, _))) = (below.is_empty(), named().next()) {
                    let own = &step.module.namespace;
                    self.told.add_at(text, begin, || match space {
                        "" => format!("<{name}> is in no namespace, and not in {own:?}"),
                        other => format!("<{name}> is in namespace {other:?}, and not in {own:?}"),
                    });
                }
                if below.is_empty() { Inside::Others } else { Inside::Data(below) }
            }
        };
        if is_open {
            self.open.push(inside);
        }
    }

    pub(super) fn end(&mut self) {
        self.open.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(dialect: &str, text: &str) -> Vec<String> {
        let all = mercury_adapter::builtin().unwrap();
        let dialect = all.iter().find(|one| one.name == dialect).unwrap();
        let nodes = Nodes::of(&dialect.netconf.as_ref().unwrap().tree.looked_at());
        let told = crate::document::edited(text, &nodes).unwrap().strangers.told;
        let place = |number: Option<usize>| number.unwrap_or_default();
        told.iter().map(|left| format!("{}:{} {}", place(left.line), place(left.column), left.what)).collect()
    }

    #[test]
    fn junos_takes_its_configuration_in_the_namespace_of_what_is_around_it() {
        let base = "urn:ietf:params:xml:ns:netconf:base:1.0";
        for space in ["", base, "http://xml.juniper.net/junos/24.4R1/junos", "http://yang.juniper.net/junos/conf/root"]
        {
            let text = format!("<config><configuration xmlns=\"{space}\"><vlans/></configuration></config>");
            assert_eq!(told("juniper_junos", &text), Vec::<String>::new(), "{space}");
        }
        let inherited = format!("<config xmlns=\"{base}\"><configuration><vlans/></configuration></config>");
        assert_eq!(told("juniper_junos", &inherited), Vec::<String>::new());
        assert_eq!(told("juniper_junos", "<configuration xmlns=\"urn:x\"/>").len(), 1);
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
