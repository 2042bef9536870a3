//! Work that would keep a worker of the runtime from everybody else's requests.

use std::{
    sync::{Arc, LazyLock},
    thread::available_parallelism,
};

use tokio::sync::Semaphore;

/// Replies up to so many octets are understood where they are: that takes less
/// than a millisecond.
const INLINE: usize = 64 << 10;

/// One processor stays free for the workers, where there is more than one.
static TURNS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| {
    let processors = available_parallelism().map_or(1, usize::from);
    Arc::new(Semaphore::new(processors.saturating_sub(1).max(1)))
});

/// Does `work` on `octets` of a reply: at once if they are few, else on a thread
/// of its own, in turn with others that are as large. Who stops waiting for it
/// leaves it to end by itself.
///
/// # Errors
/// It could not be ended: the runtime stops, or the work panicked.
pub async fn off_worker<T: Send + 'static>(
    octets: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Unfinished> {
    if octets <= INLINE {
        return Ok(work());
    }
    let turn = Arc::clone(&TURNS).acquire_owned().await.map_err(|_| Unfinished)?;
    let done = tokio::task::spawn_blocking(move || {
        let done = work();
        drop(turn);
        done
    });
    done.await.map_err(|_| Unfinished)
}

/// A reply was not understood to its end, for a reason that is not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a large reply could not be worked through")]
pub struct Unfinished;
