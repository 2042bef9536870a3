//! Lock files, for the Mercury processes of one host.
//!
//! A lock file is the only thing Mercury writes. It is never removed: whoever
//! waits for it has it open already.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read as _, Seek as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use futures_util::{FutureExt as _, future::BoxFuture};
use tokio::time::Instant;

use super::{Coordinator, Held};
use crate::fault::{Fault, FaultKind};

/// The first pause when another process has the lock; it doubles up to
/// [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// A file for each switch, locked with `flock(2)`: the kernel lets go of it
/// with the process that holds it.
#[derive(Clone, Debug)]
pub struct LockFiles {
    folder: PathBuf,
}

impl LockFiles {
    /// Locks in this folder, or in the usual one: what systemd's
    /// `RuntimeDirectory=` gives, `/run/lock/mercury`, or one of the user's own
    /// below the directory for temporary files. It is made when it is needed.
    #[must_use]
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self { folder: folder.unwrap_or_else(usual) }
    }

    /// As [`LockFiles::new`], for a service.
    #[must_use]
    pub fn shared(folder: Option<PathBuf>) -> Arc<dyn Coordinator> {
        Arc::new(Self::new(folder))
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn open(&self, name: &str) -> io::Result<File> {
        if !self.folder.is_dir() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        }
        let found = fs::symlink_metadata(&self.folder)?;
        // Below a folder that everybody may write to, somebody else may have been first.
        if !found.is_dir() || (found.mode() & 0o002 != 0 && found.mode() & 0o1000 == 0) {
            return Err(io::Error::other("the folder is a link, or everybody may change it"));
        }
        let file: String =
            name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' || c == '-' { c } else { '_' }).collect();
        OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(self.folder.join(format!("{file}.lock")))
    }

    async fn take(&self, name: &str, wait: Duration) -> Result<Box<dyn Held>, Fault> {
        let impossible = |error: &io::Error| {
            let folder = self.folder.display();
            Fault::new(FaultKind::Internal, format!("no lock file can be had in {folder}: {error}"))
        };
        let mut file = self.open(name).map_err(|error| impossible(&error))?;
        let (deadline, mut pause) = (Instant::now() + wait, FIRST_PAUSE);
        loop {
            match file.try_lock() {
                Ok(()) => {
                    sign(&mut file).map_err(|error| impossible(&error))?;
                    return Ok(Box::new(LockFile { _file: file }));
                }
                Err(TryLockError::Error(error)) => return Err(impossible(&error)),
                Err(TryLockError::WouldBlock) => {}
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let holder = holder(&mut file);
                let waited = wait.as_secs();
                let message = format!("{holder} on this host has been changing the switch for {waited} s and more");
                return Err(Fault::new(FaultKind::Locked, message));
            }
            tokio::time::sleep(pause.min(left)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

impl Coordinator for LockFiles {
    fn acquire<'a>(&'a self, name: &'a str, wait: Duration) -> BoxFuture<'a, Result<Box<dyn Held>, Fault>> {
        self.take(name, wait).boxed()
    }
}

struct LockFile {
    _file: File,
}

impl Held for LockFile {
    fn is_held(&self) -> bool {
        true
    }
}

/// Who has it, for whoever looks at the file.
fn sign(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.rewind().and_then(|()| file.take(32).read_to_string(&mut text));
    match text.trim().parse::<u32>() {
        Ok(process) if read.is_ok() => format!("another Mercury (process {process})"),
        _ => "another Mercury".to_owned(),
    }
}

fn usual() -> PathBuf {
    if let Some(given) = std::env::var_os("RUNTIME_DIRECTORY").filter(|given| !given.is_empty()) {
        return given.into();
    }
    let shared = PathBuf::from("/run/lock/mercury");
    let me = fs::metadata("/proc/self").map_or(0, |found| found.uid());
    match fs::metadata(&shared) {
        Ok(found) if found.uid() == me => shared,
        Err(_) if me == 0 => shared,
        _ => std::env::temp_dir().join(format!("mercury-{me}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(20);

    #[tokio::test]
    async fn two_holders_of_one_switch_wait_for_each_other_and_two_switches_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let locks = LockFiles::new(Some(folder.path().join("locks")));
        let held = locks.acquire("192.0.2.1:830", SOON).await.unwrap();
        assert!(held.is_held());
        let other = LockFiles::new(Some(locks.folder().to_owned()));
        let fault = other.acquire("192.0.2.1:830", SOON).await.err().unwrap();
        assert_eq!(fault.kind, FaultKind::Locked);
        assert!(fault.message.contains(&std::process::id().to_string()), "{fault}");
        assert!(other.acquire("192.0.2.1:831", SOON).await.is_ok());
        let waiting =
            tokio::spawn(async move { other.acquire("192.0.2.1:830", Duration::from_secs(60)).await.is_ok() });
        drop(held);
        assert!(waiting.await.unwrap());
    }

    #[tokio::test]
    async fn a_name_cannot_leave_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let locks = LockFiles::new(Some(folder.path().to_owned()));
        drop(locks.acquire("../../etc/passwd:1", SOON).await.unwrap());
        let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, [".._.._etc_passwd_1.lock"]);
    }

    #[tokio::test]
    async fn where_there_can_be_no_lock_nothing_is_done() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let fault = LockFiles::new(Some(file.path().join("below-a-file"))).acquire("x", SOON).await.err().unwrap();
        assert_eq!(fault.kind, FaultKind::Internal);
        assert!(fault.message.contains("below-a-file"), "{fault}");
    }
}
