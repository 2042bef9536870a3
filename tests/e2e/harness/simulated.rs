//! The simulated switch, in this process.

use std::{collections::BTreeMap, sync::LazyLock};

use mercury_sim::{Handle, Mode, Options, Simulator};
use serde_json::Value;

use super::{
    Entry, Port, State,
    state::{numbers, switched, text},
};

static RUNTIME: LazyLock<tokio::runtime::Runtime> = LazyLock::new(|| tokio::runtime::Runtime::new().unwrap());

/// Waits for something of the simulator's, such as [`Handle::held`].
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    RUNTIME.block_on(future)
}

/// A simulated switch; it stops when this is dropped.
pub(crate) struct Simulated(Simulator);

impl Simulated {
    /// A switch with 96 ports and an empty Port-Channel1.
    pub(crate) fn start(mode: Mode) -> Self {
        Self::with(Options { mode, ..Self::options() })
    }

    pub(crate) fn with(options: Options) -> Self {
        Self(block_on(Simulator::start(options)).unwrap())
    }

    pub(crate) fn options() -> Options {
        Options { ports: 96, lags: vec!["Port-Channel1".to_owned()], ..Options::default() }
    }

    pub(crate) fn handle(&self) -> Handle {
        self.0.handle()
    }

    pub(crate) fn password(&self) -> &str {
        self.0.password()
    }

    pub(crate) fn fingerprint(&self) -> String {
        self.0.host_key_fingerprint().to_owned()
    }

    pub(crate) fn entry(&self, name: &str) -> Entry {
        Entry::new(name)
            .text("address", &self.0.addr().ip().to_string())
            .with("port", self.0.addr().port())
            .text("dialect", "openconfig")
            .text("username", self.0.username())
            .text("password", self.0.password())
            .with("host_key_fingerprints", format!("[{:?}]", self.0.host_key_fingerprint()))
    }

    pub(crate) fn look(&self) -> State {
        let running = self.0.running_json();
        let ports = list(&running["openconfig-interfaces:interfaces"]["interface"])
            .map(|node| (text(&node["name"]).unwrap(), port(node)))
            .collect();
        let vlans = list(&running["openconfig-network-instance:network-instances"]["network-instance"])
            .flat_map(|instance| list(&instance["vlans"]["vlan"]))
            .map(|vlan| (u16::try_from(vlan["vlan-id"].as_u64().unwrap()).unwrap(), text(&vlan["config"]["name"])))
            .collect::<BTreeMap<_, _>>();
        State { ports, vlans }
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn port(node: &Value) -> Port {
    let ethernet = &node["openconfig-if-ethernet:ethernet"];
    let lag = &node["openconfig-if-aggregate:aggregation"];
    let vlans = [lag, ethernet].map(|above| &above["openconfig-vlan:switched-vlan"]["config"]);
    let vlans = vlans.into_iter().find(|config| config.is_object()).unwrap_or(&Value::Null);
    let trunk = vlans["trunk-vlans"].as_array().map(|items| {
        items
            .iter()
            .flat_map(|item| match item {
                Value::String(range) => numbers([range.as_str()].into_iter(), '.'),
                number => [number.as_u64().unwrap()].into(),
            })
            .collect()
    });
    Port {
        enabled: node["config"]["enabled"] != false,
        description: text(&node["config"]["description"]),
        mtu: node["config"]["mtu"].as_u64(),
        vlans: switched(
            vlans["interface-mode"].as_str(),
            vlans["access-vlan"].as_u64(),
            vlans["native-vlan"].as_u64(),
            trunk,
        ),
        aggregate: text(&ethernet["config"]["openconfig-if-aggregate:aggregate-id"]),
    }
}
