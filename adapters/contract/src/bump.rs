//! Memory that is given back at once.

use std::cell::OnceCell;

/// Octets of a piece. The first one grows up to twice that by doubling, since most replies are
/// small.
const PIECE: usize = 128 << 10;
/// Octets that alignment may take.
const ALIGNMENT: usize = 16;

/// An arena whose pieces do not grow: of one that doubles, up to half is never used, and a large
/// reply pays for that with as much as it has itself.
#[derive(Debug, Default)]
pub struct Bump {
    piece: bumpalo::Bump,
    next: OnceCell<Box<Self>>,
}

impl Bump {
    /// Nothing is taken yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The piece that has room for so many octets: this one, or the first behind it.
    pub(crate) fn with_room(&self, octets: usize) -> &Self {
        let octets = octets.saturating_add(ALIGNMENT);
        let mut own = self;
        while own.piece.chunk_capacity() < octets && own.piece.allocated_bytes() >= PIECE {
            own = own.next.get_or_init(|| {
                let piece = bumpalo::Bump::with_capacity(octets.max(PIECE));
                Box::new(Self { piece, next: OnceCell::new() })
            });
        }
        own
    }

    /// Where things are put.
    pub(crate) fn piece(&self) -> &bumpalo::Bump {
        &self.piece
    }
}

impl Drop for Bump {
    /// One after the other: there may be thousands, and each would drop the next.
    fn drop(&mut self) {
        let mut next = self.next.take();
        while let Some(mut piece) = next {
            next = piece.next.take();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(arena: &Bump) -> Vec<usize> {
        let all = std::iter::successors(Some(arena), |own| own.next.get().map(|next| &**next));
        all.map(|own| own.piece.allocated_bytes()).collect()
    }

    #[test]
    fn little_takes_little_and_much_takes_a_piece_more_at_most() {
        let arena = Bump::new();
        let (mut last, mut used) = (&arena, 0);
        while used < 16 << 20 {
            last = last.with_room(40);
            last.piece().alloc([0u64; 5]);
            used += 40;
            if used == 4000 {
                assert!(pieces(&arena).iter().sum::<usize>() < 8 << 10);
            }
        }
        let taken: usize = pieces(&arena).iter().sum();
        assert!(taken < used + used / 100 + 2 * PIECE, "{taken} octets for {used}");
        assert!(pieces(&arena).iter().all(|piece| *piece <= 2 * PIECE + 512), "{:?}", pieces(&arena));
    }

    #[test]
    fn what_is_longer_than_a_piece_has_one_of_its_own_and_what_is_short_goes_on_behind_it() {
        let arena = Bump::new();
        let long = "x".repeat(3 * PIECE);
        let mut last = &arena;
        for _ in 0..3 {
            last = last.with_room(long.len());
            assert_eq!(&*last.piece().alloc_str(&long), long);
            last = last.with_room(8);
            last.piece().alloc(1u64);
        }
        let all = pieces(&arena);
        assert!(all.iter().sum::<usize>() < 3 * (long.len() + 2 * PIECE), "{all:?}");
        // Another who begins at the first finds room behind it.
        assert!(arena.with_room(8).piece.chunk_capacity() >= 8);
    }

    #[test]
    fn many_pieces_are_dropped_without_a_deep_stack() {
        let arena = Bump::new();
        let mut last = &arena;
        for _ in 0..10_000 {
            last = last.next.get_or_init(Box::default);
        }
        let dropped = std::thread::Builder::new().stack_size(64 << 10).spawn(move || drop(arena));
        dropped.unwrap().join().unwrap();
    }
}
