//! SSH against a server of our own, which can misbehave, and against OpenSSH.

mod openssh;
mod server;

use std::{fs, path::Path};

use mercury_adapter::{Budget, chain};

use super::*;

/// Options for a peer on loopback that does not check anything.
fn options(port: u16) -> SshOptions {
    SshOptions {
        port,
        host_key: HostKeyPolicy::Insecure,
        connect_timeout: Duration::from_secs(20),
        ..SshOptions::new("127.0.0.1", "mercury")
    }
}

/// Writes a file only its owner can read.
fn write_private(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

fn key_file(path: &Path, passphrase: Option<&str>) -> Option<KeyFile> {
    Some(KeyFile { path: path.to_owned(), passphrase: passphrase.map(SecretString::from) })
}
