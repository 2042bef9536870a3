use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use tempfile::TempDir;

use super::*;
use crate::{
    config::{FileAccess, TlsVersion},
    finding::{Code, Severity},
};

/// A certificate and its key, written as a pair.
struct Pair {
    cert: String,
    key: String,
}

impl Pair {
    fn new() -> Self {
        Self::changed(|_| {})
    }

    fn changed(change: impl FnOnce(&mut CertificateParams)) -> Self {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        Self { cert: params.self_signed(&key).unwrap().pem(), key: key.serialize_pem() }
    }
}

struct Files(TempDir);

impl Files {
    fn of(pair: &Pair) -> Self {
        let files = Self(TempDir::new().unwrap());
        files.write("cert", &pair.cert, 0o644);
        files.write("key", &pair.key, 0o600);
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// As careful editors and Kubernetes do: whole, or not at all.
    fn write(&self, name: &str, text: &str, mode: u32) {
        let new = self.path("new");
        fs::write(&new, text).unwrap();
        fs::set_permissions(&new, fs::Permissions::from_mode(mode)).unwrap();
        fs::rename(new, self.path(name)).unwrap();
    }

    fn settings(&self) -> Tls {
        Tls {
            cert: self.path("cert"),
            key: self.path("key"),
            access: FileAccess::Owner,
            min_version: TlsVersion::V13,
            client_ca: None,
            clients: Vec::new(),
        }
    }

    fn found(&self, change: impl FnOnce(&mut Tls)) -> Vec<(Code, Severity, String)> {
        let mut settings = self.settings();
        change(&mut settings);
        check(&settings).iter().map(|finding| (finding.code, finding.severity, finding.field.clone())).collect()
    }
}

#[test]
fn everything_that_is_wrong_with_the_files_is_found() {
    let files = Files::of(&Pair::new());
    assert_eq!(files.found(|_| {}), []);
    let error = |code, field: &str| vec![(code, Severity::Error, field.to_owned())];
    let absent = |path: &mut PathBuf| *path = Path::new("/nonexistent").to_owned();
    assert_eq!(files.found(|tls| absent(&mut tls.cert)), error(Code::Unreadable, "tls.cert"));
    assert_eq!(files.found(|tls| absent(&mut tls.key)), error(Code::Unreadable, "tls.key"));
    assert_eq!(files.found(|tls| tls.cert = files.path("key")), error(Code::Certificate, "tls.cert"));
    let no_key = error(Code::Certificate, "tls.key");
    assert_eq!(files.found(|tls| (tls.key, tls.access) = (files.path("cert"), FileAccess::Any)), no_key);
    files.write("public", &Pair::new().key, 0o644);
    assert_eq!(files.found(|tls| tls.key = files.path("public")), error(Code::FilePermissions, "tls.key"));
    files.write("other", &Pair::new().key, 0o600);
    assert_eq!(files.found(|tls| tls.key = files.path("other")), error(Code::Certificate, "tls.key"));
    assert_eq!(files.found(|tls| tls.client_ca = Some(files.path("key"))), error(Code::Certificate, "tls.client_ca"));
    assert_eq!(files.found(|tls| tls.client_ca = Some(files.path("cert"))), []);
}

#[test]
fn a_certificate_whose_time_is_over_or_soon_will_be_is_found_and_served() {
    let (now, day) = (std::time::SystemTime::now(), std::time::Duration::from_secs(24 * 60 * 60));
    let lived = |from: i32, to: std::time::SystemTime| {
        Pair::changed(|params| {
            params.not_before = date_time_ymd(from, 1, 1);
            params.not_after = to.into();
        })
    };
    for (pair, severity) in [
        (lived(2000, now - day), Severity::Error),
        (lived(4000, now + 20 * day), Severity::Error),
        (lived(2000, now + 20 * day), Severity::Warning),
    ] {
        let files = Files::of(&pair);
        assert_eq!(files.found(|_| {}), [(Code::CertificateLifetime, severity, "tls".to_owned())]);
        assert!(Certificate::new(files.settings()).is_ok());
    }
}

#[tokio::test]
async fn a_new_pair_counts_at_once_and_a_broken_one_never() {
    let (first, second) = (Pair::new(), Pair::new());
    let files = Files::of(&first);
    let certificate = Arc::new(Certificate::new(files.settings()).unwrap());
    let before = certificate.current().await;
    assert!(Arc::ptr_eq(&before, &certificate.current().await), "nothing was read again");
    // Between the two renames of a rotation the pair does not fit.
    files.write("cert", &second.cert, 0o644);
    assert!(Arc::ptr_eq(&before, &certificate.current().await));
    files.write("key", &second.key, 0o600);
    let after = certificate.current().await;
    assert!(!Arc::ptr_eq(&before, &after));
    for broken in ["", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", first.key.as_str()] {
        files.write("key", broken, 0o600);
        assert!(certificate.refresh().is_err(), "{broken}");
        assert!(!certificate.refresh().unwrap(), "told once");
        assert!(Arc::ptr_eq(&after, &certificate.current().await));
    }
    fs::remove_file(files.path("key")).unwrap();
    assert!(Arc::ptr_eq(&after, &certificate.current().await));
    files.write("key", &second.key, 0o600);
    assert!(certificate.refresh().unwrap());
}

#[test]
fn the_findings_never_show_a_key() {
    let files = Files::of(&Pair::new());
    files.write("key", "-----BEGIN PRIVATE KEY-----\nhunter2!\n-----END PRIVATE KEY-----\n", 0o600);
    let findings = check(&files.settings());
    assert!(findings.has_errors() && !findings.to_string().contains("hunter2"), "{findings}");
}

/// The others hold it to both when they connect.
#[test]
fn a_members_certificate_bears_its_address_and_a_members_name() {
    let files = Files::of(&Pair::changed(|params| {
        params.subject_alt_names.push(rcgen::SanType::DnsName("mercury1.example.org".try_into().unwrap()));
    }));
    let about = |address: &str, member: &str| -> Vec<String> {
        let fleet = config::Fleet {
            name: "mercury1".to_owned(),
            listen: ([0, 0, 0, 0], 0).into(),
            address: address.to_owned(),
            cert: files.path("cert"),
            key: files.path("key"),
            access: FileAccess::default(),
            ca: files.path("cert"),
            members: vec![member.parse().unwrap()],
        };
        check_member(&fleet).iter().map(|finding| format!("{} {}", finding.field, finding.message)).collect()
    };
    assert_eq!(about("mercury1.example.org:6191", "DNS:localhost"), Vec::<String>::new());
    let found = about("192.0.2.1:6191", "DNS:mercury2.example.org");
    assert!(found.len() == 2 && found.iter().all(|one| one.starts_with("fleet.cert ")), "{found:?}");
    files.write("key", "no key", 0o600);
    let found = about("localhost:6191", "DNS:localhost");
    assert!(found.len() == 1 && found[0].starts_with("fleet.key "), "{found:?}");
}
