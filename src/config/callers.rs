//! How callers are told apart, and what that takes.

use super::reader::Reader;
use super::settings::{AuthKind, Settings};
use crate::finding::{Code, Finding};

/// What each way is called.
const WORDS: [(&str, AuthKind); 5] = [
    ("noauth", AuthKind::Noauth),
    ("http_basic", AuthKind::HttpBasic),
    ("http_digest", AuthKind::HttpDigest),
    ("mtls", AuthKind::Mtls),
    ("keystone", AuthKind::Keystone),
];

/// What each way to be let in is called: those of `auth`, and the socket.
#[must_use]
pub fn ways() -> Vec<&'static str> {
    WORDS.iter().map(|(word, _)| *word).chain(["socket"]).collect()
}

/// The ways of `auth`; `None` when nothing was said that could be understood.
pub(super) fn kinds(reader: &mut Reader<'_>, overrides: &[AuthKind]) -> Option<Vec<AuthKind>> {
    if !overrides.is_empty() {
        return Some(overrides.to_vec());
    }
    let mut kinds = Vec::new();
    let texts = reader.texts("auth")?;
    if texts.is_empty() {
        reader
            .blame_key("auth", Finding::error(Code::BadValue, "must name one way at least").help("auth = \"noauth\""));
    }
    for (text, found) in texts {
        if let Some((_, kind)) = WORDS.iter().find(|(word, _)| *word == text) {
            kinds.push(*kind);
        } else {
            let words = WORDS.map(|(word, _)| word).join(", ");
            reader.blame(&found, Finding::error(Code::BadValue, format!("must be of {words}, not {text:?}")));
            return None;
        }
    }
    Some(kinds).filter(|kinds| !kinds.is_empty())
}

/// What the ways need, and what they exclude; `said` is whether they were written.
pub(super) fn check(reader: &mut Reader<'_>, settings: &Settings, said: bool) {
    let has = |kind| settings.auth.contains(&kind);
    if has(AuthKind::Noauth) && settings.auth.len() > 1 {
        let finding = Finding::error(Code::Conflict, "noauth lets everybody in, and nobody would be asked");
        reader.blame_key("auth", finding.help("take noauth away"));
    }
    // Whoever names users means to ask for them.
    for (kind, key, there, example) in [
        (AuthKind::HttpBasic, "htpasswd", settings.htpasswd.is_some(), "htpasswd -B -C 10 -c FILE USER makes one"),
        (AuthKind::HttpDigest, "digest", settings.digest.is_some(), "[digest] with users = \"FILE\""),
        (AuthKind::Keystone, "keystone", settings.keystone.is_some(), "[keystone] with url, username and password"),
        (AuthKind::Mtls, "tls.client_ca", settings.tls.as_ref().is_some_and(|tls| tls.client_ca.is_some()), ""),
    ] {
        let word = WORDS.iter().find(|(_, other)| *other == kind).map_or("", |(word, _)| word);
        let table = key.split('.').next().unwrap_or(key);
        // A finding is about a key of the top level; what is below it has to be named.
        let subject = if table == key { String::new() } else { format!("{key} ") };
        let finding = match (has(kind), there) {
            (true, false) => Finding::error(Code::MissingKey, format!("{subject}must be given with auth = \"{word}\"")),
            (false, true) => {
                let message = format!("{subject}is given, but {word} is not in auth and nobody would be asked");
                Finding::error(Code::Conflict, message).help(format!("auth = \"{word}\""))
            }
            _ => continue,
        };
        let finding = if there || example.is_empty() { finding } else { finding.help(example) };
        // A table that is wrong is told of already.
        let whole = table != key && settings.tls.is_some();
        if there || whole || reader.find(table).is_none() {
            reader.blame_key(table, finding);
        }
    }
    remote(reader, settings, said);
}

/// What other machines reach asks for more than one word.
fn remote(reader: &mut Reader<'_>, settings: &Settings, said: bool) {
    if settings.listen.ip().to_canonical().is_loopback() {
        return;
    }
    if settings.auth.contains(&AuthKind::Noauth) && !(said && settings.allow_remote_noauth) {
        let message = format!("{} takes requests from other machines without credentials", settings.listen);
        let help = "use auth = \"http_basic\", or write both auth = \"noauth\" and allow_remote_noauth = true";
        reader.blame_key("listen", Finding::error(Code::RemoteNoauth, message).help(help));
    }
    let plaintext = reader.find("tls").is_none() && !(said && settings.allow_plaintext_passwords);
    if settings.auth.contains(&AuthKind::HttpBasic) && plaintext {
        let message = format!("{} takes passwords from other machines without TLS", settings.listen);
        let help = "write a [tls] table, or both auth = \"http_basic\" and allow_plaintext_passwords = true";
        reader.blame_key("listen", Finding::error(Code::PlaintextPasswords, message).help(help));
    }
}
