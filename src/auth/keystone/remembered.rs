use crate::auth::{AuthError, Principal};
use ring::{hmac, rand};
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// How many answers are remembered.
const CAPACITY: usize = 1024;

/// What was said of tokens, which are not kept themselves.
pub(super) struct Remembered {
    /// `None` when the system gave no random bytes: then nothing is remembered.
    key: Option<hmac::Key>,
    answers: Mutex<Answers>,
}

/// What a token is remembered as.
pub(super) type Key = Option<[u8; 32]>;

type Verdict = Result<Principal, AuthError>;

#[derive(Default)]
struct Answers {
    by_key: HashMap<[u8; 32], (Verdict, Instant)>,
    order: VecDeque<[u8; 32]>,
}

impl Remembered {
    pub(super) fn new() -> Self {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &rand::SystemRandom::new()).ok();
        Self { key, answers: Mutex::default() }
    }

    pub(super) fn key(&self, token: &[u8]) -> Key {
        hmac::sign(self.key.as_ref()?, token).as_ref().try_into().ok()
    }

    /// What was said, while it is good.
    pub(super) fn get(&self, key: &Key) -> Option<Verdict> {
        let answers = self.answers();
        let (verdict, until) = answers.by_key.get(key.as_ref()?)?;
        (*until > Instant::now()).then(|| verdict.clone())
    }

    /// Remembers what was said for so long, and forgets the oldest beyond the capacity.
    pub(super) fn put(&self, key: Key, verdict: Verdict, good: Duration) {
        let (Some(key), Some(until)) = (key, Instant::now().checked_add(good)) else { return };
        let mut answers = self.answers();
        if answers.by_key.insert(key, (verdict, until)).is_some() {
            return;
        }
        answers.order.push_back(key);
        if answers.order.len() > CAPACITY
            && let Some(oldest) = answers.order.pop_front()
        {
            answers.by_key.remove(&oldest);
        }
    }

    fn answers(&self) -> MutexGuard<'_, Answers> {
        // Nothing in between can panic.
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_good_for_its_time_and_the_oldest_goes_first() {
        let remembered = Remembered::new();
        let keys: Vec<Key> = (0..=CAPACITY).map(|n| remembered.key(&n.to_be_bytes())).collect();
        for key in &keys {
            remembered.put(*key, Err(AuthError::Role), Duration::from_secs(1));
        }
        assert_eq!(remembered.get(&keys[0]), None);
        assert!(keys[1..].iter().all(|key| remembered.get(key) == Some(Err(AuthError::Role))));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(remembered.get(&keys[1]), None);
        assert_eq!(remembered.answers().order.len(), CAPACITY);
    }
}
