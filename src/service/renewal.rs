//! A service after another: the same switches go on as they are.

use std::{
    collections::BTreeSet,
    sync::{Arc, PoisonError, RwLock},
};

use super::{Service, Share};
use crate::{
    inventory::{Changes, Inventory},
    lock::Coordinator,
    registry::{self, RegistryError},
    target::{Leaving, Target},
};

/// The service that answers now. Whoever has it keeps it until its request is over,
/// and another may have taken its place then.
pub struct Current(RwLock<Arc<Service>>);

impl Current {
    /// This service, until it is replaced.
    #[must_use]
    pub fn new(service: impl Into<Arc<Service>>) -> Arc<Self> {
        Arc::new(Self(RwLock::new(service.into())))
    }

    /// The service for one request.
    #[must_use]
    pub fn service(&self) -> Arc<Service> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Another answers from now on.
    pub fn replace(&self, service: Service) {
        let service = Arc::new(service);
        let before = std::mem::replace(&mut *self.0.write().unwrap_or_else(PoisonError::into_inner), service);
        // Not while it is locked: this may be the last to have thousands of switches.
        drop(before);
    }
}

impl Service {
    /// A service for another inventory, and what differs. Switches whose entries are
    /// as before keep their tasks, queues and sessions; those whose entries differ
    /// take that over when what they have begun is over; those that are not there
    /// any more finish what was asked before. From here on this service is only for
    /// requests that have begun.
    ///
    /// # Errors
    /// As [`Service::start`]; nothing has changed then.
    pub fn renewed(
        &self,
        inventory: Inventory,
        locks: &Arc<dyn Coordinator>,
    ) -> Result<(Self, Changes), RegistryError> {
        let (inventory, changes) = inventory.after(&self.inventory);
        let new = |name: &String| changes.added.contains(name) || changes.changed.contains(name);
        let entries = inventory.iter().filter(|switch| new(&switch.identity.name));
        let entries = registry::entries(entries, inventory.dialects())?;
        let gone: BTreeSet<String> = changes.removed.union(&changes.changed).cloned().collect();
        let (fresh, left) = Target::renewed(&self.targets, entries, &gone, locks);
        let mut targets = self.targets.clone();
        targets.retain(|name, _| !gone.contains(name));
        targets.extend(fresh.into_iter().map(|target| (target.switch.identity.name.clone(), Arc::new(target))));
        let leaving = self.leaving.iter().filter(|leaving| !leaving.has_ended()).cloned();
        let leaving: Vec<Arc<Leaving>> = leaving.chain(left.into_iter().map(Arc::new)).collect();
        let share = Share::after(&self.share, targets.keys().cloned());
        Ok((
            Self { inventory, policy: self.policy.clone(), targets, leaving, gate: Arc::clone(&self.gate), share },
            changes,
        ))
    }
}
