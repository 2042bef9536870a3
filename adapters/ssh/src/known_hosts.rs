//! OpenSSH's known_hosts (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT") for one host:
//! several keys, hashed names, patterns, negation and @revoked.

use russh::keys::{Algorithm, PublicKey, ssh_key::known_hosts::HostPatterns};

/// What known_hosts says about a presented key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Known,
    /// No key is known for this host.
    Unknown,
    /// Other keys are known for this host, and not this one.
    Changed,
    Revoked,
}

/// The lines that are about one host.
#[derive(Debug, Default)]
pub(super) struct KnownHost {
    /// Under the name with the port, if it is not 22.
    exact: Vec<PublicKey>,
    /// Under the bare name; counts when there is nothing else, as in OpenSSH.
    bare: Vec<PublicKey>,
    revoked: Vec<PublicKey>,
}

/// The name under which a host is filed.
pub(super) fn file_name(host: &str, port: u16) -> String {
    let host = host.to_ascii_lowercase();
    if port == 22 { host } else { format!("[{host}]:{port}") }
}

impl KnownHost {
    /// Adds the lines of a file that are about the host. Lines that cannot be
    /// understood are passed over.
    pub(super) fn read(&mut self, text: &str, host: &str, port: u16) {
        let (exact, bare) = (file_name(host, port), file_name(host, 22));
        for line in text.lines() {
            let Some(line) = Line::parse(line) else { continue };
            let is_exact = line.names(&exact);
            if !is_exact && !line.names(&bare) {
                continue;
            }
            match line.marker {
                Some("@revoked") => self.revoked.push(line.key),
                Some(_) => {} // Certificates are not offered, so their authorities do not matter.
                None if is_exact => self.exact.push(line.key),
                None => self.bare.push(line.key),
            }
        }
    }

    pub(super) fn check(&self, key: &PublicKey) -> Verdict {
        let among = |keys: &[PublicKey]| keys.iter().any(|known| known.key_data() == key.key_data());
        if among(&self.revoked) {
            Verdict::Revoked
        } else if among(self.keys()) {
            Verdict::Known
        } else if self.exact.is_empty() {
            // Something else may well listen on the other port under this name.
            Verdict::Unknown
        } else {
            Verdict::Changed
        }
    }

    /// The algorithms of the keys that would be accepted.
    pub(super) fn algorithms(&self) -> Vec<Algorithm> {
        self.keys().iter().map(PublicKey::algorithm).collect()
    }

    fn keys(&self) -> &[PublicKey] {
        if self.exact.is_empty() { &self.bare } else { &self.exact }
    }
}

struct Line<'a> {
    marker: Option<&'a str>,
    hosts: HostPatterns,
    key: PublicKey,
}

impl<'a> Line<'a> {
    /// Fields are separated by any blanks; the comment after the key is ignored.
    fn parse(line: &'a str) -> Option<Self> {
        let mut fields = line.split_whitespace();
        let first = fields.next().filter(|field| !field.starts_with('#'))?;
        let (marker, hosts) = if first.starts_with('@') { (Some(first), fields.next()?) } else { (None, first) };
        let key = format!("{} {}", fields.next()?, fields.next()?);
        Some(Self { marker, hosts: hosts.parse().ok()?, key: PublicKey::from_openssh(&key).ok()? })
    }

    fn names(&self, name: &str) -> bool {
        match &self.hosts {
            HostPatterns::HashedName { salt, hash } => {
                // The file format fixes SHA-1; it hides names, it proves nothing.
                let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, salt);
                ring::hmac::verify(&key, name.as_bytes(), hash).is_ok()
            }
            HostPatterns::Patterns(patterns) => {
                let mut named = false;
                for pattern in patterns {
                    match pattern.strip_prefix('!') {
                        Some(pattern) if matches(pattern, name) => return false,
                        Some(_) => {}
                        None => named |= matches(pattern, name),
                    }
                }
                named
            }
        }
    }
}

/// `*` is any text, `?` any character; case does not matter. Linear but for the
/// last star, so that no pattern can make it slow.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let (mut at_pattern, mut at_name) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(character) = name.get(at_name) {
        match pattern.get(at_pattern) {
            Some(b'*') => {
                star = Some((at_pattern + 1, at_name));
                at_pattern += 1;
            }
            Some(wanted) if *wanted == b'?' || wanted.eq_ignore_ascii_case(character) => {
                at_pattern += 1;
                at_name += 1;
            }
            _ => match &mut star {
                Some((after_star, begun)) => {
                    *begun += 1;
                    (at_pattern, at_name) = (*after_star, *begun);
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(at_pattern).all(|rest| *rest == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIILX9Qbf7VfFFhpvWJzVqhLD0Xz1k3rj6mTQAQZbQk0h";
    const B: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti";
    const ECDSA: &str = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBHwf2HMM5TRXvo2SQJjsNkiDD5KqiiNjrGVv3UUh+mMT5RHxiRtOnlqvjhQtBq0VpmpCV/PwUdhOig4vkbqAcEc=";

    fn check(text: &str, host: &str, port: u16, key: &str) -> Verdict {
        let mut known = KnownHost::default();
        known.read(&text.replace("$A", A).replace("$B", B).replace("$E", ECDSA), host, port);
        known.check(&PublicKey::from_openssh(key).unwrap())
    }

    /// Checked against the OpenSSH 9.2 client, but for the one that says so.
    #[test]
    fn lines_mean_what_they_mean_to_openssh() {
        use Verdict::*;
        for (text, verdict) in [
            ("", Unknown),
            ("# [sw1]:830 $A", Unknown),
            ("[sw1]:830 $A", Known),
            ("[SW1]:830 $A comment with blanks", Known),
            ("[sw1]:830\t$A", Known),
            ("  [sw1]:830   $A", Known),
            ("[sw1]:830 $B", Changed),
            ("[sw1]:830 $E", Changed),
            ("[sw1]:830 $B\n[sw1]:830 $A", Known),
            ("[sw1]:830 nonsense\nrubbish\n\n[sw1]:830 $A", Known),
            ("[sw2]:830,[sw1]:830 $A", Known),
            ("[sw*]:830 $A", Known),
            ("[sw?]:8?0 $A", Known),
            ("[sw??]:830 $A", Unknown),
            ("* $A", Known),
            ("*,![sw1]:830 $A", Known), // under the bare name
            ("*,![sw1]:830,!sw1 $A", Unknown),
            ("!sw1,![sw1]:830,* $A", Unknown),
            ("*,![sw2]:830 $A", Known),
            ("[sw1]:830 $A\n@revoked [sw1]:830 $A", Revoked),
            ("@revoked * $A\n[sw1]:830 $A", Revoked),
            ("@revoked [sw2]:830 $A\n[sw1]:830 $A", Known),
            ("@revoked sw1 $A\n[sw1]:830 $A", Revoked), // OpenSSH looks at one name only
            ("@cert-authority [sw1]:830 $A", Unknown),
            ("@unknown [sw1]:830 $A", Unknown),
            ("sw1 $A", Known),
            ("sw1 $B", Unknown),
            ("sw1 $A\n[sw1]:830 $B", Changed),
            ("[sw1]:22 $A", Unknown),
        ] {
            assert_eq!(check(text, "sw1", 830, A), verdict, "{text:?}");
        }
        assert_eq!(check("sw1 $A", "SW1", 22, A), Known);
        assert_eq!(check("[sw1]:830 $A", "sw1", 22, A), Unknown);
        assert_eq!(check("[fe80::1]:830 $A", "fe80::1", 830, A), Known);
    }

    #[test]
    fn hashed_names_are_found() {
        // HMAC-SHA1 of "[sw1]:830" under the salt of twenty zero octets.
        let salt = [0u8; 20];
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &salt);
        let hash = base64(ring::hmac::sign(&key, b"[sw1]:830").as_ref());
        let line = format!("|1|{}|{hash} $A", base64(&salt));
        assert_eq!(check(&line, "sw1", 830, A), Verdict::Known);
        assert_eq!(check(&line, "sw2", 830, A), Verdict::Unknown);
        assert_eq!(check(&line, "sw1", 830, B), Verdict::Changed);
    }

    #[test]
    fn known_algorithms_are_those_of_the_host() {
        let mut known = KnownHost::default();
        known.read(&format!("[sw1]:830 {ECDSA}\nother {A}\n@revoked * {B}"), "sw1", 830);
        let names: Vec<_> = known.algorithms().iter().map(ToString::to_string).collect();
        assert_eq!(names, ["ecdsa-sha2-nistp256"]);
    }

    #[test]
    fn a_pattern_full_of_stars_is_not_slow() {
        let pattern = "*a".repeat(40) + "b";
        assert!(!matches(&pattern, &"a".repeat(5_000)));
        assert!(matches("**a*b*", "xxaxxbxx"));
        assert!(!matches("", "a") && matches("", "") && matches("*", ""));
    }

    fn base64(bytes: &[u8]) -> String {
        const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut text = String::new();
        for group in bytes.chunks(3) {
            let bits = group.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
            for digit in 0..4 {
                let wanted = digit <= group.len();
                text.push(if wanted { char::from(DIGITS[(bits >> (18 - 6 * digit) & 63) as usize]) } else { '=' });
            }
        }
        text
    }
}
