//! A Mercury's life, as the world sees it: everything it says, hears and locks
//! is an event, and at any of them it may get a signal.
//!
//! A killed Mercury is one that never says anything again: its wires are
//! closed, and whatever it does next waits for ever. Between two events it can
//! do nothing that anybody would notice, so that killing it at each of them is
//! killing it at each of its await points.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf},
    sync::watch,
    time::{Instant, Sleep},
};

/// What may happen to a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// It is over at once.
    Kill,
    /// It is asked to finish.
    Term,
}

/// When something happens to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// At this event from now.
    Event(usize),
    /// When it has said so many octets from now.
    Octet(usize),
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Life {
    events: AtomicUsize,
    said: AtomicUsize,
    plan: Mutex<Option<(When, Signal)>>,
    got: watch::Sender<Option<Signal>>,
    died: Mutex<Option<Instant>>,
    ends: Mutex<Vec<End>>,
    stalled: Mutex<Option<Instant>>,
}

/// Mercury's end of a wire; `None` once it is closed.
type End = Arc<Mutex<Option<DuplexStream>>>;

impl Life {
    /// Sends a signal later.
    pub(crate) fn plan(&self, when: When, signal: Signal) {
        let when = match when {
            When::Event(number) => When::Event(self.events.load(Relaxed) + number),
            When::Octet(number) => When::Octet(self.said.load(Relaxed) + number),
        };
        *self.plan.lock().unwrap() = Some((when, signal));
    }

    /// The signal does not come any more.
    pub(crate) fn forget_plan(&self) {
        self.plan.lock().unwrap().take();
    }

    /// Sends a signal now.
    pub(crate) fn send(&self, signal: Signal) {
        self.got.send_if_modified(|got| {
            let dead = *got == Some(Signal::Kill);
            *got = if dead { *got } else { Some(signal) };
            !dead
        });
        if signal == Signal::Kill {
            self.died.lock().unwrap().get_or_insert_with(Instant::now);
            self.cut();
        }
    }

    /// Waits for a signal.
    pub(crate) async fn signalled(&self, signal: Signal) {
        let mut got = self.got.subscribe();
        // The sender is `self`.
        let _ = got.wait_for(|got| *got == Some(signal)).await;
    }

    pub(crate) fn is_dead(&self) -> bool {
        *self.got.borrow() == Some(Signal::Kill)
    }

    /// For how long it has been dead.
    pub(crate) fn dead_for(&self) -> Option<Duration> {
        self.died.lock().unwrap().map(|died| died.elapsed())
    }

    /// Closes every wire.
    pub(crate) fn cut(&self) {
        self.ends.lock().unwrap().drain(..).for_each(|end| drop(end.lock().unwrap().take()));
    }

    /// Lets nothing through for a time, either way.
    pub(crate) fn stall(&self, time: Duration) {
        *self.stalled.lock().unwrap() = Some(Instant::now() + time);
    }

    /// Counts an event; says whether there is anybody left to go on.
    pub(crate) fn event(&self) -> bool {
        let number = self.events.fetch_add(1, Relaxed) + 1;
        self.due(|when| matches!(when, When::Event(at) if at <= number));
        !self.is_dead()
    }

    /// How much of what it says gets out.
    fn room(&self, octets: usize) -> usize {
        match *self.plan.lock().unwrap() {
            Some((When::Octet(at), _)) => octets.min(at.saturating_sub(self.said.load(Relaxed))),
            _ => octets,
        }
    }

    fn has_said(&self, octets: usize) {
        let said = self.said.fetch_add(octets, Relaxed) + octets;
        self.due(|when| matches!(when, When::Octet(at) if at <= said));
    }

    fn due(&self, is: impl Fn(When) -> bool) {
        let due = self.plan.lock().unwrap().take_if(|(when, _)| is(*when));
        if let Some((_, signal)) = due {
            self.send(signal);
        }
    }

    /// As [`Life::event`], and a dead one waits for ever.
    pub(crate) async fn live_on(&self) {
        if !self.event() {
            std::future::pending::<()>().await;
        }
    }
}

/// A wire that Mercury holds while it lives.
#[derive(Debug)]
pub(crate) struct Mortal {
    end: End,
    life: Arc<Life>,
    stall: Option<Pin<Box<Sleep>>>,
}

impl Mortal {
    pub(crate) fn new(wire: DuplexStream, life: &Arc<Life>) -> Self {
        let end = Arc::new(Mutex::new(Some(wire)));
        let mut ends = life.ends.lock().unwrap();
        ends.retain(|end| Arc::strong_count(end) > 1);
        ends.push(Arc::clone(&end));
        Self { end, life: Arc::clone(life), stall: None }
    }

    /// Ready when the wire can be used; the dead wait.
    fn usable(&mut self, cx: &mut Context<'_>) -> Poll<MutexGuard<'_, Option<DuplexStream>>> {
        if self.life.is_dead() {
            return Poll::Pending;
        }
        let until = *self.life.stalled.lock().unwrap();
        if let Some(until) = until.filter(|until| *until > Instant::now()) {
            let sleep = self.stall.insert(Box::pin(tokio::time::sleep_until(until)));
            ready!(sleep.as_mut().poll(cx));
        }
        Poll::Ready(self.end.lock().unwrap())
    }
}

impl Drop for Mortal {
    fn drop(&mut self) {
        self.end.lock().unwrap().take();
    }
}

impl AsyncRead for Mortal {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut end = ready!(self.usable(cx));
        let Some(wire) = end.as_mut() else { return Poll::Ready(Ok(())) };
        let read = ready!(Pin::new(wire).poll_read(cx, buf));
        drop(end);
        if self.life.event() { Poll::Ready(read) } else { Poll::Pending }
    }
}

impl AsyncWrite for Mortal {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let life = Arc::clone(&self.life);
        if !life.event() {
            return Poll::Pending;
        }
        let mut end = ready!(self.usable(cx));
        let Some(wire) = end.as_mut() else { return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())) };
        let room = life.room(buf.len());
        let written = if room > 0 { ready!(Pin::new(wire).poll_write(cx, &buf[..room]))? } else { 0 };
        drop(end);
        life.has_said(written);
        if life.is_dead() { Poll::Pending } else { Poll::Ready(Ok(written)) }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match ready!(self.usable(cx)).as_mut() {
            Some(wire) => Pin::new(wire).poll_flush(cx),
            None => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match ready!(self.usable(cx)).as_mut() {
            Some(wire) => Pin::new(wire).poll_shutdown(cx),
            None => Poll::Ready(Ok(())),
        }
    }
}
