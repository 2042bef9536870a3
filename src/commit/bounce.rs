//! Taking a port's link down and letting it come up again, so that the server
//! behind it asks for an address in its new network.
//!
//! The port is disabled by a change that never stays: the switch takes it
//! back itself, even if Mercury dies meanwhile, where it can; else the inverse
//! plan does, as for any change that is undone.

use std::collections::BTreeSet;

use mercury_adapter::Render;
use mercury_model::{Edit, Intended, InterfaceName, Leaf, Plan, Running, Scope};

use super::{Policy, Transition, begin, make, release};
use crate::{
    fault::{Fault, FaultKind},
    link::Link,
    lock::Held,
    outcome::Outcome,
};

/// Of the ports and aggregates that were attached, the ports whose link the
/// server has to see go down after this plan: those that got VLANs, and the
/// members of aggregates that did.
#[must_use]
pub fn ports(attached: &BTreeSet<InterfaceName>, plan: &Plan, now: &Running) -> BTreeSet<InterfaceName> {
    let changed = plan.edits.iter().filter_map(|edit| match edit {
        Edit::Interface { interface, change, .. } => {
            (change.leaf == Leaf::SwitchedVlan && change.after.is_some()).then_some(interface)
        }
        _ => None,
    });
    let changed: BTreeSet<_> = changed.collect();
    let up = now.interfaces.values().filter(|port| port.enabled && !port.is_aggregate());
    let concerned = up.filter(|port| {
        let either =
            |names: &dyn Fn(&InterfaceName) -> bool| names(&port.name) || port.aggregate_id.as_ref().is_some_and(names);
        either(&|name| attached.contains(name)) && either(&|name| changed.contains(name))
    });
    concerned.map(|port| port.name.clone()).collect()
}

/// What a change is made by.
#[derive(Clone, Copy)]
pub struct Means<'a> {
    /// Renders it.
    pub render: &'a dyn Render,
    /// What keeps other Mercurys away.
    pub lock: &'a dyn Held,
}

/// Takes the links of `ports` down and lets them come up.
///
/// # Errors
/// It did not come to that, and the ports are up; or, as
/// [`FaultKind::Unknown`], it is not known whether they are.
pub async fn bounce(
    link: &mut Link,
    ports: &BTreeSet<InterfaceName>,
    means: Means<'_>,
    policy: &Policy,
) -> Result<(), Fault> {
    let mut scope = Scope::default();
    ports.iter().for_each(|port| scope.add_interface(port.clone()));
    let Some(down) = disabling(link, &scope, means, policy).await? else { return Ok(()) };
    let outcome = match make(link, &down, policy, false).await {
        Err(outcome) => *outcome,
        Ok(made) => match made.undo(Fault::new(FaultKind::Undone, "the link was down for long enough")).await {
            Outcome::RolledBack(_) => return Ok(()),
            other => other,
        },
    };
    outcome.fault().map_or(Ok(()), Err)
}

/// Under the lock, what disables all interfaces of `scope`; `None`, without the
/// lock, where they are.
async fn disabling<'a>(
    link: &mut Link,
    scope: &Scope,
    means: Means<'a>,
    policy: &Policy,
) -> Result<Option<Transition<'a>>, Fault> {
    let Means { render, lock } = means;
    let before = begin(link, scope, policy, lock).await?;
    let mut intended = before.config.clone();
    intended.interfaces.values_mut().for_each(|port| port.enabled = false);
    let intended = Intended(intended);
    let plan = Plan::between(&before, &intended);
    let payload = link.render(render, &plan);
    match payload {
        Ok(payload) if !plan.is_empty() => Ok(Some(Transition { before, intended, payload, render, lock })),
        other => {
            release(link, policy).await;
            other.map(|_| None).map_err(Into::into)
        }
    }
}
