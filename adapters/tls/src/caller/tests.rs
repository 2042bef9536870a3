use std::io::Write as _;

use rcgen::{CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::{
    RootCertStore, ServerConfig, SupportedProtocolVersion,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    server::WebPkiClientVerifier,
    version::{TLS12, TLS13},
};
use tokio_rustls::TlsAcceptor;

use super::*;

/// A switch that signed its certificate itself, and lets in whom an authority knows.
struct Switch {
    key: KeyPair,
    certificate: rcgen::Certificate,
    file: tempfile::NamedTempFile,
    authority: CertifiedIssuer<'static, KeyPair>,
}

impl Switch {
    fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().self_signed(&key).unwrap();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(certificate.pem().as_bytes()).unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "an authority");
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Self { key, certificate, file, authority }
    }

    fn pins(&self) -> Trust {
        let digest = ring::digest::digest(&ring::digest::SHA256, self.certificate.der());
        Trust::Pins(vec![digest.as_ref().try_into().unwrap()])
    }

    fn roots(&self) -> Trust {
        Trust::Roots(vec![self.file.path().to_owned()])
    }

    /// Mercury's certificate and key.
    fn identity(&self) -> (tempfile::NamedTempFile, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["mercury".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, "mercury");
        let signed = params.signed_by(&key, &self.authority).unwrap();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(signed.pem().as_bytes()).unwrap();
        (file, key.serialize_pem())
    }

    /// Calls: which candidate it was taken for, and whether it saw Mercury's certificate.
    async fn call(
        &self,
        version: &'static SupportedProtocolVersion,
        known: &[(&str, Trust)],
    ) -> (Result<usize, ConnectError>, bool) {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.der().clone()).unwrap();
        let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.serialize_der()));
        let server = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .unwrap()
            .with_client_cert_verifier(clients.build().unwrap())
            .with_single_cert(vec![self.certificate.der().clone()], key)
            .unwrap();
        let (file, key) = self.identity();
        let own = ClientIdentity { certificate: file.path().to_owned(), key: key.into() };
        let identity: Identity = Arc::new(move || Ok(Some(own.clone())));
        let candidate = |(name, trust): &(&str, Trust)| Candidate {
            name: (*name).to_owned(),
            trust: trust.clone(),
            identity: Arc::clone(&identity),
        };
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let accepting = TlsAcceptor::from(Arc::new(server)).accept(theirs);
        let answering = answer(ours, known.iter().map(candidate).collect(), Duration::from_secs(60));
        let (answered, accepted) = tokio::join!(answering, accepting);
        let shown = accepted.is_ok_and(|stream| stream.get_ref().1.peer_certificates().is_some());
        (answered.map(|(index, _)| index), shown)
    }
}

#[tokio::test]
async fn who_calls_is_known_by_its_certificate_and_shown_ours_then() {
    let (switch, other) = (Switch::new("leaf1"), Switch::new("leaf1"));
    for version in [&TLS12, &TLS13] {
        for (known, index) in [
            (vec![("leaf2", other.pins()), ("leaf9", switch.pins())], 1),
            (vec![("leaf2", switch.roots()), ("leaf1", switch.roots())], 1),
            (vec![("leaf1", other.roots()), ("leaf1", Trust::Insecure), ("leaf1", switch.roots())], 2),
        ] {
            let (answered, shown) = switch.call(version, &known).await;
            assert_eq!((answered, shown), (Ok(index), true), "{version:?}");
        }
    }
}

#[tokio::test]
async fn a_stranger_is_told_apart_and_never_sees_our_certificate() {
    let (switch, other) = (Switch::new("leaf1"), Switch::new("leaf1"));
    for version in [&TLS12, &TLS13] {
        for known in [
            vec![],
            vec![("leaf1", other.pins())],
            vec![("leaf2", switch.roots())],
            vec![("leaf1", other.roots())],
            vec![("leaf1", Trust::Insecure)],
        ] {
            let (answered, shown) = switch.call(version, &known).await;
            let error = answered.unwrap_err();
            assert!(!shown && error.fault == mercury_adapter::ConnectFault::HostKey, "{version:?}: {error:?}");
        }
    }
}
