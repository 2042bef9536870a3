//! After whichever plain request a change ends, a port carries nothing that neither what it
//! had nor what it is to have carries, and no VLAN has two VNIs.

use std::collections::BTreeSet;

use mercury_model::{DeviceConfig, Intended, Plan, SwitchedVlan, TrunkVlans};
use mercury_restconf::conformance;
use serde_json::json;

use crate::{
    carried::more,
    case::{self, plan},
    dialect, dialects, render,
    round_trip::{device, read, visible},
};

#[test]
fn no_request_opens_a_port_to_what_is_not_its() {
    let (mut looked, mut stopped) = (0, BTreeSet::new());
    for case in case::all() {
        for dialect in dialects() {
            let Some(case) = case.of(&dialect.name) else { continue };
            let (mut running, mut intended) = (visible(&dialect, &case.running), visible(&dialect, &case.intended));
            if dialect.name == "dell_os10" {
                // Which VLANs there are besides is nothing that a port carries.
                running.vlans.extend(intended.vlans.clone());
                intended.vlans.clone_from(&running.vlans);
            }
            for (from, to) in [(&running, &intended), (&intended, &running)] {
                let renders = |from, to| render(&dialect, &plan(from, to)).is_ok();
                if !renders(from, to) || !renders(&DeviceConfig::default(), from) {
                    continue;
                }
                let start = device(&dialect, from, false);
                // As it was read, and as a plan without a look has it.
                let mut unseen = read(&dialect, &start);
                let seen = unseen.clone();
                unseen.alone.clear();
                for before in [seen, unseen] {
                    let changes = render(&dialect, &Plan::between(&before, &Intended(to.clone()))).unwrap();
                    for most in 0..conformance::requests(&changes, false, false).len() {
                        let mut switch = start.clone();
                        switch.apply_first(most, &changes).unwrap();
                        let read = read(&dialect, &switch);
                        let name = format!("{} {}", dialect.name, case.name);
                        let joined = &read.overlay.besides;
                        assert!(joined.is_empty(), "{name}: {joined:?} after {most} of\n{changes}");
                        for port in read.config.interfaces.values() {
                            let more = more(port, from, to);
                            assert!(more.is_empty(), "{name}: {} carries {more} after {most} of\n{changes}", port.name);
                            looked += 1;
                        }
                        stopped.extend((most > 0).then(|| format!("{} {}", dialect.name, case.name)));
                    }
                }
            }
        }
    }
    assert!(looked > 300 && stopped.contains("cisco_iosxe detach-trunk"), "{looked} ports, {stopped:?}");
    assert!(stopped.contains("openconfig bind-vlan-to-another-vni"), "{stopped:?}");
}

/// All that is in the container is Mercury's: there is nothing between a trunk and none. Where
/// something else is in there, that stays.
#[test]
fn a_trunk_goes_by_one_request_where_nothing_else_goes_with_it() {
    let dialect = dialect("openconfig");
    let port = "Ethernet1/1".parse().unwrap();
    let vlans = TrunkVlans::only("10,20-30,40".parse().unwrap());
    let trunk = SwitchedVlan::Trunk { native: Some(10u16.try_into().unwrap()), vlans };
    let case = case::all().into_iter().find(|case| case.name == "detach-trunk").unwrap();
    let mut running = visible(&dialect, &case.running);
    running.interfaces.get_mut(&port).unwrap().switched_vlan = Some(trunk);
    let mut switch = device(&dialect, &running, false);
    let intended = Intended(visible(&dialect, &case.intended));
    let at = "/data/openconfig-interfaces:interfaces/interface=Ethernet1%2F1/openconfig-if-ethernet:ethernet\
              /openconfig-vlan:switched-vlan/config";
    let shown = |switch: &crate::device::Device| -> Vec<String> {
        let changes = render(&dialect, &Plan::between(&read(&dialect, switch), &intended)).unwrap();
        let requests = conformance::requests(&changes, false, false).into_iter();
        requests.map(|(method, uri, _)| format!("{method} {}", uri.replace(at, "…"))).collect()
    };
    assert_eq!(shown(&switch), ["DELETE …"]);
    let entry = &mut switch.data["interfaces"]["interface"][0];
    entry["ethernet"]["switched-vlan"]["config"]["voice-vlan"] = json!(99);
    let one_by_one =
        ["", "/native-vlan", "/trunk-vlans=10", "/trunk-vlans=20..30", "/trunk-vlans=40"].map(|leaf| match leaf {
            "" => "DELETE …/interface-mode".to_owned(),
            leaf => format!("DELETE …{leaf}"),
        });
    assert_eq!(shown(&switch), one_by_one);
}

/// A server may refuse what one mode has beside another, and a list gets shorter at once.
#[test]
fn a_port_that_loses_something_is_replaced_by_one_request_where_nothing_else_is_in_there() {
    let dialect = dialect("openconfig");
    let case = case::all().into_iter().find(|case| case.name == "detach-trunk").unwrap();
    let port = "Ethernet1/1".parse().unwrap();
    let with = |vlans: SwitchedVlan| {
        let mut config = visible(&dialect, &case.running);
        config.interfaces.get_mut(&port).unwrap().switched_vlan = Some(vlans);
        config
    };
    let trunk = |list: &str| with(SwitchedVlan::Trunk { native: None, vlans: TrunkVlans::only(list.parse().unwrap()) });
    let access = with(SwitchedVlan::access(10u16.try_into().unwrap()));
    let requests = |from: &DeviceConfig, to: &DeviceConfig| -> Vec<String> {
        let switch = device(&dialect, from, false);
        let changes = render(&dialect, &Plan::between(&read(&dialect, &switch), &Intended(to.clone()))).unwrap();
        let requests = conformance::requests(&changes, false, false).into_iter();
        requests.map(|(method, _, body)| format!("{method} {}", body.unwrap_or_default())).collect()
    };
    let put = |config: &str| vec![format!(r#"PUT {{"openconfig-vlan:config":{{{config}}}}}"#)];
    let ten = r#""interface-mode":"ACCESS","access-vlan":10"#;
    assert_eq!(requests(&trunk("10,20"), &access), put(ten));
    assert_eq!(requests(&access, &trunk("10,20")), put(r#""interface-mode":"TRUNK","trunk-vlans":[10,20]"#));
    assert_eq!(requests(&trunk("10,20,30"), &trunk("20")), put(r#""interface-mode":"TRUNK","trunk-vlans":[20]"#));
    // Nothing goes, so that nothing has to be replaced.
    assert!(requests(&trunk("10"), &trunk("10,20"))[0].starts_with("PATCH"));
}
