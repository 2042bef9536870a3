//! Files of private keys.

use tempfile::TempDir;

use super::{toml, write};
use crate::inventory::{Context, Inventory};

#[test]
fn a_key_file_that_nobody_can_log_in_with_is_a_finding() {
    let dir = TempDir::new().unwrap();
    write(&dir, "public", "ssh-ed25519 AAAAC3 mercury\n");
    write(&dir, "encrypted", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIGb\n");
    write(&dir, "other", "hunter2\n");
    write(&dir, "word", "hunter2\n");
    let passphrase = "\npassphrase = { file = \"word\" }";
    for (name, more, message) in [
        ("public", "", Some("is a public key")),
        ("encrypted", "", Some("the key is encrypted, and there is no passphrase")),
        ("encrypted", passphrase, None),
        ("other", "", Some("holds no private key")),
    ] {
        let text = toml(&format!("dialect = \"openconfig\"\nkey_file = {name:?}{more}"));
        let (_, findings) = Inventory::load(&[write(&dir, "i.toml", &text)], &Context::default());
        let said = findings.iter().map(|finding| finding.message.as_str()).collect::<Vec<_>>();
        assert_eq!(said, Vec::from_iter(message), "{name}{more}: {findings}");
        assert!(!findings.to_string().contains("hunter2"), "{findings}");
    }
}
