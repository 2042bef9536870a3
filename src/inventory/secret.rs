use super::command::{CommandError, SecretCommand};
use crate::config::FileAccess;
use crate::config::source::{self, SourceError};
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroize as _};
use std::fmt;
use std::path::{Path, PathBuf};

/// A secret file may be this big, in bytes.
const MAX_SECRET: u64 = 64 * 1024;

/// Where a secret is; its content is read when it is needed, by [`SecretRef::resolve`].
///
/// `Debug` shows the kind and the file's or variable's name, never the content.
#[derive(Clone)]
pub enum SecretRef {
    /// Written in the inventory file itself.
    Inline(SecretString),
    /// In a file of its own, which may end in one newline.
    File {
        /// The file.
        path: PathBuf,
        /// Who besides the owner may be able to read it.
        access: FileAccess,
    },
    /// In an environment variable of the service.
    Env(String),
    /// What a command prints, which may end in one newline.
    Command(SecretCommand),
}

/// Why a secret could not be had; never tells what is in it.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file is missing, unreadable, not a regular file, not text, or over 64 KiB.
    #[error(transparent)]
    File(#[from] SourceError),
    /// Others may read the file.
    #[error("{path} has mode {mode:03o}, so others may read it ({advice} makes it private)")]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
        /// The command that puts it right.
        advice: &'static str,
    },
    /// The file holds nothing.
    #[error("{path} is empty")]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The command gave none.
    #[error("{program}")]
    Command {
        /// The program, without its arguments.
        program: String,
        /// What came of it.
        source: CommandError,
    },
    /// The command printed nothing, or no text.
    #[error("{0} printed no text")]
    NoText(String),
    /// The variable is not set, or set to nothing.
    #[error("environment variable {0} is not set")]
    EnvMissing(String),
    /// The variable holds something that is not UTF-8.
    #[error("environment variable {0} is not UTF-8 text")]
    EnvNotText(String),
}

impl SecretRef {
    /// The secret itself, read now; a file or variable that changed is read anew, and a
    /// command is run, for as long as it may take: not for a worker of the runtime, which
    /// has [`SecretRef::obtain`].
    ///
    /// # Errors
    /// [`SecretError`], when the place it is in does not hold a usable secret.
    pub fn resolve(&self) -> Result<SecretString, SecretError> {
        match self {
            SecretRef::Inline(secret) => Ok(secret.expose_secret().into()),
            SecretRef::File { path, access } => {
                let mut source = source::read(path, MAX_SECRET)?;
                if !access.permits(source.mode) {
                    let (path, mode, advice) = (path.clone(), source.mode, access.advice());
                    return Err(SecretError::Exposed { path, mode, advice });
                }
                let text = without_end(&source.text);
                if text.is_empty() {
                    return Err(SecretError::Empty { path: path.clone() });
                }
                let secret = text.into();
                source.text.zeroize();
                Ok(secret)
            }
            SecretRef::Env(name) => match std::env::var(name) {
                Ok(text) if !text.is_empty() => Ok(text.into()),
                Ok(_) | Err(std::env::VarError::NotPresent) => Err(SecretError::EnvMissing(name.clone())),
                Err(std::env::VarError::NotUnicode(_)) => Err(SecretError::EnvNotText(name.clone())),
            },
            SecretRef::Command(command) => {
                let program = || command.argv.first().cloned().unwrap_or_default();
                let output = command.output(MAX_SECRET);
                let output = output.map_err(|source| SecretError::Command { program: program(), source })?;
                let text = str::from_utf8(output.expose_secret()).map(without_end).unwrap_or_default();
                if text.is_empty() { Err(SecretError::NoText(program())) } else { Ok(text.into()) }
            }
        }
    }

    /// The same away from the workers of the runtime, where it may take long.
    ///
    /// # Errors
    /// As of [`SecretRef::resolve`].
    pub async fn obtain(&self) -> Result<SecretString, SecretError> {
        let SecretRef::Command(command) = self else { return self.resolve() };
        let (secret, program) = (self.clone(), command.argv.first().cloned().unwrap_or_default());
        let obtained = tokio::task::spawn_blocking(move || secret.resolve()).await;
        obtained.unwrap_or(Err(SecretError::NoText(program)))
    }

    /// The file that it is in, if it is in one of its own.
    pub fn file(&self) -> Option<&Path> {
        match self {
            SecretRef::File { path, .. } => Some(path),
            SecretRef::Inline(_) | SecretRef::Env(_) | SecretRef::Command(_) => None,
        }
    }

    /// Whether the secret is written in the inventory file itself.
    pub const fn is_inline(&self) -> bool {
        matches!(self, SecretRef::Inline(_))
    }
}

/// Without the newline that ends it.
fn without_end(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

/// Whether both are of one place, or the same text; not for what a caller sends.
impl PartialEq for SecretRef {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (SecretRef::Inline(one), SecretRef::Inline(other)) => one.expose_secret() == other.expose_secret(),
            (SecretRef::File { path, access }, SecretRef::File { path: other, access: theirs }) => {
                path == other && access == theirs
            }
            (SecretRef::Env(one), SecretRef::Env(other)) => one == other,
            (SecretRef::Command(one), SecretRef::Command(other)) => one == other,
            (SecretRef::Inline(_) | SecretRef::File { .. } | SecretRef::Env(_) | SecretRef::Command(_), _) => false,
        }
    }
}

impl fmt::Debug for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SecretRef::Inline(_) => f.write_str("Inline"),
            SecretRef::File { path, .. } => write!(f, "File({})", path.display()),
            SecretRef::Env(name) => write!(f, "Env({name})"),
            SecretRef::Command(command) => write!(f, "Command({:?})", command.argv),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    fn file(directory: &Path, content: &[u8], mode: u32) -> PathBuf {
        let path = directory.join("secret");
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    fn read(path: PathBuf, access: FileAccess) -> Result<String, String> {
        let secret = SecretRef::File { path, access }.resolve();
        secret.map(|s| s.expose_secret().to_owned()).map_err(|e| e.to_string())
    }

    #[test]
    fn one_trailing_newline_of_a_secret_file_is_cut() {
        let dir = tempfile::tempdir().unwrap();
        for (content, secret) in [
            ("word", "word"),
            ("word\n", "word"),
            ("word\r\n", "word"),
            ("word\n\n", "word\n"),
            (" word ", " word "),
            ("a\nb\n", "a\nb"),
        ] {
            let path = file(dir.path(), content.as_bytes(), 0o600);
            assert_eq!(read(path, FileAccess::Owner).as_deref(), Ok(secret), "{content:?}");
        }
    }

    #[test]
    fn a_secret_file_that_others_may_read_is_refused_with_its_mode() {
        let dir = tempfile::tempdir().unwrap();
        for (mode, owner, group) in [
            (0o600, true, true),
            (0o400, true, true),
            (0o640, false, true),
            (0o440, false, true),
            (0o660, false, false),
            (0o604, false, false),
            (0o644, false, false),
            (0o610, false, false),
        ] {
            let path = file(dir.path(), b"word", mode);
            assert_eq!(read(path.clone(), FileAccess::Owner).is_ok(), owner, "{mode:o} owner");
            assert_eq!(read(path.clone(), FileAccess::Group).is_ok(), group, "{mode:o} group");
            assert!(read(path.clone(), FileAccess::Any).is_ok(), "{mode:o} any");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
        let path = file(dir.path(), b"word", 0o644);
        let error = read(path.clone(), FileAccess::Owner).unwrap_err();
        assert!(error.contains("mode 644") && error.contains(path.to_str().unwrap()), "{error}");
        assert!(!error.contains("word"));
    }

    #[test]
    fn what_is_not_a_small_regular_text_file_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let limit = usize::try_from(MAX_SECRET).unwrap();
        let whole = file(dir.path(), &vec![b'x'; limit], 0o600);
        assert_eq!(read(whole, FileAccess::Owner).unwrap().len(), limit);
        for (content, problem) in
            [(vec![b'x'; limit + 1], "larger than 65536"), (vec![0xff, 0xfe], "not UTF-8"), (vec![b'\n'], "empty")]
        {
            let path = file(dir.path(), &content, 0o600);
            let error = read(path, FileAccess::Owner).unwrap_err();
            assert!(error.contains(problem), "{error}");
        }
        let error = read(dir.path().to_owned(), FileAccess::Owner).unwrap_err();
        assert!(error.contains("not a regular file"), "{error}");
        let error = read(PathBuf::from("/dev/null"), FileAccess::Owner).unwrap_err();
        assert!(error.contains("not a regular file"), "{error}");
        let error = read(dir.path().join("absent"), FileAccess::Owner).unwrap_err();
        assert!(error.contains("cannot read"), "{error}");
    }

    #[test]
    fn a_missing_variable_is_named() {
        let secret = SecretRef::Env("MERCURY_TEST_NEVER_SET".into());
        let error = secret.resolve().unwrap_err();
        assert_eq!(error.to_string(), "environment variable MERCURY_TEST_NEVER_SET is not set");
        assert!(SecretRef::Env("PATH".into()).resolve().is_ok());
    }

    #[test]
    fn debug_tells_where_a_secret_is_and_not_what() {
        let inline = SecretRef::Inline("hunter2".into());
        assert_eq!(format!("{inline:?}"), "Inline");
        let file = SecretRef::File { path: "/run/leaf1".into(), access: FileAccess::Owner };
        assert_eq!(format!("{file:?}"), "File(/run/leaf1)");
        assert_eq!(format!("{:?}", SecretRef::Env("LEAF1".into())), "Env(LEAF1)");
    }
}
