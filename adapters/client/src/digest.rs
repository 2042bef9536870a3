//! HTTP Digest (RFC 7616), the caller's side: qop auth, SHA-256 and SHA-512-256.

use std::{
    fmt::Write as _,
    sync::{Mutex, PoisonError},
};

use http::HeaderMap;
use ring::{digest, rand};
use secrecy::{ExposeSecret as _, SecretString};

/// Nonces that are kept: as many calls at once take no second round trip each.
const KEPT: usize = 64;

/// Name and password, and the nonces that the server has given. Each is used by one request at
/// a time, so that its counts arrive in order.
pub(crate) struct Digest {
    username: String,
    password: SecretString,
    kept: Mutex<Vec<Challenge>>,
}

/// What the server has asked for, and how often it was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Challenge {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    algorithm: Algorithm,
    count: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Algorithm {
    Sha256,
    Sha512256,
}

impl Algorithm {
    const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "SHA-256",
            Self::Sha512256 => "SHA-512-256",
        }
    }

    fn hash(self, text: &str) -> String {
        let algorithm = match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha512256 => &digest::SHA512_256,
        };
        hex(digest::digest(algorithm, text.as_bytes()).as_ref())
    }
}

impl Digest {
    pub(crate) fn new(username: &str, password: &str) -> Self {
        Self { username: username.to_owned(), password: password.into(), kept: Mutex::default() }
    }

    /// A challenge that was answered before, if one is left.
    pub(crate) fn take(&self) -> Option<Challenge> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// Keeps a challenge for the next request.
    pub(crate) fn keep(&self, challenge: Challenge) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT {
            kept.push(challenge);
        }
    }

    /// The `Authorization` of a POST to `uri`; `None` where the system has no random bytes.
    pub(crate) fn answer(&self, challenge: &mut Challenge, uri: &str) -> Option<String> {
        let cnonce = rand::generate::<[u8; 16]>(&rand::SystemRandom::new()).ok()?.expose();
        challenge.count += 1;
        Some(self.with(challenge, uri, &hex(&cnonce), "POST"))
    }

    fn with(&self, challenge: &Challenge, uri: &str, cnonce: &str, verb: &str) -> String {
        let Challenge { realm, nonce, opaque, algorithm, count } = challenge;
        let user = &self.username;
        let first = algorithm.hash(&format!("{user}:{realm}:{}", self.password.expose_secret()));
        let second = algorithm.hash(&format!("{verb}:{uri}"));
        let response = algorithm.hash(&format!("{first}:{nonce}:{count:08x}:{cnonce}:auth:{second}"));
        let mut text = format!(
            "Digest username={}, realm={}, nonce={}, uri={}, algorithm={}, qop=auth, nc={count:08x}, cnonce=\"{cnonce}\", \
             response=\"{response}\"",
            quoted(user),
            quoted(realm),
            quoted(nonce),
            quoted(uri),
            algorithm.name()
        );
        if let Some(opaque) = opaque {
            let _infallible = write!(text, ", opaque={}", quoted(opaque));
        }
        text
    }
}

impl Challenge {
    /// The first of an answer's challenges that can be answered.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let values = headers.get_all(http::header::WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
        values.filter_map(|value| value.trim().strip_prefix("Digest ")).find_map(Self::read)
    }

    fn read(text: &str) -> Option<Self> {
        let (mut realm, mut nonce, mut opaque, mut qop, mut algorithm) = (None, None, None, None, None);
        for (name, value) in parameters(text) {
            match name.to_ascii_lowercase().as_str() {
                "realm" => realm = Some(value),
                "nonce" => nonce = Some(value),
                "opaque" => opaque = Some(value),
                "qop" => qop = Some(value),
                "algorithm" => algorithm = Some(value),
                _ => {}
            }
        }
        let algorithm = match algorithm?.as_str() {
            "SHA-256" => Algorithm::Sha256,
            "SHA-512-256" => Algorithm::Sha512256,
            _ => return None,
        };
        qop?.split(',').find(|word| word.trim() == "auth")?;
        Some(Self { realm: realm?, nonce: nonce?, opaque, algorithm, count: 0 })
    }
}

/// `name=value` and `name="value"`, between commas.
fn parameters(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some((name, after)) = rest.split_once('=') {
        let name = name.trim_start_matches([',', ' ', '\t']).trim().to_owned();
        let mut value = String::new();
        rest = match after.strip_prefix('"') {
            Some(inside) => {
                let mut characters = inside.chars();
                loop {
                    match characters.next() {
                        None | Some('"') => break characters.as_str(),
                        Some('\\') => value.extend(characters.next()),
                        Some(other) => value.push(other),
                    }
                }
            }
            None => {
                let (token, after) = after.split_once(',').unwrap_or((after, ""));
                token.trim().clone_into(&mut value);
                after
            }
        };
        found.push((name, value));
    }
    found
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |mut text, octet| {
        let _infallible = write!(text, "{octet:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7616 section 3.9.1.
    #[test]
    fn the_example_of_the_standard_is_answered_as_it_says() {
        let text = "realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=SHA-256, \
                    nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", \
                    opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";
        let challenge = Challenge { count: 1, ..Challenge::read(text).unwrap() };
        let digest = Digest::new("Mufasa", "Circle of Life");
        let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
        let answer = digest.with(&challenge, "/dir/index.html", cnonce, "GET");
        assert!(
            answer.contains("response=\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\""),
            "{answer}"
        );
        assert!(answer.contains("nc=00000001") && answer.contains("opaque=\"FQhe/"), "{answer}");
    }

    #[test]
    fn what_cannot_be_answered_is_passed_over() {
        for text in [
            "realm=\"r\", nonce=\"n\", algorithm=MD5, qop=\"auth\"",
            "realm=\"r\", nonce=\"n\", qop=\"auth\"",
            "realm=\"r\", nonce=\"n\", algorithm=SHA-256, qop=\"auth-int\"",
            "realm=\"r\", algorithm=SHA-256, qop=\"auth\"",
            "realm=\"r\\\"",
            "",
        ] {
            assert_eq!(Challenge::read(text), None, "{text}");
        }
        let challenge =
            Challenge::read("nonce=\"n\", realm=\"a \\\"b\\\", c=d\", algorithm=SHA-512-256,qop=auth").unwrap();
        assert_eq!(challenge.realm, "a \"b\", c=d");
    }
}
