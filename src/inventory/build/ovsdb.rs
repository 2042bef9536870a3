//! What only OVSDB needs.

use super::{Means, netconf, tls};
use crate::config::reader::Reader;
use crate::finding::{Code, Finding};
use crate::inventory::{Context, Credentials, Face, OvsdbSettings, TlsSettings, UNIX};

/// The keys that only OVSDB knows.
pub(super) const OVSDB: &[&str] = &["foreign_bridges", "card"];

/// Nobody logs in: a certificate says who Mercury is, or the rights to a socket do.
pub(super) fn means(reader: &mut Reader<'_>, context: &Context) -> Means {
    let is_local = reader.text("address").is_some_and(|address| address.starts_with(UNIX));
    let settings = OvsdbSettings {
        tls: if is_local { local(reader) } else { tls::settings(reader, context.access) },
        foreign_bridges: reader.texts("foreign_bridges").into_iter().flatten().map(|(name, _)| name).collect(),
        confirmed_commit: netconf::confirmed_commit(reader),
    };
    Means { username: String::new(), credentials: Credentials::default(), face: Face::Ovsdb(settings) }
}

/// Refuses what the entry itself says and means nothing for a socket of this machine.
fn local(reader: &mut Reader<'_>) -> TlsSettings {
    let keys = [tls::KEYS, &["port", "plaintext", "insecure"]].concat();
    for found in keys.iter().filter_map(|key| reader.own(key)).collect::<Vec<_>>() {
        reader.blame(&found, Finding::error(Code::Conflict, "has no meaning for a socket of this machine"));
    }
    TlsSettings::default()
}
