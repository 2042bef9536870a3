//! A netconfd reached by TLS, or that calls home.

use std::{
    io::{BufRead, BufReader, Write as _},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, ChildStdin, Command, Stdio},
};

use serde_json::Value;

use super::{Netconfd, python};

/// What carries a netconfd's octets beside its sshd; it ends when this is dropped.
pub(crate) struct Front {
    child: Child,
    owner: Option<ChildStdin>,
    port: u16,
}

impl Front {
    /// Serves NETCONF over TLS with a certificate and its key, for whom `authority` has
    /// signed.
    pub(crate) fn listen(switch: &Netconfd, own: &(String, String), authority: &str) -> Self {
        let mut front = Self::start(switch, "listen", &certificates(switch, own, authority));
        let mut line = String::new();
        BufReader::new(front.child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).expect("the front starts; see its words above");
        front.port = said["port"].as_u64().unwrap().try_into().unwrap();
        front
    }

    /// Calls home over TLS, once.
    pub(crate) fn call_tls(switch: &Netconfd, home: SocketAddr, own: &(String, String), authority: &str) -> Self {
        let files = certificates(switch, own, authority);
        Self::start(switch, "call-tls", &[&[home.port().to_string()], files.as_slice()].concat())
    }

    /// Calls home over SSH, once, and says `first` before that.
    pub(crate) fn call_ssh(switch: &Netconfd, home: SocketAddr, first: &str) -> Self {
        let first = write(switch, "first", first.as_bytes()).to_str().unwrap().to_owned();
        Self::start(switch, "call-ssh", &[home.port().to_string(), first])
    }

    /// Its connection is gone, and the other side is told nothing; where that is not allowed
    /// here, which it says, it is told.
    pub(crate) fn vanish(mut self) {
        self.owner.as_mut().unwrap().write_all(b"\n").unwrap();
        self.child.wait().unwrap();
    }

    fn start(switch: &Netconfd, way: &str, words: &[String]) -> Self {
        let mut command = Command::new("/usr/bin/python3");
        command.args(["-IS"]).arg(python::file("tests/peers/front")).arg(switch.path("")).arg(way).args(words);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let owner = child.stdin.take();
        Self { child, owner, port: 0 }
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        // The end of its input is its own.
        drop(self.owner.take());
        let _gone = self.child.wait();
    }
}

fn certificates(switch: &Netconfd, (certificate, key): &(String, String), authority: &str) -> [String; 3] {
    let files = [("front.pem", certificate.as_str()), ("front.key", key), ("clients.pem", authority)];
    files.map(|(name, text)| write(switch, name, text.as_bytes()).to_str().unwrap().to_owned())
}

fn write(switch: &Netconfd, name: &str, octets: &[u8]) -> PathBuf {
    let path = switch.path(name);
    std::fs::write(&path, octets).unwrap();
    path
}
