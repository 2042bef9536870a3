//! How far a command is that takes more than a second. It is said where standard error is
//! a terminal, and nowhere else.

use std::{
    sync::Once,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What is over sooner says nothing.
const AFTER: Duration = Duration::from_secs(1);
const STYLE: &str = "{wide_bar} {pos} of {len} {msg}, {eta} to go";

/// Dropped, it is gone from the terminal.
pub(super) struct Progress {
    bar: ProgressBar,
    shown_from: Instant,
    /// Over once it was looked whether anybody sees it.
    shown: Once,
    target: fn() -> ProgressDrawTarget,
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
        Self { bar, shown_from: Instant::now() + after, shown: Once::new(), target }
    }

    /// One more is done.
    pub(super) fn step(&self) {
        if !self.shown.is_completed() && Instant::now() >= self.shown_from {
            self.shown.call_once(|| self.bar.set_draw_target((self.target)()));
        }
        self.bar.inc(1);
    }

    /// Does something that prints, with nothing of this in its way.
    pub(super) fn aside<T>(&self, act: impl FnOnce() -> T) -> T {
        self.bar.suspend(act)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

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
        let late = Progress::drawn(4, "switches", Duration::ZERO, terminal);
        late.step();
        late.step();
        assert!(TERMINAL.contents().contains("of 4 switches"), "{:?}", TERMINAL.contents());
        drop(late);
        assert_eq!(TERMINAL.contents(), "");
    }
}
