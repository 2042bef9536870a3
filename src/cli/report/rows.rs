//! What a switch has and would have, leaf by leaf.

use std::{cmp::Ordering, collections::BTreeMap};

use serde_json::Value;

use super::super::print;

/// A leaf, or an entry that is there or is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// `Ethernet1`, or `VLAN 110`.
    pub(super) what: String,
    /// `switched-vlan/access-vlan`; empty where the entry itself is meant.
    pub(super) leaf: String,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
}

impl Row {
    pub(super) fn differs(&self) -> bool {
        self.before != self.after
    }
}

/// All that is shown of a switch, before and after, in the order of its ports.
pub(super) fn rows(before: &Value, after: &Value) -> Vec<Row> {
    let (before, after) = (leaves(before), leaves(after));
    let mut keys: Vec<&(String, String)> = before.keys().chain(after.keys()).collect();
    keys.sort_by(|one, other| order(one, other));
    keys.dedup();
    let row = |key: &(String, String)| Row {
        what: key.0.clone(),
        leaf: key.1.clone(),
        before: before.get(key).cloned(),
        after: after.get(key).cloned(),
    };
    keys.into_iter().map(row).collect()
}

/// Ports first, then VLANs; Ethernet2 before Ethernet10.
fn order(one: &(String, String), other: &(String, String)) -> Ordering {
    let is_vlan = |key: &(String, String)| key.0.starts_with("VLAN ");
    is_vlan(one)
        .cmp(&is_vlan(other))
        .then_with(|| print::port_order(Some(&one.0), Some(&other.0)))
        .then_with(|| one.1.cmp(&other.1))
}

fn leaves(shown: &Value) -> BTreeMap<(String, String), String> {
    let mut found = BTreeMap::new();
    for (list, title) in [("interfaces", ""), ("vlans", "VLAN ")] {
        for (name, entry) in shown.get(list).and_then(Value::as_object).into_iter().flatten() {
            let what = format!("{title}{name}");
            found.insert((what.clone(), String::new()), "configured".to_owned());
            for (member, value) in entry.as_object().into_iter().flatten() {
                // The key says it.
                if !matches!(member.as_str(), "name" | "vlan-id") || title == "VLAN " && member == "name" {
                    below(&what, member, value, &mut found);
                }
            }
        }
    }
    // What binds a VLAN to a VNI is the VLAN's.
    for (vlan, segment) in shown.get("segments").and_then(Value::as_object).into_iter().flatten() {
        for (member, value) in segment.as_object().into_iter().flatten() {
            below(&format!("VLAN {vlan}"), member, value, &mut found);
        }
    }
    found
}

fn below(what: &str, path: &str, value: &Value, found: &mut BTreeMap<(String, String), String>) {
    match value {
        Value::Null => {}
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| below(what, &format!("{path}/{name}"), value, found));
        }
        Value::String(text) => drop(found.insert((what.to_owned(), path.to_owned()), text.clone())),
        other => drop(found.insert((what.to_owned(), path.to_owned()), other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rows_are_in_the_order_of_ports_and_then_of_vlans() {
        let before = json!({"interfaces": {"Ethernet10": {"name": "Ethernet10", "mtu": 1500},
            "Ethernet2": {"name": "Ethernet2", "switched-vlan": {"access-vlan": 5}}}, "vlans": {}});
        let after = json!({"interfaces": {"Ethernet10": {"name": "Ethernet10", "mtu": null},
            "Ethernet2": {"name": "Ethernet2", "switched-vlan": {"access-vlan": 6}}},
            "vlans": {"20": {"vlan-id": 20, "name": "t"}, "6": {"vlan-id": 6}},
            "segments": {"20": {"vni": 10020, "vtep": "vtep1"}}});
        let found: Vec<_> = rows(&before, &after)
            .into_iter()
            .map(|row| format!("{} {} {:?} {:?}", row.what, row.leaf, row.before, row.after))
            .collect();
        let expected = [
            "Ethernet2  Some(\"configured\") Some(\"configured\")",
            "Ethernet2 switched-vlan/access-vlan Some(\"5\") Some(\"6\")",
            "Ethernet10  Some(\"configured\") Some(\"configured\")",
            "Ethernet10 mtu Some(\"1500\") None",
            "VLAN 6  None Some(\"configured\")",
            "VLAN 20  None Some(\"configured\")",
            "VLAN 20 name None Some(\"t\")",
            "VLAN 20 vni None Some(\"10020\")",
            "VLAN 20 vtep None Some(\"vtep1\")",
        ];
        assert_eq!(found, expected);
    }
}
