//! The server's name in its certificate. Switches still make certificates
//! without a subjectAltName; RFC 6125 section 6.4.4 lets the common name stand
//! in then, and only then.

use rustls::{Error, client::verify_server_name, pki_types::ServerName, server::ParsedCertificate};
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// Whether the certificate is for this name.
///
/// # Errors
/// It is not, as rustls says it.
pub(super) fn verify(parsed: &ParsedCertificate<'_>, der: &[u8], name: &ServerName<'_>) -> Result<(), Error> {
    let Err(error) = verify_server_name(parsed, name) else { return Ok(()) };
    if common_name_is(der, &name.to_str()) { Ok(()) } else { Err(error) }
}

fn common_name_is(der: &[u8], name: &str) -> bool {
    let Ok((_, certificate)) = X509Certificate::from_der(der) else { return false };
    // One that cannot be read is one that is there.
    if !matches!(certificate.subject_alternative_name(), Ok(None)) {
        return false;
    }
    let mut names = certificate.subject().iter_common_name().filter_map(|name| name.as_str().ok());
    names.any(|found| found.eq_ignore_ascii_case(name))
}
