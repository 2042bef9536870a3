//! HTTP Digest (RFC 7616): the password itself is never sent, and an answer counts for
//! one request, once.

mod algorithm;
mod answer;
mod nonce;
mod users;

pub use algorithm::Algorithm;
pub(crate) use users::is_realm;
pub use users::{DigestUsers, NotAUser, line};

use super::failures::Failures;
use super::watched::Watched;
use super::{Asked, AuthError, Origin, Principal};
use answer::Answer;
use nonce::Nonces;
use ring::hmac;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What is asked of answers; the `[digest]` table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigestOptions {
    /// `users`: the file of users and hashes; required.
    pub users: PathBuf,
    /// `realm`: what the hashes are for; `Baremetal API`.
    pub realm: String,
    /// `algorithms`: the hashes that are offered, in this order; SHA-256 alone.
    pub algorithms: Vec<Algorithm>,
    /// `qop`: what answers cover.
    pub cover: Cover,
    /// `nonce_lifetime`: for how long a client may go on with one nonce, 10 to 3600 s;
    /// 300 s.
    pub nonce_lifetime: Duration,
    /// `reordering`: how far behind the highest a count may arrive that was not used
    /// yet, 0 to 63; 0.
    pub reordering: u32,
}

/// What an answer covers beside method and target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Cover {
    /// Nothing more (`auth`).
    #[default]
    Request,
    /// The body too (`auth-int`).
    Body,
    /// Either, as the client likes.
    Either,
}

impl Cover {
    const fn allows(self, with_body: bool) -> bool {
        matches!((self, with_body), (Cover::Either, _) | (Cover::Request, false) | (Cover::Body, true))
    }

    /// Some clients read the first word alone.
    const fn words(self) -> &'static str {
        match self {
            Cover::Request => "auth",
            Cover::Body => "auth-int",
            Cover::Either => "auth, auth-int",
        }
    }
}

/// The users of a file, and the nonces that they were given.
pub(super) struct Digest {
    options: DigestOptions,
    users: Watched<DigestUsers>,
    nonces: Nonces,
    failures: Arc<Failures>,
}

/// An answer, with what it is an answer for.
pub struct Unjudged {
    digest: Arc<Digest>,
    answer: Answer,
    method: String,
    origin: Origin,
}

impl Unjudged {
    /// Whose answer it is, once the body that it covers is there.
    ///
    /// # Errors
    /// [`AuthError`], as of [`super::Authenticator::check`].
    pub async fn judge(self, body: &[u8]) -> Result<Principal, AuthError> {
        let hash = self.answer.algorithm.hash(&[body]);
        self.digest.judge(&self.answer, &self.method, Some(&hash), self.origin).await
    }
}

/// What is known of an answer before a body is read.
pub(super) enum Judged {
    Known(Principal),
    Unread(Unjudged),
}

impl Digest {
    pub(super) fn new(options: DigestOptions, failures: Arc<Failures>) -> Self {
        Self {
            users: Watched::new(&options.users, DigestUsers::read),
            nonces: Nonces::new(options.nonce_lifetime, options.reordering),
            options,
            failures,
        }
    }

    /// One challenge for each algorithm; `stale` says that the password was right.
    pub(super) fn challenges(&self, stale: bool) -> Vec<String> {
        let Some(nonce) = self.nonces.make() else { return Vec::new() };
        let (realm, qop) = (&self.options.realm, self.options.cover.words());
        let stale = if stale { ", stale=true" } else { "" };
        let challenge = |algorithm: &Algorithm| {
            format!(
                "Digest realm=\"{realm}\", qop=\"{qop}\", algorithm={}, nonce=\"{nonce}\", charset=UTF-8, \
                 userhash=true{stale}",
                algorithm.word()
            )
        };
        self.options.algorithms.iter().map(challenge).collect()
    }

    /// Whose answer follows the scheme of the header.
    pub(super) async fn check(self: &Arc<Self>, rest: &str, asked: &Asked<'_>) -> Result<Judged, AuthError> {
        let answer = Answer::parse(rest)?;
        // It is none to what was asked here.
        if answer.realm != self.options.realm
            || !self.options.algorithms.contains(&answer.algorithm)
            || !self.options.cover.allows(answer.with_body)
        {
            return Err(AuthError::Missing);
        }
        if answer.target != asked.target {
            return Err(AuthError::OtherTarget);
        }
        let method = asked.method.to_owned();
        if answer.with_body {
            // Only who has a nonce has a body read.
            self.nonces.check(&answer.nonce).map_err(|nonce::Stale| AuthError::Stale)?;
            return Ok(Judged::Unread(Unjudged { digest: Arc::clone(self), answer, method, origin: asked.origin }));
        }
        self.judge(&answer, &method, None, asked.origin).await.map(Judged::Known)
    }

    /// A wrong nonce is told of to those alone who know the password.
    async fn judge(
        &self,
        answer: &Answer,
        method: &str,
        body: Option<&str>,
        origin: Origin,
    ) -> Result<Principal, AuthError> {
        let users = self.users.current().await;
        let algorithm = answer.algorithm;
        let user = if answer.hashed { users.unhashed(algorithm, &answer.user) } else { Some(answer.user.as_str()) };
        let known = user.and_then(|user| Some((user, users.secret(algorithm, user)?)));
        // As it was given; hashes of names are of any case.
        let given = if answer.hashed { answer.user.to_ascii_lowercase() } else { answer.user.clone() };
        let who = self.failures.who(origin, &given);
        self.failures.pause(who).await?;
        // A guess at a name must not be told from a guess at a password by its time.
        let nobody = "0".repeat(algorithm.digits());
        let secret = known.map_or(nobody.as_str(), |(_, secret)| secret);
        let right = equal(expected(answer, method, body, secret).as_bytes(), answer.response.as_bytes());
        let Some((user, _)) = known.filter(|_| right) else {
            self.failures.went(who, false);
            return Err(AuthError::Wrong);
        };
        self.failures.went(who, true);
        self.nonces.claim(&answer.nonce, answer.count).map_err(|nonce::Stale| AuthError::Stale)?;
        Ok(Principal::Digest(user.to_owned()))
    }
}

/// RFC 7616 section 3.4.1.
fn expected(answer: &Answer, method: &str, body: Option<&str>, secret: &str) -> String {
    let (algorithm, target) = (answer.algorithm, answer.target.as_bytes());
    let covered = match body {
        None => algorithm.hash(&[method.as_bytes(), target]),
        Some(body) => algorithm.hash(&[method.as_bytes(), target, body.as_bytes()]),
    };
    let qop = if body.is_some() { "auth-int" } else { "auth" };
    let parts = [secret, &answer.nonce, &answer.count_text, &answer.client_nonce, qop, &covered];
    algorithm.hash(&parts.map(str::as_bytes))
}

/// Whether two texts are the same, in a time that only their lengths decide.
fn equal(one: &[u8], other: &[u8]) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &[]);
    hmac::verify(&key, other, hmac::sign(&key, one).as_ref()).is_ok()
}

#[cfg(test)]
mod tests;
