//! Numbers that look random and are the same for the same seed.

/// One stream of them.
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    /// The stream of this name; others of the same seed have nothing in common with it.
    pub(crate) fn new(seed: u64, name: &str) -> Self {
        Self(name.bytes().fold(mixed(seed), |state, byte| mixed(state ^ u64::from(byte))))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed(self.0)
    }

    /// One of 0 to `end` - 1; 0 where there is none.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next().checked_rem(end).unwrap_or_default()
    }
}

/// What the number `of` has in the stream of this name, whoever asks when.
pub(crate) fn drawn(seed: u64, name: &str, of: u32) -> u64 {
    Chance::new(seed ^ mixed(u64::from(of)), name).next()
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014).
const fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}
