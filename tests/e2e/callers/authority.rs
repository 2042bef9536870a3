//! Somebody who signs certificates.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, SanType,
};

pub(crate) struct Authority {
    folder: tempfile::TempDir,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("mercury-e2e-").tempdir().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "a root");
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        fs::write(folder.path().join("root.pem"), issuer.pem()).unwrap();
        Self { folder, issuer }
    }

    /// The file of its own certificate.
    pub(crate) fn root(&self) -> PathBuf {
        self.path("root.pem")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Certificate and key of a server with these names, in files of this name; each
    /// replaces a former one whole.
    pub(crate) fn server(&self, file: &str, names: &[&str]) -> (PathBuf, PathBuf) {
        let names = names.iter().map(|name| SanType::DnsName((*name).try_into().unwrap())).collect();
        self.signed(file, names, ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// Certificate and key of a client.
    pub(crate) fn client(&self, file: &str, names: Vec<SanType>) -> (PathBuf, PathBuf) {
        self.signed(file, names, ExtendedKeyUsagePurpose::ClientAuth)
    }

    fn signed(&self, file: &str, names: Vec<SanType>, usage: ExtendedKeyUsagePurpose) -> (PathBuf, PathBuf) {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, file);
        params.subject_alt_names = names;
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        let (cert, secret) = (self.path(&format!("{file}.pem")), self.path(&format!("{file}.key")));
        replace(&cert, &certificate);
        replace(&secret, &key.serialize_pem());
        (cert, secret)
    }
}

/// Writes a file that only its owner may read.
pub(super) fn replace(path: &Path, text: &str) {
    let new = path.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::set_permissions(&new, fs::Permissions::from_mode(0o600)).unwrap();
    fs::rename(new, path).unwrap();
}
