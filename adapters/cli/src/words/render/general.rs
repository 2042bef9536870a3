//! A trunk with an untagged VLAN where that takes a mode of its own.

use mercury_adapter::{CliLine, EntryOperations, GeneralMode, Hole, Names, Said, Template, Unrenderable};
use mercury_model::{Change, SwitchedVlan, TrunkVlans, Value, VlanId, VlanSet};

use super::{Turn, Typing, whole};
use crate::words::lists;

/// Lines, each with its turn.
pub(super) type Lines = Vec<(Turn, String)>;

/// What a port in that mode carries, untagged and tagged.
type Carried = (VlanId, VlanSet);

/// The lines that change what a port carries, where it is in that mode before or after, and the
/// operations that are left.
pub(super) fn lines(
    typing: &Typing<'_>,
    own: &GeneralMode,
    change: &Change,
    entry: &EntryOperations,
) -> Result<Option<(Lines, EntryOperations)>, Unrenderable> {
    let (before, after) = (general(change.before.as_ref()), general(change.after.as_ref()));
    if before.is_none() && after.is_none() {
        return Ok(None);
    }
    let mut rest = entry.clone();
    rest.leaves.retain(|leaf| !whole::is_of_it(leaf));
    let names = &entry.entry.names;
    let lines = match after {
        Some(after) => in_it(typing, own, before, after)?,
        None => out_of_it(typing, names, change.after.as_ref())?,
    };
    Ok(Some((lines.into_iter().map(|line| (Turn::Mode, line)).collect(), rest)))
}

/// What a trunk with an untagged VLAN carries; `None` of anything else.
fn general(value: Option<&Value>) -> Option<Result<Carried, &'static str>> {
    match value? {
        Value::SwitchedVlan(SwitchedVlan::Trunk { native: Some(native), vlans: TrunkVlans::Only(set) }) => {
            let tagged = set.difference(&std::iter::once(*native).collect());
            let carries = set.contains(*native).then_some((*native, tagged));
            Some(carries.ok_or("a trunk that does not carry its untagged VLAN"))
        }
        Value::SwitchedVlan(SwitchedVlan::Trunk { native: Some(_), vlans: TrunkVlans::None }) => {
            Some(Err("a trunk that does not carry its untagged VLAN"))
        }
        Value::SwitchedVlan(SwitchedVlan::Trunk { native: Some(_), vlans: TrunkVlans::All }) => {
            Some(Err("a trunk of all VLANs with an untagged one"))
        }
        _ => None,
    }
}

fn in_it(
    typing: &Typing<'_>,
    own: &GeneralMode,
    before: Option<Result<Carried, &str>>,
    after: Result<Carried, &str>,
) -> Result<Vec<String>, Unrenderable> {
    let unsaid = |what: &str| typing.writing.cannot(what, "general mode lists what it carries, and carries that");
    let (native, tagged) = after.map_err(unsaid)?;
    let mut lines = Vec::new();
    let (was_native, was_tagged) = match before {
        Some(before) => before.map_err(unsaid)?,
        None => {
            lines.extend(mode(typing, &own.mode));
            (own.starts, VlanSet::new())
        }
    };
    let one = |id: VlanId| -> VlanSet { std::iter::once(id).collect() };
    let mut say = |form: Option<&Template>, vlans: &VlanSet| {
        let Some(form) = form else { return };
        let lists = lists::lists(&typing.words.trunk, vlans);
        lines.extend(lists.into_iter().map(|list| form.fill(|hole| (hole == Hole::Value).then(|| list.clone()))));
    };
    // What comes is there before what it replaces goes.
    if native != was_native {
        say(Some(&own.pvid), &one(native));
        say(own.untagged.first(), &one(native));
    }
    say(Some(&own.tagged), &tagged.difference(&was_tagged));
    let has = tagged.union(&one(native));
    say(Some(&own.remove), &was_tagged.union(&one(was_native)).difference(&has));
    Ok(lines)
}

/// With the mode go all of its lines.
fn out_of_it(typing: &Typing<'_>, names: &Names, after: Option<&Value>) -> Result<Vec<String>, Unrenderable> {
    let named = |line: &CliLine| line.remove.fill(|hole| typing.named(names, hole));
    match after {
        None => Ok(typing.words.port.get("mode").map(named).into_iter().collect()),
        Some(Value::SwitchedVlan(SwitchedVlan::Access { vlan })) => {
            let access = vlan.and_then(|vlan| said(typing.words.port.get("access-vlan")?, &vlan.to_string()));
            Ok(mode(typing, "access").into_iter().chain(access).collect())
        }
        Some(Value::SwitchedVlan(SwitchedVlan::Trunk { native: None, vlans: TrunkVlans::Only(set) })) => {
            let lists = lists::lists(&typing.words.trunk, set);
            let add = |list: String| Some(typing.words.trunk.add.as_ref()?.fill(|_| Some(list.clone())));
            Ok(mode(typing, "trunk").into_iter().chain(lists.into_iter().filter_map(add)).collect())
        }
        Some(other) => {
            let reason = "what it is then is said in no line that was seen";
            Err(typing.writing.cannot(&format!("{other} after a trunk with an untagged VLAN"), reason))
        }
    }
}

fn mode(typing: &Typing<'_>, word: &str) -> Option<String> {
    said(typing.words.port.get("mode")?, word)
}

fn said(line: &CliLine, value: &str) -> Option<String> {
    match &line.said {
        Said::Value { line, .. } => Some(line.fill(|hole| (hole == Hole::Value).then(|| value.to_owned()))),
        Said::Lines { .. } => None,
    }
}
