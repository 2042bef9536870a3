//! Prompts, modes and refusals as others imitate them: fakenos, behind paramiko. It knows
//! few commands and prints what real switches printed, so each session is opened, goes in as
//! far as configuration is shown, and asks for that; what is not known is refused there in
//! the system's own words.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::{
    collections::BTreeMap,
    env,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use mercury_adapter::{Answer, Budget, Connector as _, Step, builtin};
use mercury_cli::{CliConnector, CliOptions, CliWay};
use mercury_model::Scope;
use mercury_ssh::{HostKeyPolicy, SshOptions};

const PASSWORD: &str = "imitated-only";

/// Each key is echoed 10 ms after the one before.
const SOON: Duration = Duration::from_secs(60);

/// "Unknown command" is no refusal of these systems, and is not taken for a configuration.
const NOTHING: &str = "shows none of what it is asked for";

/// Platforms whose prompts are those of real switches, our dialect of each, and what is said
/// to the question for the configuration.
const PLATFORMS: [(&str, &str, &str); 7] = [
    ("arista_eos", "arista_eos", "4 ports"),
    ("brocade_fastiron", "brocade_fastiron", "9 ports"),
    ("cisco_ios", "cisco_ios", "% Invalid input detected"),
    ("cisco_s300", "cisco_s300", NOTHING),
    ("dell_force10", "dell_force10", NOTHING),
    ("dell_powerconnect", "dell_powerconnect", NOTHING),
    ("juniper_junos", "juniper_junos", NOTHING),
];

/// Imitated switches; they stop when this is dropped.
struct Hosts {
    child: Child,
    ports: BTreeMap<String, u16>,
}

impl Hosts {
    /// `None` where the peers are left out.
    fn start() -> Option<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let venv = env::var_os("MERCURY_TEST_VENV").map_or_else(|| root.join("target/peers/venv"), PathBuf::from);
        env::var_os("MERCURY_PEERS")?;
        let python = venv.with_file_name("fakenos").join("bin/python");
        let mut child = Command::new(&python)
            .arg("-B")
            .arg(root.join("tests/peers/fakenos_hosts.py"))
            .arg(PASSWORD)
            .args(PLATFORMS.map(|(platform, ..)| platform))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}; tests/peers/install installs it", python.display()));
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Some(Self { child, ports: serde_json::from_str(&line).unwrap() })
    }

    fn options(&self, platform: &str) -> CliOptions {
        let ssh = SshOptions {
            port: *self.ports.get(platform).unwrap(),
            password: Some(PASSWORD.to_owned().into()),
            host_key: HostKeyPolicy::Insecure,
            ..SshOptions::new("127.0.0.1", "mercury")
        };
        let (enable, budget) = (Some(PASSWORD.to_owned().into()), Budget::shared());
        CliOptions { way: CliWay::Ssh(ssh), enable, prompt_timeout: SOON, budget }
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        let _already_gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

/// What is said to the question for the configuration: a refusal, or how many ports were
/// read.
async fn said(hosts: &Hosts, platform: &str, dialect: &str) -> String {
    let dialect = builtin().unwrap().into_iter().find(|own| own.name == dialect).unwrap();
    let options = hosts.options(platform);
    let connector = CliConnector::new(move || Ok(options.clone()), Arc::new(dialect.cli.clone().unwrap()));
    let mut session = connector.connect().await.unwrap_or_else(|error| panic!("{platform}: {error:?}"));
    let flight = session.flight(&[Step::Read(Scope::all())], SOON).await;
    assert!(flight.lost.is_none() && session.is_usable(), "{platform}: {:?}", flight.lost);
    match flight.results.into_iter().next().unwrap() {
        Ok(Answer::Running(running)) => format!("{} ports", running.interfaces.len()),
        Ok(other) => panic!("{platform}: {other:?}"),
        Err(refusal) => refusal.to_string(),
    }
}

#[tokio::test]
async fn each_is_let_in_and_what_it_does_not_know_is_refused_in_its_words() {
    let Some(hosts) = Hosts::start() else {
        eprintln!("SKIPPED: set MERCURY_PEERS to talk to fakenos");
        return;
    };
    for (platform, dialect, expected) in PLATFORMS {
        let said = said(&hosts, platform, dialect).await;
        assert!(said.contains(expected), "{platform}: {said}");
    }
}
