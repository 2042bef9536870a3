//! Open vSwitch in user space, reached by OpenSSH, one process of it a connection.

use std::{
    fs,
    net::TcpListener,
    os::{fd::OwnedFd, unix::fs::PermissionsExt as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

use crate::harness::{Entry, installed};

const SSHD: &str = "/usr/sbin/sshd";

/// A bridge `br0` with some ports that lead nowhere; it stops when this is dropped.
pub(crate) struct Bridge {
    directory: tempfile::TempDir,
    port: u16,
}

impl Bridge {
    /// `None` where the peers are left out.
    pub(crate) fn start(ports: &[&str]) -> Option<Self> {
        if !installed() {
            return None;
        }
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name).display().to_string();
        run("ovsdb-tool", &["create", &at("conf.db"), "/usr/share/openvswitch/vswitch.ovsschema"], directory.path());
        let remote = format!("--remote=punix:{}", at("db.sock"));
        let pid = |name: &str| format!("--pidfile={}", at(name));
        run("ovsdb-server", &["--detach", "--no-chdir", &pid("db.pid"), &remote, &at("conf.db")], directory.path());
        // What stands in the folder goes before what is installed.
        let at = directory.path().display();
        let environment = format!("OVS_RUNDIR={at} COMMANDS_HOME={at} PATH={at}:/usr/bin:/bin");
        let bridge = Self { port: listen(directory.path(), &environment, ""), directory };
        bridge.vsctl(&["--no-wait", "init"]);
        let database = format!("unix:{}", bridge.directory.path().join("db.sock").display());
        let pid = format!("--pidfile={}", bridge.directory.path().join("vs.pid").display());
        let dummy = ["--enable-dummy=override", "--disable-system", "--detach", "--no-chdir", &pid, &database];
        run("ovs-vswitchd", &dummy, bridge.directory.path());
        bridge.vsctl(&["add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=dummy"]);
        for port in ports {
            bridge.vsctl(&["add-port", "br0", port, "--", "set", "interface", port, "type=dummy"]);
        }
        Some(bridge)
    }

    /// What ovs-vsctl says.
    pub(crate) fn vsctl(&self, arguments: &[&str]) -> String {
        let bounded = [&["--timeout=20"], arguments].concat();
        run("ovs-vsctl", &bounded, self.directory.path()).trim().to_owned()
    }

    /// A port's mode, tag and trunks.
    pub(crate) fn vlans(&self, port: &str) -> [String; 3] {
        ["vlan_mode", "tag", "trunks"].map(|column| self.vsctl(&["get", "port", port, column]))
    }

    pub(super) fn entry(&self, name: &str) -> Entry {
        entry(self.directory.path(), self.port, name, "netmiko_ovs_linux")
    }

    /// What lets in to it.
    pub(super) fn way_in(&self) -> WayIn {
        WayIn { port: self.port, user: user(), key_file: self.path("user").display().to_string() }
    }

    /// Where its files are, and what stands in for its commands.
    pub(super) fn folder(&self) -> &Path {
        self.directory.path()
    }

    /// A file of the servers, such as their socket `db.sock`.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        for name in ["vs.pid", "db.pid"] {
            if let Ok(pid) = fs::read_to_string(self.path(name)) {
                let _gone = Command::new("kill").arg(pid.trim()).status();
            }
        }
    }
}

/// Who is let in, and where.
pub(super) struct WayIn {
    pub(super) port: u16,
    pub(super) user: String,
    pub(super) key_file: String,
}

/// Who runs the tests.
fn user() -> String {
    let user = Command::new("id").arg("-un").output().unwrap().stdout;
    String::from_utf8(user).unwrap().trim().to_owned()
}

/// The entry of what [`listen`] lets in to.
pub(super) fn entry(folder: &Path, port: u16, name: &str, dialect: &str) -> Entry {
    let key = fs::read_to_string(folder.join("host.pub")).unwrap();
    let known = folder.join("known_hosts");
    fs::write(&known, format!("[127.0.0.1]:{port} {key}")).unwrap();
    Entry::new(name)
        .text("protocol", "cli")
        .text("dialect", dialect)
        .text("address", "127.0.0.1")
        .with("port", port)
        .text("username", &user())
        .text("key_file", &folder.join("user").display().to_string())
        .with("known_hosts", format!("[{:?}]", known.display().to_string()))
}

/// Runs a program with its files in a folder.
fn run(program: &str, arguments: &[&str], folder: &Path) -> String {
    let folders = ["OVS_RUNDIR", "OVS_DBDIR", "OVS_LOGDIR"].map(|name| (name, folder));
    let done = Command::new(program).args(arguments).envs(folders).stdin(Stdio::null()).output();
    let done = done.unwrap_or_else(|error| panic!("{program}: {error}"));
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{program} {arguments:?}: {said} {}", String::from_utf8_lossy(&done.stderr));
    said
}

/// An sshd for each connection, which lets in whoever runs the tests by a key; `more` are
/// lines of its configuration. What the user's shell does as it starts is not of the tests.
pub(super) fn listen(folder: &Path, environment: &str, more: &str) -> u16 {
    let path = |name: &str| folder.join(name);
    for name in ["host", "user"] {
        let file = path(name).display().to_string();
        run("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", &file], folder);
    }
    let at = folder.display();
    let config = format!(
        "HostKey {at}/host\nAuthorizedKeysFile {at}/user.pub\nStrictModes no\nUsePAM no\nPermitRootLogin yes\n\
         PasswordAuthentication no\nKbdInteractiveAuthentication no\nPidFile none\nLogLevel ERROR\n\
         SetEnv HOME={at} {environment}\n{more}\n"
    );
    fs::write(path("config"), config).unwrap();
    fs::set_permissions(path("user.pub"), fs::Permissions::from_mode(0o600)).unwrap();
    // Started by hand as root, sshd wants the directory its packages make.
    let _there = fs::create_dir_all("/run/sshd");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (config, log) = (path("config"), path("log"));
    thread::spawn(move || {
        while let Ok((socket, _)) = listener.accept() {
            let other = socket.try_clone().unwrap();
            let mut sshd = Command::new(SSHD)
                .args(["-i", "-f"])
                .arg(&config)
                .arg("-E")
                .arg(&log)
                .stdin(Stdio::from(OwnedFd::from(socket)))
                .stdout(Stdio::from(OwnedFd::from(other)))
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            thread::spawn(move || sshd.wait());
        }
    });
    port
}
