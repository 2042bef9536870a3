use std::io::Write as _;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType};
use rustls::{
    ServerConfig, SupportedProtocolVersion,
    pki_types::{PrivatePkcs8KeyDer, pem::PemObject as _},
    sign::{CertifiedKey, SingleCertAndKey},
    version::{TLS12, TLS13},
};
use tokio_rustls::{TlsAcceptor, TlsConnector};
use x509_parser::asn1_rs::{Any, Class, FromDer as _};

use super::*;
use crate::words::sentence;

/// Somebody who signs certificates.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    file: tempfile::NamedTempFile,
}

impl Authority {
    fn new() -> Self {
        Self::named("a root")
    }

    fn named(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(issuer.pem().as_bytes()).unwrap();
        Self { issuer, file }
    }

    fn roots(&self) -> Trust {
        Trust::Roots(vec![self.file.path().to_owned()])
    }

    /// A certificate with a common name, and alternative names if there are.
    fn sign(
        &self,
        common: &str,
        alternatives: &[&str],
        change: impl FnOnce(&mut CertificateParams),
    ) -> CertificateDer<'static> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, common);
        params.subject_alt_names =
            alternatives.iter().map(|name| SanType::DnsName((*name).try_into().unwrap())).collect();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        params.signed_by(&key, &self.issuer).unwrap().der().clone()
    }
}

fn verify(trust: &Trust, certificate: &CertificateDer<'_>, name: &str) -> Result<(), Error> {
    let options = TlsOptions { trust: trust.clone(), server_name: Some(name.to_owned()), identity: None };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Verifier { trust: options.believed().unwrap(), provider };
    let name = options.name("192.0.2.1").unwrap();
    verifier.verify_server_cert(certificate, &[], &name, &[], UnixTime::now()).map(|_| ())
}

#[test]
fn a_certificate_must_lead_to_a_root_and_bear_the_name() {
    let (ours, other) = (Authority::new(), Authority::new());
    let leaf = ours.sign("anything", &["leaf1.example"], |_| {});
    assert_eq!(verify(&ours.roots(), &leaf, "leaf1.example"), Ok(()));
    assert!(is_about_identity(&verify(&ours.roots(), &leaf, "leaf2.example").unwrap_err()));
    assert!(is_about_identity(&verify(&other.roots(), &leaf, "leaf1.example").unwrap_err()));
    assert_eq!(verify(&Trust::Insecure, &leaf, "whoever"), Ok(()));
}

#[test]
fn a_common_name_counts_only_where_there_is_no_alternative_name() {
    let ours = Authority::new();
    let old = ours.sign("Leaf1", &[], |_| {});
    assert_eq!(verify(&ours.roots(), &old, "leaf1"), Ok(()));
    assert!(verify(&ours.roots(), &old, "leaf2").is_err());
    let new = ours.sign("leaf1", &["other"], |_| {});
    assert!(verify(&ours.roots(), &new, "leaf1").is_err(), "RFC 6125 section 6.4.4");
    let by_address = ours.sign("192.0.2.7", &[], |_| {});
    assert_eq!(verify(&ours.roots(), &by_address, "192.0.2.7"), Ok(()));
}

#[test]
fn a_pin_is_one_certificate_whatever_its_name_and_dates() {
    let ours = Authority::new();
    let expired = ours.sign("leaf1", &[], |params| {
        params.not_before = rcgen::date_time_ymd(2001, 1, 1);
        params.not_after = rcgen::date_time_ymd(2002, 1, 1);
    });
    assert!(verify(&ours.roots(), &expired, "leaf1").is_err());
    let pin: [u8; 32] = ring::digest::digest(&ring::digest::SHA256, &expired).as_ref().try_into().unwrap();
    assert_eq!(verify(&Trust::Pins(vec![[0; 32], pin]), &expired, "whatever"), Ok(()));
    let error = verify(&Trust::Pins(vec![[0; 32]]), &expired, "leaf1").unwrap_err();
    assert!(sentence(&error).unwrap().contains("its SHA-256 is"), "{error}");
    assert!(is_about_identity(&error));
}

#[test]
fn a_certificate_that_is_not_believed_is_told_in_words_with_the_line_that_would_believe_it() {
    let (ours, renewed, other) = (Authority::new(), Authority::new(), Authority::named("another root"));
    let dates = |from, to| {
        move |params: &mut CertificateParams| {
            (params.not_before, params.not_after) = (rcgen::date_time_ymd(from, 1, 1), rcgen::date_time_ymd(to, 1, 1));
        }
    };
    for (trust, certificate, words) in [
        (ours.roots(), ours.sign("x", &["leaf2", "leaf3"], |_| {}), "not for leaf1 (tls_server_name) but for"),
        (ours.roots(), ours.sign("x", &["leaf1"], dates(2001, 2002)), "has expired"),
        (ours.roots(), ours.sign("x", &["leaf1"], dates(2901, 2902)), "not valid yet"),
        (other.roots(), ours.sign("x", &["leaf1"], |_| {}), "nobody that tls_ca names"),
        (renewed.roots(), ours.sign("x", &["leaf1"], |_| {}), "another key"),
        (ours.roots(), first_version(&ours.sign("x", &["leaf1"], |_| {})), "version 1"),
        (Trust::Pins(vec![[0; 32]]), ours.sign("x", &["leaf1"], |_| {}), "none of tls_pins"),
    ] {
        let error = verify(&trust, &certificate, "leaf1").unwrap_err();
        let told = sentence(&error).unwrap();
        assert!(is_about_identity(&error) && told.contains(words), "{told}");
        let pin = told.split("tls_pins = [\"SHA256:").nth(1).unwrap().split('"').next().unwrap();
        let pin = base64::Engine::decode(&base64::engine::general_purpose::STANDARD_NO_PAD, pin).unwrap();
        assert_eq!(verify(&Trust::Pins(vec![pin.try_into().unwrap()]), &certificate, "leaf1"), Ok(()), "{told}");
    }
}

#[test]
fn a_certificate_in_tls_ca_is_believed_if_it_is_that_very_one() {
    let sign_itself = |ca, until| {
        let mut params = CertificateParams::new(vec!["leaf1".to_owned()]).unwrap();
        params.is_ca = ca;
        params.not_after = rcgen::date_time_ymd(until, 1, 1);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap()
    };
    let trusted = |certificate: &rcgen::Certificate, name| {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(certificate.pem().as_bytes()).unwrap();
        verify(&Trust::Roots(vec![file.path().to_owned()]), certificate.der(), name)
    };
    for ca in [IsCa::NoCa, IsCa::Ca(BasicConstraints::Unconstrained)] {
        let (own, other, old) = (sign_itself(ca, 2900), sign_itself(ca, 2900), sign_itself(ca, 2001));
        assert_eq!(trusted(&own, "leaf1"), Ok(()));
        let told = |result: Result<(), Error>| sentence(&result.unwrap_err()).unwrap();
        assert!(told(trusted(&own, "leaf2")).contains("not for leaf2"));
        assert!(told(trusted(&old, "leaf1")).contains("has expired"));
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(own.pem().as_bytes()).unwrap();
        assert!(verify(&Trust::Roots(vec![file.path().to_owned()]), other.der(), "leaf1").is_err());
    }
}

/// Parts of a DER value, each with its tag.
fn parts(der: &[u8]) -> Vec<(Class, &[u8])> {
    let (_, whole) = Any::from_der(der).unwrap();
    let (mut rest, mut parts) = (whole.data, Vec::new());
    while !rest.is_empty() {
        let (behind, part) = Any::from_der(rest).unwrap();
        parts.push((part.header.class(), &rest[..rest.len() - behind.len()]));
        rest = behind;
    }
    parts
}

fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[0x30, 0x82][..], &length, &content].concat()
}

/// The same key in a certificate of X.509 version 1. Nobody checks its signature.
fn first_version(certificate: &CertificateDer<'_>) -> CertificateDer<'static> {
    let outer = parts(certificate);
    let inner: Vec<_> = parts(outer[0].1)
        .into_iter()
        .filter(|(class, _)| *class != Class::ContextSpecific)
        .map(|(_, part)| part)
        .collect();
    sequence(&[&sequence(&inner), outer[1].1, outer[2].1]).into()
}

/// A handshake with a server that shows this certificate and has this key.
async fn handshake(
    trust: Trust,
    version: &'static SupportedProtocolVersion,
    certificate: CertificateDer<'static>,
    key: &KeyPair,
) -> Result<(), String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = provider.key_provider.load_private_key(PrivatePkcs8KeyDer::from(key.serialize_der()).into()).unwrap();
    let shown = SingleCertAndKey::from(CertifiedKey::new(vec![certificate], key));
    let server = ServerConfig::builder_with_provider(provider).with_protocol_versions(&[version]).unwrap();
    let server = server.with_no_client_auth().with_cert_resolver(Arc::new(shown));
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    tokio::spawn(async move { TlsAcceptor::from(Arc::new(server)).accept(theirs).await.map(drop) });
    let options = TlsOptions { trust, server_name: None, identity: None };
    let connector = TlsConnector::from(Arc::new(options.config(&[]).unwrap()));
    connector.connect(options.name("leaf1").unwrap(), ours).await.map(drop).map_err(|error| error.to_string())
}

#[tokio::test]
async fn of_a_pinned_certificate_only_the_key_must_make_sense() {
    let (own, other) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let third = CertificateParams::default().self_signed(&own).unwrap().der().clone();
    for certificate in [first_version(&third), third] {
        let pin = ring::digest::digest(&ring::digest::SHA256, &certificate).as_ref().try_into().unwrap();
        for version in [&TLS12, &TLS13] {
            for trust in [Trust::Pins(vec![pin]), Trust::Insecure] {
                assert_eq!(handshake(trust.clone(), version, certificate.clone(), &own).await, Ok(()), "{version:?}");
                let stolen = handshake(trust, version, certificate.clone(), &other).await.unwrap_err();
                assert!(stolen.contains("BadSignature"), "{stolen}");
            }
        }
    }
    let nonsense = handshake(Trust::Insecure, &TLS13, CertificateDer::from(vec![0x30, 0x03, 1, 2]), &own).await;
    assert!(nonsense.is_err());
}

#[test]
fn files_without_certificates_and_odd_keys_are_named_and_never_quoted() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"no certificate").unwrap();
    let path = file.path().to_owned();
    let with = |trust: Trust, identity: Option<ClientIdentity>| {
        TlsOptions { trust, server_name: None, identity }.config(&[]).unwrap_err().to_string()
    };
    assert!(with(Trust::Roots(vec![path.clone()]), None).contains(path.to_str().unwrap()));
    let missing = path.with_extension("missing");
    assert!(with(Trust::Roots(vec![missing.clone()]), None).contains(missing.to_str().unwrap()));
    let identity = ClientIdentity { certificate: path, key: "hunter2".to_owned().into() };
    assert!(!format!("{identity:?}").contains("hunter2"));
    let error = with(Trust::Insecure, Some(identity));
    assert!(error.contains("PEM") && !error.contains("hunter2"), "{error}");
}

#[test]
fn a_certificate_of_our_own_is_shown() {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::default().self_signed(&key).unwrap();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(certificate.pem().as_bytes()).unwrap();
    let identity = ClientIdentity { certificate: file.path().to_owned(), key: key.serialize_pem().into() };
    let options = TlsOptions { trust: Trust::Insecure, server_name: None, identity: Some(identity) };
    let config = options.config(&[]).unwrap();
    assert!(config.client_auth_cert_resolver.has_certs());
    // RFC 9918 forbids early data.
    assert!(!config.enable_early_data);
    assert_eq!(options.files(), [file.path()]);
    assert!(CertificateDer::from_pem_file(file.path()).is_ok());
}
