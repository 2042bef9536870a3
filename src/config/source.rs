//! Reading a configuration or secret file without trusting it.

use rustix::fs::Access;
use std::fs::{File, Metadata};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::finding::{Code, Finding};

/// Who besides the owner may be able to read a file that holds a secret.
///
/// Kubernetes gives a mounted secret to the pod's group (`fsGroup`), or to
/// everybody in the pod (`defaultMode` 0644): a container says so here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FileAccess {
    /// Nobody: no bit of `077` may be set. The default.
    #[default]
    Owner,
    /// The file's group may read: no bit of `037` may be set.
    Group,
    /// Modes are not looked at.
    Any,
    /// Neither secrets are looked for, nor what switches and callers are known by: nobody is asked.
    Unasked,
}

impl FileAccess {
    /// Whether a file of this mode may hold a secret.
    pub(crate) fn permits(self, mode: u32) -> bool {
        match self {
            FileAccess::Owner => mode & 0o077 == 0,
            FileAccess::Group => mode & 0o037 == 0,
            FileAccess::Any | FileAccess::Unasked => true,
        }
    }

    /// The highest mode that is permitted, for advice.
    pub(crate) fn advice(self) -> &'static str {
        match self {
            FileAccess::Owner => "chmod 600",
            FileAccess::Group | FileAccess::Any | FileAccess::Unasked => "chmod 640",
        }
    }
}

/// A file's text and its permission bits.
pub(crate) struct Source {
    pub(crate) text: String,
    pub(crate) mode: u32,
}

/// What tells one state of a file from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    /// Changes with every write, also one that puts the times back.
    changed: (i64, i64),
}

impl Stamp {
    /// Of the file as it is now; `None` when it is not there. Taken before reading,
    /// so that a change while reading is seen next time.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        std::fs::metadata(path).ok().map(|metadata| Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }
}

/// Why a file was not read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The operating system refused.
    #[error("cannot read {path}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A directory, a device, a pipe.
    #[error("{path} is not a regular file")]
    NotRegular {
        /// The file.
        path: PathBuf,
    },
    /// More than the limit.
    #[error("{path} is larger than {limit} bytes")]
    TooBig {
        /// The file.
        path: PathBuf,
        /// The limit, in bytes.
        limit: u64,
    },
    /// Not text.
    #[error("{path} is not UTF-8 text")]
    NotText {
        /// The file.
        path: PathBuf,
    },
}

impl SourceError {
    /// It as a finding at its file, which is not named once more.
    pub(crate) fn finding(&self) -> Finding {
        let (path, message) = match self {
            Self::Io { path, source } => (path, format!("cannot be read: {source}")),
            Self::NotRegular { path } => (path, "is not a regular file".to_owned()),
            Self::TooBig { path, limit } => (path, format!("is larger than {limit} bytes")),
            Self::NotText { path } => (path, "is not UTF-8 text".to_owned()),
        };
        Finding::error(Code::Unreadable, message).at(path, None)
    }
}

/// Reads a regular file of at most `limit` bytes of UTF-8.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Source, SourceError> {
    let io = |source| SourceError::Io { path: path.to_owned(), source };
    // Asked before opening too, because opening a pipe that nobody writes to would wait for ever.
    regular(path, &std::fs::metadata(path).map_err(io)?)?;
    let file = File::open(path).map_err(io)?;
    let metadata = file.metadata().map_err(io)?;
    regular(path, &metadata)?;
    // Large enough at once, so that no copy of a part of a secret is left behind.
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len().min(limit) + 2).unwrap_or_default());
    file.take(limit + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > limit {
        return Err(SourceError::TooBig { path: path.to_owned(), limit });
    }
    let text = String::from_utf8(bytes).map_err(|_| SourceError::NotText { path: path.to_owned() })?;
    Ok(Source { text, mode: metadata.permissions().mode() & 0o7777 })
}

/// Whether a file could be made at a path; none is.
///
/// # Errors
/// Its folder is not there, or takes no files of this user's.
pub(crate) fn is_folder_open(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !std::fs::metadata(folder)?.is_dir() {
        return Err(std::io::Error::from(std::io::ErrorKind::NotADirectory));
    }
    Ok(rustix::fs::access(folder, Access::WRITE_OK | Access::EXEC_OK)?)
}

fn regular(path: &Path, metadata: &Metadata) -> Result<(), SourceError> {
    if metadata.is_file() { Ok(()) } else { Err(SourceError::NotRegular { path: path.to_owned() }) }
}
