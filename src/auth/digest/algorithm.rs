//! The hashes of HTTP Digest (RFC 7616 section 3.2).

use ring::digest;
use std::fmt::Write as _;
use std::str::FromStr;

/// A hash of HTTP Digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    /// For clients that know nothing better.
    Md5,
    /// Every client that knows more than MD5 knows this.
    Sha256,
    /// SHA-512/256.
    Sha512256,
}

impl Algorithm {
    /// Every one there is.
    pub const ALL: [Self; 3] = [Self::Md5, Self::Sha256, Self::Sha512256];

    /// As challenges and the file of users spell it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
            Self::Sha512256 => "SHA-512-256",
        }
    }

    /// How many hexadecimal digits a hash has.
    pub(super) const fn digits(self) -> usize {
        match self {
            Self::Md5 => 32,
            Self::Sha256 | Self::Sha512256 => 64,
        }
    }

    /// The hash of these parts with a colon between each two, in lower case.
    pub(super) fn hash(self, parts: &[&[u8]]) -> String {
        let whole = parts.join(&b':');
        match self {
            Self::Md5 => hexadecimal(&md5::compute(whole).0),
            Self::Sha256 => hexadecimal(digest::digest(&digest::SHA256, &whole).as_ref()),
            Self::Sha512256 => hexadecimal(digest::digest(&digest::SHA512_256, &whole).as_ref()),
        }
    }
}

fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().fold(String::with_capacity(octets.len() * 2), |mut text, octet| {
        let _never_fails = write!(text, "{octet:02x}");
        text
    })
}

impl FromStr for Algorithm {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|algorithm| algorithm.word().eq_ignore_ascii_case(word)).ok_or(())
    }
}
