use super::header::Credentials;
use ring::{hmac, rand};
use secrecy::ExposeSecret;
use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many successes are remembered; a conductor needs one.
const CAPACITY: usize = 256;

/// Successes, by a keyed hash of who succeeded with what against what.
///
/// The hash that was matched is part of it, so a changed password is not
/// remembered under the old one. Without the key, which never leaves this
/// process, a remembered entry is no help in guessing the password.
pub(super) struct Cache {
    /// `None` when the system gave no random bytes: then nothing is remembered.
    key: Option<hmac::Key>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    keys: HashSet<Key>,
    order: VecDeque<Key>,
}

/// One success.
pub(super) type Key = Option<[u8; 32]>;

impl Cache {
    pub(super) fn new() -> Self {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &rand::SystemRandom::new()).ok();
        Cache { key, seen: Mutex::default() }
    }

    pub(super) fn key(&self, credentials: &Credentials, hash: &str) -> Key {
        let mut context = hmac::Context::with_key(self.key.as_ref()?);
        let password = credentials.password.expose_secret();
        // Lengths first: no two triples are one sequence of bytes.
        for part in [credentials.user.as_bytes(), password, hash.as_bytes()] {
            context.update(&part.len().to_be_bytes());
            context.update(part);
        }
        context.sign().as_ref().try_into().ok()
    }

    pub(super) fn has(&self, key: &Key) -> bool {
        key.is_some() && self.seen().keys.contains(key)
    }

    /// Remembers a success and forgets the oldest beyond the capacity.
    pub(super) fn remember(&self, key: Key) {
        let mut seen = self.seen();
        if key.is_none() || !seen.keys.insert(key) {
            return;
        }
        seen.order.push_back(key);
        if seen.order.len() > CAPACITY
            && let Some(oldest) = seen.order.pop_front()
        {
            seen.keys.remove(&oldest);
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials(user: &str, password: &str) -> Credentials {
        Credentials { user: user.into(), password: password.as_bytes().to_vec().into() }
    }

    #[test]
    fn user_password_and_hash_are_all_part_of_what_is_remembered() {
        let cache = Cache::new();
        let key = cache.key(&credentials("ab", "c"), "h");
        cache.remember(key);
        assert!(cache.has(&cache.key(&credentials("ab", "c"), "h")));
        for (user, password, hash) in [("a", "bc", "h"), ("ab", "", "ch"), ("ab", "c", "i"), ("ab", "d", "h")] {
            assert!(!cache.has(&cache.key(&credentials(user, password), hash)), "{user} {password} {hash}");
        }
        assert!(!Cache::new().has(&key), "another process has another key");
    }

    #[test]
    fn the_oldest_success_is_forgotten_first() {
        let cache = Cache::new();
        let keys: Vec<Key> = (0..=CAPACITY).map(|n| cache.key(&credentials("u", &n.to_string()), "h")).collect();
        keys.iter().for_each(|key| cache.remember(*key));
        assert!(!cache.has(&keys[0]));
        assert!(keys[1..].iter().all(|key| cache.has(key)));
        assert_eq!(cache.seen().order.len(), CAPACITY);
    }
}
