//! What came of all requests.

use std::{collections::BTreeMap, time::Duration};

use mercury_model::InterfaceName;

/// One attach.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    /// When it was over, from the first order on.
    pub(crate) at: Duration,
    pub(crate) took: Duration,
    pub(crate) kind: usize,
    pub(crate) switch: u32,
    pub(crate) port: InterfaceName,
    /// What it described its port with.
    pub(crate) text: String,
    /// `ok`, the kind of a fault, or `connection`.
    pub(crate) outcome: String,
    pub(crate) repeats: u32,
    /// Whether the switch is one that hangs.
    pub(crate) hangs: bool,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) records: Vec<Record>,
}

/// How long requests took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spread {
    pub(crate) count: usize,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
    pub(crate) longest: Duration,
}

impl Tally {
    pub(crate) fn add(&mut self, record: Record) {
        self.records.push(record);
    }

    /// How many ended in which way.
    pub(crate) fn outcomes<'a>(records: impl Iterator<Item = &'a Record>) -> BTreeMap<&'a str, usize> {
        let mut outcomes = BTreeMap::new();
        records.for_each(|record| *outcomes.entry(record.outcome.as_str()).or_default() += 1);
        outcomes
    }

    /// How long those took that came to something.
    pub(crate) fn spread<'a>(records: impl Iterator<Item = &'a Record>) -> Spread {
        let mut times: Vec<Duration> =
            records.filter(|record| record.outcome == "ok").map(|record| record.took).collect();
        times.sort_unstable();
        let at = |part: usize| times.get((times.len() * part).div_ceil(100).saturating_sub(1)).copied();
        Spread {
            count: times.len(),
            p50: at(50).unwrap_or_default(),
            p99: at(99).unwrap_or_default(),
            longest: times.last().copied().unwrap_or_default(),
        }
    }
}
