//! At whatever line a script ends, a port carries nothing that neither what it had nor what
//! it is to have carries.

use mercury_model::{DeviceConfig, Interface, SwitchedVlan, TrunkVlans, VlanId, VlanSet};

use crate::{
    case::{self, plan},
    case_of, dialects, render,
    round_trip::{device, read, visible},
};

/// The VLANs that a port carries. One of which nothing is said is what the system makes of
/// that, which is nobody's.
fn carried(port: &Interface) -> VlanSet {
    match &port.switched_vlan {
        Some(SwitchedVlan::Access { vlan }) => vlan.iter().copied().collect(),
        Some(SwitchedVlan::Trunk { native, vlans }) => {
            let own = match vlans {
                TrunkVlans::All => VlanSet::full(),
                TrunkVlans::None => VlanSet::new(),
                TrunkVlans::Only(set) => set.clone(),
            };
            own.union(&native.iter().copied().collect())
        }
        Some(SwitchedVlan::Foreign(_)) | None => VlanSet::new(),
    }
}

fn of(config: &DeviceConfig, port: &Interface) -> VlanSet {
    config.interfaces.get(&port.name).map(carried).unwrap_or_default()
}

#[test]
fn no_line_opens_a_port_to_what_is_not_its() {
    let mut looked = 0;
    for case in case::all() {
        for dialect in dialects() {
            let Some(case) = case_of(&case, &dialect) else { continue };
            let (running, intended) = (visible(&dialect, &case.running), visible(&dialect, &case.intended));
            for (from, to) in [(&running, &intended), (&intended, &running)] {
                let Ok(script) = render(&dialect, &plan(from, to)) else { continue };
                let Some(start) = device(&dialect, from) else { continue };
                // What waits for a commit is nothing before that.
                let session = &dialect.cli.as_ref().unwrap().session;
                let waits = session.candidate.is_some() || session.waiting.is_some();
                for length in 0..if waits { 0 } else { script.lines.len() } {
                    let mut switch = start.clone();
                    let mut part = script.clone();
                    part.lines.truncate(length);
                    switch.apply(&part);
                    for port in read(&dialect, &switch).interfaces.values() {
                        // VLAN 1 is where an access port is of which nothing is said.
                        let allowed = of(from, port).union(&of(to, port)).with(VlanId::MIN);
                        let more = carried(port).difference(&allowed);
                        assert!(more.is_empty(), "{} {} carries {more} after\n{part}", dialect.name, case.name);
                        looked += 1;
                    }
                }
            }
        }
    }
    assert!(looked > 500, "only {looked} ports");
}
