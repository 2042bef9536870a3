//! Mercury as a process.

use std::{
    fs,
    io::Write,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
};

use serde_json::Value;

use super::{Entry, Lines};

/// A port that the kernel chooses.
const FREE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Files and flags of a Mercury to be.
pub(crate) struct Setup {
    folder: tempfile::TempDir,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    /// What a shell does before it becomes Mercury.
    before: Option<String>,
    listen: SocketAddr,
}

/// A `mercury serve` that is ready; it is killed when this is dropped.
pub(crate) struct Mercury {
    child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) stdout: Lines,
    pub(crate) stderr: Lines,
    _folder: tempfile::TempDir,
}

/// A command at a terminal; it is ended when this is dropped.
pub(crate) struct Terminal(pub(crate) Child);

impl Drop for Terminal {
    fn drop(&mut self) {
        // timeout(1) tells the terminal, which ends what runs there.
        if matches!(self.0.try_wait(), Ok(None)) {
            signal(&self.0, "TERM");
            let _ended = self.0.wait();
        }
    }
}

/// A command that has ended.
pub(crate) struct Finished {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Finished {
    pub(crate) fn code(&self) -> i32 {
        self.status.code().unwrap_or_else(|| panic!("ended by a signal: {}", self.stderr))
    }

    /// Standard output as one JSON value.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}\nstdout: {}\nstderr: {}", self.stdout, self.stderr))
    }
}

impl Setup {
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("mercury-e2e-").tempdir().unwrap();
        Self { folder, arguments: Vec::new(), environment: Vec::new(), before: None, listen: FREE }
    }

    /// With these switches, in Mercury's own form.
    pub(crate) fn switches(self, entries: &[Entry]) -> Self {
        let text: String = entries.iter().map(Entry::toml).collect();
        let path = self.write("inventory.toml", &text);
        self.flags(&["--switches", path.to_str().unwrap()])
    }

    /// With these switches, in Ironic's form.
    pub(crate) fn ironic_switches(self, entries: &[Entry]) -> Self {
        let text: String = entries.iter().map(Entry::ini).collect();
        let path = self.write("switches.conf", &text);
        self.flags(&["--switches", path.to_str().unwrap()])
    }

    /// With a settings file.
    pub(crate) fn settings(self, text: &str) -> Self {
        let path = self.write("mercury.toml", text);
        self.flags(&["--config", path.to_str().unwrap()])
    }

    pub(crate) fn flags(mut self, flags: &[&str]) -> Self {
        self.arguments.extend(flags.iter().map(|&flag| flag.to_owned()));
        self
    }

    pub(crate) fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// No file may grow, as on a disk that is full.
    pub(crate) fn disk_full(mut self) -> Self {
        // The signal would end the process; without it writing fails.
        self.before = Some("trap '' XFSZ; ulimit -f 0".to_owned());
        self
    }

    /// With these soft and hard limits of file descriptors.
    pub(crate) fn descriptors(mut self, soft: u64, hard: u64) -> Self {
        self.before = Some(format!("ulimit -Sn {soft}; ulimit -Hn {hard}"));
        self
    }

    /// Where one listened before, instead of on a free port.
    pub(crate) fn listening_on(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Writes a file that only its owner may read, beside the others.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        let mut options = fs::OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        path
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Runs a command of Mercury to its end.
    pub(crate) fn run(&self, words: &[&str]) -> Finished {
        let output = self.command(words).output().unwrap();
        Finished {
            status: output.status,
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Begins a command of Mercury.
    pub(crate) fn begin(&self, words: &[&str]) -> Child {
        self.command(words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Begins a command of Mercury at a terminal; what is shown there comes on its standard
    /// output, and ends with it after a minute at most.
    pub(crate) fn at_terminal(&self, words: &[&str]) -> Terminal {
        let own = self.command(words);
        let words = std::iter::once(own.get_program()).chain(own.get_args());
        let line: String = words.map(|word| format!(" '{}'", word.to_str().unwrap())).collect();
        let mut command = Command::new("timeout");
        command.args(["-k", "5", "60", "script", "-qefc", &format!("exec{line}"), "/dev/null"]);
        command.env("TERM", "xterm").env_remove("RUST_LOG");
        command.envs(own.get_envs().filter_map(|(name, value)| Some((name, value?))));
        Terminal(command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap())
    }

    /// Begins a command that asks.
    pub(crate) fn conversation(&self, words: &[&str]) -> Child {
        let mut command = self.command(words);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Starts the service and waits until it is ready.
    pub(crate) fn serve(self) -> Mercury {
        self.serve_with_stderr(Stdio::piped())
    }

    /// The same, with its standard error elsewhere than in [`Mercury::stderr`].
    pub(crate) fn serve_with_stderr(self, stderr: impl Into<Stdio>) -> Mercury {
        let listen = self.listen.to_string();
        let words = ["serve", "--listen", &listen, "--output", "json", "--log-format", "json"];
        let mut command = self.command(&words);
        let mut child = command.stdout(Stdio::piped()).stderr(stderr).spawn().unwrap();
        let stdout = Lines::of(child.stdout.take().unwrap());
        let stderr = child.stderr.take().map_or_else(|| Lines::of(std::io::empty()), Lines::of);
        let Some(ready) = stdout.first() else { panic!("mercury did not start: {}", stderr.whole()) };
        let ready: Value = serde_json::from_str(&ready).unwrap();
        assert_eq!(ready["ready"], true, "{ready}\n{}", stderr.text());
        let address = ready["listen"].as_str().unwrap().parse().unwrap();
        Mercury { child, address, stdout, stderr, _folder: self.folder }
    }

    fn command(&self, words: &[&str]) -> Command {
        let mercury = env!("CARGO_BIN_EXE_mercury");
        let mut command = Command::new(if self.before.is_some() { "sh" } else { mercury });
        if let Some(before) = &self.before {
            command.args(["-c", &format!("{before}; exec \"$0\" \"$@\""), mercury]);
        }
        command.args(words).args(&self.arguments).stdin(Stdio::null()).env_remove("RUST_LOG");
        // Where lock files go.
        command.env("RUNTIME_DIRECTORY", self.path().join("run"));
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// Sends a signal, such as TERM.
pub(crate) fn signal(process: &Child, name: &str) {
    let told = Command::new("kill").args([&format!("-{name}"), &process.id().to_string()]).status().unwrap();
    assert!(told.success());
}

impl Mercury {
    /// A service for these switches.
    pub(crate) fn serve(entries: &[Entry]) -> Self {
        Setup::new().switches(entries).serve()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL, and waits for the end.
    pub(crate) fn kill(&mut self) {
        let _already_gone = self.child.kill();
        self.child.wait().unwrap();
    }

    /// SIGTERM.
    pub(crate) fn terminate(&self) {
        self.signal("TERM");
    }

    pub(crate) fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    /// Waits for the end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// The log lines of finished requests: those with an outcome.
    pub(crate) fn requests(&self) -> Vec<Value> {
        self.stderr.json().into_iter().filter(|line| line.get("outcome").is_some()).collect()
    }

    /// Waits for the log line of the request with this id.
    pub(crate) fn request(&self, id: &str) -> Value {
        self.stderr.wait_json(id, |line| line["request_id"] == id && line.get("outcome").is_some())
    }
}

impl Drop for Mercury {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("mercury said:\n{}", self.stderr.text());
        }
    }
}
