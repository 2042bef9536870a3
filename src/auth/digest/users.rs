//! The file of Digest's users, which holds no password.

use super::Algorithm;
use crate::auth::htpasswd::{exposed, unless_exposed};
use crate::config::source;
use crate::finding::{Code, Finding, Findings};
use std::collections::HashMap;
use std::fmt;
use std::path::Path;

/// The file may be this big, in bytes: some ten thousand users.
const MAX_FILE: u64 = 1024 * 1024;

/// Users and the hashes of their names, realms and passwords.
///
/// Lines are `user:realm:algorithm:hash`, one for each algorithm, where the hash is the
/// algorithm's of `user:realm:password` in hexadecimal (RFC 7616 section 3.4.2); blank
/// lines and lines that begin with `#` are passed over. Whoever reads the hash can log
/// in as that user: the file is a secret.
#[derive(Default)]
pub struct DigestUsers {
    secrets: HashMap<(Algorithm, String), String>,
    /// Names by their hashes (RFC 7616 section 3.4.4).
    names: HashMap<(Algorithm, String), String>,
    realms: Vec<String>,
}

/// Why nobody can be called so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAUser {
    /// Of the name.
    #[error("a user's name must be there, without colons and control characters")]
    Name,
    /// Of the realm.
    #[error("a realm must be there, without colons, quotes, backslashes and control characters")]
    Realm,
    /// Of the password.
    #[error("a password must be there, without control characters")]
    Password,
}

/// The line of a user.
///
/// # Errors
/// [`NotAUser`]: RFC 7616 or the file has no way to write that.
pub fn line(user: &str, realm: &str, algorithm: Algorithm, password: &str) -> Result<String, NotAUser> {
    let plain = |text: &str| !text.is_empty() && !text.chars().any(char::is_control);
    if !plain(user) || user.contains(':') || user.starts_with('#') || user.trim() != user {
        return Err(NotAUser::Name);
    }
    if !is_realm(realm) {
        return Err(NotAUser::Realm);
    }
    if !plain(password) {
        return Err(NotAUser::Password);
    }
    let hash = algorithm.hash(&[user.as_bytes(), realm.as_bytes(), password.as_bytes()]);
    Ok(format!("{user}:{realm}:{}:{hash}", algorithm.word()))
}

/// Whether clients understand it: some of them escape nothing.
pub(crate) fn is_realm(realm: &str) -> bool {
    !realm.is_empty() && realm.is_ascii() && !realm.contains([':', '"', '\\']) && !realm.chars().any(char::is_control)
}

impl DigestUsers {
    /// Reads the file; the entries that are right, and what is wrong. A file that others
    /// may read or change has no entries.
    pub fn read(path: &Path) -> (Self, Findings) {
        match source::read(path, MAX_FILE) {
            Ok(source) => {
                let (users, findings) = Self::parse(path, &source.text);
                // A hash that is read is as good as the password.
                let exposed = match source.mode & 0o004 {
                    0 => exposed(path, source.mode, "digest.users"),
                    _ => {
                        let message = format!("has mode {:03o}, and everybody may read it", source.mode);
                        let finding = Finding::error(Code::FilePermissions, message).field("digest.users");
                        Some(finding.at(path, None).help("chmod 640"))
                    }
                };
                unless_exposed(users, findings, exposed)
            }
            Err(error) => {
                let finding = error.finding().field("digest.users");
                (Self::default(), finding.into())
            }
        }
    }

    /// The realms of its lines.
    pub(crate) fn realms(&self) -> &[String] {
        &self.realms
    }

    pub(super) fn parse(path: &Path, text: &str) -> (Self, Findings) {
        let mut users = Self::default();
        let mut findings = Findings::default();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Err(finding) = users.add(line) {
                findings.push(finding.at(path, Some(index + 1)));
            }
        }
        if users.secrets.is_empty() && findings.is_empty() {
            let finding = Finding::error(Code::MissingKey, "holds no user").field("digest.users");
            findings.push(finding.at(path, None).help("mercury config digest USER makes a line"));
        }
        (users, findings)
    }

    /// Nothing of a line is repeated but a name that is one.
    fn add(&mut self, line: &str) -> Result<(), Finding> {
        let wrong = |code, message: &str| Finding::error(code, message).field("digest.users");
        let mut parts = line.split(':');
        let (Some(user), Some(realm), Some(word), Some(hash), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong(Code::Syntax, "must be user:realm:algorithm:hash"));
        };
        if user.is_empty() || user.chars().any(char::is_control) || !is_realm(realm) {
            return Err(wrong(Code::Syntax, "must be user:realm:algorithm:hash"));
        }
        let wrong = |code, message: &str| Finding::error(code, message).field(format!("digest.users.{user}"));
        let Ok(algorithm) = word.parse::<Algorithm>() else {
            return Err(wrong(Code::UnsupportedHash, "the algorithm must be SHA-256, SHA-512-256 or MD5"));
        };
        if hash.len() != algorithm.digits() || !hash.bytes().all(|octet| octet.is_ascii_hexdigit()) {
            let message = format!("the hash must be {} hexadecimal digits", algorithm.digits());
            return Err(wrong(Code::BadValue, &message));
        }
        if self.secrets.contains_key(&(algorithm, user.to_owned())) {
            return Err(wrong(Code::DuplicateKey, "is there twice with this algorithm"));
        }
        let hashed = algorithm.hash(&[user.as_bytes(), realm.as_bytes()]);
        self.names.insert((algorithm, hashed), user.to_owned());
        self.secrets.insert((algorithm, user.to_owned()), hash.to_ascii_lowercase());
        if !self.realms.iter().any(|known| known == realm) {
            self.realms.push(realm.to_owned());
        }
        Ok(())
    }

    /// The hash of name, realm and password.
    pub(super) fn secret(&self, algorithm: Algorithm, user: &str) -> Option<&str> {
        self.secrets.get(&(algorithm, user.to_owned())).map(String::as_str)
    }

    /// Whose name this is the hash of.
    pub(super) fn unhashed(&self, algorithm: Algorithm, hash: &str) -> Option<&str> {
        self.names.get(&(algorithm, hash.to_ascii_lowercase())).map(String::as_str)
    }
}

impl fmt::Debug for DigestUsers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names.values()).finish()
    }
}
