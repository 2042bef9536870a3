//! The ports through which a VNI's frames reach other VTEPs: one on the bridge for each of
//! them, in the VLAN that the VNI has (ovs-vswitchd.conf.db(5), Tunnel Options). The server
//! takes any text for a VNI, and any number.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr},
};

use mercury_adapter::{DataNode, DataTree, Dialect, Unrenderable};
use mercury_model::{Edit, Flood, Plan, Segment, VlanId, Vni, VniState};
use serde_json::{Value, json};

use crate::{
    datum::{self, NoDatum},
    owner::{self, MARK},
    read::Unreadable,
    rows::{Row, Rows},
    vlans::{ACCESS, Vlans},
};

/// What such a port is marked with.
const TUNNEL: &str = "vni";

/// A tunnel to one VTEP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tunnel {
    /// The bridge that it is on.
    pub bridge: String,
    /// The VLAN.
    pub vlan: VlanId,
    /// The VNI.
    pub vni: Vni,
    /// The VTEP.
    pub remote: Ipv4Addr,
}

/// What becomes of a tunnel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TunnelChange {
    /// It comes.
    Make(Tunnel),
    /// It goes.
    Remove(Tunnel),
}

impl TunnelChange {
    /// The VLAN that it is in.
    pub(crate) const fn vlan(&self) -> VlanId {
        match self {
            Self::Make(tunnel) | Self::Remove(tunnel) => tunnel.vlan,
        }
    }
}

impl Tunnel {
    /// What its port and its interface are called: the same whoever makes it, and no more
    /// than the 15 octets that an interface's name may have.
    #[must_use]
    pub fn name(&self) -> String {
        format!("v{:06x}{:08x}", self.vni.get(), self.remote.to_bits())
    }

    /// The operations that make it; `number` tells them from those of others in one
    /// transaction.
    pub(crate) fn made(&self, number: usize) -> [Value; 3] {
        let (name, interface, port) = (self.name(), format!("interface{number}"), format!("port{number}"));
        let (vni, remote) = (self.vni.to_string(), self.remote.to_string());
        let options = datum::of_map([("key", vni.as_str()), ("remote_ip", remote.as_str())]);
        let mark = datum::of_map([(MARK, TUNNEL)]);
        let of_interface = json!({ "name": name, "type": "vxlan", "options": options });
        let of_port = json!({
            "name": name, "interfaces": ["named-uuid", interface], "vlan_mode": ACCESS,
            "tag": self.vlan.get(), "external_ids": mark,
        });
        let inserted = datum::of_set([json!(["named-uuid", port])]);
        [
            json!({ "op": "insert", "table": "Interface", "uuid-name": interface, "row": of_interface }),
            json!({ "op": "insert", "table": "Port", "uuid-name": port, "row": of_port }),
            json!({ "op": "mutate", "table": "Bridge", "where": [["name", "==", self.bridge]],
                    "mutations": [["ports", "insert", inserted]] }),
        ]
    }

    /// The operation that takes it away; the rows go with the last that refers to them.
    pub(crate) fn removed(&self, port: &Value) -> Value {
        let gone = datum::of_set([port.clone()]);
        json!({ "op": "mutate", "table": "Bridge", "where": [["name", "==", self.bridge]],
                "mutations": [["ports", "delete", gone]] })
    }
}

/// What a plan makes of tunnels, by their names.
///
/// # Errors
/// [`Unrenderable`]: a VNI is not flooded to VTEPs, or to one that is no IPv4 address.
pub(crate) fn changes(dialect: &Dialect, plan: &Plan) -> Result<BTreeMap<String, TunnelChange>, Unrenderable> {
    let mut changes = BTreeMap::new();
    for edit in &plan.edits {
        let (vlan, gone, come) = match edit {
            Edit::Unbind { vlan, before, .. } => (*vlan, Some(before), None),
            Edit::Bind { vlan, before, after, .. } => (*vlan, before.as_ref(), Some(after)),
            _ => continue,
        };
        let of = |segment: Option<&Segment>| segment.map_or(Ok(Vec::new()), |own| tunnels(dialect, vlan, own));
        let (gone, come) = (of(gone)?, of(come)?);
        // What stays is not touched.
        let stays = |one: &&Tunnel| !(gone.contains(one) && come.contains(one));
        for one in gone.iter().filter(stays) {
            changes.insert(one.name(), TunnelChange::Remove(one.clone()));
        }
        for one in come.iter().filter(stays) {
            if changes.insert(one.name(), TunnelChange::Make(one.clone())).is_some() {
                let reason = "what binds it has to go before what binds it otherwise comes";
                return Err(dialect.cannot(&format!("VNI {} on another VLAN in one change", one.vni), reason));
            }
        }
    }
    Ok(changes)
}

fn tunnels(dialect: &Dialect, vlan: VlanId, segment: &Segment) -> Result<Vec<Tunnel>, Unrenderable> {
    let cannot = |reason: &str| dialect.cannot(&segment.to_string(), reason);
    let bridge = segment.vtep.as_ref().ok_or_else(|| cannot("the bridge that it is on is not known"))?.to_string();
    let Some(Flood::Static(peers)) = &segment.flood else {
        return Err(cannot("frames go to VTEPs that the entry names (vxlan_flood = \"static\"), and to no others"));
    };
    let tunnel = |peer: &IpAddr| match peer {
        IpAddr::V4(remote) => Ok(Tunnel { bridge: bridge.clone(), vlan, vni: segment.vni, remote: *remote }),
        IpAddr::V6(_) => Err(cannot("a VTEP with an IPv6 address has no name that fits")),
    };
    peers.iter().map(tunnel).collect()
}

/// A tunnel, and whether all that its rows say is Mercury's; `tunnel` has its options.
pub(crate) fn of_rows(
    port: &Row,
    tunnel: Option<&Row>,
    bridge: Option<&Row>,
) -> Result<Option<(Tunnel, bool)>, NoDatum> {
    let (Some(tunnel), Some(bridge)) = (tunnel, bridge) else { return Ok(None) };
    let options = tunnel.map("options")?;
    let vlans = Vlans::of(port)?.effective();
    let vlan = vlans.tag.and_then(|tag| u16::try_from(tag).ok()?.try_into().ok());
    let vni = options.get("key").and_then(|key| key.parse().ok());
    let remote = options.get("remote_ip").and_then(|remote| remote.parse().ok());
    let (Some(vlan), Some(vni), Some(remote)) = (vlan.filter(|_| vlans.mode.as_deref() == Some(ACCESS)), vni, remote)
    else {
        return Ok(None);
    };
    let tunnel = Tunnel { bridge: bridge.text("name")?.unwrap_or_default().to_owned(), vlan, vni, remote };
    let marks = port.map("external_ids")?;
    let is_own = marks.len() == 1 && marks.get(MARK) == Some(&TUNNEL) && options.len() == 2;
    let is_named = port.text("name")? == Some(&*tunnel.name());
    Ok(Some((tunnel, is_own && is_named)))
}

/// The tunnels of a VLAN.
#[derive(Default)]
struct Bound {
    vteps: BTreeSet<Ipv4Addr>,
    others: BTreeSet<String>,
}

/// What binds VLANs, and the bridges that may carry VNIs.
pub(crate) fn data<'a>(
    bridges: &[String],
    rows: &Rows,
    root: &DataNode<'a>,
    tree: &mut DataTree<'a, '_>,
) -> Result<(), Unreadable> {
    let (segments, vteps) = (tree.group("segment")?, tree.group("vtep")?);
    let bridged = rows.bridged()?;
    let mut bound: BTreeMap<(String, VlanId, Vni), Bound> = BTreeMap::new();
    let mut taken: BTreeSet<Vni> = BTreeSet::new();
    for (name, port) in &rows.ports {
        let (row, bridge) = (rows.tunnels.get(name), bridged.get(port.uuid()?).copied());
        match of_rows(port, row, bridge)? {
            Some((tunnel, is_own)) => {
                let own = bound.entry((tunnel.bridge, tunnel.vlan, tunnel.vni)).or_default();
                own.vteps.insert(tunnel.remote);
                own.others.extend((!is_own).then(|| format!("port {name}")));
            }
            // Of no VLAN, or of several.
            None => taken.extend(row.map(key).transpose()?.flatten()),
        }
    }
    for ((bridge, vlan, vni), own) in bound {
        let entry = tree.node("segment")?;
        let flood = Flood::Static(own.vteps.into_iter().map(IpAddr::V4).collect());
        let said =
            [("vni", vni.to_string()), ("vlan", vlan.to_string()), ("vtep", bridge), ("flood", flood.to_string())];
        for (leaf, text) in said {
            entry.push(tree.copied_leaf(leaf, &text)?);
        }
        for other in own.others {
            entry.push(tree.copied_leaf(&other, "")?);
        }
        segments.push(entry);
    }
    for vni in taken {
        let entry = tree.node("segment")?;
        entry.push(tree.copied_leaf("vni", &vni.to_string())?);
        entry.push(tree.copied_leaf("vrf", "true")?);
        segments.push(entry);
    }
    for bridge in &rows.bridges {
        let name = bridge.text("name")?.unwrap_or_default();
        if may(bridges, bridge)? {
            let entry = tree.node("vtep")?;
            entry.push(tree.copied_leaf("name", name)?);
            vteps.push(entry);
        }
    }
    root.push(segments);
    root.push(vteps);
    Ok(())
}

/// Whether tunnels may be made on a bridge: it is nobody else's.
pub(crate) fn may(bridges: &[String], bridge: &Row) -> Result<bool, NoDatum> {
    let name = bridge.text("name")?.unwrap_or_default();
    Ok(bridges.iter().any(|allowed| allowed == name) || owner::of_bridge(bridge)?.is_none())
}

/// The VNI of a tunnel, where it has one.
fn key(tunnel: &Row) -> Result<Option<Vni>, NoDatum> {
    let options = tunnel.map("options")?;
    Ok(["key", "in_key", "out_key"].into_iter().find_map(|key| options.get(key)?.parse().ok()))
}

/// Whether the VNIs have tunnels that ovs-vswitchd has made; one that it has not made is down.
pub(crate) fn states(rows: &Rows) -> Result<BTreeMap<Vni, VniState>, NoDatum> {
    let mut states = BTreeMap::new();
    for (name, interface) in &rows.interfaces {
        let Some(vni) = rows.tunnels.get(name).map(key).transpose()?.flatten() else { continue };
        let why = match interface.text("error")?.filter(|error| !error.is_empty()) {
            Some(error) => format!("{name}: {error}"),
            None if interface.number("ofport")?.is_none_or(|port| port < 1) => format!("{name} has no device"),
            None if interface.text("link_state")? == Some("down") => format!("the link of {name} is down"),
            None => {
                states.entry(vni).or_insert(VniState::Up);
                continue;
            }
        };
        states.insert(vni, VniState::Down(why));
    }
    Ok(states)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tunnels_name_fits_whatever_its_vni() {
        for (vni, remote) in [(Vni::MIN, "0.0.0.1"), (Vni::MAX, "255.255.255.254")] {
            let tunnel = Tunnel { bridge: "br0".into(), vlan: VlanId::MIN, vni, remote: remote.parse().unwrap() };
            assert_eq!(tunnel.name().len(), 15);
        }
    }
}
