//! What an aggregate is, said by its members: Cisco's `channel-group`. There is no
//! place for it on the aggregate itself.

use mercury_model::{Bundle, Change, InterfaceName, Lacp, LacpInterval, LacpMode, LagType, Leaf, Value as Held};

use super::Writing;
use crate::{ChannelGroup, Operations, Unrenderable, operations::Value};

pub(super) fn change(
    writing: &Writing<'_>,
    operations: &mut Operations,
    interface: &InterfaceName,
    change: &Change,
) -> Result<(), Unrenderable> {
    let Some(group) = &writing.tree.channel_group else { return Err(writing.lacks(change.leaf.name())) };
    match change.leaf {
        Leaf::AggregateId => member(writing, group, operations, interface, change),
        _ => every_member(writing, group, operations, interface, change),
    }
}

/// A port joins, or leaves.
fn member(
    writing: &Writing<'_>,
    group: &ChannelGroup,
    operations: &mut Operations,
    interface: &InterfaceName,
    change: &Change,
) -> Result<(), Unrenderable> {
    let Some(Held::Text(name)) = &change.after else {
        let is_grouped = writing.tree.is_grouped(Leaf::LacpInterval);
        let was_fast = is_grouped && change.bundles.before.as_ref().is_some_and(|bundle| is_fast(bundle));
        let entry = writing.interface(operations, interface);
        entry.set(&group.mode, None);
        entry.set(&group.number, None);
        if was_fast {
            entry.set(&group.rate, None);
        }
        return Ok(());
    };
    let Some(bundle) = &change.bundles.after else {
        return Err(writing.cannot(&format!("{interface} in {name}"), "it was not seen what that is"));
    };
    said(writing, group, operations, interface, bundle)
}

/// The aggregate's type, or how it speaks LACP, is changed: at each member.
fn every_member(
    writing: &Writing<'_>,
    group: &ChannelGroup,
    operations: &mut Operations,
    interface: &InterfaceName,
    change: &Change,
) -> Result<(), Unrenderable> {
    if matches!(change.before, Some(Held::Foreign(_))) {
        let reason = "its members say different things, which could not be put back";
        return Err(writing.cannot(&format!("another {} of {interface}", change.leaf), reason));
    }
    let members = change.bundles.after.as_ref().filter(|bundle| !bundle.members.is_empty());
    match (members, &change.after) {
        (Some(bundle), _) => {
            bundle.members.iter().try_for_each(|member| said(writing, group, operations, member, bundle))
        }
        // They leave, and take it with them.
        (None, None) => Ok(()),
        (None, Some(value)) => {
            let reason = "its members say what it is, and it has none";
            Err(writing.cannot(&format!("{} {value} of {interface}", change.leaf), reason))
        }
    }
}

/// What a member says of its aggregate.
fn said(
    writing: &Writing<'_>,
    group: &ChannelGroup,
    operations: &mut Operations,
    member: &InterfaceName,
    bundle: &Bundle,
) -> Result<(), Unrenderable> {
    let aggregate = &bundle.aggregate;
    let lag_type = aggregate.aggregation.and_then(|aggregation| aggregation.lag_type);
    let mode = match (lag_type, aggregate.lacp) {
        (Some(LagType::Static), None) => "on",
        (Some(LagType::Lacp), Some(Lacp { lacp_mode: LacpMode::Passive, .. })) => "passive",
        (Some(LagType::Lacp), Some(_)) => "active",
        // Some speak and some only answer; who joins speaks.
        (Some(LagType::Lacp), None) if aggregate.foreign.get(Leaf::LacpMode).is_some() => "active",
        _ => {
            let reason = "a member says that it is static, or that it speaks LACP and how";
            return Err(writing.cannot(&format!("{member} in {}", aggregate.name), reason));
        }
    };
    let number = aggregate.name.as_str().strip_prefix(group.prefix.as_str());
    let Some(number) = number.and_then(|number| number.parse().ok()) else {
        let reason = format!("an aggregate is called {} and a number", group.prefix);
        return Err(writing.cannot(&format!("{member} in {}", aggregate.name), &reason));
    };
    let rate = is_fast(bundle).then(|| Value::Text("fast".to_owned()));
    let is_grouped = writing.tree.is_grouped(Leaf::LacpInterval);
    let entry = writing.interface(operations, member);
    entry.set(&group.number, Some(Value::Number(number)));
    entry.set(&group.mode, Some(Value::Text(mode.to_owned())));
    if is_grouped {
        entry.set(&group.rate, rate);
    }
    Ok(())
}

fn is_fast(bundle: &Bundle) -> bool {
    bundle.aggregate.lacp.is_some_and(|lacp| lacp.interval == LacpInterval::Fast)
}
