//! What only RESTCONF needs.

use super::{Means, gnmi, netconf, seconds, tls};
use crate::config::reader::Reader;
use crate::finding::{Code, Finding};
use crate::inventory::{Context, Credentials, Face, RestconfSettings, Tls, TlsSettings};

/// The keys that only RESTCONF knows.
pub(super) const RESTCONF: &[&str] = &["restconf_root"];

/// Who Mercury is: a user with a password (RFC 7617), a client certificate, or both.
pub(super) fn means(reader: &mut Reader<'_>, context: &Context) -> Means {
    let settings = RestconfSettings {
        tls: tls::settings(reader, context.access),
        root: root(reader),
        confirmed_commit: netconf::confirmed_commit(reader),
        settle_time: seconds(reader, "settle_time", 10, 0, 600),
    };
    let (username, credentials) = user(reader, context, &settings.tls);
    Means { username, credentials, face: Face::Restconf(settings) }
}

/// As whom one logs in over HTTP.
pub(super) fn user(reader: &mut Reader<'_>, context: &Context, own: &TlsSettings) -> (String, Credentials) {
    let certified = own.trust != Tls::Plaintext && tls::IDENTITY.iter().any(|key| reader.find(key).is_some());
    let (username, credentials) = gnmi::credentials(reader, certified, context.access);
    if username.contains(':') {
        reader.blame_key("username", Finding::error(Code::BadValue, "HTTP has no place for a colon in it"));
    }
    (username, credentials)
}

fn root(reader: &mut Reader<'_>) -> Option<String> {
    let root = reader.text("restconf_root")?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/-._~".contains(&b);
    if !root.starts_with('/') || root.starts_with("//") || !root.bytes().all(plain) {
        let finding = Finding::error(Code::BadValue, "must be the path of a URI, such as /restconf");
        reader.blame_key("restconf_root", finding.help("without /data, which is below it"));
    }
    Some(root.trim_end_matches('/').to_owned())
}
