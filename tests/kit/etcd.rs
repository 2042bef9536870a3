//! A real etcd on loopback, that can be stopped, killed and started again.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

/// How long it may take to start.
const LIMIT: Duration = Duration::from_secs(30);

/// An etcd of one member; it ends when this is dropped.
pub(crate) struct EtcdServer {
    folder: tempfile::TempDir,
    /// Where it takes clients.
    pub(crate) address: SocketAddr,
    peers: SocketAddr,
    flags: Vec<String>,
    child: Mutex<Option<Child>>,
}

impl EtcdServer {
    /// `None`, in words, where there is no etcd on this machine and nobody
    /// asked for it.
    pub(crate) fn start() -> Option<Self> {
        Self::with(|_| Vec::new())
    }

    /// With more flags, which may name files of the folder they are given.
    pub(crate) fn with(flags: impl FnOnce(&Path) -> Vec<String>) -> Option<Self> {
        let there = Command::new("etcd").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !there.is_ok_and(|status| status.success()) {
            let asked = std::env::var_os("MERCURY_PEERS").is_some();
            assert!(!asked, "there is no etcd; tests/peers/install installs it");
            eprintln!("left out: needs etcd, which tests/peers/install installs");
            return None;
        }
        let folder = tempfile::Builder::new().prefix("mercury-etcd-").tempdir().unwrap();
        let flags = flags(folder.path());
        let unused = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut server = Self { folder, address: unused, peers: unused, flags, child: Mutex::new(None) };
        // Somebody else may take a port before etcd does.
        for _ in 0..5 {
            (server.address, server.peers) = (free(), free());
            if server.run() {
                return Some(server);
            }
        }
        panic!("etcd does not start: {}", server.log());
    }

    /// Its endpoint, as Mercury's settings want it.
    pub(crate) fn endpoint(&self) -> String {
        format!("{}://{}", self.scheme(), self.address)
    }

    /// A file of its folder.
    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// SIGSTOP: it is there, and silent, once each of its threads has taken notice.
    pub(crate) fn stop(&self) {
        self.signal("-STOP");
        let tasks = format!("/proc/{}/task", self.child().as_ref().unwrap().id());
        let is_stopped = |task: &Path| {
            // The state is behind the name (proc_pid_stat(5)); a thread may have ended.
            let told = fs::read_to_string(task.join("stat")).unwrap_or_default();
            told.rsplit_once(") ").is_none_or(|(_, state)| state.starts_with('T'))
        };
        let end = Instant::now() + LIMIT;
        while !fs::read_dir(&tasks).unwrap().all(|task| is_stopped(&task.unwrap().path())) {
            assert!(Instant::now() < end, "etcd goes on");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// SIGCONT.
    pub(crate) fn go_on(&self) {
        self.signal("-CONT");
    }

    /// SIGKILL, and waits for the end.
    pub(crate) fn kill(&self) {
        if let Some(mut child) = self.child().take() {
            let _already_gone = child.kill();
            child.wait().unwrap();
        }
    }

    /// Starts it again, with what it had stored.
    pub(crate) fn restart(&self) {
        self.kill();
        let end = Instant::now() + LIMIT;
        while !self.run() {
            // Somebody who tried to connect may have got the port meanwhile.
            assert!(Instant::now() < end, "etcd does not start again: {}", self.log());
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn scheme(&self) -> &'static str {
        if self.flags.iter().any(|flag| flag.starts_with("--cert-file")) { "https" } else { "http" }
    }

    fn child(&self) -> std::sync::MutexGuard<'_, Option<Child>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn signal(&self, signal: &str) {
        let pid = self.child().as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    /// False if it ended at once.
    fn run(&self) -> bool {
        let (clients, peers) = (self.endpoint(), format!("http://{}", self.peers));
        let log = std::fs::File::create(self.path("log")).unwrap();
        let child = Command::new("etcd")
            .args(["--name", "one", "--data-dir", &self.path("data"), "--logger", "zap"])
            .args(["--listen-client-urls", &clients, "--advertise-client-urls", &clients])
            .args(["--listen-peer-urls", &peers, "--initial-advertise-peer-urls", &peers])
            .args(["--initial-cluster", &format!("one={peers}")])
            // Leases may be as short as a second, and it is ready soon.
            .args(["--heartbeat-interval", "20", "--election-timeout", "200", "--bcrypt-cost", "4"])
            .args(&self.flags)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut slot = self.child();
        let child = slot.insert(child);
        let end = Instant::now() + LIMIT;
        while Instant::now() < end {
            if child.try_wait().unwrap().is_some() {
                *slot = None;
                return false;
            }
            if self.answers() {
                return true;
            }
            thread::sleep(Duration::from_millis(10));
        }
        panic!("etcd is not ready after {LIMIT:?}: {}", self.log());
    }

    /// Whether it has a leader and takes clients.
    fn answers(&self) -> bool {
        if self.scheme() == "https" {
            return self.log().contains("serving client traffic securely");
        }
        let asked = || -> std::io::Result<String> {
            let mut stream = TcpStream::connect(self.address)?;
            stream.set_read_timeout(Some(LIMIT))?;
            stream.write_all(b"GET /health HTTP/1.0\r\n\r\n")?;
            let mut text = String::new();
            stream.read_to_string(&mut text)?;
            Ok(text)
        };
        asked().is_ok_and(|text| text.contains("\"true\""))
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap_or_default()
    }
}

impl Drop for EtcdServer {
    fn drop(&mut self) {
        self.kill();
    }
}

fn free() -> SocketAddr {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap()
}
