//! Which ports reach one another: those of a bridge, and of bridges that patch ports join.

use std::collections::BTreeMap;

use mercury_model::{Bridged, InterfaceName, TrunkVlans, VlanId, VlanSet};

use crate::{
    datum::NoDatum,
    owner,
    rows::{Row, Rows},
    vlans::{ACCESS, NATIVE, NATIVE_TAGGED, TRUNK, Vlans},
};

/// Every port of a bridge. `allowed`: bridges of somebody else whose ports are as their rows
/// say; `closed`: the one VLAN of a trunk that carries nothing.
pub(crate) fn bridged(
    rows: &Rows,
    allowed: &[String],
    closed: u16,
) -> Result<BTreeMap<InterfaceName, Bridged>, NoDatum> {
    let of_port = rows.bridged()?;
    let mut own: BTreeMap<&str, (&Row, &str)> = BTreeMap::new();
    for (name, port) in &rows.ports {
        if let Some(bridge) = of_port.get(port.uuid()?).copied() {
            own.insert(name, (bridge, bridge.text("name")?.unwrap_or_default()));
        }
    }
    // Each is said to lead to the other, or no frame passes.
    let joined = |name: &str| {
        let peer = rows.peers.get(name)?.as_deref()?;
        let (_, there) =
            own.get(peer).filter(|_| rows.peers.get(peer).is_some_and(|own| own.as_deref() == Some(name)))?;
        Some(*there)
    };
    let mut domains: BTreeMap<&str, &str> = own.values().map(|(_, bridge)| (*bridge, *bridge)).collect();
    for (name, (_, bridge)) in &own {
        let Some(there) = joined(name) else { continue };
        let both = [*bridge, there].map(|bridge| domains.get(bridge).copied().unwrap_or(bridge));
        let first = both[0].min(both[1]);
        domains.values_mut().filter(|domain| both.contains(domain)).for_each(|domain| *domain = first);
    }
    let mut found = BTreeMap::new();
    for (name, (bridge, of)) in &own {
        let Some(port) = rows.ports.get(*name) else { continue };
        let is_by_flows = owner::of_bridge(bridge)?.is_some() && !allowed.iter().any(|own| own == of);
        let vlans = Vlans::of(port)?;
        let is_plain = vlans.effective() == Vlans::default().effective();
        let brings = match is_by_flows {
            true => TrunkVlans::All,
            // Of the machine's own port no VLAN is said, and what is behind a joint is seen.
            false if is_plain && (name == of || joined(name).is_some()) => TrunkVlans::None,
            false => brought(&vlans, closed),
        };
        let domain = domains.get(of).copied().unwrap_or(of).to_owned();
        if let Ok(name) = name.parse() {
            found.insert(name, Bridged { domain, brings });
        }
    }
    Ok(found)
}

/// The VLANs of frames that come from a port; all where the columns do not tell.
fn brought(vlans: &Vlans, closed: u16) -> TrunkVlans {
    let Vlans { mode, tag, trunks } = vlans.effective();
    let id = |number: i64| VlanId::try_from(u16::try_from(number).ok()?).ok();
    let listed = || trunks.iter().filter(|vlan| **vlan != i64::from(closed)).map(|vlan| id(*vlan)).collect();
    let set: Option<VlanSet> = match (mode.as_deref(), tag) {
        (Some(ACCESS), Some(tag)) => id(tag).map(|vlan| std::iter::once(vlan).collect()),
        (Some(TRUNK), _) if !trunks.is_empty() => listed(),
        (Some(NATIVE | NATIVE_TAGGED), Some(tag)) if !trunks.is_empty() => {
            listed().zip(id(tag)).map(|(set, tag): (VlanSet, VlanId)| set.with(tag))
        }
        _ => None,
    };
    set.map_or(TrunkVlans::All, TrunkVlans::only)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::datum;

    /// Ports: name, bridge, what their rows say, and of a patch its peer.
    fn found(
        bridges: &[(&str, Value)],
        ports: &[(&str, &str, Vlans, Option<&str>)],
    ) -> BTreeMap<String, (String, String)> {
        let uuid = |number: usize| datum::of_uuid(&format!("550e8400-e29b-41d4-a716-4466554400{number:02}"));
        let places = |of: &str| {
            let own = ports.iter().enumerate().filter(|(_, (_, bridge, ..))| *bridge == of);
            own.map(|(number, _)| uuid(number)).collect::<Vec<Value>>()
        };
        let bridge = |(name, more): &(&str, Value)| {
            let mut row = json!({"_uuid": uuid(99), "name": name, "ports": ["set", places(name)], "fail_mode": ["set", []],
                                 "controller": ["set", []], "external_ids": ["map", []]});
            more.as_object().into_iter().flatten().for_each(|(column, value)| row[column] = value.clone());
            row
        };
        let port = |(number, (name, _, vlans, _)): (usize, &(&str, &str, Vlans, Option<&str>))| {
            let mut row = json!({"_uuid": uuid(number), "name": name});
            vlans.columns().into_iter().for_each(|(column, value)| row[column] = value);
            row
        };
        let patches = ports.iter().filter_map(|(name, _, _, peer)| {
            Some(json!({"name": name, "options": datum::of_map([("peer", (*peer)?)])}))
        });
        let answers = [
            vec![json!({"cur_cfg": 1, "next_cfg": 1})],
            bridges.iter().map(bridge).collect(),
            patches.collect(),
            Vec::new(),
            ports.iter().enumerate().map(port).collect(),
            Vec::new(),
        ];
        let rows = Rows::read(answers.into_iter()).unwrap();
        let told = bridged(&rows, &["br-allowed".to_owned()], 4095).unwrap();
        told.into_iter().map(|(name, own)| (name.to_string(), (own.domain, own.brings.to_string()))).collect()
    }

    fn vlans(mode: Option<&str>, tag: Option<i64>, trunks: &[i64]) -> Vlans {
        Vlans { mode: mode.map(str::to_owned), tag, trunks: trunks.to_vec() }
    }

    #[test]
    fn a_port_brings_what_its_columns_say_and_else_everything() {
        let secure = json!({"fail_mode": "secure"});
        let plain = Vlans::default;
        let tagged = || vlans(None, Some(7), &[]);
        let found = found(
            &[("br0", json!({})), ("br-int", json!({})), ("br-prov", secure.clone()), ("br-allowed", secure)],
            &[
                ("br0", "br0", plain(), None),
                ("open", "br0", plain(), None),
                ("access", "br0", tagged(), None),
                ("closed", "br0", vlans(Some("trunk"), None, &[4095]), None),
                ("listed", "br0", vlans(None, None, &[7, 8]), None),
                ("native", "br0", vlans(Some("native-untagged"), Some(9), &[7, 4095]), None),
                ("tagged", "br0", vlans(Some("native-tagged"), Some(9), &[7]), None),
                ("unsaid", "br0", vlans(Some("access"), None, &[]), None),
                ("qinq", "br0", vlans(Some("dot1q-tunnel"), Some(9), &[7]), None),
                ("zero", "br0", vlans(Some("access"), Some(0), &[]), None),
                ("vm", "br-int", tagged(), None),
                ("flows", "br-prov", tagged(), None),
                ("named", "br-allowed", tagged(), None),
                ("br-int", "br-int", plain(), None),
            ],
        );
        for (port, brings) in [
            ("br0", "none"),
            ("open", "all"),
            ("access", "7"),
            ("closed", "none"),
            ("listed", "7-8"),
            ("native", "7,9"),
            ("tagged", "7,9"),
            ("unsaid", "all"),
            ("qinq", "all"),
            ("zero", "all"),
            ("vm", "all"),
            ("flows", "all"),
            ("named", "7"),
            ("br-int", "all"),
        ] {
            assert_eq!(found[port].1, brings, "{port}");
        }
    }

    #[test]
    fn bridges_are_joined_where_two_patch_ports_lead_to_one_another() {
        let patch = |name, bridge, peer| (name, bridge, Vlans::default(), Some(peer));
        let port = |name, bridge| (name, bridge, Vlans::default(), None);
        let bridges = ["br0", "br1", "br2", "br3"].map(|name| (name, json!({})));
        let found = found(
            &bridges,
            &[
                port("p0", "br0"),
                port("a", "br1"),
                port("b", "br2"),
                port("c", "br3"),
                patch("to-1", "br0", "to-0"),
                patch("to-0", "br1", "to-1"),
                patch("one-way", "br0", "not-back"),
                patch("not-back", "br2", "to-0"),
                ("tagging", "br1", vlans(None, Some(5), &[]), Some("plain")),
                ("plain", "br3", Vlans::default(), Some("tagging")),
            ],
        );
        for (port, domain, brings) in [
            ("p0", "br0", "all"),
            ("a", "br0", "all"),
            ("b", "br2", "all"),
            ("c", "br0", "all"),
            ("to-1", "br0", "none"),
            ("one-way", "br0", "all"),
            ("tagging", "br0", "5"),
        ] {
            assert_eq!(found[port], (domain.to_owned(), brings.to_owned()), "{port}");
        }
    }
}
