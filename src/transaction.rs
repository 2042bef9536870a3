//! One request on several switches: all of them as intended, or all as before.
//!
//! Each switch is prepared: locked, read, planned, rendered. Only when all are
//! ready is anything sent. Switches that undo an unconfirmed change by
//! themselves go first, side by side; those that cannot go one by one, since
//! each is undone by Mercury alone, and so are the first to be undone. Where
//! a request says whose turn comes first, as of a switch and the card behind
//! it, that is so among those of one turn. When all were read back, all are confirmed and saved; when all are, their locks
//! are given back.
//!
//! Requests for the same switches that wait together are done together, and
//! tried one by one where that fails: of 32 servers on one pair of switches whose
//! commits take a second, the last waits 3 s and not 70 s.

mod agree;

pub(crate) use agree::agree;

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;

use crate::{
    fault::{Fault, FaultKind},
    intent::Offers,
    outcome::Report,
    pace::{JointId, Milestone, Order, Party},
    waits::Waits,
};

/// Runs a transaction whose switches have all been asked, in the order in which
/// their locks are to be taken; says how it ended on each of them.
pub async fn run(parties: Vec<Party>, waits: Option<&Waits>) -> BTreeMap<String, Report> {
    let order = parties.iter().map(|party| party.switch.clone()).collect();
    let mut transaction = Transaction { active: parties, order, ..Transaction::default() };
    while let Next::Again = transaction.attempt(waits).await {}
    transaction.reports
}

#[derive(Default)]
struct Transaction {
    /// The switches that are still at it, in the order of their locks.
    active: Vec<Party>,
    order: Vec<String>,
    reports: BTreeMap<String, Report>,
    /// Those that undo by themselves.
    confirms: BTreeSet<String>,
    /// The others, in the order they were made.
    made_alone: Vec<String>,
    /// Those that wait to try again.
    again: BTreeSet<String>,
}

enum Next {
    Over,
    Again,
}

/// Why an attempt stops.
enum Stopped {
    /// A switch's own report tells.
    Failed,
    /// It does not.
    Because(Fault),
    /// It failed beside other requests; it is tried again without them.
    Again,
}

impl Transaction {
    async fn attempt(&mut self, waits: Option<&Waits>) -> Next {
        self.confirms.clear();
        self.made_alone.clear();
        self.again.clear();
        let cause = match self.steps(waits).await {
            Ok(()) => return Next::Over,
            Err(Stopped::Because(cause)) => cause,
            Err(Stopped::Failed | Stopped::Again) => undone(),
        };
        // Those that failed beside other requests may try again, unless one has failed by itself.
        let may_try_again = !self.failed();
        self.stop(&cause, may_try_again).await;
        if self.failed() {
            self.stop(&cause, false).await;
        }
        if self.active.is_empty() { Next::Over } else { Next::Again }
    }

    async fn steps(&mut self, waits: Option<&Waits>) -> Result<(), Stopped> {
        self.prepare(waits).await?;
        self.make().await?;
        self.keep().await
    }

    /// Everything up to the point where something is sent.
    async fn prepare(&mut self, waits: Option<&Waits>) -> Result<(), Stopped> {
        let others = self.its_turn(waits).await?.into_iter().filter_map(|milestone| match milestone {
            Milestone::Ready(others) => Some(others),
            _ => None,
        });
        let on_all = |mut all: Vec<JointId>, some: Vec<JointId>| {
            all.retain(|one| some.contains(one));
            all
        };
        let others = others.reduce(on_all).unwrap_or_default();
        self.tell_all(&Order::Take(others.clone())).await;
        self.gather().await?;
        // One lock after the other and in one order, so that two Mercurys never wait for each other.
        for switch in self.names() {
            self.tell(&switch, Order::Go).await;
            self.next(&switch).await?;
        }
        self.tell_all(&Order::Go).await;
        let offers = self.gather().await?.into_iter().filter_map(|(switch, milestone)| match milestone {
            Milestone::Read(offers) => Some((switch, offers)),
            _ => None,
        });
        // Where nothing was to be done, there is a number already.
        let ended = self.reports.values().map(|report| (report.switch.clone(), report.offers.clone()));
        let agreed = agree(&offers.chain(ended).collect::<Vec<(String, Offers)>>()).map_err(Stopped::Because)?;
        for switch in self.names() {
            let agreed = agreed.get(&switch).cloned().unwrap_or_default();
            self.tell(&switch, Order::Agree(agreed)).await;
        }
        for (switch, milestone) in self.gather().await? {
            if milestone == (Milestone::Planned { confirms: true }) {
                self.confirms.insert(switch);
            }
        }
        // One decision for all switches: nothing is sent to any before, and all are made from here
        // on. Those who still wait are tried again together, where others have gone.
        let all = || waits.into_iter().chain(others.iter().filter_map(|other| other.waits.as_ref()));
        let before: Vec<_> = all().filter(|waits| !waits.has_begun()).collect();
        match !all().any(Waits::is_over) && all().all(Waits::begin) {
            true => Ok(()),
            false => {
                before.into_iter().for_each(Waits::withdraw);
                Err(Stopped::Because(Fault::abandoned()))
            }
        }
    }

    /// Waits until it is the request's turn on every switch, or until nobody
    /// waits for it: while it does, a switch that is ready serves nobody else.
    async fn its_turn(&mut self, waits: Option<&Waits>) -> Result<Vec<Milestone>, Stopped> {
        let mut milestones = Vec::new();
        for switch in self.names() {
            let Some(party) = self.active.iter_mut().find(|party| party.switch == switch) else { continue };
            let heard = tokio::select! {
                biased;
                milestone = party.next() => milestone,
                () = Waits::over(waits) => return Err(Stopped::Because(Fault::abandoned())),
            };
            milestones.extend(self.heard(&switch, heard).await?);
        }
        match waits.is_some_and(Waits::is_over) {
            true => Err(Stopped::Because(Fault::abandoned())),
            false => Ok(milestones),
        }
    }

    async fn make(&mut self) -> Result<(), Stopped> {
        let turns: BTreeSet<i8> = self.active.iter().map(|party| party.turn).collect();
        for turn in turns {
            let is_its =
                |switch: &String| self.active.iter().any(|party| party.switch == *switch && party.turn == turn);
            let (mut first, mut last) = self.in_order();
            first.retain(is_its);
            last.retain(is_its);
            for switch in &first {
                self.tell(switch, Order::Go).await;
            }
            self.gather_these(&first).await?;
            for switch in last {
                self.tell(&switch, Order::Go).await;
                if self.next(&switch).await?.is_some() {
                    self.made_alone.push(switch);
                }
            }
        }
        Ok(())
    }

    /// Every switch was made and read back. Those that could still fail by
    /// confirming too late come first, while the others can be undone. Nobody
    /// else is let in before all are final: what is put back again was seen by
    /// nobody.
    async fn keep(&mut self) -> Result<(), Stopped> {
        let (first, last) = self.in_order();
        for switches in [first, last] {
            for switch in &switches {
                self.tell(switch, Order::Go).await;
            }
            self.gather_these(&switches).await?;
        }
        self.tell_all(&Order::Go).await;
        for report in join_all(std::mem::take(&mut self.active).into_iter().map(Party::end)).await {
            self.reports.insert(report.switch.clone(), report);
        }
        Ok(())
    }

    fn failed(&self) -> bool {
        self.reports.values().any(|report| !report.outcome.is_success())
    }

    /// Those that undo by themselves, and the others.
    fn in_order(&self) -> (Vec<String>, Vec<String>) {
        self.names().into_iter().partition(|switch| self.confirms.contains(switch))
    }

    /// Stops those that are still at it, first the ones that only Mercury
    /// undoes, the last of them first.
    async fn stop(&mut self, cause: &Fault, may_try_again: bool) {
        for switch in std::mem::take(&mut self.made_alone).into_iter().rev() {
            self.stop_these(&[switch], cause, may_try_again).await;
        }
        let rest = self.names();
        self.stop_these(&rest, cause, may_try_again).await;
    }

    async fn stop_these(&mut self, switches: &[String], cause: &Fault, may_try_again: bool) {
        let parties: Vec<_> = switches.iter().filter_map(|switch| self.take(switch)).collect();
        let waits = |party: &Party| may_try_again && self.again.contains(&party.switch);
        let (waiting, busy): (Vec<_>, Vec<_>) = parties.into_iter().partition(waits);
        self.active.extend(waiting);
        for stopped in join_all(busy.into_iter().map(|party| party.stop(cause, may_try_again))).await {
            match stopped {
                Ok(report) => drop(self.reports.insert(report.switch.clone(), report)),
                Err(party) => {
                    self.again.insert(party.switch.clone());
                    self.active.push(party);
                }
            }
        }
        let order = &self.order;
        self.active.sort_by_key(|party| order.iter().position(|switch| *switch == party.switch));
    }

    fn names(&self) -> Vec<String> {
        self.active.iter().map(|party| party.switch.clone()).collect()
    }

    async fn tell_all(&self, order: &Order) {
        for party in &self.active {
            party.tell(order.clone()).await;
        }
    }

    async fn tell(&self, switch: &str, order: Order) {
        if let Some(party) = self.active.iter().find(|party| party.switch == switch) {
            party.tell(order).await;
        }
    }

    async fn gather(&mut self) -> Result<Vec<(String, Milestone)>, Stopped> {
        let all = self.names();
        self.gather_these(&all).await
    }

    /// The next milestone of each; those that had nothing to do are left out.
    async fn gather_these(&mut self, switches: &[String]) -> Result<Vec<(String, Milestone)>, Stopped> {
        let (mut milestones, mut stopped) = (Vec::new(), None);
        for switch in switches {
            match self.next(switch).await {
                Ok(Some(milestone)) => milestones.push((switch.clone(), milestone)),
                Ok(None) => {}
                Err(why) => stopped = stopped.or(Some(why)),
            }
        }
        stopped.map_or(Ok(milestones), Err)
    }

    /// A switch's next milestone; `None` when it has ended well, as where nothing
    /// was to be changed.
    async fn next(&mut self, switch: &str) -> Result<Option<Milestone>, Stopped> {
        let Some(party) = self.active.iter_mut().find(|party| party.switch == switch) else { return Ok(None) };
        let heard = party.next().await;
        self.heard(switch, heard).await
    }

    async fn heard(&mut self, switch: &str, milestone: Option<Milestone>) -> Result<Option<Milestone>, Stopped> {
        match milestone {
            Some(Milestone::Again) => {
                self.again.insert(switch.to_owned());
                Err(Stopped::Again)
            }
            Some(milestone) => Ok(Some(milestone)),
            None => {
                let Some(party) = self.take(switch) else { return Ok(None) };
                let report = party.end().await;
                let success = report.outcome.is_success();
                self.reports.insert(switch.to_owned(), report);
                if success { Ok(None) } else { Err(Stopped::Failed) }
            }
        }
    }

    fn take(&mut self, switch: &str) -> Option<Party> {
        let index = self.active.iter().position(|party| party.switch == switch)?;
        Some(self.active.remove(index))
    }
}

fn undone() -> Fault {
    Fault::new(FaultKind::Undone, "another switch of the same request failed")
}
