//! Every node that a dialect names, looked up in the modules that its vendor
//! publishes (`tests/peers/paths.py`): what is only read is in no payload that is
//! checked there. Included by each kit.

use std::collections::BTreeMap;

use mercury_adapter::{
    ChannelGroup, Dialect, LeafTree, ListTree, NodePath, OverlayTree, SwitchedVlanTree, Tree, TrunkForm, VlanTree,
};
use serde_json::{Value as Json, json};

use crate::{
    defaults_by_code, dialects, named_by_code, trees,
    vendors::{folder, run},
};

/// What is said of nodes whose module is in no published set of the vendor's.
const UNPUBLISHED: [(&str, &str, &str); 6] = [
    ("juniper_junos", "no any:chassis in", "junos-qfx-conf-chassis is not among them"),
    ("nokia_srl", "no any:tunnel-interface in", "srl_nokia-tunnel-interfaces is not among them"),
    ("nokia_srl", "no any:bgp-instance in", "srl_nokia-bgp-evpn is not among them"),
    ("nokia_srl", "no any:bgp-vpn in", "srl_nokia-bgp-vpn is not loaded with them"),
    ("openconfig", "no openconfig-if-ip:", "openconfig-if-ip is not among them; it is among Arista's and SONiC's"),
    ("openconfig_evpn", "no openconfig-if-ip:", "openconfig-if-ip is not among them"),
];

/// Nodes, and the key or the code that names each.
type Named = Vec<(String, NodePath)>;

/// Every node of a tree, from the top, and the key that names it.
fn named(tree: &Tree) -> Named {
    let Tree {
        interface,
        name,
        kind,
        aggregate_names: _,
        aggregate_count,
        member_without,
        inheritance,
        oper_status,
        leaves,
        lists,
        switched_vlan,
        aggregate_switched_vlan,
        vlan,
        channel_group,
        overlay,
    } = tree;
    let mut nodes: Named = vec![("interface".to_owned(), interface.clone())];
    let mut add = |key: &str, path: NodePath| nodes.push((key.to_owned(), path));
    let below = |path: &NodePath| interface.join(path);
    for (key, path) in [("name", name), ("type", kind), ("member-without", member_without)] {
        path.iter().for_each(|path| add(key, below(path)));
    }
    for (key, path) in
        [("aggregate-count", aggregate_count), ("inheritance", inheritance), ("oper-status", oper_status)]
    {
        path.iter().for_each(|path| add(key, path.clone()));
    }
    for (leaf, at) in leaves {
        let list = leaf.list().and_then(|list| lists.get(&list)).filter(|list| list.is_beside);
        let entry = list.map_or(interface, |list| &list.entry);
        LeafTree::paths(at).for_each(|path| add(leaf.name(), entry.join(path)));
    }
    for (list, ListTree { entry, is_beside, name }) in lists {
        let entry = if *is_beside { entry.clone() } else { below(entry) };
        name.iter().for_each(|path| add(list.name(), entry.join(path)));
        add(list.name(), entry);
    }
    channel_group.iter().flat_map(ChannelGroup::nodes).for_each(|path| add("channel-group", below(path)));
    for (key, own) in std::iter::once(("switched-vlan", switched_vlan))
        .chain(aggregate_switched_vlan.iter().map(|own| ("aggregate-switched-vlan", own)))
    {
        of_ports(own).iter().for_each(|path| add(key, below(path)));
    }
    if let Some(VlanTree { entry, id, name, kind: _, members, status, status_words: _, default_values, id_words: _ }) =
        vlan
    {
        add("vlan.entry", entry.clone());
        let leaves = [id, name, members, status].into_iter().flatten();
        let leaves = leaves.chain(default_values.iter().map(|(path, _)| path));
        leaves.for_each(|path| add("vlan", entry.join(path)));
    }
    if let Some(own) = overlay {
        let OverlayTree {
            entry, vni, vlan: bound, leaves, also, foreign, forms, others, vtep, bgp, state, needs, ..
        } = own;
        let entry = entry.clone().or_else(|| vlan.as_ref().map(|vlan| vlan.entry.clone())).unwrap_or_default();
        let leaves = [vni]
            .into_iter()
            .chain(bound)
            .chain(leaves.values())
            .chain(forms.group.iter().chain(&forms.targets))
            .chain(also.iter().map(|(path, _)| path))
            .chain(foreign.iter().map(|(path, _)| path));
        leaves.for_each(|path| add("overlay", entry.join(path)));
        for own in others {
            let below = [&own.vni].into_iter().chain(&own.vlan);
            below.for_each(|path| add("overlay.others", own.entry.join(path)));
        }
        vtep.iter()
            .chain(bgp)
            .chain(state)
            .chain(needs.iter().map(|need| &need.path))
            .for_each(|path| add("overlay", path.clone()));
        add("overlay.entry", entry);
    }
    nodes
}

fn of_ports(own: &SwitchedVlanTree) -> Vec<NodePath> {
    let SwitchedVlanTree {
        mode,
        access_vlan,
        native_vlan,
        by_vlan: _,
        native_none: _,
        native_inherited,
        trunk_vlans,
        also_trunk_vlans,
        reads_also: _,
        trunk_vlans_within,
        also,
        foreign,
        routed,
    } = own;
    let modes: Vec<&NodePath> = match mode {
        mercury_adapter::ModeForm::Presence { access, trunk } => vec![access, trunk],
        other => other.path().into_iter().collect(),
    };
    let trunks = std::iter::once(trunk_vlans).chain(also_trunk_vlans).flat_map(TrunkForm::nodes);
    let with_values = also.iter().map(|(path, _)| path).chain(foreign.iter().chain(routed).map(|(path, _)| path));
    modes
        .into_iter()
        .chain([access_vlan, native_vlan])
        .chain(trunks)
        .chain(trunk_vlans_within)
        .chain(native_inherited)
        .chain(with_values)
        .cloned()
        .collect()
}

/// The path by names, with modules where it says them.
fn spelled(path: &NodePath) -> String {
    path.steps.iter().map(|step| format!("/{}", step.name)).collect()
}

/// Junos speaks in one namespace, whatever its modules have.
fn asked(name: &str, path: &NodePath, defaults: bool) -> Json {
    let steps: Vec<Json> = path
        .steps
        .iter()
        .map(|step| {
            let is_said = !step.module.namespace.is_empty() && !step.module.namespace.contains("juniper.net");
            let namespace = is_said.then_some(&*step.module.namespace);
            let keys: Vec<&str> = step.keys.iter().map(|(key, _)| key.as_str()).collect();
            json!({"namespace": namespace, "module": step.module.name.as_deref(), "name": step.name, "keys": keys})
        })
        .collect();
    json!({"name": name, "steps": steps, "defaults": defaults})
}

/// What the modules say of each node; `None` where there are none.
fn looked_up(dialect: &Dialect, nodes: &[Json]) -> Option<BTreeMap<String, Json>> {
    let folder = folder(&dialect.name)?;
    let said = run("paths.py", &[folder.as_os_str()], &serde_json::to_vec(nodes).unwrap());
    Some(serde_json::from_str(&said).unwrap())
}

#[test]
fn every_node_that_a_dialect_names_is_in_its_vendors_modules() {
    let mut problems = Vec::new();
    for dialect in dialects() {
        let nodes: Named = trees(&dialect).iter().flat_map(|tree| named(tree)).collect();
        let by_code = named_by_code(&dialect).into_iter().map(|path| ("code".to_owned(), path));
        let nodes: Named = nodes.into_iter().chain(by_code).collect();
        let asked: Vec<Json> =
            nodes.iter().map(|(key, path)| asked(&format!("{key} {}", spelled(path)), path, false)).collect();
        let Some(found) = looked_up(&dialect, &asked) else { continue };
        assert!(found.len() >= 12, "{}: {} nodes", dialect.name, found.len());
        let said = || found.iter().filter_map(|(name, said)| Some((name, said["problem"].as_str()?)));
        let excuses = UNPUBLISHED.iter().filter(|(of, ..)| *of == dialect.name);
        let is_excused = |said: &str| excuses.clone().any(|(_, words, _)| said.contains(words));
        let new = said().filter(|(_, said)| !is_excused(said));
        problems.extend(new.map(|(name, said)| format!("{} {name}: {said}", dialect.name)));
        let idle = excuses.clone().filter(|(_, words, _)| !said().any(|(_, said)| said.contains(words)));
        problems.extend(idle.map(|(of, words, why)| format!("{of}: {words} is no longer said ({why})")));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// What has no default in the modules, and that SONiC itself has one for
/// (`tree.vlan.default-values`).
const OF_ITSELF: [(&str, &str); 1] = [("sonic", "config/mtu")];

/// Junos shows nothing that nobody configured.
const SHOWS_NONE: [&str; 1] = ["juniper_junos"];

/// What a switch shows of a VLAN without a word of anybody's is nothing of others', and
/// nothing else is.
#[test]
fn the_default_values_of_vlans_are_those_of_the_modules() {
    let mut checked = 0;
    for dialect in dialects().into_iter().filter(|dialect| !SHOWS_NONE.contains(&dialect.name.as_str())) {
        for (entry, own, said) in defaults(&dialect) {
            let Some(found) = looked_up(&dialect, &[asked("entry", &entry, true)]) else { continue };
            let found: BTreeMap<String, String> = serde_json::from_value(found["entry"]["defaults"].clone()).unwrap();
            let bare = |value: &str| value.rsplit(':').next().unwrap().to_owned();
            for (path, words) in &said {
                let is_it = found.get(path).is_some_and(|default| words.contains(&bare(default)));
                let of_itself = !found.contains_key(path) && OF_ITSELF.contains(&(&dialect.name, path));
                assert!(is_it || of_itself, "{}: {path} is {:?} and not {words:?}", dialect.name, found.get(path));
            }
            let unsaid: Vec<_> = found.keys().filter(|path| !own.contains(path) && !said.contains_key(*path)).collect();
            assert!(unsaid.is_empty(), "{}: {unsaid:?}", dialect.name);
            checked += 1;
        }
    }
    assert!(checked >= 2 || folder("openconfig").is_none(), "{checked} dialects");
}

/// The entry of a VLAN, Mercury's own leaves of it, and the values of others that say
/// nothing.
pub(crate) type Defaults = (NodePath, Vec<String>, BTreeMap<String, Vec<String>>);

fn defaults(dialect: &Dialect) -> Vec<Defaults> {
    let below = |path: &NodePath| spelled(path).trim_start_matches('/').to_owned();
    let vlan = |vlan: &VlanTree| {
        let said = vlan.default_values.iter().map(|(path, words)| (below(path), words.clone()));
        (vlan.entry.clone(), vlan.leaves().map(below).collect(), said.collect())
    };
    let of_trees = trees(dialect).into_iter().filter_map(|tree| tree.vlan.as_ref()).map(vlan);
    of_trees.chain(defaults_by_code(dialect)).collect()
}
