//! A trunk with an untagged VLAN where that takes a mode of its own.
//!
//! Whether a change of mode takes the lines of a mode away was not seen on a switch, or whether it
//! only shows them no longer: a trunk's are taken away one by one before its mode is left, and
//! said whole when it is entered; and so is the VLAN of an access port that was none before.

use mercury_adapter::{CliLine, EntryOperations, GeneralMode, Hole, Names, Said, Template, Unrenderable};
use mercury_model::{Change, ForeignVlans, SwitchedVlan, TrunkVlans, Value, VlanId, VlanSet};

use super::{Turn, Typing, whole};
use crate::words::lists;

/// Lines, each with its turn.
pub(super) type Lines = Vec<(Turn, String)>;

/// What a port in that mode carries.
#[derive(Clone, PartialEq, Eq)]
struct Carried {
    pvid: VlanId,
    untagged: VlanSet,
    tagged: VlanSet,
}

/// How a port is there, or is to be.
#[derive(Clone, PartialEq, Eq)]
enum Mode {
    /// Nothing is said of it.
    Unsaid,
    Access(Option<VlanId>),
    /// Without an untagged VLAN.
    Trunk(VlanSet),
    /// A trunk that carries nobody knows what.
    Unlisted,
    General(Carried),
}

/// The lines that change what a port carries, where it is in that mode before or after, and the
/// operations that are left.
pub(super) fn lines(
    typing: &Typing<'_>,
    own: &GeneralMode,
    change: &Change,
    entry: &EntryOperations,
) -> Result<Option<(Lines, EntryOperations)>, Unrenderable> {
    let mode = |value: Option<&Value>| {
        mode(value).map_err(|what| typing.writing.cannot(what, "general mode lists what it carries, and carries that"))
    };
    let before = mode(change.before.as_ref())?;
    let Some(after) = mode(change.after.as_ref())? else {
        let after = change.after.as_ref().map(ToString::to_string).unwrap_or_default();
        let reason = "what it is then is said in no line that was seen";
        return match before {
            Some(Mode::General(_) | Mode::Unlisted) => {
                Err(typing.writing.cannot(&format!("{after} after a trunk with an untagged VLAN"), reason))
            }
            _ => Ok(None),
        };
    };
    let (mut rest, names) = (entry.clone(), &entry.entry.names);
    let mut lines: Lines = Vec::new();
    let is_own = |mode: &Mode| matches!(mode, Mode::General(_) | Mode::Unlisted);
    let is_trunk = |mode: &Mode| matches!(mode, Mode::Trunk(_));
    let is_left = before.as_ref().is_some_and(is_trunk) && !is_trunk(&after);
    let is_own = is_left || before.as_ref().is_some_and(is_own) || is_own(&after);
    if is_own {
        rest.leaves.retain(|leaf| !whole::is_of_it(leaf));
        let typed = match (&before, &after) {
            (Some(Mode::General(before)), Mode::General(after)) => between(typing, own, before, after),
            (Some(Mode::Trunk(set)), Mode::Unlisted) => {
                typing.words.trunk.remove.iter().flat_map(|form| say(typing, form, set)).collect()
            }
            (before, after) => {
                let mut typed = before.iter().flat_map(|before| out_of(typing, own, names, before)).collect::<Vec<_>>();
                typed.extend(into(typing, own, names, after));
                typed
            }
        };
        lines.extend(typed.into_iter().map(|line| (Turn::Mode, line)));
    }
    Ok(is_own.then_some((lines, rest)))
}

/// How a value is there; `None` where these lines are about nothing of it.
fn mode(value: Option<&Value>) -> Result<Option<Mode>, &'static str> {
    let vlans = match value {
        None => return Ok(Some(Mode::Unsaid)),
        Some(Value::SwitchedVlan(vlans)) => vlans,
        Some(_) => return Ok(None),
    };
    match vlans {
        SwitchedVlan::Access { vlan } => Ok(Some(Mode::Access(*vlan))),
        SwitchedVlan::Trunk { native: None, vlans: TrunkVlans::Only(set) } => Ok(Some(Mode::Trunk(set.clone()))),
        SwitchedVlan::Trunk { native: None, .. } => Ok(None),
        SwitchedVlan::Trunk { native: Some(native), vlans: TrunkVlans::Only(set) } if set.contains(*native) => {
            let untagged: VlanSet = std::iter::once(*native).collect();
            let tagged = set.difference(&untagged);
            Ok(Some(Mode::General(Carried { pvid: *native, untagged, tagged })))
        }
        SwitchedVlan::Trunk { vlans: TrunkVlans::All, .. } => Err("a trunk of all VLANs with an untagged one"),
        SwitchedVlan::Trunk { .. } => Err("a trunk that does not carry its untagged VLAN"),
        SwitchedVlan::Foreign(own) => Ok(foreign(own)),
    }
}

/// What a script that ended too early left.
fn foreign(own: &ForeignVlans) -> Option<Mode> {
    let set = |values: &[String]| match values {
        [] => Some(VlanSet::new()),
        values => lists::vlans(&values.join(",")),
    };
    match own.interface_mode.as_slice() {
        [word] if word == GeneralMode::UNLISTED => Some(Mode::Unlisted),
        [word] if word == GeneralMode::MIXED => {
            let [pvid] = own.native_vlan.as_slice() else { return None };
            let (pvid, untagged, tagged) = (pvid.parse().ok()?, set(&own.access_vlan)?, set(&own.trunk_vlans)?);
            Some(Mode::General(Carried { pvid, untagged, tagged }))
        }
        _ => None,
    }
}

/// The lines of one list of VLANs, if it has any.
fn say(typing: &Typing<'_>, form: &Template, vlans: &VlanSet) -> Vec<String> {
    let fill = |list: String| form.fill(|hole| (hole == Hole::Value).then(|| list.clone()));
    lists::lists(&typing.words.trunk, vlans).into_iter().map(fill).collect()
}

/// In that mode, what comes is there before what it replaces goes.
fn between(typing: &Typing<'_>, own: &GeneralMode, before: &Carried, after: &Carried) -> Vec<String> {
    let mut lines = Vec::new();
    if before.pvid != after.pvid {
        lines.extend(say(typing, &own.pvid, &std::iter::once(after.pvid).collect()));
    }
    let untagged = after.untagged.difference(&before.untagged);
    lines.extend(own.untagged.first().iter().flat_map(|form| say(typing, form, &untagged)));
    lines.extend(say(typing, &own.tagged, &after.tagged.difference(&before.tagged)));
    let all = |carried: &Carried| carried.untagged.union(&carried.tagged);
    lines.extend(say(typing, &own.remove, &all(before).difference(&all(after))));
    lines
}

/// What is said of a trunk before its mode is left, so that nothing of it is there when that is
/// entered again.
fn out_of(typing: &Typing<'_>, own: &GeneralMode, names: &Names, before: &Mode) -> Vec<String> {
    match before {
        Mode::General(carried) => {
            let mut lines = say(typing, &own.remove, &carried.untagged.union(&carried.tagged));
            let pvid = typing.words.port.get("native-vlan").filter(|_| carried.pvid != own.starts);
            lines.extend(pvid.map(|line| line.remove.fill(|hole| typing.named(names, hole))));
            lines
        }
        // In an access port's mode, what it carried is gone.
        Mode::Unlisted => line(typing, "mode", "access").into_iter().collect(),
        Mode::Trunk(set) => typing.words.trunk.remove.iter().flat_map(|form| say(typing, form, set)).collect(),
        Mode::Unsaid | Mode::Access(_) => Vec::new(),
    }
}

fn into(typing: &Typing<'_>, own: &GeneralMode, names: &Names, after: &Mode) -> Vec<String> {
    let said = |node: &str, value: &str| line(typing, node, value);
    match after {
        Mode::Unsaid => {
            // Which VLAN it had as an access port may stand there still, behind the mode.
            let named = |line: &CliLine| line.remove.fill(|hole| typing.named(names, hole));
            ["mode", "access-vlan"].iter().filter_map(|node| typing.words.port.get(*node)).map(named).collect()
        }
        Mode::Access(vlan) => {
            let access = vlan.and_then(|vlan| said("access-vlan", &vlan.to_string()));
            said("mode", "access").into_iter().chain(access).collect()
        }
        Mode::Trunk(set) => {
            let add = typing.words.trunk.add.iter().flat_map(|form| say(typing, form, set));
            said("mode", "trunk").into_iter().chain(add).collect()
        }
        Mode::Unlisted => said("mode", "trunk").into_iter().collect(),
        Mode::General(after) => {
            // What is there of it may be the VLAN that is there without a line, or nothing.
            let nothing = Carried { pvid: own.starts, untagged: VlanSet::new(), tagged: VlanSet::new() };
            let has = after.untagged.union(&after.tagged);
            let less = std::iter::once(own.starts).collect::<VlanSet>().difference(&has);
            let lines = between(typing, own, &nothing, after);
            said("mode", &own.mode).into_iter().chain(lines).chain(say(typing, &own.remove, &less)).collect()
        }
    }
}

fn line(typing: &Typing<'_>, node: &str, value: &str) -> Option<String> {
    match &typing.words.port.get(node)?.said {
        Said::Value { line, .. } => Some(line.fill(|hole| (hole == Hole::Value).then(|| value.to_owned()))),
        Said::Lines { .. } => None,
    }
}
