//! What only NVUE's REST server needs.

use super::{Means, netconf, restconf, seconds, tls};
use crate::config::reader::Reader;
use crate::finding::{Code, Finding};
use crate::inventory::{ConfirmedCommit, Context, Face, NvueSettings};

/// A user with a password (RFC 7617), a client certificate, or both.
pub(super) fn means(reader: &mut Reader<'_>, context: &Context) -> Means {
    let settings = NvueSettings {
        tls: tls::settings(reader, context.access),
        confirmed_commit: netconf::confirmed_commit(reader),
        settle_time: seconds(reader, "settle_time", 10, 0, 600),
    };
    if settings.confirmed_commit == ConfirmedCommit::Session {
        let finding = Finding::error(Code::Conflict, "NVUE has no session that a change could end with");
        reader.blame_key("confirmed_commit", finding.help("auto, on or off; each switch can have its own"));
    }
    let (username, credentials) = restconf::user(reader, context, &settings.tls);
    Means { username, credentials, face: Face::Nvue(settings) }
}
