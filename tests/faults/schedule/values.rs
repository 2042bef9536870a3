//! What a switch shows for what is wanted of it.

use std::{collections::BTreeMap, sync::Arc};

use mercury::{
    intent::{Intent, PortIntent, Setting, TargetIntent, VlanIntent},
    service::Service,
};
use mercury_model::{SwitchedVlan, TrunkVlans, VlanId};

use super::{Request, Want};
use crate::{
    kind::NETCONF,
    world::{Ports, Wish, World, name},
};

/// Ports that requests are for; the rest must never move.
pub(crate) const PORTS: u16 = 5;
/// The port that only the console changes.
pub(crate) const CONSOLE: &str = "Ethernet8";
pub(crate) const VLANS: [u16; 4] = [100, 200, 300, 400];
pub(crate) const WISHES: [Wish; 6] = [
    Wish::Access(100),
    Wish::Access(200),
    Wish::Trunk(100, 300),
    Wish::Trunk(200, 400),
    Wish::Reset,
    Wish::Access(400),
];
/// Stands for the description.
const DESCRIPTION: &str = "@";

/// A port's or a VLAN's text, by what is wanted of it.
pub(crate) struct Values {
    pub(crate) start: Ports,
    ports: BTreeMap<(u16, Wish), String>,
    vlans: BTreeMap<u16, String>,
}

impl Values {
    /// Asks a switch in good order.
    pub(crate) async fn measured() -> Self {
        let start = World::new(&NETCONF[1..2]).await.ports(0);
        let (mut ports, mut vlans) = (BTreeMap::new(), BTreeMap::new());
        for port in 1..=PORTS {
            for wish in WISHES {
                let world = World::new(&NETCONF[1..2]).await;
                let want = Want { switch: 0, ports: vec![(port, wish)], removes: None };
                let intent = intent(&world.service, &[want], |_| DESCRIPTION.to_owned());
                world.service.apply(intent, &mercury::service::Requester::default()).await.unwrap();
                let now = world.ports(0);
                ports.insert((port, wish), now[&format!("Ethernet{port}")].clone());
                for id in VLANS {
                    vlans.extend(now.get(&format!("VLAN {id}")).map(|text| (id, text.clone())));
                }
            }
        }
        Self { start, ports, vlans }
    }

    /// What a request makes of a switch: each key with its text, or none.
    pub(crate) fn of(&self, number: usize, want: &Want) -> Vec<(String, Option<String>)> {
        let mut values = Vec::new();
        for (port, wish) in &want.ports {
            let described = format!("\"{}\"", description(number, *wish));
            let text = self.ports[&(*port, *wish)].replace(&format!("\"{DESCRIPTION}\""), &described);
            values.push((format!("Ethernet{port}"), Some(text)));
            for id in vlans_of(*wish) {
                values.push((format!("VLAN {id}"), Some(self.vlans[&id].clone())));
            }
        }
        values.extend(want.removes.map(|id| (format!("VLAN {id}"), None)));
        values.sort();
        values.dedup();
        values
    }
}

/// The VLANs that a port names which is as wished.
pub(crate) fn vlans_of(wish: Wish) -> Vec<u16> {
    match wish {
        Wish::Access(id) => vec![id],
        Wish::Trunk(native, tagged) => vec![native, tagged],
        Wish::Reset => Vec::new(),
    }
}

fn description(number: usize, wish: Wish) -> String {
    format!("request {number}: {wish:?}")
}

impl Request {
    pub(super) fn intent(&self, service: &Service) -> Intent {
        intent(service, &self.wants, |wish| description(self.number, wish))
    }
}

fn intent(service: &Service, wants: &[Want], description: impl Fn(Wish) -> String) -> Intent {
    let vlan = |id: u16| VlanId::try_from(id).unwrap();
    let targets = wants.iter().map(|want| {
        let ports = want.ports.iter().map(|(port, wish)| {
            let mut intent = PortIntent::new(format!("Ethernet{port}").parse().unwrap());
            intent.description = Setting::Set(Some(description(*wish).parse().unwrap()));
            intent.switched_vlan = Setting::Set(match *wish {
                Wish::Access(id) => Some(SwitchedVlan::access(vlan(id))),
                Wish::Trunk(native, tagged) => Some(SwitchedVlan::Trunk {
                    native: Some(vlan(native)),
                    vlans: TrunkVlans::only([vlan(tagged)].into_iter().collect()),
                }),
                Wish::Reset => None,
            });
            intent
        });
        let mut named: Vec<_> = want.ports.iter().flat_map(|(_, wish)| vlans_of(*wish)).collect();
        named.sort_unstable();
        named.dedup();
        let present = named.into_iter().map(|id| VlanIntent::Present { id: vlan(id), name: None });
        let absent = want.removes.map(|id| VlanIntent::Absent { id: vlan(id) });
        let switch = Arc::clone(service.inventory().find(&name(want.switch)).unwrap());
        let vlans = present.chain(absent).collect();
        TargetIntent { ports: ports.collect(), vlans, ..TargetIntent::new(switch) }
    });
    Intent { verb: "test", targets: targets.collect() }
}
