//! Why a certificate is not believed, for people, and what to write if it
//! should be.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use rustls::{AlertDescription, CertificateError, Error, OtherError, pki_types::ServerName};

/// How many names of a certificate are told.
const MAX_NAMES: usize = 8;

/// The whole sentence.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Untrusted(String);

/// As an error of the handshake.
pub(super) fn untrusted(why: &str, certificate: &[u8]) -> Error {
    let digest = ring::digest::digest(&ring::digest::SHA256, certificate);
    let hex: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let pin = STANDARD_NO_PAD.encode(digest);
    let text = format!(
        "{why}; its SHA-256 is {hex}; if it is the switch's, believe this very certificate with \
         tls_pins = [\"SHA256:{pin}\"]"
    );
    Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(Untrusted(text)))))
}

/// The sentence, if it is one of these errors.
pub(crate) fn sentence(error: &Error) -> Option<String> {
    if let Error::AlertReceived(alert) = error {
        return refusal(*alert).map(str::to_owned);
    }
    let Error::InvalidCertificate(CertificateError::Other(OtherError(inner))) = error else { return None };
    inner.downcast_ref::<Untrusted>().map(ToString::to_string)
}

/// What the switch has against Mercury's certificate (RFC 8446 section 6.2).
fn refusal(alert: AlertDescription) -> Option<&'static str> {
    Some(match alert {
        AlertDescription::CertificateRequired => "the switch wants a certificate of Mercury's: tls_cert and tls_key",
        AlertDescription::CertificateExpired => {
            "the switch says that Mercury's certificate (tls_cert) has expired, or is not valid yet; is its clock right?"
        }
        AlertDescription::UnknownCA => "the switch does not know who signed Mercury's certificate (tls_cert)",
        AlertDescription::BadCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateUnknown
        | AlertDescription::DecryptError
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::AccessDenied => "the switch does not take Mercury's certificate (tls_cert)",
        AlertDescription::ProtocolVersion => "the switch speaks neither TLS 1.3 nor 1.2",
        _ => return None,
    })
}

/// What was wrong with a certificate that was to lead to a root.
pub(super) fn why(error: &Error, name: &ServerName<'_>) -> String {
    use CertificateError as Wrong;
    let Error::InvalidCertificate(reason) = error else {
        return format!("the switch's certificate cannot be judged: {error}");
    };
    let name = name.to_str();
    match reason {
        Wrong::Expired | Wrong::ExpiredContext { .. } => {
            "the switch's certificate has expired; are both clocks right?".to_owned()
        }
        Wrong::NotValidYet | Wrong::NotValidYetContext { .. } => {
            "the switch's certificate is not valid yet; are both clocks right?".to_owned()
        }
        Wrong::UnknownIssuer => {
            "nobody that tls_ca names, or else the system trusts, has signed the switch's certificate".to_owned()
        }
        Wrong::NotValidForNameContext { presented, .. } if !presented.is_empty() => {
            let names: Vec<_> = presented.iter().take(MAX_NAMES).map(String::as_str).collect();
            format!("the switch's certificate is not for {name} (tls_server_name) but for {}", names.join(", "))
        }
        Wrong::NotValidForName | Wrong::NotValidForNameContext { .. } => {
            format!("the switch's certificate is not for {name} (tls_server_name)")
        }
        Wrong::BadSignature => {
            "the switch's certificate was signed with another key than the one of that name in tls_ca has".to_owned()
        }
        Wrong::InvalidPurpose | Wrong::InvalidPurposeContext { .. } => {
            "the switch's certificate is not one for servers".to_owned()
        }
        Wrong::BadEncoding | Wrong::UnhandledCriticalExtension => {
            "the switch's certificate cannot be read: it is of X.509 version 1, or holds what no standard knows"
                .to_owned()
        }
        other => format!("the switch's certificate is not valid: {other}"),
    }
}
