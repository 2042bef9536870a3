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
    /// Whoever asks whether a line could be written.
    Probe(Written),
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

    /// Asks whether a line could be written; whoever asks hears nothing when too much waits.
    pub(super) fn probe(&self, told: Written) {
        let _too_much_waits = self.waiting.try_send(Queued::Probe(told));
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
        let (ended, told) = match queued {
            Queued::Record(record, written) => {
                if written.is_none() {
                    counts.unawaited.fetch_sub(1, SeqCst);
                }
                // What nobody waits for is on the disk with the next line that somebody does.
                let ended = told_of_lost(&mut place, counts).and_then(|()| place.append(record, written.is_some()));
                if ended.is_err() {
                    counts.lose();
                }
                (ended, written)
            }
            // Only a line that is written shows that lines can be written again.
            Queued::Probe(told) => (told_of_lost(&mut place, counts).and_then(|()| place.probe()), Some(told)),
            Queued::Flush(done) => {
                let _nobody_waits = done.send(());
                continue;
            }
        };
        match &ended {
            Ok(()) if is_failing => tracing::warn!("the audit log can be written again"),
            Err(error) if !is_failing => tracing::error!(%error, "the audit log cannot be written"),
            _ => {}
        }
        is_failing = ended.is_err();
        if let Some(told) = told {
            let _nobody_waits = told.send(ended.map_err(|error| error.to_string()));
        }
    }
}

/// Tells of the lines that were lost, if any were.
fn told_of_lost(place: &mut Place, counts: &Counts) -> io::Result<()> {
    let missing = counts.lost.load(SeqCst);
    if missing > 0 {
        place.append(gap(missing), false)?;
        counts.lost.fetch_sub(missing, SeqCst);
    }
    Ok(())
}

/// Says in the log itself that lines are not there.
fn gap(lines: u64) -> Record {
    super::stamped("lost", [("lines".to_owned(), lines.into())].into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::AuditPlace;
    use std::fs;

    #[test]
    fn what_nobody_waits_for_leaves_room_to_what_somebody_does() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("audit.jsonl");
        let place = Place::open(&AuditPlace::File(file.clone())).unwrap();
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
