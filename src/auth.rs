//! Who asks: HTTP Basic (RFC 7617) against a file of bcrypt hashes, or nobody asked.
//!
//! bcrypt is slow on purpose, and Ironic sends its password with every call.
//! So a success is remembered, under a key that only this process has, and a
//! failure never is: whoever guesses pays in full each time. What bcrypt costs
//! is bounded by a gate, which a remembered caller does not pass.

mod cache;
mod gate;
mod header;
mod htpasswd;

pub use htpasswd::Htpasswd;

use cache::Cache;
use gate::{Bcrypt, Gate, Verify};
use header::Credentials;
use htpasswd::Stamp;
use std::fmt;
use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Principal {
    /// Anybody; authentication is off.
    Anonymous,
    /// A user of the htpasswd file.
    User(String),
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Principal::Anonymous => f.write_str("anonymous"),
            Principal::User(name) => f.write_str(name),
        }
    }
}

/// Why nobody was recognised; tells neither name nor password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// No `Authorization` header: 401 and a challenge.
    #[error("authorization required")]
    Missing,
    /// The header is not `Basic` and base64 of `user:password`: 400.
    #[error("the Authorization header cannot be read")]
    Malformed,
    /// The header is of another scheme than Basic: 400.
    #[error("only the Basic authorization scheme is supported")]
    OtherScheme,
    /// No such user, or another password: 401 and a challenge.
    #[error("incorrect username or password")]
    Wrong,
}

/// Recognises callers by their `Authorization` header.
#[derive(Clone)]
pub struct Authenticator(Option<Arc<Basic>>);

struct Basic {
    path: std::path::PathBuf,
    users: Mutex<Known>,
    cache: Cache,
    gate: Gate,
}

/// The users, and the state of the file they were read from.
struct Known {
    users: Arc<Htpasswd>,
    stamp: Option<Stamp>,
}

impl Authenticator {
    /// Takes everybody for [`Principal::Anonymous`], whatever header they send.
    pub const fn noauth() -> Self {
        Authenticator(None)
    }

    /// Recognises the users of an htpasswd file, which is read again when its
    /// inode, size or time changes.
    ///
    /// An entry that is wrong recognises nobody, and neither does a file that
    /// cannot be read: whoever takes a user out of it must be sure of that.
    /// [`Htpasswd::read`] tells what is wrong with a file.
    pub fn basic(htpasswd: &Path) -> Self {
        Self::with_verifier(htpasswd, Arc::new(Bcrypt))
    }

    fn with_verifier(htpasswd: &Path, verify: Arc<dyn Verify>) -> Self {
        let known = Known { users: Arc::default(), stamp: None };
        Authenticator(Some(Arc::new(Basic {
            path: htpasswd.to_owned(),
            users: Mutex::new(known),
            cache: Cache::new(),
            gate: Gate::new(verify),
        })))
    }

    /// Recognises the caller at `peer` who sent this `Authorization` header, if any.
    ///
    /// Takes as long as one bcrypt when the answer is not remembered, longer while
    /// others who have not failed wait for theirs, and up to 5 s more after failures
    /// from there; dropping the future is safe.
    ///
    /// # Errors
    /// [`AuthError`], whose variants say which HTTP status they are.
    pub async fn check(&self, authorization: Option<&[u8]>, peer: IpAddr) -> Result<Principal, AuthError> {
        let Some(basic) = &self.0 else {
            return Ok(Principal::Anonymous);
        };
        let credentials = Credentials::parse(authorization.ok_or(AuthError::Missing)?)?;
        let users = basic.users().await;
        basic.recognise(&users, credentials, peer).await
    }
}

impl Basic {
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

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            None => f.write_str("Authenticator(noauth)"),
            Some(basic) => write!(f, "Authenticator(basic, {})", basic.path.display()),
        }
    }
}

#[cfg(test)]
mod tests;
