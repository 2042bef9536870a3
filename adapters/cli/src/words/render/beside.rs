//! Aggregates whose members stand in a block beside that of their settings.

use std::collections::{BTreeMap, BTreeSet};

use mercury_adapter::{
    Capabilities, CliWords, EntryOperations, Hole, LagBlock, Names, Operations, Said, Template, Unrenderable,
};
use mercury_model::{Bundle, Edit, Interface, InterfaceName, LagType, Leaf, Plan};

use super::{Typing, is_type, last, members, texts};
use crate::{Script, words::overlay};

/// Why there is no aggregate without any.
const EMPTY: &str = "as long as it has none it has neither settings nor VLANs";

/// A port that joins an aggregate, leaves one, or stays in one and is changed.
struct Seat<'p> {
    port: &'p InterfaceName,
    /// The lines that enter the blocks of the one that it is in, and of the one it is to be in.
    before: Option<String>,
    after: Option<String>,
    present: &'p Interface,
    wanted: &'p Interface,
}

impl Seat<'_> {
    fn leaves(&self) -> bool {
        self.before.is_some() && self.before != self.after
    }

    fn joins(&self) -> bool {
        self.after.is_some() && self.before != self.after
    }
}

/// What a plan does to aggregates and their members.
#[derive(Default)]
struct Seats<'p> {
    ports: BTreeMap<&'p str, Seat<'p>>,
    made: BTreeSet<&'p str>,
    /// What goes, each with the line that entered its block.
    gone: Vec<(&'p Interface, String)>,
}

/// Refuses what a plan does to aggregates on a switch that has none of these.
pub(super) fn known(typing: &Typing<'_>, plan: &Plan, target: &Capabilities) -> Result<(), Unrenderable> {
    let Some((_, why)) = typing.words.lag_block().zip(target.unaggregated.as_ref()) else { return Ok(()) };
    let is_one = |name: &&InterfaceName| name.as_str().starts_with(typing.words.lag_prefix.as_str());
    let concerned = plan.edits.iter().find_map(|edit| match edit {
        Edit::Interface { interface, change, .. } if change.bundles.member.is_some() => Some(interface),
        edit => edit.interface().filter(is_one),
    });
    concerned.map_or(Ok(()), |name| Err(typing.writing.cannot(&format!("what is asked of {name}"), why)))
}

/// The script of a plan that makes aggregates, takes them away, or changes their members; `None`
/// for any other.
pub(super) fn script(
    typing: &Typing<'_>,
    plan: &Plan,
    operations: &Operations,
) -> Result<Option<Script>, Unrenderable> {
    let Some(own) = typing.words.lag_block() else { return Ok(None) };
    let seats = Seats::of(typing, plan)?;
    if seats.ports.is_empty() && seats.gone.is_empty() {
        return Ok(None);
    }
    let mut script = Script::default();
    let (ports, others): (Vec<_>, Vec<_>) =
        operations.entries.iter().partition(|entry| last(&entry.entry.path) == "interface");
    for entry in others {
        match typing.words.overlay.as_ref().filter(|_| overlay::is_segment(entry)) {
            Some(lines) => {
                let leave = typing.words.leave.as_deref();
                overlay::lines((&typing.writing, typing.takes), (lines, leave), &mut script, entry)?;
            }
            None => typing.entry(&mut script, entry, Vec::new())?,
        }
    }
    let moves = moves(typing, &ports)?;
    moves.iter().try_for_each(|moves| moves.out(typing, &mut script))?;
    if let Some(members) = &typing.words.members {
        members::gone(typing, members, &mut script, plan)?;
    }
    seats.leave(typing, &mut script);
    let is_aggregate = |entry: &EntryOperations| name(entry).starts_with(typing.words.lag_prefix.as_str());
    for entry in ports.iter().filter(|entry| !is_aggregate(entry)) {
        seats.settings(typing, &mut script, entry)?;
    }
    seats.join(typing, own, &mut script)?;
    for entry in ports.iter().filter(|entry| is_aggregate(entry)) {
        let lines = typing.typed(entry)?.into_iter().map(|(_, line)| line).collect();
        block(typing, &mut script, enters(typing, &name(entry)), lines);
    }
    moves.iter().try_for_each(|moves| moves.put(typing, &mut script))?;
    // What carries no VLAN but its own by now.
    for seat in seats.ports.values().filter(|seat| seat.leaves() && !seat.joins()) {
        let state = state(typing, seat.wanted.enabled);
        block(typing, &mut script, enters(typing, seat.port.as_str()), state.into_iter().collect());
    }
    let is_aggregate_of =
        |names: &Names| names.resolve("{name}").is_some_and(|name| name.starts_with(typing.words.lag_prefix.as_str()));
    for node in operations.gone().filter(|node| !is_aggregate_of(&node.names)) {
        let (block, names) = typing.block(node)?;
        typing.within(&mut script, block, block.remove.fill(|hole| typing.named(names, hole)));
    }
    Ok(Some(script))
}

impl<'p> Seats<'p> {
    fn of(typing: &Typing<'_>, plan: &'p Plan) -> Result<Self, Unrenderable> {
        let mut seats = Self::default();
        let mut emptied: BTreeMap<&str, (&Bundle, BTreeSet<&str>)> = BTreeMap::new();
        for edit in &plan.edits {
            match edit {
                Edit::CreateInterface { interface, .. } => drop(seats.made.insert(interface.as_str())),
                Edit::RemoveInterface { before, besides } => {
                    if let Some(others) = besides {
                        let reason = format!("it has {others}, which would go with it, or stay on its ports");
                        return Err(typing.writing.cannot(&format!("the removal of {}", before.name), &reason));
                    }
                    seats.gone.push((before, head(typing, before)?));
                }
                Edit::Interface { interface, change, .. }
                    if change.leaf == Leaf::LagType && !seats.made.contains(interface.as_str()) =>
                {
                    let reason = "the line that makes it says it, and it stays so";
                    return Err(typing.writing.cannot(&format!("another lag-type of {interface}"), reason));
                }
                Edit::Interface { interface, change, .. } => {
                    let Some([present, wanted]) = change.bundles.member.as_deref() else { continue };
                    let [before, after] = [&change.bundles.before, &change.bundles.after].map(Option::as_deref);
                    let of = |port: &Interface, bundle: Option<&Bundle>| match (&port.aggregate_id, bundle) {
                        (None, _) => Ok(None),
                        (Some(_), Some(bundle)) => head(typing, &bundle.aggregate).map(Some),
                        (Some(name), None) => Err(typing
                            .writing
                            .cannot(&format!("{interface} in {name}"), "it was not seen what that is")),
                    };
                    texts::checked(typing.writing.dialect, typing.takes, texts::NAME, interface.as_str())?;
                    let (before_head, after_head) = (of(present, before)?, of(wanted, after)?);
                    let seat = Seat { port: interface, before: before_head, after: after_head, present, wanted };
                    seat.keeps_what_is_said(typing, change.bundles.besides.as_deref())?;
                    if let Some(bundle) = before.filter(|_| seat.leaves()) {
                        let all = emptied.entry(bundle.aggregate.name.as_str()).or_insert((bundle, BTreeSet::new()));
                        all.1.insert(interface.as_str());
                    }
                    seats.ports.insert(interface.as_str(), seat);
                }
                _ => {}
            }
        }
        let joined: BTreeSet<&str> = seats.ports.values().filter(|seat| seat.joins()).filter_map(Seat::wants).collect();
        let goes = |name: &str| seats.gone.iter().any(|(own, _)| own.name.as_str() == name);
        let is_left = |(bundle, left): &(&Bundle, BTreeSet<&str>)| {
            bundle.is_whole && bundle.members.iter().all(|port| left.contains(port.as_str()))
        };
        // Who leaves is out before anybody else is in.
        let mut left = emptied.iter().filter(|(name, left)| is_left(left) && !goes(name)).map(|(name, _)| *name);
        let made = seats.made.iter().copied().find(|name| !joined.contains(name));
        if let Some(empty) = made.or_else(|| left.next()) {
            return Err(typing.writing.cannot(&format!("{empty} without members"), EMPTY));
        }
        Ok(seats)
    }

    /// Takes away what goes, and takes ports out of what stays.
    fn leave(&self, typing: &Typing<'_>, script: &mut Script) {
        let undo = |line: &str| format!("{} {line}", typing.words.undo);
        for (aggregate, head) in &self.gone {
            // Who was in it would have these.
            let set = [("edge-port", Leaf::EdgePort), ("bpdu-guard", Leaf::BpduGuard)]
                .into_iter()
                .filter(|(_, leaf)| leaf.get(aggregate).is_some());
            let lines = set.filter_map(|(node, _)| typing.words.port.get(node)).map(|line| line.remove.bare());
            block(typing, script, enters(typing, aggregate.name.as_str()), lines.collect());
            script.push(undo(head), 0, false);
        }
        let mut left: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for seat in self.ports.values().filter(|seat| seat.leaves()) {
            let Some(head) = seat.before.as_deref() else { continue };
            if !self.gone.iter().any(|(_, own)| own == head) {
                left.entry(head).or_default().extend(listed(typing, seat).map(|line| undo(&line)));
            }
        }
        for (head, lines) in left {
            block(typing, script, head.to_owned(), lines);
        }
    }

    /// What is said of a port in its own block, where it is no member or not yet.
    fn settings(&self, typing: &Typing<'_>, script: &mut Script, entry: &EntryOperations) -> Result<(), Unrenderable> {
        let name = name(entry);
        let seat = self.ports.get(&*name);
        let mut own = entry.clone();
        own.leaves.retain(|leaf| match (seat, last(leaf.path())) {
            (Some(seat), "description") => seat.after.is_none(),
            (Some(seat), "enabled") => seat.before.is_none(),
            _ => true,
        });
        let mut lines: Vec<String> = typing.typed(&own)?.into_iter().map(|(_, line)| line).collect();
        if let Some(seat) = seat.filter(|seat| seat.joins()) {
            let is_other = seat.present.description.is_some() && seat.present.description != seat.wanted.description;
            let line = typing.words.port.get("description").filter(|_| is_other);
            lines.extend(line.map(|line| line.remove.bare()));
            lines.extend(state(typing, seat.wanted.enabled).filter(|_| seat.leaves()));
        }
        block(typing, script, enters(typing, &name), lines);
        Ok(())
    }

    /// Puts ports into aggregates, which makes those, and says what is said of members there.
    fn join(&self, typing: &Typing<'_>, own: &LagBlock, script: &mut Script) -> Result<(), Unrenderable> {
        let mut blocks: BTreeMap<&str, [Vec<String>; 2]> = BTreeMap::new();
        for seat in self.ports.values() {
            let Some(head) = seat.after.as_deref() else { continue };
            let [joins, says] = blocks.entry(head).or_default();
            joins.extend(listed(typing, seat).filter(|_| seat.joins()));
            let is_renamed = seat.joins() || seat.present.description != seat.wanted.description;
            match seat.wanted.description.as_ref().filter(|_| is_renamed) {
                Some(text) => {
                    let text = text.to_string();
                    texts::checked(typing.writing.dialect, typing.takes, "description", &text)?;
                    let text = typing.takes.quoted(&text);
                    says.push(own.description.fill(|hole| match hole {
                        Hole::Value => Some(text.clone()),
                        _ => Some(seat.port.to_string()),
                    }));
                }
                None if !seat.joins() && is_renamed => {
                    let reason = "how a member's is taken away was not seen";
                    return Err(typing.writing.cannot(&format!("no description of {}", seat.port), reason));
                }
                None => {}
            }
            if !seat.joins() && seat.present.enabled != seat.wanted.enabled {
                let form = if seat.wanted.enabled { &own.enable } else { &own.disable };
                says.push(form.fill(|_| Some(seat.port.to_string())));
            }
        }
        for (head, [joins, says]) in blocks {
            block(typing, script, head.to_owned(), [joins, says].concat());
        }
        Ok(())
    }
}

impl<'p> Seat<'p> {
    /// Refuses that it joins or leaves with what is not Mercury's.
    fn keeps_what_is_said(&self, typing: &Typing<'_>, besides: Option<&str>) -> Result<(), Unrenderable> {
        let said = |leaf: Leaf| self.joins() && leaf.get(self.wanted).is_some();
        let guards = [Leaf::EdgePort, Leaf::BpduGuard].into_iter().filter(|leaf| said(*leaf));
        let guards = guards.map(|leaf| leaf.to_string()).collect::<Vec<_>>();
        let others = besides.filter(|_| self.joins() || self.leaves()).map(str::to_owned);
        let others: Vec<String> = others.into_iter().chain(guards).collect();
        if others.is_empty() {
            return Ok(());
        }
        let what = if self.joins() { "joining an aggregate" } else { "leaving its aggregate" };
        let reason = format!("what would become of {} was not seen", others.join(", "));
        Err(typing.writing.cannot(&format!("{} {what}", self.port), &reason))
    }

    /// The aggregate that it is to be in.
    fn wants(&self) -> Option<&'p str> {
        self.wanted.aggregate_id.as_ref().map(InterfaceName::as_str)
    }
}

/// The line that enters the block of an aggregate's members.
fn head(typing: &Typing<'_>, aggregate: &Interface) -> Result<String, Unrenderable> {
    let word = match aggregate.aggregation.and_then(|own| own.lag_type) {
        Some(LagType::Lacp) => Some("LACP"),
        Some(LagType::Static) => Some("STATIC"),
        None => None,
    };
    let line = word.and_then(|word| line_of(typing.words, word)).ok_or_else(|| {
        let reason = "every line about them has its name, and Mercury did not give it that";
        typing.writing.cannot(&format!("the members of {}", aggregate.name), reason)
    })?;
    let names = Names::interface(&aggregate.name);
    Ok(line.fill(|hole| typing.named(&names, hole)))
}

fn line_of<'w>(words: &'w CliWords, word: &str) -> Option<&'w Template> {
    let Said::Lines { lines, .. } = &words.port.get("lag-type")?.said else { return None };
    lines.iter().find(|(own, _)| own == word).map(|(_, line)| line)
}

/// Whether an operation is said by such a line.
pub(super) fn is_of_head(words: &CliWords, path: &mercury_adapter::NodePath) -> bool {
    words.lag_block().is_some() && is_type(path)
}

fn listed(typing: &Typing<'_>, seat: &Seat<'_>) -> impl Iterator<Item = String> {
    let form = typing.words.lag_members.as_ref().map(|own| &own.listed);
    form.map(|form| form.fill(|hole| (hole == Hole::Name).then(|| seat.port.to_string()))).into_iter()
}

/// The line that enables a port, or disables it.
fn state(typing: &Typing<'_>, enabled: bool) -> Option<String> {
    let line = typing.words.port.get("enabled")?;
    match &line.said {
        _ if enabled => Some(line.remove.bare()),
        Said::Lines { lines, .. } => lines.iter().find(|(word, _)| word == "false").map(|(_, line)| line.bare()),
        Said::Value { .. } => None,
    }
}

fn moves<'a>(typing: &'a Typing<'_>, ports: &[&EntryOperations]) -> Result<Vec<members::Moves<'a>>, Unrenderable> {
    let Some(own) = &typing.words.members else { return Ok(Vec::new()) };
    let changed = ports.iter().filter_map(|entry| typing.changes.get(name(entry).as_str()));
    changed.map(|(port, change)| members::Moves::of(typing, own, port, change)).collect()
}

fn name(entry: &EntryOperations) -> String {
    entry.entry.names.resolve("{name}").unwrap_or_default().into_owned()
}

/// The line that enters an interface's block.
fn enters(typing: &Typing<'_>, name: &str) -> String {
    typing.block_of(name).enter.fill(|hole| match hole {
        Hole::Number => name.strip_prefix(typing.words.lag_prefix.as_str()).map(str::to_owned),
        _ => Some(name.to_owned()),
    })
}

/// Lines in a block, unless there are none.
fn block(typing: &Typing<'_>, script: &mut Script, head: String, lines: Vec<String>) {
    if lines.is_empty() {
        return;
    }
    script.push(head, 0, true);
    lines.into_iter().for_each(|line| script.push(line, 1, false));
    typing.leave(script, 1);
}
