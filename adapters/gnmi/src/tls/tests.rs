use std::io::Write as _;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType};
use rustls::pki_types::pem::PemObject as _;

use super::*;

/// Somebody who signs certificates.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    file: tempfile::NamedTempFile,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "a root");
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
    assert!(error.to_string().contains("its SHA-256 is"), "{error}");
    assert!(is_about_identity(&error));
}

#[test]
fn files_without_certificates_and_odd_keys_are_named_and_never_quoted() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"no certificate").unwrap();
    let path = file.path().to_owned();
    let with = |trust: Trust, identity: Option<ClientIdentity>| {
        TlsOptions { trust, server_name: None, identity }.config().unwrap_err().to_string()
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
    assert!(options.config().unwrap().client_auth_cert_resolver.has_certs());
    assert_eq!(options.files(), [file.path()]);
    assert!(CertificateDer::from_pem_file(file.path()).is_ok());
}
