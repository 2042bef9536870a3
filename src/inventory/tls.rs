use super::{CertificatePin, SecretRef};
use std::path::{Path, PathBuf};

/// How a switch and Mercury prove themselves to one another over TLS: gNMI always, and
/// NETCONF where its `transport` is `"tls"`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TlsSettings {
    /// How the connection is protected and the switch proves that it is the
    /// switch: at most one of `tls_ca`, `tls_pins`, `insecure = true` and
    /// `plaintext = true`; the system's roots.
    pub trust: Tls,
    /// `tls_server_name`: the host name or IP address to expect in the
    /// certificate, and to ask for (RFC 6066 section 3); the switch's address.
    /// `None` with [`Tls::Plaintext`].
    pub server_name: Option<String>,
    /// `tls_cert` and `tls_key`: how Mercury proves that it is Mercury; none, but that
    /// NETCONF must have them (RFC 7589 section 5). `None` with [`Tls::Plaintext`].
    pub client: Option<ClientCertificate>,
}

impl TlsSettings {
    /// The files that they name.
    pub(crate) fn files(&self) -> Vec<&Path> {
        let client =
            self.client.iter().flat_map(|client| client.key.file().into_iter().chain([client.chain.as_path()]));
        let roots = if let Tls::Verified(Roots::Files(roots)) = &self.trust { roots.as_slice() } else { &[] };
        client.chain(roots.iter().map(PathBuf::as_path)).collect()
    }
}

/// How a connection is protected, and the switch proves that it is the switch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// By TLS; its certificate leads to one of these roots and bears the
    /// switch's address or [`TlsSettings::server_name`].
    Verified(Roots),
    /// By TLS; its certificate is one of these, whoever signed it and whatever
    /// names it bears. Never empty.
    Pinned(Vec<CertificatePin>),
    /// By TLS with whoever answers at the address, who is taken for the switch
    /// and gets the password.
    Insecure,
    /// Not at all, which is for gNMI only: whoever is on the way reads and changes everything.
    Plaintext,
}

impl Default for Tls {
    fn default() -> Self {
        Tls::Verified(Roots::System)
    }
}

/// Who may have signed a switch's certificate.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Roots {
    /// Whom the operating system trusts.
    #[default]
    System,
    /// `tls_ca`: who is in these PEM files, and nobody else. Never empty.
    Files(Vec<PathBuf>),
}

/// The certificate that Mercury shows a switch (TLS client authentication).
///
/// Both are looked at when the inventory is loaded and read again for each
/// connection, so that they can be renewed without a restart.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientCertificate {
    /// `tls_cert`: a PEM file with the certificate, and those between it and
    /// the root after it.
    pub chain: PathBuf,
    /// `tls_key`: a PEM file with its private key, not encrypted, which must
    /// not be readable by others; always [`SecretRef::File`].
    pub key: SecretRef,
}
