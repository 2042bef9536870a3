//! A shell over any byte stream. The prompt machine is in [`crate::prompt`]; here
//! are the socket and the clock.

use std::{sync::Arc, time::Duration};

use futures_util::{FutureExt as _, future::BoxFuture};
use mercury_adapter::{CliSession, Level, Lost, Pace, Share, Traffic};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    time::{Instant, timeout, timeout_at},
};

use crate::{
    judge,
    prompt::{Answered, Machine, Secrets},
    wire::{End, Entry, Reply, Wire, no_room},
};

/// How much is read at once, in bytes.
const READ_SIZE: usize = 32 << 10;
/// A prompt is looked for in each octet, which takes so many times as long as to put it away.
const COST: usize = 4;

/// How long the end of the stream may take.
pub(crate) const FAREWELL: Duration = Duration::from_secs(2);

/// An open shell, at its prompt.
#[derive(Debug)]
pub(crate) struct Shell<S> {
    io: S,
    machine: Machine,
    begun: Instant,
    traffic: Traffic,
    is_open: bool,
}

/// Why there is no shell that configuration can be entered in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ShellError {
    /// The stream ended, or made no sense.
    #[error("no prompt was reached: {0}")]
    Lost(#[from] Lost),
    /// The device asked who one is, and did not take what it was told.
    #[error("{user} was not let in: {reason}")]
    Login { user: String, reason: String },
    /// The secret is missing, or is another one.
    #[error("{line:?} did not let in: {reason}")]
    Enable { line: String, reason: String },
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Shell<S> {
    /// Waits for the prompt, goes in as far as configuration can be shown, and
    /// prepares the terminal.
    pub(crate) async fn open(
        io: S,
        session: &Arc<CliSession>,
        secrets: Secrets,
        share: &mut Share,
    ) -> Result<Self, ShellError> {
        let user = secrets.username.clone();
        let machine = Machine::new(Arc::clone(session), secrets, Duration::ZERO);
        let mut shell = Self { io, machine, begun: Instant::now(), traffic: Traffic::default(), is_open: false };
        let first = shell.answers(1, share).await.map_err(|lost| shell.turned_away(user, lost))?.pop();
        let mut level = first.map(|first| first.level);
        if let Some(enable) = session.enable.as_ref().filter(|_| level == Some(Level::User)) {
            shell.machine.send(&enable.line, None);
            let answer = shell.answers(1, share).await?.pop();
            level = answer.as_ref().map(|answer| answer.level);
            if level == Some(Level::User) {
                let text = answer.map(|answer| answer.text).unwrap_or_default();
                let reason = judge::words(&text);
                return Err(ShellError::Enable { line: enable.line.clone(), reason });
            }
        }
        if level == Some(Level::Configure) {
            // Somebody's profile, or a line that serves no one else.
            for line in &session.end {
                shell.machine.send(line, None);
                shell.answers(1, share).await?;
            }
        }
        for line in &session.prepare {
            shell.machine.send(line, None);
            let answer = shell.answers(1, share).await?.pop();
            if let Some(words) = answer.and_then(|answer| judge::marked(session, &answer.text)) {
                tracing::debug!(line, words, "the switch does not take a line that prepares its terminal");
            }
        }
        (shell.is_open, shell.traffic.flights) = (true, 0);
        Ok(shell)
    }

    /// Why there was no first prompt.
    fn turned_away(&self, user: String, lost: Lost) -> ShellError {
        let has_refused = self.machine.is_judged() && matches!(lost, Lost::Closed(_) | Lost::Protocol(_));
        match self.machine.pending().filter(|_| has_refused) {
            Some((_, text)) => ShellError::Login { user, reason: judge::words(text) },
            None => ShellError::Lost(lost),
        }
    }

    /// So many answers more.
    async fn answers(&mut self, count: usize, share: &mut Share) -> Result<Vec<Answered>, Lost> {
        let (mut answers, mut buffer, mut pace) = (Vec::new(), vec![0; READ_SIZE], Pace::of(COST));
        let closed = |error: std::io::Error| Lost::Closed(error.to_string());
        loop {
            while let Some(answer) = self.machine.next_answer() {
                answers.push(answer);
            }
            if answers.len() >= count {
                return Ok(answers);
            }
            let output = self.machine.take_output();
            if !output.is_empty() {
                self.io.write_all(&output).await.map_err(closed)?;
                self.io.flush().await.map_err(closed)?;
                self.traffic.flights += 1;
                self.traffic.sent += output.len() as u64;
            }
            let reading = self.io.read(&mut buffer);
            let read = match self.machine.wakes_at() {
                Some(at) => timeout_at(self.begun + at, reading).await.ok(),
                None => Some(reading.await),
            };
            let progress = match read.transpose().map_err(closed)? {
                None => self.machine.wake(self.begun.elapsed()),
                Some(0) => return Err(Lost::Closed("the switch closed the session".to_owned())),
                Some(read) => {
                    pace.took(read).await;
                    self.traffic.received += read as u64;
                    share.arrive(read).map_err(|error| no_room(&error))?;
                    self.machine.receive(buffer.get(..read).unwrap_or_default(), self.begun.elapsed())
                }
            };
            progress.map_err(|error| Lost::Protocol(error.to_string()))?;
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Wire for Shell<S> {
    fn ask<'a>(&'a mut self, lines: &'a [Entry<'a>], share: &'a mut Share) -> BoxFuture<'a, Result<Vec<Reply>, Lost>> {
        async move {
            // Until all is answered: what is abandoned in between is of no use.
            self.is_open = false;
            for entry in lines {
                tracing::debug!(line = entry.line, "entered");
                self.machine.send(entry.line, entry.when);
            }
            let answers = self.answers(lines.len(), share).await?;
            self.is_open = true;
            let reply = |answer: Answered| Reply::of(answer.text, End::Prompt(answer.level));
            Ok(answers.into_iter().map(reply).collect())
        }
        .boxed()
    }

    fn is_open(&self) -> bool {
        self.is_open
    }

    fn traffic(&self) -> Traffic {
        self.traffic
    }

    fn close(mut self: Box<Self>) -> BoxFuture<'static, ()> {
        async move {
            // The peer may be gone already; there is nobody left to tell.
            let _ = timeout(FAREWELL, self.io.shutdown()).await;
        }
        .boxed()
    }
}
