//! What only NETCONF needs: how a switch and Mercury talk.

use super::{Means, ssh};
use crate::config::reader::Reader;
use crate::inventory::{ConfirmedCommit, Context, Face, Framing, NetconfSettings};

pub(super) fn means(reader: &mut Reader<'_>, context: &Context) -> Means {
    let (username, credentials, ssh) = ssh::login(reader, context);
    let settings = NetconfSettings {
        ssh,
        confirmed_commit: confirmed_commit(reader),
        pipelining: reader.flag("pipelining"),
        discard_foreign_candidate: reader.flag("discard_foreign_candidate").unwrap_or(false),
        framing: reader.choice("framing", &[("end-of-message", Framing::EndOfMessage), ("chunked", Framing::Chunked)]),
    };
    Means { username, credentials, face: Face::Netconf(settings) }
}

pub(super) fn confirmed_commit(reader: &mut Reader<'_>) -> ConfirmedCommit {
    let choices = [
        ("auto", ConfirmedCommit::Auto),
        ("on", ConfirmedCommit::On),
        ("session", ConfirmedCommit::Session),
        ("off", ConfirmedCommit::Off),
    ];
    reader.choice("confirmed_commit", &choices).unwrap_or_default()
}
