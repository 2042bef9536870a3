//! How much of candidates is in memory at a time: what is judged takes several times its size.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Octets of candidates that may be under way together.
pub(super) struct Room {
    limit: u64,
    taken: Mutex<u64>,
    freed: Condvar,
}

/// Dropped, it is free again.
pub(super) struct Taken<'r> {
    room: &'r Room,
    octets: u64,
}

impl Room {
    pub(super) fn of(limit: u64) -> Self {
        Self { limit, taken: Mutex::new(0), freed: Condvar::new() }
    }

    /// Waits until there is room for so many octets; there is for one candidate in any case,
    /// which has a limit of its own.
    pub(super) fn take(&self, octets: u64) -> Taken<'_> {
        let is_full = |taken: &mut u64| *taken > 0 && taken.saturating_add(octets) > self.limit;
        let taken = self.freed.wait_while(self.taken(), is_full);
        *taken.unwrap_or_else(PoisonError::into_inner) += octets;
        Taken { room: self, octets }
    }

    fn taken(&self) -> MutexGuard<'_, u64> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        *self.room.taken() -= self.octets;
        self.room.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use clap::Args as _;

    use super::{super::ValidateArguments, *};

    /// By tests/peers/bench_desk; and the limit by which a candidate of 100 MB is refused.
    #[test]
    fn what_a_candidate_takes_is_said_alike_everywhere() {
        let mut command = ValidateArguments::augment_args(clap::Command::new("validate"));
        let help = command.render_long_help().to_string();
        let (readme, rules) = (include_str!("../../../README.md"), include_str!("../../../config/rules.md"));
        let said = |text: &str| -> Vec<String> {
            let words: Vec<&str> = text.split_whitespace().collect();
            let is_it = |four: &&[&str]| matches!(four, [_, "times", "its", word] if word.starts_with("size"));
            words.windows(4).filter(is_it).map(|four| four[0].to_owned()).collect()
        };
        let times: Vec<Vec<String>> = [help.as_str(), readme, rules].into_iter().map(said).collect();
        assert!(times.iter().all(|one| one.len() == 1 && *one == times[0]), "{times:?}");
        for (text, words) in [(readme, "may have 16 MiB"), (rules, "may have 16 MiB"), (help.as_str(), "[default: 16]")]
        {
            assert!(text.contains(words), "{words}");
        }
    }

    #[test]
    fn what_does_not_fit_beside_others_waits_for_them_and_fits_alone() {
        let room = Room::of(10);
        let (first, second) = (room.take(6), room.take(4));
        let (told, heard) = channel();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let _large = room.take(25);
                told.send(()).unwrap();
            });
            drop(first);
            assert!(heard.try_recv().is_err(), "beside the second there is no room");
            drop(second);
            heard.recv().unwrap();
        });
        assert_eq!(*room.taken(), 0);
    }
}
