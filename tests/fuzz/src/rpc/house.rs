//! Two simulated switches and the service before them, joined in memory.

use std::sync::{Arc, OnceLock};

use futures_util::{FutureExt, future::BoxFuture};
use mercury::{
    config::Limits,
    inventory::{Face, HostKey, Inventory, NetconfSettings, NetconfTransport, SshSettings, Switch},
    rpc::Front,
    service::{Current, Service},
    target::Target,
};
use mercury_adapter::{ConnectError, ConnectFault, Connector, Dialect, Session};
use mercury_netconf::{
    NetconfSession, Renderer,
    client::{Client, ClientOptions},
};
use mercury_sim::{Mode, Options, Simulator};
use tokio::sync::OnceCell;

pub(super) struct House {
    pub(super) front: Front,
    service: Arc<Service>,
    switches: Vec<Arc<Power>>,
}

impl House {
    pub(super) fn build() -> Self {
        let (mut targets, mut switches, mut entries) = (Vec::new(), Vec::new(), Vec::new());
        for (entry, mode) in [(leaf1(), Mode::Candidate), (leaf2(), Mode::RunningStartup)] {
            let options = Options {
                name: entry.identity.name.clone(),
                listen: None,
                ports: 4,
                lags: vec!["Port-Channel1".to_owned()],
                mode,
                ..Options::default()
            };
            let switch = Arc::new(Power { options, switch: OnceCell::new() });
            let render = Renderer::new(&openconfig(), None).unwrap();
            let connector = Memory { switch: Arc::clone(&switch), dialect: openconfig() };
            let entry_of_target = Arc::new(entry.clone());
            targets.push(Target::start(entry_of_target, openconfig(), Box::new(connector), Box::new(render)));
            switches.push(switch);
            entries.push(entry);
        }
        let service = Arc::new(Service::over(Inventory::from_iter(entries), targets));
        let front = Front::new(Current::new(Arc::clone(&service)), &Limits::default()).unwrap();
        Self { front, service, switches }
    }

    pub(super) fn inventory(&self) -> &Inventory {
        self.service.inventory()
    }

    /// Whatever was asked, nothing is left locked, unconfirmed or open.
    pub(super) async fn close(self) {
        self.service.finish().await;
        for switch in self.switches.iter().filter_map(|power| power.switch.get()) {
            let status = switch.handle().wait_until(|status| status.sessions == 0).await;
            assert!(status.locks.is_empty(), "a lock is left: {:?}", status.locks);
            assert!(status.pending.is_none(), "a commit was left unconfirmed");
        }
    }
}

/// All VLANs but some, made where they are missing; MTU managed.
fn leaf1() -> Switch {
    let mut switch = entry("leaf1");
    switch.rules.manage_vlans = true;
    switch.rules.manage_mtu = true;
    switch.rules.allowed_vlans = Some("1-1000,1002-4000".parse().unwrap());
    switch.identity.mac_addresses = vec!["00:1c:73:aa:bb:01".parse().unwrap()];
    switch
}

/// Few VLANs, few ports, one physical network.
fn leaf2() -> Switch {
    let mut switch = entry("leaf2");
    switch.rules.allowed_vlans = Some("1,100-200".parse().unwrap());
    switch.rules.allowed_ports = Some(["Ethernet1", "Ethernet2"].map(|name| name.parse().unwrap()).into());
    switch.rules.default_vlan = "1".parse().ok();
    switch.identity.physical_networks = vec!["physnet1".to_owned()];
    switch
}

fn entry(name: &str) -> Switch {
    let mut switch = Switch::new(name, &format!("{name}.example.org"), "openconfig", "mercury");
    let host_key = HostKey::Insecure;
    let transport = NetconfTransport::Ssh(SshSettings { host_key, ..SshSettings::default() });
    switch.face = Face::Netconf(NetconfSettings { transport, ..NetconfSettings::default() });
    switch
}

fn openconfig() -> Arc<Dialect> {
    static OPENCONFIG: OnceLock<Arc<Dialect>> = OnceLock::new();
    let load = || {
        let mut all = mercury_adapter::builtin().unwrap().into_iter();
        all.find(|dialect| dialect.name == "openconfig").unwrap()
    };
    Arc::clone(OPENCONFIG.get_or_init(load))
}

/// A switch that is started when it is first asked: most inputs ask nothing,
/// and its host key takes longer to make than everything else.
struct Power {
    options: Options,
    switch: OnceCell<Simulator>,
}

impl Power {
    async fn on(&self) -> &Simulator {
        self.switch.get_or_init(async || Simulator::start(self.options.clone()).await.unwrap()).await
    }
}

/// Opens a session without a network.
struct Memory {
    switch: Arc<Power>,
    dialect: Arc<Dialect>,
}

impl Connector for Memory {
    fn connect(&self) -> BoxFuture<'_, Result<Box<dyn Session>, ConnectError>> {
        async move {
            let (near, far) = tokio::io::duplex(1 << 20);
            let switch = self.switch.on().await.handle();
            tokio::spawn(async move { switch.serve(far).await });
            let refused = |message: String| ConnectError { fault: ConnectFault::Protocol, message };
            let client = Client::connect(near, ClientOptions::default()).await.map_err(|e| refused(e.to_string()))?;
            let netconf = self.dialect.netconf.clone().map(Arc::new).unwrap();
            let instance = netconf.network_instance.clone();
            let session =
                NetconfSession::new(client, &netconf, instance, true).map_err(|error| refused(error.to_string()))?;
            Ok(Box::new(session) as Box<dyn Session>)
        }
        .boxed()
    }
}
