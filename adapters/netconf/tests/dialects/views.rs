//! One switch, shown in other ways: with every default, without any, in another
//! order, with its VLAN ranges written otherwise.

use mercury_adapter::{Dialect, NodePath, SwitchedVlanTree};
use mercury_model::VlanId;
use mercury_netconf::xml::{Element, Node as XmlNode};

use crate::view::{self, View};

pub(crate) fn shown(dialect: &Dialect, data: &Element, view: View) -> Element {
    let mut data = data.clone();
    match view {
        View::Reordered => reverse(&mut data),
        View::Rewritten => rewrite(&mut data, &dialect.netconf.as_ref().unwrap().tree.switched_vlan),
        View::ReportAll | View::Trim => {
            let tree = &dialect.netconf.as_ref().unwrap().tree;
            entries(&mut data, &tree.interface, &mut |entry| defaults(dialect, entry, view));
            for (path, value) in view::vlan_defaults(tree) {
                let vlan = &tree.vlan.as_ref().unwrap().entry;
                entries(&mut data, vlan, &mut |entry| leaf(entry, &path, &value, view));
            }
        }
    }
    data
}

/// Keys stay first, as every server has them.
fn reverse(element: &mut Element) {
    let is_key =
        |node: &XmlNode| matches!(node, XmlNode::Element(one) if one.name == "name" || one.name.ends_with("id"));
    let (keys, mut rest): (Vec<_>, Vec<_>) = std::mem::take(&mut element.children).into_iter().partition(is_key);
    rest.reverse();
    element.children = keys.into_iter().chain(rest).collect();
    for node in &mut element.children {
        if let XmlNode::Element(child) = node {
            reverse(child);
        }
    }
}

/// Every range of a leaf-list of VLANs, number by number.
fn rewrite(element: &mut Element, tree: &SwitchedVlanTree) {
    let last = tree.trunk_vlans.path.steps.last().unwrap().name.as_str();
    let mut children = Vec::new();
    for node in std::mem::take(&mut element.children) {
        match node {
            XmlNode::Element(one) if one.name == last && !tree.trunk_vlans.joined => {
                let Some(vlans) = view::one_by_one(one.value()) else {
                    children.push(XmlNode::Element(one));
                    continue;
                };
                let single = |id: VlanId| Element { children: Vec::new(), ..one.clone() }.text(id.to_string());
                children.extend(vlans.into_iter().map(|id| XmlNode::Element(single(id))));
            }
            XmlNode::Element(mut one) => {
                rewrite(&mut one, tree);
                children.push(XmlNode::Element(one));
            }
            text => children.push(text),
        }
    }
    element.children = children;
}

/// Does something to every entry of a list; a placeholder is any name.
fn entries(element: &mut Element, path: &NodePath, act: &mut dyn FnMut(&mut Element)) {
    let Some((step, rest)) = path.steps.split_first() else { return act(element) };
    let below = NodePath { steps: rest.to_vec() };
    for node in &mut element.children {
        if let XmlNode::Element(child) = node
            && (child.name == step.name || step.name.starts_with('{'))
        {
            entries(child, &below, act);
        }
    }
}

/// Puts every default in where nothing is, or takes every default away.
fn defaults(dialect: &Dialect, entry: &mut Element, view: View) {
    let netconf = dialect.netconf.as_ref().unwrap();
    let is_aggregate = entry.path(&["config", "type"]).is_some_and(|kind| kind.value().ends_with("ieee8023adLag"));
    for (path, value) in view::defaults(&netconf.tree, &netconf.defaults, is_aggregate) {
        leaf(entry, &path, &value, view);
    }
}

fn leaf(parent: &mut Element, path: &NodePath, value: &str, view: View) {
    let (step, rest) = path.steps.split_first().unwrap();
    let is_it = |node: &XmlNode| matches!(node, XmlNode::Element(one) if one.name == step.name);
    let found = parent.children.iter().position(is_it);
    if rest.is_empty() {
        match (view, found) {
            (View::ReportAll, None) => {
                let new = Element::new(&step.module.namespace, &step.name).text(value);
                parent.children.push(XmlNode::Element(new));
            }
            (View::Trim, Some(index)) => {
                let XmlNode::Element(one) = &parent.children[index] else { panic!("a text") };
                if one.value() == value {
                    parent.children.remove(index);
                }
            }
            _ => {}
        }
        return;
    }
    let index = match (view, found) {
        (_, Some(index)) => index,
        (View::ReportAll, None) => {
            parent.children.push(XmlNode::Element(Element::new(&step.module.namespace, &step.name)));
            parent.children.len() - 1
        }
        _ => return,
    };
    let XmlNode::Element(child) = &mut parent.children[index] else { panic!("a text") };
    leaf(child, &NodePath { steps: rest.to_vec() }, value, view);
}
