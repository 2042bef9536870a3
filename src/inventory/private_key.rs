//! What a file says it is, of those that people give as `key_file`.

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// The contents of a key file, as far as its form tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyForm {
    /// A private key, or what may be one.
    Private,
    /// A private key under a passphrase.
    Encrypted,
    /// A public key, or a certificate.
    Public,
    /// No key at all.
    Other,
}

/// How OpenSSH's own format begins, before the cipher's name (OpenSSH's `PROTOCOL.key`).
const OPENSSH: &[u8] = b"openssh-key-v1\0";

/// How public keys begin in `authorized_keys` (RFC 4253 section 6.6), RFC 4716 and PEM.
const PUBLIC: &[&str] = &[
    "ssh-",
    "ecdsa-",
    "sk-ssh-",
    "sk-ecdsa-",
    "---- BEGIN SSH2 PUBLIC KEY",
    "-----BEGIN PUBLIC KEY",
    "-----BEGIN CERT",
];

impl KeyForm {
    /// Tells from the text alone; nothing is decrypted.
    pub(super) fn of(text: &str) -> Self {
        let text = text.trim_start();
        if PUBLIC.iter().any(|start| text.starts_with(start)) {
            return Self::Public;
        }
        // PuTTY's form says its encryption in a line of its own.
        if text.starts_with("PuTTY-User-Key-File-") {
            let open = text.lines().any(|line| line.trim_end() == "Encryption: none");
            return if open { Self::Private } else { Self::Encrypted };
        }
        let Some((_, behind)) = text.split_once("-----BEGIN ") else { return Self::Other };
        let Some((label, body)) = behind.split_once("-----") else { return Self::Other };
        match label {
            "OPENSSH PRIVATE KEY" if openssh_is_open(body) == Some(false) => Self::Encrypted,
            // RFC 5958 section 3.
            "ENCRYPTED PRIVATE KEY" => Self::Encrypted,
            // RFC 1421 section 4.6.1.1, as OpenSSL writes it.
            label if label.ends_with("PRIVATE KEY") => {
                if body.contains("Proc-Type: 4,ENCRYPTED") {
                    Self::Encrypted
                } else {
                    Self::Private
                }
            }
            _ => Self::Other,
        }
    }
}

/// Whether the cipher is `none`, where the beginning can be read at all.
fn openssh_is_open(body: &str) -> Option<bool> {
    // 15 bytes of magic and the length and text of a cipher's name: 48 hold `none`.
    let start: String = body.chars().filter(|c| !c.is_ascii_whitespace()).take(48).collect();
    let bytes = STANDARD.decode(start).ok()?;
    let named = bytes.strip_prefix(OPENSSH)?;
    Some(named.starts_with(b"\0\0\0\x04none"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The beginnings are those that OpenSSH 9.2, OpenSSL 3.0 and PuTTY 0.78 write.
    #[test]
    fn the_form_is_told_by_the_beginning() {
        let openssh = |bytes: &[u8]| {
            let body = STANDARD.encode([OPENSSH, bytes, &[7; 40]].concat());
            format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{body}\n-----END OPENSSH PRIVATE KEY-----\n")
        };
        let pem = |label: &str, body: &str| format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n");
        for (text, form) in [
            (openssh(b"\0\0\0\x04none\0\0\0\x04none"), KeyForm::Private),
            (openssh(b"\0\0\0\x0aaes256-ctr\0\0\0\x06bcrypt"), KeyForm::Encrypted),
            (pem("OPENSSH PRIVATE KEY", "!"), KeyForm::Private),
            (pem("RSA PRIVATE KEY", "MIIE"), KeyForm::Private),
            (pem("RSA PRIVATE KEY", "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nMIIE"), KeyForm::Encrypted),
            (pem("EC PRIVATE KEY", "MHcC"), KeyForm::Private),
            (pem("PRIVATE KEY", "MC4C"), KeyForm::Private),
            (pem("ENCRYPTED PRIVATE KEY", "MIGb"), KeyForm::Encrypted),
            (pem("CERTIFICATE", "MIIB"), KeyForm::Public),
            ("PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n".to_owned(), KeyForm::Private),
            ("PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: aes256-cbc\n".to_owned(), KeyForm::Encrypted),
            ("ssh-ed25519 AAAAC3 mercury".to_owned(), KeyForm::Public),
            ("ecdsa-sha2-nistp256 AAAAE2 mercury".to_owned(), KeyForm::Public),
            (pem("PUBLIC KEY", "MCow"), KeyForm::Public),
            ("---- BEGIN SSH2 PUBLIC KEY ----\n".to_owned(), KeyForm::Public),
            ("hunter2".to_owned(), KeyForm::Other),
            (String::new(), KeyForm::Other),
        ] {
            assert_eq!(KeyForm::of(&text), form, "{text}");
        }
    }
}
