//! The audit log: who asked for what, when, why, from where, and what came of it.
//!
//! One JSON object a line, each with the SHA-256 of the line before, so that a line that
//! is missing or altered shows ([`verify`]). A thread of its own writes; whoever tells
//! waits for it only where the settings say that nothing may be changed without a line.

mod chain;
mod datagrams;
mod file;
mod place;
mod writer;

use std::{
    io,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use ring::rand::{SecureRandom as _, SystemRandom};
use serde_json::{Map, Value};
use tokio::sync::oneshot;
use tracing_subscriber::fmt::{
    format::Writer as TimeWriter,
    time::{FormatTime as _, SystemTime},
};

use crate::{
    config::{AuditLog, AuditPlace},
    fault::{Fault, FaultKind},
};

pub use chain::{Verified, Wrong, verify};
use place::Place;
use writer::Writer;

/// How long a request waits for its line to be written.
const PATIENCE: Duration = Duration::from_secs(5);

static AUDIT: OnceLock<Audit> = OnceLock::new();

struct Audit {
    writer: Writer,
    required: bool,
    /// Of this process, which may have the number of one before.
    run: String,
    calls: AtomicU64,
}

/// Begins to write, for the rest of the process.
///
/// # Errors
/// The file cannot be opened or understood, or another process writes to it.
pub fn begin(settings: &AuditLog) -> io::Result<()> {
    let writer = Writer::start(Place::open(&settings.place)?)?;
    let mut random = [0; 8];
    SystemRandom::new().fill(&mut random).map_err(|_| io::Error::other("the system gives no random numbers"))?;
    let run = format!("{:016x}", u64::from_be_bytes(random));
    let _first = AUDIT.set(Audit { writer, required: settings.required, run, calls: AtomicU64::new(0) });
    Ok(())
}

/// Whether the place of the settings could be written to; nothing is made or changed there.
///
/// # Errors
/// What is wrong with it.
pub fn check(settings: &AuditLog) -> io::Result<()> {
    match &settings.place {
        AuditPlace::File(path) => file::check(path),
        place => Place::open(place)?.probe(),
    }
}

/// Whether changes can be told of, where they must be.
///
/// # Errors
/// [`FaultKind::Machine`]: no line can be written.
pub async fn ready() -> Result<(), Fault> {
    let Some(audit) = AUDIT.get().filter(|audit| audit.required) else { return Ok(()) };
    let (answer, told) = oneshot::channel();
    audit.writer.probe(answer);
    written(told).await
}

/// Whether there is one.
#[must_use]
pub fn is_on() -> bool {
    AUDIT.get().is_some()
}

/// A name for a call that is unique in the log, if there is one.
#[must_use]
pub fn call() -> Option<String> {
    let audit = AUDIT.get()?;
    Some(format!("{}-{}", audit.run, audit.calls.fetch_add(1, Ordering::Relaxed)))
}

/// Tells what has happened. What cannot be written is counted, and told in the log.
pub fn tell(event: &str, record: Map<String, Value>) {
    if let Some(audit) = AUDIT.get() {
        audit.writer.put(stamped(event, record), None);
    }
}

/// Tells what is about to happen, and waits until that is written where nothing may
/// happen otherwise.
///
/// # Errors
/// [`FaultKind::Machine`]: it is not written, and must be.
pub async fn tell_first(event: &str, record: Map<String, Value>) -> Result<(), Fault> {
    let Some(audit) = AUDIT.get() else { return Ok(()) };
    if !audit.required {
        audit.writer.put(stamped(event, record), None);
        return Ok(());
    }
    let (answer, told) = oneshot::channel();
    audit.writer.put(stamped(event, record), Some(answer));
    written(told).await
}

async fn written(told: oneshot::Receiver<Result<(), String>>) -> Result<(), Fault> {
    match tokio::time::timeout(PATIENCE, told).await {
        Ok(Ok(Ok(()))) => Ok(()),
        Ok(Ok(Err(reason))) => Err(refusal(&reason)),
        Ok(Err(_)) => Err(refusal("too much waits to be written")),
        Err(_) => Err(refusal("it is not written in time")),
    }
}

/// Waits until what was told is written, but no longer than `most`.
pub fn finish(most: Duration) {
    if let Some(audit) = AUDIT.get() {
        audit.writer.finish(most);
    }
}

fn refusal(reason: &str) -> Fault {
    let message = format!("the audit log cannot be written ({reason}), and must be before anything is changed");
    Fault::new(FaultKind::Machine, message)
}

fn stamped(event: &str, mut record: Map<String, Value>) -> Map<String, Value> {
    let mut now = String::new();
    if SystemTime.format_time(&mut TimeWriter::new(&mut now)).is_ok() {
        record.insert("time".to_owned(), now.into());
    }
    record.insert("event".to_owned(), event.into());
    record
}
