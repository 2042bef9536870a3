//! What a switch shows for what is wanted of it.

use std::{collections::BTreeMap, sync::Arc};

use mercury::{
    intent::{Intent, LagIntent, Membership, PortIntent, Presence, Setting, TargetIntent, VlanIntent, with_uplinks},
    inventory::{Face, Protocol, Switch},
    service::{Requester, Service},
};
use mercury_model::{SwitchedVlan, VlanId};
use mercury_sim::Handle;

use super::{
    Lag, Request, Want,
    vnis::{self, Vnis},
};
use crate::{
    kind::{Kind, NETCONF},
    ovsdb,
    world::{Claim, Ports, WISHES, Wish, World, claim, name, segment},
};

/// Ports that requests are for; the rest must never move.
pub(crate) const PORTS: u16 = 5;
/// The aggregate, and the one port that may be in it.
pub(crate) const LAG: &str = "Port-Channel7";
const MEMBER: &str = "Ethernet6";
/// The port that only the console changes.
pub(crate) const CONSOLE: &str = "Ethernet8";
pub(crate) const VLANS: [u16; 4] = [100, 200, 300, 400];
/// Stands for the description.
const DESCRIPTION: &str = "@described@";

/// What any switch shows.
pub(crate) struct Values {
    plain: BTreeMap<Vnis, Shown>,
    ovsdb: BTreeMap<Vnis, Shown>,
}

/// What a kind of switch shows: a port's or a VLAN's text, by what is wanted of it.
pub(crate) struct Shown {
    pub(crate) start: Ports,
    pub(super) vnis: Vnis,
    /// What binds a VLAN to a VNI.
    pub(super) form: String,
    ports: BTreeMap<(u16, Wish), String>,
    vlans: BTreeMap<u16, String>,
    /// The aggregate's text by its VLAN, and its member's.
    lags: BTreeMap<u16, String>,
    member: String,
}

/// Lets an entry have the aggregate, and VNIs.
pub(crate) fn tune(entry: &mut Switch, vnis: Vnis) {
    vnis.tune(entry);
    if entry.protocol() == Protocol::Ovsdb {
        return;
    }
    entry.rules.lag_prefix = Some("Port-Channel".to_owned());
    entry.rules.lag_numbers = "7".parse().unwrap();
    // Longer than any Set takes here, as it has to be.
    let settle_time = std::time::Duration::from_secs(60);
    match &mut entry.face {
        Face::Gnmi(gnmi) => gnmi.settle_time = settle_time,
        Face::Restconf(restconf) => restconf.settle_time = settle_time,
        _ => {}
    }
}

impl Values {
    /// Asks switches in good order.
    pub(crate) async fn measured() -> Self {
        Self { plain: Shown::all(NETCONF[1]).await, ovsdb: Shown::all(Kind::Ovsdb).await }
    }

    pub(crate) fn of(&self, kind: Kind, vnis: Vnis) -> &Shown {
        let all = if kind == Kind::Ovsdb { &self.ovsdb } else { &self.plain };
        &all[&vnis]
    }
}

impl Shown {
    async fn all(kind: Kind) -> BTreeMap<Vnis, Self> {
        let plain = Self::measured(kind, Vnis::None, &WISHES).await;
        let mut all = BTreeMap::new();
        for vnis in Vnis::of(kind) {
            let mut own = Self::measured(kind, vnis, vnis.wishes()).await;
            // What has nothing to do with VNIs is as everywhere.
            own.ports.extend(plain.ports.clone());
            own.vlans.extend(plain.vlans.clone());
            (own.lags, own.member) = (plain.lags.clone(), plain.member.clone());
            all.insert(vnis, own);
        }
        all.insert(Vnis::None, plain);
        all
    }

    async fn measured(kind: Kind, vnis: Vnis, wishes: &[Wish]) -> Self {
        let start = vnis::by_vni(world(kind, vnis).await.ports(0), vnis);
        let made = async |want| made(world(kind, vnis).await, want).await;
        let mut form = String::new();
        let (mut ports, mut vlans, mut lags) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for port in 1..=PORTS {
            for &wish in wishes {
                let now =
                    made(Want { switch: 0, ports: vec![(port, wish)], removes: None, lag: None, carries: None }).await;
                form = vnis::form(&now, vnis).unwrap_or_default();
                for id in VLANS.into_iter().chain(vnis::VLANS) {
                    vlans.extend(now.get(&format!("VLAN {id}")).map(|text| (id, text.clone())));
                }
                let now = vnis::by_vni(now, vnis);
                ports.insert((port, wish), now[&format!("Ethernet{port}")].clone());
            }
        }
        let mut member = String::new();
        for id in VLANS.into_iter().filter(|_| kind != Kind::Ovsdb && vnis == Vnis::None) {
            let now =
                made(Want { switch: 0, ports: Vec::new(), removes: None, lag: Some(Lag::On(id)), carries: None }).await;
            member.clone_from(&now[MEMBER]);
            lags.insert(id, now[LAG].clone());
        }
        Self { start, vnis, form, ports, vlans, lags, member }
    }

    /// What a request makes of a switch: each key with its text, or none.
    pub(crate) fn of(&self, number: usize, want: &Want) -> Vec<(String, Option<String>)> {
        let mut values = Vec::new();
        for (port, wish) in &want.ports {
            let text = self.ports[&(*port, *wish)].replace(DESCRIPTION, &description(number, *wish));
            values.push((format!("Ethernet{port}"), Some(text)));
            for id in vlans_of(*wish) {
                values.extend(self.vlans.get(&id).map(|text| (format!("VLAN {id}"), Some(text.clone()))));
            }
        }
        for id in want.carries.iter().flatten() {
            values.extend(self.vlans.get(id).map(|text| (format!("VLAN {id}"), Some(text.clone()))));
        }
        values.extend(want.removes.map(|id| (format!("VLAN {id}"), None)));
        match want.lag {
            Some(Lag::On(id)) => {
                let text = self.lags[&id].replace(DESCRIPTION, &lag_description(number));
                values.push((LAG.to_owned(), Some(text)));
                values.push((MEMBER.to_owned(), Some(self.member.clone())));
                values.push((format!("VLAN {id}"), Some(self.vlans[&id].clone())));
            }
            Some(Lag::Gone) => {
                values.push((LAG.to_owned(), None));
                values.push((MEMBER.to_owned(), self.start.get(MEMBER).cloned()));
            }
            None => {}
        }
        values.sort();
        values.dedup();
        values
    }
}

/// The VLANs that a port names which is as wished.
pub(crate) fn vlans_of(wish: Wish) -> Vec<u16> {
    match wish {
        Wish::Access(id) | Wish::Vni(id) => vec![id],
        Wish::Trunk(native, tagged) => vec![native, tagged],
        Wish::AnyVlan(_) | Wish::Reset => Vec::new(),
    }
}

fn description(number: usize, wish: Wish) -> String {
    format!("request {number}: {wish:?}")
}

fn lag_description(number: usize) -> String {
    format!("request {number}: aggregate")
}

/// One switch, as all of its kind begin.
async fn world(kind: Kind, vnis: Vnis) -> World {
    let tune = |entry: &mut Switch| tune(entry, vnis);
    let world = World::with(&[kind], tune).await;
    begin(&world.handle(0), vnis);
    world
}

/// What others have made of a switch in the beginning.
pub(crate) fn begin(handle: &Handle, vnis: Vnis) {
    handle.ovsdb().iter().for_each(ovsdb::begin);
    if vnis != Vnis::None {
        vnis::begin(handle, vnis);
    }
}

/// What a switch shows when this was made of it.
async fn made(world: World, want: Want) -> Ports {
    let texts = Texts { port: &|_| DESCRIPTION.to_owned(), lag: DESCRIPTION.to_owned() };
    let reports = world.service.apply(intent(&world.service, &[want], &texts), &Requester::default()).await.unwrap();
    assert_eq!(claim(&reports[0]), Claim::Intended, "{:?}", reports[0].outcome);
    world.ports(0)
}

impl Request {
    pub(super) fn intent(&self, service: &Service) -> Intent {
        let texts = Texts { port: &|wish| description(self.number, wish), lag: lag_description(self.number) };
        intent(service, &self.wants, &texts)
    }
}

/// How what is wanted is described.
struct Texts<'a> {
    port: &'a dyn Fn(Wish) -> String,
    lag: String,
}

fn intent(service: &Service, wants: &[Want], texts: &Texts<'_>) -> Intent {
    let vlan = |id: u16| VlanId::try_from(id).unwrap();
    let targets = wants.iter().map(|want| {
        let ports = want.ports.iter().map(|(port, wish)| {
            let mut intent = PortIntent::new(format!("Ethernet{port}").parse().unwrap());
            intent.description = Setting::Set(Some((texts.port)(*wish).parse().unwrap()));
            intent.switched_vlan = Setting::Set(wish.vlans());
            intent.untagged_vni = wish.untagged_vni();
            intent
        });
        let mut ports: Vec<_> = ports.collect();
        if let Some(Lag::On(_)) = want.lag {
            let membership = Membership::Join(LAG.parse().unwrap());
            ports.push(PortIntent { membership, ..PortIntent::new(MEMBER.parse().unwrap()) });
        }
        let mut named: Vec<_> = want.ports.iter().flat_map(|(_, wish)| vlans_of(*wish)).collect();
        named.extend(want.lag.and_then(|lag| match lag {
            Lag::On(id) => Some(id),
            Lag::Gone => None,
        }));
        named.sort_unstable();
        named.dedup();
        let present = named.into_iter().map(|id| VlanIntent::Present { id: vlan(id), name: None });
        let absent = want.removes.map(|id| VlanIntent::Absent { id: vlan(id) });
        let switch = Arc::clone(service.inventory().find(&name(want.switch)).unwrap());
        let vlans = present.chain(absent).collect();
        let lags = want.lag.map(|lag| {
            let mut intent = LagIntent::new(LAG.parse().unwrap(), "lag_name");
            match lag {
                Lag::On(id) => {
                    intent.description = Setting::Set(Some(texts.lag.parse().unwrap()));
                    intent.switched_vlan = Setting::Set(Some(SwitchedVlan::access(vlan(id))));
                }
                Lag::Gone => intent.presence = Presence::Absent,
            }
            intent
        });
        // As of a switch and the card behind it, which comes first where it loses something.
        let is_late = want.ports.first().is_some_and(|(port, _)| port % 2 == 0);
        let turn = match switch.protocol() {
            _ if wants.len() == 1 => 0,
            Protocol::Ovsdb if want.ports.iter().any(|(_, wish)| *wish == Wish::Reset) => -1,
            Protocol::Ovsdb => 1,
            _ => i8::from(is_late),
        };
        let lags = lags.into_iter().collect();
        let mut segments: Vec<_> = want.ports.iter().filter_map(|(_, wish)| segment(*wish)).collect();
        segments.sort_by_key(|segment| segment.vni);
        segments.dedup_by_key(|segment| segment.vni);
        TargetIntent { ports, vlans, lags, segments, turn, ..TargetIntent::new(&switch) }
    });
    let intent = Intent { verb: "test", targets: targets.collect() };
    with_uplinks(intent, service.inventory(), None).unwrap()
}
