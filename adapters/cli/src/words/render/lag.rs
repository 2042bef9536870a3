//! How ports become members of an aggregate that lists them, or in a block below each.

use std::collections::BTreeMap;

use mercury_adapter::{Hole, LagMembers, Names, Unrenderable};
use mercury_model::{Bundle, Edit, InterfaceName, Lacp, LacpMode, LagType, Leaf, Plan, Value};

use super::{Typing, texts};
use crate::Script;

/// The aggregate that a port is a member of.
#[derive(Clone, Copy)]
struct Seat<'p> {
    aggregate: &'p InterfaceName,
    /// How it speaks LACP; `None` where it speaks none, or the aggregate says.
    mode: Option<&'static str>,
}

/// What becomes of a port's membership.
pub(super) struct Seats<'p> {
    own: &'p LagMembers,
    port: &'p InterfaceName,
    before: Option<Seat<'p>>,
    after: Option<Seat<'p>>,
}

/// What a plan changes of the membership of its ports.
///
/// # Errors
/// An aggregate would be of another type, with members of both kinds in between, or it was not
/// seen what it is.
pub(super) fn changes<'p>(typing: &Typing<'p>, plan: &'p Plan) -> Result<BTreeMap<&'p str, Seats<'p>>, Unrenderable> {
    let mut all = BTreeMap::new();
    let Some(own) = &typing.words.lag_members else { return Ok(all) };
    for edit in &plan.edits {
        let Edit::Interface { interface, change, .. } = edit else { continue };
        let [before, after] = [&change.bundles.before, &change.bundles.after].map(Option::as_deref);
        match change.leaf {
            Leaf::AggregateId => {
                let seat = |value: &Option<Value>, bundle: Option<&'p Bundle>| match (value, bundle) {
                    (None, _) => Ok(None),
                    (Some(_), Some(bundle)) => Seat::of(typing, own, interface, bundle).map(Some),
                    (Some(name), None) => {
                        Err(typing.writing.cannot(&format!("{interface} in {name}"), "it was not seen what that is"))
                    }
                };
                let (before, after) = (seat(&change.before, before)?, seat(&change.after, after)?);
                all.insert(interface.as_str(), Seats { own, port: interface, before, after });
            }
            Leaf::LagType if own.lacp.is_some() && change.before.is_some() && change.after.is_some() => {
                let reason = "it has members of one kind, and all would have to leave first";
                return Err(typing.writing.cannot(&format!("another lag-type of {interface}"), reason));
            }
            Leaf::LacpMode if own.lacp.is_some() => {
                let (Some(before), Some(after)) = (before, after) else { continue };
                for port in after.members.iter().filter(|port| before.members.contains(port)) {
                    let of = |bundle: &'p Bundle| Seat::of(typing, own, port, bundle).map(Some);
                    let seats = Seats { own, port, before: of(before)?, after: of(after)? };
                    all.entry(port.as_str()).or_insert(seats);
                }
            }
            _ => {}
        }
    }
    Ok(all)
}

impl<'p> Seat<'p> {
    fn of(
        typing: &Typing<'_>,
        own: &LagMembers,
        port: &InterfaceName,
        bundle: &'p Bundle,
    ) -> Result<Self, Unrenderable> {
        let aggregate = &bundle.aggregate;
        let lag_type = aggregate.aggregation.and_then(|aggregation| aggregation.lag_type);
        let mode = match (lag_type, aggregate.lacp) {
            _ if own.lacp.is_none() => None,
            (Some(LagType::Static), _) => None,
            (Some(LagType::Lacp), Some(Lacp { lacp_mode: LacpMode::Passive, .. })) => Some("passive"),
            (Some(LagType::Lacp), _) => Some("active"),
            (None, _) => {
                let reason = "whether its members speak LACP was not seen, or some do and some do not";
                return Err(typing.writing.cannot(&format!("{port} in {}", aggregate.name), reason));
            }
        };
        Ok(Self { aggregate: &aggregate.name, mode })
    }
}

impl Seats<'_> {
    /// Takes the port out of the aggregate that it is in.
    pub(super) fn leave(&self, typing: &Typing<'_>, script: &mut Script) -> Result<(), Unrenderable> {
        let Some(seat) = &self.before else { return Ok(()) };
        let undo = |line: String| format!("{} {line}", typing.words.undo);
        match self.own.lacp.as_ref().zip(seat.mode) {
            Some(((enter, _), _)) => within(typing, script, self.port, &[(undo(enter.bare()), 1)]),
            None => within(typing, script, seat.aggregate, &[(undo(self.listed()), 1)]),
        }
    }

    /// Puts it into the one that it is to be in.
    pub(super) fn join(&self, typing: &Typing<'_>, script: &mut Script) -> Result<(), Unrenderable> {
        let Some(seat) = &self.after else { return Ok(()) };
        let Some(((enter, line), mode)) = self.own.lacp.as_ref().zip(seat.mode) else {
            return within(typing, script, seat.aggregate, &[(self.listed(), 1)]);
        };
        let names = Names::interface(seat.aggregate);
        let line = line.fill(|hole| match hole {
            Hole::Mode => Some(mode.to_owned()),
            hole => typing.named(&names, hole),
        });
        within(typing, script, self.port, &[(enter.bare(), 1), (line, 2)])
    }

    fn listed(&self) -> String {
        self.own.listed.fill(|hole| (hole == Hole::Name).then(|| self.port.to_string()))
    }
}

/// Lines below an interface, each at its depth; one is in the block of the line before it.
fn within(
    typing: &Typing<'_>,
    script: &mut Script,
    interface: &InterfaceName,
    lines: &[(String, usize)],
) -> Result<(), Unrenderable> {
    texts::checked(typing.writing.dialect, typing.takes, texts::NAME, interface.as_str())?;
    let names = Names::interface(interface);
    script.push(typing.block_of(interface.as_str()).enter.fill(|hole| typing.named(&names, hole)), 0, true);
    for (number, (line, depth)) in lines.iter().enumerate() {
        let is_block = lines.get(number + 1).is_some_and(|(_, next)| next > depth);
        script.push(line.clone(), *depth, is_block);
    }
    let deepest = lines.iter().map(|(_, depth)| *depth).max().unwrap_or(1);
    (1..=deepest).rev().for_each(|depth| typing.leave(script, depth));
    Ok(())
}
