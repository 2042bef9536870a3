//! What packages bring beside the binary.

mod activation;
mod containers;
mod deb;
mod images;

use std::{os::unix::net::UnixDatagram, path::Path, process::Command, time::Duration};

use mercury_sim::Mode;

use crate::harness::{Setup, Simulated};

const UNIT: &str = include_str!("../../config/systemd/mercury.service");

/// Runs it to its end, which must be a good one; what it says, and what it complains of.
fn run(command: &mut Command) -> (String, String) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let told = |octets| String::from_utf8(octets).unwrap();
    let (said, complained) = (told(output.stdout), told(output.stderr));
    assert!(output.status.success(), "{command:?}: {said}{complained}");
    (said, complained)
}

/// What `systemd-analyze` says; none where there is no systemd, which is told.
fn analysed(words: &[&str], unit: &Path) -> Option<String> {
    let output = match Command::new("systemd-analyze").args(words).arg(unit).output() {
        Ok(output) => output,
        Err(error) => {
            eprintln!("left out: systemd-analyze cannot be run: {error}");
            return None;
        }
    };
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{words:?}: {text}");
    Some(text)
}

/// The unit, of the binary that was built, whose manual is nowhere yet.
fn unit(setup: &Setup) -> std::path::PathBuf {
    let text = UNIT.replace("/usr/bin/mercury", env!("CARGO_BIN_EXE_mercury"));
    assert_ne!(text, UNIT);
    setup.write("mercury.service", &text.replace("Documentation=man:mercury(1)\n", ""))
}

#[test]
fn systemd_knows_every_word_of_the_unit() {
    let setup = Setup::new();
    if let Some(told) = analysed(&["verify", "--man=no"], &unit(&setup)) {
        // A word that is not known is told, and does no harm to the exit code.
        assert!(!told.contains("mercury.service"), "{told}");
    }
}

#[test]
fn the_unit_leaves_the_service_little_to_do_harm_with() {
    let setup = Setup::new();
    // The threshold is ten times the figure that is shown: 2.0.
    let words = ["security", "--offline=yes", "--threshold=20", "--no-pager"];
    if let Some(told) = analysed(&words, &unit(&setup)) {
        assert!(told.contains("Overall exposure level"), "{told}");
    }
}

/// The flags of the unit are flags of this binary, with the settings that packages bring.
#[test]
fn what_the_unit_starts_is_there() {
    let command = UNIT.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    let words: Vec<&str> = command.split_whitespace().skip(1).collect();
    let setup = Setup::new();
    let settings = setup.write("mercury.toml", "listen = \"127.0.0.1:0\"\nmade_up = 1\n");
    let settings = settings.to_str().unwrap();
    let words: Vec<&str> =
        words.into_iter().map(|word| if word == "/etc/mercury/mercury.toml" { settings } else { word }).collect();
    let finished = setup.run(&words);
    assert!(finished.stderr.contains("made_up"), "{}", finished.stderr);
}

#[test]
fn systemd_is_told_that_it_is_ready_that_it_lives_and_that_it_ends() {
    let switch = Simulated::start(Mode::Candidate);
    let setup = Setup::new().switches(&[switch.entry("leaf1")]);
    let path = setup.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let said = |wanted: &str| {
        let mut buffer = [0; 256];
        loop {
            let octets = socket.recv(&mut buffer).unwrap();
            let text = std::str::from_utf8(&buffer[..octets]).unwrap();
            if text.lines().any(|line| line == wanted) {
                return text.to_owned();
            }
            // It lives as long as it has not said that it ends.
            assert!(text.contains("WATCHDOG=1"), "{text}");
        }
    };
    let setup = setup.environment("NOTIFY_SOCKET", path.to_str().unwrap()).environment("WATCHDOG_USEC", "200000");
    let mut mercury = setup.serve();
    assert!(said("READY=1").contains("STATUS=1 switch"));
    said("WATCHDOG=1");
    said("WATCHDOG=1");
    mercury.terminate();
    said("STOPPING=1");
    assert!(mercury.wait().success());
}
