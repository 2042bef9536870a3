//! How far a command is that takes more than a second. It is said where standard error is
//! a terminal, and nowhere else.

use std::{
    io::{IsTerminal as _, stderr},
    pin::pin,
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc::{self, RecvTimeoutError, Sender},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::print;
use crate::service::Service;

/// What is over sooner says nothing.
const AFTER: Duration = Duration::from_secs(1);
const STYLE: &str = "{wide_bar} {pos} of {len} {msg}, {eta} to go";
/// Of what is done as one.
const AS_ONE: &str = "{spinner} {msg}, {elapsed}";
/// How often it is looked how far something is, and what is done as one moves.
const TICK: Duration = Duration::from_millis(100);

/// How many bars are on the terminal.
static SHOWN: AtomicUsize = AtomicUsize::new(0);

/// Has what is said next begin on a line of its own.
pub(super) fn break_line() {
    if SHOWN.load(Ordering::Relaxed) > 0 && stderr().is_terminal() {
        print::talk("");
    }
}

/// Asks so many switches, and says how many have answered.
pub(super) async fn asked<T>(service: &Service, switches: usize, call: impl Future<Output = T>) -> T {
    let progress = Progress::of(switches, "switches");
    let (mut call, mut tick) = (pin!(call), tokio::time::interval(TICK));
    loop {
        tokio::select! {
            biased;
            done = &mut call => return done,
            _ = tick.tick() => progress.at(switches.saturating_sub(service.busy().count())),
        }
    }
}

/// Changes so many switches, all of them or none.
pub(super) async fn changed<T>(switches: usize, call: impl Future<Output = T>) -> T {
    let _progress = Progress::as_one(format!("changing {}", print::counted(switches, "switch", "switches")));
    call.await
}

/// Dropped, it is gone from the terminal.
pub(super) struct Progress {
    bar: ProgressBar,
    /// What shows it once it is time, before the first step is done too, as long as the other
    /// end is there.
    shown: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Progress {
    /// So many of something, such as `switches`.
    pub(super) fn of(total: usize, what: &'static str) -> Self {
        Self::drawn(Some(total), what.to_owned(), AFTER, ProgressDrawTarget::stderr)
    }

    /// Something of which nobody can say how far it is.
    fn as_one(what: String) -> Self {
        Self::drawn(None, what, AFTER, ProgressDrawTarget::stderr)
    }

    fn drawn(total: Option<usize>, what: String, after: Duration, target: fn() -> ProgressDrawTarget) -> Self {
        let style = if total.is_some() { STYLE } else { AS_ONE };
        let total = total.map(|total| u64::try_from(total).unwrap_or(u64::MAX));
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden()).with_message(what);
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style);
        }
        let (own, (until, ended)) = (bar.clone(), mpsc::channel());
        let show = move || {
            if ended.recv_timeout(after) == Err(RecvTimeoutError::Timeout) {
                SHOWN.fetch_add(1, Ordering::Relaxed);
                own.set_draw_target(target());
                own.tick();
                if total.is_none() {
                    own.enable_steady_tick(TICK);
                }
                // Until it is over.
                let _over = ended.recv();
                SHOWN.fetch_sub(1, Ordering::Relaxed);
            }
        };
        // Where there is no thread to be had the command goes on without.
        let shown = thread::Builder::new().name("progress".to_owned()).spawn(show).ok();
        Self { bar, shown: shown.map(|thread| (until, thread)) }
    }

    /// One more is done.
    pub(super) fn step(&self) {
        self.bar.inc(1);
    }

    /// So many are done.
    fn at(&self, done: usize) {
        self.bar.set_position(u64::try_from(done).unwrap_or(u64::MAX));
    }

    /// Does something that prints, with nothing of this in its way.
    pub(super) fn aside<T>(&self, act: impl FnOnce() -> T) -> T {
        self.bar.suspend(act)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((until, thread)) = self.shown.take() {
            drop(until);
            let _is_over = thread.join();
        }
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::LazyLock, time::Instant};

    use indicatif::InMemoryTerm;

    use super::*;

    static TERMINAL: LazyLock<InMemoryTerm> = LazyLock::new(|| InMemoryTerm::new(5, 80));

    fn terminal() -> ProgressDrawTarget {
        ProgressDrawTarget::term_like(Box::new(TERMINAL.clone()))
    }

    #[test]
    fn it_is_said_after_a_while_and_is_gone_at_the_end() {
        let soon = Progress::drawn(Some(4), "switches".to_owned(), Duration::from_secs(3600), terminal);
        soon.step();
        assert_eq!(TERMINAL.contents(), "");
        drop(soon);
        // Before the first of them is done.
        let late = Progress::drawn(Some(4), "switches".to_owned(), Duration::ZERO, terminal);
        let shows = |words: &str| {
            let until = Instant::now() + Duration::from_secs(60);
            while !TERMINAL.contents().contains(words) {
                assert!(Instant::now() < until, "{words}: {:?}", TERMINAL.contents());
                thread::yield_now();
            }
        };
        shows("0 of 4 switches");
        late.step();
        late.step();
        assert!(TERMINAL.contents().contains("of 4 switches"), "{:?}", TERMINAL.contents());
        drop(late);
        assert_eq!(TERMINAL.contents(), "");
        let as_one = Progress::drawn(None, "changing 2 switches".to_owned(), Duration::ZERO, terminal);
        shows("changing 2 switches, ");
        drop(as_one);
        assert_eq!(TERMINAL.contents(), "");
    }
}
