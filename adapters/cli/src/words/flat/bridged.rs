//! The VLANs of a port on a bridge. What is there and is not to be is taken away by
//! itself, before what is to be there is said.

use mercury_adapter::{FlatBridge, FlatMember, Unrenderable};
use mercury_model::{Change, ForeignVlans, InterfaceName, SwitchedVlan, TrunkVlans, Value, VlanId, VlanSet};

use super::render::Typing;
use crate::words::lists::vlans;

/// What is said of a port.
#[derive(Default)]
struct Said {
    is_on_bridge: bool,
    access: Vec<String>,
    untagged: Vec<String>,
    is_tagged_only: bool,
    tagged: VlanSet,
    /// In the place of tagged VLANs.
    words: Vec<String>,
}

impl Typing<'_> {
    pub(super) fn on_bridge(
        &mut self,
        bridge: &FlatBridge,
        port: &InterfaceName,
        change: &Change,
    ) -> Result<(), Unrenderable> {
        self.port(port)?;
        let said = |written: &Option<Box<ForeignVlans>>, value: &Option<Value>| match written {
            Some(raw) => Said::as_read(raw),
            None => Said::of(value.as_ref()),
        };
        let (before, after) = (said(&change.written, &change.before), said(&change.rewritten, &change.after));
        before.words.iter().chain(&after.words).try_for_each(|word| self.shown(word))?;
        let (untagged, tagged) = (&self.words.untagged, &self.words.tagged);
        let only = |said: &Said| said.is_tagged_only.then(String::new).into_iter().collect::<Vec<_>>();
        let list = |of: &VlanSet, less: &VlanSet| {
            let ranges: Vec<String> = of.difference(less).ranges().iter().map(|one| one.with_separator("-")).collect();
            (!ranges.is_empty()).then(|| ranges.join(",")).into_iter().collect::<Vec<_>>()
        };
        let gone = [
            (&bridge.access, less(&before.access, &after.access)),
            (untagged, less(&before.untagged, &after.untagged)),
            (&bridge.tagged_only, less(&only(&before), &only(&after))),
            (tagged, less(&before.words, &after.words)),
            (tagged, list(&before.tagged, &after.tagged)),
        ];
        let come = [
            (&bridge.access, less(&after.access, &before.access)),
            (untagged, less(&after.untagged, &before.untagged)),
            (&bridge.tagged_only, less(&only(&after), &only(&before))),
            (tagged, less(&after.words, &before.words)),
            (tagged, list(&after.tagged, &before.tagged)),
        ];
        let each = |all: [(&FlatMember, Vec<String>); 5], put: &mut dyn FnMut(&FlatMember, &str)| {
            all.iter().for_each(|(member, values)| values.iter().for_each(|value| put(member, value)));
        };
        each(gone, &mut |member, value| self.put(&member.remove, port, value));
        match (before.is_on_bridge, after.is_on_bridge) {
            (false, true) => self.put(&bridge.member.add, port, ""),
            (true, false) => self.put(&bridge.member.remove, port, ""),
            _ => {}
        }
        each(come, &mut |member, value| self.put(&member.add, port, value));
        Ok(())
    }
}

impl Said {
    fn of(value: Option<&Value>) -> Self {
        let texts = |vlan: &Option<VlanId>| vlan.iter().map(ToString::to_string).collect();
        match value {
            Some(Value::SwitchedVlan(SwitchedVlan::Access { vlan })) => {
                Self { is_on_bridge: true, access: texts(vlan), ..Self::default() }
            }
            Some(Value::SwitchedVlan(SwitchedVlan::Trunk { native, vlans })) => {
                let tagged = match vlans {
                    TrunkVlans::Only(set) => set.difference(&native.iter().copied().collect()),
                    TrunkVlans::All | TrunkVlans::None => VlanSet::new(),
                };
                let is_tagged_only = native.is_none();
                Self { is_on_bridge: true, untagged: texts(native), is_tagged_only, tagged, ..Self::default() }
            }
            _ => Self::default(),
        }
    }

    fn as_read(raw: &ForeignVlans) -> Self {
        let (sets, words): (Vec<_>, Vec<_>) = raw.trunk_vlans.iter().partition(|text| vlans(text).is_some());
        let tagged = sets.iter().filter_map(|text| vlans(text)).flat_map(|set| set.ranges().to_vec()).collect();
        let untagged = raw.native_vlan.iter().filter(|text| text.parse::<VlanId>().is_ok());
        Self {
            is_on_bridge: !raw.interface_mode.is_empty(),
            access: raw.access_vlan.clone(),
            untagged: untagged.cloned().collect(),
            is_tagged_only: raw.native_vlan.iter().any(|text| text.parse::<VlanId>().is_err()),
            tagged,
            words: words.into_iter().cloned().collect(),
        }
    }
}

/// Those that are not among the others.
fn less(all: &[String], others: &[String]) -> Vec<String> {
    all.iter().filter(|text| !others.contains(text)).cloned().collect()
}
