//! Callers' own dictionaries, with all that their schemas know: Ironic 39's
//! `local_link_connection` and Neutron's ports and networks (neutron-lib 5.0).

use serde_json::{Value, json};

use super::*;

/// A port as Neutron shows it.
fn port() -> Value {
    serde_json::from_str(r#"{
        "id": "7a1c", "name": "", "mac_address": "52:54:00:00:00:01", "network_id": "4f1c", "tenant_id": "p",
        "project_id": "p", "status": "DOWN", "admin_state_up": true, "device_id": "i-1", "device_owner": "baremetal:none",
        "fixed_ips": [{"subnet_id": "s", "ip_address": "192.0.2.9"}], "allowed_address_pairs": [], "extra_dhcp_opts": [],
        "security_groups": [], "port_security_enabled": false, "binding:host_id": "node-1", "binding:vif_type": "other",
        "binding:vif_details": {}, "binding:vnic_type": "baremetal", "data_plane_status": null, "device_profile": null,
        "dns_assignment": [], "dns_domain": "", "dns_name": "", "hardware_offload_type": null, "hints": null,
        "ip_allocation": "immediate", "numa_affinity_policy": null, "propagate_uplink_status": false,
        "pvlan_community": null, "pvlan_type": null, "qos_network_policy_id": null, "qos_policy_id": null,
        "resource_request": null, "trusted": null, "tags": [], "description": "", "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z", "revision_number": 3,
        "trunk_details": {"trunk_id": "t", "sub_ports": [{"port_id": "s", "segmentation_id": 101,
            "segmentation_type": "vlan", "mac_address": "52:54:00:00:00:02", "status": "ACTIVE"}]},
        "binding:profile": {
            "local_link_information": [
                {"switch_id": "leaf1", "port_id": "Ethernet1", "switch_info": {"switch_ip": "192.0.2.1"},
                 "hostname": "node-1", "network_type": "managed", "physical_network": "rack", "speed": 25000,
                 "vtep-logical-switch": "l", "vtep-physical-switch": "p"},
                {"switch_info": "leaf1", "port_id": "Ethernet2"}],
            "local_group_information": {"id": "8d1f", "name": "bond0", "bond_mode": "802.3ad", "address": "52:54:00:00:00:01",
                "bond_properties": {"bond_miimon": 100, "bond_lacp_rate": "fast"}},
            "physical_network": "rack", "trusted": true, "numa_affinity": {}, "pci_slot": "0000:03:00.0",
            "pci_vendor_info": "15b3:101d", "allocation": {}, "capabilities": [], "parent_name": "p", "tag": 1,
            "card_serial_number": "x", "pf_mac_address": "52:54:00:00:00:03", "vf_num": 0, "os-vif-delegation": true}
    }"#)
    .unwrap()
}

/// A network as Neutron shows it.
fn network() -> Value {
    serde_json::from_str(r#"{
        "id": "4f1c", "name": "tenant-a", "tenant_id": "p", "project_id": "p", "status": "ACTIVE", "admin_state_up": true,
        "shared": false, "router:external": false, "subnets": [], "mtu": 1500, "provider:network_type": "vlan",
        "provider:physical_network": "rack", "provider:segmentation_id": 100, "segments": null,
        "availability_zones": [], "availability_zone_hints": [], "dns_domain": "", "ha": false, "is_default": false,
        "ipv4_address_scope": null, "ipv6_address_scope": null, "l2_adjacency": true, "port_security_enabled": true,
        "project_default": false, "pvlan": false, "qinq": false, "qos_policy_id": null, "vlan_transparent": null,
        "description": "", "tags": [], "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
        "revision_number": 3
    }"#)
    .unwrap()
}

fn inventory() -> Inventory {
    let mut switch = Switch::new("leaf1", "192.0.2.1", "openconfig", "mercury");
    switch.rules.lag_numbers = "1-9".parse().unwrap();
    [switch].into_iter().collect()
}

fn read(params: &Value) -> Result<PluginRequest, Fault> {
    PluginRequest::read(Fields::of("", params).unwrap())
}

#[test]
fn what_neutron_and_ironic_say_beside_is_passed_over() {
    let request = read(&json!({"port": port(), "network": network()})).unwrap();
    let intent = request.attach("attach_port", &inventory()).unwrap();
    let [target] = &intent.targets[..] else { panic!("{intent:?}") };
    let ports: Vec<_> = target.ports.iter().map(|port| port.interface.as_str()).collect();
    assert_eq!((ports, target.lags.len()), (vec!["Ethernet1", "Ethernet2"], 1));
    let [native, tagged] = [100u16, 101].map(|id| VlanId::try_from(id).unwrap());
    let vlans = SwitchedVlan::Trunk { native: Some(native), vlans: TrunkVlans::None.with(tagged) };
    assert_eq!(target.lags[0].switched_vlan, Setting::Set(Some(vlans)));
    assert_eq!(request.detach(&inventory()).unwrap().targets[0].ports.len(), 2);
}

/// Tomorrow's keys too.
#[test]
fn keys_that_no_schema_knows_yet_are_passed_over() {
    for path in [
        "/port",
        "/port/binding:profile",
        "/port/binding:profile/local_link_information/0",
        "/port/binding:profile/local_group_information",
        "/port/trunk_details",
        "/port/trunk_details/sub_ports/0",
        "/network",
    ] {
        let mut params = json!({"port": port(), "network": network()});
        params.pointer_mut(path).unwrap()["x-new"] = json!({"any": ["thing"]});
        assert!(read(&params).is_ok(), "{path}");
    }
    let fault = read(&json!({"port": port(), "network": network(), "x-new": 1})).unwrap_err();
    assert_eq!(fault.parameter.as_deref(), Some("x-new"), "a parameter is the method's own");
}

#[test]
fn a_network_without_an_mtu_of_its_own_sets_none() {
    let mut network = network();
    network["mtu"] = json!(0);
    assert_eq!(Network::read("network", &network).unwrap().mtu, None);
}

#[test]
fn an_unmanaged_link_is_left_alone() {
    let mut params = json!({"port": port(), "network": network()});
    let links = &mut params["port"]["binding:profile"]["local_link_information"];
    links[0] = json!({"network_type": "unmanaged"});
    let request = read(&params).unwrap();
    for intent in [request.attach("attach_port", &inventory()).unwrap(), request.detach(&inventory()).unwrap()] {
        let [target] = &intent.targets[..] else { panic!("{intent:?}") };
        let ports: Vec<_> = target.ports.iter().map(|port| port.interface.as_str()).collect();
        assert_eq!((ports, target.lags.len()), (vec!["Ethernet2"], 0));
    }
    params["port"]["binding:profile"]["local_link_information"] =
        json!([{"network_type": "unmanaged", "switch_id": "nobody's", "port_id": "e9"}]);
    let request = read(&params).unwrap();
    assert!(request.attach("attach_port", &inventory()).unwrap().targets.is_empty());
    assert!(request.detach(&inventory()).unwrap().targets.is_empty());
}

/// Ironic's inspection leaves the switch of the cable before, and adds the new one's name.
#[test]
fn one_link_leads_to_one_switch() {
    let switch = |name: &str, address: &str| Switch::new(name, address, "openconfig", "mercury");
    let both = [switch("leaf1", "192.0.2.1"), switch("leaf1-gnmi", "192.0.2.1"), switch("leaf2", "192.0.2.2")];
    let inventory: Inventory = both.into_iter().collect();
    let attach = |info: &str| {
        let links = json!([{"switch_id": "leaf1", "switch_info": info, "port_id": "Ethernet1"}]);
        let port = json!({"id": "p", "binding:profile": {"local_link_information": links}});
        read(&json!({"port": port, "network": network()})).unwrap().attach("attach_port", &inventory)
    };
    for same in ["leaf1", "192.0.2.1", "leaf1-gnmi", "something that LLDP says"] {
        assert!(attach(same).is_ok(), "{same}");
    }
    let fault = attach("leaf2").unwrap_err();
    assert_eq!(fault.kind, crate::fault::FaultKind::InvalidValue);
    assert_eq!(fault.parameter.as_deref(), Some("port.binding:profile.local_link_information[0].switch_info"));
    assert!(fault.message.contains("leaf1") && fault.message.contains("leaf2"), "{fault}");
}
