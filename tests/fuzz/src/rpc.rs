//! Whatever a caller sends: bodies in, answers out, over two simulated
//! switches in memory.

mod answer;
mod house;

use std::cell::RefCell;

use mercury::{
    intent::{
        Fields, Intent, LagRemoval, LagRequest, NetworkRequest, PluginRequest, PortRequest, ResetRequest, Setting,
        VlanIntent,
    },
    inventory::{Inventory, Switch},
    rpc::Answered,
    service::Requester,
};
use mercury_model::{SwitchedVlan, TrunkVlans};
use serde_json::Value;
use tokio::runtime::Runtime;

/// Bodies in one input; they meet the same switches one after the other.
const BODIES: usize = 4;

thread_local! {
    // Paused: what waits for a time does not take it.
    static RUNTIME: RefCell<Runtime> = RefCell::new(
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap()
    );
}

/// NUL octets, which JSON does not have, stand between bodies.
pub fn rpc(data: &[u8]) {
    let bodies: Vec<&[u8]> = data.splitn(BODIES, |byte| *byte == 0).collect();
    RUNTIME.with_borrow(|runtime| runtime.block_on(serve(&bodies)));
}

async fn serve(bodies: &[&[u8]]) {
    let house = house::House::build();
    for body in bodies {
        wanted(body, house.inventory());
        let answered = house.front.answer(body, Requester::default()).await;
        match answered {
            Answered::Response(text) => answer::check(body, &text),
            Answered::Nothing => assert!(answer::is_notification(body), "a request without an answer"),
        }
    }
    house.close().await;
}

/// Every intent a body's parameters can be read as stays inside what the
/// network team's entries allow.
fn wanted(body: &[u8], inventory: &Inventory) {
    let Ok(Value::Object(request)) = serde_json::from_slice(body) else { return };
    let Some(params @ Value::Object(_)) = request.get("params") else { return };
    let fields = || Fields::of("", params).unwrap();
    let mut intents: Vec<Intent> = Vec::new();
    if let Ok(request) = PortRequest::read(fields(), inventory) {
        intents.push(request.intent());
    }
    if let Ok(request) = ResetRequest::read(fields(), inventory) {
        intents.push(request.intent());
    }
    if let Ok(request) = LagRequest::read(fields(), inventory) {
        intents.push(request.intent());
    }
    if let Ok(request) = LagRemoval::read(fields(), inventory) {
        intents.push(request.intent());
    }
    if let Ok(request) = PluginRequest::read(fields()) {
        intents.extend(request.attach("attach_port", inventory));
        intents.extend(request.detach(inventory));
    }
    if let Ok(request) = NetworkRequest::read(fields()) {
        intents.extend(request.intent("add_network", true, inventory));
        intents.extend(request.intent("delete_network", false, inventory));
    }
    intents.iter().for_each(|intent| allowed(intent, inventory));
}

fn allowed(intent: &Intent, inventory: &Inventory) {
    let mut names: Vec<_> = intent.targets.iter().map(|target| &target.switch).collect();
    names.dedup();
    assert_eq!(names.len(), intent.targets.len(), "a switch twice");
    for target in &intent.targets {
        let switch = inventory.find(&target.switch).unwrap();
        for port in &target.ports {
            assert!(switch.rules.allows_port(&port.interface), "{} on {}", port.interface, switch.identity.name);
            plain(port.interface.as_str());
            if let Setting::Set(Some(description)) = &port.description {
                plain(description.as_str());
            }
            allowed_vlans(switch, &port.switched_vlan);
        }
        for lag in &target.lags {
            plain(lag.name.as_str());
            assert!(lag.links.iter().flatten().all(|port| switch.rules.allows_port(port)));
            allowed_vlans(switch, &lag.switched_vlan);
        }
        for vlan in &target.vlans {
            let (VlanIntent::Present { id, .. } | VlanIntent::Absent { id }) = vlan;
            assert!((1..=4094).contains(&id.get()) && switch.rules.allows_vlan(*id));
            if let VlanIntent::Present { name: Some(name), .. } = vlan {
                plain(name.as_str());
            }
        }
    }
}

fn allowed_vlans(switch: &Switch, setting: &Setting<Option<SwitchedVlan>>) {
    let Setting::Set(Some(vlans)) = setting else { return };
    for vlan in vlans.named_vlans().iter() {
        assert!((1..=4094).contains(&vlan.get()));
        assert!(switch.rules.allows_vlan(vlan), "VLAN {vlan} on {}", switch.identity.name);
    }
    let all = matches!(vlans, SwitchedVlan::Trunk { vlans: TrunkVlans::All, .. });
    assert!(!all, "nobody can ask for all VLANs");
}

fn plain(text: &str) {
    assert!(!text.is_empty() && !text.chars().any(char::is_control) && text.chars().count() <= 255, "{text:?}");
}
