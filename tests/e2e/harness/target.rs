//! A real gNMI switch: `tests/peers/gnmi`, which also looks at it, by gnmic's
//! own client library.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{LazyLock, Mutex, PoisonError},
};

use serde_json::Value;

use super::{Entry, State, openconfig, peer, python};

/// Whose gNMI server it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// OpenConfig's reference device: Set and Subscribe, no Get, no Capabilities.
    Lemming,
    /// Google's: Capabilities, Get and Set.
    Gnxi,
}

impl Kind {
    const fn word(self) -> &'static str {
        match self {
            Self::Lemming => "lemming",
            Self::Gnxi => "gnxi",
        }
    }
}

/// How many ports a shared one has; each makes every Set of lemming's slower.
pub(super) const PORTS: u16 = 40;
const OWN_PORTS: u16 = 4;

/// The child is the switch itself, so that it can be killed.
const ALONE: &str = "exec \"$0\" run \"$1\" \"$2\"";

/// A gNMI switch; it ends when this is dropped, or with this process.
pub(crate) struct Target {
    process: Mutex<Option<Process>>,
    kind: Kind,
    settings: Vec<(&'static str, &'static str)>,
    /// What `tests/peers/gnmi` said of it: `port`, `password`, `ca`, ...
    pub(crate) facts: Value,
    folder: tempfile::TempDir,
}

struct Process {
    child: Child,
    owner: ChildStdin,
}

impl Target {
    /// A switch for one test alone. `None`, in words, where there is none.
    pub(crate) fn own(kind: Kind) -> Option<Self> {
        Self::with(kind, &[])
    }

    /// With settings of `tests/peers/gnmi`, such as `("MUTUAL", "on")`.
    pub(crate) fn with(kind: Kind, settings: &[(&'static str, &'static str)]) -> Option<Self> {
        built().then(|| Self::start(kind, OWN_PORTS, settings, ALONE))
    }

    /// A switch that is never dropped; the shell tidies up behind it.
    pub(super) fn shared(kind: Kind) -> Self {
        Self::start(kind, PORTS, &[], "\"$0\" run \"$1\" \"$2\"; rm -rf \"$1\"")
    }

    fn start(kind: Kind, ports: u16, settings: &[(&'static str, &'static str)], script: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("mercury-e2e-").tempdir().unwrap();
        let (process, facts) = run(kind, ports, settings, script, &folder, 0);
        Self { process: Mutex::new(Some(process)), kind, settings: settings.to_vec(), facts, folder }
    }

    /// One of the facts.
    pub(crate) fn fact(&self, name: &str) -> &str {
        self.facts[name].as_str().unwrap_or_else(|| panic!("no fact {name}"))
    }

    /// An entry that logs in by password and knows who signed the certificate.
    pub(crate) fn entry(&self, name: &str) -> Entry {
        let entry = Entry::new(name)
            .text("protocol", "gnmi")
            .text("address", self.fact("host"))
            .with("port", &self.facts["port"])
            .text("dialect", "openconfig")
            .text("username", self.fact("username"))
            .text("password", self.fact("password"));
        match self.facts["tls"] == true {
            true => entry.with("tls_ca", format!("[{:?}]", self.fact("ca"))),
            false => entry.with("plaintext", true),
        }
    }

    /// What it has now, asked by gnmic's library: lemming leaf by leaf, gnxi
    /// the trees.
    pub(crate) fn look(&self) -> State {
        match self.kind {
            Kind::Lemming => openconfig::leaves(&self.ask(&[
                "once",
                "openconfig:/interfaces/interface[name=*]/config",
                "openconfig:/interfaces/interface[name=*]/ethernet",
                "openconfig:/interfaces/interface[name=*]/aggregation",
                "openconfig:/network-instances/network-instance[name=default]/vlans",
                "openconfig:/stp/interfaces/interface[name=*]/config",
            ])),
            Kind::Gnxi => {
                let seen = self.ask(&["get", "/interfaces", "/network-instances"]);
                openconfig::trees(
                    &seen["/interfaces"]["openconfig-interfaces:interface"],
                    &seen["/network-instances"]["openconfig-network-instance:network-instance"],
                    &self.spanning_tree(),
                )
            }
        }
    }

    /// What gnxi has of it, which may be nothing at all.
    fn spanning_tree(&self) -> Value {
        let seen = match self.try_ask(&["get", "/stp"]) {
            Err(error) if error["code"] == "NotFound" => return Value::Null,
            other => other.unwrap_or_else(|error| panic!("{error}")),
        };
        seen["/stp"]["openconfig-spanning-tree:interfaces"]["interface"].clone()
    }

    /// What a client that is not Mercury puts into a port's spanning tree entry.
    pub(crate) fn guard_root(&self, port: &str) {
        let path = format!("/stp/interfaces/interface[name={port}]");
        let entry = format!("{{\"name\": {port:?}, \"config\": {{\"name\": {port:?}, \"guard\": \"ROOT\"}}}}");
        self.ask(&["set", "update", &path, &entry]);
    }

    fn ask(&self, words: &[&str]) -> Value {
        self.try_ask(words).unwrap_or_else(|error| panic!("{words:?}: {error}"))
    }

    fn try_ask(&self, words: &[&str]) -> Result<Value, Value> {
        let mut command = Command::new(python::file("tests/peers/gnmi"));
        let done = command.arg("client").arg(self.folder.path()).args(words).stdin(Stdio::null()).output().unwrap();
        let said = serde_json::from_slice(&done.stdout);
        let said = said.unwrap_or_else(|_| panic!("{words:?}: {}", String::from_utf8_lossy(&done.stdout)));
        if done.status.success() { Ok(said) } else { Err(said) }
    }

    /// The RPCs so far, of whomever: one object each.
    pub(crate) fn calls(&self) -> Vec<Value> {
        let log = fs::read_to_string(self.path("calls.log")).unwrap_or_default();
        log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Arms one fault, such as
    /// `{"method": "Set", "nth": 1, "moment": "after", "action": "drop"}`.
    pub(crate) fn arm(&self, fault: &Value) {
        for leftover in ["fault.fired", "held", "release"] {
            let _absent = fs::remove_file(self.path(leftover));
        }
        fs::write(self.path("fault.new"), fault.to_string()).unwrap();
        fs::rename(self.path("fault.new"), self.path("fault")).unwrap();
    }

    /// Whether the armed fault has struck.
    pub(crate) fn fired(&self) -> bool {
        self.path("fault.fired").exists()
    }

    /// SIGKILL; the port is free when this returns.
    pub(crate) fn power_off(&self) {
        let gone = self.process.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut process) = gone {
            let _already_gone = process.child.kill();
            process.child.wait().unwrap();
        }
    }

    /// Starts it again on the same port, with the same certificates and
    /// password, and the configuration it had at the very start.
    pub(crate) fn power_on(&self) {
        self.power_off();
        let port = self.facts["port"].as_u64().unwrap();
        let (process, facts) = run(self.kind, OWN_PORTS, &self.settings, ALONE, &self.folder, port);
        assert_eq!(facts["fingerprint"], self.facts["fingerprint"], "another switch");
        *self.process.lock().unwrap_or_else(PoisonError::into_inner) = Some(process);
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        let process = self.process.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Process { mut child, owner }) = process {
            // The end of its input is the end of the switch.
            drop(owner);
            let _gone = child.wait();
        }
    }
}

fn run(
    kind: Kind,
    ports: u16,
    settings: &[(&'static str, &'static str)],
    script: &str,
    folder: &tempfile::TempDir,
    port: u64,
) -> (Process, Value) {
    let mut command = Command::new("sh");
    command.args(["-c", script]).arg(python::file("tests/peers/gnmi")).arg(folder.path()).arg(kind.word());
    command
        .env("PORTS", ports.to_string())
        .env("INSTANCE", "default")
        .env("PORT", port.to_string())
        .envs(settings.to_vec());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let facts = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{kind:?} starts; see its words above"));
    let owner = child.stdin.take().unwrap();
    (Process { child, owner }, facts)
}

/// Whether the gNMI switches are to be used. They need Go, which a machine may
/// lack; CI does not.
pub(super) fn built() -> bool {
    static BUILT: LazyLock<bool> = LazyLock::new(|| {
        let script = python::file("tests/peers/gnmi");
        Command::new(script).arg("available").stdin(Stdio::null()).status().is_ok_and(|status| status.success())
    });
    if !peer::installed() {
        return false;
    }
    if !*BUILT {
        assert!(std::env::var_os("CI").is_none(), "the gNMI switches are required in CI: tests/peers/install needs Go");
        eprintln!("left out: needs the gNMI switches, which tests/peers/install builds where there is Go");
    }
    *BUILT
}
