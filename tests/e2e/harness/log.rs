//! Lines of a child's output, collected as they come.

use std::{
    io::{BufRead, BufReader, Read},
    sync::{Arc, Condvar, Mutex},
    thread,
    time::Instant,
};

use serde_json::Value;

use super::LIMIT;

/// The lines of one stream so far; cheap to clone.
#[derive(Clone)]
pub(crate) struct Lines(Arc<(Mutex<Collected>, Condvar)>);

#[derive(Default)]
struct Collected {
    lines: Vec<String>,
    ended: bool,
}

impl Lines {
    /// Collects `stream` in a thread of its own until it ends.
    pub(crate) fn of(stream: impl Read + Send + 'static) -> Self {
        let lines = Self(Arc::default());
        let collected = lines.clone();
        thread::spawn(move || {
            let mut stream = BufReader::new(stream);
            let mut line = Vec::new();
            while stream.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                let text = String::from_utf8_lossy(&line).trim_end().to_owned();
                collected.change(|collected| collected.lines.push(text));
                line.clear();
            }
            collected.change(|collected| collected.ended = true);
        });
        lines
    }

    /// Everything so far.
    pub(crate) fn text(&self) -> String {
        self.0.0.lock().unwrap().lines.join("\n")
    }

    /// Everything, once the stream has ended.
    pub(crate) fn whole(&self) -> String {
        self.wait("the end of the stream", |collected| collected.ended.then(|| collected.lines.join("\n")))
    }

    /// The lines so far that are JSON objects.
    pub(crate) fn json(&self) -> Vec<Value> {
        self.0.0.lock().unwrap().lines.iter().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// The first line, when it is there.
    pub(crate) fn first(&self) -> Option<String> {
        self.wait("a first line", |collected| match collected.lines.first() {
            Some(line) => Some(Some(line.clone())),
            None => collected.ended.then_some(None),
        })
    }

    /// Waits for the first line of JSON, old or new, that is `wanted`.
    pub(crate) fn wait_json(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        self.wait(what, |collected| {
            collected.lines.iter().filter_map(|line| serde_json::from_str(line).ok()).find(&wanted)
        })
    }

    fn change(&self, change: impl FnOnce(&mut Collected)) {
        change(&mut self.0.0.lock().unwrap());
        self.0.1.notify_all();
    }

    fn wait<T>(&self, what: &str, ready: impl Fn(&Collected) -> Option<T>) -> T {
        let end = Instant::now() + LIMIT;
        let mut collected = self.0.0.lock().unwrap();
        loop {
            if let Some(found) = ready(&collected) {
                return found;
            }
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{what} did not come in time; so far:\n{}", collected.lines.join("\n"));
            assert!(!collected.ended, "the stream ended without {what}:\n{}", collected.lines.join("\n"));
            collected = self.0.1.wait_timeout(collected, left).unwrap().0;
        }
    }
}
