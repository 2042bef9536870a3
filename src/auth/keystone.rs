//! Tokens of a Keystone (identity API v3), which is asked about each that is not
//! remembered.
//!
//! Whom it does not know is not let in, and when it cannot be asked nobody is whom it
//! has not confirmed before.

mod remembered;
mod server;

use super::failures::Failures;
use super::{AuthError, Origin, Principal};
use crate::inventory::SecretRef;
use crate::often::Often;
use remembered::Remembered;
use server::{Answer, Server};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Where tokens come from and what they must hold; the `[keystone]` table.
#[derive(Debug, Clone)]
pub struct KeystoneOptions {
    /// `url`: where its API is, such as `https://keystone.example.org:5000/v3`; required.
    pub url: String,
    /// `ca`: a file of certificates (PEM) one of which has signed its own; those the
    /// system trusts.
    pub ca: Option<PathBuf>,
    /// `username`: whom Mercury is to it; required. It must be allowed to look at others'
    /// tokens.
    pub username: String,
    /// `password`: that user's; required.
    pub password: SecretRef,
    /// `user_domain`: the name of the user's domain; `Default`.
    pub user_domain: String,
    /// `project`: the name of the project it acts in; `service`.
    pub project: String,
    /// `project_domain`: the name of the project's domain; `Default`.
    pub project_domain: String,
    /// `roles`: a token must have one of these; `service` and `admin`.
    pub roles: Vec<String>,
    /// `remember`: for how long an answer is good, 0 to 3600 s, and no longer than the
    /// token; 60 s. A token that is revoked meanwhile is still let in.
    pub remember: Duration,
    /// `timeout`: how long one answer may take, 1 to 60 s; 5 s.
    pub timeout: Duration,
}

/// How many tokens are asked about at a time.
const AT_A_TIME: usize = 8;
/// For how long a token that is not known is not asked about again.
const UNKNOWN: Duration = Duration::from_secs(10);
/// The longest token, in bytes.
const MAX_TOKEN: usize = 8192;

/// Who may call, by its tokens.
pub(super) struct Keystone {
    options: KeystoneOptions,
    server: Server,
    remembered: Remembered,
    asking: Semaphore,
    failures: Arc<Failures>,
    /// An outage is told of once a second.
    outages: Often,
}

impl Keystone {
    pub(super) fn new(options: KeystoneOptions, failures: Arc<Failures>) -> Self {
        Self {
            server: Server::new(&options),
            options,
            remembered: Remembered::new(),
            asking: Semaphore::new(AT_A_TIME),
            failures,
            outages: Often::default(),
        }
    }

    pub(super) fn challenge(&self) -> String {
        format!("Keystone uri=\"{}\"", self.options.url)
    }

    /// Whose token it is.
    pub(super) async fn check(&self, token: &[u8], origin: Origin) -> Result<Principal, AuthError> {
        if token.is_empty() || token.len() > MAX_TOKEN || !token.iter().all(u8::is_ascii_graphic) {
            return Err(AuthError::BadToken);
        }
        let key = self.remembered.key(token);
        if let Some(verdict) = self.remembered.get(&key) {
            return verdict;
        }
        let who = self.failures.who(origin, "");
        self.failures.pause(who).await?;
        let _turn = self.asking.acquire().await;
        // Those who waited together for the first of them need not all ask.
        if let Some(verdict) = self.remembered.get(&key) {
            return verdict;
        }
        match self.server.validate(token).await {
            Ok(Answer::Known(token)) => {
                let verdict = if token.roles.iter().any(|role| self.options.roles.contains(role)) {
                    Ok(Principal::Keystone { user: token.user, domain: token.domain })
                } else {
                    Err(AuthError::Role)
                };
                self.remembered.put(key, verdict.clone(), token.left.min(self.options.remember));
                self.failures.went(who, true);
                verdict
            }
            Ok(Answer::Unknown) => {
                self.remembered.put(key, Err(AuthError::BadToken), UNKNOWN);
                self.failures.went(who, false);
                Err(AuthError::BadToken)
            }
            Err(outage) => {
                if let Some(before) = self.outages.tell() {
                    let url = &self.options.url;
                    tracing::error!(%outage, before, url, "Keystone could not be asked about a token");
                }
                Err(AuthError::Unavailable)
            }
        }
    }
}

#[cfg(test)]
mod tests;
