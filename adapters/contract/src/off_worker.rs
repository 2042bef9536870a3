//! Work that would keep a worker of the runtime from everybody else's requests.

use std::{
    sync::{Arc, LazyLock},
    thread::{self, available_parallelism},
};

use tokio::sync::{Semaphore, oneshot};

/// Replies up to so many octets are understood where they are: that takes less
/// than a millisecond.
const INLINE: usize = 64 << 10;

/// Of replies with more octets than this there are few, and they wait for each other alone.
const ORDINARY: usize = 1 << 20;

/// By how much background work is nicer than the rest of Mercury (sched(7)): of a
/// processor that both want it has a quarter.
const GIVES_WAY: i32 = 5;

/// The same of very large replies, which have a tenth.
const GIVES_MUCH_WAY: i32 = 10;

/// One processor stays free for the workers, where there is more than one.
static TURNS: LazyLock<[Arc<Semaphore>; 2]> = LazyLock::new(|| {
    let processors = available_parallelism().map_or(1, usize::from);
    [(); 2].map(|()| Arc::new(Semaphore::new(processors.saturating_sub(1).max(1))))
});

/// Does `work` on `octets` of a reply: at once if they are few, else on a
/// thread of its own, in turn with others that are as large; that thread gives way to
/// whatever else the processors are wanted for. Who stops waiting for it leaves it to
/// end by itself.
///
/// # Errors
/// It could not be ended: there could be no thread, or the work panicked.
pub async fn off_worker<T: Send + 'static>(
    octets: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Unfinished> {
    if octets <= INLINE {
        return Ok(work());
    }
    let [ordinary, large] = &*TURNS;
    let (turns, nicer) = if octets <= ORDINARY { (ordinary, GIVES_WAY) } else { (large, GIVES_MUCH_WAY) };
    let turn = Arc::clone(turns).acquire_owned().await.map_err(|_| Unfinished)?;
    on_thread(nicer, move || {
        let done = work();
        drop(turn);
        done
    })
    .await
}

/// Does `work` on a thread of its own, which gives way to whatever else the processors are
/// wanted for; how many there are at a time is the caller's to bound.
///
/// # Errors
/// As [`off_worker`].
pub async fn in_background<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Unfinished> {
    on_thread(GIVES_WAY, work).await
}

async fn on_thread<T: Send + 'static>(nicer: i32, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Unfinished> {
    let (tell, done) = oneshot::channel();
    let begin = move || {
        // On Linux it counts for this thread alone; where it is refused, work is as good as other work.
        let _refused = rustix::process::nice(nicer);
        let _unheard = tell.send(work());
    };
    thread::Builder::new().name("background".to_owned()).spawn(begin).map_err(|_| Unfinished)?;
    done.await.map_err(|_| Unfinished)
}

/// Work was not done to its end, for a reason that is not in what it was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a large reply could not be worked through")]
pub struct Unfinished;

#[cfg(test)]
mod tests {
    use super::*;

    fn niceness() -> i32 {
        rustix::process::nice(0).unwrap()
    }

    #[tokio::test]
    async fn what_is_large_gives_way_to_what_is_small_and_to_whoever_waits() {
        let own = niceness();
        assert_eq!(off_worker(INLINE, niceness).await, Ok(own));
        assert_eq!(off_worker(INLINE + 1, niceness).await, Ok((own + GIVES_WAY).min(19)));
        assert_eq!(off_worker(ORDINARY + 1, niceness).await, Ok((own + GIVES_MUCH_WAY).min(19)));
        assert_eq!(niceness(), own, "the thread that waited");
    }

    #[tokio::test]
    async fn what_fails_in_the_background_fails_there() {
        assert_eq!(in_background(|| -> () { panic!("a bug") }).await, Err(Unfinished));
        assert_eq!(off_worker(INLINE + 1, || -> () { panic!("a bug") }).await, Err(Unfinished));
        assert_eq!(off_worker(INLINE + 1, || 1).await, Ok(1), "its turn was given back");
    }
}
