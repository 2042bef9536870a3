//! The `[keystone]` table.

use super::fields::{Table, Value};
use super::reader::Reader;
use super::servers;
use super::source::FileAccess;
use crate::auth::KeystoneOptions;
use crate::finding::{Code, Finding, Findings};
use crate::inventory::{SecretRef, read_secret};
use secrecy::SecretString;
use std::path::Path;
use std::time::Duration;

/// Every key of the table.
pub(super) const KEYS: &[&str] =
    &["url", "ca", "username", "password", "user_domain", "project", "project_domain", "roles", "remember", "timeout"];

/// Reads the table, if the file has one.
pub(super) fn read(file: &Path, root: &Table, access: FileAccess, findings: &mut Findings) -> Option<KeystoneOptions> {
    let entry = root.entries.get("keystone")?;
    let Value::Table(table) = &entry.value else {
        let message = format!("must be a table, not {}", entry.value.type_name());
        findings.push(Finding::error(Code::WrongType, message).field("keystone").at(file, Some(entry.line)));
        return None;
    };
    let mut reader = Reader::new(file, "keystone", table, findings);
    reader.refuse_unknown(KEYS, |_| None);
    for key in ["url", "username", "password"] {
        reader.require(key);
    }
    let named = |reader: &mut Reader<'_>, key, default: &str| reader.text(key).unwrap_or_else(|| default.to_owned());
    let options = KeystoneOptions {
        url: url(&mut reader).unwrap_or_default(),
        ca: reader.path("ca"),
        username: named(&mut reader, "username", ""),
        password: read_secret(&mut reader, "password", access)
            .unwrap_or_else(|| SecretRef::Inline(SecretString::default())),
        user_domain: named(&mut reader, "user_domain", "Default"),
        project: named(&mut reader, "project", "service"),
        project_domain: named(&mut reader, "project_domain", "Default"),
        roles: roles(&mut reader),
        remember: reader.duration("remember", 0..=3600).unwrap_or(Duration::from_secs(60)),
        timeout: reader.duration("timeout", 1..=60).unwrap_or(Duration::from_secs(5)),
    };
    if let Some(file) = options.ca.as_ref().filter(|file| !file.is_file()) {
        let message = format!("{} is not a file", file.display());
        reader.blame_key("ca", Finding::error(Code::Unreadable, message));
    }
    (!reader.failed()).then_some(options)
}

fn url(reader: &mut Reader<'_>) -> Option<String> {
    let text = reader.text("url")?;
    let Some(uri) = servers::address(&text).filter(|uri| uri.query().is_none() && !text.contains('"')) else {
        // Not repeated: somebody may have put a password into it.
        let message = "must be an address like https://keystone.example.org:5000/v3";
        reader.blame_key("url", Finding::error(Code::BadValue, message));
        return None;
    };
    if servers::is_overheard(&uri) {
        let message = "tokens and a password cross the network unencrypted";
        reader.blame_key("url", Finding::warning(Code::Plaintext, message).help("use https"));
    }
    Some(text)
}

fn roles(reader: &mut Reader<'_>) -> Vec<String> {
    let Some(texts) = reader.texts("roles") else { return vec!["service".to_owned(), "admin".to_owned()] };
    if texts.is_empty() && !reader.failed() {
        reader.blame_key("roles", Finding::error(Code::BadValue, "must name one at least"));
    }
    texts.into_iter().map(|(text, _)| text).collect()
}
