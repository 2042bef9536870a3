//! A second NETCONF server that nobody here wrote: OpenDaylight's netconf-testtool, which
//! speaks over Apache MINA's SSH and holds what it is sent against our YANG modules with
//! OpenDaylight's own YANG tools.
//!
//! It takes filters with one root only, so ports and VLANs are read apart, and it grants a
//! lock that another session holds, so nothing is learnt of locks.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

use std::{
    collections::BTreeSet,
    env, fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use mercury_adapter::{Answer, CommitMode, Connector as _, Datastore, Dialect, Render as _, Session, Step, builtin};
use mercury_model::{
    DeviceConfig, Intended, Interface, InterfaceScope, Plan, Running, Scope, SwitchedVlan, Vlan, VlanScope, VlanStatus,
};
use mercury_netconf::{NetconfConnector, OverSsh, Renderer, client::ClientOptions};
use mercury_ssh::{HostKeyPolicy, SshOptions};

/// Modules that hang together without what is on other pages of the filter.
const MODULES: [&str; 9] = [
    "iana-if-type",
    "ietf-interfaces",
    "openconfig-if-aggregate",
    "openconfig-if-ethernet",
    "openconfig-interfaces",
    "openconfig-network-instance",
    "openconfig-network-instance-types",
    "openconfig-vlan",
    "openconfig-vlan-types",
];

const SOON: Duration = Duration::from_secs(60);

/// The server; it stops when this is dropped.
struct TestTool {
    child: Child,
    port: u16,
    _schemas: tempfile::TempDir,
}

impl TestTool {
    /// `None` where the peers are left out, or there is no Java.
    fn start() -> Option<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let cache = env::var_os("MERCURY_TEST_CACHE").map_or_else(|| root.join("target/peers"), PathBuf::from);
        env::var_os("MERCURY_PEERS")?;
        let jar = cache.join("testtool/testtool.jar");
        if !jar.exists() {
            return None;
        }
        let schemas = tempfile::tempdir().unwrap();
        for module in MODULES {
            let text = fs::read_to_string(root.join("yang/modules").join(module).with_extension("yang")).unwrap();
            let revision = text.split("revision").nth(1).unwrap().split_whitespace().next().unwrap().trim_matches('"');
            fs::write(schemas.path().join(format!("{module}@{revision}.yang")), &text).unwrap();
        }
        // It takes no port of the system's choice.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new("java")
            .args(["-Xmx256m", "-XX:TieredStopAtLevel=1", "-jar"])
            .arg(jar)
            .args(["--md-sal", "true", "--ip", "127.0.0.1", "--starting-port", &port.to_string(), "--schemas-dir"])
            .arg(schemas.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Some(Self { child, port, _schemas: schemas })
    }

    async fn session(&self, dialect: &Dialect) -> Box<dyn Session> {
        let options = SshOptions {
            port: self.port,
            password: Some("any".to_owned().into()),
            host_key: HostKeyPolicy::Insecure,
            ..SshOptions::new("127.0.0.1", "mercury")
        };
        let carrier = Box::new(OverSsh::new(move || Ok(options.clone())));
        let netconf = Arc::new(dialect.netconf.clone().unwrap());
        let connector = NetconfConnector::new(carrier, ClientOptions::default(), netconf, None);
        let begun = Instant::now();
        loop {
            match connector.connect().await {
                Ok(session) => return session,
                Err(error) => assert!(begun.elapsed() < SOON, "{error:?}"),
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

impl Drop for TestTool {
    fn drop(&mut self) {
        let _already_gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

fn ports() -> Scope {
    Scope { vlans: VlanScope::Named(BTreeSet::new()), ..Scope::all() }
}

fn vlans() -> Scope {
    Scope { interfaces: InterfaceScope::Named(BTreeSet::new()), ..Scope::all() }
}

/// `count` access ports on a VLAN.
fn config(count: usize, vlan: u16) -> DeviceConfig {
    let id = vlan.try_into().unwrap();
    let mut config = DeviceConfig::default();
    for number in 0..count {
        let mut port = Interface::new(format!("Ethernet{number}").parse().unwrap());
        port.description = Some(format!("server <{number}> & more ]]>]]>").parse().unwrap());
        port.switched_vlan = Some(SwitchedVlan::access(id));
        config.interfaces.insert(port.name.clone(), port);
    }
    config.vlans.insert(id, Vlan { id, name: Some("tenant-a".parse().unwrap()), status: VlanStatus::Active });
    config
}

/// All are answered and none refused; what was read.
async fn done(session: &mut dyn Session, steps: &[Step]) -> Vec<Running> {
    let flight = session.flight(steps, SOON).await;
    assert!(flight.lost.is_none(), "{:?}", flight.lost);
    assert_eq!(flight.results.len(), steps.len());
    let answers = flight.results.into_iter().zip(steps).map(|(result, step)| match result {
        Ok(answer) => answer,
        Err(refusal) => panic!("{}: {refusal}", step.name()),
    });
    answers.filter_map(|answer| if let Answer::Running(running) = answer { Some(*running) } else { None }).collect()
}

fn access(running: &Running) -> Vec<(String, Option<SwitchedVlan>)> {
    let ports = running.config.interfaces.values();
    ports.map(|port| (port.name.to_string(), port.switched_vlan.clone())).collect()
}

#[tokio::test]
async fn what_is_staged_is_in_the_candidate_alone_until_it_is_committed() {
    let Some(tool) = TestTool::start() else {
        eprintln!("SKIPPED: set MERCURY_PEERS, and have Java and Maven, to talk to netconf-testtool");
        return;
    };
    let dialect = builtin().unwrap().into_iter().find(|one| one.name == "openconfig").unwrap();
    let mut session = tool.session(&dialect).await;
    let capabilities = session.capabilities().clone();
    assert_eq!(capabilities.datastore, Datastore::Candidate, "{capabilities:?}");
    assert!(capabilities.announced.iter().any(|one| one.ends_with(":base:1.1")), "{capabilities:?}");
    let renderer = Renderer::new(&dialect, None).unwrap();
    let staged = |before: &DeviceConfig, after: &DeviceConfig| {
        let plan = Plan::between(&Running::new(before, Scope::all()), &Intended(after.clone()));
        Step::Stage(renderer.render(&plan, &capabilities).unwrap())
    };
    let (none, some, other) = (DeviceConfig::default(), config(300, 100), config(300, 200));
    // Several chunks each way, with what ends a message in the older framing inside.
    let steps =
        [Step::Lock(None), Step::Discard, staged(&none, &some), Step::ReadCandidate(ports()), Step::Read(ports())];
    let read = done(&mut *session, &steps).await;
    assert_eq!(access(&read[0]).len(), 300);
    assert_eq!(access(&read[1]), []);
    let read = done(&mut *session, &[Step::Commit(CommitMode::Plain), Step::Read(ports()), Step::Read(vlans())]).await;
    assert_eq!(read[0].config.interfaces.len(), 300);
    for (name, port) in &some.interfaces {
        let found = &read[0].config.interfaces[name];
        assert_eq!((&found.switched_vlan, &found.description), (&port.switched_vlan, &port.description));
    }
    assert_eq!(read[1].config.vlans, some.vlans);
    let steps = [staged(&some, &other), Step::Discard, Step::ReadCandidate(ports()), Step::Unlock, Step::Read(vlans())];
    let read = done(&mut *session, &steps).await;
    assert_eq!(
        read[0].config.interfaces[&"Ethernet7".parse().unwrap()].switched_vlan,
        Some(SwitchedVlan::access(100u16.try_into().unwrap()))
    );
    assert_eq!(read[1].config.vlans, some.vlans);
}
