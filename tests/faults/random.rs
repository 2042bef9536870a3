//! Random requests on random switches with random faults, and the same truth
//! after each. Set `MERCURY_FAULT_SEED` to a seed that failed to run it alone,
//! and `MERCURY_FAULT_RUNS` to run more.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
};

use mercury::inventory::Switch;
use mercury_sim::Datastore;

use crate::chance::Chance;
use crate::kind::{Gnmi, Kind, NETCONF, RESTCONF, netconf};
use crate::wire::{Bad, Rest, Way};
use crate::world::{
    Claim, LONG, Ports, VNIS, VTEP, WISHES, Wish, World, agree, claim, fault, on_paused_clock, ports, serves_vnis, vni,
};

const RUNS: u64 = 700;
const REQUESTS: usize = 6;

#[test]
fn random_faults_never_make_a_report_lie() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let seeds = match number("MERCURY_FAULT_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("MERCURY_FAULT_RUNS").unwrap_or(RUNS),
    };
    let clean = on_paused_clock(clean());
    for seed in seeds {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| on_paused_clock(run(seed, &clean)))) {
            eprintln!("to see it again: MERCURY_FAULT_SEED={seed} cargo test --test faults random");
            std::panic::resume_unwind(panic);
        }
    }
}

/// What each request makes of a switch that has nothing: what it changes, and to what.
type Clean = BTreeMap<(u16, Wish), Ports>;

async fn clean() -> Clean {
    let mut clean = Clean::new();
    for port in 1..=4 {
        for wish in WISHES.into_iter().chain(VNIS) {
            let world = World::with(&NETCONF[1..2], serves_vnis).await;
            world.handle(0).change_running(VTEP).unwrap();
            let before = world.ports(0);
            assert_eq!(claim(&world.one(port, wish).await), Claim::Intended);
            let after = world.ports(0).into_iter().filter(|(name, node)| before.get(name) != Some(node));
            clean.insert((port, wish), after.collect());
        }
    }
    clean
}

async fn run(seed: u64, clean: &Clean) {
    let mut chance = Chance::new(seed);
    let kind = any_kind(&mut chance);
    let pipelining = chance.below(4) != 0;
    let has_vnis = chance.below(3) == 0;
    let wishes = if has_vnis { [&WISHES[..], &VNIS, &VNIS].concat() } else { WISHES.to_vec() };
    let tune = |switch: &mut Switch| {
        if has_vnis {
            serves_vnis(switch);
        }
        if let Some(netconf) = netconf(switch) {
            netconf.pipelining = Some(pipelining);
        }
    };
    let world = World::with(&[kind], tune).await;
    if has_vnis {
        world.handle(0).change_running(VTEP).unwrap();
    }
    let mut is_sound = true;
    for request in 0..REQUESTS {
        let (port, wish) = (1 + u16::try_from(chance.below(4)).unwrap(), chance.of(&wishes));
        let before = world.ports(0);
        let mut intended = before.clone();
        intended.extend(clean[&(port, wish)].clone());
        unbound(&mut intended);
        let faults: Vec<String> = (0..chance.below(3)).filter_map(|_| any_fault(&mut chance, kind)).collect();
        let bad = (chance.below(8) == 0).then(|| bad_wire(&mut chance));
        let told =
            format!("seed {seed}, request {request}, {wish:?}, {kind:?}, pipelining {pipelining}, {faults:?}, {bad:?}");
        let handle = world.handle(0);
        for text in &faults {
            handle.inject(fault(text));
        }
        let startup = ports(&handle, Datastore::Startup);
        if let Some(bad) = bad {
            world.wire.set(bad);
        }
        let troubles = faults.len() + usize::from(bad.is_some()) + usize::from(world.wire.lurks());
        let report = world.one(port, wish).await;
        handle.clear_faults();
        world.wire.clear();
        // What was found out about a switch may stay known of it.
        is_sound &= troubles == 0;
        assert!(!is_sound || claim(&report) == Claim::Intended, "{told}: {:?}: nothing was wrong", report.outcome);
        match claim(&report) {
            // Two faults may keep the truth away for as long as one may wait.
            Claim::Unknown if troubles > 1 => {
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
    }
}

/// What binds a VLAN goes with the last port that has it.
fn unbound(ports: &mut Ports) {
    let whole = ports.clone();
    let is_used = |vlan: &Wish| {
        let Wish::Vni(id) = vlan else { return true };
        whole.values().any(|text| text.contains(&format!("\"access-vlan\":{id}")))
    };
    for wish in VNIS.into_iter().filter(|wish| !is_used(wish)) {
        let Wish::Vni(id) = wish else { continue };
        ports.remove(&format!("VNI {}", vni(id)));
    }
}

/// A fault that can be found out.
fn any_fault(chance: &mut Chance, kind: Kind) -> Option<String> {
    let moment = chance.of(&["before", "after"]);
    let (operation, nth) = (chance.of(kind.operations()), 1 + u32::try_from(chance.below(3)).unwrap());
    let action = chance.of(kind.actions());
    let found_out = !kind.is_perfect_lie(operation, nth, action);
    found_out.then(|| format!("{operation}:{nth}:{moment}:{action}"))
}

/// What happens to the next session's octets, if there is one.
fn bad_wire(chance: &mut Chance) -> Bad {
    let way = chance.of(&[Way::FromSwitch, Way::ToSwitch]);
    Bad { way, after: chance.below(6000), rest: chance.of(&[Rest::Nothing, Rest::Noise]) }
}

/// Half of the switches speak NETCONF, and a quarter gNMI.
pub(crate) fn any_kind(chance: &mut Chance) -> Kind {
    if chance.below(2) == 0 {
        return chance.of(&NETCONF);
    }
    if chance.below(2) == 0 {
        return chance.of(&RESTCONF);
    }
    let mut yes = || chance.below(2) == 0;
    Kind::Gnmi(Gnmi { confirmed: yes(), get: yes(), atomic: yes() })
}
