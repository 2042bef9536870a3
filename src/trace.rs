//! OpenTelemetry traces: what a request was, from its caller to each flight on the wire.
//!
//! A request is a span with the caller's trace context (W3C Trace Context) as its parent;
//! below it is one span for each switch, and below that connecting, planning and each
//! flight. They are sent to a collector (OTLP 1 over HTTP, in JSON). Nobody waits for that:
//! what does not fit into a queue, or no collector takes, is counted and gone.

mod context;
mod exporter;
mod otlp;

use std::{
    sync::OnceLock,
    time::{SystemTime, UNIX_EPOCH},
};

use tokio::sync::mpsc;

pub use context::{Context, Parent};

use crate::config::Collector;

/// Spans that wait to be sent; each has some hundred bytes.
const MOST: usize = 4096;

static SPANS: OnceLock<mpsc::Sender<Span>> = OnceLock::new();

/// What a span is to the one on its other side (OTLP's numbers).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Something done here.
    Internal = 1,
    /// A request that is served.
    Server = 2,
    /// A request that is made.
    Client = 3,
}

/// A span that has not ended.
#[derive(Debug)]
pub struct Open {
    context: Context,
    parent: Option<u64>,
    kind: Kind,
    begun: SystemTime,
}

/// A span that is over.
#[derive(Debug)]
struct Span {
    open: Open,
    name: String,
    ended: SystemTime,
    attributes: Vec<(&'static str, String)>,
    /// Why it failed, if it did.
    error: Option<String>,
}

/// Begins to send to a collector, for the rest of the process.
pub fn begin(collector: &Collector) {
    let (spans, waiting) = mpsc::channel(MOST);
    if SPANS.set(spans).is_ok() {
        tokio::spawn(exporter::Exporter::new(collector).run(waiting));
    }
}

/// Begins the span of a request, which has no parent when its caller names none; nothing
/// where nobody collects, or the caller wants no trace of it.
#[must_use]
pub fn request(parent: Option<Parent>) -> Option<Open> {
    SPANS.get()?;
    let (trace, parent) = match parent {
        Some(parent) if !parent.is_sampled => return None,
        Some(parent) => (parent.context.trace, Some(parent.context.span)),
        None => (context::random::<16>().map(u128::from_be_bytes)?, None),
    };
    Open::of(trace, parent, Kind::Server)
}

impl Open {
    fn of(trace: u128, parent: Option<u64>, kind: Kind) -> Option<Self> {
        let span = context::random::<8>().map(u64::from_be_bytes)?;
        Some(Self { context: Context { trace, span }, parent, kind, begun: SystemTime::now() })
    }

    /// What those below it are told.
    #[must_use]
    pub const fn context(&self) -> Context {
        self.context
    }

    /// Begins a span below another.
    #[must_use]
    pub fn below(parent: Context, kind: Kind) -> Option<Self> {
        SPANS.get()?;
        Self::of(parent.trace, Some(parent.span), kind)
    }

    /// Ends it; what is told must hold no secrets.
    pub fn end(self, name: impl Into<String>, attributes: Vec<(&'static str, String)>, error: Option<String>) {
        let span = Span { open: self, name: name.into(), ended: SystemTime::now(), attributes, error };
        if SPANS.get().is_some_and(|spans| spans.try_send(span).is_err()) {
            crate::metrics::lost_spans(1);
        }
    }
}

/// Spans of the same thing, one for each of the requests that it was done for.
#[derive(Debug, Default)]
pub struct Several(Vec<Open>);

impl Several {
    /// Begins them.
    #[must_use]
    pub fn below(parents: &[Context], kind: Kind) -> Self {
        Self(parents.iter().filter_map(|parent| Open::below(*parent, kind)).collect())
    }

    /// What those below them are told.
    #[must_use]
    pub fn contexts(&self) -> Vec<Context> {
        self.0.iter().map(Open::context).collect()
    }

    /// Ends them; what is told is made only where somebody collects.
    pub fn end(self, told: impl FnOnce() -> (String, Vec<(&'static str, String)>, Option<String>)) {
        if self.0.is_empty() {
            return;
        }
        let (name, attributes, error) = told();
        for open in self.0 {
            open.end(name.clone(), attributes.clone(), error.clone());
        }
    }
}

fn nanoseconds(time: SystemTime) -> u128 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos()
}
