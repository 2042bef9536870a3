use secrecy::{ExposeSecret, SecretSlice};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many bcrypts run at a time, so that guessing cannot take every core.
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
    turns: Arc<Semaphore>,
}

/// The right to run one bcrypt.
pub(super) struct Turn {
    verify: Arc<dyn Verify>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Gate {
    pub(super) fn new(verify: Arc<dyn Verify>) -> Self {
        Gate { verify, turns: Arc::new(Semaphore::new(AT_A_TIME)) }
    }

    /// Waits for a turn; first come, first served.
    pub(super) async fn turn(&self) -> Turn {
        // Only a closed semaphore refuses, and nobody closes this one.
        let permit = Arc::clone(&self.turns).acquire_owned().await.ok();
        Turn { verify: Arc::clone(&self.verify), permit }
    }
}

impl Turn {
    /// Whether the hash is the password's. The turn ends when it is dropped,
    /// so what the answer leads to can be done before the next turn begins.
    pub(super) async fn verify(&mut self, password: SecretSlice<u8>, hash: String) -> bool {
        // The work holds the permit, so it counts to its end even if the caller is gone.
        let (verify, permit) = (Arc::clone(&self.verify), self.permit.take());
        let work = tokio::task::spawn_blocking(move || {
            let answer = verify.verify(password.expose_secret(), &hash);
            (answer, permit)
        });
        let (answer, permit) = work.await.unwrap_or_default();
        self.permit = permit;
        answer
    }
}
