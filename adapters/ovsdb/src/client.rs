//! A connection to a server: requests out, replies in, in whatever order they come.
//!
//! The server asks too, after 5 s without a word from us, and goes 5 s later where that
//! is not answered. So a task reads for as long as the connection lives, and another one
//! writes: who waits for a reply need not be there.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use mercury_adapter::{Budget, JsonProblem, Lost, MAX_REPLY, Pace, Pieces, Share, off_worker};
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    sync::{mpsc, oneshot},
    task::AbortHandle,
    time::{Instant, timeout},
};

use crate::{
    message::{Message, request},
    splitter::Splitter,
};

/// Messages that may wait to be written; a server that takes none does not live.
const UNWRITTEN: usize = 32;
/// The longest answer to a question of the server's: an echo has nothing to say, and what
/// waits to be written is counted nowhere.
const LONGEST_ECHO: usize = 4 << 10;
/// Octets that are read at once.
const CHUNK: usize = 16 << 10;

/// What a request comes to: the result, or the server's error.
pub type Answer = Result<Reply, String>;

/// A result as it came, and what it takes of all that replies may take: whoever makes
/// something of it takes of the same.
#[derive(Debug)]
pub struct Reply {
    /// The result.
    pub text: Box<str>,
    /// What is taken, until this is dropped.
    pub share: Share,
}

/// One connection. It is never made anew behind our back: what was under way on a lost
/// one is known to be in doubt.
#[derive(Debug)]
pub struct Client {
    unwritten: mpsc::Sender<Vec<u8>>,
    shared: Arc<Shared>,
    tasks: [AbortHandle; 2],
    next: u64,
}

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    sent: AtomicU64,
    received: AtomicU64,
}

#[derive(Debug, Default)]
struct Waiting {
    replies: HashMap<u64, oneshot::Sender<Result<Answer, Lost>>>,
    /// Why there is no connection any more.
    end: Option<Lost>,
    /// When something came last.
    heard: Option<Instant>,
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self, lost: Lost) {
        let mut waiting = self.waiting();
        let lost = waiting.end.get_or_insert(lost).clone();
        for (_, reply) in waiting.replies.drain() {
            // Who waited may be gone.
            let _ = reply.send(Err(lost.clone()));
        }
    }
}

impl Client {
    /// A client on a stream that is there.
    pub fn over<S>(stream: S, budget: Budget) -> Self
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let (reads, mut writes) = tokio::io::split(stream);
        let (unwritten, mut queue) = mpsc::channel::<Vec<u8>>(UNWRITTEN);
        let shared = Arc::new(Shared::default());
        let writer = tokio::spawn({
            let shared = Arc::clone(&shared);
            async move {
                while let Some(message) = queue.recv().await {
                    shared.sent.fetch_add(message.len() as u64, Relaxed);
                    let written = async {
                        writes.write_all(&message).await?;
                        writes.flush().await
                    };
                    if let Err(error) = written.await {
                        return shared.end(Lost::Closed(error.to_string()));
                    }
                }
            }
        });
        let reader = tokio::spawn({
            let (shared, unwritten) = (Arc::clone(&shared), unwritten.clone());
            async move {
                let lost = read(reads, &shared, &unwritten, &budget).await;
                tracing::debug!(%lost, "the connection ended");
                shared.end(lost);
            }
        });
        Self { unwritten, shared, tasks: [reader.abort_handle(), writer.abort_handle()], next: 0 }
    }

    /// Sends a request and waits for its reply.
    ///
    /// # Errors
    /// [`Lost`]: there was none in that time, or the connection ended.
    pub async fn ask(&mut self, method: &str, params: &Value, within: Duration) -> Result<Answer, Lost> {
        let [answer] = self.ask_all([(method, params)], within).await?;
        Ok(answer)
    }

    /// Sends requests without waiting for the reply to any before it.
    ///
    /// # Errors
    /// As of [`Client::ask`].
    pub async fn ask_all<const N: usize>(
        &mut self,
        requests: [(&str, &Value); N],
        within: Duration,
    ) -> Result<[Answer; N], Lost> {
        let replies = requests.map(|(method, params)| self.send(method, params));
        let all = async {
            let mut answers = [const { None }; N];
            for (answer, reply) in answers.iter_mut().zip(replies) {
                let gone = |_| Lost::Closed("nobody reads the connection".to_owned());
                *answer = Some(reply?.await.map_err(gone)??);
            }
            Ok(answers.map(|answer| answer.unwrap_or_else(|| Err("no answer".to_owned()))))
        };
        let answered = timeout(within, all).await.unwrap_or(Err(Lost::Timeout(within)));
        if let Err(lost) = &answered {
            // What comes now would be believed to be an answer to something else.
            self.shared.end(lost.clone());
        }
        answered
    }

    fn send(&mut self, method: &str, params: &Value) -> Result<oneshot::Receiver<Result<Answer, Lost>>, Lost> {
        self.next += 1;
        let (tell, reply) = oneshot::channel();
        {
            let mut waiting = self.shared.waiting();
            if let Some(lost) = &waiting.end {
                return Err(lost.clone());
            }
            waiting.replies.insert(self.next, tell);
        }
        let full = |_| Lost::Closed("it takes no more requests".to_owned());
        self.unwritten.try_send(request(self.next, method, params)).map_err(full)?;
        Ok(reply)
    }

    /// Whether requests can be sent, as far as is known without sending one.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.shared.waiting().end.is_none()
    }

    /// Whether something came within so long: one that went without a word does not ask.
    #[must_use]
    pub fn has_heard(&self, within: Duration) -> bool {
        self.shared.waiting().heard.is_some_and(|heard| heard.elapsed() <= within)
    }

    /// Octets sent and received.
    #[must_use]
    pub fn octets(&self) -> (u64, u64) {
        (self.shared.sent.load(Relaxed), self.shared.received.load(Relaxed))
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

/// Reads until the connection ends; says why it did.
async fn read(
    mut reads: impl AsyncRead + Unpin,
    shared: &Shared,
    unwritten: &mpsc::Sender<Vec<u8>>,
    budget: &Budget,
) -> Lost {
    let mut splitter = Splitter::new(MAX_REPLY);
    let mut share = budget.share(MAX_REPLY);
    let (mut chunk, mut pace) = (vec![0; CHUNK], Pace::default());
    loop {
        let read = match reads.read(&mut chunk).await {
            Ok(0) => return Lost::Closed("the server closed it".to_owned()),
            Ok(read) => read,
            Err(error) => return Lost::Closed(error.to_string()),
        };
        shared.received.fetch_add(read as u64, Relaxed);
        shared.waiting().heard = Some(Instant::now());
        pace.took(read).await;
        let mut octets = chunk.get(..read).unwrap_or_default();
        loop {
            let before = octets.len();
            let object = splitter.next(&mut octets);
            // Of an object each octet is counted until nobody has it any more.
            if let Err(error) = share.arrive(before - octets.len()) {
                return Lost::NoRoom(error.to_string());
            }
            let object = match object {
                Ok(Some(object)) => object,
                Ok(None) => break,
                Err(error) => return Lost::Protocol(error.to_string()),
            };
            let understood = off_worker(object.len(), move || understood(object, share)).await;
            let message = match understood {
                Ok((message, own)) => {
                    share = own;
                    message
                }
                Err(unfinished) => return Lost::Closed(unfinished.to_string()),
            };
            match message {
                Ok(Message::Reply { id, answer }) => {
                    let share = std::mem::replace(&mut share, budget.share(MAX_REPLY));
                    let answer = answer.map(|text| Reply { text, share });
                    let reply = shared.waiting().replies.remove(&id);
                    // Who waited may be gone.
                    let _ = reply.map(|reply| reply.send(Ok(answer)));
                }
                Ok(Message::Asked { reply }) => {
                    if reply.len() > LONGEST_ECHO {
                        return Lost::Protocol("the server asks to have a long text said again".to_owned());
                    }
                    if unwritten.try_send(reply).is_err() {
                        return Lost::Closed("the server asks and takes no answers".to_owned());
                    }
                }
                Ok(Message::Told) => {}
                Err(JsonProblem::NoRoom(error)) => return Lost::NoRoom(error.to_string()),
                Err(JsonProblem::Malformed(error)) => return Lost::Protocol(error.to_string()),
            }
            share.shrink(0);
        }
    }
}

/// What an object is, with the share that it is counted in: what it is made to stands beside it
/// for a moment.
fn understood(object: Pieces, mut share: Share) -> (Result<Message, JsonProblem>, Share) {
    let (octets, object) = (object.len(), object.into_vec());
    let message = share.grow(octets).map_err(JsonProblem::from).and_then(|()| Message::read(&object, &mut share));
    drop(object);
    share.release(octets);
    (message, share)
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
