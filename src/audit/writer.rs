//! The thread that writes.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread,
    time::Duration,
};

use serde_json::{Map, Value};
use tokio::sync::oneshot;

use super::place::Place;

/// Lines that may wait to be written, of those that somebody waits for and of the others;
/// each is a few KiB at most.
const MOST: usize = 4096;

type Record = Map<String, Value>;
type Written = oneshot::Sender<Result<(), String>>;

enum Queued {
    Record(Record, Option<Written>),
    /// Whoever waits until everything before was written.
    Flush(SyncSender<()>),
}

/// The way in.
pub(super) struct Writer {
    waiting: SyncSender<Queued>,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    /// Lines that were not written and not told of yet.
    lost: AtomicU64,
    /// Lines that wait, and nobody for them: they leave room to those that somebody
    /// waits for.
    unawaited: AtomicUsize,
}

impl Writer {
    /// # Errors
    /// There is no thread to be had.
    pub(super) fn start(place: Place) -> io::Result<Self> {
        let (writer, records) = Self::queue();
        let counts = Arc::clone(&writer.counts);
        thread::Builder::new().name("audit".to_owned()).spawn(move || drain(place, &records, &counts))?;
        Ok(writer)
    }

    fn queue() -> (Self, Receiver<Queued>) {
        let (waiting, records) = sync_channel(2 * MOST);
        (Self { waiting, counts: Arc::default() }, records)
    }

    /// Puts a record in, or counts it as lost; whoever waits for it hears which, and has
    /// it on the disk then.
    pub(super) fn put(&self, record: Record, written: Option<Written>) {
        let is_awaited = written.is_some();
        if !is_awaited && self.counts.unawaited.fetch_add(1, SeqCst) >= MOST {
            self.counts.unawaited.fetch_sub(1, SeqCst);
            return self.counts.lose();
        }
        if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) =
            self.waiting.try_send(Queued::Record(record, written))
        {
            if !is_awaited {
                self.counts.unawaited.fetch_sub(1, SeqCst);
            }
            self.counts.lose();
        }
    }

    pub(super) fn finish(&self, most: Duration) {
        let (written, done) = sync_channel(1);
        if self.waiting.try_send(Queued::Flush(written)).is_ok() {
            let _in_time = done.recv_timeout(most);
        }
    }
}

impl Counts {
    fn lose(&self) {
        self.lost.fetch_add(1, SeqCst);
        crate::metrics::lost_audit_lines(1);
    }
}

fn drain(mut place: Place, records: &Receiver<Queued>, counts: &Counts) {
    let mut is_failing = false;
    for queued in records {
        let (record, written) = match queued {
            Queued::Record(record, written) => (record, written),
            Queued::Flush(done) => {
                let _nobody_waits = done.send(());
                continue;
            }
        };
        if written.is_none() {
            counts.unawaited.fetch_sub(1, SeqCst);
        }
        let missing = counts.lost.load(SeqCst);
        let told = if missing > 0 {
            place.append(gap(missing), false).map(|()| _ = counts.lost.fetch_sub(missing, SeqCst))
        } else {
            Ok(())
        };
        // What nobody waits for is on the disk with the next line that somebody does.
        let ended = told.and_then(|()| place.append(record, written.is_some()));
        match &ended {
            Ok(()) if is_failing => tracing::warn!("the audit log can be written again"),
            Ok(()) => {}
            Err(error) => {
                counts.lose();
                if !is_failing {
                    tracing::error!(%error, "the audit log cannot be written");
                }
            }
        }
        is_failing = ended.is_err();
        if let Some(written) = written {
            let _nobody_waits = written.send(ended.map_err(|error| error.to_string()));
        }
    }
}

/// Says in the log itself that lines are not there.
fn gap(lines: u64) -> Record {
    let mut record = Record::new();
    record.insert("event".to_owned(), "lost".into());
    record.insert("lines".to_owned(), lines.into());
    record
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn what_nobody_waits_for_leaves_room_to_what_somebody_does() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("audit.jsonl");
        let place = Place::file(file.clone()).unwrap();
        let (writer, records) = Writer::queue();
        for _ in 0..=MOST {
            writer.put(Record::new(), None);
        }
        assert_eq!(writer.counts.lost.load(SeqCst), 1);
        let (written, told) = oneshot::channel();
        writer.put(Record::new(), Some(written));
        let counts = Arc::clone(&writer.counts);
        drop(writer);
        drain(place, &records, &counts);
        assert_eq!(told.blocking_recv().unwrap(), Ok(()));
        let whole = super::super::verify(std::slice::from_ref(&file)).unwrap().unwrap();
        assert_eq!(whole.lines, MOST as u64 + 2, "with the line of the lost one");
        assert_eq!(counts.unawaited.load(SeqCst), 0);
        assert_eq!(fs::read_to_string(&file).unwrap().matches("\"lost\"").count(), 1);
    }
}
