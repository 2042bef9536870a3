//! The thread that writes.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread,
    time::Duration,
};

use serde_json::{Map, Value};
use tokio::sync::oneshot;

use super::place::Place;

/// Lines that may wait to be written; each is a few KiB at most.
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
    /// Lines that were not written and not told of yet.
    lost: Arc<AtomicU64>,
}

impl Writer {
    /// # Errors
    /// There is no thread to be had.
    pub(super) fn start(place: Place, to_disk: bool) -> io::Result<Self> {
        let (waiting, records) = sync_channel(MOST);
        let lost = Arc::new(AtomicU64::new(0));
        let own = Arc::clone(&lost);
        thread::Builder::new().name("audit".to_owned()).spawn(move || drain(place, to_disk, &records, &own))?;
        Ok(Self { waiting, lost })
    }

    /// Puts a record in, or counts it as lost; whoever waits for it hears which.
    pub(super) fn put(&self, record: Record, written: Option<Written>) {
        if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) =
            self.waiting.try_send(Queued::Record(record, written))
        {
            self.lost.fetch_add(1, SeqCst);
            crate::metrics::lost_audit_lines(1);
        }
    }

    pub(super) fn finish(&self, most: Duration) {
        let (written, done) = sync_channel(1);
        if self.waiting.try_send(Queued::Flush(written)).is_ok() {
            let _in_time = done.recv_timeout(most);
        }
    }
}

fn drain(mut place: Place, to_disk: bool, records: &Receiver<Queued>, lost: &AtomicU64) {
    let mut is_failing = false;
    for queued in records {
        let (record, written) = match queued {
            Queued::Record(record, written) => (record, written),
            Queued::Flush(done) => {
                let _nobody_waits = done.send(());
                continue;
            }
        };
        let missing = lost.load(SeqCst);
        let told = if missing > 0 {
            place.append(gap(missing), to_disk).map(|()| _ = lost.fetch_sub(missing, SeqCst))
        } else {
            Ok(())
        };
        let ended = told.and_then(|()| place.append(record, to_disk));
        match &ended {
            Ok(()) if is_failing => tracing::warn!("the audit log can be written again"),
            Ok(()) => {}
            Err(error) => {
                lost.fetch_add(1, SeqCst);
                crate::metrics::lost_audit_lines(1);
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
