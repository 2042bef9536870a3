//! A list whose entries go one by one takes its time, and ends in a state that is known.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use mercury_adapter::{Flight, Lost, Step};
use mercury_model::{InterfaceScope, Plan, Running, Scope, SwitchedVlan, TrunkVlans, VlanScope, VlanSet};
use serde_json::json;
use tokio::time::Instant;

use crate::{
    dialect,
    face::{Face, os10, running, session_with, steps},
    os10::{brown, id, wanted},
};

const PORT: &str = "ethernet1/1/2";
/// As long as a commit may take by default; a request takes OS10 some 2 s.
const COMMIT: Duration = Duration::from_secs(50);
const LAST: u16 = 499;

fn trunk(last: u16) -> SwitchedVlan {
    let list: VlanSet = format!("300-{last}").parse().unwrap();
    SwitchedVlan::Trunk { native: Some(id(100)), vlans: TrunkVlans::only(list.iter().chain([id(100)]).collect()) }
}

fn scope() -> Scope {
    let interfaces = InterfaceScope::Named([PORT.parse().unwrap()].into());
    Scope { interfaces, vlans: VlanScope::All, ..Scope::default() }
}

/// A switch with a trunk of two hundred VLANs, on which a request takes 2 s.
fn switch() -> Arc<Mutex<Face>> {
    let mut device = brown();
    let entries = device.data["interfaces"]["interface"].as_array_mut().unwrap();
    for entry in entries.iter_mut() {
        if let Some(ports) = entry.get_mut("tagged-ports").and_then(|ports| ports.as_array_mut()) {
            ports.retain(|own| own != PORT);
        }
    }
    let vlan =
        |number| json!({ "name": format!("vlan{number}"), "type": "iana-if-type:l2vlan", "tagged-ports": [PORT] });
    entries.extend((300..=LAST).map(vlan));
    let mut face = Face::new(os10, false, device);
    face.slow = Duration::from_secs(2);
    Arc::new(Mutex::new(face))
}

/// Takes all VLANs but one from the trunk, within this time.
async fn shrink(switch: &Arc<Mutex<Face>>, within: Duration) -> (Flight, Duration) {
    let mut session = session_with(dialect("dell_os10").restconf.as_ref().unwrap(), switch).await;
    let before = running(&session.flight(&[Step::Read(scope())], COMMIT).await);
    assert_eq!(vlans(&before), Some(trunk(LAST)));
    let plan = Plan::between(&before, &wanted(&before, PORT, Some(trunk(300))));
    let begun = Instant::now();
    let flight = session.flight(&steps("dell_os10", &plan, &scope()), within).await;
    (flight, begun.elapsed())
}

fn vlans(running: &Running) -> Option<SwitchedVlan> {
    running.config.interfaces[&PORT.parse().unwrap()].switched_vlan.clone()
}

fn deletes(switch: &Arc<Mutex<Face>>) -> usize {
    switch.lock().unwrap().asked.iter().filter(|line| line.starts_with("DELETE")).count()
}

#[tokio::test(start_paused = true)]
async fn many_requests_are_made_where_there_is_time_for_them() {
    let switch = switch();
    let (flight, took) = shrink(&switch, COMMIT * 10).await;
    assert_eq!(vlans(&running(&flight)), Some(trunk(300)));
    let deletes = deletes(&switch);
    assert!(deletes == usize::from(LAST - 300) && took > COMMIT, "{deletes} in {took:?}");
}

/// Whoever else may get the lock is not kept waiting for as long as there are VLANs: some went,
/// what is there is read, and what was there comes back by what takes it there.
#[tokio::test(start_paused = true)]
async fn many_requests_end_with_the_time_of_one_change() {
    let switch = switch();
    let (flight, took) = shrink(&switch, COMMIT).await;
    assert!(matches!(flight.lost, Some(Lost::Timeout(COMMIT))), "{flight:?}");
    let done = deletes(&switch);
    assert!(done > 1 && done < usize::from(LAST - 300), "{done}");
    assert!(took >= COMMIT && took < COMMIT + Duration::from_secs(1), "{took:?}");
    let mut session = session_with(dialect("dell_os10").restconf.as_ref().unwrap(), &switch).await;
    let half = running(&session.flight(&[Step::Read(scope())], COMMIT).await);
    assert!(vlans(&half) != Some(trunk(LAST)) && vlans(&half) != Some(trunk(300)), "{:?}", vlans(&half));
    let plan = Plan::between(&half, &wanted(&half, PORT, Some(trunk(LAST))));
    let back = running(&session.flight(&steps("dell_os10", &plan, &scope()), COMMIT * 2).await);
    assert_eq!(vlans(&back), Some(trunk(LAST)));
}
