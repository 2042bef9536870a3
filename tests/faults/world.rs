//! A service and its simulated switches in one process and on one clock.

use std::{
    collections::BTreeMap,
    future::Future,
    sync::{Arc, LazyLock},
    time::Duration,
};

use mercury::{
    intent::{Intent, PortIntent, SegmentIntent, Setting, TargetIntent, VlanIntent},
    inventory::{Inventory, OverlayRules, Protocol, Switch},
    lock::{Coordinator, NoLocks},
    outcome::{Outcome, Report},
    service::{Requester, Service},
    target::{Entry, Target},
};
use mercury_adapter::Dialect;
use mercury_model::{FloodMode, SwitchedVlan, TrunkVlans, VlanId, VlanSet, Vni};
use mercury_sim::{Datastore, Fault, Handle, Options, Simulator};
use serde_json::Value;

use crate::{
    kind::Kind,
    life::Life,
    locks::Locks,
    ovsdb,
    wire::{Wire, adapter},
};

/// A dialect; all are read once.
pub(crate) fn dialect(name: &str) -> Arc<Dialect> {
    static DIALECTS: LazyLock<Vec<Arc<Dialect>>> = LazyLock::new(|| mercury_adapter::builtin().unwrap());
    Arc::clone(DIALECTS.iter().find(|dialect| dialect.name == name).unwrap())
}

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
    /// The VNI that is bound to this VLAN there ([`vni`]).
    Vni(u16),
    /// This VNI, on whichever VLAN the switch has for it.
    AnyVlan(u16),
}

/// What the random faults choose from beside, where a switch serves VNIs.
pub(crate) const VNIS: [Wish; 2] = [Wish::Vni(3000), Wish::Vni(3001)];

/// The same, where the switch's entry says which VLANs there are for them.
pub(crate) const ANYWHERE: [Wish; 3] = [Wish::AnyVlan(15_001), Wish::AnyVlan(15_002), Wish::AnyVlan(15_003)];

/// The VNI of one of the VLANs that are set aside for them.
pub(crate) fn vni(vlan: u16) -> Vni {
    (10_000 + u64::from(vlan)).try_into().unwrap()
}

/// Has an entry serve VNIs.
pub(crate) fn serves_vnis(switch: &mut Switch) {
    serves_vnis_on(switch, "3000-3001");
}

/// The same, on these VLANs.
pub(crate) fn serves_vnis_on(switch: &mut Switch, local_vlans: &str) {
    let is_bridge = switch.protocol() == Protocol::Ovsdb;
    let vtep = if is_bridge { "br0" } else { "vtep1" };
    let mut own = OverlayRules::of(local_vlans.parse().unwrap(), vtep.parse().ok());
    if is_bridge {
        own.flood = FloodMode::Static;
        own.peers = ovsdb::PEERS.map(|peer| peer.parse().unwrap()).into();
    }
    switch.rules.overlay = Some(own);
}

/// What the network team has made for them.
pub(crate) const VTEP: &str = "<network-instances xmlns=\"http://openconfig.net/yang/network-instance\">\
    <network-instance><name>default</name><connection-points><connection-point>\
    <connection-point-id>vtep1</connection-point-id><config><connection-point-id>vtep1</connection-point-id></config>\
    <endpoints><endpoint><endpoint-id>vtep1</endpoint-id><config><endpoint-id>vtep1</endpoint-id></config><vxlan>\
    <config><source-interface>Loopback1</source-interface></config></vxlan></endpoint></endpoints>\
    </connection-point></connection-points></network-instance></network-instances>";

/// What the random faults choose from.
pub(crate) const WISHES: [Wish; 6] = [
    Wish::Access(100),
    Wish::Access(200),
    Wish::Trunk(100, 300),
    Wish::Trunk(200, 400),
    Wish::Reset,
    Wish::Access(400),
];

/// A switch that has nothing, and what one request makes of it.
pub(crate) async fn before_and_intended(kind: Kind, wish: Wish) -> (Ports, Ports) {
    let clean = World::new(&[kind]).await;
    let before = clean.ports(0);
    clean.one(2, wish).await;
    (before, clean.ports(0))
}

pub(crate) struct World {
    pub(crate) service: Service,
    pub(crate) kinds: Vec<Kind>,
    pub(crate) switches: Vec<Simulator>,
    /// What happens to the next session's octets.
    pub(crate) wire: Arc<Wire>,
}

/// One of several Mercurys of a world.
pub(crate) struct Mercury {
    pub(crate) service: Arc<Service>,
    pub(crate) wire: Arc<Wire>,
}

impl Mercury {
    pub(crate) fn life(&self) -> &Arc<Life> {
        &self.wire.life
    }
}

impl World {
    pub(crate) async fn new(kinds: &[Kind]) -> Self {
        Self::with(kinds, |_| {}).await
    }

    /// With every entry changed by `tune`.
    pub(crate) async fn with(kinds: &[Kind], tune: impl Fn(&mut Switch)) -> Self {
        Self::of(kinds, tune, |_| {}).await
    }

    /// The same, with every switch made otherwise by `make`.
    pub(crate) async fn of(kinds: &[Kind], tune: impl Fn(&mut Switch), make: impl Fn(&mut Options)) -> Self {
        let mut switches = Vec::new();
        for kind in kinds {
            let mut options = kind.options();
            make(&mut options);
            switches.push(Simulator::start(options).await.unwrap());
        }
        let wire = Arc::default();
        let service = service(kinds, switches.iter().map(Simulator::handle), &wire, &NoLocks::shared(), tune);
        Self { service, kinds: kinds.to_vec(), switches, wire }
    }

    /// One switch that has so many entries, each changed by `tune`.
    pub(crate) async fn in_entries(kind: Kind, entries: usize, tune: impl Fn(&mut Switch)) -> Self {
        let wire = Arc::default();
        let (kinds, simulator) = (vec![kind; entries], Simulator::start(kind.options()).await.unwrap());
        let handles = vec![simulator.handle(); entries];
        let tune = |switch: &mut Switch| {
            switch.identity.address = "192.0.2.1".to_owned();
            tune(switch);
        };
        let service = service(&kinds, handles, &wire, &NoLocks::shared(), tune);
        Self { service, kinds, switches: vec![simulator], wire }
    }

    /// Another Mercury beside, or after, the first.
    pub(crate) fn another(&self) -> Service {
        service(&self.kinds, self.switches.iter().map(Simulator::handle), &Arc::default(), &NoLocks::shared(), |_| {})
    }

    /// Another one, that takes its locks where others do too.
    pub(crate) fn mercury(&self, locks: &Arc<Locks>, tune: impl Fn(&mut Switch)) -> Mercury {
        let wire = Arc::<Wire>::default();
        let service =
            service(&self.kinds, self.switches.iter().map(Simulator::handle), &wire, &locks.of(&wire.life), tune);
        Mercury { service: Arc::new(service), wire }
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

fn service(
    kinds: &[Kind],
    handles: impl IntoIterator<Item = Handle>,
    wire: &Arc<Wire>,
    locks: &Arc<dyn Coordinator>,
    tune: impl Fn(&mut Switch),
) -> Service {
    let entry = |(index, kind): (usize, &Kind)| {
        let mut switch = kind.entry(&name(index));
        tune(&mut switch);
        switch
    };
    let inventory = Inventory::from_iter(kinds.iter().enumerate().map(entry));
    let targets = kinds.iter().zip(handles).enumerate().map(|(index, (kind, handle))| {
        let switch = Arc::clone(inventory.find(&name(index)).unwrap());
        let dialect = Arc::new(kind.dialect(&switch));
        let (connector, render) = adapter(*kind, handle, &switch, &dialect, wire);
        Entry { port: switch.port(), switch, dialect, connector, render }
    });
    let targets = Target::start_all(targets.collect::<Vec<_>>(), locks);
    Service::over(inventory, targets)
}

pub(crate) async fn ask(service: &Service, wishes: &[(usize, u16, Wish)]) -> Vec<Report> {
    ask_as(service, wishes, &Requester::default()).await
}

pub(crate) async fn ask_as(service: &Service, wishes: &[(usize, u16, Wish)], who: &Requester) -> Vec<Report> {
    service.apply(intent(service, wishes), who).await.unwrap()
}

/// These wishes as one request.
pub(crate) fn intent(service: &Service, wishes: &[(usize, u16, Wish)]) -> Intent {
    let targets = wishes.iter().map(|(index, port, wish)| {
        let mut intent = PortIntent::new(format!("Ethernet{port}").parse().unwrap());
        intent.description = Setting::Set(Some(format!("{wish:?}").parse().unwrap()));
        let vlans = wish.vlans();
        let named = vlans.iter().flat_map(|vlans| vlans.named_vlans().iter().collect::<Vec<_>>());
        let named = named.map(|id| VlanIntent::Present { id, name: None }).collect();
        let switch = Arc::clone(service.inventory().find(&name(*index)).unwrap());
        intent.bounces = switch.rules.bounce_on_attach && vlans.is_some();
        intent.switched_vlan = Setting::Set(vlans);
        intent.untagged_vni = wish.untagged_vni();
        let segments = segment(*wish).into_iter().collect();
        TargetIntent { ports: vec![intent], vlans: named, segments, ..TargetIntent::new(&switch) }
    });
    Intent { verb: "test", targets: targets.collect() }
}

impl Wish {
    /// The VLANs that are wished for.
    pub(crate) fn vlans(self) -> Option<SwitchedVlan> {
        let vlan = |id: u16| VlanId::try_from(id).unwrap();
        match self {
            Self::Access(id) | Self::Vni(id) => Some(SwitchedVlan::access(vlan(id))),
            Self::AnyVlan(_) => Some(SwitchedVlan::Access { vlan: None }),
            Self::Trunk(native, tagged) => Some(SwitchedVlan::Trunk {
                native: Some(vlan(native)),
                vlans: TrunkVlans::only([vlan(tagged)].into_iter().collect()),
            }),
            Self::Reset => None,
        }
    }

    /// The VNI whose VLAN is left open.
    pub(crate) fn untagged_vni(self) -> Option<Vni> {
        let Self::AnyVlan(number) = self else { return None };
        Some(u64::from(number).try_into().unwrap())
    }
}

/// The VNI that is wished for, with its VLAN if that is.
pub(crate) fn segment(wish: Wish) -> Option<SegmentIntent> {
    let (vni, vlan) = match wish {
        Wish::Vni(id) => (vni(id), Some(id.try_into().unwrap())),
        open => (open.untagged_vni()?, None),
    };
    Some(SegmentIntent { vni, parameter: "network.vni", vlan, local_vlans: VlanSet::new(), number: None })
}

/// A switch's name.
pub(crate) fn name(index: usize) -> String {
    format!("leaf{index}")
}

/// The interfaces, the VLANs and the VNIs of a datastore, each as its own text.
pub(crate) type Ports = BTreeMap<String, String>;

pub(crate) fn ports(handle: &Handle, datastore: Datastore) -> Ports {
    if let Some(ovsdb) = handle.ovsdb() {
        return ovsdb::ports(&ovsdb);
    }
    let json = handle.json(datastore);
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let interfaces = list(&json["openconfig-interfaces:interfaces"]["interface"]);
    let named = interfaces.iter().map(|node| (node["name"].as_str().unwrap().to_owned(), node.to_string()));
    let instances = list(&json["openconfig-network-instance:network-instances"]["network-instance"]);
    let (segments, instances): (Vec<_>, Vec<_>) = instances.into_iter().partition(|one| one["name"] != "default");
    let segments = segments.iter().map(segment_of);
    let vlans = instances.iter().flat_map(|instance| list(&instance["vlans"]["vlan"]));
    let vlans = vlans.map(|vlan| (format!("VLAN {}", vlan["vlan-id"]), vlan.to_string()));
    let below = |value: &Value, list_of: [&str; 2]| list(&value[list_of[0]][list_of[1]]);
    let points = instances.iter().flat_map(|instance| below(instance, ["connection-points", "connection-point"]));
    let vteps = points.flat_map(|point| below(&point, ["endpoints", "endpoint"]));
    let maps = vteps.flat_map(|vtep| below(&vtep["vxlan"], ["local-endpoint-vnis", "local-endpoint-vni"]));
    let maps = maps.map(|map| (format!("VNI {}", map["vni"]), map.to_string()));
    named.chain(vlans).chain(maps).chain(segments).collect()
}

/// What binds a VLAN that is a network instance of its own, said as an entry of the VTEP's
/// list says it.
fn segment_of(instance: &Value) -> (String, String) {
    let vni = &instance["evpn"]["evpn-instances"]["evpn-instance"][0]["vxlan"]["config"]["vni"];
    let (key, vlan) = (if vni.is_null() { &instance["name"] } else { vni }, &instance["vlans"]["vlan"][0]["vlan-id"]);
    (format!("VNI {key}"), format!("\"bridge-domain\":{vlan},{instance}"))
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
        Claim::Unknown if may_not_show(report) => before,
        Claim::Unknown => panic!("{told}: the switch could have been asked"),
    };
    assert_eq!(&world.ports(index), wanted, "{told}: when it was reported");
    let handle = world.handle(index);
    let quiet = handle.wait_until(|status| {
        let nothing = status.locks.is_empty() && status.pending.is_none() && !status.candidate_dirty;
        nothing && status.sessions + status.connections <= 1
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

/// The switch said that it did it and showed nothing of it, nor has it shown any
/// change before.
fn may_not_show(report: &Report) -> bool {
    let told = |fault: mercury::fault::Fault| fault.message.contains("it may have what it does not show");
    report.capabilities.as_ref().is_some_and(|known| !known.lock) && report.outcome.fault().is_some_and(told)
}

pub(crate) fn fault(text: &str) -> Fault {
    text.parse().unwrap()
}
