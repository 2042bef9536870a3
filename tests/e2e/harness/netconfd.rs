//! A real NETCONF switch: netconfd behind OpenSSH, with a witness between.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{
    Datastores, Entry, LIMIT, Port, State,
    peer::installed,
    python::{self, Answerer},
    state::{numbers, spanning_tree, switched, text},
};

/// A netconfd; it ends when this is dropped, or with this process.
pub(crate) struct Netconfd {
    child: Child,
    owner: Option<ChildStdin>,
    /// What `tests/peers/netconfd` said of it: `port`, `password`, `key`, ...
    pub(crate) facts: Value,
    eye: Mutex<Option<Answerer>>,
    folder: tempfile::TempDir,
}

impl Netconfd {
    pub(super) fn start(datastores: Datastores, published: bool) -> Self {
        Self::start_with(datastores, published, None)
    }

    /// One whose sshd allows so many sessions on one connection. `None` where there is no
    /// netconfd.
    pub(crate) fn allowing(channels: usize) -> Option<Self> {
        let channels = ("CHANNELS", channels.to_string());
        installed().then(|| Self::start_with(Datastores::Candidate, false, Some(channels)))
    }

    /// One whose access control hides all ports from every client (RFC 8341 section
    /// 3.2.4), this one, on VLAN 100, among them. `None` where there is no netconfd.
    pub(crate) fn hiding(port: &str) -> Option<Self> {
        installed().then(|| Self::start_with(Datastores::Candidate, false, Some(("HIDDEN", port.to_owned()))))
    }

    fn start_with(datastores: Datastores, published: bool, more: Option<(&str, String)>) -> Self {
        // Not below the checkout: the switch's own user must be able to enter.
        let folder = tempfile::Builder::new().prefix("mercury-e2e-").tempdir_in("/tmp").unwrap();
        // A switch that tests share is never dropped; the shell tidies up behind it.
        let mut command = Command::new("sh");
        command.args(["-c", "\"$0\" run \"$1\" \"$2\"; rm -rf \"$1\""]).arg(python::file("tests/peers/netconfd"));
        command.arg(folder.path()).arg(datastores.word()).env("PORTS", "96");
        command.env("MODULES", if published { "published" } else { "own" });
        command.envs(more);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let facts = serde_json::from_str(&line).expect("netconfd starts; see its words above");
        let owner = child.stdin.take();
        Self { child, owner, facts, eye: Mutex::new(None), folder }
    }

    /// One of the facts.
    pub(crate) fn fact(&self, name: &str) -> &str {
        self.facts[name].as_str().unwrap_or_else(|| panic!("no fact {name}"))
    }

    /// An entry that logs in by key and knows the host.
    pub(crate) fn entry(&self, name: &str) -> Entry {
        Entry::new(name)
            .text("address", self.fact("host"))
            .with("port", &self.facts["port"])
            .text("dialect", "openconfig")
            .text("username", self.fact("username"))
            .text("key_file", self.fact("key"))
            .with("known_hosts", format!("[{:?}]", self.fact("known_hosts")))
    }

    /// Running.
    pub(crate) fn look(&self) -> State {
        self.look_at("running")
    }

    /// `running`, `candidate` or `startup`, by ncclient on a session it keeps.
    pub(crate) fn look_at(&self, source: &str) -> State {
        // A test that failed while looking does not blind the others.
        let mut eye = self.eye.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = eye.get_or_insert_with(|| self.open_eye()).ask(&json!(source));
        let ports = seen["interfaces"].as_object().unwrap().iter();
        let ports = ports.map(|(name, node)| (name.clone(), port(node, &seen["stp"][name])));
        let vlans = seen["vlans"].as_object().unwrap().iter().map(|(id, name)| (id.parse().unwrap(), text(name)));
        State { ports: ports.collect(), vlans: vlans.collect() }
    }

    /// Ends the eye's session, so that the next look opens one; needed after
    /// the switch was killed.
    pub(crate) fn blink(&self) {
        *self.eye.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Who holds which lock, asked by ncclient.
    pub(crate) fn locks(&self) -> Value {
        self.check(&["--locks"])
    }

    /// Takes the lock for another client, until what is returned is dropped.
    pub(crate) fn hold_lock(&self) -> Intruder {
        self.intrude("--lock-hold")
    }

    /// What a client that is not Mercury puts into a port's spanning tree entry.
    pub(crate) fn guard_root(&self, port: &str) {
        self.check(&["--guard-root", port]);
    }

    /// Leaves an uncommitted change of Ethernet16 in the candidate.
    pub(crate) fn soil_candidate(&self) {
        self.check(&["--dirty-candidate"]);
    }

    /// Arms one fault of the relay, such as
    /// `{"op": "commit", "nth": 1, "moment": "after", "action": "cut"}`.
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

    /// Waits until a session stands still at a `hold` fault.
    pub(crate) fn wait_held(&self) {
        wait("a held session", || self.path("held").exists());
    }

    /// Lets the held session go on.
    pub(crate) fn release(&self) {
        fs::write(self.path("release"), "").unwrap();
    }

    /// Waits until it has undone a first commit that nobody confirmed. Its log tells:
    /// while it is asked, it does not get to its timer (yuma123 2.13).
    pub(crate) fn wait_undone(&self) {
        let log = || fs::read_to_string(self.path("netconfd.log")).unwrap_or_default();
        wait("what nobody confirmed to be undone", || log().contains(" on session 0 "));
    }

    /// Holds answers back in sessions that begin from now on, which makes
    /// counted flights exact.
    pub(crate) fn delay(&self, time: Duration) {
        fs::write(self.path("delay"), time.as_millis().to_string()).unwrap();
    }

    /// What the relay has seen: one object per message.
    pub(crate) fn witnessed(&self) -> Vec<Value> {
        let log = fs::read_to_string(self.path("relay.log")).unwrap_or_default();
        log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// A power cut: netconfd gets SIGKILL, its sshd stays.
    pub(crate) fn power_off(&self) {
        self.order("kill");
    }

    /// Starts netconfd again on the same port, from its startup file.
    pub(crate) fn power_on(&self) {
        self.order("restart");
        self.blink();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn order(&self, verb: &str) {
        let script = python::file("tests/peers/netconfd");
        let done = Command::new(script).arg(verb).arg(self.folder.path()).stdin(Stdio::null()).output().unwrap();
        assert!(done.status.success(), "{verb}: {}", String::from_utf8_lossy(&done.stderr));
    }

    fn check(&self, words: &[&str]) -> Value {
        let script = python::file("tests/peers/ncclient_check.py");
        let mut command = Command::new(python::interpreter());
        let done = command.arg("-B").arg(script).arg(self.path("switch.json")).args(words).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        serde_json::from_slice(&done.stdout).unwrap()
    }

    fn intrude(&self, word: &str) -> Intruder {
        let switch = self.path("switch.json");
        let script = python::file("tests/peers/ncclient_check.py");
        let mut child = Answerer::start(&script, &[switch.to_str().unwrap(), word], &[]);
        let session = child.read()["session"].as_u64().unwrap();
        Intruder { session, _child: child }
    }

    fn open_eye(&self) -> Answerer {
        let switch = self.path("switch.json");
        Answerer::start(&python::file("tests/e2e/harness/eye.py"), &[switch.to_str().unwrap()], &[])
    }
}

impl Drop for Netconfd {
    fn drop(&mut self) {
        self.blink();
        // The end of its input is the end of the switch.
        drop(self.owner.take().map(|mut owner| owner.flush()));
        let _gone = self.child.wait();
    }
}

/// Another client of the switch, ended when this is dropped.
pub(crate) struct Intruder {
    /// Its NETCONF session.
    pub(crate) session: u64,
    _child: Answerer,
}

fn port(node: &Value, stp: &Value) -> Port {
    let trunk: Vec<&str> = node["trunk"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let trunk = (!trunk.is_empty()).then(|| numbers(trunk.into_iter(), '.'));
    Port {
        enabled: node["enabled"] == true,
        description: text(&node["description"]),
        mtu: node["mtu"].as_u64(),
        vlans: switched(node["mode"].as_str(), node["access"].as_u64(), node["native"].as_u64(), trunk),
        aggregate: text(&node["aggregate-id"]),
        stp: spanning_tree(stp),
    }
}

/// Waits for a state that nothing announces.
pub(crate) fn wait(what: &str, ready: impl Fn() -> bool) {
    let end = Instant::now() + LIMIT;
    while !ready() {
        assert!(Instant::now() < end, "{what} did not come in time");
        std::thread::sleep(Duration::from_millis(2));
    }
}
