//! A port's VLANs where each VLAN says which ports are in it.

use std::collections::BTreeMap;

use mercury_adapter::{Hole, Names, SwitchedPort, Template, Unrenderable, VlanMembers};
use mercury_model::{
    Change, Edit, ForeignVlans, InterfaceName, Leaf, Plan, SwitchedVlan, TrunkVlans, Value, VlanId, VlanSet,
};

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

/// What becomes of a port's VLANs.
pub(super) struct Moves<'a> {
    members: &'a VlanMembers,
    port: &'a InterfaceName,
    /// The VLANs that it is in, and those that it is to be in: untagged, and tagged.
    vlans: [(VlanSet, VlanSet); 2],
    /// How they can name it, and how they are to.
    named_as: [NamedAs; 2],
}

/// How VLANs can name a port.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NamedAs {
    /// Not at all.
    Nothing,
    /// Nor yet, and both when they can.
    NotYet,
    /// Untagged or tagged.
    One,
    /// Both.
    Both,
}

impl<'a> Moves<'a> {
    pub(super) fn of(
        typing: &Typing<'_>,
        members: &'a VlanMembers,
        port: &'a InterfaceName,
        change: &Change,
    ) -> Result<Self, Unrenderable> {
        texts::checked(typing.writing.dialect, typing.takes, texts::NAME, port.as_str())?;
        let mut vlans = [of(typing, port, change.before.as_ref())?, of(typing, port, change.after.as_ref())?];
        let says = |written: &ForeignVlans, what: &str| written.interface_mode.iter().any(|mode| mode.contains(what));
        let named_as =
            |value: &Option<Value>, written: Option<&ForeignVlans>, (untagged, tagged): &(VlanSet, VlanSet)| {
                match (value, written) {
                    (None, _) => NamedAs::Nothing,
                    (Some(_), Some(written)) if says(written, SwitchedPort::UNNAMED) => NamedAs::NotYet,
                    (Some(_), Some(written)) if says(written, SwitchedPort::BOTH) => NamedAs::Both,
                    (Some(_), Some(_)) => NamedAs::One,
                    // Where it need not be both, what it is not to carry is dropped.
                    _ if untagged.is_empty() || tagged.is_empty() => NamedAs::One,
                    _ => NamedAs::Both,
                }
            };
        let [before, after] = &vlans;
        let present = named_as(&change.before, change.written.as_deref(), before);
        let mut wanted = named_as(&change.after, change.rewritten.as_deref(), after);
        // What is untagged in none before and behind stays what it is.
        let is_tagged_alone = before.0.is_empty() && !before.1.is_empty() && after.0.is_empty();
        if present == NamedAs::Both && change.rewritten.is_none() && is_tagged_alone {
            wanted = if wanted == NamedAs::One { present } else { wanted };
        }
        if members.switched.is_some() && change.written.as_ref().is_some_and(|own| says(own, SwitchedPort::BOUND)) {
            // One that is untagged alone may stay what it is.
            if change.rewritten.is_none() && wanted == NamedAs::One && after.1.is_empty() {
                wanted = present;
            }
            if present != wanted {
                let reason = "it says more that it has only while VLANs can name it, and that is not Mercury's";
                return Err(typing.writing.cannot(&format!("other VLANs, or none, on {port}"), reason));
            }
        }
        // No line takes it out of the default VLAN, or puts it there: it is when all others have.
        let says_default =
            |own: &Option<Box<ForeignVlans>>| own.as_ref().is_some_and(|own| says(own, SwitchedPort::DEFAULT));
        if says_default(&change.written) {
            let own = std::mem::take(&mut vlans[0].0);
            if wanted == NamedAs::Both && vlans[1].0 == own {
                vlans[1].0 = VlanSet::new();
            }
        }
        if says_default(&change.rewritten) {
            vlans[1].0 = VlanSet::new();
        }
        Ok(Self { members, port, vlans, named_as: [present, wanted] })
    }

    /// Whether VLANs can name it otherwise from now on: it is in none in between.
    fn is_other(&self) -> bool {
        let [present, wanted] = self.named_as;
        self.members.switched.is_some() && present != wanted
    }

    /// Takes the port out of the VLANs that it is to be in no longer: few systems have it
    /// untagged in two, even for a while.
    pub(super) fn out(&self, typing: &Typing<'_>, script: &mut Script) -> Result<(), Unrenderable> {
        let [before, after] = &self.vlans;
        for (form, before, after) in forms(self.members, before, after) {
            let gone = if self.is_other() { before.clone() } else { before.difference(after) };
            leave(typing, script, form, self.port, &gone)?;
        }
        Ok(())
    }

    /// Says of the port what lets VLANs name it, or no longer.
    pub(super) fn switch(&self, typing: &Typing<'_>, script: &mut Script) -> Result<(), Unrenderable> {
        let Some(own) = self.members.switched.as_ref().filter(|_| self.is_other()) else { return Ok(()) };
        let lines = |named_as| match named_as {
            NamedAs::Nothing => Vec::new(),
            NamedAs::NotYet => vec![own.both.bare()],
            NamedAs::One => vec![own.line.bare()],
            NamedAs::Both => vec![own.both.bare(), own.line.bare()],
        };
        let [present, wanted] = self.named_as.map(lines);
        let names = Names::interface(self.port);
        script.push(typing.words.interface.enter.fill(|hole| typing.named(&names, hole)), 0, true);
        for line in present.iter().rev() {
            script.push(format!("{} {line}", typing.words.undo), 1, false);
        }
        for line in wanted {
            script.push(line, 1, false);
        }
        typing.leave(script, 1);
        Ok(())
    }

    /// Puts it into those that it is to be in.
    pub(super) fn put(&self, typing: &Typing<'_>, script: &mut Script) -> Result<(), Unrenderable> {
        let [before, after] = &self.vlans;
        for (form, before, after) in forms(self.members, before, after) {
            let come = if self.is_other() { after.clone() } else { after.difference(before) };
            come.iter().try_for_each(|id| within(typing, script, id, &naming(form, self.port)))?;
        }
        Ok(())
    }
}

/// Takes the aggregates that go out of their VLANs.
pub(super) fn gone(
    typing: &Typing<'_>,
    members: &VlanMembers,
    script: &mut Script,
    plan: &Plan,
) -> Result<(), Unrenderable> {
    for edit in &plan.edits {
        let Edit::RemoveInterface { before, .. } = edit else { continue };
        let value = before.switched_vlan.clone().map(Value::SwitchedVlan);
        let (untagged, tagged) = of(typing, &before.name, value.as_ref())?;
        leave(typing, script, &members.untagged, &before.name, &untagged)?;
        leave(typing, script, &members.tagged, &before.name, &tagged)?;
    }
    Ok(())
}

type Form<'f> = (&'f Template, &'f VlanSet, &'f VlanSet);

fn forms<'f>(members: &'f VlanMembers, before: &'f (VlanSet, VlanSet), after: &'f (VlanSet, VlanSet)) -> [Form<'f>; 2] {
    [(&members.untagged, &before.0, &after.0), (&members.tagged, &before.1, &after.1)]
}

fn naming(form: &Template, port: &InterfaceName) -> String {
    form.fill(|hole| (hole == Hole::Name).then(|| port.to_string()))
}

fn leave(
    typing: &Typing<'_>,
    script: &mut Script,
    form: &Template,
    port: &InterfaceName,
    vlans: &VlanSet,
) -> Result<(), Unrenderable> {
    let line = format!("{} {}", typing.words.undo, naming(form, port));
    vlans.iter().try_for_each(|id| within(typing, script, id, &line))
}

fn within(typing: &Typing<'_>, script: &mut Script, id: VlanId, line: &str) -> Result<(), Unrenderable> {
    let block = typing.words.vlan.as_ref();
    let block = block.ok_or_else(|| typing.writing.cannot("members of a VLAN", "VLANs are not made"))?;
    let names = Names::vlan(typing.writing.instance, Some(id), None);
    script.push(block.enter.fill(|hole| typing.named(&names, hole)), 0, true);
    script.push(line.to_owned(), 1, false);
    typing.leave(script, 1);
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
        Some(Value::SwitchedVlan(SwitchedVlan::Foreign(own))) if own.interface_mode == [SwitchedPort::UNNAMED] => {
            Ok((VlanSet::new(), VlanSet::new()))
        }
        Some(_) => {
            let reason = "which VLANs it is in is not known";
            Err(typing.writing.cannot(&format!("VLANs on {port}"), reason))
        }
    }
}
