//! A file of users that is read again when its inode, size or time changes.

use crate::config::source::Stamp;
use crate::finding::Findings;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How a file is read: what is right in it, and what is wrong.
type Read<T> = fn(&Path) -> (T, Findings);

/// What a file holds.
pub(super) struct Watched<T> {
    path: PathBuf,
    read: Read<T>,
    known: Mutex<Known<T>>,
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
        Self { path: path.to_owned(), read, known: Mutex::new(known) }
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
            for finding in &findings {
                tracing::error!(%finding, "users");
            }
            *self.known() = Known { content: Arc::new(content), stamp };
        }
        Arc::clone(&self.known().content)
    }

    fn known(&self) -> MutexGuard<'_, Known<T>> {
        // Whoever panicked with it had replaced it whole or not at all.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
