//! The key of a certificate, of which nothing else need make sense: who is
//! believed by a pin may show an X.509 version 1, or extensions that no library
//! reads.

use rustls::{
    CertificateError, DigitallySignedStruct, Error, PeerMisbehaved, client::danger::HandshakeSignatureValid,
    crypto::WebPkiSupportedAlgorithms,
};
use x509_parser::asn1_rs::{Any, Class, FromDer as _};

/// Whether the certificate's key made a handshake's signature; TLS 1.3 allows
/// `one` algorithm for each scheme.
///
/// # Errors
/// It did not, or it is of a kind that is not known.
pub(super) fn verify(
    message: &[u8],
    certificate: &[u8],
    signed: &DigitallySignedStruct,
    algorithms: &WebPkiSupportedAlgorithms,
    one: bool,
) -> Result<HandshakeSignatureValid, Error> {
    let (kind, key) = key(certificate).ok_or(Error::InvalidCertificate(CertificateError::BadEncoding))?;
    let known = algorithms.mapping.iter().find(|(scheme, _)| *scheme == signed.scheme);
    let (_, known) = known.ok_or(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme)?;
    let fits = known.iter().take(if one { 1 } else { known.len() });
    let mut fits = fits.filter(|algorithm| algorithm.public_key_alg_id().as_ref() == kind);
    if fits.any(|algorithm| algorithm.verify_signature(key, message, signed.signature()).is_ok()) {
        return Ok(HandshakeSignatureValid::assertion());
    }
    Err(Error::InvalidCertificate(CertificateError::BadSignature))
}

/// The kind and the octets of a certificate's key (RFC 5280 section 4.1).
fn key(certificate: &[u8]) -> Option<(&[u8], &[u8])> {
    /// Serial number, signature, issuer, validity and subject.
    const BEFORE: usize = 5;
    let inside = |der| Any::from_der(der).ok().map(|(rest, any): (_, Any<'_>)| (rest, any.header.class(), any.data));
    let (_, _, certificate) = inside(certificate)?;
    let (_, _, mut rest) = inside(certificate)?;
    // Version 1 leaves the version out.
    if let Some((behind, Class::ContextSpecific, _)) = inside(rest) {
        rest = behind;
    }
    for _ in 0..BEFORE {
        (rest, _, _) = inside(rest)?;
    }
    let (_, _, info) = inside(rest)?;
    let (rest, _, kind) = inside(info)?;
    let (_, _, bits) = inside(rest)?;
    match bits {
        // No bit is unused.
        [0, key @ ..] => Some((kind, key)),
        _ => None,
    }
}
