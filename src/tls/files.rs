//! Certificate, key and client CA from their files.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use secrecy::{ExposeSecret as _, SecretString};
use tokio_rustls::rustls::{
    Error, InconsistentKeys, RootCertStore, ServerConfig,
    client::verify_server_name,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _},
    server::{NoServerSessionStorage, ParsedCertificate, WebPkiClientVerifier, danger::ClientCertVerifier},
    version::{TLS12, TLS13},
};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::name::names;
use crate::{
    config::{self, Tls, TlsVersion, fleet::host_and_port, source},
    finding::{Code, Finding, Findings},
};

/// A file of certificates may be this big, in bytes.
const MAX_FILE: u64 = 1024 * 1024;
/// From how long before its end on a certificate is told of.
const SOON: Duration = Duration::from_secs(30 * DAY);
const DAY: u64 = 24 * 60 * 60;

/// What is served with, if it can be, and everything that is wrong with it.
pub(super) fn read(tls: &Tls) -> (Option<Arc<ServerConfig>>, Findings) {
    let mut findings = Findings::default();
    let config = config(tls, &mut findings);
    (config, findings)
}

/// What is wrong with the files of a member, and whether the others would take it for one.
pub(super) fn of_member(fleet: &config::Fleet) -> Findings {
    let tls = fleet.tls();
    let named = |finding: Finding| match finding.field.strip_prefix("tls.") {
        Some("client_ca") => finding.field("fleet.ca"),
        Some(key) => {
            let field = format!("fleet.{key}");
            finding.field(field)
        }
        None => finding,
    };
    let mut findings: Findings = read(&tls).1.iter().cloned().map(named).collect();
    let chain = certificates(&tls.cert, "fleet.cert", &mut Findings::default());
    let Some(leaf) = chain.as_ref().and_then(|chain| chain.first()) else { return findings };
    let wrong = |message: String| Finding::error(Code::Certificate, message).field("fleet.cert").at(&tls.cert, None);
    let names = names(leaf);
    if !names.iter().any(|name| fleet.members.contains(name)) {
        let names: Vec<_> = names.iter().map(ToString::to_string).collect();
        let bears = if names.is_empty() { "no name".to_owned() } else { names.join(", ") };
        findings.push(wrong(format!("bears none of the names in members, but {bears}: no member would take it")));
    }
    let host = host_and_port(&fleet.address).and_then(|(host, _)| ServerName::try_from(host.to_owned()).ok());
    let bears = |host: &ServerName<'_>| {
        ParsedCertificate::try_from(leaf).is_ok_and(|leaf| verify_server_name(&leaf, host).is_ok())
    };
    if host.as_ref().is_some_and(|host| !bears(host)) {
        let message = format!("does not bear the host of address, {:?}: no member could hand over", fleet.address);
        findings.push(wrong(message));
    }
    findings
}

fn config(tls: &Tls, findings: &mut Findings) -> Option<Arc<ServerConfig>> {
    let chain = certificates(&tls.cert, "tls.cert", findings);
    let key = key(tls, findings);
    let verifier = match &tls.client_ca {
        None => None,
        // Whoever asks for certificates does not go on without.
        Some(file) => Some(verifier(file, findings)?),
    };
    let chain = chain?;
    if let Some(leaf) = chain.first() {
        lifetime(&tls.cert, leaf, findings);
    }
    let versions = match tls.min_version {
        TlsVersion::V13 => &[&TLS13][..],
        TlsVersion::V12 => &[&TLS13, &TLS12],
    };
    let builder = ServerConfig::builder_with_provider(Arc::new(default_provider())).with_protocol_versions(versions);
    let builder = builder.map(|builder| match verifier {
        Some(verifier) => builder.with_client_cert_verifier(verifier),
        None => builder.with_no_client_auth(),
    });
    let key = key?;
    match builder.and_then(|builder| builder.with_single_cert(chain, key)) {
        Ok(mut config) => {
            config.alpn_protocols = vec![b"http/1.1".to_vec()];
            // A session that goes on would not be asked for its certificate again.
            config.session_storage = Arc::new(NoServerSessionStorage {});
            config.send_tls13_tickets = 0;
            Some(Arc::new(config))
        }
        Err(Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => {
            let message = format!("is not the key of the certificate in {}", tls.cert.display());
            findings.push(Finding::error(Code::Certificate, message).field("tls.key").at(&tls.key, None));
            None
        }
        Err(error) => {
            let finding = Finding::error(Code::Certificate, format!("certificate and key cannot be used: {error}"));
            findings.push(finding.field("tls.cert").at(&tls.cert, None));
            None
        }
    }
}

/// The certificates of a PEM file, at least one.
fn certificates(file: &Path, field: &str, findings: &mut Findings) -> Option<Vec<CertificateDer<'static>>> {
    let source = match source::read(file, MAX_FILE) {
        Ok(source) => source,
        Err(error) => {
            findings.push(Finding::caused(Code::Unreadable, &error).field(field).at(file, None));
            return None;
        }
    };
    let wrong = |message: String| Finding::error(Code::Certificate, message).field(field).at(file, None);
    match CertificateDer::pem_slice_iter(source.text.as_bytes()).collect::<Result<Vec<_>, _>>() {
        Ok(certificates) if !certificates.is_empty() => return Some(certificates),
        Ok(_) => findings.push(wrong("holds no certificate in PEM".to_owned())),
        Err(error) => findings.push(wrong(format!("is no PEM: {error}"))),
    }
    None
}

fn key(tls: &Tls, findings: &mut Findings) -> Option<PrivateKeyDer<'static>> {
    let wrong = |finding: Finding| finding.field("tls.key").at(&tls.key, None);
    let source = match source::read(&tls.key, MAX_FILE) {
        Ok(source) => source,
        Err(error) => {
            findings.push(wrong(Finding::caused(Code::Unreadable, &error)));
            return None;
        }
    };
    let text = SecretString::from(source.text);
    if !tls.access.permits(source.mode) {
        let message = format!("has mode {:03o}, and others may read it", source.mode);
        findings.push(wrong(Finding::error(Code::FilePermissions, message)).help(tls.access.advice()));
        return None;
    }
    // The error is not repeated: it may quote the file.
    let key = PrivateKeyDer::from_pem_slice(text.expose_secret().as_bytes()).ok();
    if key.is_none() {
        let message = "holds no private key in PEM, or one with a passphrase";
        let finding = wrong(Finding::error(Code::Certificate, message));
        findings.push(finding.help("openssl pkey -in FILE -out FILE takes a passphrase away"));
    }
    key
}

/// Who is asked for a certificate may come without: what that means is decided with
/// the request.
fn verifier(file: &Path, findings: &mut Findings) -> Option<Arc<dyn ClientCertVerifier>> {
    let mut roots = RootCertStore::empty();
    let wrong = |message: String| Finding::error(Code::Certificate, message).field("tls.client_ca").at(file, None);
    for certificate in certificates(file, "tls.client_ca", findings)? {
        lifetime(file, &certificate, findings);
        if let Err(error) = roots.add(certificate) {
            findings.push(wrong(format!("holds a certificate that cannot be used: {error}")));
            return None;
        }
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(default_provider()));
    match builder.allow_unauthenticated().build() {
        Ok(verifier) => Some(verifier),
        Err(error) => {
            findings.push(wrong(format!("cannot be used: {error}")));
            None
        }
    }
}

/// Told of, and served with all the same: callers say what they think of it.
fn lifetime(file: &Path, certificate: &CertificateDer<'_>, findings: &mut Findings) {
    let Ok((_, certificate)) = X509Certificate::from_der(certificate) else { return };
    let (from, to) = (certificate.validity().not_before, certificate.validity().not_after);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    let soon = now.saturating_add(i64::try_from(SOON.as_secs()).unwrap_or(i64::MAX));
    let finding = if to.timestamp() < now {
        Finding::error(Code::CertificateLifetime, format!("a certificate has expired on {to}"))
    } else if from.timestamp() > now {
        Finding::error(
            Code::CertificateLifetime,
            format!("a certificate is not valid before {from}; is the clock right?"),
        )
    } else if to.timestamp() < soon {
        Finding::warning(Code::CertificateLifetime, format!("a certificate expires on {to}"))
    } else {
        return;
    };
    findings.push(finding.field("tls").at(file, None));
}
