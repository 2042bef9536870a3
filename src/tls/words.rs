//! Why a handshake came to nothing, for people.

use std::io;

use tokio_rustls::rustls::{AlertDescription as Alert, CertificateError, Error, PeerIncompatible};

/// Why a caller's handshake failed, in a sentence.
#[must_use]
pub fn told(error: &io::Error) -> String {
    let rustls = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    let words = match rustls {
        None if error.kind() == io::ErrorKind::UnexpectedEof => "the caller hung up in the middle of it",
        None => return error.to_string(),
        Some(Error::AlertReceived(Alert::UnknownCA | Alert::BadCertificate | Alert::CertificateUnknown)) => {
            "the caller does not trust this service's certificate"
        }
        Some(Error::AlertReceived(Alert::CertificateExpired)) => {
            "the caller says that this service's certificate has expired"
        }
        Some(Error::AlertReceived(Alert::ProtocolVersion))
        | Some(Error::PeerIncompatible(
            PeerIncompatible::Tls13RequiredForQuic | PeerIncompatible::SupportedVersionsExtensionRequired,
        )) => "the caller and this service have no version of TLS in common (min_version)",
        Some(Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature)) => {
            "nobody in client_ca has signed the caller's certificate"
        }
        Some(Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. })) => {
            "the caller's certificate has expired"
        }
        Some(Error::InvalidCertificate(
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. },
        )) => "the caller's certificate is not one for clients",
        Some(other) => return other.to_string(),
    };
    words.to_owned()
}
