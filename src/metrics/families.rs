//! The families of metrics.

use std::collections::BTreeSet;

use prometheus::{
    CounterVec, Error, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    core::{Collector, MetricVec, MetricVecBuilder},
};

use super::DURATIONS;

/// Every family, and the registry that tells of them.
pub(super) struct Families {
    pub(super) registry: Registry,
    pub(super) requests: IntCounterVec,
    pub(super) duration: HistogramVec,
    pub(super) outcomes: IntCounterVec,
    pub(super) round_trips: IntCounterVec,
    pub(super) device: CounterVec,
    pub(super) queued: CounterVec,
    pub(super) waiting: IntGaugeVec,
    pub(super) joined: IntCounterVec,
    pub(super) sessions: IntGaugeVec,
    pub(super) lock_wait: CounterVec,
    pub(super) not_let_in: IntCounter,
    pub(super) reloads: IntCounterVec,
    pub(super) reload_failed: IntGauge,
    pub(super) switches: IntGaugeVec,
    pub(super) calls: IntCounterVec,
    pub(super) handed_over: IntCounterVec,
    pub(super) lost_log_lines: IntCounter,
    pub(super) lost_audit_lines: IntCounter,
    pub(super) lost_spans: IntCounter,
}

const SWITCH: &[&str] = &["switch"];

impl Families {
    pub(super) fn new() -> Result<Self, Error> {
        let registry = Registry::new();
        let own = |name: &str, help: &str| Opts::new(format!("mercury_{name}"), help);
        let duration = HistogramOpts::new("mercury_request_duration_seconds", "How long calls of a method took.");
        let version =
            own("build_info", "The version of Mercury; always 1.").const_label("version", env!("CARGO_PKG_VERSION"));
        registered(&registry, IntGauge::with_opts(version)?)?.set(1);
        Ok(Self {
            requests: registered(
                &registry,
                IntCounterVec::new(
                    own("requests_total", "Calls of a method, by outcome: ok, or the kind of the fault."),
                    &["method", "outcome"],
                )?,
            )?,
            duration: registered(&registry, HistogramVec::new(duration.buckets(DURATIONS.to_vec()), &["method"])?)?,
            outcomes: registered(
                &registry,
                IntCounterVec::new(
                    own("switch_requests_total", "What came of requests on a switch."),
                    &["switch", "action", "outcome"],
                )?,
            )?,
            round_trips: registered(
                &registry,
                IntCounterVec::new(own("switch_round_trips_total", "Round trips to a switch."), SWITCH)?,
            )?,
            device: registered(
                &registry,
                CounterVec::new(own("switch_device_seconds_total", "How long a switch was waited for."), SWITCH)?,
            )?,
            queued: registered(
                &registry,
                CounterVec::new(own("switch_queue_seconds_total", "How long requests waited for their turn."), SWITCH)?,
            )?,
            waiting: registered(
                &registry,
                IntGaugeVec::new(own("switch_requests_under_way", "Requests that wait or are served."), SWITCH)?,
            )?,
            joined: registered(
                &registry,
                IntCounterVec::new(own("switch_requests_joined_total", "Requests that shared a commit."), SWITCH)?,
            )?,
            sessions: registered(
                &registry,
                IntGaugeVec::new(own("switch_sessions", "Whether a session is open, as far as is known."), SWITCH)?,
            )?,
            lock_wait: registered(
                &registry,
                CounterVec::new(
                    own("switch_lock_wait_seconds_total", "How long the lock of all Mercury processes was waited for."),
                    SWITCH,
                )?,
            )?,
            not_let_in: registered(
                &registry,
                IntCounter::with_opts(own("authentication_failures_total", "Calls of callers who were not let in."))?,
            )?,
            reloads: registered(
                &registry,
                IntCounterVec::new(own("reloads_total", "How often the files were read again."), &["result"])?,
            )?,
            reload_failed: registered(
                &registry,
                IntGauge::with_opts(own("reload_failed", "Whether what the files say now was not taken over."))?,
            )?,
            switches: registered(
                &registry,
                IntGaugeVec::new(own("switches", "Entries of the inventory that are served, or broken."), &["state"])?,
            )?,
            calls: registered(
                &registry,
                IntCounterVec::new(
                    own("call_home_total", "Calls of switches that connect by themselves, by what became of them."),
                    &["result"],
                )?,
            )?,
            handed_over: registered(
                &registry,
                IntCounterVec::new(
                    own("handed_over_total", "Requests that were handed to another member, by what became of that."),
                    &["result"],
                )?,
            )?,
            lost_log_lines: registered(
                &registry,
                IntCounter::with_opts(own("lost_log_lines_total", "Log lines that could not be written in time."))?,
            )?,
            lost_audit_lines: registered(
                &registry,
                IntCounter::with_opts(own("lost_audit_lines_total", "Lines of the audit log that are not written."))?,
            )?,
            lost_spans: registered(
                &registry,
                IntCounter::with_opts(own("lost_spans_total", "Spans of traces that no collector took."))?,
            )?,
            registry,
        })
    }

    /// Keeps what is told of these switches, and of no others.
    pub(super) fn keep(&self, served: &BTreeSet<String>) {
        let is_there = &|switch: &str| served.contains(switch);
        for family in [&self.round_trips, &self.joined] {
            keep(family, SWITCH, is_there);
        }
        for family in [&self.device, &self.queued, &self.lock_wait] {
            keep(family, SWITCH, is_there);
        }
        for family in [&self.waiting, &self.sessions] {
            keep(family, SWITCH, is_there);
        }
        keep(&self.outcomes, &["switch", "action", "outcome"], is_there);
    }
}

fn registered<T: Collector + Clone + 'static>(registry: &Registry, family: T) -> Result<T, Error> {
    registry.register(Box::new(family.clone()))?;
    Ok(family)
}

/// The first label is the switch.
fn keep<T: MetricVecBuilder>(family: &MetricVec<T>, labels: &[&str], is_there: &dyn Fn(&str) -> bool) {
    for metric in family.collect().iter().flat_map(|family| family.get_metric()) {
        let value =
            |label: &&str| metric.get_label().iter().find(|pair| pair.name() == *label).map(|pair| pair.value());
        let values: Vec<&str> = labels.iter().filter_map(value).collect();
        if values.first().is_some_and(|switch| !is_there(switch)) {
            let _was_there = family.remove_label_values(&values);
        }
    }
}
