//! Loading a private key without trusting the file system too much.

use std::{path::Path, sync::Arc};

use russh::keys::{self, PrivateKey};
use secrecy::ExposeSecret;

use super::{KeyFile, SshError};

/// No private key is larger.
const MAX_FILE_BYTES: u64 = 64 << 10;

/// Reads and decrypts the key away from the async threads: an encrypted OpenSSH
/// key takes some tenths of a second of computing.
pub(super) async fn load(file: KeyFile) -> Result<Arc<PrivateKey>, SshError> {
    let path = file.path.clone();
    let loading = tokio::task::spawn_blocking(move || decode(&file));
    loading
        .await
        .unwrap_or_else(|error| Err(error.to_string()))
        .map(Arc::new)
        .map_err(|reason| SshError::KeyFile { path, reason })
}

fn decode(file: &KeyFile) -> Result<PrivateKey, String> {
    private(&file.path)?;
    let text = std::fs::read_to_string(&file.path).map_err(|error| error.to_string())?;
    let passphrase = file.passphrase.as_ref().map(ExposeSecret::expose_secret);
    keys::decode_secret_key(&text, passphrase).map_err(|error| match error {
        keys::Error::KeyIsEncrypted => "it is encrypted and no passphrase is configured".to_owned(),
        _ if passphrase.is_some() => format!("it cannot be decrypted or read ({error})"),
        _ => format!("it cannot be read ({error})"),
    })
}

fn private(path: &Path) -> Result<(), String> {
    let file = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if !file.is_file() {
        return Err("it is not a file".to_owned());
    }
    if file.len() > MAX_FILE_BYTES {
        return Err(format!("it is larger than {MAX_FILE_BYTES} bytes"));
    }
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&file.permissions()) & 0o777;
        if mode & 0o077 != 0 {
            return Err(format!("others than its owner may use it (mode {mode:04o}); set it to 0600 or 0400"));
        }
    }
    Ok(())
}
