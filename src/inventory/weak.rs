//! Secrets that are easily guessed; what they are is never told.

use std::path::Path;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::ExposeSecret as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use x509_parser::{
    der_parser::{ber::BerObject, parse_der},
    prelude::{FromDer as _, X509Certificate},
    public_key::PublicKey,
};

use super::{Inventory, SecretRef, Switch};
use crate::{
    auth::Htpasswd,
    config::{Settings, source},
    finding::{Code, Finding, Findings},
};

/// Characters of a password at least.
const LEAST_LENGTH: usize = 8;
/// The cost of a bcrypt hash at least.
const LEAST_COST: u32 = 10;
/// Bits of an RSA key at least.
const LEAST_BITS: usize = 2048;
/// A file of certificates may be this big, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// What systems are delivered with, and what comes to mind first; in small letters.
const WELL_KNOWN: &[&str] = &[
    "admin123",
    "changeme",
    "cumuluslinux!",
    "default",
    "juniper1",
    "juniper123",
    "letmein1",
    "nokiasrl1!",
    "password",
    "password1",
    "password123",
    "passw0rd",
    "qwerty123",
    "secret123",
    "welcome1",
    "yourpasswd",
    "yourpassword",
    "12345678",
    "123456789",
    "admin@123",
    "cisco123",
    "arista123",
    "mercury1",
    "ironic123",
];

/// The weak secrets of the settings and of the switches that are usable; a command is not
/// run.
#[must_use]
pub fn weak(settings: &Settings, inventory: &Inventory) -> Findings {
    let mut findings = Findings::default();
    if let Some(path) = &settings.htpasswd {
        for (user, cost) in Htpasswd::read(path).0.below(LEAST_COST) {
            let message = format!("the bcrypt cost is {cost}, below {LEAST_COST}");
            let finding = Finding::warning(Code::WeakSecret, message).field(format!("htpasswd.{user}"));
            findings.push(finding.at(path, None).help("htpasswd -B -C 10"));
        }
    }
    if let Some(tls) = &settings.tls {
        for (file, field) in [(Some(&tls.cert), "tls.cert"), (tls.client_ca.as_ref(), "tls.client_ca")] {
            findings.merge(file.and_then(|file| certificates(file, field)).into_iter().collect());
        }
    }
    for switch in inventory {
        of_switch(switch, &mut findings);
    }
    findings
}

fn of_switch(switch: &Switch, findings: &mut Findings) {
    let identity = &switch.identity;
    let field = |key: &str| format!("switch.{}.{key}", identity.name);
    let passwords =
        [("password", &identity.credentials.password), ("enable_secret", &identity.credentials.enable_secret)];
    for (key, secret) in passwords {
        let reason = secret.as_ref().and_then(resolved).and_then(|text| guessed(&text, &identity.username));
        findings.merge(
            reason.map(|reason| Finding::warning(Code::WeakSecret, reason).field(field(key))).into_iter().collect(),
        );
    }
    let key = switch.face.ssh().and_then(|ssh| ssh.key.as_ref());
    let chain = switch.face.tls().and_then(|tls| tls.client.as_ref()).map(|client| client.chain.as_path());
    let bits = key.and_then(resolved).and_then(|text| ssh_bits(&text)).filter(|bits| *bits < LEAST_BITS);
    findings.merge(bits.map(|bits| small(bits).field(field("key_file"))).into_iter().collect());
    findings.merge(chain.and_then(|chain| certificates(chain, &field("tls_cert"))).into_iter().collect());
}

fn resolved(secret: &SecretRef) -> Option<secrecy::SecretString> {
    match secret {
        SecretRef::Command(_) => None,
        other => other.resolve().ok(),
    }
}

/// Why a password is soon guessed.
fn guessed(password: &secrecy::SecretString, username: &str) -> Option<String> {
    let password = password.expose_secret();
    let is_known = WELL_KNOWN.iter().any(|known| password.eq_ignore_ascii_case(known));
    if password.eq_ignore_ascii_case(username) {
        Some("is the user's name".to_owned())
    } else if is_known {
        Some("is one that everybody tries".to_owned())
    } else if password.chars().count() < LEAST_LENGTH {
        Some(format!("has less than {LEAST_LENGTH} characters"))
    } else {
        None
    }
}

/// The first certificate of a file with a small key of RSA.
fn certificates(file: &Path, field: &str) -> Option<Finding> {
    let source = source::read(file, MAX_FILE).ok()?;
    let certificates = CertificateDer::pem_slice_iter(source.text.as_bytes()).filter_map(Result::ok);
    let mut bits = certificates.filter_map(|der| {
        let (_, certificate) = X509Certificate::from_der(&der).ok()?;
        match certificate.public_key().parsed().ok()? {
            PublicKey::RSA(key) => Some(key.key_size()).filter(|bits| *bits < LEAST_BITS),
            _ => None,
        }
    });
    bits.next().map(|bits| small(bits).field(field).at(file, None))
}

fn small(bits: usize) -> Finding {
    Finding::warning(Code::WeakSecret, format!("is a key of RSA with {bits} bits, below {LEAST_BITS}"))
}

/// The bits of a private key of RSA, as ssh-keygen writes it (PROTOCOL.key, whose public part
/// is not encrypted) or in PEM (PKCS #1, PKCS #8).
fn ssh_bits(text: &secrecy::SecretString) -> Option<usize> {
    let text = text.expose_secret();
    const BEGIN: &str = "-----BEGIN OPENSSH PRIVATE KEY-----";
    let Some(body) = text.trim_start().strip_prefix(BEGIN) else {
        return match PrivateKeyDer::from_pem_slice(text.as_bytes()).ok()? {
            PrivateKeyDer::Pkcs1(key) => pkcs1_bits(key.secret_pkcs1_der()),
            PrivateKeyDer::Pkcs8(key) => {
                let (_, object) = parse_der(key.secret_pkcs8_der()).ok()?;
                pkcs1_bits(object.as_sequence().ok()?.get(2)?.as_slice().ok()?)
            }
            _ => None,
        };
    };
    let body: String = body.split("-----").next()?.split_whitespace().collect();
    let bytes = STANDARD.decode(body).ok()?;
    let mut rest = bytes.strip_prefix(b"openssh-key-v1\0")?;
    // Cipher, key derivation and its options, the number of keys, then the first public key.
    for _ in 0..3 {
        rest = field(rest)?.1;
    }
    let mut key = field(rest.get(4..)?)?.0;
    let (kind, more) = field(key)?;
    if kind != b"ssh-rsa" {
        return None;
    }
    key = field(more)?.1;
    Some(bits(field(key)?.0))
}

/// A string of SSH (RFC 4251 section 5), and what follows it.
fn field(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

/// `RSAPrivateKey` (RFC 8017 appendix A.1.2): its second member is the modulus.
fn pkcs1_bits(der: &[u8]) -> Option<usize> {
    let (_, object): (_, BerObject<'_>) = parse_der(der).ok()?;
    let members = object.as_sequence().ok()?;
    (members.len() >= 9).then(|| members.get(1)?.as_slice().ok().map(bits)).flatten()
}

fn bits(modulus: &[u8]) -> usize {
    let modulus = modulus.iter().position(|byte| *byte != 0).and_then(|begin| modulus.get(begin..)).unwrap_or_default();
    let leading = modulus.first().map_or(0, |first| first.leading_zeros());
    (modulus.len() * 8).saturating_sub(usize::try_from(leading).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_password_that_is_soon_guessed_is_told_of_without_it() {
        let reason = |password: &str| guessed(&password.into(), "automation");
        for (password, said) in [
            ("short1!", "less than 8"),
            ("Automation", "the user's name"),
            ("NokiaSrl1!", "everybody tries"),
            ("Password123", "everybody tries"),
        ] {
            let told = reason(password).unwrap();
            assert!(told.contains(said) && !told.contains(password), "{told}");
        }
        assert_eq!(reason("bluebells in May"), None);
    }

    #[test]
    fn the_bits_of_a_key_of_rsa_are_counted_whatever_form_it_has() {
        let folder = tempfile::tempdir().unwrap();
        for (index, (bits, words)) in [
            (1024, &["-N", ""][..]),
            (3072, &["-N", "word"]),
            (1024, &["-N", "", "-m", "PEM"]),
            (2048, &["-N", "", "-m", "PKCS8"]),
        ]
        .into_iter()
        .enumerate()
        {
            let file = folder.path().join(index.to_string());
            let mut command = Command::new("ssh-keygen");
            command.args(["-q", "-t", "rsa", "-b", &bits.to_string(), "-f", file.to_str().unwrap()]).args(words);
            assert!(command.status().unwrap().success());
            let text = std::fs::read_to_string(file).unwrap();
            assert_eq!(ssh_bits(&text.into()), Some(bits), "{words:?}");
        }
        let file = folder.path().join("ed25519");
        let mut command = Command::new("ssh-keygen");
        command.args(["-q", "-t", "ed25519", "-N", "", "-f", file.to_str().unwrap()]);
        assert!(command.status().unwrap().success());
        assert_eq!(ssh_bits(&std::fs::read_to_string(file).unwrap().into()), None);
    }
}
