//! The keys about TLS.

use crate::config::reader::Reader;
use crate::config::{FileAccess, source};
use crate::finding::{Code, Finding};
use crate::inventory::build::secrets::secret_file;
use crate::inventory::build::{each, is_host_name, refuse_empty};
use crate::inventory::{CertificatePin, ClientCertificate, Roots, SecretRef, Tls, TlsSettings};
use secrecy::ExposeSecret;
use std::net::IpAddr;
use std::path::Path;

/// The keys about certificates.
pub(super) const KEYS: &[&str] = &["tls_ca", "tls_pins", "tls_server_name", "tls_cert", "tls_key"];

/// Who is trusted: a switch's own choice overrules all of the defaults'.
const TRUST: &[&str] = &["tls_ca", "tls_pins", "insecure", "plaintext"];

/// Who Mercury is; a certificate of one table does not go with a key of another.
pub(super) const IDENTITY: &[&str] = &["tls_cert", "tls_key"];

/// A file of certificates may be this big, in bytes; the roots of an operating
/// system are some 250 kB.
const MAX_CERTIFICATES: u64 = 4 * 1024 * 1024;

pub(super) fn settings(reader: &mut Reader<'_>, access: FileAccess) -> TlsSettings {
    let trust = trust(reader, access);
    if trust == Tls::Plaintext {
        refuse(reader);
        return TlsSettings { trust, ..TlsSettings::default() };
    }
    TlsSettings { trust, server_name: server_name(reader), client: client(reader, access) }
}

fn trust(reader: &mut Reader<'_>, access: FileAccess) -> Tls {
    reader.group(TRUST, |reader| {
        let files = reader.paths("tls_ca");
        let pins = each::<CertificatePin>(reader, "tls_pins");
        let insecure = reader.flag("insecure") == Some(true);
        let plaintext = reader.flag("plaintext") == Some(true);
        let said = [files.is_some(), pins.is_some(), insecure, plaintext];
        let said: Vec<_> = TRUST.iter().zip(said).filter_map(|(key, said)| said.then_some(*key)).collect();
        if let [_, .., last] = said.as_slice() {
            let message = "only one of tls_ca, tls_pins, insecure and plaintext can hold";
            reader.blame_key(last, Finding::error(Code::Conflict, message));
        }
        if plaintext {
            let message = "credentials and configuration travel readable, and whoever is on the way can change them";
            let finding = Finding::warning(Code::Plaintext, message);
            reader.blame_key("plaintext", finding.help("TLS, with tls_pins for a certificate that nobody vouches for"));
            return Tls::Plaintext;
        }
        if insecure {
            let message = "whoever answers at the address gets the credentials";
            let finding = Finding::warning(Code::InsecureCertificate, message);
            reader.blame_key("insecure", finding.help("tls_pins or tls_ca"));
            return Tls::Insecure;
        }
        if let Some(pins) = pins {
            refuse_empty(reader, "tls_pins");
            return Tls::Pinned(pins);
        }
        let Some(files) = files else {
            return Tls::Verified(Roots::System);
        };
        refuse_empty(reader, "tls_ca");
        for file in &files {
            certificates(reader, "tls_ca", file, access);
        }
        Tls::Verified(Roots::Files(files))
    })
}

/// Refuses what means nothing in plaintext; what the switch itself asks to be
/// in plaintext is not held to the defaults' TLS.
fn refuse(reader: &mut Reader<'_>) {
    reader.group(&["plaintext"], |reader| {
        for key in ["tls_server_name"].iter().chain(IDENTITY) {
            if let Some(found) = reader.find(key) {
                reader.blame(&found, Finding::error(Code::Conflict, "is about TLS, which plaintext = true turns off"));
            }
        }
    });
}

fn server_name(reader: &mut Reader<'_>) -> Option<String> {
    let name = reader.text("tls_server_name")?;
    // RFC 6066 section 3: the name is without the root's dot; certificates have none either.
    if name.parse::<IpAddr>().is_err() && (name.ends_with('.') || !is_host_name(&name)) {
        let finding = Finding::error(Code::BadValue, "must be a host name or an IP address");
        reader.blame_key("tls_server_name", finding);
    }
    Some(name)
}

fn client(reader: &mut Reader<'_>, access: FileAccess) -> Option<ClientCertificate> {
    reader.group(IDENTITY, |reader| {
        let chain = reader.path("tls_cert");
        if let Some(file) = &chain {
            certificates(reader, "tls_cert", file, access);
        }
        let key = secret_file(reader, "tls_key", access);
        if let Some(key) = key.as_ref().filter(|_| access != FileAccess::Unasked) {
            private_key(reader, key);
        }
        for (key, other) in [("tls_cert", "tls_key"), ("tls_key", "tls_cert")] {
            if reader.find(key).is_some() && reader.find(other).is_none() {
                reader.blame_key(key, Finding::error(Code::Conflict, format!("is given without a {other}")));
            }
        }
        Some(ClientCertificate { chain: chain?, key: key? })
    })
}

/// Looks for a certificate, where any switch is asked; whether it is a good one shows when it is
/// used.
fn certificates(reader: &mut Reader<'_>, key: &str, file: &Path, access: FileAccess) {
    if access == FileAccess::Unasked {
        return;
    }
    match source::read(file, MAX_CERTIFICATES) {
        Ok(source) if source.text.contains("-----BEGIN CERTIFICATE-----") => {}
        Ok(_) => {
            let message = format!("{} holds no certificate in PEM form", file.display());
            let finding = Finding::error(Code::BadValue, message);
            reader.blame_key(key, finding.help("openssl x509 -inform DER -in FILE makes one of a binary file"));
        }
        Err(error) => reader.blame_key(key, Finding::caused(Code::Unreadable, &error)),
    }
}

/// RFC 7468 sections 10, 11 and 13. A key that cannot be had has been reported.
fn private_key(reader: &mut Reader<'_>, key: &SecretRef) {
    let Ok(text) = key.resolve() else { return };
    let text = text.expose_secret();
    // What openssl wrote before PKCS #8 is encrypted by a header (RFC 1421 section 4.6.1.1).
    let problem = if text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----") || text.contains("Proc-Type: 4,ENCRYPTED") {
        "is encrypted; a key for TLS is kept private by its file's mode alone"
    } else if text.contains("PRIVATE KEY-----") {
        return;
    } else {
        "holds no private key in PEM form"
    };
    reader.blame_key("tls_key", Finding::error(Code::BadValue, problem));
}
