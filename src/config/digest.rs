//! The `[digest]` table.

use super::fields::{Table, Value};
use super::reader::Reader;
use crate::auth::{Algorithm, Cover, DigestOptions, is_realm};
use crate::finding::{Code, Finding, Findings};
use std::path::Path;
use std::time::Duration;

/// Every key of the table.
pub(super) const KEYS: &[&str] = &["users", "realm", "algorithms", "qop", "nonce_lifetime", "reordering"];

/// What is offered where nothing is said: of several, httpx and aiohttp take the first and
/// requests the last, and none of them knows SHA-512-256.
const ALGORITHMS: [Algorithm; 1] = [Algorithm::Sha256];

/// Reads the table, if the file has one.
pub(super) fn read(file: &Path, root: &Table, findings: &mut Findings) -> Option<DigestOptions> {
    let entry = root.entries.get("digest")?;
    let Value::Table(table) = &entry.value else {
        let message = format!("must be a table, not {}", entry.value.type_name());
        findings.push(Finding::error(Code::WrongType, message).field("digest").at(file, Some(entry.line)));
        return None;
    };
    let mut reader = Reader::new(file, "digest", table, findings);
    reader.refuse_unknown(KEYS, |_| None);
    reader.require("users");
    let cover =
        reader.choice("qop", &[("auth", Cover::Request), ("auth-int", Cover::Body), ("auth, auth-int", Cover::Either)]);
    let options = DigestOptions {
        users: reader.path("users").unwrap_or_default(),
        realm: realm(&mut reader),
        algorithms: algorithms(&mut reader),
        cover: cover.unwrap_or_default(),
        nonce_lifetime: reader.duration("nonce_lifetime", 10..=3600).unwrap_or(Duration::from_secs(300)),
        reordering: reader.number("reordering", 0..=63).and_then(|count| u32::try_from(count).ok()).unwrap_or(0),
    };
    (!reader.failed()).then_some(options)
}

fn realm(reader: &mut Reader<'_>) -> String {
    let realm = reader.text("realm");
    if realm.as_deref().is_some_and(|realm| !is_realm(realm)) {
        let message = "must be ASCII without colons, quotes and backslashes, which some clients do not escape";
        reader.blame_key("realm", Finding::error(Code::BadValue, message));
    }
    realm.unwrap_or_else(|| "Baremetal API".to_owned())
}

fn algorithms(reader: &mut Reader<'_>) -> Vec<Algorithm> {
    let Some(texts) = reader.texts("algorithms") else { return ALGORITHMS.to_vec() };
    let mut algorithms = Vec::new();
    for (text, found) in texts {
        match text.parse::<Algorithm>() {
            Ok(algorithm) if !algorithms.contains(&algorithm) => algorithms.push(algorithm),
            Ok(_) => reader.blame(&found, Finding::error(Code::DuplicateKey, format!("{text} is there twice"))),
            Err(()) => {
                let message = format!("must be of SHA-512-256, SHA-256, MD5, not {text:?}");
                reader.blame(&found, Finding::error(Code::BadValue, message));
            }
        }
    }
    if algorithms.is_empty() && !reader.failed() {
        reader.blame_key("algorithms", Finding::error(Code::BadValue, "must name one at least"));
    }
    algorithms
}
