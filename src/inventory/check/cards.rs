//! What is wrong between cards, and between them and the switches that they hang on.

use std::collections::{BTreeMap, HashMap};

use mercury_model::InterfaceName;

use super::{Found, place, same};
use crate::{
    finding::{Code, Finding},
    inventory::{Function, Uplink, load::Draft},
};

/// Spells the ports of switches as those do, and reports uplinks that lead nowhere, ports
/// that two of them hang on, and what would mean two cards.
pub(super) fn cards(drafts: &mut [Draft], found: &mut Found<'_>) {
    let known: HashMap<String, usize> =
        drafts.iter().enumerate().map(|(index, draft)| (draft.switch.identity.name.clone(), index)).collect();
    for index in 0..drafts.len() {
        spell(drafts, index, &known, found);
    }
    ends(drafts, found);
    meant(drafts, found);
    times(drafts, &known, found);
}

/// A switch waits for its cards before it is told to keep its part.
fn times(drafts: &[Draft], known: &HashMap<String, usize>, found: &mut Found<'_>) {
    for draft in drafts.iter().filter(|draft| draft.sound) {
        for Uplink { switch, .. } in draft.switch.rules.card.iter().flat_map(|card| &card.uplinks) {
            let leaf = known.get(switch).and_then(|index| drafts.get(*index));
            let is_sooner = |leaf: &&Draft| leaf.switch.timing.confirm_timeout < draft.switch.timing.commit_timeout;
            if leaf.filter(|leaf| leaf.switch.may_confirm()).is_some_and(|leaf| is_sooner(&leaf)) {
                let message = format!("longer than confirm_timeout of {switch}, which takes its part back meanwhile");
                let finding = Finding::warning(Code::Conflict, message).at(&draft.file, Some(draft.line));
                let finding = finding.field(format!("switch.{}.commit_timeout", draft.switch.identity.name));
                found.findings.push(finding.help("make it shorter than that, by a second or more"));
            }
        }
    }
}

/// What is wrong with one card's uplinks.
fn spell(drafts: &mut [Draft], index: usize, known: &HashMap<String, usize>, found: &mut Found<'_>) {
    let Some((draft, card)) = drafts.get(index).and_then(|draft| Some((draft, draft.switch.rules.card.as_ref()?)))
    else {
        return;
    };
    let mut spelled = card.uplinks.clone();
    for Uplink { switch, switch_port, .. } in &mut spelled {
        let Some(leaf) = known.get(switch).and_then(|index| drafts.get(*index)) else {
            let message = format!("there is no switch {switch:?}");
            found.blame_card(draft, Code::BadValue, "uplinks", message);
            continue;
        };
        if leaf.switch.rules.card.is_some() {
            found.blame_card(draft, Code::BadValue, "uplinks", format!("{switch} is a card itself"));
        }
        match leaf.switch.rules.named(switch_port) {
            Ok(port) => *switch_port = port,
            Err(reason) => found.blame_card(draft, Code::BadValue, "uplinks", format!("{switch}: {reason}")),
        }
        if leaf.switch.rules.options.trunk_ports.contains(switch_port) {
            let message = format!("{switch_port} is among the trunk_ports of {switch}, which carry every VLAN");
            found.blame_card(draft, Code::Conflict, "uplinks", message);
        }
        let rules = &leaf.switch.rules;
        if !rules.allows_port(switch_port) && !rules.allowed_lags.contains(switch_port) {
            let message = format!("{switch_port} is not among the allowed_ports of {switch}");
            found.blame_card(draft, Code::Conflict, "uplinks", message);
        }
    }
    if let Some(card) = drafts.get_mut(index).and_then(|draft| draft.switch.rules.card.as_mut()) {
        card.uplinks = spelled;
    }
}

/// One port of a switch is the end of one cable.
fn ends(drafts: &[Draft], found: &mut Found<'_>) {
    let mut first: BTreeMap<(&str, &InterfaceName), &Draft> = BTreeMap::new();
    for draft in drafts {
        for Uplink { switch, switch_port, .. } in draft.switch.rules.card.iter().flat_map(|card| &card.uplinks) {
            let other = *first.entry((switch, switch_port)).or_insert(draft);
            if !same(other, draft) {
                let message = format!(
                    "port {switch_port} of {switch} is also an uplink of {} {}",
                    other.switch.identity.name,
                    place(other, draft)
                );
                found.blame([draft, other], Code::Conflict, "card.uplinks", message);
            }
        }
    }
}

/// What callers say means one card.
fn meant(drafts: &[Draft], found: &mut Found<'_>) {
    let mut keys: BTreeMap<String, &Draft> = BTreeMap::new();
    let mut functions: BTreeMap<Function, &Draft> = BTreeMap::new();
    for draft in drafts {
        let Some(card) = &draft.switch.rules.card else { continue };
        let also = |what: &str, other: &Draft| {
            format!("{what} also belongs to {} {}", other.switch.identity.name, place(other, draft))
        };
        for key in card.keys() {
            let message = |other: &Draft| also(&key, other);
            let other = *keys.entry(key.clone()).or_insert(draft);
            if !same(other, draft) {
                let field = if key.starts_with("host ") { "card.hosts" } else { "card.serial_number" };
                found.blame([draft, other], Code::AmbiguousId, field, message(other));
            }
        }
        for function in card.representors.iter().filter_map(|representor| representor.function) {
            let other = *functions.entry(function).or_insert(draft);
            if !same(other, draft) {
                let message = also(&function.to_string(), other);
                found.blame([draft, other], Code::AmbiguousId, "card.representors", message);
            }
        }
    }
}
