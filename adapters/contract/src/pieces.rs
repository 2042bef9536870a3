//! Octets of a reply while they arrive: nothing that has come is moved because more comes.

use std::{mem, thread, time::Duration};

use futures_util::{FutureExt as _, future::BoxFuture};
use tokio::{
    sync::Semaphore,
    time::{Instant, sleep},
};

use crate::off_worker::{Unfinished, off_worker};

/// Octets of a piece; only the first begins smaller.
const PIECE: usize = 256 << 10;
/// With more octets than this they are given back to the system away from the workers.
const MANY: usize = 1 << 20;
/// A worker that takes so many octets of one peer lets others have it.
const SLICE: usize = 128 << 10;
/// Who sent no more than `MANY` in this time is read without a rest.
const LULL: Duration = Duration::from_secs(1);
/// With it, all that is large arrives at no more than 128 MiB a second.
const REST: Duration = Duration::from_millis(1);
/// Whose turn it is to be read, of those who send very much.
static TURNS: Semaphore = Semaphore::const_new(1);

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

/// Counts what is read of one peer, for whose sake no other waits long.
#[derive(Debug, Default)]
pub struct Pace {
    /// Octets since it gave way.
    slice: usize,
    /// Octets since `since`.
    much: usize,
    since: Option<Instant>,
}

impl Pace {
    /// So many octets more were taken; gives way to other tasks once they are many. Who sends
    /// very much is read in turn with others who do, with a rest after each slice: they all
    /// together leave the workers, and the processors, to whom a reply is small.
    pub async fn took(&mut self, octets: usize) {
        if let Some(rest) = self.rest(octets) {
            rest.await;
        }
    }

    /// The same, for what is polled: what is to be waited for before more is taken.
    pub fn rest(&mut self, octets: usize) -> Option<BoxFuture<'static, ()>> {
        self.slice = self.slice.saturating_add(octets);
        if self.slice < SLICE {
            return None;
        }
        let now = Instant::now();
        if self.since.is_none_or(|since| now.saturating_duration_since(since) > LULL) {
            (self.since, self.much) = (Some(now), 0);
        }
        self.much = self.much.saturating_add(mem::take(&mut self.slice));
        let is_little = self.much <= MANY;
        let rest = async move {
            if is_little {
                return tokio::task::yield_now().await;
            }
            // It is never closed.
            let _turn = TURNS.acquire().await;
            sleep(REST).await;
        };
        Some(rest.boxed())
    }
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
        assert!(one >= 80 * REST, "{one:?}");
        let six = taken(6, MANY + 80 * SLICE).await;
        assert!(six >= 6 * 80 * REST && six < 2 * 6 * one, "{six:?} {one:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_lull_much_is_little_again() {
        let mut pace = Pace::default();
        for _ in 0..20 {
            let begun = Instant::now();
            for _ in 0..MANY / SLICE {
                pace.took(SLICE).await;
            }
            assert_eq!(begun.elapsed(), Duration::ZERO);
            sleep(LULL + REST).await;
        }
    }
}
