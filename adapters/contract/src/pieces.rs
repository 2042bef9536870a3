//! Octets of a reply while they arrive: nothing that has come is moved because more comes.

use std::{
    mem,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};

use futures_util::{FutureExt as _, future::BoxFuture};
use tokio::{
    task::yield_now,
    time::{Instant, sleep_until},
};

use crate::off_worker::{Unfinished, off_worker};

/// Octets of a piece; only the first begins smaller.
const PIECE: usize = 256 << 10;
/// With more octets than this they are given back to the system away from the workers.
const MANY: usize = 1 << 20;
/// A worker that takes so many octets of one peer lets others have it.
const SLICE: usize = 128 << 10;
/// A rest is reckoned in so many parts of a slice's.
const SHARES: u32 = 16;
/// Octets of one.
const PART: usize = SLICE / 16;
/// Whoever sent no more than `MANY` since it was silent for so long is read without a rest.
const LULL: Duration = Duration::from_secs(1);
/// How long a rest is for a slice: with it, all that is large arrives at no more than 64 MiB a second.
const REST: Duration = Duration::from_millis(2);
/// Nobody rests longer than this at once, however many others do.
const LONGEST: Duration = Duration::from_secs(1);
/// Until when those rest who send very much: each has its turn behind the last.
static TAKEN: Mutex<Option<Instant>> = Mutex::new(None);
/// Whether nobody rests any more.
static IS_LIFTED: AtomicBool = AtomicBool::new(false);

/// Octets that come in parts and are put together when all of them are there. A vector that
/// grows is copied each time, and all of its memory is asked of the system anew: of 60 MB that is
/// tens of milliseconds at once, for which a worker of the runtime serves nobody.
#[derive(Debug, Default)]
pub struct Pieces {
    full: Vec<Vec<u8>>,
    last: Vec<u8>,
}

impl Pieces {
    /// None yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { full: Vec::new(), last: Vec::new() }
    }

    /// How many octets there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.full.len() * PIECE + self.last.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.full.is_empty() && self.last.is_empty()
    }

    /// The octets, in the order they came.
    pub fn octets(&self) -> impl Iterator<Item = u8> {
        self.full.iter().flatten().chain(&self.last).copied()
    }

    /// Takes more.
    pub fn push(&mut self, mut octets: &[u8]) {
        while !octets.is_empty() {
            if self.last.len() == PIECE {
                self.full.push(mem::replace(&mut self.last, Vec::with_capacity(PIECE)));
            }
            let (now, later) = octets.split_at(octets.len().min(PIECE - self.last.len()));
            self.last.extend_from_slice(now);
            octets = later;
        }
    }

    /// All of them; this copies them, which is not a worker's to do when they are many. What is
    /// copied is given back, so that they are in memory once.
    #[must_use]
    pub fn into_vec(mut self) -> Vec<u8> {
        if self.full.is_empty() {
            return mem::take(&mut self.last);
        }
        let mut whole = Vec::with_capacity(self.len());
        for piece in mem::take(&mut self.full) {
            whole.extend_from_slice(&piece);
        }
        whole.extend_from_slice(&mem::take(&mut self.last));
        whole
    }

    /// All of them, put together away from the workers when they are many.
    ///
    /// # Errors
    /// As [`off_worker`].
    pub async fn whole(self) -> Result<Vec<u8>, Unfinished> {
        off_worker(self.len(), move || self.into_vec()).await
    }
}

impl Drop for Pieces {
    fn drop(&mut self) {
        if self.len() > MANY {
            let full = mem::take(&mut self.full);
            // Where no thread can be had, they are given back here.
            let _none = thread::Builder::new().name("background".to_owned()).spawn(move || drop(full));
        }
    }
}

/// Counts what is read of one reply, for whose sake nobody else waits long.
#[derive(Debug)]
pub struct Pace {
    /// Octets after which it gives way.
    limit: usize,
    /// Octets since it gave way.
    slice: usize,
    /// Octets since it was silent.
    much: usize,
    /// When it was let go on last.
    since: Option<Instant>,
}

impl Default for Pace {
    fn default() -> Self {
        Self::of(1)
    }
}

impl Pace {
    /// Where an octet takes so many times as long as to put it away.
    #[must_use]
    pub const fn of(cost: usize) -> Self {
        Self { limit: SLICE / cost, slice: 0, much: 0, since: None }
    }

    /// So many octets more were taken; gives way to other tasks once they are many. Of a reply
    /// that is very large each slice is read in turn with those of others, with a rest: they all
    /// together leave the workers, and the processors, to whom a reply is small.
    pub async fn took(&mut self, octets: usize) {
        if let Some(rest) = self.rest(octets) {
            rest.await;
        }
    }

    /// The same, for what is polled: what is to be waited for before more is taken.
    pub fn rest(&mut self, octets: usize) -> Option<BoxFuture<'static, ()>> {
        self.slice = self.slice.saturating_add(octets);
        if self.slice < self.limit {
            return None;
        }
        let (now, slice) = (Instant::now(), mem::take(&mut self.slice));
        if self.since.is_none_or(|since| now.saturating_duration_since(since) > LULL) {
            self.much = 0;
        }
        self.much = self.much.saturating_add(slice);
        let until = if self.much <= MANY { now } else { turn(now, slice) };
        self.since = Some(until);
        Some(if until == now { yield_now().boxed() } else { sleep_until(until).boxed() })
    }

    /// From now on nobody rests any more: the process ends, and what is read is waited for.
    pub fn lift() {
        IS_LIFTED.store(true, Relaxed);
    }
}

/// Until when whoever took so many octets rests, behind whoever does already. Whoever wakes late
/// keeps nobody, nor does one that is given up.
fn turn(now: Instant, octets: usize) -> Instant {
    if IS_LIFTED.load(Relaxed) {
        return now;
    }
    let parts = octets.div_ceil(PART);
    let span = (REST / SHARES).saturating_mul(u32::try_from(parts).unwrap_or(u32::MAX)).min(LONGEST);
    let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
    let until = taken.map_or(now, |taken| taken.clamp(now, now + LONGEST)) + span;
    *taken = Some(until);
    until
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn octets_are_whole_however_they_came(parts in prop::collection::vec(0usize..400_000, 0..8)) {
            let (mut pieces, mut all) = (Pieces::new(), Vec::new());
            for (at, part) in parts.into_iter().enumerate() {
                let octets: Vec<u8> = (0..part).map(|octet| u8::try_from((octet + at) % 251).unwrap()).collect();
                pieces.push(&octets);
                all.extend(octets);
            }
            prop_assert_eq!(pieces.len(), all.len());
            prop_assert_eq!(pieces.is_empty(), all.is_empty());
            prop_assert!(pieces.octets().eq(all.iter().copied()));
            prop_assert!(pieces.into_vec() == all);
        }
    }

    #[test]
    fn what_came_stays_where_it_is() {
        let mut pieces = Pieces::new();
        pieces.push(&vec![1; PIECE + 1]);
        let places: Vec<_> = pieces.full.iter().map(|piece| piece.as_ptr()).collect();
        let last = pieces.last.as_ptr();
        pieces.push(&vec![2; PIECE - 1]);
        assert_eq!(pieces.last.as_ptr(), last);
        pieces.push(&vec![3; 10 * PIECE]);
        assert_eq!(pieces.full.iter().map(|piece| piece.as_ptr()).take(1).collect::<Vec<_>>(), places);
        assert!(pieces.full.iter().skip(1).all(|piece| piece.capacity() == PIECE));
    }

    #[tokio::test]
    async fn whoever_takes_much_gives_way() {
        let mut pace = Pace::default();
        let other = tokio::spawn(async {});
        for _ in 0..SLICE / 1024 - 1 {
            pace.took(1024).await;
        }
        assert!(!other.is_finished());
        pace.took(1024).await;
        assert!(other.is_finished());
    }

    /// How long `peers` take, each of which sends so many octets.
    async fn taken(peers: usize, octets: usize) -> Duration {
        let begun = Instant::now();
        let all = (0..peers).map(|_| async {
            let mut pace = Pace::default();
            for _ in 0..octets / SLICE {
                pace.took(SLICE).await;
            }
        });
        futures_util::future::join_all(all).await;
        begun.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_send_very_much_take_turns_and_rest() {
        assert_eq!(taken(6, MANY).await, Duration::ZERO);
        let one = taken(1, MANY + 80 * SLICE).await;
        // Other tests rest as well.
        assert!(one >= 80 * REST && one < 80 * REST + 2 * LONGEST, "{one:?}");
        let six = taken(6, MANY + 800 * SLICE).await;
        assert!(six >= 6 * 800 * REST && six < 6 * 800 * REST + 2 * LONGEST, "{six:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_lull_much_is_little_again_and_a_rest_is_none() {
        let mut pace = Pace::default();
        for _ in 0..20 {
            let begun = Instant::now();
            for _ in 0..MANY / SLICE {
                pace.took(SLICE).await;
            }
            assert_eq!(begun.elapsed(), Duration::ZERO);
            tokio::time::sleep(LULL + REST).await;
        }
        // Everybody else's slices make each of its own wait for long.
        for _ in 0..20 {
            turn(Instant::now(), usize::MAX);
            pace.took(SLICE).await;
        }
        assert!(pace.much >= MANY + 8 * SLICE, "{pace:?}");
    }
}
