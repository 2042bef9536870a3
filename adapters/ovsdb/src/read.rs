//! Rows as the data that the one reader understands.

use std::collections::BTreeMap;

use mercury_adapter::{
    Bump, DataNode, DataTree, Looking, NoRoom, OvsdbColumn, OvsdbDialect, OvsdbTable, Share, running as read,
};
use mercury_model::{
    InterfaceName, InterfaceScope, InterfaceType, Running, Scope, Vlan, VlanId, VlanScope, VlanSet, VlanStatus,
};

use crate::{
    bonds,
    bridged::bridged,
    datum::NoDatum,
    owner,
    rows::{Row, Rows},
    tunnels,
    vlans::{ACCESS, NATIVE, TRUNK, UNTAGGED_ACCESS, Vlans},
};

/// Why rows cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("{0}")]
    Malformed(#[from] NoDatum),
    #[error("{0}")]
    NoRoom(#[from] NoRoom),
}

/// What the rows say of `scope`. `bridges`: those of somebody else that may be changed
/// all the same.
pub(crate) fn running(
    dialect: &OvsdbDialect,
    bridges: &[String],
    rows: Rows,
    scope: &Scope,
    share: &mut Share,
) -> Result<Running, Unreadable> {
    let arena = Bump::new();
    let data = data(dialect, bridges, &rows, &mut DataTree::new(&arena, share))?;
    let ([unused, down], states) = (down(&rows)?, tunnels::states(&rows)?);
    let is_all = scope.interfaces == InterfaceScope::All;
    let bridged = if is_all { bridged(&rows, bridges, dialect.closed)? } else { BTreeMap::new() };
    // The data stand by themselves.
    drop(rows);
    let looking = Looking { tree: &dialect.tree, defaults: &dialect.defaults, instance: "" };
    let mut found = Running { unused, down, bridged, ..read(looking, data, scope) };
    found.overlay.states = states;
    // A VLAN is there wherever a port has it.
    if let VlanScope::Named(ids) = &scope.vlans {
        let vlan = |id: &VlanId| (*id, Vlan { id: *id, name: None, status: VlanStatus::Active });
        found.config.vlans.extend(ids.iter().map(vlan));
    }
    if let InterfaceScope::Named(names) = &scope.interfaces {
        found.config.interfaces.retain(|name, _| names.contains(name));
    }
    Ok(found)
}

/// Those ports on which ovs-vswitchd has applied nothing, by what it says of their devices, and
/// those that carry nothing for that or another reason.
fn down(rows: &Rows) -> Result<[BTreeMap<InterfaceName, String>; 2], NoDatum> {
    let [mut unused, mut down] = [BTreeMap::new(), BTreeMap::new()];
    for (name, interface) in &rows.interfaces {
        let (why, is_unused) = match interface.text("error")?.filter(|error| !error.is_empty()) {
            Some(error) => (format!("ovs-vswitchd has no use of it: {error}"), true),
            None if interface.number("ofport")?.is_none_or(|port| port < 1) => ("it has no device".to_owned(), true),
            None if interface.text("link_state")? == Some("down") => ("its link is down".to_owned(), false),
            None => continue,
        };
        let Ok(name) = name.parse::<InterfaceName>() else { continue };
        if is_unused {
            unused.insert(name.clone(), why.clone());
        }
        down.insert(name, why);
    }
    Ok([unused, down])
}

fn data<'a>(
    dialect: &OvsdbDialect,
    bridges: &[String],
    rows: &Rows,
    tree: &mut DataTree<'a, '_>,
) -> Result<&'a DataNode<'a>, Unreadable> {
    let root = tree.node("data")?;
    let entries = tree.group("interface")?;
    let bridged = rows.bridged()?;
    for (name, port) in &rows.ports {
        let bridge = bridged.get(port.uuid()?).copied();
        // What carries a VNI's frames to other VTEPs is no port.
        if tunnels::of_rows(port, rows.tunnels.get(name), bridge)?.is_some() {
            continue;
        }
        let entry = tree.node("interface")?;
        entry.push(tree.copied_leaf("name", name)?);
        said(dialect, port, entry, tree)?;
        let is_bond = port.is_bond(name, rows)?;
        let is_named = dialect.tree.aggregate_names.as_ref().is_some_and(|prefix| name.starts_with(prefix.as_str()));
        // What is no more than called so is none.
        if is_bond || is_named {
            let kind = if is_bond { InterfaceType::Ieee8023adLag } else { InterfaceType::EthernetCsmacd };
            entry.push(tree.copied_leaf("type", kind.identity())?);
        }
        for (node, column) in dialect.columns.iter() {
            let held = match column.table {
                OvsdbTable::Interface if is_bond => bonds::common(rows, port, &column.column)?,
                OvsdbTable::Interface => rows.interfaces.get(name).map_or(Ok(None), |row| column_of(row, column))?,
                OvsdbTable::Port => column_of(port, column)?,
            };
            if let Some(text) = held {
                entry.push(tree.copied_leaf(node, &text)?);
            }
        }
        let behind = no_host(port, rows.interfaces.get(name), bridge)?;
        let leaf = if behind.is_some() { "routed" } else { "foreign" };
        for owner in foreign(bridges, port, rows.interfaces.get(name), bridge)? {
            entry.push(tree.copied_leaf(leaf, &owner)?);
        }
        entries.push(entry);
    }
    for (name, bond) in rows.members()? {
        let entry = tree.node("interface")?;
        entry.push(tree.copied_leaf("name", name)?);
        entry.push(tree.copied_leaf("aggregate-id", bond.text("name")?.ok_or(NoDatum)?)?);
        // What the bond's interfaces have the same, is the bond's.
        let row = rows.interfaces.get(name).ok_or(NoDatum)?;
        if let Some(text) = bonds::description(row)?.as_ref().and_then(serde_json::Value::as_str) {
            entry.push(tree.copied_leaf(bonds::DESCRIPTION, text)?);
        }
        entries.push(entry);
    }
    root.push(entries);
    tunnels::data(bridges, rows, root, tree)?;
    Ok(root)
}

/// What a column of a row holds, as text.
fn column_of(row: &Row, column: &OvsdbColumn) -> Result<Option<String>, NoDatum> {
    let held = row.held(&column.column, column.key.as_deref())?;
    Ok(held.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
}

/// Types of interfaces that lead elsewhere than to a host: to another bridge or through a
/// tunnel (ovs-vswitchd.conf.db(5), `Interface` `type`). A port of several interfaces has
/// none of its name.
const LEADS_ON: [&str; 13] = [
    "patch",
    "gre",
    "ip6gre",
    "erspan",
    "ip6erspan",
    "vxlan",
    "geneve",
    "lisp",
    "stt",
    "gtpu",
    "bareudp",
    "srv6",
    "amt",
];

/// Whose a port is, where it is not Mercury's to change.
pub(crate) fn foreign(
    bridges: &[String],
    port: &Row,
    interface: Option<&Row>,
    bridge: Option<&Row>,
) -> Result<Vec<String>, NoDatum> {
    let Some(of) = bridge else { return Ok(vec!["no bridge".to_owned()]) };
    if let Some(what) = no_host(port, interface, bridge)? {
        return Ok(vec![what]);
    }
    let (name, bridge) = (of.text("name")?.unwrap_or_default(), of);
    if bridges.iter().any(|allowed| allowed == name) {
        return Ok(Vec::new());
    }
    let bridge = owner::of_bridge(bridge)?.map(|owner| format!("bridge {name} of {owner}"));
    let port = owner::of_port(port, interface)?.map(|owner| format!("an owner: {owner}"));
    Ok(bridge.into_iter().chain(port).collect())
}

/// What a port is at which no host is, whoever has the bridge.
fn no_host(port: &Row, interface: Option<&Row>, bridge: Option<&Row>) -> Result<Option<String>, NoDatum> {
    let name = bridge.map(|bridge| bridge.text("name")).transpose()?.flatten().unwrap_or_default();
    // By it the machine itself, or others behind it, are reached.
    if bridge.is_some() && port.text("name")? == Some(name) {
        return Ok(Some(format!("the port of bridge {name} itself")));
    }
    // A bridge within a VLAN of another is no more than its own port.
    if port.column("fake_bridge")? == true {
        return Ok(Some("the port of a bridge within a VLAN (fake_bridge)".to_owned()));
    }
    let kind = interface.map(|interface| interface.text("type")).transpose()?.flatten().unwrap_or_default();
    Ok(LEADS_ON.contains(&kind).then(|| format!("an interface of type {kind}, at which no host is")))
}

/// What a port says of VLANs. What the model has no word for is said as it is written.
fn said<'a>(
    dialect: &OvsdbDialect,
    port: &Row,
    entry: &DataNode<'a>,
    tree: &mut DataTree<'a, '_>,
) -> Result<(), Unreadable> {
    let vlans = Vlans::of(port)?;
    // Nothing is configured on a port that was detached.
    if vlans.effective() == Vlans::closed(dialect.closed) {
        return Ok(());
    }
    let Vlans { mode, tag, trunks } = &vlans;
    // Untagged frames of a trunk whose native VLAN is not said are in VLAN 0, and all of an
    // access port whose VLAN is not.
    let (word, tag) = match mode.as_deref() {
        Some(TRUNK) => (Some(TRUNK), None),
        Some(NATIVE) if tag.is_some() => (Some(TRUNK), *tag),
        Some(ACCESS) if tag.is_none() => (Some(UNTAGGED_ACCESS), None),
        other => (other, *tag),
    };
    if let Some(word) = word {
        entry.push(tree.copied_leaf("mode", word)?);
    }
    if let Some(tag) = tag {
        entry.push(tree.copied_leaf("untagged-vlan", &tag.to_string())?);
    }
    if matches!(word, Some(ACCESS | UNTAGGED_ACCESS)) {
        return Ok(());
    }
    match carried(trunks) {
        // Only the native VLAN is carried.
        None if *trunks == [i64::from(dialect.closed)] => {}
        None if trunks.is_empty() && mode.is_none() && tag.is_some() => {}
        None if trunks.is_empty() => entry.push(tree.copied_leaf("trunk-vlans", "all")?),
        None => {
            for vlan in trunks {
                entry.push(tree.copied_leaf("trunk-vlans", &vlan.to_string())?);
            }
        }
        Some(set) => {
            for range in set.ranges() {
                entry.push(tree.copied_leaf("trunk-vlans", &range.with_separator("-"))?);
            }
        }
    }
    Ok(())
}

/// The VLANs of a list, where all are VLANs.
fn carried(trunks: &[i64]) -> Option<VlanSet> {
    let ids = trunks.iter().map(|vlan| VlanId::try_from(u16::try_from(*vlan).ok()?).ok());
    ids.collect::<Option<VlanSet>>().filter(|set| !set.is_empty())
}
