//! Attach, then detach: the configuration is as it was.

use mercury_model::VlanSet;
use proptest::{prelude::*, sample::subsequence};

use super::*;

const UPLINK: [&str; 2] = ["Ethernet48", "Port-Channel1"];
const SERVERS: [&str; 3] = ["Ethernet1", "Ethernet2", "Ethernet3"];
/// What ports of servers are put on, and what idle ones are.
const VLANS: [u16; 4] = [100, 101, 102, 900];

fn switched() -> impl Strategy<Value = Option<SwitchedVlan>> {
    let some = || subsequence(&VLANS[..], 1..=3);
    let native = || prop::option::of(prop::sample::select(&VLANS[..]));
    prop_oneof![
        Just(None),
        native().prop_map(|own| Some(SwitchedVlan::Access { vlan: own.map(vlan) })),
        (native(), some()).prop_map(|(native, vlans)| {
            let set: VlanSet = vlans.into_iter().map(vlan).collect();
            Some(SwitchedVlan::Trunk { native: native.map(vlan), vlans: TrunkVlans::only(set) })
        }),
        native().prop_map(|own| Some(SwitchedVlan::Trunk { native: own.map(vlan), vlans: TrunkVlans::All })),
    ]
}

/// An uplink before Mercury: with none of Mercury's VLANs, or with all.
fn uplinked() -> impl Strategy<Value = Option<SwitchedVlan>> {
    let own = TrunkVlans::None.with(vlan(50));
    prop::sample::select(vec![
        None,
        Some(SwitchedVlan::access(vlan(1))),
        Some(SwitchedVlan::Trunk { native: None, vlans: own.clone() }),
        Some(SwitchedVlan::Trunk { native: Some(vlan(1)), vlans: own }),
        Some(SwitchedVlan::Trunk { native: Some(vlan(1)), vlans: TrunkVlans::All }),
    ])
}

fn interface(
    name: &'static str,
    vlans: impl Strategy<Value = Option<SwitchedVlan>>,
) -> impl Strategy<Value = Interface> {
    let described = prop::option::of(prop::sample::select(vec!["rack 4", "Default port configuration"]));
    (vlans, described, any::<bool>(), prop::option::of(1500u16..9000)).prop_map(
        move |(switched_vlan, description, enabled, mtu)| Interface {
            switched_vlan,
            description: description.map(|text| text.parse().unwrap()),
            enabled,
            mtu,
            ..Interface::new(name.parse().unwrap())
        },
    )
}

prop_compose! {
    fn device()(
        servers in SERVERS.map(|name| interface(name, switched())),
        uplinks in UPLINK.map(|name| interface(name, uplinked())),
        vlans in prop::collection::vec(prop::option::of(prop::sample::select(vec!["", "mercury-", "storage-"])), 4),
    ) -> DeviceConfig {
        let known = vlans.iter().zip(VLANS).filter_map(|(name, id)| {
            let name = name.filter(|name| !name.is_empty())?;
            Some(Vlan { id: vlan(id), name: format!("{name}{id}").parse().ok(), status: VlanStatus::Active })
        });
        let nameless = vlans.iter().zip(VLANS).filter(|(name, _)| **name == Some(""));
        let nameless = nameless.map(|(_, id)| Vlan { id: vlan(id), name: None, status: VlanStatus::Active });
        let interfaces = servers.into_iter().chain(uplinks);
        DeviceConfig {
            interfaces: interfaces.map(|interface| (interface.name.clone(), interface)).collect(),
            vlans: known.chain(nameless).map(|vlan| (vlan.id, vlan)).collect(),
            ..DeviceConfig::default()
        }
    }
}

prop_compose! {
    fn entry()(
        trunk_ports in subsequence(&UPLINK[..], 0..=2),
        (manage_vlans, naming, remove) in (any::<bool>(), any::<bool>(), any::<bool>()),
        described in any::<bool>(),
        idle in prop::option::of(prop::sample::select(vec!["", "{port} free"])),
        (disable_inactive_ports, manage_mtu) in (any::<bool>(), any::<bool>()),
        default_vlan in prop::option::of(Just(900)),
        (stp_edge, stp_bpdu_guard) in (any::<bool>(), any::<bool>()),
    ) -> Switch {
        let options = Options {
            trunk_ports: trunk_ports.iter().filter(|_| manage_vlans).map(|port| port.parse().unwrap()).collect(),
            vlan_name: if naming { named("mercury-{vlan}") } else { None },
            remove_unused_vlans: manage_vlans && naming && remove,
            description: described.then(|| Template::new("{vlan}: {description}", Placeholder::OF_A_PORT).unwrap()),
            idle_description: idle.map(|text| Template::new(text, Placeholder::OF_AN_IDLE_PORT).unwrap()),
            disable_inactive_ports,
            ..Options::default()
        };
        ruled(Rules {
            default_vlan: default_vlan.map(vlan),
            lag_numbers: "2-9".parse().unwrap(),
            lag_prefix: Some("Port-Channel".to_owned()),
            manage_vlans,
            manage_mtu,
            stp_edge,
            stp_bpdu_guard,
            options,
            ..Rules::default()
        })
    }
}

/// Who asks, and of what.
#[derive(Clone, Copy, Debug)]
enum Caller {
    Ironic,
    Plugin,
    /// The plugin, of two ports as one aggregate.
    Bond,
}

impl Caller {
    /// The methods by which it attaches and detaches, and how it does the latter.
    fn methods(self) -> (&'static str, &'static str, Value) {
        match self {
            Self::Ironic => ("update_port", "reset_port", ironic("Ethernet1", &json!({"native_vlan": 100}))),
            Self::Plugin => ("attach_port", "detach_port", plugin("Ethernet1", &Value::Null)),
            Self::Bond => ("attach_port", "detach_port", bonded(plugin("Ethernet1", &Value::Null))),
        }
    }
}

fn bonded(mut params: Value) -> Value {
    let link = |port: &str| json!({"switch_id": "leaf1", "port_id": port});
    params["port"]["binding:profile"] = json!({
        "local_link_information": [link("Ethernet1"), link("Ethernet2")],
        "local_group_information": {"id": "8d1f", "name": "bond0", "bond_mode": "802.3ad"},
    });
    params
}

/// Requests that put a port somewhere.
fn attachments() -> impl Strategy<Value = (Caller, Vec<Value>)> {
    let vlan = || prop::sample::select(&VLANS[..3]);
    let some = || subsequence(&VLANS[..3], 1..=3);
    let ironic_one =
        (vlan(), prop::option::of(some()), prop::option::of(Just("theirs"))).prop_map(|(one, tagged, text)| {
            let mode = if tagged.is_some() { "trunk" } else { "access" };
            ironic(
                "Ethernet1",
                &json!({"mode": mode, "native_vlan": one, "allowed_vlans": tagged, "description": text}),
            )
        });
    let plugin_one =
        (vlan(), prop::option::of(some()), prop::option::of(1500u16..9000)).prop_map(|(one, tagged, mtu)| {
            let mut params = plugin("Ethernet1", &json!({"segmentation_id": one, "mtu": mtu, "name": "tenant"}));
            if let Some(tagged) = tagged {
                let sub_ports: Vec<_> = tagged.iter().map(|vlan| json!({"segmentation_id": vlan})).collect();
                params["port"]["trunk_details"] = json!({"sub_ports": sub_ports});
            }
            params
        });
    let bond = plugin_one.clone().prop_map(bonded);
    let several = 1..4usize;
    prop_oneof![
        prop::collection::vec(ironic_one, several.clone()).prop_map(|requests| (Caller::Ironic, requests)),
        prop::collection::vec(plugin_one, several.clone()).prop_map(|requests| (Caller::Plugin, requests)),
        prop::collection::vec(bond, several).prop_map(|requests| (Caller::Bond, requests)),
    ]
}

fn text(bench: &Bench) -> String {
    serde_json::to_string(&bench.device).unwrap()
}

/// Where a list has the native VLAN, too, an uplink that was made a trunk stays
/// one with that VLAN alone.
fn without_access(bench: &mut Bench) {
    for port in UPLINK.map(|name| name.parse().unwrap()) {
        let own = &mut bench.device.interfaces.get_mut(&port).unwrap().switched_vlan;
        own.take_if(|own| matches!(own, SwitchedVlan::Access { .. }));
    }
}

/// Makes the VLANs that ports name, has the uplinks carry those that are there,
/// and removes those of Mercury's that nobody has.
fn settle(bench: &mut Bench, remove: bool) {
    for id in VLANS {
        let network = json!({"network": id});
        let named =
            |port: &Interface| port.switched_vlan.as_ref().is_some_and(|own| own.named_vlans().contains(vlan(id)));
        let used = bench.device.interfaces.values().any(named);
        if used || bench.device.vlans.contains_key(&vlan(id)) {
            bench.done("add_network", &network);
        }
        let name = bench.device.vlans.get(&vlan(id)).and_then(|vlan| vlan.name.as_ref());
        if remove && !used && name.is_some_and(|name| name.as_str().starts_with("mercury")) {
            bench.done("delete_network", &network);
        }
    }
}

/// Whether a trunk of all VLANs keeps each.
fn any_has_all(device: &DeviceConfig, options: &Options) -> bool {
    device.interfaces.values().any(|port| {
        let is_all = matches!(port.switched_vlan, Some(SwitchedVlan::Trunk { vlans: TrunkVlans::All, .. }));
        is_all && !options.trunk_ports.contains(&port.name)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn attach_then_detach_gives_the_configuration_as_it_was(
        device in device(),
        dialect in prop::sample::select(vec!["openconfig", "arista_eos"]),
        entry in entry(),
        (caller, requests) in attachments(),
    ) {
        let (attach, detach, release) = caller.methods();
        let options = entry.rules.options.clone();
        let managed = entry.rules.manage_vlans;
        let mut bench = Bench { device, ..Bench::of(spoken(dialect, entry)) };
        if bench.dialect.native_in_trunk_vlans {
            without_access(&mut bench);
        }
        bench.done(detach, &release);
        let removes = options.remove_unused_vlans && !any_has_all(&bench.device, &options);
        settle(&mut bench, removes);
        let (before, bare) = (text(&bench), bench.device.clone());
        for request in &requests {
            bench.done(attach, request);
        }
        bench.done(detach, &release);
        if managed && !removes {
            // What was made stays; the port itself is as it was.
            prop_assert!(bare.vlans.iter().all(|(id, vlan)| bench.device.vlans.get(id) == Some(vlan)));
            for name in SERVERS {
                prop_assert_eq!(bench.port(name), bare.interface(&name.parse().unwrap()));
            }
        } else {
            prop_assert_eq!(text(&bench), before);
        }
    }
}
