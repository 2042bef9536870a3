//! Files that were not there before: all of them or none, and none written over.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use super::Failure;

/// Readable by whom the umask lets; a secret's by nobody else.
const OPEN: u32 = 0o666;
const PRIVATE: u32 = 0o600;

/// What was written so far; dropped without [`NewFiles::keep`] it is gone again.
#[derive(Default)]
pub(super) struct NewFiles {
    /// Files and folders, in the order in which they were made.
    made: Vec<PathBuf>,
}

/// Whether nothing of these names is in a folder yet.
///
/// # Errors
/// What is there, in a sentence; or what is called as the folder and is none.
pub(super) fn are_free(folder: &Path, names: &[&str]) -> Result<(), Failure> {
    if folder.exists() && !folder.is_dir() {
        return Err(Failure::Other(format!("{} is no folder", folder.display())));
    }
    let taken = names.iter().map(|name| folder.join(name)).find(|file| file.symlink_metadata().is_ok());
    match taken {
        Some(file) => Err(there(&file)),
        None => Ok(()),
    }
}

/// Whether a file can be new: nothing is there, and the folder that it is to be in is.
///
/// # Errors
/// Why not, in a sentence.
pub(super) fn is_free(file: &Path) -> Result<(), Failure> {
    if file.symlink_metadata().is_ok() {
        return Err(there(file));
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match fs::metadata(folder) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => Err(Failure::Other(format!("{}: {} is no folder", file.display(), folder.display()))),
        Err(error) => Err(at(file, &error)),
    }
}

impl NewFiles {
    /// A folder that nobody else may look into.
    pub(super) fn private_folder(&mut self, path: &Path) -> Result<(), Failure> {
        fs::DirBuilder::new().mode(0o700).create(path).map_err(|error| at(path, &error))?;
        self.made.push(path.to_owned());
        Ok(())
    }

    /// A file that nobody else may read.
    pub(super) fn private(&mut self, path: &Path, text: &str) -> Result<(), Failure> {
        self.written(path, text, PRIVATE)
    }

    /// A file for others as well.
    pub(super) fn open(&mut self, path: &Path, text: &str) -> Result<(), Failure> {
        self.written(path, text, OPEN)
    }

    fn written(&mut self, path: &Path, text: &str, mode: u32) -> Result<(), Failure> {
        let file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
        let mut file = file.map_err(|error| at(path, &error))?;
        self.made.push(path.to_owned());
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(|error| at(path, &error))
    }

    /// Leaves all where they are, and says which files they are.
    pub(super) fn keep(mut self) -> Vec<PathBuf> {
        std::mem::take(&mut self.made).into_iter().filter(|path| path.is_file()).collect()
    }
}

impl Drop for NewFiles {
    fn drop(&mut self) {
        // Newest first, so that a folder is empty when it is its turn.
        for path in self.made.iter().rev() {
            let removed = if path.is_dir() { fs::remove_dir(path) } else { fs::remove_file(path) };
            if let Err(error) = removed {
                tracing::warn!(%error, path = %path.display(), "what was begun could not be removed");
            }
        }
    }
}

fn at(path: &Path, error: &std::io::Error) -> Failure {
    match error.kind() {
        std::io::ErrorKind::AlreadyExists => there(path),
        _ => Failure::Other(format!("{}: {error}", path.display())),
    }
}

fn there(path: &Path) -> Failure {
    Failure::Other(format!("{} is there already, and is not written over", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_there_or_none_and_what_was_there_stays() {
        let folder = tempfile::tempdir().unwrap();
        let [a, b] = ["a", "b"].map(|name| folder.path().join(name));
        fs::write(&b, "mine").unwrap();
        let mut new = NewFiles::default();
        new.open(&a, "new").unwrap();
        new.private_folder(&folder.path().join("c")).unwrap();
        new.private(&folder.path().join("c/d"), "new").unwrap();
        assert!(new.open(&b, "new").is_err());
        drop(new);
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|one| one.unwrap().path()).collect();
        assert_eq!((left, fs::read_to_string(&b).unwrap()), (vec![b.clone()], "mine".to_owned()));
        assert!(are_free(folder.path(), &["a"]).is_ok() && are_free(folder.path(), &["a", "b"]).is_err());
        assert!(is_free(&a).is_ok() && is_free(&b).is_err());
        for (place, said) in [(b.join("c"), "b is no folder"), (folder.path().join("c/d"), "c/d: No such file")] {
            let told = is_free(&place).unwrap_err().to_string();
            assert!(told.contains(said), "{told}");
        }
        assert!(are_free(&b, &["a"]).unwrap_err().to_string().ends_with("b is no folder"));
        let mut new = NewFiles::default();
        new.open(&a, "new").unwrap();
        assert_eq!(new.keep(), std::slice::from_ref(&a));
        assert!(a.exists());
    }
}
