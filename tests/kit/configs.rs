//! Any configuration a switch can have, with the names of the cases; included by
//! each adapter's kit.

use mercury_model::{
    Aggregation, DeviceConfig, EdgePort, Interface, InterfaceName, InterfaceType, Lacp, LacpInterval, LacpMode,
    LagType, Stp, SwitchedVlan, TrunkVlans, Vlan, VlanId, VlanStatus,
};
use proptest::{prelude::*, sample::select};

const PORTS: [&str; 3] = ["Ethernet1/1", "Ethernet1/2", "Ethernet<1>&\"'é"];
const LAGS: [&str; 2] = ["Port-Channel1", "Port-Channel7"];

fn name(text: &str) -> InterfaceName {
    text.parse().unwrap()
}

/// Few VLANs, so that two configurations often share some.
fn vlan_id() -> impl Strategy<Value = VlanId> {
    prop_oneof![1u16..=12, Just(4094)].prop_map(|number| number.try_into().unwrap())
}

/// Every value OpenConfig has a word for: all but a trunk of no VLANs.
fn switched_vlan() -> BoxedStrategy<SwitchedVlan> {
    let vlans = prop_oneof![
        Just(TrunkVlans::All),
        prop::collection::vec(vlan_id(), 1..8).prop_map(|ids| TrunkVlans::only(ids.into_iter().collect())),
    ];
    prop_oneof![
        prop::option::of(vlan_id()).prop_map(|vlan| SwitchedVlan::Access { vlan }),
        (prop::option::of(vlan_id()), vlans).prop_map(|(native, vlans)| SwitchedVlan::Trunk { native, vlans }),
    ]
    .boxed()
}

fn text() -> BoxedStrategy<String> {
    "[a-zé<>&\"'\\]]([ a-zé<>&\"'\\]]{0,12}[a-zé<>&\"'\\]])?".boxed()
}

fn stp() -> BoxedStrategy<Option<Stp>> {
    let edges = select(&[EdgePort::EdgeEnable, EdgePort::EdgeDisable, EdgePort::EdgeAuto][..]);
    (prop::option::of(edges), prop::option::of(any::<bool>())).prop_map(|(edge, guard)| Stp::of(edge, guard)).boxed()
}

/// Boxed, like the other large ones: a test's stack is small.
fn port(text_name: &'static str) -> BoxedStrategy<Interface> {
    (
        any::<bool>(),
        prop::option::of(text()),
        prop::option::of(any::<u16>()),
        prop::option::of(switched_vlan()),
        prop::option::of(select(&LAGS[..])),
        stp(),
    )
        .prop_map(move |(enabled, description, mtu, switched_vlan, lag, stp)| Interface {
            enabled,
            description: description.map(|text| text.parse().unwrap()),
            mtu,
            switched_vlan,
            aggregate_id: lag.map(name),
            stp,
            ..Interface::new(name(text_name))
        })
        .boxed()
}

fn lag(text_name: &'static str) -> BoxedStrategy<Interface> {
    let lacp =
        (select(&[LacpInterval::Fast, LacpInterval::Slow][..]), select(&[LacpMode::Active, LacpMode::Passive][..]))
            .prop_map(|(interval, lacp_mode)| Lacp { interval, lacp_mode });
    let aggregation = (prop::option::of(select(&[LagType::Lacp, LagType::Static][..])), prop::option::of(1u16..8))
        .prop_map(|(lag_type, min_links)| Aggregation { lag_type, min_links, mlag_id: None })
        // Without either leaf there is nothing to read back.
        .prop_filter("says something", |it| *it != Aggregation::default());
    (port(text_name), prop::option::of(aggregation), prop::option::of(lacp))
        .prop_map(|(port, aggregation, lacp)| {
            let kind = Some(InterfaceType::Ieee8023adLag);
            Interface { kind, aggregation, lacp, aggregate_id: None, ..port }
        })
        .boxed()
}

/// A switch with a few ports, aggregates and VLANs.
pub(crate) fn config() -> BoxedStrategy<DeviceConfig> {
    let ports = (port(PORTS[0]), port(PORTS[1]), port(PORTS[2]));
    let lags = (prop::option::of(lag(LAGS[0])), prop::option::of(lag(LAGS[1])));
    let vlans = prop::collection::btree_map(vlan_id(), (prop::option::of(text()), any::<bool>()), 0..5);
    (ports, lags, vlans)
        .prop_map(|((a, b, c), (first, second), vlans)| {
            let mut config = DeviceConfig::default();
            for interface in [a, b, c].into_iter().chain(first).chain(second) {
                config.interfaces.insert(interface.name.clone(), interface);
            }
            let lags: Vec<_> = config.interfaces.keys().cloned().collect();
            for interface in config.interfaces.values_mut() {
                interface.aggregate_id = interface.aggregate_id.take().filter(|lag| lags.contains(lag));
            }
            for (id, (text, suspended)) in vlans {
                let status = if suspended { VlanStatus::Suspended } else { VlanStatus::Active };
                config.vlans.insert(id, Vlan { id, name: text.map(|text| text.parse().unwrap()), status });
            }
            config
        })
        .boxed()
}
