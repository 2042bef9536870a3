//! What a command of a person does its work with.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use super::{Common, Failure};
use crate::{
    config::LogLevel,
    inventory::Inventory,
    lock::{self, Coordinator, NoLocks},
    service::Service,
};

impl Common {
    /// A service for one command of a person; it logs only what went wrong.
    pub(super) fn service(&self) -> Result<Tool, Failure> {
        let (settings, inventory) = self.load(&self.overrides(), Some(LogLevel::Error))?;
        let locks = lock::from_settings(&settings);
        let (has_rules, stop_timeout) = (!settings.rules.is_empty(), settings.limits.stop_timeout);
        Ok(Tool { service: start(inventory, &locks)?, locks, stop_timeout, has_rules, shown: BTreeMap::new() })
    }
}

/// A service for one command, and the locks it takes.
pub(super) struct Tool {
    pub(super) service: Service,
    pub(super) locks: Arc<dyn Coordinator>,
    pub(super) stop_timeout: Duration,
    /// Whether the network team's rules are asked at all.
    pub(super) has_rules: bool,
    /// The files that tell of a switch in its place, by its name.
    pub(super) shown: BTreeMap<String, String>,
}

impl std::ops::Deref for Tool {
    type Target = Service;

    fn deref(&self) -> &Service {
        &self.service
    }
}

impl Tool {
    /// One that asks no switch, and no rules.
    pub(super) fn offline(service: Service, stop_timeout: Duration) -> Self {
        Self { service, locks: NoLocks::shared(), stop_timeout, has_rules: false, shown: BTreeMap::new() }
    }

    /// `, offline, from FILE`, where files tell of the switches in their place.
    pub(super) fn told_by(&self) -> String {
        let files: Vec<&str> = self.shown.values().map(String::as_str).collect();
        if files.is_empty() { String::new() } else { format!(", offline, from {}", files.join(", ")) }
    }

    /// As [`Service::finish`]; afterwards nothing is locked.
    pub(super) async fn finish(&self) {
        self.service.finish().await;
        self.locks.finish().await;
    }
}

pub(super) fn start(inventory: Inventory, locks: &Arc<dyn Coordinator>) -> Result<Service, Failure> {
    Service::start(inventory, locks).map_err(Failure::because)
}
