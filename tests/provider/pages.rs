//! What is committed of a report, and what people are shown of it.

use std::{fs, path::PathBuf};

use crate::{
    curve::Drawing,
    report,
    scenario::{Outcome, Scenario},
    tally::Tally,
};

type Told<'a> = [(&'a Scenario, Outcome)];

fn path(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file)
}

/// Holds a text against a committed one, or writes that anew.
pub(crate) fn compare(file: &str, text: &str) {
    if std::env::var_os("MERCURY_BLESS").is_some() {
        fs::write(path(file), text).unwrap();
    }
    let committed = fs::read_to_string(path(file)).unwrap_or_default();
    assert_eq!(text, committed, "{file} is not what comes of the simulation: MERCURY_BLESS=1 writes it");
}

/// Writes the tables of `config/provider.md`, and its curves.
pub(crate) fn write(kinds: &Told<'_>, commits: &Told<'_>, whole: &Told<'_>) {
    let page = path("config/provider.md");
    let mut text = fs::read_to_string(&page).unwrap();
    let tables = [
        ("kinds", report::kinds(kinds)),
        ("commits", report::commits(commits)),
        ("scenarios", report::scenarios(whole)),
    ];
    for (name, table) in tables {
        let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
        let (before, rest) = text.split_once(&begin).unwrap();
        let (_, after) = rest.split_once(&end).unwrap();
        text = format!("{before}{begin}{table}{end}{after}");
    }
    fs::write(page, text).unwrap();
    let curves = [("commits", by_commit(commits)), ("zone", made(whole)), ("away", troubled(whole))];
    fs::create_dir_all(path("config/provider")).unwrap();
    for (name, drawing) in curves {
        fs::write(path(&format!("config/provider/{name}.svg")), drawing.svg()).unwrap();
    }
}

/// How long a rack's attaches take, by how long a commit does.
fn by_commit<'a>(commits: &Told<'_>) -> Drawing<'a> {
    let curve = |kind: &str, of: fn(report::Spread) -> std::time::Duration| {
        let own = commits.iter().filter(|(scenario, _)| scenario.name == kind);
        let point = |(scenario, told): &(&Scenario, Outcome)| {
            let spread = Tally::spread(told.tally.records.iter());
            (scenario.commit.unwrap_or_default().as_secs_f64(), of(spread).as_secs_f64())
        };
        own.map(point).collect::<Vec<_>>()
    };
    Drawing {
        title: "A rack's power-up: 40 servers at once",
        across: "seconds that one commit takes",
        up: "seconds",
        curves: vec![
            ("p99, confirmed", curve("confirmed", |spread| spread.p99)),
            ("p50, confirmed", curve("confirmed", |spread| spread.p50)),
            ("p99, plain", curve("plain", |spread| spread.p99)),
            ("p50, plain", curve("plain", |spread| spread.p50)),
        ],
    }
}

/// Of how many attaches so much time has gone by.
fn made<'a>(whole: &Told<'_>) -> Drawing<'a> {
    let curve = |name: &str| {
        let told = whole.iter().find(|(scenario, _)| scenario.name.contains(name)).map(|(_, told)| told).unwrap();
        let (mut sum, all) = (0, told.tally.records.len());
        let made = report::per_second(&told.tally.records, |record| record.outcome == "ok").into_iter();
        let part = |(second, count): (usize, usize)| {
            sum += count;
            (f64::from(u32::try_from(second).unwrap() + 1), 100.0 * count_of(sum) / count_of(all))
        };
        std::iter::once((0.0, 0.0)).chain(made.enumerate().map(part)).collect::<Vec<_>>()
    };
    Drawing {
        title: "Attaches that are made",
        across: "seconds since the power came",
        up: "percent",
        curves: vec![("a zone", curve("zone")), ("a row", curve("row"))],
    }
}

/// What fails a second, around what happens.
fn troubled<'a>(whole: &Told<'_>) -> Drawing<'a> {
    let curve = |name: &str| {
        let told = whole.iter().find(|(scenario, _)| scenario.name == name).map(|(_, told)| told).unwrap();
        let failed = report::per_second(&told.tally.records, |record| record.outcome != "ok" && !record.hangs);
        let points = failed.into_iter().enumerate();
        points.map(|(second, count)| (f64::from(u32::try_from(second).unwrap()), count_of(count))).collect::<Vec<_>>()
    };
    Drawing {
        title: "Attaches that fail",
        across: "seconds",
        up: "a second",
        curves: vec![("etcd away", curve("etcd away")), ("killed", curve("killed")), ("upgrade", curve("upgrade"))],
    }
}

fn count_of(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap())
}
