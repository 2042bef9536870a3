//! A file of users that is read again when its inode, size or time changes.

use crate::config::source::Stamp;
use crate::finding::{Code, Findings};
use crate::often::Often;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How a file is read: what is right in it, and what is wrong.
type Read<T> = fn(&Path) -> (T, Findings);

/// What a file holds.
pub(super) struct Watched<T> {
    path: PathBuf,
    read: Read<T>,
    known: Mutex<Known<T>>,
    /// A file that cannot be read is tried with each request, and told of once a second.
    unread: Often,
}

/// What it held, and its state when it was read.
struct Known<T> {
    content: Arc<T>,
    stamp: Option<Stamp>,
}

impl<T: Default + Send + Sync + 'static> Watched<T> {
    /// It is read when it is asked for first.
    pub(super) fn new(path: &Path, read: Read<T>) -> Self {
        let known = Known { content: Arc::default(), stamp: None };
        Self { path: path.to_owned(), read, known: Mutex::new(known), unread: Often::default() }
    }

    /// What the file holds now; what is wrong with a new state of it is logged.
    pub(super) async fn current(&self) -> Arc<T> {
        let (path, last, read) = (self.path.clone(), self.known().stamp.clone(), self.read);
        let reading = tokio::task::spawn_blocking(move || {
            // Taken before reading, so that a change while reading is seen next time.
            let stamp = Stamp::of(&path);
            let changed = stamp.is_none() || stamp != last;
            changed.then(|| (read(&path), stamp))
        });
        if let Ok(Some(((content, findings), stamp))) = reading.await {
            let unread = findings.iter().any(|finding| finding.code == Code::Unreadable);
            if let Some(before) = if unread { self.unread.tell() } else { Some(0) } {
                for finding in &findings {
                    tracing::error!(%finding, before, "users");
                }
            }
            // What kept it from being read may pass without a change of the file.
            let stamp = stamp.filter(|_| !unread);
            *self.known() = Known { content: Arc::new(content), stamp };
        }
        Arc::clone(&self.known().content)
    }

    fn known(&self) -> MutexGuard<'_, Known<T>> {
        // Whoever panicked with it had replaced it whole or not at all.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Htpasswd;
    use crate::auth::tests::{Errors, allow};

    #[tokio::test]
    async fn a_file_that_cannot_be_read_is_told_of_now_and_then_and_a_wrong_one_each_time_it_changes() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("htpasswd");
        let watched = Watched::new(&path, Htpasswd::read);
        let errors = Errors::default();
        let _counting = errors.count();
        for _ in 0..500 {
            watched.current().await;
        }
        let unread = errors.so_far();
        assert!((1..500).contains(&unread), "{unread}");
        for text in ["wrong\n", "two\nwrong\n", "none: right\n"] {
            std::fs::write(&path, text).unwrap();
            allow(&path, 0o640);
            let before = errors.so_far();
            for _ in 0..5 {
                watched.current().await;
            }
            assert_eq!(errors.so_far() - before, text.lines().count(), "{text}");
        }
    }
}
