//! What a port's row says of VLANs (ovs-vswitchd.conf.db(5), VLAN Configuration).

use serde_json::{Value, json};

use crate::{
    datum::{self, NoDatum},
    rows::Row,
};

/// The three columns, as they are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vlans {
    /// `vlan_mode`.
    pub mode: Option<String>,
    /// `tag`, 0 to 4095.
    pub tag: Option<i64>,
    /// `trunks`, each 0 to 4095, in order; empty are all VLANs.
    pub trunks: Vec<i64>,
}

/// The words of `vlan_mode` that Mercury writes.
pub(crate) const ACCESS: &str = "access";
pub(crate) const TRUNK: &str = "trunk";
/// What is read in place of `access` where there is no tag, and written as it was.
pub(crate) const UNTAGGED_ACCESS: &str = "access without a tag";
pub(crate) const NATIVE: &str = "native-untagged";
/// A word of others for a trunk whose native VLAN is tagged.
pub(crate) const NATIVE_TAGGED: &str = "native-tagged";

impl Vlans {
    pub(crate) fn of(port: &Row) -> Result<Self, NoDatum> {
        Ok(Self {
            mode: port.text("vlan_mode")?.map(str::to_owned),
            tag: port.number("tag")?,
            trunks: datum::numbers(port.column("trunks")?)?,
        })
    }

    /// A port that carries nothing: a trunk that lists only a VLAN that no frame may have.
    #[must_use]
    pub fn closed(closed: u16) -> Self {
        Self { mode: Some(TRUNK.to_owned()), tag: None, trunks: vec![closed.into()] }
    }

    /// Without what has no effect, so that what carries the same compares equal: a trunk's
    /// tag, an access port's trunks, and which of both it is where that is not said.
    #[must_use]
    pub fn effective(&self) -> Self {
        let mode = match (self.mode.as_deref(), self.tag) {
            (None, Some(_)) => ACCESS,
            (None, None) => TRUNK,
            (Some(mode), _) => mode,
        };
        Self {
            mode: Some(mode.to_owned()),
            tag: self.tag.filter(|_| mode != TRUNK),
            trunks: if mode == ACCESS { Vec::new() } else { self.trunks.clone() },
        }
    }

    /// Whether a port of these VLANs has less than one of those, and nothing else: a trunk that
    /// loses some.
    #[must_use]
    pub(crate) fn is_less_than(&self, before: &Self) -> bool {
        let (now, had) = (self.effective(), before.effective());
        let is_access = |vlans: &Self| vlans.mode.as_deref() == Some(ACCESS);
        let has_all = had.trunks.is_empty();
        let lists = !now.trunks.is_empty() && (has_all || now.trunks.iter().all(|vlan| had.trunks.contains(vlan)));
        let is_same = now.mode == had.mode && now.tag == had.tag;
        // Its frames would have a tag where the list has it.
        let lost_native = now.tag.is_none() && had.tag.is_some_and(|tag| !now.trunks.contains(&tag));
        lists && now != had && !is_access(&now) && !is_access(&had) && (is_same || lost_native)
    }

    /// The columns and their values.
    #[must_use]
    pub fn columns(&self) -> [(&'static str, Value); 3] {
        let mode = self.mode.as_deref().map_or_else(|| json!(["set", []]), Value::from);
        let tag = self.tag.map_or_else(|| json!(["set", []]), Value::from);
        [("vlan_mode", mode), ("tag", tag), ("trunks", datum::of_set(self.trunks.iter().copied()))]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vlans(mode: &str, tag: Option<i64>, trunks: &[i64]) -> Vlans {
        Vlans { mode: Some(mode.to_owned()).filter(|mode| !mode.is_empty()), tag, trunks: trunks.to_vec() }
    }

    #[test]
    fn a_trunk_that_loses_vlans_is_less_than_it_was() {
        let before = vlans(NATIVE, Some(7), &[7, 8, 9]);
        for less in [vlans(NATIVE, Some(7), &[7, 8]), vlans("trunk", None, &[8, 9])] {
            assert!(less.is_less_than(&before) && !before.is_less_than(&less), "{less:?}");
        }
        for other in [
            before.clone(),
            vlans(NATIVE, Some(8), &[8]),
            vlans("trunk", None, &[]),
            vlans("", Some(7), &[]),
            // VLAN 7 has a tag now.
            vlans("trunk", None, &[7, 8]),
            vlans("trunk", None, &[7, 8, 9]),
        ] {
            assert!(!other.is_less_than(&before), "{other:?}");
        }
        assert!(before.is_less_than(&vlans(NATIVE, Some(7), &[])));
    }

    #[test]
    fn what_has_no_effect_makes_no_difference() {
        for (one, other) in [
            (vlans("", None, &[]), vlans("trunk", None, &[])),
            (vlans("", None, &[5]), vlans("trunk", Some(7), &[5])),
            (vlans("", Some(7), &[5]), vlans("access", Some(7), &[])),
        ] {
            assert_eq!(one.effective(), other.effective(), "{one:?} {other:?}");
        }
        for (one, other) in [
            (vlans("", None, &[]), Vlans::closed(4095)),
            (vlans("native-untagged", Some(7), &[5]), vlans("trunk", Some(7), &[5])),
            (vlans("native-untagged", Some(7), &[5]), vlans("native-tagged", Some(7), &[5])),
        ] {
            assert_ne!(one.effective(), other.effective(), "{one:?} {other:?}");
        }
    }
}
