use super::host_key::BASE64;
use base64::Engine;
use std::fmt;
use std::str::FromStr;

/// The SHA-256 of a server certificate's DER encoding.
///
/// Reads what `openssl x509 -noout -fingerprint -sha256` prints after the `=`
/// (64 hexadecimal digits of either case, with or without colons between the
/// bytes), and `SHA256:` with base64; prints the latter, as an SSH host key's
/// [`Fingerprint`](super::Fingerprint) does.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CertificatePin([u8; 32]);

/// The text is not the SHA-256 of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be a certificate's SHA-256 fingerprint: 64 hexadecimal digits as openssl x509 -fingerprint -sha256 \
     prints them, or SHA256: and 43 characters of base64"
)]
pub struct CertificatePinError;

impl CertificatePin {
    /// The digest.
    pub const fn bytes(&self) -> [u8; 32] {
        self.0
    }
}

impl From<[u8; 32]> for CertificatePin {
    fn from(digest: [u8; 32]) -> Self {
        CertificatePin(digest)
    }
}

impl FromStr for CertificatePin {
    type Err = CertificatePinError;

    fn from_str(text: &str) -> Result<Self, CertificatePinError> {
        let digest = match text.strip_prefix("SHA256:") {
            Some(base64) => BASE64.decode(base64).ok(),
            None if text.contains(':') => text.split(':').map(byte).collect(),
            None => text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).ok().and_then(byte)).collect(),
        };
        digest.and_then(|digest| digest.try_into().ok()).map(CertificatePin).ok_or(CertificatePinError)
    }
}

/// Two hexadecimal digits; `from_str_radix` alone would take `+f`.
fn byte(pair: &str) -> Option<u8> {
    let digits = pair.len() == 2 && pair.bytes().all(|digit| digit.is_ascii_hexdigit());
    if digits { u8::from_str_radix(pair, 16).ok() } else { None }
}

impl fmt::Display for CertificatePin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SHA256:{}", BASE64.encode(self.0))
    }
}

impl fmt::Debug for CertificatePin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SHA-256 of nothing (FIPS 180-4), in every spelling.
    const BASE64_TEXT: &str = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU";
    const COLONS: &str =
        "E3:B0:C4:42:98:FC:1C:14:9A:FB:F4:C8:99:6F:B9:24:27:AE:41:E4:64:9B:93:4C:A4:95:99:1B:78:52:B8:55";

    #[test]
    fn every_spelling_of_a_pin_is_the_same_pin() {
        let pin: CertificatePin = BASE64_TEXT.parse().unwrap();
        assert_eq!((pin.bytes()[0], pin.bytes()[31]), (0xe3, 0x55));
        for text in [
            COLONS.to_owned(),
            COLONS.to_lowercase(),
            COLONS.replace(':', ""),
            COLONS.replace(':', "").to_lowercase(),
            format!("{BASE64_TEXT}="),
        ] {
            assert_eq!(text.parse(), Ok(pin), "{text}");
        }
        assert_eq!(pin.to_string(), BASE64_TEXT);
        assert_eq!(format!("{pin:?}"), BASE64_TEXT);
        assert_eq!(CertificatePin::from(pin.bytes()), pin);
    }

    #[test]
    fn what_is_not_a_sha256_is_refused() {
        for text in [
            String::new(),
            "SHA256:".to_owned(),
            "SHA256:abcd".to_owned(),
            BASE64_TEXT.replace("SHA256:", ""),
            COLONS.replace("E3:", ""),
            format!("{COLONS}:00"),
            format!("{COLONS}:"),
            COLONS.replacen(':', "", 1),
            COLONS.replace("E3", "+3"),
            COLONS.replace("E3", "G3"),
            COLONS.replace(':', "").replace("E3", "\u{e9}"),
            COLONS.replace(':', " "),
            format!("SHA256:{COLONS}"),
            "DA:39:A3:EE:5E:6B:4B:0D:32:55:BF:EF:95:60:18:90:AF:D8:07:09".to_owned(),
        ] {
            assert_eq!(text.parse::<CertificatePin>(), Err(CertificatePinError), "{text}");
        }
    }
}
