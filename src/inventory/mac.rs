use std::fmt;
use std::str::FromStr;

/// A MAC address, 48 bits, in whatever spelling a vendor's LLDP uses.
///
/// Printed as `aa:bb:cc:dd:ee:ff`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MacAddr([u8; 6]);

/// The text is not a MAC address in any spelling Mercury knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a MAC address, like aa:bb:cc:dd:ee:ff")]
pub struct MacError;

impl MacAddr {
    /// The six bytes, in the order they are sent.
    pub const fn octets(self) -> [u8; 6] {
        self.0
    }

    /// Whether one device can have it: not a group address (IEEE 802, the
    /// lowest bit of the first byte) and not all zero.
    pub fn is_unicast(self) -> bool {
        let [first, ..] = self.0;
        first & 1 == 0 && self.0 != [0; 6]
    }
}

impl FromStr for MacAddr {
    type Err = MacError;

    /// Reads six, three or two groups of hexadecimal digits with one kind of
    /// separator (`:`, `-`, `.` or a blank) between them, or twelve digits
    /// without any. A group of two or four digits may lack its leading zeros;
    /// in the longer ones every digit must be given, since any number would
    /// pass for an address otherwise.
    fn from_str(text: &str) -> Result<Self, MacError> {
        let separator = text.chars().find(|c| !c.is_ascii_hexdigit());
        let groups: Vec<&str> = match separator {
            Some(separator @ (':' | '-' | '.' | ' ')) => text.split(separator).collect(),
            Some(_) => return Err(MacError),
            None => vec![text],
        };
        let digits = match groups.len() {
            count @ (1 | 2 | 3 | 6) => 12 / count,
            _ => return Err(MacError),
        };
        let mut bits = 0_u64;
        for group in groups {
            // from_str_radix would take a sign.
            let hexadecimal = group.bytes().all(|byte| byte.is_ascii_hexdigit());
            let shortest = if digits > 4 { digits } else { 1 };
            if !hexadecimal || !(shortest..=digits).contains(&group.len()) {
                return Err(MacError);
            }
            let group = u64::from_str_radix(group, 16).map_err(|_| MacError)?;
            bits = (bits << (4 * digits)) | group;
        }
        let [_, _, a, b, c, d, e, f] = bits.to_be_bytes();
        Ok(MacAddr([a, b, c, d, e, f]))
    }
}

impl fmt::Display for MacAddr {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, f] = self.0;
        write!(out, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}")
    }
}

impl fmt::Debug for MacAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<[u8; 6]> for MacAddr {
    fn from(octets: [u8; 6]) -> Self {
        MacAddr(octets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn spellings(octets: [u8; 6]) -> Vec<String> {
        let bytes = octets.map(|o| format!("{o:02x}"));
        let bare = octets.map(|o| format!("{o:x}"));
        let plain = bytes.concat();
        let words: Vec<_> = [0, 4, 8].map(|at| plain[at..at + 4].to_owned()).to_vec();
        let short: Vec<_> = words.iter().map(|w| format!("{:x}", u16::from_str_radix(w, 16).unwrap())).collect();
        let mut all = vec![plain.clone(), format!("{}-{}", &plain[..6], &plain[6..])];
        for separator in [":", "-", ".", " "] {
            all.push(bytes.join(separator));
            all.push(bare.join(separator));
            all.push(words.join(separator));
            all.push(short.join(separator));
        }
        all
    }

    proptest! {
        #[test]
        fn every_spelling_reads_as_the_same_address(octets: [u8; 6]) {
            for text in spellings(octets) {
                prop_assert_eq!(text.parse(), Ok(MacAddr(octets)), "{}", text);
                prop_assert_eq!(text.to_uppercase().parse(), Ok(MacAddr(octets)), "{}", text);
            }
            prop_assert_eq!(MacAddr(octets).to_string().parse(), Ok(MacAddr(octets)));
        }

        #[test]
        fn no_text_panics(text in "[0-9a-fA-F:. +x-]{0,20}") {
            let _ = text.parse::<MacAddr>();
        }
    }

    #[test]
    fn text_that_is_no_mac_address_is_refused() {
        for text in [
            "",
            ":",
            "leaf1",
            "aabbccddeef",
            "aabbccddeefff",
            "aa:bb:cc:dd:ee",
            "aa:bb:cc:dd:ee:ff:00",
            "aa:bb-cc:dd:ee:ff",
            "aaa:bb:cc:dd:ee:ff",
            "aa:bb:cc:dd:ee:fg",
            "aa::cc:dd:ee:ff",
            "aabbc.cdde.eff",
            "52:54",
            "aabbcc-ddeef",
            "+a:bb:cc:dd:ee:ff",
            "aa:bb:cc:dd:ee:+f",
            " aa:bb:cc:dd:ee:ff",
            "0xaabbccddeeff",
            "10.0.0.1",
            "aa:bb:cc:dd:ee:é",
        ] {
            assert_eq!(text.parse::<MacAddr>(), Err(MacError), "{text:?}");
        }
    }
}
