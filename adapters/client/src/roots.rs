//! Whose certificates are believed, and which one is shown.

use std::{path::Path, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};

use crate::error::Error;

/// The TLS of a client: 1.3 and 1.2, by these roots or else the system's, with the certificate
/// and the key of these files.
pub(crate) fn config(roots: Option<&Path>, own: Option<(&Path, &Path)>) -> Result<ClientConfig, Error> {
    let mut store = RootCertStore::empty();
    match roots {
        Some(file) => {
            for certificate in certificates(file)? {
                store.add(certificate).map_err(|error| unusable(file, &error))?;
            }
        }
        None => {
            store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Settings(error.to_string()))?
        .with_root_certificates(store);
    match own {
        None => Ok(builder.with_no_client_auth()),
        Some((cert, key)) => {
            let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| unusable(key, &error))?;
            builder.with_client_auth_cert(certificates(cert)?, secret).map_err(|error| unusable(cert, &error))
        }
    }
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect);
    read.map_err(|error| unusable(file, &error))
}

fn unusable(file: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::Settings(format!("{}: {error}", file.display()))
}
