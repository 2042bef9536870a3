//! Ten thousand requests while everything rotates that may.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::net::UnixStream,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use mercury_sim::Mode;
use rcgen::SanType;
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};

use super::{Authority, authority::replace};
use crate::harness::{Entry, LIMIT, Mercury, Setup, Simulated, wait};

const PASSWORD: &str = "bluebells in May";
const REALM: &str = "Baremetal API";
/// Of each way.
const EACH: usize = 2000;
/// Requests of one connection.
const KEPT: usize = 100;

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

/// How somebody logs in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Basic,
    Digest,
    Mtls,
    Keystone,
    Socket,
}

const WAYS: [Way; 5] = [Way::Basic, Way::Digest, Way::Mtls, Way::Keystone, Way::Socket];

struct Stage {
    authority: Authority,
    folder: PathBuf,
    mercury: Mercury,
    switches: Vec<Simulated>,
}

impl Stage {
    fn new() -> Self {
        let (authority, keystone) = (Authority::new(), keystone());
        let switches: Vec<_> = (0..2).map(|_| Simulated::start(Mode::Candidate)).collect();
        let (cert, key) = authority.server("mercury", &["localhost"]);
        authority.client("caller", vec![SanType::DnsName("caller.example.org".try_into().unwrap())]);
        let setup = Setup::new();
        let folder = setup.path().to_owned();
        let uid = fs::metadata("/proc/self").map(|own| std::os::unix::fs::MetadataExt::uid(&own)).unwrap();
        let settings = format!(
            "switches = [\"inventory.toml\"]\nauth = [\"mtls\", \"http_digest\", \"http_basic\", \"keystone\"]\n\
             htpasswd = \"htpasswd\"\npolicy = \"policy.toml\"\n[digest]\nusers = \"users\"\nreordering = 8\n\
             [keystone]\nurl = \"{keystone}\"\nusername = \"mercury\"\npassword = {{ file = \"keystone-password\" }}\n\
             remember = 1\n[socket]\npath = {:?}\nuids = [{uid}]\n[tls]\ncert = {cert:?}\nkey = {key:?}\nclient_ca = {:?}\n\
             clients = [\"DNS:caller.example.org\"]\n[audit]\nfile = \"audit.jsonl\"\nrequired = true\n",
            folder.join("socket"),
            authority.root(),
        );
        let stage = |rotation| rotate(&folder, &switches, rotation);
        stage(0);
        let mercury = setup.settings(&settings).serve();
        Self { authority, folder, mercury, switches }
    }

    fn connect(&self, way: Way) -> BufReader<Box<dyn Stream>> {
        if way == Way::Socket {
            return BufReader::new(Box::new(UnixStream::connect(self.folder.join("socket")).unwrap()));
        }
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.authority.root()).unwrap()).unwrap();
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_root_certificates(roots);
        let config = if way == Way::Mtls {
            config.with_client_auth_cert(self.pair().0, self.pair().1).unwrap()
        } else {
            config.with_no_client_auth()
        };
        let tls = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
        let socket = TcpStream::connect(self.mercury.address).unwrap();
        socket.set_read_timeout(Some(LIMIT)).unwrap();
        BufReader::new(Box::new(StreamOwned::new(tls, socket)))
    }

    /// The caller's own certificate, which is not rotated under it.
    fn pair(&self) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        let read = |end: &str| self.authority.path(&format!("caller.{end}"));
        (vec![CertificateDer::from_pem_file(read("pem")).unwrap()], PrivateKeyDer::from_pem_file(read("key")).unwrap())
    }
}

/// Every file as it is after so many rotations: whoever calls is in all of them.
fn rotate(folder: &std::path::Path, switches: &[Simulated], rotation: usize) {
    let entries: String = switches
        .iter()
        .enumerate()
        .map(|(index, switch)| {
            let password = folder.join(format!("leaf{index}-password"));
            replace(&password, switch.password());
            let entry: Entry =
                switch.entry(&format!("leaf{index}")).with("password", format!("{{ file = {password:?} }}"));
            // One is reached otherwise each time, the other has other rules.
            let entry = if index == 0 { entry.with("keepalive", 15 + rotation % 2) } else { entry };
            entry.with("allowed_vlans", format!("\"1-{}\"", 1000 + rotation)).toml()
        })
        .collect();
    replace(&folder.join("inventory.toml"), &entries);
    let other = format!("other-{rotation}");
    let hash = |word: &str| bcrypt::hash(word, 4).unwrap();
    replace(&folder.join("htpasswd"), &format!("{other}:{}\nironic:{}\n", hash(&other), hash(PASSWORD)));
    let line =
        |user: &str, word: &str| format!("{user}:{REALM}:SHA-256:{}\n", sha256(&format!("{user}:{REALM}:{word}")));
    replace(&folder.join("users"), &(line(&other, &other) + &line("ironic", PASSWORD)));
    replace(&folder.join("keystone-password"), "mercury's own");
    let names = "\"ironic\", \"DNS:caller.example.org\", \"keystone:ironic@Default\"";
    let uid = std::os::unix::fs::MetadataExt::uid(&fs::metadata("/proc/self").unwrap());
    let policy = format!(
        "[[caller]]\nnames = [{names}, \"uid:{uid}\"]\nswitches = [\"leaf*\"]\nallowed_vlans = \"1-{}\"\n\
         [[caller]]\nnames = [\"{other}\"]\nswitches = [\"*\"]\n",
        2000 + rotation
    );
    replace(&folder.join("policy.toml"), &policy);
}

fn sha256(text: &str) -> String {
    digest(&SHA256, text.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A Keystone that knows every token: whose it is, and with which role.
fn keystone() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v3", listener.local_addr().unwrap());
    let answer = |stream: TcpStream| {
        let mut stream = BufReader::new(stream);
        let mut first = String::new();
        let (mut line, mut length) = (String::new(), 0);
        while stream.read_line(&mut line).is_ok_and(|read| read > 2) {
            if first.is_empty() {
                first.clone_from(&line);
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            line.clear();
        }
        let _body = stream.read_exact(&mut vec![0; length]);
        let token = json!({"token": {"user": {"name": "ironic", "domain": {"name": "Default"}},
                           "roles": [{"name": "service"}], "expires_at": "2999-01-01T00:00:00.000000Z"}});
        let body = token.to_string();
        let status = if first.starts_with("POST") { "201 Created\r\nX-Subject-Token: own" } else { "200 OK" };
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
        let _gone = stream.get_mut().write_all((head + &body).as_bytes());
    };
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(stream) = stream else { return };
            thread::spawn(move || answer(stream));
        }
    });
    url
}

/// Somebody who calls.
struct Caller<'a> {
    stage: &'a Stage,
    way: Way,
    line: Option<BufReader<Box<dyn Stream>>>,
    nonce: String,
    count: u32,
}

impl Caller<'_> {
    fn call(&mut self, method: &str, params: &Value) -> Value {
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
        let (mut status, mut challenge, mut answer) = self.exchange(&body);
        if status == 401 && self.way == Way::Digest {
            // Of its first request, or of a nonce that is stale.
            self.nonce = challenge.split("nonce=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
            self.count = 0;
            (status, challenge, answer) = self.exchange(&body);
        }
        assert_eq!(status, 200, "{method} {challenge} {answer}\n{}", self.stage.mercury.stderr.text());
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert!(answer["error"].is_null(), "{method}: {answer}");
        answer["result"].clone()
    }

    fn credentials(&mut self) -> String {
        match self.way {
            Way::Basic => format!("Authorization: Basic {}\r\n", STANDARD.encode(format!("ironic:{PASSWORD}"))),
            Way::Keystone => "X-Auth-Token: a-token\r\n".to_owned(),
            Way::Digest if !self.nonce.is_empty() => {
                self.count += 1;
                let (nonce, count) = (&self.nonce, format!("{:08x}", self.count));
                let (own, request) = (sha256(&format!("ironic:{REALM}:{PASSWORD}")), sha256("POST:/"));
                let response = sha256(&format!("{own}:{nonce}:{count}:cnonce:auth:{request}"));
                format!(
                    "Authorization: Digest username=\"ironic\", realm=\"{REALM}\", nonce=\"{nonce}\", uri=\"/\", \
                     algorithm=SHA-256, qop=auth, nc={count}, cnonce=\"cnonce\", response=\"{response}\"\r\n"
                )
            }
            Way::Digest | Way::Mtls | Way::Socket => String::new(),
        }
    }

    /// The status, the challenge if there is one, and the body.
    fn exchange(&mut self, body: &str) -> (u16, String, String) {
        let head = format!(
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{}\r\n",
            body.len(),
            self.credentials()
        );
        let line = self.line.get_or_insert_with(|| self.stage.connect(self.way));
        line.get_mut().write_all((head + body).as_bytes()).unwrap();
        line.get_mut().flush().unwrap();
        let (mut text, mut status, mut length, mut challenge) = (String::new(), 0, 0, String::new());
        while text != "\r\n" {
            text.clear();
            assert_ne!(line.read_line(&mut text).unwrap(), 0, "the connection ended");
            let lower = text.to_ascii_lowercase();
            if status == 0 {
                status = text.split(' ').nth(1).unwrap().parse().unwrap();
            } else if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            } else if lower.starts_with("www-authenticate: digest") {
                challenge.clone_from(&text);
            }
        }
        let mut answer = vec![0; length];
        line.read_exact(&mut answer).unwrap();
        (status, challenge, String::from_utf8(answer).unwrap())
    }
}

/// Each of the five ways has a caller; each connection serves a hundred requests, and of
/// those two are about a port.
#[test]
fn ten_thousand_requests_succeed_while_switches_credentials_certificates_and_policy_rotate() {
    let stage = Stage::new();
    let done = AtomicUsize::new(0);
    let mut rotations = 0;
    thread::scope(|scope| {
        let callers: Vec<_> = WAYS
            .into_iter()
            .enumerate()
            .map(|(number, way)| {
                let (stage, done) = (&stage, &done);
                scope.spawn(move || {
                    let mut caller = Caller { stage, way, line: None, nonce: String::new(), count: 0 };
                    for round in 0..EACH {
                        if round % KEPT == 0 {
                            caller.line = None;
                        }
                        let (switch, port) = (format!("leaf{}", round / KEPT % 2), format!("Ethernet{}", number + 1));
                        let vlan = 100 + round / KEPT % 3;
                        let port =
                            json!({"switch_id": switch, "port_name": port, "mode": "access", "native_vlan": vlan});
                        match round % KEPT {
                            50 => assert_eq!(caller.call("update_port", &port)["native_vlan"], vlan),
                            51 => _ = caller.call("plan_port", &port),
                            _ => assert_eq!(caller.call("get_switches", &json!({}))["leaf0"]["device_name"], "leaf0"),
                        }
                        done.fetch_add(1, SeqCst);
                    }
                })
            })
            .collect();
        let read = || stage.mercury.stderr.json().into_iter().filter(|line| line["took_ms"].is_u64()).count();
        while !callers.iter().all(thread::ScopedJoinHandle::is_finished) {
            rotations += 1;
            rotate(&stage.folder, &stage.switches, rotations);
            stage.authority.server("mercury", &["localhost"]);
            stage.mercury.signal("HUP");
            wait("the files to be read", || read() >= rotations);
            let some = (done.load(SeqCst) + 100).min(WAYS.len() * EACH);
            wait("some requests", || done.load(SeqCst) >= some);
        }
    });
    assert_eq!(done.load(SeqCst), WAYS.len() * EACH);
    assert!(rotations > 10, "{rotations}");
    let log = stage.mercury.stderr.text();
    assert!(!log.contains("everything stays as it is"), "{log}");
    // Each change is in the audit log, by the way that its caller came.
    let file = stage.folder.join("audit.jsonl");
    let told = || {
        let text = fs::read_to_string(&file).unwrap();
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let mut ways: Vec<_> =
            lines.filter(|line| line["event"] == "done").map(|line| line["way"].to_string()).collect();
        ways.sort();
        ways
    };
    let expected = ["http_basic", "http_digest", "keystone", "mtls", "socket"].map(|way| format!("\"{way}\""));
    let expected: Vec<_> = expected.into_iter().flat_map(|way| vec![way; EACH / KEPT]).collect();
    wait("each change to be told of", || told() == expected);
    let words = ["audit-log", "verify", file.to_str().unwrap()];
    let verified = std::process::Command::new(env!("CARGO_BIN_EXE_mercury")).args(words).output().unwrap();
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
}
