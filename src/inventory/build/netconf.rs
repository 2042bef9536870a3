//! What only NETCONF needs: how a switch and Mercury talk.

use super::{Means, ssh, tls};
use crate::config::reader::Reader;
use crate::finding::{Code, Finding};
use crate::inventory::{
    ConfirmedCommit, Context, Credentials, Face, Framing, HostKey, NetconfSettings, NetconfTransport, SshSettings, Tls,
    TlsSettings,
};

/// Whether it is carried by TLS.
pub(super) fn is_by_tls(reader: &mut Reader<'_>) -> bool {
    reader.choice("transport", &[("ssh", false), ("tls", true)]).unwrap_or(false)
}

pub(super) fn means(reader: &mut Reader<'_>, context: &Context) -> Means {
    let (username, credentials, ssh) = ssh::login(reader, context);
    Means { username, credentials, face: face(reader, NetconfTransport::Ssh(ssh)) }
}

/// The certificate says who Mercury is (RFC 7589 section 7), so that nobody logs in.
pub(super) fn means_by_tls(reader: &mut Reader<'_>, context: &Context) -> Means {
    let tls = tls::settings(reader, context.access);
    for key in tls::IDENTITY.iter().filter(|_| tls.client.is_none()) {
        if tls::IDENTITY.iter().all(|key| reader.find(key).is_none()) {
            let finding = Finding::error(Code::MissingKey, "must be given: over TLS a certificate says who Mercury is");
            reader.blame_key(key, finding);
        }
    }
    let face = face(reader, NetconfTransport::Tls(tls));
    Means { username: String::new(), credentials: Credentials::default(), face }
}

/// A caller has no address, and shows its key or its certificate before it is known who
/// it is.
fn refuse_unknowable(reader: &mut Reader<'_>, transport: &NetconfTransport) {
    let (key, help) = match transport {
        NetconfTransport::Ssh(SshSettings { host_key: HostKey::Fingerprints(_), .. }) => return,
        NetconfTransport::Ssh(_) => ("host_key_fingerprints", "ssh-keygen -lf prints a key's"),
        NetconfTransport::Tls(TlsSettings { trust: Tls::Pinned(_) | Tls::Verified(_), .. }) => return,
        NetconfTransport::Tls(_) => ("tls_pins", "or tls_ca"),
    };
    let finding = Finding::error(Code::MissingKey, "must be given: by it a switch that calls home is known");
    reader.blame_key(key, finding.help(help));
}

fn face(reader: &mut Reader<'_>, transport: NetconfTransport) -> Face {
    let call_home = reader.flag("call_home").unwrap_or(false);
    if call_home {
        refuse_unknowable(reader, &transport);
    }
    Face::Netconf(NetconfSettings {
        transport,
        call_home,
        confirmed_commit: confirmed_commit(reader),
        pipelining: reader.flag("pipelining"),
        discard_foreign_candidate: reader.flag("discard_foreign_candidate").unwrap_or(false),
        framing: reader.choice("framing", &[("end-of-message", Framing::EndOfMessage), ("chunked", Framing::Chunked)]),
    })
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
