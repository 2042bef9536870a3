use crate::config::source;
use crate::finding::{Code, Finding, Findings, Severity};
use std::collections::HashMap;
use std::fmt;
use std::path::Path;

/// The file may be this big, in bytes: some ten thousand users.
const MAX_FILE: u64 = 1024 * 1024;

/// bcrypt's own lowest cost, and the highest that answers within a second or two.
const COSTS: std::ops::RangeInclusive<u32> = 4..=14;

/// The cost an unknown user pays where there is no user to compare with.
const DEFAULT_COST: u32 = 10;

/// Users and their bcrypt hashes, as `htpasswd -B` writes them.
///
/// Lines are `user:hash`, where a hash begins with `$2y$`, `$2a$` or `$2b$`;
/// blank lines and lines that begin with `#` are passed over.
#[derive(Default)]
pub struct Htpasswd {
    hashes: HashMap<String, String>,
    highest_cost: Option<u32>,
}

impl Htpasswd {
    /// Reads the file; the entries that are right, and what is wrong. A file that others
    /// may change has no entries.
    pub fn read(path: &Path) -> (Self, Findings) {
        match source::read(path, MAX_FILE) {
            Ok(source) => {
                let (users, findings) = Self::parse(path, &source.text);
                unless_exposed(users, findings, exposed(path, source.mode, "htpasswd"))
            }
            Err(error) => {
                let finding = error.finding().field("htpasswd");
                (Self::default(), finding.into())
            }
        }
    }

    pub(super) fn parse(path: &Path, text: &str) -> (Self, Findings) {
        let mut users = Htpasswd::default();
        let mut findings = Findings::default();
        if text.starts_with('\u{feff}') {
            let finding = Finding::error(Code::Syntax, "begins with a byte order mark, which is no part of a name");
            findings.push(finding.at(path, Some(1)).field("htpasswd").help("save it as UTF-8 without one"));
        }
        for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Err(finding) = users.add(line) {
                findings.push(finding.at(path, Some(index + 1)));
            }
        }
        if users.hashes.is_empty() && findings.is_empty() {
            let finding = Finding::error(Code::MissingKey, "holds no user").field("htpasswd");
            findings.push(finding.at(path, None).help("htpasswd -B -C 10 FILE USER adds one"));
        }
        (users, findings)
    }

    fn add(&mut self, line: &str) -> Result<(), Finding> {
        let Some((user, hash)) = line.split_once(':').filter(|(user, _)| !user.is_empty()) else {
            return Err(Finding::error(Code::Syntax, "must be user:hash").field("htpasswd"));
        };
        let cost = cost(hash).map_err(|finding| finding.field(format!("htpasswd.{user}")))?;
        if self.hashes.contains_key(user) {
            let finding = Finding::error(Code::DuplicateKey, "the user is there twice; the first counts");
            return Err(finding.field(format!("htpasswd.{user}")));
        }
        self.hashes.insert(user.to_owned(), hash.to_owned());
        self.highest_cost = self.highest_cost.max(Some(cost));
        Ok(())
    }

    /// The hash of exactly this user.
    pub(super) fn hash(&self, user: &str) -> Option<&str> {
        self.hashes.get(user).map(String::as_str)
    }

    /// The users whose hash is of a lower cost, which is soon guessed.
    pub fn below(&self, least: u32) -> impl Iterator<Item = (&str, u32)> {
        let costs = self.hashes.iter().filter_map(|(user, hash)| Some((user.as_str(), cost(hash).ok()?)));
        costs.filter(move |(_, cost)| *cost < least)
    }

    /// A hash that no password has and that costs as much as a user's.
    pub(super) fn dummy_hash(&self) -> String {
        let cost = self.highest_cost.unwrap_or(DEFAULT_COST);
        format!("$2b${cost:02}${}", ".".repeat(53))
    }
}

/// Whoever may write the file lets in whom it likes; whoever may read it may guess
/// as fast as its machines allow.
pub(super) fn exposed(path: &Path, mode: u32, field: &str) -> Option<Finding> {
    let finding = match mode {
        mode if mode & 0o022 != 0 => {
            Finding::error(Code::FilePermissions, format!("has mode {mode:03o}, and others may change it"))
        }
        mode if mode & 0o004 != 0 => {
            Finding::warning(Code::FilePermissions, format!("has mode {mode:03o}, and everybody may read it"))
        }
        _ => return None,
    };
    Some(finding.field(field).at(path, None).help("chmod 640"))
}

/// The users of a file, but none where its mode is an error.
pub(super) fn unless_exposed<T: Default>(users: T, mut findings: Findings, exposed: Option<Finding>) -> (T, Findings) {
    let open = exposed.as_ref().is_some_and(|finding| finding.severity == Severity::Error);
    if let Some(finding) = exposed {
        findings.push(finding);
    }
    (if open { T::default() } else { users }, findings)
}

/// The cost of a bcrypt hash.
fn cost(hash: &str) -> Result<u32, Finding> {
    if !["$2y$", "$2a$", "$2b$"].iter().any(|prefix| hash.starts_with(prefix)) {
        let finding = Finding::error(Code::UnsupportedHash, "the hash is not bcrypt ($2y$, $2a$ or $2b$)");
        return Err(finding.help("htpasswd -B -C 10 makes bcrypt hashes"));
    }
    let parts: bcrypt::HashParts =
        hash.parse().map_err(|_| Finding::error(Code::BadValue, "the bcrypt hash is damaged"))?;
    let cost = parts.get_cost();
    if !COSTS.contains(&cost) {
        let message = format!("the bcrypt cost must be {} to {}, not {cost}", COSTS.start(), COSTS.end());
        return Err(Finding::error(Code::OutOfRange, message).help("htpasswd -B -C 10"));
    }
    Ok(cost)
}

impl fmt::Debug for Htpasswd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.hashes.keys()).finish()
    }
}
