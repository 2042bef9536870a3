//! Debian's ovsdb-server: over its socket, TCP and TLS, and what it says of what goes
//! wrong.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use mercury_adapter::{Answer, Budget, ConnectFault, Connector, OvsdbDialect, Step, builtin};
use mercury_model::{Scope, SwitchedVlan};
use mercury_ovsdb::{Client, Endpoint, Failed, OvsdbConnector, OvsdbOptions, Transaction};
use mercury_tls::{ClientIdentity, TlsOptions, Trust};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpStream, UnixListener, UnixStream},
};

const SOON: Duration = Duration::from_secs(20);

/// A server without ovs-vswitchd: what it holds is never applied, nor asked to be.
struct Server {
    directory: tempfile::TempDir,
}

impl Server {
    /// `None` where the peers are left out. With `remotes` beside its socket.
    fn start(remotes: &[&str]) -> Option<Self> {
        std::env::var_os("MERCURY_PEERS")?;
        let directory = tempfile::tempdir().unwrap();
        Self::certificates(directory.path());
        let at = |name: &str| directory.path().join(name).display().to_string();
        run("ovsdb-tool", &["create", &at("conf.db"), "/usr/share/openvswitch/vswitch.ovsschema"]);
        let remotes = remotes.iter().map(|remote| format!("--remote={remote}"));
        let own = [
            "--detach".to_owned(),
            "--no-chdir".to_owned(),
            format!("--pidfile={}", at("db.pid")),
            format!("--unixctl={}", at("ctl")),
            format!("--log-file={}", at("log")),
            format!("--remote=punix:{}", at("db.sock")),
            format!("--private-key={}", at("server.key")),
            format!("--certificate={}", at("server.pem")),
            format!("--ca-cert={}", at("ca.pem")),
        ];
        let words: Vec<String> = own.into_iter().chain(remotes).chain([at("conf.db")]).collect();
        run("ovsdb-server", &words.iter().map(String::as_str).collect::<Vec<_>>());
        let server = Self { directory };
        server.vsctl(&["init"]);
        // As ovs-ctl does.
        server.vsctl(&["set", "open_vswitch", ".", "db_version=8.3.1", "ovs_version=3.1.0"]);
        server.vsctl(&["add-br", "br0", "--", "add-port", "br0", "p1", "--", "set", "port", "p1", "tag=7"]);
        Some(server)
    }

    /// An authority, and what it signed: the server's certificate and a client's.
    fn certificates(folder: &Path) {
        let write = |name: &str, text: String| {
            use std::os::unix::fs::PermissionsExt as _;
            fs::write(folder.join(name), text).unwrap();
            fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o600)).unwrap();
        };
        let mut of_authority = CertificateParams::new(Vec::new()).unwrap();
        // Who is signed must be called otherwise than who signs.
        of_authority.distinguished_name.push(DnType::CommonName, "authority");
        of_authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(of_authority, KeyPair::generate().unwrap()).unwrap();
        write("ca.pem", authority.pem());
        for name in ["server", "client"] {
            let key = KeyPair::generate().unwrap();
            let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
            params.distinguished_name.push(DnType::CommonName, name);
            write(&format!("{name}.pem"), params.signed_by(&key, &authority).unwrap().pem());
            write(&format!("{name}.key"), key.serialize_pem());
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn vsctl(&self, arguments: &[&str]) -> String {
        let database = format!("--db=unix:{}", self.path("db.sock").display());
        run("ovs-vsctl", &[&[&database, "--no-wait", "--timeout=20"], arguments].concat())
    }

    /// The port that its remote on port 0 was given.
    fn port(&self) -> u16 {
        let log = fs::read_to_string(self.path("log")).unwrap();
        let (_, behind) = log.split_once("listening on port ").unwrap_or_else(|| panic!("{log}"));
        behind.lines().next().unwrap().trim().parse().unwrap()
    }

    async fn client(&self) -> Client {
        Client::over(UnixStream::connect(self.path("db.sock")).await.unwrap(), Budget::new(1 << 30))
    }

    fn tls(&self, client: Option<&str>) -> TlsOptions {
        let identity = client.map(|name| ClientIdentity {
            certificate: self.path(&format!("{name}.pem")),
            key: fs::read_to_string(self.path(&format!("{name}.key"))).unwrap().into(),
        });
        TlsOptions { trust: Trust::Roots(vec![self.path("ca.pem")]), server_name: None, identity }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Ok(pid) = fs::read_to_string(self.path("db.pid")) {
            let _gone = Command::new("kill").arg(pid.trim()).status();
        }
    }
}

fn run(program: &str, arguments: &[&str]) -> String {
    let done = Command::new(program).args(arguments).stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{program} {arguments:?}: {said} {}", String::from_utf8_lossy(&done.stderr));
    said
}

fn dialect() -> Arc<OvsdbDialect> {
    Arc::new(builtin().unwrap().iter().find_map(|dialect| dialect.ovsdb.clone()).unwrap())
}

fn connector(endpoint: Endpoint) -> impl Connector {
    let options = OvsdbOptions {
        endpoint,
        connect_timeout: SOON,
        keepalive: SOON,
        bridges: Vec::new(),
        budget: Budget::new(1 << 30),
    };
    OvsdbConnector::new(move || Ok(options.clone()), dialect())
}

async fn transact(client: &mut Client, transaction: &Transaction) -> Result<Vec<Vec<Value>>, Failed> {
    let mut reply = client.ask("transact", &transaction.params(), SOON).await.unwrap().unwrap();
    transaction.rows(&reply.text, &mut reply.share)
}

#[tokio::test]
async fn a_port_is_read_over_its_socket_tcp_and_tls() {
    for remote in [None, Some("ptcp:0:127.0.0.1"), Some("pssl:0:127.0.0.1")] {
        let Some(server) = Server::start(remote.as_slice()) else { return };
        let address = "127.0.0.1".to_owned();
        let endpoint = match remote {
            None => Endpoint::Unix(server.path("db.sock")),
            Some(remote) => {
                let tls = remote.starts_with("pssl").then(|| server.tls(Some("client")));
                Endpoint::Tcp { address, port: server.port(), tls }
            }
        };
        let mut session = connector(endpoint).connect().await.unwrap();
        let announced = &session.capabilities().announced;
        assert!(announced.iter().any(|said| said.starts_with("schema Open_vSwitch 8")), "{remote:?}: {announced:?}");
        let flight = session.flight(&[Step::Read(Scope::all())], SOON).await;
        let Some(Ok(Answer::Running(running))) = flight.results.first() else { panic!("{remote:?}: {flight:?}") };
        let port = &running.config.interfaces[&"p1".parse().unwrap()];
        assert_eq!(port.switched_vlan, Some(SwitchedVlan::access(7u16.try_into().unwrap())), "{remote:?}");
        session.close().await;
    }
}

#[tokio::test]
async fn who_shows_no_certificate_is_not_let_in_and_who_shows_another_not_believed() {
    let Some(server) = Server::start(&["pssl:0:127.0.0.1"]) else { return };
    let port = server.port();
    let over = |tls| connector(Endpoint::Tcp { address: "127.0.0.1".to_owned(), port, tls: Some(tls) });
    let Err(error) = over(server.tls(None)).connect().await else { panic!("let in") };
    assert!([ConnectFault::Credentials, ConnectFault::Unreachable].contains(&error.fault), "{error:?}");
    let pinned = TlsOptions { trust: Trust::Pins(vec![[7; 32]]), ..server.tls(Some("client")) };
    let Err(error) = over(pinned.clone()).connect().await else { panic!("believed") };
    assert_eq!(error.fault, ConnectFault::HostKey, "{error:?}");
    let shown = over(pinned).presented().await.unwrap().unwrap();
    assert!(shown.fingerprint.starts_with("SHA256:"), "{shown:?}");
}

#[tokio::test]
async fn what_the_server_refuses_is_found_in_its_results() {
    let Some(server) = Server::start(&[]) else { return };
    let mut client = server.client().await;
    let named = |name: &str| json!([["name", "==", name]]);
    let update = |row: Value| json!({"op": "update", "table": "Port", "where": named("p1"), "row": row});
    let mut out_of_range = Transaction::default();
    out_of_range.change([update(json!({"tag": 5000}))]);
    let failed = transact(&mut client, &out_of_range).await.unwrap_err();
    assert!(matches!(&failed, Failed::Refused { tag, .. } if tag == "constraint violation"), "{failed:?}");
    // Found when all operations are done: of no one of them.
    let mut twice = Transaction::default();
    let insert =
        |name: &str, uuid: &str| json!({"op": "insert", "table": "Port", "row": {"name": name}, "uuid-name": uuid});
    twice.change([insert("p1", "a")]);
    let failed = transact(&mut client, &twice).await.unwrap_err();
    assert!(matches!(failed, Failed::Refused { .. } | Failed::Senseless(_)), "{failed:?}");
    let mut moved = Transaction::default();
    moved.wait(0, ("Port", &[named("p1")[0].clone()]), &["tag"], &[json!({"tag": 8})], "moved".to_owned());
    moved.change([update(json!({"tag": 9}))]);
    assert_eq!(transact(&mut client, &moved).await, Err(Failed::Guard("moved".to_owned())));
    assert_eq!(server.vsctl(&["get", "port", "p1", "tag"]).trim(), "7");
    let mut none = Transaction::default();
    none.change([json!({"op": "update", "table": "Port", "where": named("nosuch"), "row": {"tag": 9}})]);
    assert!(matches!(transact(&mut client, &none).await, Err(Failed::Senseless(_))));
    let unknown = client.ask("reboot", &json!([]), SOON).await.unwrap();
    assert_eq!(unknown.unwrap_err(), "unknown method");
    assert!(client.is_open());
}

/// The server asks after 5 s of silence whether we are there, and goes 5 s later.
#[tokio::test]
async fn a_silent_connection_outlives_the_servers_questions() {
    // Over its socket it asks nothing.
    let Some(server) = Server::start(&["ptcp:0:127.0.0.1"]) else { return };
    let stream = TcpStream::connect(("127.0.0.1", server.port())).await.unwrap();
    let mut client = Client::over(stream, Budget::new(1 << 30));
    let databases = || json!([]);
    client.ask("list_dbs", &databases(), SOON).await.unwrap().unwrap();
    let (answered, _) = client.octets();
    for _ in 0..2 {
        let (before, _) = client.octets();
        while client.octets().0 == before {
            assert!(client.is_open());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    assert!(client.octets().0 > answered);
    client.ask("list_dbs", &databases(), SOON).await.unwrap().unwrap();
}

/// What a server says in place of its databases is an error, in its words.
#[tokio::test]
async fn an_answer_that_names_no_databases_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("db.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let served = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let (mut text, mut ids) = (String::new(), Vec::new());
        while ids.len() < 3 {
            let mut chunk = [0; 4096];
            let read = stream.read(&mut chunk).await.unwrap();
            assert!(read > 0, "{text}");
            text += std::str::from_utf8(&chunk[..read]).unwrap();
            let requests = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
            ids = requests.map_while(Result::ok).map(|request| request["id"].clone()).collect();
        }
        for id in ids {
            let reply = json!({"id": id, "result": {"Open_vSwitch": true}, "error": null});
            stream.write_all(reply.to_string().as_bytes()).await.unwrap();
        }
        stream
    };
    let connector = connector(Endpoint::Unix(path));
    let (connected, _stream) = tokio::join!(connector.connect(), served);
    let Err(error) = connected else { panic!("connected") };
    assert_eq!(error.fault, ConnectFault::Protocol, "{error:?}");
    assert!(error.message.contains("list_dbs") && error.message.contains("no list of names"), "{error:?}");
}
