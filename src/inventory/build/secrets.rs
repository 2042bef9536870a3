//! Where a switch's secrets are, and whether they can be had.

use crate::config::FileAccess;
use crate::config::fields::{Entry, Table, Value};
use crate::config::reader::{Reader, beside, seconds};
use crate::finding::{Code, Finding};
use crate::inventory::private_key::KeyForm;
use crate::inventory::{SecretCommand, SecretError, SecretRef};
use secrecy::ExposeSecret as _;
use std::path::PathBuf;
use std::time::Duration;

const MUST_BE: &str = "must be text, { file = \"...\" }, { env = \"NAME\" }, { credential = \"NAME\" } or \
                       { command = [\"/PROGRAM\", ...], timeout = \"10s\" }";

/// How long a command may take where nothing is said, and at most, in seconds.
const COMMAND_TIMEOUT: u64 = 10;
const MAX_COMMAND_TIMEOUT: u64 = 60;

/// Text, `{ file = "..." }`, `{ env = "NAME" }`, `{ credential = "NAME" }` or
/// `{ command = [...] }`.
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
        _ => command(table),
    };
    if place.is_none() {
        let finding = Finding::error(Code::BadValue, MUST_BE);
        reader.blame(&found, finding);
    }
    usable(reader, key, place, access)
}

/// `command`, a list whose first is the whole path of a program, and `timeout` beside it.
fn command(table: &Table) -> Option<SecretRef> {
    let timeout = table.entries.get("timeout");
    if table.entries.len() != 1 + usize::from(timeout.is_some()) {
        return None;
    }
    let Value::List(items) = &table.entries.get("command")?.value else { return None };
    let text = |item: &Entry| match &item.value {
        Value::Text(text) if !text.contains('\0') => Some(text.clone()),
        _ => None,
    };
    let argv = items.iter().map(text).collect::<Option<Vec<_>>>()?;
    let seconds = match timeout.map(|entry| &entry.value) {
        None => COMMAND_TIMEOUT,
        Some(Value::Integer(seconds)) => u64::try_from(*seconds).ok()?,
        Some(Value::Text(text)) => seconds(text)?,
        Some(_) => return None,
    };
    let is_sound = argv.first()?.starts_with('/') && (1..=MAX_COMMAND_TIMEOUT).contains(&seconds);
    is_sound.then(|| SecretRef::Command(SecretCommand { argv, timeout: Duration::from_secs(seconds) }))
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
    let error = match secret.as_ref()? {
        // It is run for a session, not for each look at the files.
        SecretRef::Command(command) => {
            let program = command.argv.first().map_or("", String::as_str);
            if let Err(error) = rustix::fs::access(program, rustix::fs::Access::EXEC_OK) {
                let finding = Finding::error(Code::SecretUnavailable, format!("{program} cannot be run: {error}"));
                reader.blame_key(key, finding);
            }
            None
        }
        other => other.resolve().err(),
    };
    if let Some(error) = error {
        let code = match error {
            SecretError::Exposed { .. } => Code::FilePermissions,
            _ => Code::SecretUnavailable,
        };
        reader.blame_key(key, Finding::caused(code, &error));
    }
    secret
}
