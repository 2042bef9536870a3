//! What may be true, by what was told.
//!
//! Every port and every VLAN of every switch is a register. A request writes
//! its registers at some moment between its beginning and its answer, or never;
//! so what may stand there is what the last success made of it, what later or
//! unknown ones would have made of it, and, as long as nobody succeeded, what
//! stood there in the beginning. Where the last word is that nobody knows, it
//! may be anything; where somebody is at work, it is looked at when they are
//! done.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use mercury::{
    fault::{Fault, FaultKind},
    outcome::Report,
};

use super::{
    Request,
    plug::{self, END, Plug},
    values::{Shown, VLANS},
    vnis,
};
use crate::{
    locks, ovsdb,
    world::{Claim, Ports, claim},
};

/// The text of a port or a VLAN; none where there is no such thing.
type Value = Option<String>;

/// What a switch says that does something else than it is told.
const TWISTED: &str = "not what was asked for";
/// Who writes without a request.
const ELSEWHERE: usize = usize::MAX;

/// All registers of all switches.
pub(crate) struct Truth<'a> {
    /// What each switch shows.
    shown: Vec<&'a Shown>,
    /// Which of them have a lock, which keeps everybody else away.
    locks: Vec<bool>,
    registers: BTreeMap<(usize, String), Vec<Written>>,
    /// The VLANs that somebody else has bound to VNIs, and whether they were free then.
    bound: BTreeMap<(usize, u16), bool>,
    /// The card that hangs on a switch.
    plug: Option<Plug>,
    /// What the ports of the card that hangs on a switch were in the beginning.
    first: Ports,
    /// Moves on whenever a request begins or ends.
    now: u64,
}

/// What one request would make of a register.
struct Written {
    request: usize,
    value: Value,
    begun: u64,
    ended: Option<u64>,
    claim: Option<Claim>,
}

impl<'a> Truth<'a> {
    pub(super) fn new((shown, locks): (Vec<&'a Shown>, Vec<bool>), plug: Option<Plug>, first: Ports) -> Self {
        Self { first, shown, locks, registers: BTreeMap::new(), bound: BTreeMap::new(), plug, now: 0 }
    }

    /// A request begins; `request` tells this one from every other.
    pub(super) fn begins(&mut self, request: usize, asked: &Request) {
        self.now += 1;
        for want in &asked.wants {
            for (key, value) in self.shown[want.switch].of(asked.number, want) {
                let written = Written { request, value, begun: self.now, ended: None, claim: None };
                self.registers.entry((want.switch, key)).or_default().push(written);
            }
        }
    }

    /// A request is answered for a switch, or nobody will ever answer.
    pub(crate) fn ends(&mut self, request: usize, switch: usize, claim: Claim) {
        self.now += 1;
        for ((at, _), all) in &mut self.registers {
            for written in all.iter_mut().filter(|written| *at == switch && written.request == request) {
                (written.ended, written.claim) = (Some(self.now), Some(claim));
            }
        }
    }

    /// Somebody else writes; `sure` says whether it cannot be undone by what
    /// the switch does for others.
    pub(crate) fn elsewhere(&mut self, switch: usize, key: &str, value: String, sure: bool) {
        self.now += 1;
        let claim = Some(if sure { Claim::Intended } else { Claim::Unknown });
        let (begun, ended) = (self.now, Some(self.now));
        let written = Written { request: ELSEWHERE, value: Some(value), begun, ended, claim };
        self.registers.entry((switch, key.to_owned())).or_default().push(written);
    }

    /// Somebody else writes to an Open vSwitch, which nothing undoes; `now` is all that it has
    /// then.
    pub(super) fn by_hand(&mut self, switch: usize, key: &str, now: Ports) {
        for vlan in self.shown[switch].vnis.vlans() {
            if key == format!("VNI {}", ovsdb::their_vni(*vlan)) {
                let was_free = vnis::is_bound_to(&now, *vlan, key) && !vnis::is_used(&now, *vlan);
                self.bound.insert((switch, *vlan), was_free);
            }
        }
        let value = vnis::by_vni(now, self.shown[switch].vnis).remove(key).unwrap_or_default();
        self.elsewhere(switch, key, value, true);
    }

    /// What a register was in the beginning.
    pub(crate) fn start(&self, switch: usize, key: &str) -> Option<String> {
        self.shown[switch].start.get(key).cloned()
    }

    /// What was last written to a register that only one writes.
    pub(crate) fn last(&self, switch: usize, key: &str) -> String {
        let written = self.registers.get(&(switch, key.to_owned())).and_then(|all| all.last()?.value.clone());
        written.or_else(|| self.start(switch, key)).unwrap_or_default()
    }

    /// Holds a switch's registers against what may be true now.
    pub(crate) fn check(&self, switch: usize, now: &Ports) -> Result<(), String> {
        let now = &vnis::by_vni(now.clone(), self.shown[switch].vnis);
        let keys = self.registers.keys().filter(|(at, _)| *at == switch).map(|(_, key)| key);
        let mut keys: Vec<_> = keys.chain(now.keys()).chain(self.shown[switch].start.keys()).collect();
        keys.sort();
        keys.dedup();
        // Of what ports have in common it depends on all of them.
        let is_end = |key: &str| key == END && self.plug.is_some_and(|plug| plug.leaf == switch);
        for key in keys.into_iter().filter(|key| !vnis::is_one(key) && !is_end(key)) {
            self.one(switch, key, now.get(key))?;
        }
        Ok(())
    }

    fn one(&self, switch: usize, key: &str, found: Option<&String>) -> Result<(), String> {
        let start = self.shown[switch].start.get(key);
        let none = Vec::new();
        let all = self.registers.get(&(switch, key.to_owned())).unwrap_or(&none);
        let made = all.iter().filter(|written| written.claim == Some(Claim::Intended));
        let last = made.clone().map(|written| written.begun).max().unwrap_or(0);
        let may_be = |written: &&Written| {
            let stands = written.ended.is_none_or(|ended| ended >= last);
            written.claim != Some(Claim::Before) && stands
        };
        let told = |one: &Written| one.value.as_ref() == found || one.claim == Some(Claim::Unknown);
        // Who does not know what it left, left what the switch made of it; what does not concern
        // the text of a port leaves that.
        let twisted = found.is_some_and(|text| text.contains(TWISTED));
        if twisted && all.iter().any(|one| one.claim == Some(Claim::Unknown)) {
            return Ok(());
        }
        // Where nothing locks, words that are not among what was changed may be somebody else's.
        let in_words = found.map(|text| text.replace(&format!("\"description\":\"{TWISTED}\","), ""));
        if twisted && !self.locks[switch] && in_words.as_ref() == start {
            return Ok(());
        }
        // Who changed the words alone of what somebody else has moved meanwhile takes those back.
        let parts = |text: &str| text.split_once(", [").map(|(vlans, words)| (vlans.to_owned(), words.to_owned()));
        let said = |value: Option<&String>| value.and_then(|text| parts(text));
        if let Some((vlans, words)) = said(found) {
            let moved = all.iter().filter(|one| is_moved(one)).filter_map(|one| said(one.value.as_ref()));
            let mut told = all.iter().map(|one| one.value.as_ref()).chain([start]).filter_map(said);
            if moved.into_iter().any(|own| own.0 == vlans) && told.any(|own| own.1 == words) {
                return Ok(());
            }
        }
        let at_work = all.iter().any(|written| written.ended.is_none());
        if at_work || (made.count() == 0 && found == start) || all.iter().filter(may_be).any(told) {
            return Ok(());
        }
        let mut told = format!("leaf{switch}, {key}: found {}\n", shown(found));
        let _ = writeln!(told, "  in the beginning {}", shown(start));
        for one in all {
            let ended = one.ended.map_or("never".to_owned(), |ended| ended.to_string());
            let (begun, claim) = (one.begun, &one.claim);
            let who = if one.request == ELSEWHERE { "the console".to_owned() } else { format!("r{}", one.request) };
            let _ = writeln!(told, "  {who} from {begun} to {ended}: {claim:?}, {}", shown(one.value.as_ref()));
        }
        Err(told)
    }
}

impl Truth<'_> {
    /// No port names a VLAN that is not there, but where somebody was told that
    /// nobody knows what became of the port.
    pub(crate) fn vlans_exist(&self, switch: usize, now: &Ports) -> Result<(), String> {
        let unknown = |key: &String| {
            let written = self.registers.get(&(switch, key.clone()));
            written.is_some_and(|all| all.iter().any(|one| one.claim == Some(Claim::Unknown)))
        };
        for (key, text) in now.iter().filter(|(key, _)| key.starts_with(|one| one != 'V') && !unknown(key)) {
            let missing = |id: &u16| names(text, *id) && !now.contains_key(&format!("VLAN {id}"));
            if let Some(id) = VLANS.iter().chain(self.shown[switch].vnis.vlans()).find(|id| missing(id)) {
                return Err(format!("leaf{switch}, {key} names VLAN {id}, which is not there: {text}"));
            }
        }
        Ok(())
    }
}

impl Truth<'_> {
    /// Whether somebody was told of a switch that nobody knows what became of a request.
    pub(crate) fn is_in_doubt(&self, switch: usize) -> bool {
        let mut all = self.registers.iter().filter(|((at, _), _)| *at == switch).flat_map(|(_, all)| all);
        all.any(|one| one.claim == Some(Claim::Unknown))
    }

    /// What binds VLANs is there where ports need it, and nowhere else.
    pub(crate) fn vnis_hold(&self, switch: usize, now: &Ports) -> Result<(), String> {
        let is_known = !self.is_in_doubt(switch);
        // Nobody takes away what nobody needs any more since somebody else has moved a port: that
        // had what somebody may have made of it.
        let moved = self.registers.iter().filter(|((at, _), all)| *at == switch && all.iter().any(is_moved));
        let had: Vec<&str> = moved.flat_map(|(_, all)| all).filter_map(|one| one.value.as_deref()).collect();
        let Shown { vnis, start, form, .. } = self.shown[switch];
        let bound = self.bound.iter().filter(|((at, _), _)| *at == switch);
        let elsewhere = bound.map(|((_, vlan), was_free)| (*vlan, *was_free)).collect();
        vnis::Held { vnis: *vnis, start, form, elsewhere, had }.hold(now, is_known)
    }

    /// What a card's ports have goes through the port that it hangs on, and nothing else.
    pub(super) fn uplink_holds(&self, leaf: &Ports, card: &Ports) -> Result<(), String> {
        let Some(plug) = self.plug else { return Ok(()) };
        let all = self.registers.iter().filter(|((at, _), _)| *at == plug.leaf || *at == plug.card);
        let is_known = |one: &Written| one.claim != Some(Claim::Unknown) && !is_moved(one);
        Plug::hold(leaf, card, all.flat_map(|(_, all)| all).all(is_known), &self.left_while_open(plug.card))
    }

    /// The VLANs that a card's port left while another carried all of them, and may have needed
    /// them: which of them are nobody's once that one is closed, nobody can tell.
    fn left_while_open(&self, card: usize) -> BTreeSet<u16> {
        let mut turns = Vec::new();
        for (port, first) in &self.first {
            let mut before = plug::vlans(first);
            let all = self.registers.get(&(card, port.clone())).into_iter().flatten();
            // What was not done has closed nothing.
            for one in all.filter(|one| one.claim != Some(Claim::Before)) {
                let now = plug::vlans(one.value.as_deref().unwrap_or_default());
                // Which of two that overlap was the later one is not told.
                let had = before.iter().chain(&now).flatten().copied().collect();
                turns.push(Turn {
                    closes: before.is_none(),
                    had,
                    begun: one.begun,
                    ended: one.ended.unwrap_or(u64::MAX),
                });
                before = now;
            }
        }
        let closed = turns.iter().filter(|turn| turn.closes).map(|turn| turn.ended).max().unwrap_or_default();
        turns.into_iter().filter(|turn| turn.begun <= closed).flat_map(|turn| turn.had).collect()
    }
}

/// A write to a port.
struct Turn {
    /// It carried all VLANs before.
    closes: bool,
    /// Those that it had before or has since, by their numbers.
    had: BTreeSet<u16>,
    begun: u64,
    ended: u64,
}

/// Whether somebody else has put a port on another VLAN.
fn is_moved(one: &Written) -> bool {
    let is_to = |vlan: &str| one.value.as_ref().is_some_and(|text| text.contains(vlan));
    one.request == ELSEWHERE && (is_to("access, tag 100,") || is_to("access, tag 600,"))
}

/// Whether a port's text names the VLAN as one of its own.
fn names(text: &str, id: u16) -> bool {
    let is_said = |leaf: &str| {
        let said = format!("\"{leaf}\":{id}");
        text.match_indices(&said)
            .any(|(at, _)| !text[at + said.len()..].starts_with(|next: char| next.is_ascii_digit()))
    };
    is_said("access-vlan") || is_said("native-vlan") || text.contains(&format!("\"trunk-vlans\":[{id}]"))
}

fn shown(value: Option<&String>) -> &str {
    value.map_or("nothing", String::as_str)
}

/// What is wrong with the answers to a request, whatever is true: all of its
/// switches changed, or none, unless it says that nobody knows.
pub(crate) fn whole(reports: &[Report]) -> Result<(), String> {
    let is = |wanted: Claim| reports.iter().any(|report| claim(report) == wanted);
    // But for what a coordinator says that fails.
    let is_broken = |fault: &Fault| fault.kind == FaultKind::Internal && !fault.message.starts_with(locks::FAILS);
    if let Some(fault) = reports.iter().filter_map(|report| report.outcome.fault()).find(is_broken) {
        return Err(format!("Mercury does not know what it does: {}", fault.message));
    }
    let changed = reports.iter().any(Report::changed);
    if changed && is(Claim::Before) && !is(Claim::Unknown) {
        return Err("some of its switches were changed and some were not".to_owned());
    }
    Ok(())
}
