//! The second look: what the configuration names at all, by a list without
//! names to match, and what there is operational state of.

use mercury_adapter::{Absent, Looking, Names, NetconfDialect, NodePath, Sighting, named, running};
use mercury_model::{Scope, VlanScope};

use crate::{
    decode,
    message::Reply,
    operation::{self, Store},
    place::place,
    xml::{BASE_NS, DataError, Element, Node},
};

/// What to ask: always for configuration, and for state where `tells_state`.
pub(crate) fn questions(dialect: &NetconfDialect, instance: &str, absent: &Absent, tells_state: bool) -> Vec<Element> {
    let mut root = Element::new(BASE_NS, "filter");
    entries(&mut root, &dialect.tree.interface, None);
    if !absent.vlans.is_empty() {
        decode::vlans(&mut root, &dialect.tree, instance, &VlanScope::All, false);
    }
    let config = operation::get_config(Store::Running, root.elements().cloned().collect(), None);
    let state = dialect.tree.oper_status.as_ref().filter(|_| tells_state && !absent.interfaces.is_empty());
    let state = state.zip(dialect.tree.state_entry()).map(|(leaf, entry)| {
        let mut root = Element::new(BASE_NS, "filter");
        entries(
            &mut root,
            &entry,
            Some(&NodePath { steps: leaf.steps.iter().skip(entry.steps.len()).cloned().collect() }),
        );
        operation::get(root.elements().cloned().collect(), None)
    });
    std::iter::once(config).chain(state).collect()
}

/// Selects the keys of every entry, and a leaf. Where the key is half a node's
/// name, everything beside is selected too.
fn entries(root: &mut Element, path: &NodePath, leaf: Option<&NodePath>) {
    let Some(step) = path.steps.last() else { return };
    if step.name.starts_with('{') {
        return place(root, &path.parent(), &Names::default(), |_| {});
    }
    place(root, path, &Names::default(), |entry| {
        let keys = step.keys.iter().map(|(key, _)| Node::Element(Element::new(&step.module.namespace, key)));
        entry.children.extend(keys);
        if let Some(leaf) = leaf {
            place(entry, leaf, &Names::default(), |_| {});
        }
    });
}

/// What the replies show. A question that was refused tells nothing.
///
/// # Errors
/// A reply's data cannot be read, or there is no room for it.
pub(crate) fn understand(
    dialect: &NetconfDialect,
    instance: &str,
    absent: &Absent,
    replies: Vec<Reply>,
) -> Result<Sighting, DataError> {
    let mut seen = Sighting::default();
    let mut data = replies.into_iter().map(|reply| reply.data.filter(|_| reply.errors.is_empty()));
    if let Some(config) = data.next().flatten() {
        let looking = Looking { tree: &dialect.tree, defaults: &dialect.defaults, instance };
        let scope = Scope { vlans: VlanScope::All, ..Scope::default() };
        let (interfaces, vlans) = config.with_tree(|data| {
            let vlans = (!absent.vlans.is_empty()).then(|| running(looking, data, &scope).config.vlans);
            (named(data, &dialect.tree.interface), vlans)
        })?;
        seen.interfaces = Some(interfaces);
        seen.vlans = vlans.map(|vlans| vlans.into_keys().collect());
    }
    // Only those that have the leaf: a server answers with what is configured, too.
    if let (Some(state), Some(leaf)) = (data.next().flatten(), dialect.tree.oper_status.as_ref()) {
        seen.state = Some(state.with_tree(|data| named(data, leaf))?);
    }
    Ok(seen)
}

#[cfg(test)]
mod tests {
    use mercury_adapter::{Budget, MAX_REPLY, builtin};

    use super::*;
    use crate::{message::Inbound, xml::Limits};

    fn reply(data: &str) -> Reply {
        let text = format!("<rpc-reply xmlns=\"{BASE_NS}\"><data>{data}</data></rpc-reply>").into_bytes();
        match Inbound::parse(text, Limits::default(), Budget::new(0).share(MAX_REPLY)).unwrap() {
            Inbound::Reply(reply) => *reply,
            other => panic!("{other:?}"),
        }
    }

    /// Its configuration has a list for each type of interface, its state one for all.
    #[test]
    fn iosxe_is_asked_for_the_state_of_its_ports() {
        let dialect =
            builtin().unwrap().into_iter().find(|one| one.name == "cisco_iosxe").unwrap().netconf.clone().unwrap();
        let absent = Absent { interfaces: ["GigabitEthernet1/0/9".parse().unwrap()].into(), ..Absent::default() };
        let asked: Vec<_> = questions(&dialect, "default", &absent, true);
        let state = asked[1].to_xml().unwrap();
        let expected = "<interfaces xmlns=\"http://cisco.com/ns/yang/Cisco-IOS-XE-interfaces-oper\"><interface><name/>\
                        <oper-status/></interface></interfaces>";
        assert!(state.contains(expected), "{state}");
        let interface = |name: &str, more: &str| format!("<interface><name>{name}</name>{more}</interface>");
        let up = "<oper-status>if-oper-state-ready</oper-status>";
        let state = format!("{}{}", interface("TenGigabitEthernet1/1/1", up), interface("Vlan1", ""));
        let config = "<native><interface><GigabitEthernet><name>1/0/1</name></GigabitEthernet></interface></native>";
        let replies = vec![reply(config), reply(&format!("<interfaces>{state}</interfaces>"))];
        let seen = understand(&dialect, "default", &absent, replies).unwrap();
        let named = |name: &str| Some([name.parse().unwrap()].into());
        assert_eq!(seen.state, named("TenGigabitEthernet1/1/1"));
        assert_eq!(seen.interfaces, named("GigabitEthernet1/0/1"));
    }
}
