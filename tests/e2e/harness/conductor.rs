//! A real Ironic: API and conductor in one process, and the ramdisks of its nodes.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::{Ipv4Addr, SocketAddr},
    process::{Child, ChildStdin, Command, Stdio},
};

use serde_json::Value;

use super::{Client, python};

/// Ironic's API, as far as it is used here.
const API: &str = "1.99";

/// `tests/peers/ironic`; it ends when this is dropped, or with this process.
pub(crate) struct Conductor {
    child: Child,
    owner: Option<ChildStdin>,
    api: SocketAddr,
    agents: SocketAddr,
    folder: tempfile::TempDir,
}

impl Conductor {
    /// One whose `ironic.conf` is what an operator wrote, but for what `test` says
    /// otherwise.
    pub(crate) fn start(operator: &str, test: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("mercury-e2e-").tempdir().unwrap();
        fs::write(folder.path().join("operator.conf"), operator).unwrap();
        fs::write(folder.path().join("test.conf"), test).unwrap();
        let mut command = Command::new(python::interpreter());
        command.arg("-B").arg(python::file("tests/peers/ironic/run.py")).arg(folder.path());
        command.env("PYTHONPATH", python::openstack());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let facts: Value = serde_json::from_str(&line).expect("Ironic starts; see its words above");
        let at = |name: &str| {
            let port = facts[name].as_u64().and_then(|port| u16::try_from(port).ok());
            SocketAddr::from((Ipv4Addr::LOCALHOST, port.unwrap()))
        };
        let owner = child.stdin.take();
        Self { api: at("api"), agents: at("agents"), child, owner, folder }
    }

    /// Asks the API; the status and body of its answer.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let mut client = Client::at(self.api).with("X-OpenStack-Ironic-API-Version", API);
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let response = client.request(method, path, body.as_bytes());
        let body = if response.body.is_empty() { Value::Null } else { response.json() };
        (response.status, body)
    }

    /// A node's ramdisk comes up.
    pub(crate) fn boot(&self, node: &str) {
        let response = Client::at(self.agents).post(&format!("/boot/{node}"), b"");
        assert_eq!(response.status, 202, "{response:?}");
    }
}

impl Drop for Conductor {
    fn drop(&mut self) {
        // The end of its input is the end of Ironic.
        drop(self.owner.take());
        let _gone = self.child.wait();
        if std::thread::panicking() {
            let log = fs::read_to_string(self.folder.path().join("ironic.log")).unwrap_or_default();
            let told = log.lines().filter(|line| !line.contains("- GET /v1/nodes/"));
            let lines: Vec<&str> = told.collect();
            eprintln!("ironic said:\n{}", lines[lines.len().saturating_sub(60)..].join("\n"));
        }
    }
}
