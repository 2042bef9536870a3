//! TLS towards servers that Mercury itself asks, which are no switches: Keystone, and a
//! collector of traces.

use std::{path::PathBuf, sync::Arc};

use tokio_rustls::{
    TlsConnector,
    rustls::{
        self, ClientConfig, RootCertStore,
        crypto::ring::default_provider,
        pki_types::{
            CertificateDer,
            pem::{self, PemObject as _},
        },
    },
};

/// Why nobody's certificate could be believed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unusable {
    #[error("the certificates to believe: {0}")]
    File(#[from] pem::Error),
    #[error("the certificates to believe: {0}")]
    Certificate(#[from] rustls::Error),
    #[error("the certificates to believe could not be read")]
    Unread,
}

/// Speaks TLS 1.3 or 1.2 with whom the certificates of this file vouch for, or else the
/// system's. They are read each time, so a new file counts.
///
/// # Errors
/// The file cannot be read, or holds what is no certificate.
pub(crate) async fn connector(ca: Option<PathBuf>) -> Result<TlsConnector, Unusable> {
    let config = tokio::task::spawn_blocking(move || config(ca)).await;
    Ok(TlsConnector::from(Arc::new(config.map_err(|_| Unusable::Unread)??)))
}

fn config(ca: Option<PathBuf>) -> Result<ClientConfig, Unusable> {
    let mut roots = RootCertStore::empty();
    match ca {
        Some(file) => {
            for certificate in CertificateDer::pem_file_iter(file)? {
                roots.add(certificate?)?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let builder =
        ClientConfig::builder_with_provider(Arc::new(default_provider())).with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
