//! The requests that wait for one switch, and which of them share a commit.

use std::{collections::VecDeque, sync::Arc, time::Instant};

use tokio::sync::oneshot;

use super::ahead::Coming;
use crate::{
    fault::Fault,
    group,
    intent::TargetIntent,
    inventory::Switch,
    outcome::{Outcome, Report},
    pace::{Joint, JointId},
    pipeline::Work,
    trace,
    waits::Waits,
};

/// One request and whoever waits for its report.
pub(super) struct Job {
    /// Through which of the switch's entries it came.
    pub(super) entry: usize,
    /// That entry, which may be gone when it is the job's turn.
    pub(super) switch: Arc<Switch>,
    pub(super) work: Work,
    pub(super) joint: Option<Joint>,
    pub(super) queued: Instant,
    pub(super) begun: Instant,
    /// Boxed, because thousands may wait for theirs.
    pub(super) report: oneshot::Sender<Box<Report>>,
    /// It failed together with others, and is tried again without.
    pub(super) alone: bool,
    /// Whoever waits for it.
    pub(super) gone: Option<Waits>,
    /// The span that it belongs to.
    pub(super) trace: Option<trace::Context>,
    /// The id of the request.
    pub(super) request_id: Option<String>,
    /// Where it changes something, that it is still to come or under way.
    pub(super) change: Option<Coming>,
}

impl Job {
    /// Whether whoever asked has hung up.
    pub(super) fn is_abandoned(&self) -> bool {
        self.gone.as_ref().is_some_and(Waits::is_over)
    }

    /// Its entry is there no more.
    pub(super) fn refuse(self) {
        let mut report = Report::new(&self.switch.identity.name, Outcome::NotStarted(Fault::not_served()));
        report.queue_time = self.queued.elapsed();
        self.answer(report);
    }

    /// Tells whoever waits, when it is in nobody's way any more.
    pub(super) fn answer(self, report: Report) {
        drop(self.change);
        // The caller may have hung up; the log line is written by whoever waits.
        let _unheard = self.report.send(Box::new(report));
    }

    /// What is wanted, where it can share a commit: it is to be applied, and
    /// decided here alone.
    fn shareable(&self) -> Option<&TargetIntent> {
        self.work.intent().filter(|_| self.joint.is_none() && !self.alone)
    }

    /// The same, where it is decided with other switches.
    fn shareable_with_others(&self) -> Option<(&JointId, &TargetIntent)> {
        let joint = self.joint.as_ref()?;
        self.work.intent().filter(|_| !self.alone).map(|intent| (&joint.id, intent))
    }

    /// Whether others may be served before it: it only looks, or shares.
    fn lets_pass(&self) -> bool {
        matches!(self.work, Work::Plan(_) | Work::Read(_)) || (self.joint.is_none() && self.work.intent().is_some())
    }
}

/// Requests in the order they came.
#[derive(Default)]
pub(super) struct Backlog {
    jobs: VecDeque<Job>,
}

impl Backlog {
    pub(super) fn push(&mut self, job: Job) {
        self.jobs.push_back(job);
    }

    /// Puts back what was taken last, to be taken first.
    pub(super) fn put_back(&mut self, jobs: Vec<Job>) {
        for job in jobs.into_iter().rev() {
            self.jobs.push_front(job);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.jobs.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    /// The oldest request, and every other one that can share its commit
    /// without overtaking one for the same port.
    pub(super) fn next_group(&mut self) -> Vec<Job> {
        let Some(first) = self.jobs.pop_front() else { return Vec::new() };
        let (mut group, mut rest) = (vec![first], VecDeque::new());
        let mut open = true;
        for job in std::mem::take(&mut self.jobs) {
            if open && joins(&group, &job) && rest.iter().all(|other| may_overtake(&job, other)) {
                group.push(job);
                continue;
            }
            open &= job.lets_pass();
            rest.push_back(job);
        }
        self.jobs = rest;
        group
    }
}

fn joins(group: &[Job], next: &Job) -> bool {
    if group.iter().any(|job| job.entry != next.entry) {
        return false;
    }
    if let (Some((id, next)), Some(first)) = (next.shareable_with_others(), group.first()) {
        let beside = first.shareable_with_others().is_some_and(|(first, _)| first.is_beside(id));
        let intents: Vec<_> = group.iter().filter_map(|job| job.work.intent()).collect();
        return beside && group::joins(&intents, next);
    }
    let Some(next) = next.shareable() else { return false };
    let intents: Option<Vec<_>> = group.iter().map(Job::shareable).collect();
    intents.is_some_and(|intents| group::joins(&intents, next))
}

/// Whether `job` may be served before `other`, which came first.
fn may_overtake(job: &Job, other: &Job) -> bool {
    match (job.work.intent(), other.work.intent()) {
        (Some(job), Some(intent)) => other.lets_pass() && group::joins(&[intent], job),
        (Some(_), None) => other.lets_pass(),
        (None, _) => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use mercury_model::{Scope, SwitchedVlan};

    use super::*;
    use crate::{
        intent::{PortIntent, Setting},
        inventory::Switch,
    };

    fn job(work: Work) -> Job {
        let now = Instant::now();
        let (report, _) = oneshot::channel();
        let switch = Arc::new(Switch::new("leaf1", "192.0.2.1", "openconfig", "mercury"));
        Job {
            entry: 0,
            switch,
            work,
            joint: None,
            queued: now,
            begun: now,
            report,
            alone: false,
            gone: None,
            trace: None,
            request_id: None,
            change: None,
        }
    }

    fn attach(port: &str, vlan: u16) -> Job {
        let mut intent = PortIntent::new(port.parse().unwrap());
        intent.switched_vlan = Setting::Set(Some(SwitchedVlan::access(vlan.try_into().unwrap())));
        let switch = Arc::new(Switch::new("leaf1", "192.0.2.1", "openconfig", "mercury"));
        job(Work::Apply(TargetIntent { ports: vec![intent], ..TargetIntent::new(&switch) }))
    }

    /// Which ports each commit changes.
    fn commits(jobs: Vec<Job>) -> Vec<String> {
        let mut waiting = Backlog::default();
        jobs.into_iter().for_each(|job| waiting.push(job));
        let mut commits = Vec::new();
        while !waiting.is_empty() {
            let group = waiting.next_group();
            let ports = group.iter().map(|job| match &job.work {
                Work::Apply(intent) => intent.ports[0].interface.to_string(),
                _ => "look".to_owned(),
            });
            commits.push(ports.collect::<Vec<_>>().join(" "));
        }
        commits
    }

    #[test]
    fn a_port_asked_for_often_does_not_hold_up_the_others() {
        let jobs = vec![attach("a", 1), attach("a", 2), attach("b", 1), attach("a", 3), attach("c", 1)];
        assert_eq!(commits(jobs), ["a b c", "a", "a"]);
    }

    /// They may have other rules, and are another session.
    #[test]
    fn requests_through_two_entries_of_a_switch_queue_and_share_nothing() {
        let other = |job: Job| Job { entry: 1, ..job };
        let jobs = vec![attach("a", 1), other(attach("b", 1)), other(attach("a", 2)), attach("c", 1)];
        assert_eq!(commits(jobs), ["a c", "b a"]);
        assert_eq!(commits(vec![attach("a", 1), other(attach("a", 2)), attach("a", 3)]), ["a", "a", "a"]);
    }

    #[test]
    fn looking_neither_shares_nor_holds_up() {
        let jobs = vec![attach("a", 1), job(Work::Read(Scope::all())), attach("b", 1)];
        assert_eq!(commits(jobs), ["a b", "look"]);
    }

    #[test]
    fn what_is_decided_with_other_switches_is_not_overtaken() {
        let together = with_others("b", &["leaf1", "leaf2"]);
        assert_eq!(commits(vec![attach("a", 1), together, attach("c", 1)]), ["a", "b", "c"]);
    }

    fn with_others(port: &str, switches: &[&str]) -> Job {
        let id = JointId::new(switches.iter().map(|&switch| switch.to_owned()).collect(), None);
        let (joint, _) = crate::pace::joint(id, std::time::Duration::ZERO);
        Job { joint: Some(joint), ..attach(port, 1) }
    }

    #[test]
    fn what_is_decided_with_the_same_switches_is_decided_together() {
        let (pair, other) = (["leaf1", "leaf2"], ["leaf1", "leaf3"]);
        let jobs = vec![with_others("a", &pair), with_others("b", &pair), with_others("a", &pair)];
        assert_eq!(commits(jobs), ["a b", "a"]);
        let jobs = vec![with_others("a", &pair), attach("c", 1), with_others("b", &pair)];
        assert_eq!(commits(jobs), ["a b", "c"]);
        let jobs = vec![with_others("a", &pair), with_others("b", &other), with_others("c", &pair)];
        assert_eq!(commits(jobs), ["a", "b", "c"]);
        let failed = Job { alone: true, ..with_others("a", &pair) };
        assert_eq!(commits(vec![failed, with_others("b", &pair)]), ["a", "b"]);
    }
}
