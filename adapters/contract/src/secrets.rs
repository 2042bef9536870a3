//! Secrets in what people are shown of a configuration.

use std::borrow::Cow;

/// Words behind which a secret stands, to the end of the line.
pub const SECRET_WORDS: [&str; 15] = [
    "password",
    "passwd",
    "secret",
    "community",
    "key",
    "key-string",
    "passphrase",
    "pre-shared-key",
    "hashed-password",
    "encrypted-password",
    "md5",
    "sha",
    "auth-sha",
    "token",
    "private-key",
];

/// What stands in the place of a secret.
pub const MASK: &str = "masked";

/// Ends of words that say the same of more kinds, such as `authentication-password`.
const ENDS: [&str; 7] = ["password", "passwd", "secret", "passphrase", "private-key", "shared-key", "server-key"];
/// What hashes, and keys and certificates, begin with.
const BEGINS: [&str; 2] = ["$", "-----BEGIN"];
/// Of letters, digits and the signs of base64 alone, nothing but keys and certificates is so long.
const LONG: usize = 48;

/// A text of one or more lines, without the secrets in it: each line ends with [`MASK`] where its
/// first one begins.
#[must_use]
pub fn masked(text: &str) -> Cow<'_, str> {
    if text.lines().all(|line| secret_at(line).is_none()) {
        return Cow::Borrowed(text);
    }
    let of = |line| match secret_at(line) {
        Some(at) => format!("{}{MASK}", line.get(..at).unwrap_or_default()),
        None => line.to_owned(),
    };
    Cow::Owned(text.lines().map(of).collect::<Vec<_>>().join("\n"))
}

/// Whether a node or word of this name holds a secret.
#[must_use]
pub fn is_secret(name: &str) -> bool {
    let has_end = |end: &&str| {
        let at = name.len().checked_sub(end.len());
        let (before, own) = at.and_then(|at| name.split_at_checked(at)).unwrap_or_default();
        own.eq_ignore_ascii_case(end) && (before.is_empty() || before.ends_with(['-', '_']))
    };
    SECRET_WORDS.iter().any(|word| name.eq_ignore_ascii_case(word)) || ENDS.iter().any(has_end)
}

/// The octet of a line at which its first secret begins.
#[must_use]
pub fn secret_at(line: &str) -> Option<usize> {
    let is_inside = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    let (mut at, mut is_behind) = (0, false);
    while let Some(rest) = line.get(at..).filter(|rest| !rest.is_empty()) {
        let is_hash = BEGINS.iter().any(|begin| rest.starts_with(begin)) && !rest.starts_with("${");
        let length = rest.find(|c| !is_inside(c)).unwrap_or(rest.len());
        // An element's end says nothing.
        let is_said = is_behind && length > 0 && !line.get(..at)?.ends_with("</");
        if is_hash || is_said || is_key(rest) {
            return Some(at);
        }
        is_behind |= is_secret(rest.get(..length)?);
        at += length.max(rest.chars().next().map_or(1, char::len_utf8));
    }
    None
}

/// Whether a text begins as a key does that is written in base64 or hexadecimal.
fn is_key(text: &str) -> bool {
    let Some(head) = text.as_bytes().get(..LONG) else { return false };
    let is_of = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/' | b'=');
    let has = |is_one: fn(&u8) -> bool| head.iter().any(is_one);
    // A path has slashes as well.
    let is_mixed = has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) || !head.contains(&b'/');
    has(u8::is_ascii_digit) && is_mixed && head.iter().all(is_of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_behind_a_secrets_word_and_what_looks_like_one_is_masked() {
        for (line, expected) in [
            ("username admin privilege 15 secret 5 $1$ab$cd", "username admin privilege 15 secret masked"),
            (
                "set system root-authentication encrypted-password \"$6$ab\"",
                "set system root-authentication encrypted-password \"masked",
            ),
            ("snmp-server community public ro", "snmp-server community masked"),
            ("set system login user a \"$9$ab\"", "set system login user a \"masked"),
            ("  <password>hunter2</password>", "  <password>masked"),
            ("<auth-password>x</auth-password>", "<auth-password>masked"),
            ("{\"snmp_password\": \"hunter2\"}", "{\"snmp_password\": \"masked"),
            ("a\npassword x\nb", "a\npassword masked\nb"),
            ("</password>", "</password>"),
            ("password", "password"),
            ("/interfaces/interface[Ethernet1]/config/mtu", "/interfaces/interface[Ethernet1]/config/mtu"),
            ("set interfaces xe-0/0/1 description \u{e9}t\u{e9}", "set interfaces xe-0/0/1 description \u{e9}t\u{e9}"),
            ("", ""),
        ] {
            assert_eq!(masked(line), expected, "{line}");
        }
        let long = format!("  {}", "0aB/".repeat(16));
        assert_eq!(masked(&long), "  masked");
    }
}
