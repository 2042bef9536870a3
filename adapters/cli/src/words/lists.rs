//! Lists of VLANs as a system writes them.

use mercury_adapter::{TrunkAbsent, TrunkWords};
use mercury_model::{VlanRange, VlanSet};

/// The VLANs of `10,20-30`, of `10, 20-30` or of `10 20 to 30`; `None` where it is
/// anything else.
pub(crate) fn vlans(text: &str) -> Option<VlanSet> {
    let ranges = text.split([',', ' ']).filter(|word| !word.is_empty());
    let mut set: Vec<VlanRange> = Vec::new();
    let mut goes_on = false;
    for word in ranges {
        if word.eq_ignore_ascii_case("to") {
            goes_on = true;
            continue;
        }
        let (first, last) = word.split_once('-').unwrap_or((word, word));
        let mut range = VlanRange::new(first.parse().ok()?, last.parse().ok()?).ok()?;
        if std::mem::take(&mut goes_on) {
            range = VlanRange::new(set.pop()?.first(), range.last()).ok()?;
        }
        set.push(range);
    }
    (!goes_on && !set.is_empty()).then(|| set.into_iter().collect())
}

/// Lists of these VLANs, none longer than it may be.
pub(super) fn lists(words: &TrunkWords, vlans: &VlanSet) -> Vec<String> {
    if words.singly {
        return vlans.iter().map(|id| id.to_string()).collect();
    }
    let mut lists: Vec<String> = Vec::new();
    for range in vlans.ranges() {
        let range = range.with_separator(&words.range);
        match lists.last_mut().filter(|list| list.len() + words.separator.len() + range.len() <= words.longest) {
            Some(list) => {
                list.push_str(&words.separator);
                list.push_str(&range);
            }
            None => lists.push(range),
        }
    }
    lists
}

/// What a trunk carries of which nothing says it.
pub(super) fn absent(words: &TrunkWords) -> VlanSet {
    match &words.absent {
        TrunkAbsent::All => VlanSet::full(),
        TrunkAbsent::None | TrunkAbsent::Unknown => VlanSet::new(),
        TrunkAbsent::Only(set) => set.clone(),
    }
}
