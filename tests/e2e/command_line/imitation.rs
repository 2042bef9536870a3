//! Command lines of switches as others imitate them: fake-switches.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use crate::harness::{Entry, installed};

pub(super) const PASSWORD: &str = "imitated-only";

/// An imitation; it stops when this is dropped.
pub(super) struct Imitation {
    child: Child,
    port: u16,
}

impl Imitation {
    /// By SSH; `None` where the peers are left out.
    pub(super) fn start(model: &str) -> Option<Self> {
        Self::start_by("ssh", model)
    }

    /// The same, by `ssh` or `telnet`.
    pub(super) fn start_by(transport: &str, model: &str) -> Option<Self> {
        if !installed() {
            return None;
        }
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let venv = std::env::var_os("MERCURY_TEST_VENV").map_or_else(|| root.join("target/peers/venv"), Into::into);
        let python = venv.with_file_name("imitations").join("bin/python");
        let mut child = Command::new(&python)
            .arg("-B")
            .arg(root.join("tests/peers/imitation.py"))
            .args([model, PASSWORD, transport])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}; tests/peers/install installs it", python.display()));
        let mut port = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut port).unwrap();
        let port = port.trim().parse().unwrap_or_else(|error| panic!("{model}: {error}: {port:?}"));
        Some(Self { child, port })
    }

    pub(super) fn entry(&self, name: &str, dialect: &str) -> Entry {
        Entry::new(name)
            .text("protocol", "cli")
            .text("dialect", dialect)
            .text("address", "127.0.0.1")
            .with("port", self.port)
            .text("username", "mercury")
            .text("password", PASSWORD)
            .text("enable_secret", PASSWORD)
            .with("insecure", true)
    }
}

impl Drop for Imitation {
    fn drop(&mut self) {
        let _already_gone = self.child.kill();
        let _gone = self.child.wait();
    }
}
