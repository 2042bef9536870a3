//! A socket of the file system, whose callers the system itself names.

use std::{
    fs, io,
    os::unix::{
        ffi::OsStrExt as _,
        fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _},
    },
    path::{Path, PathBuf},
};

use tokio::net::UnixListener;

use crate::config::Socket;

/// Why a socket cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// Something else is there.
    #[error("{0} is there and is no socket")]
    NoSocket(PathBuf),
    /// Another process listens on it.
    #[error("another process listens on {0}")]
    Taken(PathBuf),
    /// The system does not give it.
    #[error("cannot listen on {path}: {source}")]
    Io {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A bound socket; its file goes when this is dropped.
#[derive(Debug)]
pub(super) struct Bound {
    pub(super) socket: UnixListener,
    path: PathBuf,
    /// Device and inode.
    file: (u64, u64),
}

impl Bound {
    /// Binds it; what a process that died has left there is replaced.
    ///
    /// The socket is made beside its place and moved there with its mode set, so nobody
    /// finds it with another one.
    pub(super) fn bind(settings: &Socket) -> Result<Self, SocketError> {
        let path = settings.path.clone();
        vacant(&path)?;
        let failed = |source| SocketError::Io { path: path.clone(), source };
        let mut name = path.as_os_str().as_bytes().to_vec();
        name.extend_from_slice(format!(".{}", std::process::id()).as_bytes());
        let new = PathBuf::from(std::ffi::OsStr::from_bytes(&name));
        let socket = UnixListener::bind(&new).map_err(failed)?;
        let placed = fs::set_permissions(&new, fs::Permissions::from_mode(settings.mode))
            .and_then(|()| fs::symlink_metadata(&new))
            .and_then(|metadata| fs::rename(&new, &path).map(|()| metadata));
        let metadata = placed.map_err(|error| {
            let _gone = fs::remove_file(&new);
            failed(error)
        })?;
        Ok(Self { socket, file: (metadata.dev(), metadata.ino()), path })
    }
}

impl Drop for Bound {
    fn drop(&mut self) {
        let own = |metadata: &fs::Metadata| (metadata.dev(), metadata.ino()) == self.file;
        // Another process may have replaced it.
        if fs::symlink_metadata(&self.path).is_ok_and(|metadata| own(&metadata)) {
            let _gone = fs::remove_file(&self.path);
        }
    }
}

/// Nothing is there, or a socket that nobody listens on.
fn vacant(path: &Path) -> Result<(), SocketError> {
    let failed = |source| SocketError::Io { path: path.to_owned(), source };
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
        Ok(metadata) if !metadata.file_type().is_socket() => return Err(SocketError::NoSocket(path.to_owned())),
        Ok(_) => {}
    }
    match std::os::unix::net::UnixStream::connect(path) {
        Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound) => Ok(()),
        Err(error) => Err(failed(error)),
        Ok(_) => Err(SocketError::Taken(path.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(path: PathBuf) -> Socket {
        Socket { path, mode: 0o660, uids: vec![0], gids: Vec::new() }
    }

    #[tokio::test]
    async fn what_a_dead_process_left_is_replaced_and_nothing_else_is() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("mercury.sock");
        let bound = Bound::bind(&settings(path.clone())).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o660);
        assert!(matches!(Bound::bind(&settings(path.clone())), Err(SocketError::Taken(_))));
        drop(bound);
        assert!(!path.exists());
        // As after SIGKILL.
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        let bound = Bound::bind(&settings(path.clone())).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing lies about");
        fs::remove_file(&path).unwrap();
        fs::write(&path, "somebody's").unwrap();
        drop(bound);
        assert_eq!(fs::read_to_string(&path).unwrap(), "somebody's");
        assert!(matches!(Bound::bind(&settings(path.clone())), Err(SocketError::NoSocket(_))));
        let absent = folder.path().join("absent/mercury.sock");
        assert!(matches!(Bound::bind(&settings(absent)), Err(SocketError::Io { .. })));
    }
}
