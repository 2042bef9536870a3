//! A card that hangs on a switch: what its ports have, the switch's port carries for them, and
//! nothing that they have no more.

use std::collections::BTreeSet;

use mercury::inventory::{Card, Representor, Switch as Entry, Uplink};

use super::{
    Schedule, Want,
    values::{PORTS, VLANS, vlans_of},
    vnis::Vnis,
};
use crate::{
    chance::Chance,
    kind::Kind,
    ovsdb::UPLINK,
    world::{Ports, name},
};

/// The switch's port that a card hangs on.
pub(super) const END: &str = "Ethernet7";

/// Which card hangs on which switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plug {
    pub(super) card: usize,
    pub(super) leaf: usize,
}

impl Schedule {
    /// Drawn apart, so that most seeds are what they were before.
    pub(super) fn plugged(&mut self, chance: &mut Chance) {
        let is_card = |at: &usize| self.switches[*at].kind == Kind::Ovsdb;
        let (cards, leaves): (Vec<usize>, Vec<usize>) = (0..self.switches.len()).partition(is_card);
        // A VNI without a VLAN is nothing that a card could be asked for.
        let cards: Vec<usize> = cards.into_iter().filter(|at| self.switches[*at].vnis == Vnis::None).collect();
        if cards.is_empty() || leaves.is_empty() || chance.one_in(4) {
            return;
        }
        let plug = Plug { card: chance.of(&cards), leaf: chance.of(&leaves) };
        self.plug = Some(plug);
        for request in &mut self.requests {
            let Some(own) = request.wants.iter().find(|want| want.switch == plug.card) else { continue };
            let vlans: BTreeSet<u16> = own.ports.iter().flat_map(|(_, wish)| vlans_of(*wish)).collect();
            let carries = Some(vlans.into_iter().collect());
            match request.wants.iter_mut().find(|want| want.switch == plug.leaf) {
                // That a VLAN goes and comes cannot be asked for at once.
                Some(leaf) => (leaf.carries, leaf.removes) = (carries, None),
                None => request.wants.push(Want { carries, ..Want::none(plug.leaf) }),
            }
            request.wants.sort_by_key(|want| want.switch);
        }
    }
}

impl Want {
    pub(super) const fn none(switch: usize) -> Self {
        Self { switch, ports: Vec::new(), removes: None, lag: None, carries: None }
    }
}

impl Plug {
    /// Has the card's entry say so.
    pub(super) fn tune(self, entry: &mut Entry) {
        if entry.identity.name != name(self.card) {
            return;
        }
        let port = |name: &str| name.parse().unwrap();
        let representor =
            |number| Representor { port: port(&format!("Ethernet{number}")), uplinks: Vec::new(), function: None };
        entry.rules.card = Some(Card {
            hosts: vec!["node7".to_owned()],
            serial_number: None,
            uplinks: vec![Uplink { port: port(UPLINK), switch: name(self.leaf), switch_port: port(END) }],
            representors: (1..=PORTS).map(representor).collect(),
        });
    }

    /// Holds what the switch's port carries against what the card's ports have. Where it is not
    /// `known` what became of a request, or others have moved ports of the card, it is not.
    pub(super) fn hold(leaf: &Ports, card: &Ports, known: bool, excused: &BTreeSet<u16>) -> Result<(), String> {
        let ports = (1..=PORTS).map(|number| &card[&format!("Ethernet{number}")]);
        let has: Vec<Option<BTreeSet<u16>>> = ports.map(|text| vlans(text)).collect();
        let carried = tagged(leaf.get(END).map_or("", String::as_str));
        let is_drawn = |vlan: &&u16| VLANS.contains(vlan);
        let needed: BTreeSet<u16> = has.iter().flatten().flatten().filter(is_drawn).copied().collect();
        let told = |what: &str| Err(format!("{END} carries {carried:?}, and the card's ports have {has:?}: {what}"));
        if known && !needed.is_subset(&carried) {
            return told("frames are lost");
        }
        // One that carries everything may have any.
        let is_open = has.iter().any(Option::is_none);
        if known && !is_open && !carried.iter().all(|vlan| needed.contains(vlan) || excused.contains(vlan)) {
            return told("something was left behind");
        }
        Ok(())
    }
}

/// Whether a card's port is one of those that requests are about.
pub(super) fn is_own(port: &str) -> bool {
    (1..=PORTS).any(|number| port == format!("Ethernet{number}"))
}

/// The VLANs that the text of a card's port has; `None` where it carries all.
pub(super) fn vlans(text: &str) -> Option<BTreeSet<u16>> {
    let said = |word: &str| text.split_once(word).map_or("", |(_, rest)| rest);
    let number = |text: &str| -> Option<u16> {
        text.split(|letter: char| !letter.is_ascii_digit()).find(|part| !part.is_empty())?.parse().ok()
    };
    let tag = said("tag ").split(',').next().and_then(number);
    let trunks = said("trunks ").split(", [").next().unwrap_or_default();
    let trunks: BTreeSet<u16> =
        trunks.split(|letter: char| !letter.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect();
    let is_access = text.starts_with("access");
    (is_access || !trunks.is_empty()).then(|| trunks.into_iter().chain(tag).collect())
}

/// The VLANs that the text of a switch's port carries tagged.
fn tagged(text: &str) -> BTreeSet<u16> {
    let Some((_, rest)) = text.split_once("\"trunk-vlans\":[") else { return BTreeSet::new() };
    let list = rest.split(']').next().unwrap_or_default();
    let range = |item: &str| -> Option<std::ops::RangeInclusive<u16>> {
        let item = item.trim_matches('"');
        let (first, last) = item.split_once("..").unwrap_or((item, item));
        Some(first.parse().ok()?..=last.parse().ok()?)
    };
    list.split(',').filter_map(range).flatten().collect()
}

#[test]
fn what_ports_carry_is_read() {
    let set = |ids: &[u16]| ids.iter().copied().collect::<BTreeSet<u16>>();
    assert_eq!(vlans("access, tag 100, trunks none, []"), Some(set(&[100])));
    assert_eq!(vlans(r#"native-untagged, tag 100, trunks ["set",[100,300]], []"#), Some(set(&[100, 300])));
    assert_eq!(vlans(r#"trunk, tag none, trunks 4095, ["[\"description\",\"request 5\"]"]"#), Some(set(&[4095])));
    assert_eq!(vlans(r#"trunk, tag none, trunks ["set",[]], ["[\"description\",\"request 5\"]"]"#), None);
    assert_eq!(
        tagged(r#"{"config":{"interface-mode":"TRUNK","trunk-vlans":[100,"300..301"]}}"#),
        set(&[100, 300, 301])
    );
    assert_eq!(tagged(r#"{"config":{"name":"Ethernet7"}}"#), set(&[]));
    // Neither holds where the other's says more.
    let leaf = |ids: &str| Ports::from([(END.to_owned(), format!("\"trunk-vlans\":[{ids}]"))]);
    let card = |text: &str| (1..=PORTS).map(|port| (format!("Ethernet{port}"), text.to_owned())).collect::<Ports>();
    let on_100 = card("access, tag 100, trunks none, []");
    let hold = |ids: &str, known: bool| Plug::hold(&leaf(ids), &on_100, known, &set(&[300]));
    assert!(hold("100", true).is_ok());
    assert!(hold("200", true).unwrap_err().contains("lost"));
    assert!(hold("100,200", true).unwrap_err().contains("left behind"));
    assert!(hold("100,300", true).is_ok() && hold("100,200", false).is_ok());
}
