use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// OpenSSH prints fingerprints without padding; people paste them with it.
pub(super) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_encode_padding(false).with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// How a switch proves that it is the switch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostKey {
    /// Its SSH host key is in one of these `known_hosts` files.
    KnownHosts(Vec<PathBuf>),
    /// Its SSH host key has one of these fingerprints.
    Fingerprints(Vec<Fingerprint>),
    /// Not at all: whoever answers at the address is taken for the switch and
    /// gets the password.
    Insecure,
}

/// The SHA-256 of an SSH host key, as `ssh-keygen -l` prints it: `SHA256:` and base64.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

/// The text is not a SHA-256 fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a SHA-256 fingerprint as ssh-keygen -l prints it, SHA256: and 43 characters")]
pub struct FingerprintError;

impl Fingerprint {
    /// The digest.
    pub const fn sha256(&self) -> &[u8; 32] {
        &self.0
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let base64 = text.strip_prefix("SHA256:").ok_or(FingerprintError)?;
        let digest = BASE64.decode(base64).map_err(|_| FingerprintError)?;
        Ok(Fingerprint(digest.try_into().map_err(|_| FingerprintError)?))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SHA256:{}", BASE64.encode(self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_prints_as_openssh_prints_it() {
        let text = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU";
        let fingerprint: Fingerprint = text.parse().unwrap();
        assert_eq!(fingerprint.to_string(), text);
        assert_eq!(format!("{text}=").parse(), Ok(fingerprint));
        assert_eq!(fingerprint.sha256()[0], 0xe3);
    }

    #[test]
    fn other_fingerprints_are_refused() {
        for text in [
            "",
            "SHA256:",
            "SHA256:abcd",
            "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",
            "MD5:d4:1d:8c:d9:8f:00:b2:04:e9:80:09:98:ec:f8:42:7e",
        ] {
            assert_eq!(text.parse::<Fingerprint>(), Err(FingerprintError), "{text}");
        }
    }
}
