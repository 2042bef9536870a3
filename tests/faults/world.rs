//! A service and its simulated switches in one process and on one clock.

use std::{
    collections::BTreeMap,
    future::Future,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::{FutureExt, future::BoxFuture};
use mercury::{
    intent::{Intent, PortIntent, Setting, TargetIntent, VlanIntent},
    inventory::{Inventory, Switch},
    outcome::{Outcome, Report},
    service::{Requester, Service},
    target::Target,
};
use mercury_adapter::{ConnectError, ConnectFault, Connector, NetconfDialect, Session};
use mercury_model::{SwitchedVlan, TrunkVlans, VlanId};
use mercury_netconf::{NetconfSession, Renderer, client::Client};
use mercury_sim::{Datastore, Fault, Handle, Mode, Options, Simulator};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

pub(crate) const MODES: [Mode; 4] = [Mode::Candidate, Mode::CandidatePlain, Mode::Running, Mode::RunningStartup];
/// Longer than any timer of Mercury's or of a switch's.
pub(crate) const LONG: Duration = Duration::from_secs(400);

/// Runs a test on a clock that stands still while anything can be done.
pub(crate) fn on_paused_clock<T>(test: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_time().start_paused(true).build().unwrap().block_on(test)
}

/// What is asked of one port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wish {
    Access(u16),
    Trunk(u16, u16),
    Reset,
}

pub(crate) struct World {
    pub(crate) service: Service,
    pub(crate) switches: Vec<Simulator>,
    /// What happens to the next session's bytes on their way from the switch.
    pub(crate) wire: Wire,
}

/// Bad wires: after so many octets of the switch's, the rest is this.
pub(crate) type Wire = Arc<Mutex<Option<(usize, Rest)>>>;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Rest {
    /// The connection ends.
    Nothing,
    /// Octets that mean nothing, once; then what the switch says.
    Noise,
    /// A message that never ends.
    Endless,
}

impl World {
    pub(crate) async fn new(modes: &[Mode]) -> Self {
        Self::with(modes, |_| {}).await
    }

    /// With every entry changed by `tune`.
    pub(crate) async fn with(modes: &[Mode], tune: impl Fn(&mut Switch)) -> Self {
        let mut switches = Vec::new();
        for mode in modes {
            let options = Options { listen: None, mode: *mode, ..Options::default() };
            switches.push(Simulator::start(options).await.unwrap());
        }
        let handles = switches.iter().map(Simulator::handle).collect();
        let wire = Wire::default();
        Self { service: service(handles, &wire, tune), switches, wire }
    }

    /// Another Mercury beside, or after, the first.
    pub(crate) fn another(&self) -> Service {
        service(self.switches.iter().map(Simulator::handle).collect(), &Wire::default(), |_| {})
    }

    pub(crate) fn handle(&self, index: usize) -> Handle {
        self.switches[index].handle()
    }

    pub(crate) async fn ask(&self, wishes: &[(usize, u16, Wish)]) -> Vec<Report> {
        ask(&self.service, wishes).await
    }

    /// A request for the first switch alone.
    pub(crate) async fn one(&self, port: u16, wish: Wish) -> Report {
        self.ask(&[(0, port, wish)]).await.remove(0)
    }

    pub(crate) fn ports(&self, index: usize) -> Ports {
        ports(&self.handle(index), Datastore::Running)
    }
}

fn service(handles: Vec<Handle>, wire: &Wire, tune: impl Fn(&mut Switch)) -> Service {
    let dialect = mercury_adapter::builtin().unwrap().into_iter().find(|dialect| dialect.name == "openconfig");
    let dialect = Arc::new(dialect.unwrap());
    let entry = |index: usize| {
        let mut switch = Switch::new(&name(index), "memory", "openconfig", "mercury");
        switch.manage_vlans = true;
        tune(&mut switch);
        switch
    };
    let inventory = Inventory::from_iter((0..handles.len()).map(entry));
    let targets: Vec<_> = handles
        .into_iter()
        .enumerate()
        .map(|(index, handle)| {
            let switch = Arc::clone(inventory.find(&name(index)).unwrap());
            let pipelining = switch.pipelining.unwrap_or(true);
            let connector = InMemory {
                handle,
                dialect: Arc::new(dialect.netconf.clone().unwrap()),
                pipelining,
                wire: Arc::clone(wire),
            };
            let render = Renderer::new(&dialect, None).unwrap();
            Target::start(switch, Arc::clone(&dialect), Box::new(connector), Box::new(render))
        })
        .collect();
    Service::over(inventory, targets)
}

pub(crate) async fn ask(service: &Service, wishes: &[(usize, u16, Wish)]) -> Vec<Report> {
    let targets = wishes.iter().map(|(index, port, wish)| {
        let mut intent = PortIntent::new(format!("Ethernet{port}").parse().unwrap());
        intent.description = Setting::Set(Some(format!("{wish:?}").parse().unwrap()));
        let vlan = |id: u16| VlanId::try_from(id).unwrap();
        let vlans = match *wish {
            Wish::Access(id) => Some(SwitchedVlan::access(vlan(id))),
            Wish::Trunk(native, tagged) => Some(SwitchedVlan::Trunk {
                native: Some(vlan(native)),
                vlans: TrunkVlans::only([vlan(tagged)].into_iter().collect()),
            }),
            Wish::Reset => None,
        };
        let named = vlans.iter().flat_map(|vlans| vlans.named_vlans().iter().collect::<Vec<_>>());
        let named = named.map(|id| VlanIntent::Present { id, name: None }).collect();
        intent.switched_vlan = Setting::Set(vlans);
        let switch = Arc::clone(service.inventory().find(&name(*index)).unwrap());
        TargetIntent { switch, ports: vec![intent], vlans: named }
    });
    let intent = Intent { verb: "test", targets: targets.collect() };
    service.apply(intent, &Requester::default()).await.unwrap()
}

fn name(index: usize) -> String {
    format!("leaf{index}")
}

/// The interfaces and the VLANs of a datastore, each as its own text.
pub(crate) type Ports = BTreeMap<String, String>;

pub(crate) fn ports(handle: &Handle, datastore: Datastore) -> Ports {
    let json = handle.json(datastore);
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let interfaces = list(&json["openconfig-interfaces:interfaces"]["interface"]);
    let named = interfaces.iter().map(|node| (node["name"].as_str().unwrap().to_owned(), node.to_string()));
    let instances = list(&json["openconfig-network-instance:network-instances"]["network-instance"]);
    let vlans = instances.iter().flat_map(|instance| list(&instance["vlans"]["vlan"]));
    let vlans = vlans.map(|vlan| (format!("VLAN {}", vlan["vlan-id"]), vlan.to_string()));
    named.chain(vlans).collect()
}

/// Which of the two a switch is, by what was reported of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    Before,
    Intended,
    Unknown,
}

pub(crate) fn claim(report: &Report) -> Claim {
    match report.outcome {
        Outcome::Unchanged(_) | Outcome::Committed(_) => Claim::Intended,
        Outcome::NotStarted(_) | Outcome::Rejected(_) | Outcome::RolledBack(_) => Claim::Before,
        Outcome::Unknown { .. } | Outcome::RollbackFailed { .. } => Claim::Unknown,
        Outcome::Planned => panic!("a change was only planned"),
    }
}

/// Holds a report against the switch, now and for as long as anything could
/// still happen there, and looks for what was left behind.
pub(crate) async fn agree(world: &World, index: usize, report: &Report, before: &Ports, intended: &Ports, told: &str) {
    let told = format!("{told}: {} {:?}", report.outcome.name(), report.outcome.fault().map(|fault| fault.message));
    let wanted = match claim(report) {
        Claim::Before => before,
        Claim::Intended => intended,
        Claim::Unknown => panic!("{told}: the switch could have been asked"),
    };
    assert_eq!(&world.ports(index), wanted, "{told}: when it was reported");
    let handle = world.handle(index);
    let quiet = handle.wait_until(|status| {
        status.locks.is_empty() && status.pending.is_none() && !status.candidate_dirty && status.sessions <= 1
    });
    let Ok(_) = tokio::time::timeout(LONG, quiet).await else {
        panic!("{told}: left behind: {:?}", handle.status());
    };
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(&world.ports(index), wanted, "{told}: a minute later");
    let status = handle.status();
    assert!(status.locks.is_empty() && status.pending.is_none() && !status.candidate_dirty, "{told}: {status:?}");
    if claim(report) == Claim::Intended && matches!(report.outcome, Outcome::Committed(_)) {
        let startup = ports(&handle, Datastore::Startup);
        assert!(startup.is_empty() || &startup == intended, "{told}: startup");
    }
}

pub(crate) fn fault(text: &str) -> Fault {
    text.parse().unwrap()
}

/// Opens sessions with a switch in memory.
struct InMemory {
    handle: Handle,
    dialect: Arc<NetconfDialect>,
    pipelining: bool,
    wire: Wire,
}

impl Connector for InMemory {
    fn connect(&self) -> BoxFuture<'_, Result<Box<dyn Session>, ConnectError>> {
        async move {
            let (mut ours, theirs) = tokio::io::duplex(1 << 16);
            if let Some((after, rest)) = self.wire.lock().unwrap().take() {
                let (near, far) = tokio::io::duplex(1 << 16);
                tokio::spawn(bad_wire(ours, far, after, rest));
                ours = near;
            }
            let handle = self.handle.clone();
            tokio::spawn(async move { handle.serve(theirs).await });
            let refused = |message| ConnectError { fault: ConnectFault::Unreachable, message };
            let options = mercury_netconf::client::ClientOptions { pipelining: self.pipelining, ..Default::default() };
            let client = Client::connect(ours, options).await.map_err(|error| refused(error.to_string()))?;
            let instance = self.dialect.network_instance.clone();
            let session = NetconfSession::new(client, Arc::clone(&self.dialect), instance, self.pipelining);
            Ok(Box::new(session.map_err(|error| refused(error.to_string()))?) as Box<dyn Session>)
        }
        .boxed()
    }
}

/// Carries octets both ways until `after` of the switch's; ends with either side.
async fn bad_wire(switch: DuplexStream, mercury: DuplexStream, after: usize, rest: Rest) {
    let (mut from_switch, mut to_switch) = tokio::io::split(switch);
    let (mut from_mercury, mut to_mercury) = tokio::io::split(mercury);
    let down = async {
        let mut buffer = vec![0; after];
        let mut seen = 0;
        while seen < after {
            let read = from_switch.read(&mut buffer[..after - seen]).await?;
            if read == 0 {
                return Ok(());
            }
            to_mercury.write_all(&buffer[..read]).await?;
            seen += read;
        }
        match rest {
            Rest::Nothing => Ok(()),
            Rest::Noise => {
                to_mercury.write_all(b"\x00]]>]]>\n#0\n<rpc-reply/>").await?;
                tokio::io::copy(&mut from_switch, &mut to_mercury).await.map(drop)
            }
            Rest::Endless => {
                to_mercury.write_all(b"\n#4294967295\n<rpc-reply>").await?;
                loop {
                    to_mercury.write_all(&[b'x'; 1 << 14]).await?;
                }
            }
        }
    };
    let up = tokio::io::copy(&mut from_mercury, &mut to_switch);
    tokio::select! {
        _ = async { let _: std::io::Result<()> = down.await; } => {}
        _ = up => {}
    }
}
