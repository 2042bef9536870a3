//! Whether files have changed, told by what the system says of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

/// What the system said of some files at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stamps(BTreeMap<PathBuf, Option<Stamp>>);

/// Of the file that a path leads to, whichever links it leads through: Kubernetes
/// changes what is mounted by leading a link elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp {
    file: (u64, u64),
    size: u64,
    /// Of its content, and of its mode and owner.
    times: [(i64, i64); 2],
}

impl Stamps {
    /// As these files are now; that one is not there is told too.
    pub fn of(files: impl IntoIterator<Item = PathBuf>) -> Self {
        let stamped = |file: PathBuf| {
            let stamp = Stamp::of(&file);
            (file, stamp)
        };
        Self(files.into_iter().map(stamped).collect())
    }

    /// As the same files are now.
    #[must_use]
    pub fn again(&self) -> Self {
        Self::of(self.0.keys().cloned())
    }

    /// With others, where these say nothing.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        for (file, stamp) in others.0 {
            self.0.entry(file).or_insert(stamp);
        }
        self
    }

    /// Only of these files.
    #[must_use]
    pub fn only(mut self, files: &BTreeSet<PathBuf>) -> Self {
        self.0.retain(|file, _| files.contains(file));
        self
    }
}

impl Stamp {
    fn of(file: &Path) -> Option<Self> {
        let found = std::fs::metadata(file).ok()?;
        Some(Self {
            file: (found.dev(), found.ino()),
            size: found.size(),
            times: [(found.mtime(), found.mtime_nsec()), (found.ctime(), found.ctime_nsec())],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        fs,
        os::unix::fs::{PermissionsExt as _, symlink},
    };

    #[test]
    fn a_file_that_is_written_made_removed_or_led_elsewhere_has_changed() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for version in ["1", "2"] {
            fs::create_dir(path(version)).unwrap();
            fs::write(path(version).join("secret"), "same").unwrap();
        }
        symlink("1", path("data")).unwrap();
        symlink("data/secret", path("secret")).unwrap();
        let mut before = Stamps::of([path("secret"), path("later")]);
        let mut changes = |what: &str, change: &dyn Fn()| {
            assert_eq!(before.again(), before, "before: {what}");
            change();
            let now = before.again();
            assert_ne!(now, before, "{what}");
            before = now;
        };
        changes("led elsewhere, as Kubernetes does it", &|| {
            symlink("2", path("new")).unwrap();
            fs::rename(path("new"), path("data")).unwrap();
        });
        changes("made", &|| fs::write(path("later"), "").unwrap());
        changes("written", &|| fs::write(path("later"), "more").unwrap());
        changes("let others read", &|| fs::set_permissions(path("later"), fs::Permissions::from_mode(0o644)).unwrap());
        changes("replaced", &|| {
            fs::write(path("other"), "more").unwrap();
            fs::rename(path("other"), path("later")).unwrap();
        });
        changes("removed", &|| fs::remove_file(path("later")).unwrap());
    }
}
