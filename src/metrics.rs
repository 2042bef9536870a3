//! What the service counts, as Prometheus reads it (text format 0.0.4).
//!
//! There is one registry for the process, so that whoever has something to count
//! need not be handed it. No label has values of a caller's: switches are those of the
//! inventory, methods and outcomes those that there are.

mod families;

use std::{
    collections::BTreeSet,
    sync::{LazyLock, Mutex, PoisonError},
    time::{Duration, Instant},
};

use prometheus::{Encoder as _, IntGauge, TextEncoder};

use families::Families;

/// Seconds that a request takes: from one round trip to what Ironic waits at most.
const DURATIONS: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0, 120.0];

/// `None` if two families had one name, which a test would find.
static FAMILIES: LazyLock<Option<Families>> = LazyLock::new(|| Families::new().ok());

/// The switches that are told of; every one that was counted, before the files are read
/// again.
static SERVED: Mutex<Option<BTreeSet<String>>> = Mutex::new(None);

/// What a request cost on one switch.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Round trips.
    pub round_trips: u64,
    /// How long the switch was waited for.
    pub device: Duration,
    /// How long the request waited for its turn.
    pub queue: Duration,
}

fn with(count: impl FnOnce(&Families)) {
    if let Some(families) = &*FAMILIES {
        count(families);
    }
}

/// A call of a method, which must be one that there is; its outcome is `ok` or the
/// kind of its fault.
pub fn called(method: &str, outcome: &str, took: Duration) {
    with(|families| {
        families.requests.with_label_values(&[method, outcome]).inc();
        families.duration.with_label_values(&[method]).observe(took.as_secs_f64());
    });
}

/// What came of a request on a switch of the inventory.
pub fn done(switch: &str, action: &str, outcome: &str, cost: Cost) {
    with(|families| {
        families.outcomes.with_label_values(&[switch, action, outcome]).inc();
        families.round_trips.with_label_values(&[switch]).inc_by(cost.round_trips);
        families.device.with_label_values(&[switch]).inc_by(cost.device.as_secs_f64());
        families.queued.with_label_values(&[switch]).inc_by(cost.queue.as_secs_f64());
    });
}

/// A request that waits for a switch or is served, for as long as this is there.
pub struct Waiting(Option<IntGauge>);

impl Waiting {
    /// For a switch of the inventory.
    #[must_use]
    pub fn of(switch: &str) -> Self {
        let waiting = FAMILIES.as_ref().map(|families| families.waiting.with_label_values(&[switch]));
        Self(waiting.inspect(IntGauge::inc))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(waiting) = &self.0 {
            waiting.dec();
        }
    }
}

/// So many requests shared one commit.
pub fn joined(switch: &str, requests: usize) {
    with(|families| {
        families.joined.with_label_values(&[switch]).inc_by(u64::try_from(requests).unwrap_or_default());
    });
}

/// Whether there is a session with a switch.
pub fn session(switch: &str, is_open: bool) {
    with(|families| families.sessions.with_label_values(&[switch]).set(is_open.into()));
}

/// Waits for the lock that Mercury processes share, and counts for how long.
pub async fn locking<T>(switch: &str, lock: impl Future<Output = T>) -> T {
    let begun = Instant::now();
    let locked = lock.await;
    with(|families| families.lock_wait.with_label_values(&[switch]).inc_by(begun.elapsed().as_secs_f64()));
    locked
}

/// A switch, or somebody else, has called home: `let-in`, `not-known`, `again` where it is
/// there already, or `no-place`.
pub fn call(result: &str) {
    with(|families| families.calls.with_label_values(&[result]).inc());
}

/// A request was handed to another member of the fleet: `answered`, or `taken-back` where
/// that one did not answer.
pub fn handed_over(result: &str) {
    with(|families| families.handed_over.with_label_values(&[result]).inc());
}

/// A caller was not let in.
pub fn not_let_in() {
    with(|families| families.not_let_in.inc());
}

/// The files were read again; whether what they say was taken over.
pub fn read_again(is_taken_over: bool) {
    let result = if is_taken_over { "taken-over" } else { "kept" };
    with(|families| {
        families.reloads.with_label_values(&[result]).inc();
        families.reload_failed.set((!is_taken_over).into());
    });
}

/// How many switches are served, and how many entries cannot be used.
pub fn switches(served: usize, broken: usize) {
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    with(|families| {
        families.switches.with_label_values(&["served"]).set(number(served));
        families.switches.with_label_values(&["broken"]).set(number(broken));
    });
}

/// Lines of the audit log were lost.
pub fn lost_audit_lines(count: u64) {
    with(|families| families.lost_audit_lines.inc_by(count));
}

/// Spans of traces were lost.
pub fn lost_spans(count: u64) {
    with(|families| families.lost_spans.inc_by(count));
}

/// Whether a session with a switch is open, as far as is known, and how many requests for it
/// wait or are served.
#[must_use]
pub fn of_switch(switch: &str) -> (bool, i64) {
    FAMILIES.as_ref().map_or((false, 0), |families| {
        let of = |family: &prometheus::IntGaugeVec| family.with_label_values(&[switch]).get();
        (of(&families.sessions) > 0, of(&families.waiting))
    })
}

/// Log lines were lost.
pub fn lost_log_lines(count: u64) {
    with(|families| families.lost_log_lines.inc_by(count));
}

/// Tells of these switches from now on, and of no others: also when a request that was
/// begun before ends later.
pub fn keep(served: BTreeSet<String>) {
    with(|families| {
        families.keep(&served);
        *SERVED.lock().unwrap_or_else(PoisonError::into_inner) = Some(served);
    });
}

/// Everything, as text.
///
/// # Errors
/// It cannot be written as text.
pub fn text() -> Result<Vec<u8>, prometheus::Error> {
    let mut text = Vec::new();
    if let Some(families) = &*FAMILIES {
        if let Some(served) = &*SERVED.lock().unwrap_or_else(PoisonError::into_inner) {
            families.keep(served);
        }
        TextEncoder::new().encode(&families.registry.gather(), &mut text)?;
    }
    Ok(text)
}

/// The media type of [`text`].
pub const MEDIA_TYPE: &str = prometheus::TEXT_FORMAT;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_told_and_a_switch_that_is_gone_is_not() {
        let cost = Cost { round_trips: 3, device: Duration::from_millis(1500), queue: Duration::from_millis(250) };
        for outcome in ["committed", "unchanged"] {
            done("leaf-of-this-test", "update_port", outcome, cost);
        }
        session("leaf-of-this-test", true);
        let told = || String::from_utf8(text().unwrap()).unwrap();
        for line in [
            "mercury_switch_requests_total{action=\"update_port\",outcome=\"committed\",switch=\"leaf-of-this-test\"} 1",
            "mercury_switch_round_trips_total{switch=\"leaf-of-this-test\"} 6",
            "mercury_switch_device_seconds_total{switch=\"leaf-of-this-test\"} 3",
            "mercury_switch_queue_seconds_total{switch=\"leaf-of-this-test\"} 0.5",
            "mercury_switch_sessions{switch=\"leaf-of-this-test\"} 1",
        ] {
            assert!(told().lines().any(|told| told == line), "{line}\n{}", told());
        }
        keep(BTreeSet::from(["leaf1".to_owned()]));
        assert!(!told().contains("leaf-of-this-test"));
        done("leaf-of-this-test", "update_port", "committed", cost);
        assert!(!told().contains("leaf-of-this-test"), "by a request that ends later");
    }

    /// What dashboard and alerts ask for is counted under that name.
    #[tokio::test]
    async fn the_dashboard_and_the_alerts_name_what_there_is() {
        called("get_switches", "ok", Duration::from_millis(1));
        done(
            "leaf1",
            "update_port",
            "committed",
            Cost { round_trips: 1, device: Duration::ZERO, queue: Duration::ZERO },
        );
        joined("leaf1", 2);
        session("leaf1", true);
        drop(Waiting::of("leaf1"));
        locking("leaf1", async {}).await;
        read_again(true);
        switches(1, 0);
        let told = String::from_utf8(text().unwrap()).unwrap();
        let there: BTreeSet<&str> =
            told.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
        let files =
            [include_str!("../config/prometheus/alerts.yml"), include_str!("../config/prometheus/dashboard.json")];
        let mut named = 0;
        for text in files {
            for (at, _) in text.match_indices("mercury_") {
                let name = text[at..].split(|c: char| c != '_' && !c.is_ascii_alphanumeric()).next().unwrap();
                named += 1;
                assert!(there.contains(name.trim_end_matches("_bucket")), "{name}; there are {there:?}");
            }
        }
        assert!(named > 20, "{named}");
        for name in there {
            assert!(told.contains(&format!("# HELP {name} ")), "{name}");
        }
    }
}
