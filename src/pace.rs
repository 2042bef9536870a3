//! The pace of a request on one switch: alone it just goes on; together with
//! other switches it says how far it has got and waits until all may go on.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};

use crate::{
    fault::{Fault, FaultKind},
    intent::{Agreed, Offers},
    outcome::{Outcome, Report},
    waits::Waits,
};

/// Tells one joint request from another.
#[derive(Clone, Debug)]
pub struct JointId {
    number: u64,
    /// The switches it is about.
    switches: Arc<BTreeSet<String>>,
    /// Whoever waits for it, if that is told.
    pub waits: Option<Waits>,
}

impl PartialEq for JointId {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for JointId {}

impl JointId {
    /// One that no other request has.
    #[must_use]
    pub fn new(switches: BTreeSet<String>, waits: Option<Waits>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self { number: NEXT.fetch_add(1, Ordering::Relaxed), switches: Arc::new(switches), waits }
    }

    /// Whether the other request is about the same switches.
    #[must_use]
    pub fn is_beside(&self, other: &Self) -> bool {
        self.switches == other.switches
    }
}

/// How far one switch of a joint request has got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Milestone {
    /// It is the request's turn on this switch, and those of these others,
    /// which could be done with it.
    Ready(Vec<JointId>),
    /// There is something to do, and the lock that keeps other Mercurys away
    /// is wanted.
    Unlocked,
    /// That lock is held.
    Locked,
    /// What it has was read, under its own lock where it has one.
    Read(Offers),
    /// What is to be sent is ready, and nothing was sent.
    Planned {
        /// Whether the switch undoes by itself what is not confirmed.
        confirms: bool,
    },
    /// The change was made and read back, and can still be undone.
    Made,
    /// It is final here, and nobody else was let in yet.
    Kept,
    /// It failed together with other requests, everything is as before, and it
    /// will be tried again without them.
    Again,
}

/// What a switch of a joint request is told.
#[derive(Clone, Debug)]
pub enum Order {
    /// Go on.
    Go,
    /// Go on, and these others with it.
    Take(Vec<JointId>),
    /// Go on, with what all of them have agreed.
    Agree(Agreed),
    /// Stop, and leave everything as it was.
    Stop(Fault),
}

/// The switch's end of a joint request.
pub struct Joint {
    /// Which request it is.
    pub id: JointId,
    milestones: mpsc::Sender<Milestone>,
    orders: mpsc::Receiver<(u32, Order)>,
    /// Which attempt this is; what it is told of an earlier one is over.
    attempt: u32,
    /// How long an unconfirmed change waits for the other switches.
    patience: Duration,
    /// When it was sent.
    sent: Option<Instant>,
    kept: bool,
}

/// The other end of it.
pub struct Party {
    /// The switch.
    pub switch: String,
    /// Those with lower ones are changed first.
    pub turn: i8,
    /// How it ended.
    pub report: oneshot::Receiver<Box<Report>>,
    milestones: mpsc::Receiver<Milestone>,
    orders: mpsc::Sender<(u32, Order)>,
    attempt: u32,
}

/// Both ends, but for the report, for a switch that undoes an unconfirmed
/// change after `confirm_timeout`.
pub fn joint(
    id: JointId,
    confirm_timeout: Duration,
) -> (Joint, impl FnOnce(String, i8, oneshot::Receiver<Box<Report>>) -> Party) {
    let (milestones, heard) = mpsc::channel(1);
    let (told, orders) = mpsc::channel(1);
    // A confirmation later than that could come too late.
    let patience = confirm_timeout.mul_f32(0.8);
    let joint = Joint { id, milestones, orders, attempt: 0, patience, sent: None, kept: false };
    (joint, |switch, turn, report| Party { switch, turn, report, milestones: heard, orders: told, attempt: 0 })
}

impl Party {
    /// The next milestone; `None` once the switch has ended.
    pub async fn next(&mut self) -> Option<Milestone> {
        let milestone = self.milestones.recv().await;
        if milestone == Some(Milestone::Again) {
            self.attempt += 1;
        }
        milestone
    }

    /// Tells it to go on, or to stop; one that has ended does not listen.
    pub async fn tell(&self, order: Order) {
        let _ended = self.orders.send((self.attempt, order)).await;
    }

    /// Tells it to stop, now or at its next milestone, and waits until it has: with
    /// its report, or, if it may, ready to try again.
    pub async fn stop(mut self, cause: &Fault, may_try_again: bool) -> Result<Report, Self> {
        let mut told = false;
        loop {
            let milestone = tokio::select! {
                biased;
                milestone = self.milestones.recv() => milestone,
                permit = self.orders.reserve(), if !told => {
                    if let Ok(permit) = permit {
                        permit.send((self.attempt, Order::Stop(cause.clone())));
                    }
                    told = true;
                    continue;
                }
            };
            match milestone {
                None => return Ok(self.end().await),
                Some(Milestone::Again) if may_try_again => {
                    self.attempt += 1;
                    return Err(self);
                }
                Some(Milestone::Again) => (self.attempt, told) = (self.attempt + 1, false),
                Some(_) => {}
            }
        }
    }

    /// How it ended.
    pub async fn end(self) -> Report {
        let Self { switch, report, orders, .. } = self;
        let ended = report.await;
        drop(orders);
        let broken = || Report::new(&switch, Outcome::Unknown { cause: Fault::broken(), settles_within: None });
        ended.map_or_else(|_| broken(), |report| *report)
    }
}

impl Joint {
    /// Says how far it is, and waits for the word to go on.
    ///
    /// # Errors
    /// Why to stop: another switch failed, or took too long.
    pub async fn reach(&mut self, milestone: Milestone) -> Result<Order, Fault> {
        let stopped = || Fault::new(FaultKind::Undone, "another switch of the same request failed");
        let (made, confirms) = (milestone == Milestone::Made, milestone == Milestone::Planned { confirms: true });
        self.milestones.send(milestone).await.map_err(|_| stopped())?;
        let order = match self.sent.filter(|_| made) {
            None => self.order().await,
            Some(sent) => tokio::time::timeout_at(sent + self.patience, self.order())
                .await
                .map_err(|_| Fault::new(FaultKind::Undone, "the other switches of the request took too long"))?,
        };
        match order {
            Some(Order::Stop(cause)) => Err(cause),
            None => Err(stopped()),
            Some(order) => {
                self.sent = confirms.then(Instant::now).or(self.sent);
                self.kept |= made;
                Ok(order)
            }
        }
    }

    async fn order(&mut self) -> Option<Order> {
        loop {
            let (attempt, order) = self.orders.recv().await?;
            if attempt == self.attempt {
                return Some(order);
            }
        }
    }

    /// Whether it was told to keep what was made.
    #[must_use]
    pub const fn is_kept(&self) -> bool {
        self.kept
    }

    /// Whether it was tried before.
    #[must_use]
    pub const fn was_tried(&self) -> bool {
        self.attempt > 0
    }

    /// Says that it will be tried again, from the beginning.
    pub async fn again(&mut self) {
        (self.attempt, self.sent) = (self.attempt + 1, None);
        let _nobody_waits = self.milestones.send(Milestone::Again).await;
    }
}
