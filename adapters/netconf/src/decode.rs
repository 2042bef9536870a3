//! Reading: the filter that selects a scope, and a reply as a data tree.

use std::collections::BTreeSet;

use mercury_adapter::{Data, Looking, Names, NetconfDialect, NodePath, Tree, running};
use mercury_model::{InterfaceScope, List, Running, Scope, VlanScope};

use crate::{
    message::ReplyData,
    place::{append, place},
    xml::{BASE_NS, DataError, Element, Node},
};

/// Of more VLANs than this the whole list is asked for: servers hold each entry that a
/// filter names against each that they have, and there are 4,094 at most.
const MANY: usize = 16;

/// The subtree filter (RFC 6241 section 6) that selects `scope`; empty when
/// the scope is. `has` are the lists beside the interfaces' own that the server
/// knows: a filter that names others may be an error.
pub(crate) fn filter(dialect: &NetconfDialect, instance: &str, scope: &Scope, has: &BTreeSet<List>) -> Vec<Element> {
    let tree = &dialect.tree;
    let mut root = Element::new(BASE_NS, "filter");
    let lists = tree.lists.iter().filter(|(list, own)| own.is_beside && has.contains(list));
    let lists = lists.filter(|(list, _)| **list != List::Stp || scope.stp).map(|(_, own)| &own.entry);
    let paths: Vec<&NodePath> = std::iter::once(&tree.interface).chain(lists).collect();
    match &scope.interfaces {
        InterfaceScope::Named(names) => {
            for name in names {
                for path in &paths {
                    place(&mut root, path, &Names::interface(name), |_| {});
                }
            }
        }
        InterfaceScope::All => {
            for path in paths.iter().map(|path| path.parent()).chain(tree.aggregate_count.clone()) {
                place(&mut root, &path, &Names::default(), |_| {});
            }
        }
    }
    if root.elements().next().is_some() || scope.vlans != VlanScope::Named(BTreeSet::new()) {
        inherited(&mut root, tree, &scope.interfaces);
        // No VLAN is taken away without a look at every interface, and then all that it holds is wanted.
        vlans(&mut root, tree, instance, &scope.vlans, scope.interfaces == InterfaceScope::All);
    }
    if let Some(overlay) = tree.overlay.as_ref().filter(|_| scope.overlays) {
        for asked in overlay.asked(instance) {
            // A node that nothing is said of stands for all below it, whatever else was asked for there.
            let is_whole = asked.path.steps.last().is_some_and(|step| step.keys.is_empty());
            place(&mut root, &asked.path, &asked.names, |node| {
                if is_whole {
                    node.children.clear();
                }
            });
        }
    }
    root.elements().cloned().collect()
}

/// The filter that selects the state of VNIs, where one tells whether they carry frames.
pub(crate) fn states(dialect: &NetconfDialect, instance: &str, scope: &Scope) -> Option<Vec<Element>> {
    let overlay = dialect.tree.overlay.as_ref().filter(|_| scope.overlays)?;
    let asked = overlay.asked_for_states(instance)?;
    let mut root = Element::new(BASE_NS, "filter");
    place(&mut root, &asked.path, &asked.names, |_| {});
    Some(root.elements().cloned().collect())
}

/// What configures interfaces besides their own entries, where that is so.
fn inherited(root: &mut Element, tree: &Tree, interfaces: &InterfaceScope) {
    let Some(top) = &tree.inheritance else { return };
    place(root, top, &Names::default(), |top| {
        let named = |name: &str| top.sibling(name);
        let mut asked = vec![named("apply-groups")];
        asked.push(named("groups").child(named("name")).child(named("interfaces")).child(named("vlans")));
        top.children.extend(asked.into_iter().map(Node::Element));
    });
    if matches!(interfaces, InterfaceScope::Named(_)) {
        place(root, &tree.interface.parent(), &Names::default(), |interfaces| {
            let asked = ["apply-groups", "interface-range"].map(|name| Node::Element(interfaces.sibling(name)));
            interfaces.children.extend(asked);
        });
    }
}

/// Where VLANs are found by name, all of them are selected: a port may name one that
/// the scope does not, and a VLAN the port. `whole` is with everything they hold.
pub(crate) fn vlans(root: &mut Element, tree: &Tree, instance: &str, scope: &VlanScope, whole: bool) {
    let Some(vlan) = &tree.vlan else { return };
    if vlan.is_keyed_by_name() && !whole {
        place(root, &vlan.entry.parent(), &Names::vlan(instance, None, None), |list| {
            let Some(step) = vlan.entry.steps.last() else { return };
            let mut entry = Element::new(&step.module.namespace, &step.name);
            entry
                .children
                .extend(step.keys.iter().map(|(key, _)| Node::Element(Element::new(&step.module.namespace, key))));
            for path in vlan.id.iter().chain(&vlan.members) {
                place(&mut entry, path, &Names::default(), |_| {});
            }
            list.children.push(Node::Element(entry));
        });
        return;
    }
    match scope {
        VlanScope::Named(ids) if !vlan.is_keyed_by_name() && ids.len() <= MANY => {
            for id in ids {
                append(root, &vlan.entry, &Names::vlan(instance, Some(*id), None), |_| {});
            }
        }
        _ => place(root, &vlan.entry.parent(), &Names::vlan(instance, None, None), |_| {}),
    }
}

/// The namespace of the attribute that tags a default (RFC 6243 section 6).
const WITH_DEFAULTS_NS: &str = "urn:ietf:params:xml:ns:netconf:default:1.0";

/// What a reply's data says about `scope`.
///
/// # Errors
/// It is no data, or there is no room for it.
pub(crate) fn read(
    dialect: &NetconfDialect,
    instance: &str,
    data: ReplyData,
    scope: &Scope,
) -> Result<Running, DataError> {
    let looking = Looking { tree: &dialect.tree, defaults: &dialect.defaults, instance };
    data.with_tree(|data| running(looking, data, scope))
}

impl Data for Element {
    fn name(&self) -> &str {
        &self.name
    }

    fn value(&self) -> &str {
        self.value()
    }

    /// Without what a server only shows because it is the default (RFC 6243
    /// section 6).
    fn below<'a>(&'a self) -> impl Iterator<Item = &'a Self>
    where
        Self: 'a,
    {
        let is_default = |element: &Self| {
            element.attributes.iter().any(|one| {
                one.name == "default"
                    && one.ns.as_deref() == Some(WITH_DEFAULTS_NS)
                    && matches!(&*one.value, "true" | "1")
            })
        };
        self.elements().filter(move |element| !is_default(element))
    }

    fn attribute(&self, name: &str) -> Option<&str> {
        self.attribute(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mercury_model::{VlanId, VlanSet};

    #[test]
    fn a_filter_names_each_of_some_vlans_and_asks_for_the_list_of_many() {
        let dialects = mercury_adapter::builtin().unwrap();
        for name in ["openconfig", "cisco_iosxe"] {
            let dialect = dialects.iter().find(|dialect| dialect.name == name).unwrap().netconf.clone().unwrap();
            let asked = |count| {
                let scope =
                    Scope { vlans: VlanScope::Named(VlanSet::full().iter().take(count).collect()), ..Scope::default() };
                let filter = filter(&dialect, "default", &scope, &BTreeSet::new());
                filter.iter().map(|element| element.to_xml().unwrap()).collect::<String>()
            };
            assert_eq!(asked(MANY).matches("id>").count(), 2 * MANY, "{name}");
            assert!(asked(MANY).contains(&format!(">{}<", VlanId::MIN)), "{name}");
            let many = asked(MANY + 1);
            assert!(!many.contains("id>") && many.contains("vlan"), "{name}: {many}");
        }
    }

    /// A filter that names what a server does not have may be an error.
    #[test]
    fn spanning_tree_is_asked_for_where_the_scope_says_so_and_the_server_has_it() {
        let dialects = mercury_adapter::builtin().unwrap();
        let dialect = dialects.iter().find(|dialect| dialect.name == "openconfig").unwrap().netconf.clone().unwrap();
        let mut scope = Scope::default();
        scope.add_interface("Ethernet1".parse().unwrap());
        let asks = |scope: &Scope, stp| {
            let has = [Some(List::Lacp), stp].into_iter().flatten().collect();
            let filter = filter(&dialect, "default", scope, &has);
            filter.iter().any(|element| element.name == "stp")
        };
        for asked in [scope, Scope::all()] {
            assert!(!asks(&asked, Some(List::Stp)) && !asks(&asked.clone().with_stp(true), None));
            assert!(asks(&asked.with_stp(true), Some(List::Stp)));
        }
    }
}
