//! A subtree filter as RFC 6241 section 6 says, written apart from the one that
//! makes filters on purpose.

use mercury_netconf::xml::{Element, Node};

/// What of `data` the top nodes of a filter select.
pub(crate) fn select(data: &Element, filter: &[Element]) -> Element {
    let mut selected = Element { children: Vec::new(), ..data.clone() };
    for top in data.elements() {
        let fitting: Vec<&Element> = filter.iter().filter(|one| is_named_as(top, one)).collect();
        selected.children.extend(all(top, &fitting).map(Node::Element));
    }
    selected
}

/// What the filter nodes of its name, each by itself, select of a node.
fn all(node: &Element, filters: &[&Element]) -> Option<Element> {
    filters.iter().filter_map(|filter| one(node, filter)).reduce(merged)
}

fn one(node: &Element, filter: &Element) -> Option<Element> {
    let mut below = filter.elements().peekable();
    // A selection node has all that is below it (section 6.2.4).
    if below.peek().is_none() {
        return Some(node.clone());
    }
    let below: Vec<&Element> = below.collect();
    let (content, containment): (Vec<&Element>, Vec<&Element>) =
        below.into_iter().partition(|one| !one.value().is_empty());
    let fits =
        |content: &&Element| node.elements().any(|own| is_named_as(own, content) && own.value() == content.value());
    if !content.iter().all(fits) {
        return None;
    }
    // Content match nodes alone select their siblings as well (section 6.2.5).
    if containment.is_empty() {
        return Some(node.clone());
    }
    let mut selected = Element { children: Vec::new(), ..node.clone() };
    for own in node.elements() {
        let fitting: Vec<&Element> = containment.iter().copied().filter(|one| is_named_as(own, one)).collect();
        let is_content = content.iter().any(|one| is_named_as(own, one));
        let found = if is_content { Some(own.clone()) } else { all(own, &fitting) };
        selected.children.extend(found.map(Node::Element));
    }
    (!selected.children.is_empty()).then_some(selected)
}

fn is_named_as(node: &Element, filter: &Element) -> bool {
    node.name == filter.name && node.ns == filter.ns
}

/// One node of which two filters have each selected something.
fn merged(mut node: Element, other: Element) -> Element {
    for child in other.children {
        if !node.children.contains(&child) {
            node.children.push(child);
        }
    }
    node
}
