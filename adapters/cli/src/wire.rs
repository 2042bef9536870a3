//! What takes lines and answers them.

use std::borrow::Cow;

use futures_util::{FutureExt as _, future::BoxFuture};
use mercury_adapter::{Level, Lost, NoRoom, Share, Traffic, When};

/// A line to enter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) line: &'a str,
    /// The questions it may bring; those of no kind are answered where `None`.
    pub(crate) when: Option<When>,
    /// What it prints is read: a warning beside that is no part of it.
    pub(crate) shows: bool,
}

impl<'a> Entry<'a> {
    /// A line that does something.
    pub(crate) fn of(line: &'a str, when: Option<When>) -> Self {
        Self { line, when, shows: false }
    }

    /// A line that shows something.
    pub(crate) fn show(line: &'a str) -> Self {
        Self { line, when: None, shows: true }
    }
}

/// What a line brought.
#[derive(Debug)]
pub(crate) struct Reply {
    /// What was said, each line with a line feed behind it.
    pub(crate) text: String,
    /// What was said beside what was shown: standard error, where it comes apart. A `sudo`
    /// that cannot resolve its host's name warns there of each command.
    pub(crate) beside: String,
    /// Where it ended.
    pub(crate) end: End,
}

impl Reply {
    /// Where nothing comes apart.
    pub(crate) fn of(text: String, end: End) -> Self {
        Self { text, beside: String::new(), end }
    }

    /// All that was said, as it is judged.
    pub(crate) fn said(&self) -> Cow<'_, str> {
        if self.beside.is_empty() {
            Cow::Borrowed(&self.text)
        } else {
            Cow::Owned(format!("{}\n{}", self.beside, self.text))
        }
    }
}

/// How an answer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// At a prompt, which tells how far one is in.
    Prompt(Level),
    /// With an exit status; `None` where there is none.
    Status(Option<u32>),
}

/// A shell, or something that runs commands.
pub(crate) trait Wire: Send {
    /// Enters the lines, all at once, and waits for the answers to all of them.
    fn ask<'a>(&'a mut self, lines: &'a [Entry<'a>], share: &'a mut Share) -> BoxFuture<'a, Result<Vec<Reply>, Lost>>;

    /// Whether it is still there, as far as is known.
    fn is_open(&self) -> bool;

    fn traffic(&self) -> Traffic;

    /// Says goodbye.
    fn close(self: Box<Self>) -> BoxFuture<'static, ()>;
}

/// Makes room for so many octets more, a quarter more than there are: what doubles is half
/// empty when it is most of what there is.
pub(crate) fn make_room(octets: &mut Vec<u8>, more: usize) {
    if octets.capacity() - octets.len() < more {
        octets.reserve_exact(more.max(octets.len() / 4));
    }
}

/// Octets as text, which takes no more room where they are one.
pub(crate) fn as_text(octets: Vec<u8>) -> String {
    String::from_utf8(octets).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// A wire with nobody behind it: a function answers.
pub(crate) struct Answering<F>(pub(crate) F);

impl<F: FnMut(&str) -> Result<Reply, Lost> + Send> Wire for Answering<F> {
    fn ask<'a>(&'a mut self, lines: &'a [Entry<'a>], share: &'a mut Share) -> BoxFuture<'a, Result<Vec<Reply>, Lost>> {
        let replies = lines.iter().map(|entry| {
            let reply = (self.0)(entry.line)?;
            share.grow(reply.text.len() + reply.beside.len()).map_err(|error| no_room(&error))?;
            Ok(reply)
        });
        let replies = replies.collect();
        async {
            match replies {
                // Who says nothing in time says nothing at all.
                Err(Lost::Timeout(_)) => std::future::pending().await,
                told => told,
            }
        }
        .boxed()
    }

    fn is_open(&self) -> bool {
        true
    }

    fn traffic(&self) -> Traffic {
        Traffic::default()
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, ()> {
        async {}.boxed()
    }
}

pub(crate) fn no_room(error: &NoRoom) -> Lost {
    Lost::NoRoom(error.to_string())
}
