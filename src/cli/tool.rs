//! What a command of a person does its work with.

use std::{sync::Arc, time::Duration};

use super::{Common, Failure};
use crate::{
    config::LogLevel,
    inventory::Inventory,
    lock::{self, Coordinator},
    service::Service,
};

impl Common {
    /// A service for one command of a person; it logs only what went wrong.
    pub(super) fn service(&self) -> Result<Tool, Failure> {
        let (settings, inventory) = self.load(&self.overrides(), Some(LogLevel::Error))?;
        let locks = lock::from_settings(&settings);
        Ok(Tool { service: start(inventory, &locks)?, locks, stop_timeout: settings.limits.stop_timeout })
    }
}

/// A service for one command, and the locks it takes.
pub(super) struct Tool {
    pub(super) service: Service,
    pub(super) locks: Arc<dyn Coordinator>,
    pub(super) stop_timeout: Duration,
}

impl std::ops::Deref for Tool {
    type Target = Service;

    fn deref(&self) -> &Service {
        &self.service
    }
}

impl Tool {
    /// As [`Service::finish`]; afterwards nothing is locked.
    pub(super) async fn finish(&self) {
        self.service.finish().await;
        self.locks.finish().await;
    }
}

pub(super) fn start(inventory: Inventory, locks: &Arc<dyn Coordinator>) -> Result<Service, Failure> {
    Service::start(inventory, locks).map_err(Failure::because)
}
