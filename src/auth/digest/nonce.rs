//! Nonces that this process has made (RFC 7616 sections 3.3 and 5.4).
//!
//! A nonce says when it was made and carries a tag that only this process can make,
//! so one that was never used is not remembered. Of each that was used the counts are
//! remembered until it is too old; when there are too many, the oldest is given up, and
//! with it every other that is as old and was not used yet.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// How many nonces are remembered that were used.
const REMEMBERED: usize = 8192;
/// Octets of the time, of chance, and of the tag.
const TIME: usize = 8;
const CHANCE: usize = 8;
const TAG: usize = 16;

/// Makes nonces, and says which of them may be used.
pub(super) struct Nonces {
    /// `None` when the system gave no random bytes: then there are no nonces.
    key: Option<hmac::Key>,
    random: SystemRandom,
    begin: Instant,
    lifetime: Duration,
    /// How far behind the highest a count may come that was not seen.
    late: u32,
    used: Mutex<Used>,
}

/// When it was made, in milliseconds, and what makes it the only one.
type Id = (u64, [u8; CHANCE]);

#[derive(Default)]
struct Used {
    counts: BTreeMap<Id, Counts>,
    /// What was made by then and is not in `counts` was perhaps given up.
    given_up: u64,
}

/// The counts of one nonce.
struct Counts {
    highest: u32,
    /// Bit n: `highest - n` was seen.
    seen: u64,
}

/// It was not made here, is too old, or has been used with this count.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stale;

impl Nonces {
    pub(super) fn new(lifetime: Duration, late: u32) -> Self {
        let random = SystemRandom::new();
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &random).ok();
        Self { key, random, begin: Instant::now(), lifetime, late: late.min(63), used: Mutex::default() }
    }

    /// A new one; `None` when the system gives no random bytes.
    pub(super) fn make(&self) -> Option<String> {
        let mut nonce = [0; TIME + CHANCE];
        let (time, chance) = nonce.split_at_mut(TIME);
        time.copy_from_slice(&self.now().to_be_bytes());
        self.random.fill(chance).ok()?;
        let tag = hmac::sign(self.key.as_ref()?, &nonce);
        Some(URL_SAFE_NO_PAD.encode([&nonce, tag.as_ref().get(..TAG)?].concat()))
    }

    /// Whether it was made here and is not too old.
    pub(super) fn check(&self, nonce: &str) -> Result<(), Stale> {
        self.id(nonce).map(|_| ())
    }

    /// Uses it with a count, which can be done once.
    pub(super) fn claim(&self, nonce: &str, count: u32) -> Result<(), Stale> {
        let id = self.id(nonce)?;
        let oldest = self.now().saturating_sub(milliseconds(self.lifetime));
        let mut used = self.used();
        while used.counts.first_key_value().is_some_and(|((made, _), _)| *made < oldest) {
            used.counts.pop_first();
        }
        if let Some(counts) = used.counts.get_mut(&id) {
            return counts.claim(count, self.late);
        }
        if id.0 <= used.given_up {
            return Err(Stale);
        }
        used.counts.insert(id, Counts { highest: count, seen: 1 });
        if used.counts.len() > REMEMBERED
            && let Some(((made, _), _)) = used.counts.pop_first()
        {
            used.given_up = made;
        }
        Ok(())
    }

    fn id(&self, nonce: &str) -> Result<Id, Stale> {
        let octets = URL_SAFE_NO_PAD.decode(nonce).map_err(|_| Stale)?;
        let (nonce, tag) = octets.split_at_checked(TIME + CHANCE).ok_or(Stale)?;
        let right = hmac::sign(self.key.as_ref().ok_or(Stale)?, nonce);
        if !super::equal(right.as_ref().get(..TAG).ok_or(Stale)?, tag) {
            return Err(Stale);
        }
        let (made, chance) = nonce.split_at_checked(TIME).ok_or(Stale)?;
        let made = u64::from_be_bytes(made.try_into().map_err(|_| Stale)?);
        let age = self.now().saturating_sub(made);
        if age > milliseconds(self.lifetime) {
            return Err(Stale);
        }
        Ok((made, chance.try_into().map_err(|_| Stale)?))
    }

    /// Milliseconds since the process began, and one: nothing is as old as `given_up`
    /// at first.
    fn now(&self) -> u64 {
        milliseconds(self.begin.elapsed()).saturating_add(1)
    }

    fn used(&self) -> MutexGuard<'_, Used> {
        // Nothing in between can panic.
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    fn claim(&mut self, count: u32, late: u32) -> Result<(), Stale> {
        if count > self.highest {
            let ahead = count - self.highest;
            self.seen = self.seen.checked_shl(ahead).unwrap_or(0) | 1;
            self.highest = count;
            return Ok(());
        }
        let behind = self.highest - count;
        if behind == 0 || behind > late || self.seen & (1 << behind) != 0 {
            return Err(Stale);
        }
        self.seen |= 1 << behind;
        Ok(())
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFETIME: Duration = Duration::from_secs(300);

    #[tokio::test]
    async fn a_count_is_taken_once_and_only_upwards() {
        let nonces = Nonces::new(LIFETIME, 0);
        let nonce = nonces.make().unwrap();
        let taken: Vec<_> = [1, 1, 2, 5, 3, 5, 6, u32::MAX, 7].map(|count| nonces.claim(&nonce, count).is_ok()).into();
        assert_eq!(taken, [true, false, true, true, false, false, true, true, false]);
    }

    #[tokio::test]
    async fn late_counts_are_taken_once_where_that_is_asked_for() {
        let nonces = Nonces::new(LIFETIME, 4);
        let nonce = nonces.make().unwrap();
        let taken: Vec<_> =
            [10, 8, 8, 6, 5, 9, 10, 11, 7, 6, 100, 99, 11].map(|n| nonces.claim(&nonce, n).is_ok()).into();
        assert_eq!(taken, [true, true, false, true, false, true, false, true, true, false, true, true, false]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_nonce_ages_and_is_forgotten() {
        let nonces = Nonces::new(LIFETIME, 0);
        let nonce = nonces.make().unwrap();
        tokio::time::advance(LIFETIME).await;
        assert_eq!((nonces.check(&nonce), nonces.claim(&nonce, 1)), (Ok(()), Ok(())));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!((nonces.check(&nonce), nonces.claim(&nonce, 2)), (Err(Stale), Err(Stale)));
        let other = nonces.make().unwrap();
        tokio::time::advance(Duration::from_millis(1)).await;
        nonces.claim(&other, 1).unwrap();
        assert_eq!(nonces.used().counts.len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_are_remembered_than_there_is_room_for_and_none_is_used_again() {
        let nonces = Nonces::new(LIFETIME, 0);
        let unused = nonces.make().unwrap();
        let mut all = Vec::new();
        for _ in 0..REMEMBERED + 10 {
            tokio::time::advance(Duration::from_millis(1)).await;
            all.push(nonces.make().unwrap());
            nonces.claim(all.last().unwrap(), 1).unwrap();
        }
        assert_eq!(nonces.used().counts.len(), REMEMBERED);
        assert!(all.iter().all(|nonce| nonces.claim(nonce, 1) == Err(Stale)));
        assert_eq!(nonces.claim(&unused, 1), Err(Stale), "it may be one that was given up");
        assert_eq!(nonces.claim(all.last().unwrap(), 2), Ok(()));
    }

    #[tokio::test]
    async fn what_others_made_or_changed_is_no_nonce() {
        let nonces = Nonces::new(LIFETIME, 0);
        let nonce = nonces.make().unwrap();
        assert_eq!(Nonces::new(LIFETIME, 0).check(&nonce), Err(Stale));
        for other in ["", "AAAA", &nonce[1..], &format!("{nonce}AAAA"), &format!("{nonce}=")] {
            assert_eq!(nonces.check(other), Err(Stale), "{other}");
        }
        for place in 0..nonce.len() {
            let mut changed = nonce.clone().into_bytes();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(nonces.check(&changed), Err(Stale), "{changed}");
        }
    }
}
