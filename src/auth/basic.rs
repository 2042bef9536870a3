//! HTTP Basic (RFC 7617) against a file of bcrypt hashes.
//!
//! bcrypt is slow on purpose, and Ironic sends its password with every call.
//! So a success is remembered, under a key that only this process has, and a
//! failure never is: whoever guesses pays in full each time. What bcrypt costs
//! is bounded by a gate, which a remembered caller does not pass.

use super::cache::Cache;
use super::failures::Failures;
use super::gate::{Gate, Verify};
use super::header::Credentials;
use super::htpasswd::{self, Htpasswd};
use super::{AuthError, Principal};
use crate::config::source::Stamp;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The users of an htpasswd file, which is read again when its inode, size or time
/// changes.
pub(super) struct Basic {
    path: PathBuf,
    users: Mutex<Known>,
    cache: Cache,
    gate: Gate,
}

/// The users, and the state of the file they were read from.
struct Known {
    users: Arc<Htpasswd>,
    stamp: Option<Stamp>,
}

impl Basic {
    pub(super) fn new(path: &Path, verify: Arc<dyn Verify>, failures: Arc<Failures>) -> Self {
        let known = Known { users: Arc::default(), stamp: None };
        Self { path: path.to_owned(), users: Mutex::new(known), cache: Cache::new(), gate: Gate::new(verify, failures) }
    }

    /// Whose user and password are in what follows the scheme of the header.
    pub(super) async fn check(&self, rest: &str, peer: IpAddr) -> Result<Principal, AuthError> {
        let credentials = Credentials::parse(rest)?;
        let users = self.users().await;
        self.recognise(&users, credentials, peer).await
    }

    async fn recognise(
        &self,
        users: &Htpasswd,
        credentials: Credentials,
        peer: IpAddr,
    ) -> Result<Principal, AuthError> {
        let Some(hash) = users.hash(&credentials.user) else {
            // A guess at a name must not be told from a guess at a password by its time.
            let mut turn = self.gate.turn((peer, None)).await;
            turn.verify(credentials.password, users.dummy_hash()).await;
            turn.went(false);
            return Err(AuthError::Wrong);
        };
        let key = self.cache.key(&credentials, hash);
        if !self.cache.has(&key) {
            let mut turn = self.gate.turn((peer, Some(credentials.user.clone()))).await;
            // Those who waited together for the first of them need not all pay.
            if !self.cache.has(&key) {
                let right = turn.verify(credentials.password, hash.to_owned()).await;
                turn.went(right);
                if !right {
                    return Err(AuthError::Wrong);
                }
                self.cache.remember(key);
            }
        }
        Ok(Principal::User(credentials.user))
    }

    /// The users as the file has them now.
    async fn users(&self) -> Arc<Htpasswd> {
        let (path, stamp) = (self.path.clone(), self.known().stamp.clone());
        let reading = tokio::task::spawn_blocking(move || htpasswd::read_if_changed(&path, stamp.as_ref()));
        if let Ok(Some((users, findings, stamp))) = reading.await {
            for finding in &findings {
                tracing::error!(%finding, "htpasswd");
            }
            let mut known = self.known();
            *known = Known { users: Arc::new(users), stamp };
        }
        Arc::clone(&self.known().users)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // Whoever panicked with it had replaced it whole or not at all.
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
