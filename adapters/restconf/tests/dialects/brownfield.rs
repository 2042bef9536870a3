//! Switches as networks have them (`tests/brownfield`): ports that may be changed are taken
//! through what callers ask for and back, and what is not Mercury's stays as it was.

use std::{fs, path::PathBuf, sync::Arc};

use mercury_adapter::Dialect;
use mercury_model::{
    Intended, InterfaceName, InterfaceScope, Plan, Running, Scope, SwitchedVlan, TrunkVlans, Vlan, VlanId, VlanScope,
    VlanStatus,
};
use mercury_restconf::conformance;
use serde_json::Value as Json;

use crate::{
    device::{Device, leaves},
    dialect, from_xml, render,
};

/// The VLANs that are asked for; no file has them.
const VLANS: [u16; 2] = [3040, 3041];

fn files(name: &str) -> Vec<(String, Json)> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/brownfield").join(name);
    let mut found: Vec<_> = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    let one = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let mut data = match path.extension().and_then(|own| own.to_str()) {
            Some("xml") => from_xml::json(&text),
            _ => serde_json::from_str(&text).unwrap(),
        };
        // What a file says of itself.
        for own in ["about", "refused", "no member", "vlan", "beyond"] {
            data.as_object_mut().unwrap().remove(own);
        }
        (path.display().to_string(), data)
    };
    found.into_iter().map(one).collect()
}

pub(crate) fn vlans() -> impl Iterator<Item = VlanId> {
    VLANS.into_iter().map(|id| id.try_into().unwrap())
}

fn read(dialect: &Dialect, device: &Device, scope: &Scope) -> Running {
    conformance::decode(dialect, &device.data.to_string(), scope).unwrap()
}

/// Has a port carry this, and takes it back; says whether it is a port that may be changed.
pub(crate) fn there_and_back(
    dialect: &Arc<Dialect>,
    device: &Device,
    port: &InterfaceName,
    wanted: Option<SwitchedVlan>,
) -> bool {
    let interfaces = InterfaceScope::Named([port.clone()].into());
    let scope = Scope { interfaces, vlans: VlanScope::Named(vlans().collect()), ..Scope::default() };
    let mut switch = device.clone();
    let before = read(dialect, &switch, &scope);
    let mut intended = before.config.clone();
    intended.vlans.extend(vlans().map(|id| (id, Vlan { id, name: None, status: VlanStatus::Active })));
    let Some(own) = intended.interfaces.get_mut(port) else { return false };
    own.switched_vlan = wanted;
    let intended = Intended(intended);
    let Ok(sent) = render(dialect, &Plan::between(&before, &intended)) else { return false };
    let what = format!("{} {port} patches {}", dialect.name, device.patches);
    let requests = switch.apply(&sent).unwrap_or_else(|problem| panic!("{what}: {problem}\n{sent}"));
    assert!(!device.patches || requests <= 1, "{what}: {requests} requests");
    let after = read(dialect, &switch, &scope);
    assert!(intended.is_met_by(&after), "{what}: {:#?}\n{sent}", after.config);
    let all = |switch: &Device| read(dialect, switch, &Scope::all());
    let (others, left) = (all(device), all(&switch));
    for (name, interface) in others.config.interfaces.iter().filter(|(name, _)| *name != port) {
        assert_eq!(left.config.interfaces.get(name), Some(interface), "{what}: {name} was changed\n{sent}");
    }
    let undo = Plan::between(&after, &Intended(before.config.clone())).written_as(&before);
    let undo = render(dialect, &undo).unwrap_or_else(|refusal| panic!("{what}, undone: {refusal}"));
    switch.apply(&undo).unwrap_or_else(|problem| panic!("{what}, undone: {problem}\n{undo}"));
    let (was, is) = (leaves(&device.data), leaves(&switch.data));
    let lost: Vec<_> = was.iter().filter(|leaf| !is.contains(leaf)).collect();
    // Containers that are left empty on the way to what Mercury owns hold nothing.
    let new: Vec<_> = is.iter().filter(|leaf| !was.contains(leaf) && leaf.contains(' ')).collect();
    assert!(lost.is_empty() && new.is_empty(), "{what}: lost {lost:#?}, new {new:#?}\n{sent}\n{undo}");
    true
}

#[test]
fn what_others_configured_is_there_after_every_request_and_its_undoing() {
    for (name, least) in [("cisco_iosxe", 60), ("openconfig", 60), ("sonic", 60)] {
        let (dialect, mut changed) = (dialect(name), 0);
        for (_, data) in files(name) {
            for patches in [true, false] {
                let device = Device { data: data.clone(), patches, becomes: None };
                let ports: Vec<_> = read(&dialect, &device, &Scope::all()).config.interfaces.into_keys().collect();
                for port in &ports {
                    let native = vlans().next();
                    let tagged = vlans().filter(|id| dialect.native_in_trunk_vlans || Some(*id) != native);
                    let trunk = SwitchedVlan::Trunk { native, vlans: TrunkVlans::only(tagged.collect()) };
                    for wanted in [native.map(SwitchedVlan::access), Some(trunk), None] {
                        changed += usize::from(there_and_back(&dialect, &device, port, wanted));
                    }
                }
            }
        }
        assert!(changed >= least, "{name}: only {changed}");
    }
}
