//! Aggregates whose members say what they are.

use std::collections::{BTreeMap, BTreeSet};

use mercury_model::{DeviceConfig, Foreign, Interface, InterfaceName, LacpInterval, Leaf, Value};

use super::{Data, Entry, value};
use crate::ChannelGroup;

/// What the members of each aggregate say, in their order.
#[derive(Default)]
pub(super) struct Bundles(BTreeMap<InterfaceName, Vec<Said>>);

struct Said {
    mode: String,
    rate: Option<String>,
}

impl Bundles {
    /// Reads a member's entry.
    pub(super) fn read<D: Data>(&mut self, group: &ChannelGroup, entry: &Entry<'_, D>, into: &mut Interface) {
        let leaf = |path| value(entry.node, path, &entry.names).filter(|text| !text.is_empty()).map(str::to_owned);
        let Some(number) = leaf(&group.number) else { return };
        Leaf::AggregateId.set(into, Some(Value::Text(format!("{}{number}", group.prefix))));
        let Some(aggregate) = into.aggregate_id.clone() else { return };
        let said = Said { mode: leaf(&group.mode).unwrap_or_default(), rate: leaf(&group.rate) };
        self.0.entry(aggregate).or_default().push(said);
    }

    /// Tells the aggregates. Where members differ, it is kept as read. The rate of LACP may be
    /// told by the aggregate itself (`own_rate`), and means nothing without a member that
    /// speaks it: those that are told so all the same.
    pub(super) fn tell(self, config: &mut DeviceConfig, own_rate: bool) -> BTreeMap<InterfaceName, LacpInterval> {
        let speaks = |said: &Vec<Said>| said.iter().all(|said| lag_type(said) == Some("LACP"));
        let silent = |one: &&mut Interface| one.is_aggregate() && !self.0.get(&one.name).is_some_and(speaks);
        let mut idle = BTreeMap::new();
        for aggregate in config.interfaces.values_mut().filter(silent).filter(|_| own_rate) {
            idle.extend(aggregate.lacp.map(|lacp| (aggregate.name.clone(), lacp.interval)));
            Leaf::LacpInterval.set(aggregate, None);
            aggregate.lacp = None;
        }
        for (name, said) in self.0 {
            let Some(aggregate) = config.interfaces.get_mut(&name) else { continue };
            let modes = || said.iter().map(|said| said.mode.clone());
            tell(aggregate, Leaf::LagType, &said, lag_type, modes());
            if !said.iter().all(|said| lag_type(said) == Some("LACP")) {
                continue;
            }
            let mode = |said: &Said| Some(if said.mode == "active" { "ACTIVE" } else { "PASSIVE" });
            tell(aggregate, Leaf::LacpMode, &said, mode, modes());
            if own_rate {
                continue;
            }
            let interval = |said: &Said| match said.rate.as_deref() {
                Some("fast") => Some("FAST"),
                Some("normal") | None => Some("SLOW"),
                Some(_) => None,
            };
            let rates = said.iter().map(|said| said.rate.clone().unwrap_or_else(|| "normal".to_owned()));
            tell(aggregate, Leaf::LacpInterval, &said, interval, rates);
        }
        idle
    }
}

/// What a member says that its aggregate is.
fn lag_type(said: &Said) -> Option<&'static str> {
    match said.mode.as_str() {
        "active" | "passive" => Some("LACP"),
        "on" => Some("STATIC"),
        _ => None,
    }
}

/// The one word that all members mean, or what they say.
fn tell(
    aggregate: &mut Interface,
    leaf: Leaf,
    said: &[Said],
    word: impl Fn(&Said) -> Option<&'static str>,
    raw: impl Iterator<Item = String>,
) {
    let mut words = said.iter().map(word);
    let first = words.next().flatten();
    let known = first.filter(|first| words.all(|other| other == Some(first)));
    let raw = || raw.collect::<BTreeSet<String>>().into_iter().collect();
    let value = known.map_or_else(|| Value::Foreign(Foreign::new(raw())), |word| leaf.read(word));
    leaf.set(aggregate, Some(value));
}
