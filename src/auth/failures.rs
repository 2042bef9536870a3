//! Who has failed, and how long they wait before the next try.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::Origin;
use tokio::time::Instant;

/// How long whoever failed waits before the next try; it doubles with each up to
/// [`LONGEST_PAUSE`], and is forgotten after [`FORGOTTEN`] without one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
const FORGOTTEN: Duration = Duration::from_secs(60);
/// How many are remembered who failed.
const REMEMBERED: usize = 4096;

/// Who tries: from where, and for which known user; all others are one.
pub(super) type Who = (Origin, Option<String>);

/// Those who failed, whichever way they tried.
#[derive(Default)]
pub(super) struct Failures(Mutex<HashMap<Who, (u32, Instant)>>);

impl Failures {
    /// Waits as long as former failures ask for; how many there were.
    pub(super) async fn pause(&self, who: &Who) -> u32 {
        let failed = self.failed().get(who).copied().filter(|(_, last)| last.elapsed() < FORGOTTEN);
        let Some((times, last)) = failed else { return 0 };
        let pause = FIRST_PAUSE.saturating_mul(1 << times.saturating_sub(1).min(10)).min(LONGEST_PAUSE);
        tokio::time::sleep_until(last + pause).await;
        times
    }

    /// Remembers how it went.
    pub(super) fn went(&self, who: &Who, well: bool) {
        let mut failed = self.failed();
        if well {
            failed.remove(who);
            return;
        }
        if failed.len() >= REMEMBERED {
            failed.retain(|_, (_, last)| last.elapsed() < FORGOTTEN);
        }
        if failed.len() < REMEMBERED || failed.contains_key(who) {
            let now = Instant::now();
            let (times, last) = failed.entry(who.clone()).or_insert((0, now));
            *times = if last.elapsed() < FORGOTTEN { times.saturating_add(1) } else { 1 };
            *last = now;
        }
    }

    fn failed(&self) -> MutexGuard<'_, HashMap<Who, (u32, Instant)>> {
        // Nothing in between can panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
