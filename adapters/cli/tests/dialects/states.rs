//! Published captures that tell of ports and their links, each read by its dialect and compared
//! with what a person read in it (`tests/transcripts/state.toml`).

use std::{collections::BTreeMap, env, ffi::OsStr, fs, path::Path};

use mercury_adapter::LinkState;
use mercury_cli::{PortStates, PortTable, Untold};
use serde::Deserialize;

use crate::{
    dialect,
    transcripts::{SYSTEMS, published, row},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    capture: Vec<Capture>,
    unreadable: Vec<Capture>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Capture {
    dialect: String,
    file: String,
    sha256: String,
    command: String,
    #[serde(default)]
    up: Vec<String>,
    #[serde(default)]
    down: Vec<String>,
    #[serde(default)]
    admin_down: Vec<String>,
    #[serde(default)]
    unknown: Vec<String>,
}

impl Capture {
    fn ports(&self) -> PortStates {
        let states = [
            (&self.up, LinkState::Up),
            (&self.down, LinkState::Down),
            (&self.admin_down, LinkState::AdminDown),
            (&self.unknown, LinkState::Unknown),
        ];
        let rows = states.into_iter().flat_map(|(names, state)| names.iter().map(move |names| (row(names), state)));
        rows.flat_map(|(names, state)| names.into_iter().map(move |name| (name.parse().unwrap(), state))).collect()
    }

    fn read(&self, folder: &OsStr) -> Result<PortTable, Untold> {
        let dialect = dialect(&self.dialect);
        let cli = dialect.cli.as_ref().unwrap();
        let table = cli.states.iter().find(|table| table.command == self.command);
        let table = table.unwrap_or_else(|| panic!("{} never asks {:?}", self.dialect, self.command));
        mercury_cli::port_states(cli, table, &published(folder, &self.file, &self.sha256))
    }
}

fn expected() -> Expected {
    toml::from_str(include_str!("../../../../tests/transcripts/state.toml")).unwrap()
}

#[test]
fn published_states_of_ports_are_read_as_a_person_reads_them() {
    let Some(folder) = env::var_os("MERCURY_PUBLISHED_TRANSCRIPTS") else {
        eprintln!("SKIPPED: MERCURY_PUBLISHED_TRANSCRIPTS names no folder of captures");
        return;
    };
    let (expected, mut problems) = (expected(), Vec::new());
    for capture in &expected.capture {
        let ports = capture.ports();
        match capture.read(&folder) {
            Err(why) => problems.push(format!("{}: {why}", capture.file)),
            Ok(PortTable { unread: Some(Untold::Stranger { row, .. }), .. }) => {
                problems.push(format!("{}: no name is known for {row:?}", capture.file));
            }
            Ok(PortTable { ports: found, .. }) if found != ports => {
                let odd: BTreeMap<_, _> =
                    found.iter().filter(|(name, state)| ports.get(*name) != Some(state)).collect();
                let missed: Vec<_> = ports.keys().filter(|name| !found.contains_key(*name)).collect();
                problems.push(format!("{}: read {odd:?}, missed {missed:?}", capture.file));
            }
            Ok(_) => {}
        }
    }
    for capture in &expected.unreadable {
        if let Ok(found) = capture.read(&folder) {
            problems.push(format!("{}: {found:?} was read in it", capture.file));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// Each capture of a command that a dialect asks is in the list, so that none was passed over.
#[test]
fn every_capture_of_a_command_that_tells_of_ports_was_read_by_a_person() {
    let Some(folder) = env::var_os("MERCURY_PUBLISHED_TRANSCRIPTS") else {
        eprintln!("SKIPPED: MERCURY_PUBLISHED_TRANSCRIPTS names no folder of captures");
        return;
    };
    let expected = expected();
    let known = |file: &str| expected.capture.iter().chain(&expected.unreadable).any(|one| one.file == file);
    let (mut missed, mut found) = (Vec::new(), 0);
    for (system, name) in SYSTEMS {
        let index = fs::read_to_string(Path::new(&folder).join(system).join("INDEX.tsv")).unwrap();
        let rows = index.lines().skip(1).map(|line| line.split('\t').collect::<Vec<_>>());
        for row in rows.filter(|row| row.last().is_some_and(|kind| kind.starts_with("capture"))) {
            if dialect(name).cli.as_ref().unwrap().states.iter().any(|table| table.command == row[1].trim()) {
                let file = format!("{system}/{}", row[0]);
                found += 1;
                missed.extend((!known(&file)).then_some(file));
            }
        }
    }
    assert!(missed.is_empty(), "{missed:?}");
    assert!(found > 50, "only {found} captures were found");
}

/// What is cut off anywhere, or has other widths, is read as far as it goes or refused, and never
/// shows another port, nor another state than the whole does but an unknown one.
#[test]
fn a_table_that_is_cut_off_shows_no_other_port_and_no_other_state() {
    let Some(folder) = env::var_os("MERCURY_PUBLISHED_TRANSCRIPTS") else {
        eprintln!("SKIPPED: MERCURY_PUBLISHED_TRANSCRIPTS names no folder of captures");
        return;
    };
    for capture in expected().capture {
        let (dialect, whole) = (dialect(&capture.dialect), capture.ports());
        let cli = dialect.cli.as_ref().unwrap();
        let table = cli.states.iter().find(|table| table.command == capture.command).unwrap();
        let text = published(&folder, &capture.file, &capture.sha256);
        let lines: Vec<&str> = text.lines().collect();
        for kept in (1..5).map(|part| lines.len() * part / 5) {
            // A cut within a row may leave another name: `gi1` of `gi10`. No prompt follows one.
            let Ok(found) = mercury_cli::port_states(cli, table, &lines[..kept].join("\n")) else { continue };
            for (name, state) in found.ports {
                let own = whole.get(&name).unwrap_or_else(|| panic!("{}: {name}", capture.file));
                assert!(state == *own || state == LinkState::Unknown, "{}: {name} {state:?}", capture.file);
            }
        }
    }
}
