//! Choices made by the first bytes of an input; the rest is what is read.

/// An input that is used up from its front.
pub(crate) struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    pub(crate) fn new(data: &'a [u8]) -> Self {
        Self(data)
    }

    /// The next byte; zero when there is none.
    pub(crate) fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((first, rest)) => {
                self.0 = rest;
                *first
            }
            None => 0,
        }
    }

    /// One of some things.
    pub(crate) fn pick<'t, T>(&mut self, things: &'t [T]) -> &'t T {
        &things[usize::from(self.byte()) % things.len()]
    }

    pub(crate) fn rest(self) -> &'a [u8] {
        self.0
    }
}

/// Cuts bytes into pieces whose lengths `seed` decides: mostly short ones,
/// sometimes long ones.
pub(crate) fn cut(mut bytes: &[u8], seed: u8) -> Vec<&[u8]> {
    let mut state = u32::from(seed) + 1;
    let mut pieces = Vec::new();
    while !bytes.is_empty() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let length = match state >> 30 {
            0 => 1 + (state >> 16) % 3,
            1 => 1 + (state >> 16) % 31,
            2 => 1 + (state >> 16) % 257,
            _ => 1 + (state >> 16) % 4099,
        };
        let (piece, rest) = bytes.split_at((length as usize).min(bytes.len()));
        pieces.push(piece);
        bytes = rest;
    }
    pieces
}
