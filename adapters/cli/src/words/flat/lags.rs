//! Aggregates all of whose members are said at once. What VLANs a new one is put into by the
//! switch, and a port that is a member no longer, is not known: each is taken out of all of them
//! before it gets its own.

use std::collections::BTreeSet;

use mercury_adapter::{EntryOperations, FlatAggregate, Hole, Operations, Origin, Template, Unrenderable};
use mercury_model::{Bundle, Change, InterfaceName};

use super::render::{Typing, is_port, is_vlan_node};

/// Ports that leave and join aggregates, and the aggregates that come and go with them.
pub(super) struct Moves<'p> {
    own: &'p FlatAggregate,
    /// What says the members of one that is there.
    members: &'p Template,
    ports: Vec<(&'p InterfaceName, &'p Change)>,
    made: Vec<InterfaceName>,
    gone: BTreeSet<String>,
}

/// A port's place in an aggregate.
type Place<'a> = Option<(String, Option<&'a Bundle>)>;

fn before(change: &Change) -> Place<'_> {
    Some((change.before.as_ref()?.spelled()?, change.bundles.before.as_deref()))
}

fn after(change: &Change) -> Place<'_> {
    Some((change.after.as_ref()?.spelled()?, change.bundles.after.as_deref()))
}

impl<'p> Moves<'p> {
    pub(super) fn of(
        (own, members): (&'p FlatAggregate, &'p Template),
        operations: &Operations,
        ports: Vec<(&'p InterfaceName, &'p Change)>,
    ) -> Self {
        let name = |entry: &EntryOperations| entry.entry.names.resolve("{name}")?.parse().ok();
        let made = operations.entries.iter().filter(|entry| is_port(entry) && entry.origin != Origin::Present);
        let gone = operations.gone().filter(|node| !is_vlan_node(&node.path));
        let gone = gone.filter_map(|node| node.names.resolve("{name}")).map(std::borrow::Cow::into_owned);
        Self { own, members, ports, made: made.filter_map(name).collect(), gone: gone.collect() }
    }

    /// Whether a port joins an aggregate.
    pub(super) fn joins(&self, port: &InterfaceName) -> bool {
        self.ports.iter().any(|(own, change)| *own == port && change.after.is_some())
    }

    /// Has ports leave first: what they are in no longer must not be theirs while they join.
    pub(super) fn typed(&self, typing: &mut Typing<'_>) -> Result<(), Unrenderable> {
        for name in &self.gone {
            let text = self.own.remove.fill(|hole| (hole == Hole::Name).then(|| name.clone()));
            typing.say_plainly(text);
        }
        for (name, bundle) in self.places(before).filter(|(name, _)| !self.gone.contains(name)) {
            let left = |port: &&InterfaceName| !self.moved(before, &name).any(|own| own == *port);
            let rest: Vec<&InterfaceName> = whole(typing, &name, bundle)?.iter().filter(left).collect();
            // It is never without members, not even for a line.
            if !rest.is_empty() {
                self.say(typing, self.members, &name, rest)?;
            } else if self.moved(after, &name).next().is_none() {
                return Err(typing.without_members(&name));
            }
        }
        for (port, _) in self.ports.iter().filter(|(_, change)| change.before.is_some()) {
            self.empty(typing, port.as_str());
        }
        for (name, bundle) in self.places(after).filter(|(name, _)| !self.is_made(name)) {
            let all = whole(typing, &name, bundle)?;
            self.say(typing, self.members, &name, all.iter().collect())?;
        }
        for name in &self.made {
            let members: Vec<&InterfaceName> = self.moved(after, name.as_str()).collect();
            if members.is_empty() {
                return Err(typing.without_members(name.as_str()));
            }
            self.say(typing, &self.own.make, name.as_str(), members)?;
            self.empty(typing, name.as_str());
        }
        Ok(())
    }

    fn is_made(&self, name: &str) -> bool {
        self.made.iter().any(|own| own.as_str() == name)
    }

    /// The aggregates that ports leave, or join, each once.
    fn places<'s>(
        &'s self,
        at: impl Fn(&'s Change) -> Place<'s> + 's,
    ) -> impl Iterator<Item = (String, Option<&'s Bundle>)> {
        let mut seen = BTreeSet::new();
        self.ports.iter().filter_map(move |(_, change)| at(change)).filter(move |(name, _)| seen.insert(name.clone()))
    }

    /// The ports that leave one, or join it.
    fn moved<'s>(&'s self, at: fn(&Change) -> Place<'_>, name: &'s str) -> impl Iterator<Item = &'s InterfaceName> {
        let is_there = move |change: &Change| at(change).is_some_and(|(own, _)| own == name);
        self.ports.iter().filter(move |(_, change)| is_there(change)).map(|(port, _)| *port)
    }

    fn say(
        &self,
        typing: &mut Typing<'_>,
        form: &Template,
        name: &str,
        members: Vec<&InterfaceName>,
    ) -> Result<(), Unrenderable> {
        members.iter().try_for_each(|member| typing.port(member))?;
        let members: Vec<&str> = members.into_iter().map(InterfaceName::as_str).collect();
        typing.say(form, name, |hole| match hole {
            Hole::Name | Hole::Value => Some(name.to_owned()),
            Hole::Members => Some(members.join(",")),
            _ => None,
        });
        Ok(())
    }

    fn empty(&self, typing: &mut Typing<'_>, name: &str) {
        if let Some(form) = &self.own.emptied {
            typing.say(form, name, |hole| (hole == Hole::Name).then(|| name.to_owned()));
        }
    }
}

/// All members of one.
fn whole<'b>(typing: &Typing<'_>, name: &str, bundle: Option<&'b Bundle>) -> Result<&'b [InterfaceName], Unrenderable> {
    let seen = bundle.filter(|bundle| bundle.is_whole).map(|bundle| bundle.members.as_slice());
    let reason = "all of them are said at once, and not all were seen";
    seen.ok_or_else(|| typing.writing.cannot(&format!("other members of {name}"), reason))
}
