//! How far a command is that takes more than a second. It is said where standard error is
//! a terminal, and nowhere else.

use std::{
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread::{self, JoinHandle},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What is over sooner says nothing.
const AFTER: Duration = Duration::from_secs(1);
const STYLE: &str = "{wide_bar} {pos} of {len} {msg}, {eta} to go";

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
        Self::drawn(total, what, AFTER, ProgressDrawTarget::stderr)
    }

    fn drawn(total: usize, what: &'static str, after: Duration, target: fn() -> ProgressDrawTarget) -> Self {
        let total = u64::try_from(total).unwrap_or(u64::MAX);
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden()).with_message(what);
        if let Ok(style) = ProgressStyle::with_template(STYLE) {
            bar.set_style(style);
        }
        let (own, (until, ended)) = (bar.clone(), mpsc::channel());
        let show = move || {
            if ended.recv_timeout(after) == Err(RecvTimeoutError::Timeout) {
                own.set_draw_target(target());
                own.tick();
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
        let soon = Progress::drawn(4, "switches", Duration::from_secs(3600), terminal);
        soon.step();
        assert_eq!(TERMINAL.contents(), "");
        drop(soon);
        // Before the first of them is done.
        let late = Progress::drawn(4, "switches", Duration::ZERO, terminal);
        let until = Instant::now() + Duration::from_secs(60);
        while !TERMINAL.contents().contains("0 of 4 switches") {
            assert!(Instant::now() < until, "{:?}", TERMINAL.contents());
            thread::yield_now();
        }
        late.step();
        late.step();
        assert!(TERMINAL.contents().contains("of 4 switches"), "{:?}", TERMINAL.contents());
        drop(late);
        assert_eq!(TERMINAL.contents(), "");
    }
}
