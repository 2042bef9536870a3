//! What systemd is told of the service (sd_notify(3)), where it asks: that it is ready,
//! that it lives, that it ends. Nobody else is told, and what cannot be told changes
//! nothing.

use std::time::Duration;

use sd_notify::NotifyState;
use tokio::{task::AbortHandle, time::MissedTickBehavior};

/// Tells as long as it is there.
pub(super) struct Supervisor(Option<AbortHandle>);

impl Supervisor {
    /// The service answers, and tells twice in each `WatchdogSec=` that it lives: from a
    /// worker, so that nothing is told where no worker has a turn.
    pub(super) fn ready(switches: &str) -> Self {
        let status = switches.to_owned();
        tell(move || sd_notify::notify(&[NotifyState::Ready, NotifyState::Status(&status)]));
        let within = sd_notify::watchdog_enabled().filter(|within| !within.is_zero());
        Self(within.map(|within| tokio::spawn(live(within / 2)).abort_handle()))
    }

    /// The service ends, in its own time.
    pub(super) fn stopping(&self) {
        tell(|| sd_notify::notify(&[NotifyState::Stopping]));
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.0.iter().for_each(AbortHandle::abort);
    }
}

async fn live(every: Duration) {
    let mut turns = tokio::time::interval(every);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        turns.tick().await;
        tell(|| sd_notify::notify(&[NotifyState::Watchdog]));
    }
}

/// On a thread that may wait, should systemd not take it at once.
fn tell(what: impl FnOnce() -> std::io::Result<()> + Send + 'static) {
    tokio::task::spawn_blocking(move || {
        if let Err(error) = what() {
            tracing::warn!(%error, "systemd could not be told");
        }
    });
}
