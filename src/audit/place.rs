//! Where the lines go.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use super::chain::{self, Last};

/// Standard output, or a file that may be moved away at any time.
pub(super) struct Place {
    file: Option<(PathBuf, File)>,
    /// How long the file is up to the end of its last line.
    length: u64,
    last: Last,
}

impl Place {
    pub(super) fn standard_output() -> Self {
        Self { file: None, length: 0, last: Last::default() }
    }

    /// A file, which is made if it is not there.
    ///
    /// # Errors
    /// It cannot be opened, holds something else, or another process writes to it.
    pub(super) fn file(path: PathBuf) -> io::Result<Self> {
        let about = |error: io::Error| io::Error::other(format!("{}: {error}", path.display()));
        let (file, last, length) = open(&path).map_err(about)?;
        Ok(Self { file: Some((path, file)), length, last: last.unwrap_or_default() })
    }

    /// Appends a record; where `to_disk`, it is on the disk then.
    pub(super) fn append(
        &mut self,
        record: serde_json::Map<String, serde_json::Value>,
        to_disk: bool,
    ) -> io::Result<()> {
        self.follow()?;
        let (line, last) = self.last.next(record);
        let line = line + "\n";
        match &mut self.file {
            None => {
                let mut output = io::stdout().lock();
                output.write_all(line.as_bytes())?;
                output.flush()?;
            }
            Some((_, file)) => {
                let written =
                    file.write_all(line.as_bytes()).and_then(|()| if to_disk { file.sync_data() } else { Ok(()) });
                if let Err(error) = written {
                    // A part of it is no line.
                    let _part_stays = file.set_len(self.length);
                    return Err(error);
                }
                self.length += line.len() as u64;
            }
        }
        self.last = last;
        Ok(())
    }

    /// Goes on in a new file when the old one was moved away; the chain goes on too.
    fn follow(&mut self) -> io::Result<()> {
        let Some((path, file)) = &self.file else { return Ok(()) };
        let own = file.metadata()?;
        let is_there = path.metadata().is_ok_and(|there| (there.dev(), there.ino()) == (own.dev(), own.ino()));
        if !is_there {
            let path = path.clone();
            let (file, last, length) = open(&path)?;
            self.file = Some((path, file));
            self.length = length;
            if let Some(last) = last {
                self.last = last;
            }
        }
        Ok(())
    }
}

fn open(path: &Path) -> io::Result<(File, Option<Last>, u64)> {
    let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    file.try_lock().map_err(|_| io::Error::other("another process writes to it"))?;
    let (last, length) = chain::last_line(path)?;
    if file.metadata()?.len() > length {
        tracing::warn!(file = %path.display(), "the audit log ends in a part of a line, which is taken away");
        file.set_len(length)?;
    }
    Ok((file, last, length))
}
