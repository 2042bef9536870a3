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
use super::htpasswd::Htpasswd;
use super::watched::Watched;
use super::{AuthError, Origin, Principal};
use std::path::Path;
use std::sync::Arc;

/// The users of an htpasswd file.
pub(super) struct Basic {
    users: Watched<Htpasswd>,
    cache: Cache,
    gate: Gate,
    failures: Arc<Failures>,
}

impl Basic {
    pub(super) fn new(path: &Path, verify: Arc<dyn Verify>, failures: Arc<Failures>) -> Self {
        let gate = Gate::new(verify, Arc::clone(&failures));
        Self { users: Watched::new(path, Htpasswd::read), cache: Cache::new(), gate, failures }
    }

    /// Whose user and password are in what follows the scheme of the header.
    pub(super) async fn check(&self, rest: &str, origin: Origin) -> Result<Principal, AuthError> {
        let credentials = Credentials::parse(rest)?;
        let users = self.users.current().await;
        self.recognise(&users, credentials, origin).await
    }

    async fn recognise(
        &self,
        users: &Htpasswd,
        credentials: Credentials,
        origin: Origin,
    ) -> Result<Principal, AuthError> {
        let who = self.failures.who(origin, &credentials.user);
        let Some(hash) = users.hash(&credentials.user) else {
            // A guess at a name must not be told from a guess at a password by its time.
            let mut turn = self.gate.turn(who).await?;
            turn.verify(credentials.password, users.dummy_hash()).await;
            turn.went(false);
            return Err(AuthError::Wrong);
        };
        let key = self.cache.key(&credentials, hash);
        if !self.cache.has(&key) {
            let mut turn = self.gate.turn(who).await?;
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
}
