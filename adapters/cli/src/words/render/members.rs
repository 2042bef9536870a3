//! A port's VLANs where each VLAN says which ports are in it.

use std::collections::BTreeMap;

use mercury_adapter::{Hole, Names, Template, Unrenderable, VlanMembers};
use mercury_model::{Change, Edit, InterfaceName, Leaf, Plan, SwitchedVlan, TrunkVlans, Value, VlanId, VlanSet};

use super::{Typing, texts};
use crate::Script;

/// What a plan changes of the VLANs of its ports.
pub(super) fn changes(plan: &Plan) -> BTreeMap<&str, (&InterfaceName, &Change)> {
    let own = plan.edits.iter().filter_map(|edit| match edit {
        Edit::Interface { interface, change, .. } if change.leaf == Leaf::SwitchedVlan => {
            Some((interface.as_str(), (interface, change)))
        }
        _ => None,
    });
    own.collect()
}

/// Takes a port out of the VLANs that it is to be in no longer, and then puts it into
/// those that it is to be in: few systems have it untagged in two, even for a while.
pub(super) fn lines(
    typing: &Typing<'_>,
    members: &VlanMembers,
    script: &mut Script,
    port: &InterfaceName,
    change: &Change,
) -> Result<(), Unrenderable> {
    texts::checked(typing.writing.dialect, typing.takes, texts::NAME, port.as_str())?;
    let ((untagged, tagged), (to_be_untagged, to_be_tagged)) =
        (of(typing, port, change.before.as_ref())?, of(typing, port, change.after.as_ref())?);
    let forms = [(&members.untagged, untagged, to_be_untagged), (&members.tagged, tagged, to_be_tagged)];
    let name = |form: &Template| form.fill(|hole| (hole == Hole::Name).then(|| port.to_string()));
    for (form, before, after) in &forms {
        let line = format!("{} {}", typing.words.undo, name(form));
        before.difference(after).iter().try_for_each(|id| within(typing, script, id, &line))?;
    }
    for (form, before, after) in &forms {
        after.difference(before).iter().try_for_each(|id| within(typing, script, id, &name(form)))?;
    }
    Ok(())
}

fn within(typing: &Typing<'_>, script: &mut Script, id: VlanId, line: &str) -> Result<(), Unrenderable> {
    let block = typing.words.vlan.as_ref();
    let block = block.ok_or_else(|| typing.writing.cannot("members of a VLAN", "VLANs are not made"))?;
    let names = Names::vlan(typing.writing.instance, Some(id), None);
    script.push(block.enter.fill(|hole| typing.named(&names, hole)), 0, true);
    script.push(line.to_owned(), 1, false);
    if let Some(leave) = &typing.words.leave {
        script.push(leave.clone(), 1, false);
    }
    Ok(())
}

/// The VLANs that a port is in, untagged and tagged.
fn of(typing: &Typing<'_>, port: &InterfaceName, value: Option<&Value>) -> Result<(VlanSet, VlanSet), Unrenderable> {
    let one = |id: &Option<VlanId>| -> VlanSet { id.iter().copied().collect() };
    match value {
        None => Ok((VlanSet::new(), VlanSet::new())),
        Some(Value::SwitchedVlan(SwitchedVlan::Access { vlan })) => Ok((one(vlan), VlanSet::new())),
        Some(Value::SwitchedVlan(SwitchedVlan::Trunk { native, vlans: TrunkVlans::Only(set) })) => {
            Ok((one(native), set.difference(&one(native))))
        }
        Some(_) => {
            let reason = "which VLANs it is in is not known";
            Err(typing.writing.cannot(&format!("VLANs on {port}"), reason))
        }
    }
}
