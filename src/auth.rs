//! Who asks: by a password (HTTP Basic, HTTP Digest), by the certificate of the
//! connection, or nobody asked. Several ways may be open at once; each caller takes one.

mod basic;
mod cache;
mod digest;
mod failures;
mod gate;
mod header;
mod htpasswd;
mod keystone;
mod watched;

pub(crate) use digest::is_realm;
pub use digest::{Algorithm, Cover, DigestOptions, DigestUsers, NotAUser, Unjudged, line};
pub use htpasswd::Htpasswd;
pub use keystone::KeystoneOptions;

use crate::tls::ClientName;
use basic::Basic;
use digest::{Digest, Judged};
use failures::Failures;
use gate::{Bcrypt, Verify};
use keystone::Keystone;
use std::fmt;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

/// Who asks.
///
/// Each is displayed differently from those who came another way, but for users,
/// whose name is theirs whichever way they gave their password.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Principal {
    /// Anybody; authentication is off.
    Anonymous,
    /// A user of the htpasswd file.
    User(String),
    /// A user of the file of Digest's users.
    Digest(String),
    /// Whose certificate has this name.
    Certificate(ClientName),
    /// A user of Keystone.
    Keystone {
        /// Its name.
        user: String,
        /// The name of its domain.
        domain: String,
    },
    /// A process of this user, which called by the socket.
    Process(u32),
}

impl Principal {
    /// The way it came, as the settings call it.
    #[must_use]
    pub const fn way(&self) -> &'static str {
        match self {
            Principal::Anonymous => "noauth",
            Principal::User(_) => "http_basic",
            Principal::Digest(_) => "http_digest",
            Principal::Certificate(_) => "mtls",
            Principal::Keystone { .. } => "keystone",
            Principal::Process(_) => "socket",
        }
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Principal::Anonymous => f.write_str("anonymous"),
            Principal::User(name) | Principal::Digest(name) => f.write_str(name),
            Principal::Certificate(name) => name.fmt(f),
            Principal::Keystone { user, domain } => write!(f, "keystone:{}@{}", told(user), told(domain)),
            Principal::Process(uid) => write!(f, "uid:{uid}"),
        }
    }
}

/// No two users are told alike, and none goes on to another line.
fn told(name: &str) -> String {
    let escaped = |letter: char| letter == '@' || letter == '%' || letter.is_control();
    let letters = name.chars().map(|letter| match escaped(letter) {
        true => format!("%{:02X}", u32::from(letter)),
        false => letter.to_string(),
    });
    letters.collect()
}

/// Why nobody was recognised; tells neither name nor password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// Nothing says who asks: 401 and a challenge.
    #[error("authorization required")]
    Missing,
    /// The `Authorization` header is not what its scheme asks for: 400.
    #[error("the Authorization header cannot be read")]
    Malformed,
    /// The header is of a scheme that is not taken here: 401 and a challenge of those that
    /// are, as clients that sent theirs unasked then take one (RFC 9110 section 11.6.1).
    #[error("that authorization scheme is not taken here")]
    OtherScheme,
    /// No such user, or another password: 401 and a challenge.
    #[error("incorrect username or password")]
    Wrong,
    /// The password is right, but the nonce is too old, or was used with this count: 401
    /// and a challenge that says so.
    #[error("the nonce is stale; the request must be made again with a new one")]
    Stale,
    /// The answer to a Digest challenge is for another target: 400.
    #[error("the Authorization header is for another target")]
    OtherTarget,
    /// Keystone does not know the token: 401.
    #[error("the token is not valid")]
    BadToken,
    /// Keystone knows it, but it has none of the roles that let in: 403.
    #[error("the token has no role that is let in")]
    Role,
    /// Keystone cannot be asked: 503.
    #[error("tokens cannot be checked now")]
    Unavailable,
    /// After failures, more tries wait than there is time for: 429.
    #[error("too many tries have failed; try again later")]
    TooOften,
    /// A certificate was shown, but none of its names is let in: 401.
    #[error("the client certificate has no name that is let in")]
    Stranger,
}

/// Where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A host.
    Host(IpAddr),
    /// A process of this machine, which the socket admits.
    Process {
        /// Its user.
        uid: u32,
        /// Its primary group.
        gid: u32,
    },
}

/// What a request shows of who asks.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Its `Authorization` header.
    pub authorization: Option<&'a [u8]>,
    /// Its `X-Auth-Token` header.
    pub token: Option<&'a [u8]>,
    /// Its method.
    pub method: &'a str,
    /// What it is addressed to, as it was sent: path and query.
    pub target: &'a str,
    /// Where it comes from.
    pub origin: Origin,
    /// The names of the connection's certificate, whose issuer was checked.
    pub names: &'a [ClientName],
}

/// What is known of a caller.
pub enum Recognised {
    /// Who it is.
    As(Principal),
    /// Who it says it is; the body decides.
    Unread(Unjudged),
}

/// Recognises callers.
#[derive(Clone)]
pub struct Authenticator(Arc<Ways>);

/// The ways that are open.
#[derive(Default)]
struct Ways {
    /// Nobody is asked.
    anybody: bool,
    failures: Arc<Failures>,
    basic: Option<Basic>,
    digest: Option<Arc<Digest>>,
    keystone: Option<Keystone>,
    clients: Option<Vec<ClientName>>,
}

impl Authenticator {
    /// Takes everybody for [`Principal::Anonymous`], whatever they send.
    #[must_use]
    pub fn noauth() -> Self {
        Authenticator(Arc::new(Ways { anybody: true, ..Ways::default() }))
    }

    /// Recognises those that the ways of this let in.
    #[must_use]
    pub fn builder() -> Builder {
        Builder(Ways::default())
    }

    /// Recognises whoever sent a request.
    ///
    /// Takes as long as one bcrypt when a password is not remembered, longer while
    /// others who have not failed wait for theirs, and up to 10 s more after failures
    /// from there under that name; dropping the future is safe.
    ///
    /// # Errors
    /// [`AuthError`], whose variants say which HTTP status they are.
    pub async fn check(&self, asked: &Asked<'_>) -> Result<Recognised, AuthError> {
        let ways = &self.0;
        let known = match asked.origin {
            Origin::Process { uid, .. } => Some(Principal::Process(uid)),
            Origin::Host(_) if ways.anybody => return Ok(Recognised::As(Principal::Anonymous)),
            Origin::Host(_) => ways.client(asked.names).cloned().map(Principal::Certificate),
        };
        // A password that is given counts, and a connection that is known needs none.
        if let Some(header) = asked.authorization {
            let (scheme, rest) = header::scheme(header)?;
            match (&ways.basic, &ways.digest) {
                (Some(basic), _) if scheme.eq_ignore_ascii_case("basic") => {
                    return basic.check(rest, asked.origin).await.map(Recognised::As);
                }
                (_, Some(digest)) if scheme.eq_ignore_ascii_case("digest") => {
                    return Ok(match digest.check(rest, asked).await? {
                        Judged::Known(principal) => Recognised::As(principal),
                        Judged::Unread(unjudged) => Recognised::Unread(unjudged),
                    });
                }
                _ => {}
            }
        }
        if let (None, None, Some(keystone), Some(token)) = (&known, asked.authorization, &ways.keystone, asked.token) {
            return keystone.check(token, asked.origin).await.map(Recognised::As);
        }
        match (known, asked.authorization) {
            (Some(known), _) => Ok(Recognised::As(known)),
            (None, Some(_)) => Err(AuthError::OtherScheme),
            (None, None) if ways.clients.is_some() && !asked.names.is_empty() => Err(AuthError::Stranger),
            (None, None) => Err(AuthError::Missing),
        }
    }

    /// What a caller who was not let in is told to try, each a `WWW-Authenticate`
    /// header, in an order that clients understand: aiohttp gives up when Basic
    /// comes first.
    #[must_use]
    pub fn challenges(&self, fault: AuthError) -> Vec<String> {
        let digest = self.0.digest.iter().flat_map(|digest| digest.challenges(fault == AuthError::Stale));
        let basic = self.0.basic.iter().map(|_| format!("Basic realm=\"{REALM}\""));
        let keystone = self.0.keystone.iter().map(Keystone::challenge);
        digest.chain(basic).chain(keystone).collect()
    }
}

/// What all of it is called; Ironic's own.
const REALM: &str = "Baremetal API";

impl Ways {
    /// The first of a certificate's names that is let in.
    fn client<'a>(&self, names: &'a [ClientName]) -> Option<&'a ClientName> {
        let clients = self.clients.as_ref()?;
        names.iter().find(|name| clients.contains(name))
    }
}

/// The ways that are to be open; without any, nobody is let in.
pub struct Builder(Ways);

impl Builder {
    /// The users of an htpasswd file, which is read again when its inode, size or time
    /// changes.
    ///
    /// An entry that is wrong recognises nobody, and neither does a file that cannot be
    /// read or that others may change: whoever takes a user out of it must be sure of that.
    /// [`Htpasswd::read`] tells what is wrong with a file.
    #[must_use]
    pub fn basic(self, htpasswd: &Path) -> Self {
        self.verified(htpasswd, Arc::new(Bcrypt))
    }

    fn verified(mut self, htpasswd: &Path, verify: Arc<dyn Verify>) -> Self {
        self.0.basic = Some(Basic::new(htpasswd, verify, Arc::clone(&self.0.failures)));
        self
    }

    /// The users of a file that Digest answers to, which is read again as that of
    /// [`Builder::basic`].
    #[must_use]
    pub fn digest(mut self, options: DigestOptions) -> Self {
        self.0.digest = Some(Arc::new(Digest::new(options, Arc::clone(&self.0.failures))));
        self
    }

    /// Whose token a Keystone knows.
    #[must_use]
    pub fn keystone(mut self, options: KeystoneOptions) -> Self {
        self.0.keystone = Some(Keystone::new(options, Arc::clone(&self.0.failures)));
        self
    }

    /// Whose certificate has one of these names.
    #[must_use]
    pub fn clients(mut self, clients: Vec<ClientName>) -> Self {
        self.0.clients = Some(clients);
        self
    }

    /// With these ways.
    #[must_use]
    pub fn build(self) -> Authenticator {
        Authenticator(Arc::new(self.0))
    }
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ways { anybody, basic, digest, keystone, clients, .. } = &*self.0;
        let ways = [
            (*anybody, "noauth"),
            (digest.is_some(), "http_digest"),
            (basic.is_some(), "http_basic"),
            (clients.is_some(), "mtls"),
            (keystone.is_some(), "keystone"),
        ];
        let open: Vec<_> = ways.iter().filter(|(open, _)| *open).map(|(_, way)| *way).collect();
        write!(f, "Authenticator({})", open.join(", "))
    }
}

#[cfg(test)]
mod tests;
