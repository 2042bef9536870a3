//! Interfaces that join bonds and leave them, in the one command that says all else too: each
//! is named before its port goes, which keeps its row.

use std::collections::{BTreeMap, BTreeSet};

use mercury_adapter::{
    BondParts, Bonds, CliLine, EntryOperations, Hole, LeafOperation, Operations, Said, Template, Unrenderable, Whole,
};
use mercury_model::{Bundle, Change, Edit, Interface, InterfaceName, Leaf, Plan};

use super::{Typing, last, texts, whole};

/// Why there is no bond without any.
const IS_ITS_INTERFACES: &str = "a bond is its interfaces";

/// An interface that changes its place.
struct Move<'p> {
    name: &'p str,
    from: Option<String>,
    to: Option<String>,
    /// What stands for its row.
    row: String,
    change: &'p Change,
}

/// What a plan does to places.
#[derive(Default)]
struct Places<'p> {
    moves: Vec<Move<'p>>,
    /// By bond, those that join it and those that leave it, in the order of the moves.
    bonds: BTreeMap<String, [Vec<usize>; 2]>,
    made: BTreeSet<&'p str>,
    gone: BTreeSet<&'p str>,
    /// Interfaces that stay in a bond, and of which something is said.
    stay: BTreeSet<&'p str>,
    /// Bonds of which something is said.
    aggregates: BTreeSet<&'p str>,
}

/// The parts of the command that carries a plan out. What is said of interfaces comes before
/// they move, and what is said of ports when they are there.
pub(super) fn parts(
    typing: &Typing<'_>,
    bonds: &Bonds,
    plan: &Plan,
    operations: &Operations,
) -> Result<Vec<String>, Unrenderable> {
    let own = &bonds.parts;
    let places = places(typing, own, plan)?;
    let (mut interfaces, mut ports) = (Vec::new(), Vec::new());
    let texts = |entry: EntryOperations| -> Result<Vec<String>, Unrenderable> {
        Ok(typing.typed(&entry)?.into_iter().map(|(_, text)| text).collect())
    };
    for entry in &operations.entries {
        let name = entry.entry.names.resolve("{name}").unwrap_or_default();
        lacp(typing, own, &places, &name, entry)?;
        let [mtu, rest] = split(entry);
        match places.is_bond(&name) {
            true => interfaces.extend(of_all(typing, own, &places, &name, &mtu)),
            false => interfaces.extend(texts(mtu)?),
        }
        if places.is_member(&name) {
            refuse_of_member(typing, &name, entry)?;
        } else {
            ports.extend(texts(rest)?);
        }
    }
    let pairs = plan.edits.iter().filter_map(|edit| match edit {
        Edit::Interface { interface, change, .. } => {
            let is_told = change.leaf == Leaf::AggregateId || places.stay.contains(interface.as_str());
            Some((interface.as_str(), change.bundles.member.as_deref().filter(|_| is_told)?))
        }
        _ => None,
    });
    for (name, pair) in pairs {
        let [of_interface, of_port] = text(typing, own, name, pair)?;
        interfaces.extend(of_interface);
        ports.extend(of_port);
    }
    interfaces.extend(places.moves.iter().filter_map(|moved| mtu(typing, moved)));
    let [named, placed] = placed(typing, own, &places, operations);
    Ok([named, interfaces, placed, ports].concat())
}

impl Places<'_> {
    fn is_bond(&self, name: &str) -> bool {
        self.aggregates.contains(name) || self.made.contains(name)
    }

    /// Whether an interface is in a bond, or will be.
    fn is_member(&self, name: &str) -> bool {
        self.stay.contains(name) || self.moves.iter().any(|own| own.name == name && own.to.is_some())
    }
}

fn places<'p>(typing: &Typing<'_>, own: &BondParts, plan: &'p Plan) -> Result<Places<'p>, Unrenderable> {
    let mut places = Places::default();
    for edit in &plan.edits {
        match edit {
            Edit::CreateInterface { interface, .. } => {
                places.made.insert(interface.as_str());
            }
            Edit::RemoveInterface { before, besides } => {
                if let Some(lost) = besides {
                    let reason = format!("{lost} would be lost with it");
                    return Err(typing.writing.cannot(&format!("the removal of {}", before.name), &reason));
                }
                places.gone.insert(before.name.as_str());
                places.bonds.entry(before.name.to_string()).or_default();
            }
            Edit::Interface { interface, aggregate, change } => {
                let name = interface.as_str();
                places.aggregates.extend(aggregate.then_some(name));
                if change.leaf == Leaf::AggregateId {
                    let number = places.moves.len() + 1;
                    let moved = moved(typing, own, name, change, number)?;
                    for (bond, which) in [(&moved.to, 0), (&moved.from, 1)] {
                        let Some(bond) = bond else { continue };
                        let all = places.bonds.entry(bond.clone()).or_default().get_mut(which);
                        all.into_iter().for_each(|all| all.push(places.moves.len()));
                    }
                    places.moves.push(moved);
                } else if let Some([before, after]) = change.bundles.member.as_deref() {
                    let stays = before.aggregate_id.is_some() && before.aggregate_id == after.aggregate_id;
                    places.stay.extend(stays.then_some(name));
                }
            }
            _ => {}
        }
    }
    for (name, bond) in places.bonds.iter().map(|(name, bond)| (name.as_str(), bond)) {
        texts::checked(typing.writing.dialect, typing.takes, texts::NAME, name)?;
        let [joins, leaves] = bond;
        if places.gone.contains(name) && leaves.is_empty() {
            let reason = "which interfaces it has was not seen, and they would go with it";
            return Err(typing.writing.cannot(&format!("the removal of {name}"), reason));
        }
        let left: Vec<&Move<'_>> = leaves.iter().filter_map(|at| places.moves.get(*at)).collect();
        let stays = |bundle: &Bundle| {
            let leaves = |member: &InterfaceName| left.iter().any(|own| own.name == member.as_str());
            !bundle.is_whole || !bundle.members.iter().all(leaves)
        };
        let is_empty = joins.is_empty() && !places.gone.contains(name);
        if is_empty && left.first().and_then(|own| own.change.bundles.before.as_ref()).is_some_and(|own| !stays(own)) {
            return Err(typing.writing.cannot(&format!("{name} without members"), IS_ITS_INTERFACES));
        }
    }
    if let Some(empty) = places.made.iter().find(|name| !places.bonds.contains_key(**name)) {
        return Err(typing.writing.cannot(&format!("{empty} without members"), IS_ITS_INTERFACES));
    }
    Ok(places)
}

fn moved<'p>(
    typing: &Typing<'_>,
    own: &BondParts,
    name: &'p str,
    change: &'p Change,
    number: usize,
) -> Result<Move<'p>, Unrenderable> {
    texts::checked(typing.writing.dialect, typing.takes, texts::NAME, name)?;
    let place = |value: &Option<mercury_model::Value>| value.as_ref().and_then(mercury_model::Value::spelled);
    let (from, to) = (place(&change.before), place(&change.after));
    if let Some(lost) = &change.besides {
        let reason = format!("{lost} would be lost");
        return Err(typing.writing.cannot(&format!("{name} as a member of an aggregate"), &reason));
    }
    let row = filled(&own.row, [(Hole::Number, number.to_string())]);
    Ok(Move { name, from, to, row, change })
}

/// The parts that name interfaces, and those that put them in their places. A port that comes
/// carries nothing until what it carries is said.
fn placed(typing: &Typing<'_>, own: &BondParts, places: &Places<'_>, operations: &Operations) -> [Vec<String>; 2] {
    let (mut named, mut gone, mut come) = (Vec::new(), Vec::new(), Vec::new());
    let one = |form: &Template, name: &str| filled(form, [(Hole::Name, name.to_owned())]);
    let (mut number, mut going) = (0, 0);
    let mut makes = |forms: &[Template], name: &str, value: &str, bridge: &str| {
        number += 1;
        let all = [(Hole::Name, name.to_owned()), (Hole::Value, value.to_owned()), (Hole::Number, number.to_string())];
        let fill = |form| filled(form, all.iter().cloned().chain([(Hole::Bridge, bridge.to_owned())]));
        let vlans = typing.words.whole.as_ref().filter(|_| !says_vlans(operations, name));
        let closed = vlans.map(|whole| closed(whole, name));
        forms.iter().map(fill).chain(closed).collect::<Vec<String>>()
    };
    for (position, moved) in places.moves.iter().enumerate() {
        let number = (position + 1).to_string();
        named.push(filled(&own.name, [(Hole::Name, moved.name.to_owned()), (Hole::Number, number)]));
    }
    for (bond, [joins, leaves]) in &places.bonds {
        let of = |which: &[usize]| which.iter().filter_map(|at| places.moves.get(*at)).collect::<Vec<_>>();
        let (joins, leaves) = (of(joins), of(leaves));
        let rows = |of: &[&Move<'_>]| of.iter().map(|own| own.row.as_str()).collect::<Vec<_>>().join(&own.separator);
        let bridge = match joins.first().filter(|_| places.made.contains(bond.as_str())) {
            Some(first) => one(&own.bridge_of_interface, first.name),
            None => one(&own.bridge_of_port, bond),
        };
        let mut goes = |forms: &[Template], name: &str, interfaces: String, same: Vec<String>| {
            going += 1;
            let all = [
                (Hole::Name, name.to_owned()),
                (Hole::Value, interfaces),
                (Hole::Number, going.to_string()),
                (Hole::Bridge, bridge.clone()),
            ];
            let fill = |form| filled(form, all.iter().cloned());
            gone.extend(forms.iter().map(fill).chain(same).chain([fill(&own.goes)]));
        };
        for moved in joins.iter().filter(|moved| moved.from.is_none()) {
            goes(&own.spare, moved.name, moved.row.clone(), same(own, moved));
        }
        if places.gone.contains(bond.as_str()) {
            goes(&own.alone, bond, rows(&leaves), Vec::new());
        }
        let together =
            |from: &String| filled(&own.together, [(Hole::Name, from.clone()), (Hole::Bridge, bridge.clone())]);
        named.extend(joins.iter().filter_map(|moved| moved.from.as_ref()).map(together));
        for moved in &leaves {
            if !places.gone.contains(bond.as_str()) {
                let all = [(Hole::Name, bond.clone()), (Hole::Value, moved.row.clone())];
                gone.push(filled(&own.leaves, all));
            }
            if moved.to.is_none() {
                come.extend(makes(&own.port, moved.name, &moved.row, &bridge));
            }
        }
        if places.made.contains(bond.as_str()) {
            come.extend(makes(&own.bond, bond, &rows(&joins), &bridge));
        } else if !joins.is_empty() {
            come.push(filled(&own.joins, [(Hole::Name, bond.clone()), (Hole::Value, rows(&joins))]));
        }
    }
    [named, [gone, come].concat()]
}

/// What goes on only where a port that goes holds what was read of it.
fn same(own: &BondParts, moved: &Move<'_>) -> Vec<String> {
    // A shell ends no text within these marks but at the next.
    let value = |line: &str| format!("'{}'", line.replace('\'', r"'\''"));
    let values = moved.change.seen.lines().map(value).collect::<Vec<_>>().join(" ");
    let all = || [(Hole::Name, moved.name.to_owned()), (Hole::Value, values.clone())];
    let filled = |form| filled(form, all());
    if values.is_empty() { Vec::new() } else { own.same.iter().map(filled).collect() }
}

/// What MTU an interface has in its place: a bond's is that of all its interfaces, and who
/// leaves one has none of it.
fn mtu(typing: &Typing<'_>, moved: &Move<'_>) -> Option<String> {
    let line = typing.words.port.get("mtu")?;
    let [_, after] = moved.change.bundles.member.as_deref()?;
    let none = || filled(&line.remove, [(Hole::Name, moved.name.to_owned())]);
    match (&moved.to, &moved.change.bundles.after) {
        (Some(_), Some(bundle)) => match bundle.aggregate.mtu {
            Some(mtu) => said(line, moved.name, &mtu.to_string()),
            None => moved.from.as_ref().map(|_| none()),
        },
        (None, _) => after.mtu.is_none().then(none),
        (Some(_), None) => None,
    }
}

/// What says how an interface is called: of the interface where it has its place in a bond, and
/// else of its port.
fn text(
    typing: &Typing<'_>,
    own: &BondParts,
    name: &str,
    [before, after]: &[Interface; 2],
) -> Result<[Option<String>; 2], Unrenderable> {
    let description = |of: &Interface| of.description.as_ref().map(ToString::to_string);
    let (had, has) = (description(before), description(after));
    let is_member = after.aggregate_id.is_some();
    let Some(has) = has else {
        let gone = had.filter(|_| before.aggregate_id.is_some());
        return Ok([gone.map(|_| filled(&own.no_text, [(Hole::Name, name.to_owned())])), None]);
    };
    texts::checked(typing.writing.dialect, typing.takes, "description", &has)?;
    let quoted = typing.takes.quoted(&has);
    if is_member {
        return Ok([Some(filled(&own.text, [(Hole::Name, name.to_owned()), (Hole::Value, quoted)])), None]);
    }
    let gone = had.map(|_| filled(&own.no_text, [(Hole::Name, name.to_owned())]));
    Ok([gone, typing.words.port.get("description").and_then(|line| said(line, name, &quoted))])
}

/// What is said of interfaces in an entry, and of their ports.
fn split(entry: &EntryOperations) -> [EntryOperations; 2] {
    [true, false].map(|is_interface| {
        let mut own = entry.clone();
        own.leaves.retain(|leaf| (last(leaf.path()) == "mtu") == is_interface);
        own
    })
}

/// Refuses what is said of a port of which there is none, since its interface is in a bond. What
/// goes, goes with it, and its description is told otherwise.
fn refuse_of_member(typing: &Typing<'_>, name: &str, entry: &EntryOperations) -> Result<(), Unrenderable> {
    let said = entry.leaves.iter().find(|leaf| match leaf {
        LeafOperation::Set(path, _) => !["description", "aggregate-id"].contains(&last(path)),
        _ => false,
    });
    match said {
        Some(leaf) => {
            let reason = "it has a place in a bond, which says that";
            Err(typing.writing.cannot(&format!("{} of {name}", last(leaf.path())), reason))
        }
        None => Ok(()),
    }
}

/// Refuses a bond that speaks no LACP.
fn lacp(
    typing: &Typing<'_>,
    own: &BondParts,
    places: &Places<'_>,
    name: &str,
    entry: &EntryOperations,
) -> Result<(), Unrenderable> {
    let of = |set: bool| {
        let is_it = |leaf: &&LeafOperation| last(leaf.path()) == "lag-type";
        entry.leaves.iter().filter(is_it).any(|leaf| matches!(leaf, LeafOperation::Set(..)) == set)
    };
    let is_static = if places.made.contains(name) { !of(true) } else { of(false) };
    match is_static {
        true => Err(typing.writing.cannot(&format!("{name} as a static aggregate"), &own.fixed)),
        false => Ok(()),
    }
}

/// What is said of all interfaces of a bond; those of one that is made have it when they join.
fn of_all(
    typing: &Typing<'_>,
    own: &BondParts,
    places: &Places<'_>,
    name: &str,
    entry: &EntryOperations,
) -> Vec<String> {
    let there = entry.leaves.iter().filter(|_| !places.made.contains(name));
    let part = |leaf: &LeafOperation| match leaf {
        LeafOperation::Set(_, value) => {
            let value = typing.takes.quoted(&value.text());
            filled(&own.mtu, [(Hole::Name, name.to_owned()), (Hole::Value, value)])
        }
        _ => filled(&own.no_mtu, [(Hole::Name, name.to_owned())]),
    };
    there.map(part).collect()
}

/// Whether an operation says what a port carries.
fn says_vlans(operations: &Operations, name: &str) -> bool {
    let mut own =
        operations.entries.iter().filter(|entry| entry.entry.names.resolve("{name}").is_some_and(|own| own == name));
    own.any(|entry| entry.leaves.iter().any(whole::is_of_it))
}

/// The line of a port that carries nothing.
fn closed(whole: &Whole, name: &str) -> String {
    let text = [
        (Hole::Name, name.to_owned()),
        (Hole::Mode, whole.trunk.clone()),
        (Hole::Number, whole.empty.clone()),
        (Hole::Value, whole.closed.clone()),
    ];
    filled(&whole.line, text)
}

/// The line that says a value of an interface.
fn said(line: &CliLine, name: &str, value: &str) -> Option<String> {
    match &line.said {
        Said::Value { line, .. } => {
            Some(filled(line, [(Hole::Name, name.to_owned()), (Hole::Value, value.to_owned())]))
        }
        Said::Lines { .. } => None,
    }
}

fn filled(form: &Template, text: impl IntoIterator<Item = (Hole, String)>) -> String {
    let all: Vec<(Hole, String)> = text.into_iter().collect();
    form.fill(|hole| all.iter().find(|(own, _)| *own == hole).map(|(_, text)| text.clone()))
}
