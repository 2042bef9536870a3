//! What stands beside Mercury's own leaves on a real switch
//! (`tests/siblings/<dialect>.txt`): through everything that Mercury does, it
//! stays. Included by each kit.

use std::{collections::BTreeMap, fs, path::PathBuf};

use mercury_model::{
    DeviceConfig, EdgePort, Interface, InterfaceName, InterfaceType, Lacp, LagType, Leaf, Running, Stp, SwitchedVlan,
    TrunkVlans, Value, Vlan, VlanId, VlanName, VlanStatus,
};
use serde_json::Value as Json;

use crate::names;

/// One leaf that is not Mercury's.
pub(crate) struct Sibling {
    /// The line it is from.
    pub(crate) line: String,
    /// Its path.
    pub(crate) steps: Vec<Step>,
    /// A value that its type allows, in RFC 7951's JSON.
    pub(crate) value: Json,
}

pub(crate) struct Step {
    /// The module's namespace, where it is not the one of the step above.
    pub(crate) namespace: Option<String>,
    pub(crate) name: String,
    pub(crate) key: Option<(String, String)>,
}

/// Every leaf beside a dialect's own; none for a dialect whose modules cannot be
/// had.
pub(crate) fn all(dialect: &str) -> Vec<Sibling> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../../tests/siblings/{dialect}.txt"));
    let Ok(text) = fs::read_to_string(file) else { return Vec::new() };
    let heads = text.lines().filter_map(|line| line.strip_prefix("# ")?.split_once(' '));
    let namespaces: BTreeMap<String, String> = heads.map(|(name, ns)| (name.to_owned(), ns.to_owned())).collect();
    let leaves = text.lines().filter(|line| line.starts_with('/')).map(|line| {
        let (path, value) = line.split_once('\t').unwrap();
        Sibling { line: line.to_owned(), steps: steps(path, &namespaces), value: serde_json::from_str(value).unwrap() }
    });
    leaves.collect()
}

fn steps(path: &str, namespaces: &BTreeMap<String, String>) -> Vec<Step> {
    let (mut parts, mut depth) = (vec![String::new()], 0);
    for c in path[1..].chars() {
        match c {
            '[' => depth += 1,
            ']' => depth -= 1,
            '/' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().unwrap().push(c);
    }
    let step = |part: String| {
        let (node, key) = part.split_once('[').map_or((part.as_str(), None), |(node, key)| (node, Some(key)));
        let (module, name) = node.split_once(':').map_or((None, node), |(module, name)| (Some(module), name));
        let key = key.map(|key| key.trim_end_matches(']').split_once('=').unwrap());
        Step {
            namespace: module.map(|module| namespaces[module].clone()),
            name: name.to_owned(),
            key: key.map(|(key, value)| (key.to_owned(), value.trim_matches('\'').to_owned())),
        }
    };
    parts.into_iter().map(step).collect()
}

/// A switch with a port on VLAN 100, an aggregate with a member, and VLANs; as
/// far as the dialect has words for it.
pub(crate) fn start(dialect: &str, has: &impl Fn(Leaf) -> bool) -> DeviceConfig {
    let named = |name: &str| names::name(dialect, &name.parse().unwrap()).unwrap();
    let (port, member, lag) = (named("Ethernet1/1"), named("Ethernet1/2"), named("Port-Channel7"));
    let mut config = DeviceConfig::default();
    let mut add = |interface: Interface| drop(config.interfaces.insert(interface.name.clone(), interface));
    add(Interface { switched_vlan: Some(access(100)), ..Interface::new(port) });
    if has(Leaf::AggregateId) && has(Leaf::LagType) {
        add(Interface { aggregate_id: Some(lag.clone()), ..Interface::new(member) });
        let mut aggregate = Interface::new(lag);
        aggregate.kind = Some(InterfaceType::Ieee8023adLag);
        Leaf::LagType.set(&mut aggregate, Some(Value::Word(LagType::Lacp.word())));
        aggregate.lacp = has(Leaf::LacpMode).then(Lacp::default);
        add(aggregate);
    }
    for id in [100u16, 200] {
        let id = vlan(id);
        let name = Some(VlanName::shown(&format!("vlan-{id}x")));
        config.vlans.insert(id, Vlan { id, name, status: VlanStatus::Active });
    }
    config
}

/// Whether the service refuses what would take away a VLAN and what others have in it.
pub(crate) fn is_refused(before: &Running, intended: &DeviceConfig) -> bool {
    before.besides_vlans.keys().any(|id| !intended.vlans.contains_key(id))
}

fn vlan(number: u16) -> VlanId {
    number.try_into().unwrap()
}

fn access(vlan: u16) -> SwitchedVlan {
    SwitchedVlan::access(vlan.try_into().unwrap())
}

/// What makes a configuration the one that is wanted.
pub(crate) type Request = Box<dyn Fn(&mut DeviceConfig)>;

/// What is done to the switch, one after the other; each starts from what is
/// there and is undone afterwards.
pub(crate) fn requests(dialect: &str) -> Vec<(&'static str, Request)> {
    let named = |name: &str| names::name(dialect, &name.parse().unwrap()).unwrap();
    let (port, lag) = (named("Ethernet1/1"), named("Port-Channel7"));
    let left = port.clone();
    let trunk = || {
        let vlans = TrunkVlans::only("100,200".parse().unwrap());
        SwitchedVlan::Trunk { native: None, vlans }
    };
    fn on(name: &InterfaceName, act: impl Fn(&mut Interface) + 'static) -> Request {
        let name = name.clone();
        Box::new(move |config| {
            if let Some(interface) = config.interfaces.get_mut(&name) {
                act(interface);
            }
        })
    }
    let vlans = move |vlans: Option<SwitchedVlan>| move |one: &mut Interface| one.switched_vlan.clone_from(&vlans);
    vec![
        ("describe", on(&port, |one| one.description = "a server".parse().ok())),
        ("disable", on(&port, |one| one.enabled = false)),
        ("MTU", on(&port, |one| one.mtu = Some(9000))),
        ("access", on(&port, vlans(Some(access(200))))),
        ("trunk", on(&port, vlans(Some(trunk())))),
        ("detach", on(&port, vlans(None))),
        ("edge", on(&port, |one| one.stp = Stp::of(Some(EdgePort::EdgeEnable), None))),
        ("trunk of the aggregate", on(&lag, vlans(Some(trunk())))),
        ("describe the aggregate", on(&lag, |one| one.description = "a bond".parse().ok())),
        (
            "min-links",
            on(&lag, |one| {
                if let Some(aggregation) = &mut one.aggregation {
                    aggregation.min_links = Some(1);
                }
            }),
        ),
        (
            "static",
            on(&lag, |one| {
                if let Some(aggregation) = &mut one.aggregation {
                    aggregation.lag_type = Some(LagType::Static);
                    one.lacp = None;
                }
            }),
        ),
        (
            "suspend",
            Box::new(|config| {
                config.vlans.values_mut().for_each(|vlan| vlan.status = VlanStatus::Suspended);
            }),
        ),
        ("another VLAN's removal", Box::new(|config| drop(config.vlans.remove(&vlan(200))))),
        (
            "the removal of the VLAN that the port leaves",
            Box::new(move |config| {
                config.interfaces.values_mut().filter(|one| one.name == left).for_each(|one| one.switched_vlan = None);
                config.vlans.remove(&vlan(100));
            }),
        ),
    ]
}
