//! Who serves which switch.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// What a member says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The host and port where the others reach it.
    pub address: String,
    /// It finishes what it has begun, and is handed nothing more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub leaving: bool,
}

/// A switch that a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject<'a> {
    /// What its lock is called, the same for every member.
    pub lock: &'a str,
    /// Only whoever it has called reaches it.
    pub calls_home: bool,
}

/// Whose switches are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose<'a> {
    /// The member's own that asks.
    Own,
    /// Another's: its name and its address.
    Of(&'a str, &'a str),
    /// A switch calls home, and has not called any member.
    NobodyYet,
}

/// The members, and whom switches have called, as etcd had it a moment ago.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    members: BTreeMap<String, Known>,
    /// The members that each switch has called, by the name of its lock.
    called: BTreeMap<String, BTreeSet<String>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Known {
    member: Member,
    /// What its name comes to.
    number: u64,
}

impl View {
    /// A member is there, or has changed.
    pub fn joins(&mut self, name: &str, member: Member) {
        self.members.insert(name.to_owned(), Known { member, number: number(name) });
    }

    /// A member is gone.
    pub fn leaves(&mut self, name: &str) {
        self.members.remove(name);
    }

    /// A switch has called a member.
    pub fn calls(&mut self, lock: &str, member: &str) {
        self.called.entry(lock.to_owned()).or_default().insert(member.to_owned());
    }

    /// Its connection has ended.
    pub fn hangs_up(&mut self, lock: &str, member: &str) {
        if let Some(members) = self.called.get_mut(lock) {
            members.remove(member);
            if members.is_empty() {
                self.called.remove(lock);
            }
        }
    }

    /// The members, by their names.
    pub fn members(&self) -> impl Iterator<Item = (&str, &Member)> {
        self.members.iter().map(|(name, known)| (name.as_str(), &known.member))
    }

    /// Whether a member is there.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    /// The members that a switch has called and that are there.
    pub fn called<'a>(&'a self, lock: &str) -> impl Iterator<Item = &'a str> {
        self.called.get(lock).into_iter().flatten().map(String::as_str).filter(|name| self.serves(name))
    }

    /// Whose a request about these switches is. Whoever is not a member itself, as far as
    /// this goes, serves everything: then it is not known who else does.
    #[must_use]
    pub fn whose(&self, own: &str, subjects: &[Subject<'_>]) -> Whose<'_> {
        self.whose_without(own, subjects, &BTreeSet::new())
    }

    /// The same as if some were not there, who do not answer.
    #[must_use]
    pub fn whose_without(&self, own: &str, subjects: &[Subject<'_>], silent: &BTreeSet<String>) -> Whose<'_> {
        let answers = |name: &&str| !silent.contains(*name);
        let Some(first) = subjects.iter().map(|subject| subject.lock).min() else { return Whose::Own };
        if !self.serves(own) {
            return Whose::Own;
        }
        let home: Vec<BTreeSet<&str>> = subjects
            .iter()
            .filter(|subject| subject.calls_home)
            .map(|subject| self.called(subject.lock).filter(answers).collect())
            .collect();
        if home.iter().any(BTreeSet::is_empty) {
            return Whose::NobodyYet;
        }
        // Where two have called two members, neither reaches both; who has one tells of the other.
        let all = home.iter().cloned().reduce(|one, other| &one & &other).filter(|all| !all.is_empty());
        let chosen = match all.or_else(|| home.first().cloned()) {
            Some(called) if called.contains(own) => Some(own),
            Some(called) => self.chosen(first, called.into_iter()),
            None => self.chosen(first, self.serving().filter(answers)),
        };
        match chosen.and_then(|name| self.members.get_key_value(name)) {
            Some((name, known)) if name != own => Whose::Of(name, &known.member.address),
            _ => Whose::Own,
        }
    }

    /// Whose a request about one switch is, as every member says; `None` while nobody has it.
    #[must_use]
    pub fn served_by(&self, subject: Subject<'_>) -> Option<&str> {
        match subject.calls_home {
            true => self.chosen(subject.lock, self.called(subject.lock)),
            false => self.chosen(subject.lock, self.serving()),
        }
    }

    /// The one whose number for the switch is the highest (rendezvous hashing): the same
    /// whoever works it out, and a member that comes or goes moves only its own switches.
    fn chosen<'a>(&'a self, lock: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
        let lock = number(lock);
        let of = |name: &str| self.members.get(name).map(|known| mixed(known.number ^ lock));
        names.max_by_key(|name| (of(name), *name))
    }

    fn serving(&self) -> impl Iterator<Item = &str> {
        self.members.keys().map(String::as_str).filter(|name| self.serves(name))
    }

    fn serves(&self, name: &str) -> bool {
        self.members.get(name).is_some_and(|known| !known.member.leaving)
    }
}

/// What a name comes to, the same for every member: the first octets of its SHA-256.
fn number(name: &str) -> u64 {
    let digest = ring::digest::digest(&ring::digest::SHA256, name.as_bytes());
    digest.as_ref().first_chunk().copied().map_or(0, u64::from_be_bytes)
}

/// A number in which each bit depends on all of another's: the finaliser of SplitMix64
/// (Steele, Lea, Flood 2014), since every member is tried for every request.
const fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str) -> Member {
        Member { address: format!("{name}:6191"), leaving: false }
    }

    fn view(names: &[&str]) -> View {
        let mut view = View::default();
        names.iter().for_each(|name| view.joins(name, member(name)));
        view
    }

    fn locks() -> Vec<String> {
        (0..3000).map(|number| format!("192.0.{}.{}", number / 250, number % 250)).collect()
    }

    fn served_by<'a>(view: &'a View, own: &'a str, lock: &str) -> &'a str {
        match view.whose(own, &[Subject { lock, calls_home: false }]) {
            Whose::Own => own,
            Whose::Of(name, address) => {
                assert_eq!(address, format!("{name}:6191"));
                name
            }
            Whose::NobodyYet => panic!("it does not call home"),
        }
    }

    #[test]
    fn every_member_says_the_same_and_each_has_its_share() {
        let view = view(&["a", "b", "c"]);
        let mut shares: BTreeMap<&str, u32> = BTreeMap::new();
        for lock in locks() {
            let who = served_by(&view, "a", &lock);
            assert_eq!((who, who), (served_by(&view, "b", &lock), served_by(&view, "c", &lock)), "{lock}");
            *shares.entry(who).or_default() += 1;
        }
        assert!(shares.len() == 3 && shares.values().all(|share| (900..1100).contains(share)), "{shares:?}");
    }

    #[test]
    fn who_leaves_moves_its_own_switches_alone() {
        let before = view(&["a", "b", "c"]);
        for gone in [true, false] {
            let mut after = before.clone();
            match gone {
                true => after.leaves("c"),
                false => after.joins("c", Member { leaving: true, ..member("c") }),
            }
            for lock in locks() {
                let (was, is) = (served_by(&before, "a", &lock), served_by(&after, "a", &lock));
                assert!(is != "c" && (was == "c" || was == is), "{lock}: {was} {is}");
            }
        }
    }

    #[test]
    fn who_is_no_member_serves_by_itself() {
        for view in [View::default(), view(&["b", "c"])] {
            assert!(locks().iter().all(|lock| served_by(&view, "a", lock) == "a"));
        }
        assert_eq!(view(&["a", "b"]).whose("a", &[]), Whose::Own, "it is about no switch");
    }

    #[test]
    fn a_switch_that_calls_home_is_whose_it_has_called() {
        let mut view = view(&["a", "b", "c"]);
        let home = |lock: &'static str| Subject { lock, calls_home: true };
        assert_eq!(view.whose("a", &[home("leaf1")]), Whose::NobodyYet);
        view.calls("leaf1", "b");
        assert_eq!(view.whose("a", &[home("leaf1")]), Whose::Of("b", "b:6191"));
        assert_eq!(view.whose("b", &[home("leaf1")]), Whose::Own);
        // The one that does not call home goes where the other one is.
        let other = Subject { lock: "leaf0", calls_home: false };
        assert_eq!(view.whose("a", &[other, home("leaf1")]), Whose::Of("b", "b:6191"));
        // One of two, when it has called both; and whoever is asked and has it keeps it.
        view.calls("leaf1", "c");
        assert_ne!(view.whose("a", &[home("leaf1")]), Whose::NobodyYet);
        assert_eq!(view.whose("c", &[home("leaf1")]), Whose::Own);
        // Both switches of a pair: whom both have called.
        view.calls("leaf2", "c");
        assert_eq!(view.whose("a", &[home("leaf1"), home("leaf2")]), Whose::Of("c", "c:6191"));
        view.hangs_up("leaf1", "c");
        assert_eq!(view.whose("a", &[home("leaf1"), home("leaf2")]), Whose::Of("b", "b:6191"));
        assert_eq!(view.whose("c", &[home("leaf1"), home("leaf2")]), Whose::Of("b", "b:6191"));
        // What a member had that is gone, nobody has.
        view.leaves("b");
        assert_eq!(view.whose("a", &[home("leaf1")]), Whose::NobodyYet);
    }
}
