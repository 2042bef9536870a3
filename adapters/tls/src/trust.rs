//! Who is on the other side: roots, pins, names, and a certificate of our own.

#[cfg(test)]
mod tests;

use std::{fmt, fs, path::PathBuf, sync::Arc};

use mercury_adapter::without_zone;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        Resumption,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_cert_signed_by_trust_anchor,
    },
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject as _},
    server::ParsedCertificate,
};
use secrecy::{ExposeSecret as _, SecretString};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::{key, name, words};

/// How a server's certificate is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// It leads to one of the system's roots.
    System,
    /// It leads to a root in one of these PEM files, or is itself in one of them;
    /// its name and its dates count either way.
    Roots(Vec<PathBuf>),
    /// It is one of these, by the SHA-256 of its DER; neither its name nor its
    /// dates are looked at.
    Pins(Vec<[u8; 32]>),
    /// Any is. Whoever answers gets the credentials.
    Insecure,
}

/// The certificate Mercury shows a target.
#[derive(Clone)]
pub struct ClientIdentity {
    /// The PEM file with the certificate, and those that lead to its root.
    pub certificate: PathBuf,
    /// The PEM text of the private key.
    pub key: SecretString,
}

impl ClientIdentity {
    /// The certificates, its own first, and the key.
    pub(crate) fn load(&self) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TlsError> {
        let key = PrivateKeyDer::from_pem_slice(self.key.expose_secret().as_bytes());
        // The reason may quote the file, and the file is a secret.
        let key = key.map_err(|_| TlsError::Identity("the key is not a PEM private key".to_owned()))?;
        Ok((certificates(&self.certificate)?, key))
    }
}

impl fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientIdentity").field("certificate", &self.certificate).finish_non_exhaustive()
    }
}

/// How a connection is encrypted.
#[derive(Clone, Debug)]
pub struct TlsOptions {
    /// How the server's certificate is believed.
    pub trust: Trust,
    /// The name it must have, where that is not the address.
    pub server_name: Option<String>,
    /// Our own certificate, where the target wants one.
    pub identity: Option<ClientIdentity>,
}

/// Why no connection can be encrypted as it should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// A file of certificates cannot be read.
    #[error("{path} cannot be read: {reason}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// A file holds no certificate.
    #[error("{path} holds no certificate")]
    Empty {
        /// The file.
        path: String,
    },
    /// The operating system trusts nobody; why, if it says so.
    #[error("the system has no trusted roots{0}")]
    NoRoots(String),
    /// Mercury's own certificate or key, and what is wrong with it.
    #[error("the client's certificate or key cannot be used: {0}")]
    Identity(String),
    /// The name to expect.
    #[error("{0:?} is not a name that a certificate can have")]
    Name(String),
}

impl TlsOptions {
    /// The rustls configuration, with what is spoken above as ALPN has it (RFC 7301);
    /// files are read now. TLS 1.3, and 1.2 with who has no other; nothing is sent
    /// before the handshake has ended.
    ///
    /// # Errors
    /// A file cannot be read, or is not what it should be.
    pub(crate) fn config(&self, spoken: &[&[u8]]) -> Result<ClientConfig, TlsError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = Verifier { trust: self.believed()?, provider: Arc::clone(&provider) };
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsError::Identity(error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match &self.identity {
            None => builder.with_no_client_auth(),
            Some(identity) => {
                let (chain, key) = identity.load()?;
                builder.with_client_auth_cert(chain, key).map_err(|error| TlsError::Identity(error.to_string()))?
            }
        };
        config.alpn_protocols = spoken.iter().map(|name| name.to_vec()).collect();
        // It is of one connection, so there is nothing to resume; a cache takes 15 KiB.
        config.resumption = Resumption::disabled();
        Ok(config)
    }

    /// The name to ask for and to expect.
    pub(crate) fn name(&self, host: &str) -> Result<ServerName<'static>, TlsError> {
        // A certificate's names have no root label.
        let name = self.server_name.as_deref().unwrap_or_else(|| without_zone(host));
        let name = name.strip_suffix('.').unwrap_or(name);
        ServerName::try_from(name.to_owned()).map_err(|_| TlsError::Name(name.to_owned()))
    }

    /// The files that decide; when one changes, a connection is made anew.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        let roots = if let Trust::Roots(files) = &self.trust { files.as_slice() } else { &[] };
        roots.iter().chain(self.identity.as_ref().map(|identity| &identity.certificate)).cloned().collect()
    }

    pub(crate) fn believed(&self) -> Result<Believed, TlsError> {
        let mut store = RootCertStore::empty();
        match &self.trust {
            Trust::Insecure => return Ok(Believed::Any),
            Trust::Pins(pins) => return Ok(Believed::Pins(pins.clone())),
            Trust::System => {
                let found = rustls_native_certs::load_native_certs();
                store.add_parsable_certificates(found.certs);
                if store.is_empty() {
                    let why = found.errors.first().map(|error| format!(": {error}")).unwrap_or_default();
                    return Err(TlsError::NoRoots(why));
                }
            }
            Trust::Roots(files) => {
                let mut all = Vec::new();
                for file in files {
                    all.extend(certificates(file)?);
                }
                store.add_parsable_certificates(all.iter().cloned());
                return Ok(Believed::Roots(store, all));
            }
        }
        Ok(Believed::Roots(store, Vec::new()))
    }
}

fn certificates(file: &PathBuf) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let path = || file.display().to_string();
    let text = fs::read(file).map_err(|error| TlsError::Unreadable { path: path(), reason: error.to_string() })?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let found = found.map_err(|error| TlsError::Unreadable { path: path(), reason: error.to_string() })?;
    if found.is_empty() { Err(TlsError::Empty { path: path() }) } else { Ok(found) }
}

#[derive(Debug)]
pub(crate) enum Believed {
    Any,
    Pins(Vec<[u8; 32]>),
    /// Who may sign, and certificates that need nobody's signature.
    Roots(RootCertStore, Vec<CertificateDer<'static>>),
}

#[derive(Debug)]
pub(crate) struct Verifier {
    pub(crate) trust: Believed,
    pub(crate) provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match &self.trust {
            Believed::Any => {}
            Believed::Pins(pins) => {
                let found = ring::digest::digest(&ring::digest::SHA256, certificate);
                if !pins.iter().any(|pin| pin == found.as_ref()) {
                    return Err(words::untrusted("the switch's certificate is none of tls_pins", certificate));
                }
            }
            Believed::Roots(roots, themselves) => {
                let judged = if themselves.iter().any(|itself| itself == certificate) {
                    in_time(certificate, now).and_then(|()| named(certificate, name))
                } else {
                    self.signed(certificate, intermediates, name, roots, now)
                };
                judged.map_err(|error| words::untrusted(&words::why(&error, name), certificate))?;
            }
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        key::verify(message, certificate, signed, &self.provider.signature_verification_algorithms, false)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        key::verify(message, certificate, signed, &self.provider.signature_verification_algorithms, true)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

impl Verifier {
    /// Whether the certificate leads to a root, and bears the name.
    fn signed(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        roots: &RootCertStore,
        now: UnixTime,
    ) -> Result<(), Error> {
        let parsed = ParsedCertificate::try_from(certificate)?;
        let algorithms = self.provider.signature_verification_algorithms.all;
        verify_server_cert_signed_by_trust_anchor(&parsed, roots, intermediates, now, algorithms)?;
        name::verify(&parsed, certificate, name)
    }
}

/// Whether a certificate that needs nobody's signature bears the name.
pub(crate) fn named(certificate: &CertificateDer<'_>, name: &ServerName<'_>) -> Result<(), Error> {
    name::verify(&ParsedCertificate::try_from(certificate)?, certificate, name)
}

/// Whether it is valid now.
fn in_time(certificate: &CertificateDer<'_>, now: UnixTime) -> Result<(), Error> {
    let read = X509Certificate::from_der(certificate);
    let (_, read) = read.map_err(|_| Error::InvalidCertificate(CertificateError::BadEncoding))?;
    let (now, dates) = (i64::try_from(now.as_secs()).unwrap_or(i64::MAX), read.validity());
    let wrong = match now {
        _ if now < dates.not_before.timestamp() => CertificateError::NotValidYet,
        _ if now > dates.not_after.timestamp() => CertificateError::Expired,
        _ => return Ok(()),
    };
    Err(Error::InvalidCertificate(wrong))
}

/// Whether a handshake failed over who the server is.
pub(crate) fn is_about_identity(error: &Error) -> bool {
    matches!(error, Error::InvalidCertificate(reason) if *reason != CertificateError::ApplicationVerificationFailure)
}
