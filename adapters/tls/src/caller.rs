//! Servers that connect by themselves (RFC 8071): TLS's roles stay, so that they show
//! their certificates, and Mercury its own to who is known by it. TLS 1.3 has Mercury
//! choose its own before it sees theirs (RFC 8446 section 4.3.2), though it sends it
//! after: it is the same for all of them.

#[cfg(test)]
mod tests;

use std::{
    fmt, io,
    sync::{Arc, OnceLock},
    time::Duration,
};

use mercury_adapter::ConnectError;
use rustls::{
    ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
    client::{
        ResolvesClientCert, Resumption,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, UnixTime},
    sign::CertifiedKey,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{
    connect::{failed, late},
    key,
    trust::{ClientIdentity, TlsOptions, Trust, Verifier},
    words,
};

/// Reads the certificate that a switch is shown.
pub type Identity = Arc<dyn Fn() -> Result<Option<ClientIdentity>, ConnectError> + Send + Sync>;

/// Who may have called.
#[derive(Clone)]
pub struct Candidate {
    /// The name that its certificate bears, where it is not known by a pin.
    pub name: String,
    /// How its certificate is believed; [`Trust::Insecure`] believes nobody here.
    pub trust: Trust,
    /// What Mercury shows it; that of the first that has one is shown to all.
    pub identity: Identity,
}

impl fmt::Debug for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Candidate").field("name", &self.name).field("trust", &self.trust).finish_non_exhaustive()
    }
}

/// TLS with who has called: which of the candidates it is, and the stream.
///
/// # Errors
/// It is none of them, speaks no TLS, takes longer than `within`, or does not believe
/// Mercury's certificate.
pub async fn answer<S>(
    socket: S,
    candidates: Vec<Candidate>,
    within: Duration,
) -> Result<(usize, TlsStream<S>), ConnectError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let found = Arc::new(OnceLock::new());
    let candidates = Arc::new(candidates);
    let wrong = |error: Error| failed(&io::Error::other(error));
    let callers =
        Callers { candidates: Arc::clone(&candidates), found: Arc::clone(&found), provider: Arc::clone(&provider) };
    let identity = Own { candidates, provider: Arc::clone(&provider) };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(wrong)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(callers))
        .with_client_cert_resolver(Arc::new(identity));
    config.resumption = Resumption::disabled();
    // Nobody knows yet whom to ask for.
    config.enable_sni = false;
    let nobody = ServerName::try_from("caller.invalid").map_err(|error| failed(&io::Error::other(error)))?;
    let shaking = TlsConnector::from(Arc::new(config)).connect(nobody, socket);
    let stream = timeout(within, shaking).await.map_err(|_| late(within))?.map_err(|error| failed(&error))?;
    let index = *found.get().ok_or_else(|| wrong(Error::NoCertificatesPresented))?;
    Ok((index, stream))
}

/// Finds who shows a certificate.
#[derive(Debug)]
struct Callers {
    candidates: Arc<Vec<Candidate>>,
    found: Arc<OnceLock<usize>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Callers {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let digest = ring::digest::digest(&ring::digest::SHA256, certificate);
        let pinned = |candidate: &Candidate| matches!(&candidate.trust, Trust::Pins(pins) if pins.iter().any(|pin| pin == digest.as_ref()));
        if let Some(index) = self.candidates.iter().position(pinned) {
            self.found.get_or_init(|| index);
            return Ok(ServerCertVerified::assertion());
        }
        let mut why = words::untrusted("no switch that calls home is known by this certificate", certificate);
        for (index, candidate) in self.candidates.iter().enumerate() {
            let Some(name) = named(candidate, certificate) else { continue };
            let options = TlsOptions { trust: candidate.trust.clone(), server_name: None, identity: None };
            let Ok(trust) = options.believed() else { continue };
            let verifier = Verifier { trust, provider: Arc::clone(&self.provider) };
            match verifier.verify_server_cert(certificate, intermediates, &name, ocsp_response, now) {
                Ok(verified) => {
                    self.found.get_or_init(|| index);
                    return Ok(verified);
                }
                Err(error) => why = error,
            }
        }
        Err(why)
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

/// The candidate's name, if the certificate bears it and is to lead to a root.
fn named(candidate: &Candidate, certificate: &CertificateDer<'_>) -> Option<ServerName<'static>> {
    if !matches!(candidate.trust, Trust::Roots(_) | Trust::System) {
        return None;
    }
    let options = TlsOptions { trust: Trust::Insecure, server_name: None, identity: None };
    let name = options.name(&candidate.name).ok()?;
    crate::trust::named(certificate, &name).ok()?;
    Some(name)
}

/// Mercury's certificate. It is sent when the other side is known, and not before.
#[derive(Debug)]
struct Own {
    candidates: Arc<Vec<Candidate>>,
    provider: Arc<CryptoProvider>,
}

impl Own {
    fn of(&self, candidate: &Candidate) -> Option<Arc<CertifiedKey>> {
        let told = |error: &dyn fmt::Display| tracing::warn!(%error, "there is no certificate to show to a caller");
        let identity = (candidate.identity)().map_err(|error| told(&error)).ok()??;
        let (chain, key) = identity.load().map_err(|error| told(&error)).ok()?;
        CertifiedKey::from_der(chain, key, &self.provider).map_err(|error| told(&error)).ok().map(Arc::new)
    }
}

impl ResolvesClientCert for Own {
    fn resolve(&self, _root_hints: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.candidates.iter().find_map(|candidate| self.of(candidate))
    }

    fn has_certs(&self) -> bool {
        true
    }
}
