//! Lines below a VLAN that say which ports are in it, and those by which ports are members of
//! an aggregate.

use mercury_adapter::{CliWords, Hole, Template, VlanMembers};

use super::blocks::{Block, named_by};

/// Ports that one range may have: more than any chassis.
const RANGE: u32 = 4096;

/// How a port is in a VLAN.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Its frames bear the VLAN's tag.
    Tagged,
    /// They bear none.
    Untagged,
    /// They bear none, since it is untagged in no other VLAN.
    Default,
}

/// What such a line says.
pub(super) struct Membership {
    /// The ports, by the names that Mercury knows them by.
    pub(super) ports: Vec<String>,
    /// How they are in it.
    pub(super) place: Place,
}

/// What a line says of its VLAN's ports; `None` where it is about something else.
///
/// # Errors
/// It names ports in a way that is not known.
pub(super) fn said(words: &CliWords, members: &VlanMembers, line: &str) -> Option<Result<Membership, ()>> {
    // The default VLAN has its ports until a line takes them out.
    if line
        .strip_prefix(&words.undo)
        .is_some_and(|rest| [&members.tagged, &members.untagged].iter().any(|form| form.fits(rest)))
    {
        return Some(Ok(Membership { ports: Vec::new(), place: Place::Untagged }));
    }
    let named = |form: &Template| form.read(line)?.get(Hole::Name).map(|text| ports(words, text).ok_or(()));
    let default = members.switched.as_ref().and_then(|own| own.default.as_ref());
    let forms =
        [(Some(&members.tagged), Place::Tagged), (Some(&members.untagged), Place::Untagged), (default, Place::Default)];
    let said = |(form, place): (Option<&Template>, Place)| Some(named(form?)?.map(|ports| Membership { ports, place }));
    forms.into_iter().find_map(said)
}

/// The number of the aggregate that a block is, where it may list its members.
pub(super) fn lag(words: &CliWords, block: &Block<'_>) -> Option<String> {
    let Block::Interface(name) = block else { return None };
    let number = words.lag_members.as_ref().and_then(|_| name.strip_prefix(words.lag_prefix.as_str()))?;
    (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())).then(|| number.to_owned())
}

/// The members that a line below an aggregate of this number lists; `None` where it is about
/// something else.
///
/// # Errors
/// It names ports in a way that is not known.
pub(super) fn listed<'l>(
    words: &CliWords,
    lag: Option<&'l str>,
    line: &str,
) -> Option<(&'l str, Result<Vec<String>, ()>)> {
    let said = words.lag_members.as_ref()?.listed.read(line);
    Some((lag?, ports(words, said?.get(Hole::Name)?).ok_or(())))
}

/// The aggregate's number, and how LACP is spoken, of a line in the block of a port that
/// `head` enters.
pub(super) fn lacp<'t>(words: &CliWords, head: &str, line: &'t str) -> Option<(&'t str, &'t str)> {
    let (enter, form) = words.lag_members.as_ref()?.lacp.as_ref()?;
    let said = form.read(line).filter(|_| enter.fits(head))?;
    said.get(Hole::Number).zip(said.get(Hole::Mode))
}

/// The ports of `ethe 1/1/1 to 1/1/16 lag 100` and of `TenGigabitEthernet 0/1-3,5`; `None`
/// where it is anything else.
pub(super) fn ports(words: &CliWords, text: &str) -> Option<Vec<String>> {
    let (mut ports, mut kind, mut last) = (Vec::new(), "", None);
    let mut goes_on = false;
    for word in text.split_whitespace() {
        if word.eq_ignore_ascii_case("to") {
            goes_on = true;
            continue;
        }
        let (own, numbers) = word.split_at(word.find(|c: char| c.is_ascii_digit()).unwrap_or(word.len()));
        if !own.is_empty() {
            kind = own;
        }
        let mut module = "";
        for number in numbers.split(',').filter(|number| !number.is_empty()) {
            let (first, end) = number.split_once('-').unwrap_or((number, number));
            if std::mem::take(&mut goes_on) {
                // The first of them stands there already.
                let (module, first) = last?;
                ports.extend(range(module, first, end)?.skip(1).map(|number| named(words, kind, &number)));
                continue;
            }
            // `0/1,3` has another of the same module.
            let (own, first) = first.split_at(first.rfind('/').map_or(0, |at| at + 1));
            module = if own.is_empty() { module } else { own };
            ports.extend(range(module, first, end)?.map(|number| named(words, kind, &number)));
            last = Some((module, first));
        }
    }
    (!goes_on && !ports.is_empty()).then_some(ports)
}

/// The numbers of a module from one to another, or to `0/4` in the module `0/`.
fn range<'t>(module: &'t str, first: &str, end: &str) -> Option<impl Iterator<Item = String> + use<'t>> {
    let (from, to) = (first.parse::<u32>().ok()?, end.strip_prefix(module).unwrap_or(end).parse::<u32>().ok()?);
    (from <= to && to - from < RANGE).then(|| (from..=to).map(move |number| format!("{module}{number}")))
}

fn named(words: &CliWords, kind: &str, number: &str) -> String {
    named_by(words, &format!("{kind} {number}")).unwrap_or_else(|| format!("{kind}{number}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_stand_in_ranges_and_rows() {
        let mut dialects = mercury_adapter::builtin().unwrap().into_iter();
        let words = dialects.find(|one| one.name == "brocade_fastiron").unwrap().cli.clone().unwrap().words;
        for (text, expected) in [
            ("ethe 1/1/1", "ethernet 1/1/1"),
            ("ethe 1/1/1 to 1/1/3 ethe 2/1/1", "ethernet 1/1/1|ethernet 1/1/2|ethernet 1/1/3|ethernet 2/1/1"),
            ("ethe 1/2 ethe 1/4 to 1/5 lag 100 to 101", "ethernet 1/2|ethernet 1/4|ethernet 1/5|lag 100|lag 101"),
            ("Te 0/1-0/2,4-5,1/7", "Te0/1|Te0/2|Te0/4|Te0/5|Te1/7"),
            ("Po 1-2,7", "Po1|Po2|Po7"),
            ("lag 1 ethe 1", "lag 1|ethernet 1"),
        ] {
            assert_eq!(ports(words.table().unwrap(), text).unwrap().join("|"), expected, "{text}");
        }
        for text in [
            "",
            "ethe",
            "ethe 1/1/1 to",
            "to 1/1/4",
            "ethe 1/1/4 to 1/1/1",
            "ethe 1/1 to 2/1",
            "Te 0/1-1/4",
            "ethe 1/x",
            "ethe 1 to 99999",
        ] {
            assert_eq!(ports(words.table().unwrap(), text), None, "{text}");
        }
    }
}
