//! A configuration that is written in XML for NETCONF, as RESTCONF shows it, names without
//! their modules'.

use quick_xml::{Reader, events::Event};
use serde_json::{Map, Value as Json, json};

use crate::device::key;

#[derive(Default)]
struct Element {
    name: String,
    text: String,
    children: Vec<Element>,
}

/// The top nodes, one after the other.
pub(crate) fn json(text: &str) -> Json {
    let mut open = vec![Element::default()];
    let mut reader = Reader::from_str(text);
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => {
                open.push(Element { name: start.local_name().as_ref().to_owned(), ..Element::default() });
            }
            Event::Empty(start) => {
                let name = start.local_name().as_ref().to_owned();
                open.last_mut().unwrap().children.push(Element { name, ..Element::default() });
            }
            Event::End(_) => {
                let done = open.pop().unwrap();
                open.last_mut().unwrap().children.push(done);
            }
            Event::Text(text) => open.last_mut().unwrap().text.push_str(text.trim()),
            Event::GeneralRef(name) => {
                let resolved = quick_xml::escape::resolve_predefined_entity(&name);
                open.last_mut().unwrap().text.push_str(resolved.unwrap());
            }
            Event::Comment(_) => {}
            Event::Eof => return object(&open.pop().unwrap()),
            other => panic!("{other:?}"),
        }
    }
}

fn object(element: &Element) -> Json {
    let mut members = Map::new();
    for child in &element.children {
        let value = match (child.children.is_empty(), child.text.as_str()) {
            (false, _) => object(child),
            (true, "") => json!({}),
            (true, text) => text.into(),
        };
        let is_many = element.children.iter().filter(|other| other.name == child.name).count() > 1;
        if is_many || child.name == "trunk-vlans" || key(&element.name, &child.name).is_some() {
            members.entry(&child.name).or_insert_with(|| json!([])).as_array_mut().unwrap().push(value);
        } else {
            members.insert(child.name.clone(), value);
        }
    }
    members.into()
}
