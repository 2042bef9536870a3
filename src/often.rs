//! What can happen a thousand times a second is told once a second, with how
//! often it happened before.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

const EVERY: Duration = Duration::from_secs(1);

/// One thing that is told.
#[derive(Default)]
pub(crate) struct Often(Mutex<(Option<Instant>, u64)>);

impl Often {
    /// Whether to tell it this time, and how often it was not told since the
    /// last time.
    pub(crate) fn tell(&self) -> Option<u64> {
        self.tell_at(Instant::now())
    }

    fn tell_at(&self, now: Instant) -> Option<u64> {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, silent) = &mut *told;
        if last.is_some_and(|last| now.saturating_duration_since(last) < EVERY) {
            *silent += 1;
            return None;
        }
        *last = Some(now);
        Some(std::mem::take(silent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_once_a_second_and_counted_in_between() {
        let (often, begin) = (Often::default(), Instant::now());
        let at = |millis| often.tell_at(begin + Duration::from_millis(millis));
        assert_eq!(
            [at(0), at(1), at(999), at(1000), at(1001), at(2500)],
            [Some(0), None, None, Some(2), None, Some(1)]
        );
    }
}
