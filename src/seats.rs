//! How many sessions Mercury has with a switch at once: all that a service does with it,
//! whichever entry and connector it goes through, takes its seat here first, so that
//! some are left for people.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use futures_util::{FutureExt as _, future::BoxFuture};
use mercury_adapter::{
    Capabilities, ConnectError, ConnectFault, Connector, Flight, Kept, Lost, ModuleList, ModuleSource, Presented,
    Probe, Refusal, Session, Step, Traffic, YangModule,
};
use mercury_model::Scope;
use tokio::{sync::Notify, time::timeout};

/// The seats of each switch that a service is connected to, or may be; a service has one of
/// these from its start to its end, whatever its inventory becomes.
#[derive(Clone, Debug, Default)]
pub struct Seating(Arc<Mutex<HashMap<String, Weak<Seats>>>>);

impl Seating {
    /// Those of the switch with this key, the same for whoever asks.
    #[must_use]
    pub fn of(&self, switch: &str) -> Arc<Seats> {
        let mut all = locked(&self.0);
        if let Some(seats) = all.get(switch).and_then(Weak::upgrade) {
            return seats;
        }
        let (freed, wanted) = (Notify::new(), Notify::new());
        let (switch, seating) = (switch.to_owned(), self.clone());
        let seats = Arc::new(Seats { switch: switch.clone(), seating, there: Mutex::default(), freed, wanted });
        all.insert(switch, Arc::downgrade(&seats));
        seats
    }
}

/// The sessions with one switch.
#[derive(Debug)]
pub struct Seats {
    switch: String,
    seating: Seating,
    there: Mutex<There>,
    /// A seat is free again.
    freed: Notify,
    /// Somebody waits for one.
    wanted: Notify,
}

#[derive(Debug, Default)]
struct There {
    taken: usize,
    waiting: usize,
}

/// One session's place, until it is dropped.
#[derive(Debug)]
#[must_use]
pub struct Seat(Arc<Seats>);

impl Seats {
    /// Where those of the same service's other switches are.
    #[must_use]
    pub const fn seating(&self) -> &Seating {
        &self.seating
    }

    /// Whether as many as `most` are taken.
    #[must_use]
    pub fn are_full(&self, most: usize) -> bool {
        locked(&self.there).taken >= most
    }

    /// Until somebody waits for a seat that whoever has a session to spare may have.
    pub async fn wanted(&self) {
        loop {
            let mut wanted = std::pin::pin!(self.wanted.notified());
            wanted.as_mut().enable();
            if locked(&self.there).waiting > 0 {
                return;
            }
            wanted.await;
        }
    }

    /// One of `most`, as soon as it is free.
    async fn take(self: &Arc<Self>, most: usize, within: Duration) -> Result<Seat, ConnectError> {
        if let Some(seat) = self.try_take(most) {
            return Ok(seat);
        }
        let _waiting = Waiting::of(self);
        let taking = async {
            loop {
                let mut freed = std::pin::pin!(self.freed.notified());
                freed.as_mut().enable();
                if let Some(seat) = self.try_take(most) {
                    return seat;
                }
                freed.await;
            }
        };
        timeout(within, taking).await.map_err(|_| full(most))
    }

    fn try_take(self: &Arc<Self>, most: usize) -> Option<Seat> {
        let mut there = locked(&self.there);
        let is_free = there.taken < most;
        there.taken += usize::from(is_free);
        is_free.then(|| Seat(Arc::clone(self)))
    }
}

impl Drop for Seats {
    fn drop(&mut self) {
        let mut all = locked(&self.seating.0);
        // Others may have come under its name meanwhile.
        if all.get(&self.switch).is_some_and(|seats| seats.strong_count() == 0) {
            all.remove(&self.switch);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        locked(&self.0.there).taken -= 1;
        self.0.freed.notify_waiters();
    }
}

/// Somebody who waits, until this is dropped.
struct Waiting<'a>(&'a Seats);

impl<'a> Waiting<'a> {
    fn of(seats: &'a Seats) -> Self {
        locked(&seats.there).waiting += 1;
        seats.wanted.notify_waiters();
        Self(seats)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        locked(&self.0.there).waiting -= 1;
    }
}

fn full(most: usize) -> ConnectError {
    let sessions = if most == 1 { "the one session" } else { "all of the sessions" };
    let message = format!("Mercury has {sessions} with the switch that its entry allows (max_sessions = {most})");
    ConnectError { fault: ConnectFault::Busy, message }
}

/// A connector whose sessions each take a seat of a switch.
pub struct Seated {
    inner: Box<dyn Connector>,
    seats: Arc<Seats>,
    most: usize,
    within: Duration,
}

impl Seated {
    /// At most `most` of them beside those of others; a session waits for one at most
    /// `within`.
    #[must_use]
    pub fn new(inner: Box<dyn Connector>, seats: Arc<Seats>, most: usize, within: Duration) -> Self {
        Self { inner, seats, most, within }
    }

    /// One for whoever connects in another way.
    ///
    /// # Errors
    /// None is free in time ([`ConnectFault::Busy`]).
    pub async fn seat(&self) -> Result<Seat, ConnectError> {
        self.seats.take(self.most, self.within).await
    }
}

impl Connector for Seated {
    fn connect(&self) -> BoxFuture<'_, Result<Box<dyn Session>, ConnectError>> {
        async move {
            let seat = self.seat().await?;
            let inner = self.inner.connect().await?;
            Ok(Box::new(SeatedSession { inner, seat }) as Box<dyn Session>)
        }
        .boxed()
    }

    /// Waits for nobody, and goes before nobody who waits: what is only read can be read in
    /// turn.
    fn connect_beside(&self) -> BoxFuture<'_, Result<Option<Box<dyn Session>>, ConnectError>> {
        async move {
            let is_free = locked(&self.seats.there).waiting == 0;
            let seat = is_free.then(|| self.seats.try_take(self.most)).flatten();
            let Some(seat) = seat else { return Err(full(self.most)) };
            let inner = self.inner.connect_beside().await?;
            Ok(inner.map(|inner| Box::new(SeatedSession { inner, seat }) as Box<dyn Session>))
        }
        .boxed()
    }

    fn probe(&self) -> BoxFuture<'_, Result<Probe, ConnectError>> {
        async move {
            let _seat = self.seat().await?;
            self.inner.probe().await
        }
        .boxed()
    }

    /// Nobody logs in.
    fn presented(&self) -> BoxFuture<'_, Result<Option<Presented>, ConnectError>> {
        self.inner.presented()
    }

    fn modules(&self) -> BoxFuture<'_, Result<Option<Box<dyn ModuleSource>>, ConnectError>> {
        async move {
            let seat = self.seat().await?;
            let inner = self.inner.modules().await?;
            Ok(inner.map(|inner| Box::new(SeatedModules { inner, seat }) as Box<dyn ModuleSource>))
        }
        .boxed()
    }

    fn text(&self, kept: Kept, timeout: Duration) -> BoxFuture<'_, Result<Option<String>, String>> {
        async move {
            let _seat = self.seat().await.map_err(|error| error.to_string())?;
            self.inner.text(kept, timeout).await
        }
        .boxed()
    }

    fn shown<'a>(&'a self, scope: &'a Scope, timeout: Duration) -> BoxFuture<'a, Result<Option<String>, String>> {
        async move {
            let _seat = self.seat().await.map_err(|error| error.to_string())?;
            self.inner.shown(scope, timeout).await
        }
        .boxed()
    }
}

struct SeatedSession {
    inner: Box<dyn Session>,
    seat: Seat,
}

impl Session for SeatedSession {
    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }

    fn is_recorded(&self) -> bool {
        self.inner.is_recorded()
    }

    fn session_id(&self) -> Option<u64> {
        self.inner.session_id()
    }

    fn flight<'a>(&'a mut self, steps: &'a [Step], timeout: Duration) -> BoxFuture<'a, Flight> {
        self.inner.flight(steps, timeout)
    }

    fn asked_by(&mut self, turn: u64, requests: &str) {
        self.inner.asked_by(turn, requests);
    }

    fn ask_one_by_one(&mut self) {
        self.inner.ask_one_by_one();
    }

    fn may_hold(&self) -> bool {
        self.inner.may_hold()
    }

    fn holds_to(&self, scope: &Scope) -> bool {
        self.inner.holds_to(scope)
    }

    fn is_usable(&self) -> bool {
        self.inner.is_usable()
    }

    fn traffic(&self) -> Traffic {
        self.inner.traffic()
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, ()> {
        let Self { inner, seat } = *self;
        async move {
            inner.close().await;
            drop(seat);
        }
        .boxed()
    }
}

struct SeatedModules {
    inner: Box<dyn ModuleSource>,
    seat: Seat,
}

impl ModuleSource for SeatedModules {
    fn list(&mut self, timeout: Duration) -> BoxFuture<'_, Result<ModuleList, Lost>> {
        self.inner.list(timeout)
    }

    fn texts<'a>(
        &'a mut self,
        modules: &'a [YangModule],
        timeout: Duration,
    ) -> BoxFuture<'a, Result<Vec<Result<String, Refusal>>, Lost>> {
        self.inner.texts(modules, timeout)
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, ()> {
        let Self { inner, seat } = *self;
        async move {
            inner.close().await;
            drop(seat);
        }
        .boxed()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::ZERO;
    const SOON: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn a_seat_is_waited_for_and_who_has_one_to_spare_is_asked() {
        let seats = Seating::default().of("waited for");
        let first = seats.take(1, NOW).await.unwrap();
        assert!(seats.are_full(1) && !seats.are_full(2), "each entry says for itself how many");
        let (second, ()) = tokio::join!(seats.take(1, SOON), async {
            seats.wanted().await;
            drop(first);
        });
        let error = seats.take(1, NOW).await.unwrap_err();
        assert_eq!(error.fault, ConnectFault::Busy);
        assert!(error.message.contains("(max_sessions = 1)"), "{error}");
        drop(second);
        assert!(seats.take(1, NOW).await.is_ok());
        assert!(seats.wanted().now_or_never().is_none(), "nobody waits any more");
    }

    #[test]
    fn one_switch_has_the_same_seats_for_whoever_asks_and_is_forgotten_with_them() {
        let seating = Seating::default();
        let seats = seating.of("the same");
        let seat = seats.try_take(1);
        drop(seats);
        assert!(seating.of("the same").are_full(1));
        assert!(!Seating::default().of("the same").are_full(1), "another service counts its own");
        drop(seat);
        assert!(locked(&seating.0).is_empty());
    }
}
