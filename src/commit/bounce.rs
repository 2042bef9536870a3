//! Taking a port's link down and letting it come up again, so that the server
//! behind it asks for an address in its new network.
//!
//! The port is disabled by a change that never stays: the switch takes it
//! back itself, even if Mercury dies meanwhile, where it can. Elsewhere the
//! inverse plan does, as for any change that is undone, and the entry has to
//! accept that a port is left down by a Mercury that dies.

use std::collections::BTreeSet;

use mercury_adapter::Render;
use mercury_model::{Edit, Intended, InterfaceName, Leaf, Plan, Running, Scope};

use super::{Policy, Transition, begin, confirms, make, release};
use crate::{
    fault::{Fault, FaultKind},
    inventory::Rules,
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
    /// How long the links are to be down, and on which switches.
    pub rules: &'a Rules,
}

/// Takes the links of `ports` down and lets them come up.
///
/// # Errors
/// How it ended, if not so; where it is known, the ports are up.
pub async fn bounce(
    link: &mut Link,
    ports: &BTreeSet<InterfaceName>,
    means: Means<'_>,
    policy: &Policy,
) -> Result<(), Box<Outcome>> {
    let not_started = |fault| Box::new(Outcome::NotStarted(fault));
    link.open().await.map_err(not_started)?;
    if !confirms(link, policy) && !means.rules.bounce_unconfirmed {
        let reason = "the switch would not undo that by itself, and the entry has no bounce_unconfirmed";
        return Err(not_started(Fault::new(FaultKind::Unsupported, reason)));
    }
    let mut scope = Scope::default();
    ports.iter().for_each(|port| scope.add_interface(port.clone()));
    let Some(down) = disabling(link, &scope, means, policy).await.map_err(not_started)? else { return Ok(()) };
    let stop = link.stop().clone();
    let made = make(link, &down, policy, false).await?;
    // Whoever is told to stop does not wait for it.
    let _early = tokio::time::timeout(means.rules.bounce_time, stop.cancelled()).await;
    match made.undo(Fault::new(FaultKind::Undone, "the link was down for long enough")).await {
        Outcome::RolledBack(fault) if !fault.unsettled => Ok(()),
        other => Err(Box::new(other)),
    }
}

/// Under the lock, what disables all interfaces of `scope`; `None`, without the
/// lock, where they are.
async fn disabling<'a>(
    link: &mut Link,
    scope: &Scope,
    means: Means<'a>,
    policy: &Policy,
) -> Result<Option<Transition<'a>>, Fault> {
    let Means { render, lock, .. } = means;
    let before = begin(link, scope, policy, lock).await?;
    let mut intended = before.config.clone();
    intended.interfaces.values_mut().for_each(|port| port.enabled = false);
    let intended = Intended(intended);
    let plan = Plan::between(&before, &intended);
    let payload = link.render(render, &plan);
    match payload {
        Ok(payload) if !plan.is_empty() => {
            Ok(Some(Transition { before, intended, payload, render, lock, recalled: false, disables_leavers: false }))
        }
        other => {
            release(link, policy).await;
            other.map(|_| None).map_err(Into::into)
        }
    }
}
