//! A file that may be moved away at any time.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{FallocateFlags, fallocate},
    io::Errno,
};

use super::chain::{self, Last};
use crate::config::source;

/// What there must be room for, in bytes: several lines.
const ROOM: u64 = 64 * 1024;

pub(super) struct LogFile {
    path: PathBuf,
    file: File,
    /// How long the file is up to the end of its last line.
    length: u64,
}

impl LogFile {
    /// Opens a file, which is made if it is not there, and tells its last line.
    ///
    /// # Errors
    /// It cannot be opened, holds something else, or another process writes to it.
    pub(super) fn open(path: PathBuf) -> io::Result<(Self, Option<Last>)> {
        let (file, last, length) = open(&path).map_err(|error| about(&path, &error))?;
        Ok((Self { path, file, length }, last))
    }

    /// Appends a line, which has no end yet.
    pub(super) fn append(&mut self, line: String, to_disk: bool) -> io::Result<()> {
        let line = line + "\n";
        let written = self.file.write_all(line.as_bytes());
        if let Err(error) = written.and_then(|()| if to_disk { self.file.sync_data() } else { Ok(()) }) {
            // A part of it is no line.
            let _part_stays = self.file.set_len(self.length);
            return Err(error);
        }
        self.length += line.len() as u64;
        Ok(())
    }

    /// Goes on in a new file when the old one was moved away; the chain goes on too, after
    /// the last line of what is there already.
    pub(super) fn follow(&mut self) -> io::Result<Option<Last>> {
        let own = self.file.metadata()?;
        let there = |there: std::fs::Metadata| (there.dev(), there.ino()) == (own.dev(), own.ino());
        if self.path.metadata().is_ok_and(there) {
            return Ok(None);
        }
        let (file, last, length) = open(&self.path)?;
        (self.file, self.length) = (file, length);
        Ok(last)
    }

    /// Whether the disk has room for more, which is kept for it; where a file system cannot
    /// say, the next line does.
    pub(super) fn has_room(&self) -> io::Result<()> {
        match fallocate(&self.file, FallocateFlags::KEEP_SIZE, self.length, ROOM) {
            Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::PERM | Errno::INTR) | Ok(()) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Whether a file could be the log; nothing is made or changed, and another process may
/// write to it.
///
/// # Errors
/// It is something else, or it or its folder cannot be written to.
pub(super) fn check(path: &Path) -> io::Result<()> {
    let checked = match OpenOptions::new().append(true).open(path) {
        Ok(file) if !file.metadata()?.is_file() => Err(no_file()),
        Ok(_) => chain::last_line(path).map(|_| ()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => source::is_folder_open(path),
        Err(error) => Err(error),
    };
    checked.map_err(|error| about(path, &error))
}

fn open(path: &Path) -> io::Result<(File, Option<Last>, u64)> {
    let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(no_file());
    }
    file.try_lock().map_err(|_| io::Error::other("another process writes to it"))?;
    let (last, length) = chain::last_line(path)?;
    if file.metadata()?.len() > length {
        tracing::warn!(file = %path.display(), "the audit log ends in a part of a line, which is taken away");
        file.set_len(length)?;
    }
    Ok((file, last, length))
}

fn no_file() -> io::Error {
    io::Error::other("it is no regular file")
}

fn about(path: &Path, error: &io::Error) -> io::Error {
    io::Error::other(format!("{}: {error}", path.display()))
}
