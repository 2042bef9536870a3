//! Octets of a reply while they arrive: nothing that has come is moved because more comes.

use std::{mem, thread};

use crate::off_worker::{Unfinished, off_worker};

/// Octets of a piece; only the first begins smaller.
const PIECE: usize = 256 << 10;
/// With more octets than this they are given back to the system away from the workers.
const MANY: usize = 1 << 20;
/// A worker that takes so many octets of one peer lets others have it.
const SLICE: usize = 128 << 10;

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
pub struct Pace(usize);

impl Pace {
    /// So many octets more were taken; gives way to other tasks once they are many.
    pub async fn took(&mut self, octets: usize) {
        self.0 = self.0.saturating_add(octets);
        if self.0 >= SLICE {
            self.0 = 0;
            tokio::task::yield_now().await;
        }
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
}
