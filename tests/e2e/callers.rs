//! Who may call, as real clients see it: TLS, certificates and passwords.

mod authority;
mod clients;

mod encrypted;
mod openstack;
mod passwords;
mod rotation;
mod socket;
mod tokens;

use std::{path::Path, process::Command};

use mercury_sim::Mode;

use crate::harness::{Mercury, Setup, Simulated};
pub(crate) use authority::Authority;

/// What curl had to say of one call.
#[derive(Debug, PartialEq, Eq)]
struct Curl {
    /// The status of the last answer; 0 without one.
    status: u16,
    /// Its words about a failure.
    error: String,
}

/// Asks for something that no switch has, which is logged with who asks.
const BODY: &str = r#"{"jsonrpc": "2.0", "id": 1, "method": "reset_port",
    "params": {"switch_id": "nowhere", "port_name": "Ethernet1", "native_vlan": 1}}"#;

/// Asks with curl, which is told these words too.
fn curl(url: &str, words: &[&str]) -> Curl {
    let mut command = Command::new("curl");
    command.args(["-sS", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "20", "-d", BODY]);
    command.args(["-H", "Content-Type: application/json", url]).args(words);
    let output = command.output().expect("curl is here");
    let status = String::from_utf8(output.stdout).unwrap().parse().unwrap();
    Curl { status, error: String::from_utf8(output.stderr).unwrap() }
}

/// A switch, and a Mercury before it whose certificate is signed by an authority.
struct Stage {
    authority: Authority,
    mercury: Mercury,
    _switch: Simulated,
}

impl Stage {
    /// With these settings beside certificate and key.
    fn new(top: &str, tls: &str) -> Self {
        Self::set(top, tls, |setup, _| setup)
    }

    fn set(top: &str, tls: &str, more: impl FnOnce(Setup, &Authority) -> Setup) -> Self {
        let (switch, authority) = (Simulated::start(Mode::Candidate), Authority::new());
        let (cert, key) = authority.server("mercury", &["localhost"]);
        let text = format!(
            "{top}\n[tls]\ncert = \"{}\"\nkey = \"{}\"\n{}\n",
            cert.display(),
            key.display(),
            tls.replace("CA", authority.root().to_str().unwrap())
        );
        let setup = more(Setup::new().switches(&[switch.entry("leaf1")]), &authority);
        let mercury = setup.settings(&text).serve();
        Self { authority, mercury, _switch: switch }
    }

    fn url(&self) -> String {
        format!("https://localhost:{}/", self.mercury.address.port())
    }

    /// With curl, which believes the authority.
    fn curl(&self, words: &[&str]) -> Curl {
        curl(&self.url(), &[&["--cacert", self.authority.root().to_str().unwrap()], words].concat())
    }

    /// What it is answered when it asks for the same of the switch.
    fn answer(&self, words: &[&str]) -> String {
        let mut command = Command::new("curl");
        command.args(["-sS", "--max-time", "20", "-d", &BODY.replace("nowhere", "leaf1")]);
        command.args(["-H", "Content-Type: application/json"]);
        let output =
            command.args(["--cacert", self.authority.root().to_str().unwrap(), &self.url()]).args(words).output();
        String::from_utf8(output.expect("curl is here").stdout).unwrap()
    }

    /// The same with a certificate.
    fn curl_as(&self, pair: &(impl AsRef<Path>, impl AsRef<Path>)) -> Curl {
        let (cert, key) = (pair.0.as_ref().to_str().unwrap(), pair.1.as_ref().to_str().unwrap());
        self.curl(&["--cert", cert, "--key", key])
    }

    /// Waits until this is in the log.
    fn told(&self, words: &str) {
        self.mercury.stderr.wait_json(words, |line| line.to_string().contains(words));
    }
}
