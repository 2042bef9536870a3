//! Lines for journald, which takes the number of a severity before each from standard error
//! (sd-daemon(3)): `journalctl -p warning` then finds what it should.

use std::io::{self, Write};

use rustix::{fd::AsFd, fs::fstat};
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

use super::queue::Queue;

/// Names the device and inode of the stream that systemd has led to the journal.
const STREAM: &str = "JOURNAL_STREAM";

/// Where lines go.
pub(super) struct Lines {
    queue: Queue,
    has_severity: bool,
}

impl Lines {
    /// Lines to standard error, with severities where that is the journal.
    pub(super) fn to(queue: Queue) -> Self {
        let stream = std::env::var(STREAM).unwrap_or_default();
        Self { queue, has_severity: is_it(&stream, io::stderr()) }
    }
}

/// Whether a file is the stream that is named.
fn is_it(stream: &str, file: impl AsFd) -> bool {
    fstat(file).is_ok_and(|own| format!("{}:{}", own.st_dev, own.st_ino) == stream)
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line { queue: self.queue.clone(), severity: None }
    }

    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> Line {
        Line { severity: self.has_severity.then(|| severity(*meta.level())), ..self.make_writer() }
    }
}

/// syslog's number for it (RFC 5424 section 6.2.1).
fn severity(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        _ => 7,
    }
}

/// Takes a line at once.
pub(super) struct Line {
    queue: Queue,
    severity: Option<u8>,
}

impl Write for Line {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let Some(severity) = self.severity else { return self.queue.write(line) };
        self.queue.write(&[format!("<{severity}>").as_bytes(), line].concat())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.queue.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{Arc, Mutex},
        time::Duration,
    };

    use tracing_subscriber::fmt;

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(octets)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn lines(has_severity: bool) -> Vec<String> {
        let kept = Kept::default();
        let queue = Queue::start(kept.clone(), |_, _| {}).unwrap();
        let lines = Lines { queue: queue.clone(), has_severity };
        let subscriber = fmt().with_writer(lines).with_ansi(false).without_time().with_target(false).finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::error!("a");
            tracing::warn!("b");
            tracing::info!("c");
        });
        queue.finish(Duration::from_secs(10));
        let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| line.replace(' ', "")).collect()
    }

    #[test]
    fn each_line_has_its_severity_where_the_journal_reads_it() {
        assert_eq!(lines(true), ["<3>ERRORa", "<4>WARNb", "<6>INFOc"]);
        assert_eq!(lines(false), ["ERRORa", "WARNb", "INFOc"]);
    }

    #[test]
    fn the_journal_is_known_by_what_systemd_names() {
        let file = tempfile::tempfile().unwrap();
        let own = fstat(&file).unwrap();
        assert!(is_it(&format!("{}:{}", own.st_dev, own.st_ino), &file));
        assert!(!is_it(&format!("{}:{}", own.st_dev, own.st_ino + 1), &file) && !is_it("", &file));
    }
}
