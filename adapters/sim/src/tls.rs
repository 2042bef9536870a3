//! The switch's certificate and its TLS (gNMI section 3.1, RFC 7589), and a client's.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        RootCertStore, ServerConfig,
        crypto::ring::default_provider,
        pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, pem::PemObject},
        server::WebPkiClientVerifier,
        version::{TLS12, TLS13},
    },
};

use crate::SimError;

/// A self-signed certificate, made when the switch starts.
#[derive(Debug)]
pub(crate) struct Certificate {
    pem: String,
    der: CertificateDer<'static>,
    key: PrivatePkcs8KeyDer<'static>,
}

impl Certificate {
    /// For this machine and the switch's name.
    pub(crate) fn generate(name: &str) -> Result<Self, SimError> {
        let mut names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
        // Only what can be a host name goes into a certificate as one.
        let host = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        if !name.is_empty() && name.bytes().all(host) {
            names.push(name.to_owned());
        }
        let mut params = CertificateParams::new(names).map_err(SimError::Certificate)?;
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().map_err(SimError::Certificate)?;
        let certificate = params.self_signed(&key).map_err(SimError::Certificate)?;
        Ok(Self {
            pem: certificate.pem(),
            der: certificate.der().clone(),
            key: PrivatePkcs8KeyDer::from(key.serialize_der()),
        })
    }

    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }

    /// SHA-256 over the DER form.
    pub(crate) fn sha256(&self) -> [u8; 32] {
        let digest = ring::digest::digest(&ring::digest::SHA256, &self.der);
        digest.as_ref().try_into().unwrap_or_default()
    }

    /// TLS 1.2 and 1.3 with these words of ALPN, and client certificates if somebody
    /// signs them.
    pub(crate) fn acceptor(&self, client_ca: Option<&str>, spoken: &[&[u8]]) -> Result<TlsAcceptor, SimError> {
        let provider = Arc::new(default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(SimError::Tls)?;
        let builder = match client_ca {
            None => builder.with_no_client_auth(),
            Some(pem) => {
                let wrong = |error: &dyn std::fmt::Display| SimError::ClientCa(error.to_string());
                let mut roots = RootCertStore::empty();
                for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                    let certificate = certificate.map_err(|error| wrong(&error))?;
                    roots.add(certificate).map_err(|error| wrong(&error))?;
                }
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                builder.with_client_cert_verifier(verifier.build().map_err(|error| wrong(&error))?)
            }
        };
        let key = PrivateKeyDer::Pkcs8(self.key.clone_key());
        let mut config = builder.with_single_cert(vec![self.der.clone()], key).map_err(SimError::Tls)?;
        config.alpn_protocols = spoken.iter().map(|name| name.to_vec()).collect();
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

/// Somebody who signs one client's certificate, made when the switch starts.
#[derive(Debug)]
pub(crate) struct Client {
    authority: String,
    certificate: String,
    key: String,
}

impl Client {
    pub(crate) fn generate(user: &str) -> Result<Self, SimError> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "clients of a simulated switch");
        let key = KeyPair::generate().map_err(SimError::Certificate)?;
        let authority = CertifiedIssuer::self_signed(params, key).map_err(SimError::Certificate)?;
        let mut params = CertificateParams::new(vec![user.to_owned()]).map_err(SimError::Certificate)?;
        params.distinguished_name.push(DnType::CommonName, user);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate().map_err(SimError::Certificate)?;
        let certificate = params.signed_by(&key, &authority).map_err(SimError::Certificate)?;
        Ok(Self { authority: authority.pem(), certificate: certificate.pem(), key: key.serialize_pem() })
    }

    /// Who signed it, PEM.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// The certificate, PEM.
    pub(crate) fn certificate(&self) -> &str {
        &self.certificate
    }

    /// Its private key, PEM.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }
}
