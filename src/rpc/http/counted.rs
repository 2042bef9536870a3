//! What the service counts, as text. Nobody is asked who wants it, so it is written once
//! a second at most, however many ask, and not on the threads that serve requests.

use std::{sync::Arc, time::Duration};

use axum::body::Bytes;
use tokio::{sync::Mutex, time::Instant};

/// For how long a text is told again.
const TOLD_FOR: Duration = Duration::from_secs(1);

type Write = fn() -> Result<Vec<u8>, prometheus::Error>;

/// The last text, and when it was begun.
#[derive(Clone)]
pub(super) struct Counted {
    write: Write,
    last: Arc<Mutex<Option<(Instant, Bytes)>>>,
}

impl Counted {
    pub(super) fn new(write: Write) -> Self {
        Self { write, last: Arc::default() }
    }

    /// A text that is no older than [`TOLD_FOR`].
    ///
    /// # Errors
    /// Why it cannot be written, in words.
    pub(super) async fn text(&self) -> Result<Bytes, String> {
        let mut last = Arc::clone(&self.last).lock_owned().await;
        if let Some((begun, text)) = &*last
            && begun.elapsed() < TOLD_FOR
        {
            return Ok(text.clone());
        }
        let write = self.write;
        // The lock goes with the work: the next begins when it is over, even if the caller is gone.
        let writing = tokio::task::spawn_blocking(move || {
            let begun = Instant::now();
            let text = Bytes::from(write().map_err(|error| error.to_string())?);
            *last = Some((begun, text.clone()));
            Ok(text)
        });
        writing.await.unwrap_or_else(|error| Err(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    static WRITTEN: AtomicUsize = AtomicUsize::new(0);

    #[tokio::test(start_paused = true)]
    async fn it_is_written_once_a_second_however_many_ask() {
        let counted = Counted::new(|| Ok(WRITTEN.fetch_add(1, Ordering::SeqCst).to_string().into_bytes()));
        for expected in ["0", "1"] {
            let asks: Vec<_> = (0..40)
                .map(|_| {
                    let counted = counted.clone();
                    tokio::spawn(async move { counted.text().await })
                })
                .collect();
            for ask in asks {
                assert_eq!(ask.await.unwrap(), Ok(Bytes::from_static(expected.as_bytes())));
            }
            tokio::time::advance(TOLD_FOR).await;
        }
    }
}
