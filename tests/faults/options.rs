//! Random faults where a request changes more than its port: VLANs come and go
//! with the ports that have them, and an uplink carries them all. Set
//! `MERCURY_FAULT_SEED` and `MERCURY_FAULT_RUNS` as for the other random faults.

use std::panic::{AssertUnwindSafe, catch_unwind};

use mercury::{
    intent::{Fields, PluginRequest},
    inventory::{Options, Placeholder, Switch, Template},
    outcome::Report,
    service::Requester,
};
use mercury_sim::Datastore;
use serde_json::json;

use crate::chance::Chance;
use crate::kind::NETCONF;
use crate::random::any_kind;
use crate::world::{Claim, LONG, Ports, World, agree, claim, fault, on_paused_clock, ports};

const RUNS: u64 = 60;
const REQUESTS: usize = 6;

/// A port, and the VLAN it is put on, or taken off.
type Wish = (u16, Option<u16>);

#[test]
fn random_faults_never_leave_a_vlan_or_an_uplink_half_done() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let seeds = match number("MERCURY_FAULT_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("MERCURY_FAULT_RUNS").unwrap_or(RUNS),
    };
    for seed in seeds {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| on_paused_clock(run(seed)))) {
            eprintln!("to see it again: MERCURY_FAULT_SEED={seed} cargo test --test faults options");
            std::panic::resume_unwind(panic);
        }
    }
}

fn tune(switch: &mut Switch) {
    let named = |text, known| Some(Template::new(text, known).unwrap());
    switch.rules.manage_vlans = true;
    switch.rules.options = Options {
        trunk_ports: vec!["Ethernet4".parse().unwrap()],
        vlan_name: named("mercury-{vlan}", Placeholder::OF_A_VLAN),
        remove_unused_vlans: true,
        description: named("{port} {vlan}", Placeholder::OF_A_PORT),
        disable_inactive_ports: true,
        ..Options::default()
    };
}

async fn ask(world: &World, (port, vlan): Wish) -> Report {
    let link = json!({"switch_id": "leaf0", "port_id": format!("Ethernet{port}")});
    let params = json!({"port": {"binding:profile": {"local_link_information": [link]}}, "network": vlan});
    let request = PluginRequest::read(Fields::of("", &params).unwrap()).unwrap();
    let intent = match vlan {
        Some(_) => request.attach("attach_port", world.service.inventory()),
        None => request.detach(world.service.inventory()),
    };
    world.service.apply(intent.unwrap(), &Requester::default()).await.unwrap().remove(0)
}

/// What these requests make of a switch that has nothing, when nothing fails.
async fn clean(wishes: &[Wish]) -> Ports {
    let world = World::with(&NETCONF[1..2], tune).await;
    for wish in wishes {
        assert_eq!(claim(&ask(&world, *wish).await), Claim::Intended);
    }
    world.ports(0)
}

async fn run(seed: u64) {
    let mut chance = Chance::new(seed.wrapping_add(0x9e37));
    let kind = any_kind(&mut chance);
    let world = World::with(&[kind], tune).await;
    let mut done: Vec<Wish> = Vec::new();
    for request in 0..REQUESTS {
        let wish = (1 + u16::try_from(chance.below(3)).unwrap(), chance.of(&[Some(100), Some(200), None]));
        let faults: Vec<String> = (0..chance.below(3))
            .filter_map(|_| {
                let (moment, action) = (chance.of(&["before", "after"]), chance.of(kind.actions()));
                let (operation, nth) = (chance.of(kind.operations()), 1 + u32::try_from(chance.below(3)).unwrap());
                // Over RESTCONF nothing shows what was saved.
                let unsaved = (operation, action) == ("restconf-operation", "ignore");
                let found_out = !kind.is_tag_lie(action) && !unsaved;
                found_out.then(|| format!("{operation}:{nth}:{moment}:{action}"))
            })
            .collect();
        let told = format!("seed {seed}, request {request}, {kind:?}, {done:?}, {wish:?}, {faults:?}");
        let before = world.ports(0);
        assert_eq!(before, clean(&done).await, "{told}");
        let intended = clean(&[done.as_slice(), &[wish]].concat()).await;
        let handle = world.handle(0);
        for text in &faults {
            handle.inject(fault(text));
        }
        let startup = ports(&handle, Datastore::Startup);
        let report = ask(&world, wish).await;
        handle.clear_faults();
        match claim(&report) {
            // Two faults may keep the truth away for as long as one may wait.
            Claim::Unknown if faults.len() > 1 => {
                let quiet = handle.wait_until(|status| status.locks.is_empty() && status.pending.is_none());
                tokio::time::timeout(LONG, quiet).await.unwrap_or_else(|_| panic!("{told}: {:?}", handle.status()));
                let now = world.ports(0);
                assert!(now == before || now == intended, "{told}: {:?}: something between", report.outcome);
            }
            // A reboot after a lie about saving: startup may be of either kind.
            _ if startup != before && faults.iter().any(|text| text.ends_with("reboot")) && !startup.is_empty() => {
                return;
            }
            _ => agree(&world, 0, &report, &before, &intended, &told).await,
        }
        if world.ports(0) == intended {
            done.push(wish);
        }
    }
}
