//! Whose bcrypt runs next: few at a time, and those who have not failed before
//! those who have, so that guessing costs the guesser and nobody else.

use super::AuthError;
use super::failures::{Failures, Who};
use mercury_adapter::in_background;
use secrecy::{ExposeSecret, SecretSlice};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// How many bcrypts run at a time at most; one core is left to everything else.
const AT_A_TIME: usize = 2;

/// Compares a password with a bcrypt hash.
pub(super) trait Verify: Send + Sync {
    /// Whether the hash is the password's; false when the hash is damaged.
    fn verify(&self, password: &[u8], hash: &str) -> bool;
}

/// bcrypt, which looks at the first 72 bytes of a password, as htpasswd does.
pub(super) struct Bcrypt;

impl Verify for Bcrypt {
    fn verify(&self, password: &[u8], hash: &str) -> bool {
        bcrypt::verify(password, hash).unwrap_or(false)
    }
}

/// Lets a few bcrypts run at a time, away from the async threads.
pub(super) struct Gate {
    verify: Arc<dyn Verify>,
    queue: Arc<Queue>,
    failures: Arc<Failures>,
}

/// The right to run one bcrypt.
pub(super) struct Turn {
    verify: Arc<dyn Verify>,
    permit: Option<Permit>,
    failures: Arc<Failures>,
    who: Who,
    /// How often this one failed lately.
    failed: u32,
}

struct Queue {
    most: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    running: usize,
    /// By how often they failed, then in the order they came.
    waiting: BTreeMap<(u32, u64), oneshot::Sender<Permit>>,
    came: u64,
}

/// One of those that run; the next one's turn comes when it is dropped.
struct Permit(Option<Arc<Queue>>);

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(queue) = self.0.take() {
            let mut state = queue.state();
            state.running = state.running.saturating_sub(1);
            queue.admit(&mut state);
        }
    }
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in between can panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn admit(self: &Arc<Self>, state: &mut State) {
        while state.running < self.most
            && let Some((_, next)) = state.waiting.pop_first()
        {
            match next.send(Permit(Some(Arc::clone(self)))) {
                Ok(()) => state.running += 1,
                // It was given up; the permit was none yet.
                Err(mut unused) => drop(unused.0.take()),
            }
        }
    }
}

impl Gate {
    pub(super) fn new(verify: Arc<dyn Verify>, failures: Arc<Failures>) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let most = cores.saturating_sub(1).clamp(1, AT_A_TIME);
        Gate { verify, queue: Arc::new(Queue { most, state: Mutex::default() }), failures }
    }

    /// Waits for a turn, and before that for as long as former failures ask for.
    ///
    /// # Errors
    /// [`AuthError::TooOften`].
    pub(super) async fn turn(&self, who: Who) -> Result<Turn, AuthError> {
        let mut failed = self.failures.pause(who).await?;
        let mut permit = self.permit(failed).await;
        // Those who came together before the first of them failed wait all the same.
        if failed == 0 && self.failures.has(who) {
            drop(permit);
            failed = self.failures.pause(who).await?;
            permit = self.permit(failed).await;
        }
        Ok(Turn { verify: Arc::clone(&self.verify), permit, failures: Arc::clone(&self.failures), who, failed })
    }

    /// Behind those who failed less often, and those who came before.
    async fn permit(&self, failed: u32) -> Option<Permit> {
        let (turn, comes) = oneshot::channel();
        {
            let mut state = self.queue.state();
            state.came += 1;
            let place = (failed, state.came);
            state.waiting.insert(place, turn);
            self.queue.admit(&mut state);
        }
        // Nobody drops a sender that waits.
        comes.await.ok()
    }
}

impl Turn {
    /// Whether the hash is the password's. The turn ends when it is dropped,
    /// so what the answer leads to can be done before the next turn begins. For whoever
    /// failed lately it gives way to everybody's work.
    pub(super) async fn verify(&mut self, password: SecretSlice<u8>, hash: String) -> bool {
        // The work holds the permit, so it counts to its end even if the caller is gone.
        let (verify, permit) = (Arc::clone(&self.verify), self.permit.take());
        let work = move || {
            let answer = verify.verify(password.expose_secret(), &hash);
            (answer, permit)
        };
        let (answer, permit) = if self.failed > 0 {
            in_background(work).await.unwrap_or_default()
        } else {
            tokio::task::spawn_blocking(work).await.unwrap_or_default()
        };
        self.permit = permit;
        answer
    }

    /// Remembers how it went.
    pub(super) fn went(&self, well: bool) {
        self.failures.went(self.who, well);
    }
}
