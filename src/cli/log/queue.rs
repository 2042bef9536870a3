//! Lines on their way to somebody who may not take them: a disk that is full, a
//! pipe that nobody reads. Whoever logs never waits for that and never fails
//! because of it; a thread of its own does, and what it cannot keep is counted.

use std::{
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst},
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::Duration,
};

/// What may wait to be written, in bytes.
const MOST: usize = 1 << 20;

/// The way in; cheap to clone.
#[derive(Clone)]
pub(super) struct Queue {
    waiting: Sender<Queued>,
    counts: Arc<Counts>,
}

enum Queued {
    Line(Vec<u8>),
    /// Whoever waits until everything before was written.
    Flush(Sender<()>),
}

#[derive(Default)]
struct Counts {
    /// What waits, in bytes.
    bytes: AtomicUsize,
    /// The lines that were lost and not told of yet.
    lost: AtomicU64,
}

impl Queue {
    /// Starts the thread that writes to `out`. It calls `tell` with a number of
    /// lines that were lost as soon as lines can be written again.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub(super) fn start(
        out: impl Write + Send + 'static,
        tell: impl Fn(&Self, u64) + Send + 'static,
    ) -> io::Result<Self> {
        let (waiting, lines) = channel();
        let queue = Self { waiting, counts: Arc::default() };
        let writer = queue.clone();
        thread::Builder::new().name("log".to_owned()).spawn(move || writer.drain(&lines, out, tell))?;
        Ok(queue)
    }

    /// Waits until what was put in is written, but no longer than `most`.
    pub(super) fn finish(&self, most: Duration) {
        let (written, done) = channel();
        if self.waiting.send(Queued::Flush(written)).is_ok() {
            let _gave_up = done.recv_timeout(most);
        }
    }

    fn drain(&self, lines: &Receiver<Queued>, mut out: impl Write, tell: impl Fn(&Self, u64)) {
        for waiting in lines {
            let line = match waiting {
                Queued::Line(line) => line,
                Queued::Flush(written) => {
                    let _nobody_waits = written.send(());
                    continue;
                }
            };
            let written = out.write_all(&line).is_ok();
            let left = self.counts.bytes.fetch_sub(line.len(), SeqCst) - line.len();
            if !written {
                self.counts.lost.fetch_add(1, SeqCst);
            } else if left < MOST / 2 {
                // There is room for the notice, or it would only be one more to be counted.
                let lost = self.counts.lost.swap(0, SeqCst);
                if lost > 0 {
                    tell(self, lost);
                }
            }
        }
    }
}

/// Takes a whole line with each call, as `tracing_subscriber::fmt` makes it.
impl Write for Queue {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let fits = |bytes: usize| bytes.checked_add(line.len()).filter(|bytes| *bytes <= MOST);
        let kept = self.counts.bytes.fetch_update(SeqCst, SeqCst, fits).is_ok()
            && self.waiting.send(Queued::Line(line.to_vec())).is_ok();
        if !kept {
            self.counts.lost.fetch_add(1, SeqCst);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(60);

    /// Takes a line whenever it is told whether it can.
    struct Gate {
        turns: Receiver<bool>,
        lines: Sender<String>,
    }

    impl Write for Gate {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            match self.turns.recv() {
                Ok(true) => self.lines.send(String::from_utf8_lossy(line).into_owned()).map_err(io::Error::other)?,
                _ => return Err(io::ErrorKind::StorageFull.into()),
            }
            Ok(line.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn started() -> (Queue, Sender<bool>, Receiver<String>) {
        let ((turns, gate), (lines, told)) = (channel(), channel());
        let tell = |queue: &Queue, lost: u64| queue.clone().write_all(format!("{lost} lost").as_bytes()).unwrap();
        (Queue::start(Gate { turns: gate, lines }, tell).unwrap(), turns, told)
    }

    #[test]
    fn whoever_logs_waits_for_nobody_and_what_does_not_fit_is_counted() {
        let (mut queue, turns, told) = started();
        let line = "x".repeat(MOST / 4);
        for _ in 0..7 {
            queue.write_all(line.as_bytes()).unwrap();
        }
        for _ in 0..5 {
            turns.send(true).unwrap();
        }
        let told: Vec<_> = (0..5).map(|_| told.recv_timeout(LIMIT).unwrap().len()).collect();
        assert_eq!(told, [line.len(), line.len(), line.len(), line.len(), "3 lost".len()]);
    }

    #[test]
    fn what_could_not_be_written_is_counted_too() {
        let (mut queue, turns, told) = started();
        for (word, taken) in [("one", false), ("two", false), ("three", true)] {
            queue.write_all(word.as_bytes()).unwrap();
            turns.send(taken).unwrap();
        }
        turns.send(true).unwrap();
        let told: Vec<_> = (0..2).map(|_| told.recv_timeout(LIMIT).unwrap()).collect();
        assert_eq!(told, ["three", "2 lost"]);
    }

    #[test]
    fn a_flush_waits_for_what_was_written_before_and_not_for_ever() {
        let (mut queue, turns, told) = started();
        queue.write_all(b"one").unwrap();
        queue.finish(Duration::ZERO);
        turns.send(true).unwrap();
        queue.finish(LIMIT);
        assert_eq!(told.try_recv().as_deref(), Ok("one"));
    }
}
