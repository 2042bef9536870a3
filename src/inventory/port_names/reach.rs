//! What a rule can match at all, after those before it had their turn.

use std::collections::{BTreeMap, BTreeSet};

use regex_automata::{
    Anchored, MatchKind,
    dfa::{Automaton, StartKind, dense},
    util::{primitives::StateID, start},
};

/// An automaton larger than this, in bytes, is not looked through.
const LARGEST: usize = 8 * 1024 * 1024;

/// What the last of some patterns can match and no earlier one does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::inventory) enum Reach {
    /// Several names, or it takes too long to find out.
    Several,
    /// This text and no other.
    Only(String),
    /// No name at all.
    Nothing,
}

/// The reach of the last of `patterns`, each of which matches whole texts.
pub(super) fn reach(patterns: &[&str]) -> Reach {
    let config = dense::Config::new()
        .match_kind(MatchKind::All)
        .start_kind(StartKind::Anchored)
        // Good for ASCII; what else there is leads to a state that gives up.
        .unicode_word_boundary(true)
        .dfa_size_limit(Some(LARGEST))
        .determinize_size_limit(Some(LARGEST));
    let automaton = dense::Builder::new().configure(config).build_many(patterns).ok();
    automaton.and_then(|automaton| walk(&automaton, patterns.len())).unwrap_or(Reach::Several)
}

fn walk(automaton: &dense::DFA<Vec<u32>>, patterns: usize) -> Option<Reach> {
    let start = automaton.start_state(&start::Config::new().anchored(Anchored::Yes)).ok()?;
    let next = next_states(automaton, start);
    let ends = |state: StateID| {
        let end = automaton.next_eoi_state(state);
        let matched = if automaton.is_match_state(end) { automaton.match_len(end) } else { 0 };
        let mut matched = (0..matched).map(|index| automaton.match_pattern(end, index).as_usize());
        // In ascending order: the last pattern is the first only where it is alone.
        matched.next() == Some(patterns - 1)
    };
    let useful = useful(&next, ends);
    let mut text = Vec::new();
    let mut state = start;
    loop {
        let onward: Vec<_> = next.get(&state)?.iter().filter(|(_, to)| useful.contains(to)).collect();
        match (onward.as_slice(), !text.is_empty() && ends(state)) {
            ([], true) => return String::from_utf8(text).ok().map(Reach::Only),
            ([], false) => return Some(Reach::Nothing),
            ([(byte, to)], false) => {
                text.push(*byte);
                state = *to;
            }
            _ => return Some(Reach::Several),
        }
    }
}

/// Where each byte leads from each state.
fn next_states(automaton: &dense::DFA<Vec<u32>>, start: StateID) -> BTreeMap<StateID, Vec<(u8, StateID)>> {
    let mut next = BTreeMap::new();
    let mut open = vec![start];
    while let Some(state) = open.pop() {
        if next.contains_key(&state) {
            continue;
        }
        let onward = (0..=u8::MAX).map(|byte| (byte, automaton.next_state(state, byte)));
        let onward: Vec<_> =
            onward.filter(|(_, to)| !automaton.is_dead_state(*to) && !automaton.is_quit_state(*to)).collect();
        open.extend(onward.iter().map(|(_, to)| *to));
        next.insert(state, onward);
    }
    next
}

/// The states from which an end can be reached.
fn useful(next: &BTreeMap<StateID, Vec<(u8, StateID)>>, ends: impl Fn(StateID) -> bool) -> BTreeSet<StateID> {
    let mut from: BTreeMap<StateID, BTreeSet<StateID>> = BTreeMap::new();
    for (state, onward) in next {
        for (_, to) in onward {
            from.entry(*to).or_default().insert(*state);
        }
    }
    let mut useful = BTreeSet::new();
    let mut open: Vec<_> = next.keys().copied().filter(|state| ends(*state)).collect();
    while let Some(state) = open.pop() {
        if useful.insert(state) {
            open.extend(from.get(&state).into_iter().flatten());
        }
    }
    useful
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(patterns: &[&str]) -> Reach {
        let whole: Vec<_> = patterns.iter().map(|pattern| format!("^(?:{pattern})$")).collect();
        reach(&whole.iter().map(String::as_str).collect::<Vec<_>>())
    }

    #[test]
    fn what_a_pattern_can_match_is_told_whatever_it_looks_like() {
        for (pattern, wanted) in [
            (r"Eth(\d+)", Reach::Several),
            ("a|b", Reach::Several),
            ("ab?", Reach::Several),
            ("(?i)e1", Reach::Several),
            (".*", Reach::Several),
            (r"\w+/\w+", Reach::Several),
            ("Eth1/1", Reach::Only("Eth1/1".to_owned())),
            (r"^Eth\d+$", Reach::Several),
            (r"Ethernet\\d", Reach::Only(r"Ethernet\d".to_owned())),
            ("(E)(th)[1]", Reach::Only("Eth1".to_owned())),
            ("x{3}|xxx", Reach::Only("xxx".to_owned())),
            ("é1", Reach::Only("é1".to_owned())),
            ("a$b", Reach::Nothing),
            ("$", Reach::Nothing),
            ("", Reach::Nothing),
            (r"[^\s\S]", Reach::Nothing),
            (r"a\bb", Reach::Nothing),
        ] {
            assert_eq!(of(&[pattern]), wanted, "{pattern}");
        }
    }

    #[test]
    fn a_rule_has_what_those_before_it_leave() {
        assert_eq!(of(&[".*", r"Eth(\d+)"]), Reach::Nothing);
        assert_eq!(of(&[r"Eth\d", r"Eth[0-4]", r"Eth\d+"]), Reach::Several);
        assert_eq!(of(&[r"Eth\d", r"Eth[0-4]"]), Reach::Nothing);
        assert_eq!(of(&[r"Eth[1-9]", r"(?-u:Eth\d)"]), Reach::Only("Eth0".to_owned()));
        assert_eq!(of(&["swp.*", r"Eth(\d+)"]), Reach::Several);
    }
}
