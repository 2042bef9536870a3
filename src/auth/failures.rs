//! Who has failed, and when they may try next.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{AuthError, Origin};
use tokio::time::Instant;

/// How long whoever failed waits before the next try; it doubles with each up to
/// [`LONGEST_PAUSE`], and is forgotten after [`FORGOTTEN`] without one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
const FORGOTTEN: Duration = Duration::from_secs(60);
/// How long a try waits at most behind others that wait.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// How many are remembered who failed.
const REMEMBERED: usize = 4096;
/// How many names are told apart of one origin.
const NAMES: u64 = 64;

/// Who tries: from where, and under which name. Whether there is such a user plays no
/// part, or the pauses would tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Who {
    origin: Origin,
    name: u64,
}

/// Those who failed, whichever way they tried.
#[derive(Default)]
pub(super) struct Failures {
    /// Which names share a number, nobody else knows.
    names: RandomState,
    failed: Mutex<HashMap<Who, Failed>>,
}

/// How often and when somebody failed, and from when on the next try is free.
struct Failed {
    times: u32,
    last: Instant,
    next: Instant,
}

impl Failed {
    fn is_recent(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.last) < FORGOTTEN
    }

    fn pause(&self) -> Duration {
        FIRST_PAUSE.saturating_mul(1 << self.times.saturating_sub(1).min(10)).min(LONGEST_PAUSE)
    }
}

impl Failures {
    /// Who tries from there under a name, as it was given.
    pub(super) fn who(&self, origin: Origin, name: &str) -> Who {
        Who { origin, name: self.names.hash_one(name) % NAMES }
    }

    /// Waits as long as former failures, and those who wait before, ask for; how many
    /// failures there were.
    ///
    /// # Errors
    /// [`AuthError::TooOften`]: that would be more than [`LONGEST_WAIT`].
    pub(super) async fn pause(&self, who: Who) -> Result<u32, AuthError> {
        let Some((times, turn)) = self.turn(who)? else { return Ok(0) };
        tokio::time::sleep_until(turn).await;
        Ok(times)
    }

    /// Takes the next try that is free, where there were failures.
    fn turn(&self, who: Who) -> Result<Option<(u32, Instant)>, AuthError> {
        let now = Instant::now();
        let mut failed = self.failed();
        let Some(known) = failed.get_mut(&who).filter(|known| known.is_recent(now)) else { return Ok(None) };
        let turn = known.next.max(now);
        if turn.saturating_duration_since(now) > LONGEST_WAIT {
            return Err(AuthError::TooOften);
        }
        known.next = turn + known.pause();
        Ok(Some((known.times, turn)))
    }

    /// Whether there was a failure.
    pub(super) fn has(&self, who: Who) -> bool {
        let now = Instant::now();
        self.failed().get(&who).is_some_and(|known| known.is_recent(now))
    }

    /// Remembers how it went.
    pub(super) fn went(&self, who: Who, well: bool) {
        let mut failed = self.failed();
        if well {
            failed.remove(&who);
            return;
        }
        let now = Instant::now();
        if failed.len() >= REMEMBERED && !failed.contains_key(&who) {
            failed.retain(|_, known| known.is_recent(now));
            let oldest = failed.iter().min_by_key(|(_, known)| known.last).map(|(who, _)| *who);
            if let Some(oldest) = oldest.filter(|_| failed.len() >= REMEMBERED) {
                failed.remove(&oldest);
            }
        }
        let known = failed.entry(who).or_insert(Failed { times: 0, last: now, next: now });
        known.times = if known.is_recent(now) { known.times.saturating_add(1) } else { 1 };
        known.last = now;
        known.next = known.next.max(now + known.pause());
    }

    fn failed(&self) -> MutexGuard<'_, HashMap<Who, Failed>> {
        // Nothing in between can panic.
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::sync::Arc;

    use super::*;

    impl Failures {
        /// This name and two more, which share no number.
        pub(in crate::auth) fn apart(&self, origin: Origin, name: &str) -> Vec<String> {
            let mut names = vec![name.to_owned()];
            for other in (0..).map(|number| format!("nobody{number}")) {
                if names.len() == 3 {
                    break;
                }
                if names.iter().all(|name| self.who(origin, name) != self.who(origin, &other)) {
                    names.push(other);
                }
            }
            names
        }
    }

    fn from(number: u32) -> Origin {
        Origin::Host(IpAddr::from(number.to_be_bytes()))
    }

    #[tokio::test(start_paused = true)]
    async fn tries_side_by_side_wait_one_behind_the_other_and_no_more_than_there_is_time_for() {
        let failures = Arc::new(Failures::default());
        let who = failures.who(from(1), "ironic");
        for _ in 0..10 {
            failures.went(who, false);
        }
        let begin = Instant::now();
        let tries: Vec<_> = (0..50)
            .map(|_| {
                let failures = Arc::clone(&failures);
                tokio::spawn(async move { failures.pause(who).await.map(|_| begin.elapsed().as_secs()) })
            })
            .collect();
        let mut waited = Vec::new();
        let mut refused = 0;
        for answer in tries {
            match answer.await.unwrap() {
                Ok(seconds) => waited.push(seconds),
                Err(error) => {
                    assert_eq!(error, AuthError::TooOften);
                    refused += 1;
                }
            }
        }
        assert_eq!((waited, refused), (vec![5, 10], 48));
        assert_eq!(failures.pause(failures.who(from(2), "ironic")).await, Ok(0), "elsewhere nothing failed");
        failures.went(who, true);
        assert_eq!(failures.pause(who).await, Ok(0), "it is known again");
    }

    #[tokio::test(start_paused = true)]
    async fn the_oldest_failure_goes_when_there_is_no_room_for_a_new_one() {
        let failures = Failures::default();
        let who = |number| failures.who(from(number), "ironic");
        for number in 0..=u32::try_from(REMEMBERED).unwrap() {
            failures.went(who(number), false);
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        assert_eq!(failures.failed().len(), REMEMBERED);
        assert!(!failures.has(who(0)));
        assert!(failures.has(who(1)) && failures.has(who(u32::try_from(REMEMBERED).unwrap())));
    }
}
