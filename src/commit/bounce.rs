//! Taking a port's link down and letting it come up again, so that the server
//! behind it asks for an address in its new network.
//!
//! The port is disabled by a change that is never kept: the switch takes it
//! back itself, even if Mercury dies meanwhile, where it can; else the inverse
//! plan does, as for any change that is undone.

use std::collections::BTreeSet;

use mercury_adapter::Render;
use mercury_model::{Change as Leaf, Edit, Intended, InterfaceName, Plan, Running, Scope};

use super::{Applied, Change, Policy, apply, begin, release, take_back};
use crate::{
    fault::{Fault, FaultKind},
    link::Link,
    lock::Held,
    outcome::Outcome,
};

/// The ports whose link the server has to see go down after this plan: those
/// that got VLANs, and the members of aggregates that did.
#[must_use]
pub fn ports(plan: &Plan, now: &Running) -> BTreeSet<InterfaceName> {
    let attached = plan.edits.iter().filter_map(|edit| match edit {
        Edit::Interface { interface, change: Leaf::SwitchedVlan { after: Some(_), .. }, .. } => Some(interface),
        _ => None,
    });
    let attached: BTreeSet<_> = attached.collect();
    let up = now.interfaces.values().filter(|port| port.enabled && !port.is_aggregate());
    let concerned = up.filter(|port| {
        attached.contains(&port.name) || port.aggregate_id.as_ref().is_some_and(|lag| attached.contains(lag))
    });
    concerned.map(|port| port.name.clone()).collect()
}

/// Takes the links of `ports` down and lets them come up.
///
/// # Errors
/// It did not come to that, and the ports are up; or, as
/// [`FaultKind::Unknown`], it is not known whether they are.
pub async fn bounce(
    link: &mut Link,
    ports: &BTreeSet<InterfaceName>,
    render: &dyn Render,
    policy: &Policy,
    lock: &dyn Held,
) -> Result<(), Fault> {
    let mut scope = Scope::default();
    ports.iter().for_each(|port| scope.add_interface(port.clone()));
    let before = begin(link, &scope, policy).await?;
    let mut down = before.config.clone();
    down.interfaces.values_mut().for_each(|port| port.enabled = false);
    let intended = Intended(down);
    let payload = match render.render(&Plan::between(&before, &intended)) {
        Ok(payload) => payload,
        Err(fault) => {
            release(link, policy).await;
            return Err(fault.into());
        }
    };
    let change = Change { before, intended, payload, render, lock };
    let outcome = match apply(link, &change, policy, false).await {
        Applied::Over(outcome) => outcome,
        Applied::Held(held) => {
            let cause = Fault::new(FaultKind::Undone, "the link was down for long enough");
            match take_back(link, &change, policy, held, cause).await {
                Outcome::RolledBack(_) => return Ok(()),
                other => other,
            }
        }
    };
    Err(outcome.fault().unwrap_or_else(|| Fault::new(FaultKind::Unknown, "a port that was to come up stayed down")))
}
