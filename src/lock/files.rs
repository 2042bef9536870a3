//! Lock files, for the Mercury processes of one host.
//!
//! A lock file is the only thing Mercury writes. It is never removed: whoever
//! waits for it has it open already.

use std::{
    fs::{self, File, Metadata, TryLockError},
    io::{self, Read as _, Seek as _, Write as _},
    os::{
        fd::OwnedFd,
        unix::fs::{DirBuilderExt as _, MetadataExt as _},
    },
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use futures_util::{FutureExt as _, future::BoxFuture};
use rustix::{
    fs::{Access, Mode, OFlags},
    io::Errno,
};
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

    /// Whether lock files can be had, as far as that can be told without making
    /// anything.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self) -> io::Result<()> {
        let about = |error: io::Error| io::Error::other(format!("{}: {error}", self.folder.display()));
        let there = self.folder.ancestors().find(|folder| folder.symlink_metadata().is_ok()).unwrap_or(Path::new("."));
        if there == self.folder {
            self.open_folder().map_err(about)?;
        } else if !there.is_dir() {
            return Err(about(io::ErrorKind::NotADirectory.into()));
        }
        rustix::fs::access(there, Access::WRITE_OK | Access::EXEC_OK).map_err(|error| about(error.into()))?;
        if rustix::fs::statvfs(there).is_ok_and(|disk| disk.f_blocks > 0 && disk.f_bavail == 0) {
            return Err(about(io::ErrorKind::StorageFull.into()));
        }
        Ok(())
    }

    /// The folder, which nobody but Mercury's user may change, or somebody could
    /// lead every lock elsewhere. It is made where it is not there.
    fn open_folder(&self) -> io::Result<OwnedFd> {
        if !self.folder.is_dir() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        }
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let folder = rustix::fs::open(&self.folder, flags, Mode::empty()).map_err(|error| match error {
            Errno::NOTDIR | Errno::LOOP => io::Error::other("it is a symbolic link, or no folder"),
            error => error.into(),
        })?;
        let found = rustix::fs::fstat(&folder)?;
        let mode = found.st_mode & 0o7777;
        if found.st_uid != 0 && found.st_uid != rustix::process::geteuid().as_raw() {
            return Err(io::Error::other(format!("it belongs to user {}", found.st_uid)));
        }
        if mode & 0o022 != 0 {
            let message =
                format!("it has mode {mode:o}, so others may change it; chmod 700, or name a folder below it");
            return Err(io::Error::other(message));
        }
        Ok(folder)
    }

    /// A lock file of Mercury's own and nothing else; nothing is changed in it.
    fn open(&self, name: &str) -> io::Result<LockFile> {
        let name = file_name(name);
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = rustix::fs::openat(self.open_folder()?, &name, flags, Mode::RUSR | Mode::WUSR);
        let in_it = |problem: &str| io::Error::other(format!("{name} {problem}"));
        let mut file = File::from(file.map_err(|error| match error {
            Errno::LOOP => in_it("is a symbolic link"),
            error => in_it(&error.to_string()),
        })?);
        let found = file.metadata()?;
        if !found.is_file() {
            return Err(in_it("is no regular file"));
        }
        if found.uid() != rustix::process::geteuid().as_raw() {
            return Err(in_it(&format!("belongs to user {}", found.uid())));
        }
        if found.nlink() > 1 {
            return Err(in_it("has another name elsewhere"));
        }
        signed(&mut file).map_err(|_| in_it("holds something else than a lock; it is left as it is"))?;
        Ok(LockFile { path: self.folder.join(&name), file })
    }

    async fn take(&self, name: &str, wait: Duration) -> Result<Box<dyn Held>, Fault> {
        let impossible = |error: &io::Error| {
            let folder = self.folder.display();
            Fault::new(FaultKind::Machine, format!("no lock file can be had in {folder}: {error}"))
        };
        let (deadline, mut pause) = (Instant::now() + wait, FIRST_PAUSE);
        let mut lock = self.open(name).map_err(|error| impossible(&error))?;
        loop {
            match lock.file.try_lock() {
                Ok(()) if lock.is_held() => {
                    sign(&mut lock.file).map_err(|error| impossible(&error))?;
                    return Ok(Box::new(lock));
                }
                // Somebody took the file away, and whoever comes now makes another.
                Ok(()) => lock = self.open(name).map_err(|error| impossible(&error))?,
                Err(TryLockError::Error(error)) => return Err(impossible(&error)),
                Err(TryLockError::WouldBlock) => {}
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let process = signed(&mut lock.file).ok().flatten();
                let process = process.map(|process| format!(" (process {process})")).unwrap_or_default();
                let waited = wait.as_secs();
                let message = format!(
                    "another Mercury{process} on this host has been changing the switch for {waited} s and more"
                );
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

    fn check(&self) -> Result<(), Fault> {
        Self::check(self).map_err(|error| Fault::new(FaultKind::Machine, error.to_string()))
    }
}

struct LockFile {
    path: PathBuf,
    file: File,
}

impl Held for LockFile {
    /// Whether the file that is locked is still the one of that name: whoever
    /// takes it away lets others lock another.
    fn is_held(&self) -> bool {
        let place = |found: &Metadata| (found.dev(), found.ino());
        match (fs::symlink_metadata(&self.path), self.file.metadata()) {
            (Ok(named), Ok(locked)) => place(&named) == place(&locked),
            _ => false,
        }
    }
}

/// What the lock of this name is called in the folder, and nowhere else.
fn file_name(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' || c == '-' { c } else { '_' };
    format!("{}.lock", name.chars().map(plain).collect::<String>())
}

/// Who has it, for whoever looks at the file.
fn sign(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

/// The process that signed it last; whoever locks it may be about to.
///
/// # Errors
/// It holds something else.
fn signed(file: &mut File) -> io::Result<Option<u32>> {
    let mut text = String::new();
    file.rewind()?;
    file.take(32).read_to_string(&mut text)?;
    match text.trim_end() {
        "" => Ok(None),
        process => process.parse().map(Some).map_err(io::Error::other),
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
    use std::os::unix::fs::{PermissionsExt as _, chown, symlink};

    use rustix::fs::{CWD, FileType, mknodat};

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

    /// Why the lock `x` is not to be had in a folder that `prepare` has been at.
    async fn refused(prepare: impl FnOnce(&Path)) -> String {
        let folder = tempfile::tempdir().unwrap();
        let locks = folder.path().join("locks");
        fs::DirBuilder::new().mode(0o700).create(&locks).unwrap();
        prepare(&locks);
        let fault = LockFiles::new(Some(locks)).acquire("x", SOON).await.err().unwrap();
        fault.message
    }

    #[tokio::test]
    async fn what_is_not_a_lock_file_of_ones_own_is_left_as_it_is() {
        let treasure = tempfile::NamedTempFile::new().unwrap();
        fs::write(treasure.path(), "4711\n").unwrap();
        let theirs = || treasure.path();
        let link = refused(|locks| symlink(theirs(), locks.join("x.lock")).unwrap()).await;
        let hard = refused(|locks| {
            fs::copy(theirs(), locks.join("y")).unwrap();
            fs::hard_link(locks.join("y"), locks.join("x.lock")).unwrap();
        });
        let text = refused(|locks| fs::write(locks.join("x.lock"), "a text of somebody's").unwrap());
        let pipe = refused(|locks| mknodat(CWD, locks.join("x.lock"), FileType::Fifo, Mode::RUSR, 0).unwrap());
        let folder = refused(|locks| fs::create_dir(locks.join("x.lock")).unwrap());
        for (message, reason) in [
            (link, "symbolic link"),
            (hard.await, "has another name"),
            (text.await, "holds something else"),
            (pipe.await, "no regular file"),
            (folder.await, "directory"),
        ] {
            assert!(message.contains(reason), "{message}");
        }
        assert_eq!(fs::read_to_string(theirs()).unwrap(), "4711\n");
    }

    #[tokio::test]
    async fn a_folder_that_others_may_change_is_refused() {
        let open = |mode| refused(move |locks| fs::set_permissions(locks, fs::Permissions::from_mode(mode)).unwrap());
        for (mode, reason) in [(0o777, "mode 777"), (0o770, "mode 770"), (0o1777, "mode 1777")] {
            let message = open(mode).await;
            assert!(message.contains(reason), "{message}");
        }
        let elsewhere = tempfile::tempdir().unwrap();
        let message = refused(|locks| {
            fs::remove_dir(locks).unwrap();
            symlink(elsewhere.path(), locks).unwrap();
        });
        assert!(message.await.contains("link"));
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn what_belongs_to_somebody_else_is_refused() {
        if !rustix::process::geteuid().is_root() {
            eprintln!("left out: only root can give files away");
            return;
        }
        let folder = refused(|locks| chown(locks, Some(65534), None).unwrap()).await;
        assert!(folder.contains("user 65534"), "{folder}");
        let file = refused(|locks| {
            fs::write(locks.join("x.lock"), "").unwrap();
            chown(locks.join("x.lock"), Some(65534), None).unwrap();
        });
        let file = file.await;
        assert!(file.contains("user 65534"), "{file}");
    }

    #[tokio::test]
    async fn a_lock_file_that_was_taken_away_locks_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let locks = LockFiles::new(Some(folder.path().join("locks")));
        let file = locks.folder().join("x.lock");
        let first = locks.acquire("x", SOON).await.unwrap();
        let waiter = locks.clone();
        let mut waiting = Box::pin(waiter.acquire("x", Duration::from_secs(60)));
        assert!(waiting.as_mut().now_or_never().is_none(), "it has the file open that is taken away");
        fs::remove_file(&file).unwrap();
        assert!(!first.is_held());
        let second = locks.acquire("x", SOON).await.unwrap();
        assert!(second.is_held());
        drop(first);
        assert!(waiting.as_mut().now_or_never().is_none());
        drop(second);
        assert!(waiting.await.unwrap().is_held());
    }

    #[test]
    fn whether_there_can_be_locks_is_known_without_making_any() {
        let place = tempfile::tempdir().unwrap();
        let check = |folder: PathBuf| LockFiles::new(Some(folder)).check().map_err(|error| error.to_string());
        assert_eq!(check(place.path().join("a/b")), Ok(()));
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
        fs::write(place.path().join("file"), "").unwrap();
        assert!(check(place.path().join("file/below")).unwrap_err().contains("file/below"));
        fs::create_dir(place.path().join("open")).unwrap();
        fs::set_permissions(place.path().join("open"), fs::Permissions::from_mode(0o777)).unwrap();
        assert!(check(place.path().join("open")).unwrap_err().contains("mode 777"));
    }

    #[tokio::test]
    async fn where_there_can_be_no_lock_nothing_is_done() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let fault = LockFiles::new(Some(file.path().join("below-a-file"))).acquire("x", SOON).await.err().unwrap();
        assert_eq!(fault.kind, FaultKind::Machine);
        assert!(fault.message.contains("below-a-file"), "{fault}");
    }
}
