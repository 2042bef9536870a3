//! What came of scenarios, as tables that people read.

use std::{fmt::Write as _, time::Duration};

use crate::{
    kind,
    scenario::{Outcome, Scenario},
    tally::{Record, Tally},
};

pub(crate) use crate::tally::Spread;

/// Seconds, with as many digits as tell something.
pub(crate) fn seconds(time: Duration) -> String {
    let ms = time.as_millis();
    match ms {
        0..100 => format!("0.{ms:03}"),
        100..1000 => format!("0.{:02}", ms / 10),
        1000..10_000 => format!("{}.{}", ms / 1000, ms % 1000 / 100),
        _ => format!("{}", (ms + 500) / 1000),
    }
}

/// 1,234,567.
pub(crate) fn grouped(number: impl TryInto<u64>) -> String {
    let digits = number.try_into().ok().unwrap().to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// One decimal of a ratio.
fn ratio(part: u64, of: u64) -> String {
    let tenths = (part * 10 + of / 2).checked_div(of).unwrap_or_default();
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// A table of scenarios, and what ended otherwise than well in each.
pub(crate) fn scenarios(all: &[(&Scenario, Outcome)]) -> String {
    let mut text = String::from(
        "| | attaches | not made | p50, s | p99, s | longest, s | made a second, mean and most | commits a switch | \
         sessions of a Mercury | of a switch | under way | MiB | processor | etcd writes/s |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for (scenario, told) in all {
        let records = &told.tally.records;
        let spread = Tally::spread(records.iter());
        let (mean, most) = rates(records);
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {}, {} | {} | {} | {} | {} | {} | {} % | {} |",
            scenario.name,
            grouped(records.len()),
            grouped(records.len() - spread.count),
            seconds(spread.p50),
            seconds(spread.p99),
            seconds(spread.longest),
            grouped(mean),
            grouped(most),
            ratio(told.commits, told.healthy),
            told.sessions,
            told.sessions_at_a_switch,
            told.in_flight,
            grouped(told.mib),
            told.busy,
            grouped(told.writes),
        );
    }
    text.push_str("\nNot made, by the kind of the fault:\n\n");
    for (scenario, told) in all {
        let _ = writeln!(text, "- {}: {}", scenario.name, failures(told));
    }
    text
}

/// How many were made a second, over the whole time and in the best second.
fn rates(records: &[Record]) -> (u64, u64) {
    let made = || records.iter().filter(|record| record.outcome == "ok").map(|record| record.at);
    let count = |count: usize| u64::try_from(count).unwrap();
    let (first, last) = (made().min().unwrap_or_default(), made().max().unwrap_or_default());
    let span = u64::try_from((last.max(first) - Duration::ZERO).as_millis()).unwrap().max(1);
    let per_second = per_second(records, |record| record.outcome == "ok");
    (count(made().count()) * 1000 / span, count(per_second.into_iter().max().unwrap_or_default()))
}

/// How many of the requests that ended in each second are meant.
pub(crate) fn per_second(records: &[Record], is_meant: impl Fn(&Record) -> bool) -> Vec<usize> {
    let mut counts = Vec::new();
    for record in records.iter().filter(|record| is_meant(record)) {
        let second = usize::try_from(record.at.as_secs()).unwrap();
        if counts.len() <= second {
            counts.resize(second + 1, 0);
        }
        counts[second] += 1;
    }
    counts
}

fn failures(told: &Outcome) -> String {
    let part = |hangs: bool| {
        let records = told.tally.records.iter().filter(|record| record.outcome != "ok" && record.hangs == hangs);
        let outcomes = Tally::outcomes(records);
        let list = outcomes.iter().map(|(kind, count)| format!("{} `{kind}`", grouped(*count))).collect::<Vec<_>>();
        if list.is_empty() { "none".to_owned() } else { list.join(", ") }
    };
    let Outcome { handed_over, taken_back, most_logins, write_waited, .. } = told;
    format!(
        "{}; on switches that hang {}; {} handed over, {} taken back; at most {most_logins} logins at a switch, {} ms \
         in etcd's queue",
        part(false),
        part(true),
        grouped(*handed_over),
        grouped(*taken_back),
        write_waited.as_millis(),
    )
}

/// A rack of each kind: switches that were not used before, and others.
pub(crate) fn kinds(all: &[(&Scenario, Outcome)]) -> String {
    let mut text = String::from(
        "| | one commit, s | p50, s | p99, s | made of 80 | used before: p50, s | p99, s | made of 80 | commits a switch \
         |\n|---|---|---|---|---|---|---|---|---|\n",
    );
    let kinds = kind::all(None);
    for (pair, kind) in all.chunks(2).zip(&kinds) {
        let _ = write!(text, "| {} | {}", kind.label, seconds(kind.commit));
        for (_, told) in pair {
            let spread = Tally::spread(told.tally.records.iter());
            let _ = write!(text, " | {} | {} | {}", seconds(spread.p50), seconds(spread.p99), spread.count);
        }
        // One was made before.
        let (_, told) = &pair[0];
        let _ = writeln!(text, " | {} |", ratio(told.commits, told.healthy));
    }
    text
}

/// Racks by how long their switches take for a commit.
pub(crate) fn commits(all: &[(&Scenario, Outcome)]) -> String {
    let mut text = String::from(
        "| one commit, s | | p50, s | p99, s | made of 80 | commits a switch |\n|---|---|---|---|---|---|\n",
    );
    for (scenario, told) in all {
        let spread = Tally::spread(told.tally.records.iter());
        let commit = seconds(scenario.commit.unwrap_or_default());
        let (p50, p99, commits) = (seconds(spread.p50), seconds(spread.p99), ratio(told.commits, told.healthy));
        let _ = writeln!(text, "| {commit} | {} | {p50} | {p99} | {} | {commits} |", scenario.name, spread.count);
    }
    text
}
