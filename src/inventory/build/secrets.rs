//! Where a switch's secrets are, and whether they can be had.

use crate::config::FileAccess;
use crate::config::fields::{Entry, Value};
use crate::config::reader::{Reader, beside};
use crate::finding::{Code, Finding};
use crate::inventory::private_key::KeyForm;
use crate::inventory::{SecretError, SecretRef};
use secrecy::ExposeSecret as _;
use std::path::PathBuf;

const MUST_BE: &str = "must be text, { file = \"...\" }, { env = \"NAME\" } or { credential = \"NAME\" }";

/// Text, `{ file = "..." }`, `{ env = "NAME" }` or `{ credential = "NAME" }`.
pub(crate) fn secret(reader: &mut Reader<'_>, key: &str, access: FileAccess) -> Option<SecretRef> {
    let found = reader.find(key)?;
    let Value::Table(table) = &found.entry.value else {
        return reader.text_of(&found).map(|text| SecretRef::Inline(text.into()));
    };
    let mut places = table.entries.iter();
    let place = match (places.next(), places.next()) {
        (Some((kind, Entry { value: Value::Text(text), .. })), None) if !text.is_empty() => match kind.as_str() {
            "file" => Some(SecretRef::File { path: beside(reader.file(), text), access }),
            "credential" if is_credential(text) => {
                // systemd lets nobody else into the folder.
                Some(SecretRef::File { path: credentials().join(text), access: FileAccess::Any })
            }
            "env" if !text.contains(['=', '\0']) => Some(SecretRef::Env(text.clone())),
            _ => None,
        },
        _ => None,
    };
    if place.is_none() {
        let finding = Finding::error(Code::BadValue, MUST_BE);
        reader.blame(&found, finding);
    }
    usable(reader, key, place, access)
}

/// What systemd calls a credential (systemd.exec(5), `LoadCredential=`).
fn is_credential(name: &str) -> bool {
    !name.contains(['/', '\0']) && name != "." && name != ".."
}

/// Where systemd puts a unit's credentials; those of `mercury.service` for whoever is not
/// started by it.
fn credentials() -> PathBuf {
    std::env::var_os("CREDENTIALS_DIRECTORY").map_or_else(|| "/run/credentials/mercury.service".into(), PathBuf::from)
}

/// The path of a file that is secret as a whole.
pub(super) fn secret_file(reader: &mut Reader<'_>, key: &str, access: FileAccess) -> Option<SecretRef> {
    let file = reader.path(key).map(|path| SecretRef::File { path, access });
    usable(reader, key, file, access)
}

/// The path of an SSH private key, which must be one, and open or with its `passphrase`.
pub(super) fn key_file(reader: &mut Reader<'_>, key: &str, access: FileAccess) -> Option<SecretRef> {
    let file = secret_file(reader, key, access)?;
    if access == FileAccess::Unasked {
        return Some(file);
    }
    let Ok(text) = file.resolve() else { return Some(file) };
    let (message, help) = match KeyForm::of(text.expose_secret()) {
        KeyForm::Encrypted if reader.find("passphrase").is_none() => {
            ("the key is encrypted, and there is no passphrase", "passphrase = { file = \"...\" }")
        }
        KeyForm::Private | KeyForm::Encrypted => return Some(file),
        KeyForm::Public => ("is a public key", "the private key, whose file has the same name without .pub"),
        KeyForm::Other => ("holds no private key", "a key as ssh-keygen makes it"),
    };
    reader.blame_key(key, Finding::error(Code::SecretUnavailable, message).help(help));
    Some(file)
}

/// A secret that cannot be had now will not be there for the first request either.
fn usable(reader: &mut Reader<'_>, key: &str, secret: Option<SecretRef>, access: FileAccess) -> Option<SecretRef> {
    if access == FileAccess::Unasked {
        return secret;
    }
    let error = secret.as_ref()?.resolve().err();
    if let Some(error) = error {
        let code = match error {
            SecretError::Exposed { .. } => Code::FilePermissions,
            _ => Code::SecretUnavailable,
        };
        reader.blame_key(key, Finding::caused(code, &error));
    }
    secret
}
