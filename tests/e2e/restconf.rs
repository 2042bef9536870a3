//! RESTCONF over TLS: requests on one kept connection, in every form that the simulated
//! server has, and what a lost or refused one leaves.

use mercury_sim::{Fault, Mode, Options, RestconfFace};
use serde_json::{Value, json};

use crate::harness::{Client, Entry, Mercury, RpcError, Setup, Simulated};

fn start(restconf: RestconfFace, faults: &[&str]) -> Simulated {
    let faults = faults.iter().map(|text| text.parse::<Fault>().unwrap()).collect();
    let listen = Some(std::net::SocketAddr::from(([127, 0, 0, 1], 0)));
    Simulated::with(Options { mode: Mode::Running, restconf_listen: listen, restconf, faults, ..Simulated::options() })
}

fn attach(mercury: &Mercury, vlan: u16) -> Result<Value, RpcError> {
    let params = json!({"switch_id": "leaf1", "port_name": "Ethernet1", "mode": "access", "native_vlan": vlan});
    Client::of(mercury).call("update_port", &params)
}

#[test]
fn a_port_is_attached_and_detached_over_restconf_in_every_form() {
    let usual = RestconfFace::default();
    let plain = RestconfFace { yang_patch: false, fields: false, ..usual };
    for (face, most) in [
        (usual, 3),
        (RestconfFace { etags: true, ..usual }, 3),
        (RestconfFace { atomic: false, ..usual }, 3),
        (plain, 5),
        (RestconfFace { draft_media: true, ..plain }, 5),
        (RestconfFace { closes: true, ..usual }, 3),
    ] {
        let switch = start(face, &[]);
        let mercury = Mercury::serve(&[switch.restconf_entry("leaf1")]);
        attach(&mercury, 100).unwrap();
        let before = switch.handle().counters();
        attach(&mercury, 101).unwrap();
        let after = switch.handle().counters();
        assert_eq!(switch.look().port("Ethernet1").vlans, "access 101", "{face:?}");
        assert!(after.flights - before.flights <= most, "{face:?}: {}", after.flights - before.flights);
        assert!(face.closes || after.connections == 1, "{face:?}: {} connections", after.connections);
        let reset = json!({"switch_id": "leaf1", "port_name": "Ethernet1", "native_vlan": 101});
        Client::of(&mercury).done("reset_port", &reset);
        assert_eq!(switch.look().port("Ethernet1").vlans, "none", "{face:?}");
        // A trunk goes by one change, so that there is nothing between it and none.
        let trunk = json!({"switch_id": "leaf1", "port_name": "Ethernet1", "mode": "trunk", "native_vlan": 100,
            "allowed_vlans": [100, 101, 103]});
        Client::of(&mercury).done("update_port", &trunk);
        let before = switch.handle().counters();
        Client::of(&mercury).done("reset_port", &reset);
        let after = switch.handle().counters();
        assert_eq!(switch.look().port("Ethernet1").vlans, "none", "{face:?}");
        assert_eq!(after.sets - before.sets, 1, "{face:?}");
    }
}

/// A VLAN that is not there yet is made with the port's change.
#[test]
fn a_port_comes_to_a_new_vlan_in_so_many_requests() {
    let usual = RestconfFace::default();
    let plain = RestconfFace { yang_patch: false, fields: false, ..usual };
    for (face, requests) in [(usual, 3), (RestconfFace { etags: true, ..usual }, 3), (plain, 6)] {
        let switch = start(face, &[]);
        let mercury = Mercury::serve(&[switch.restconf_entry("leaf1").with("manage_vlans", true)]);
        attach(&mercury, 100).unwrap();
        let before = switch.handle().counters();
        let answer = attach(&mercury, 999).unwrap();
        let after = switch.handle().counters();
        assert_eq!((after.flights - before.flights, after.connections), (requests, 1), "{face:?}: {answer}");
        assert_eq!(answer["plan"].as_array().map(Vec::len), Some(2), "{answer}");
        assert_eq!(switch.look().port("Ethernet1").vlans, "access 999");
    }
}

/// Of a switch whose tags somebody knows.
const TAGGED: &str = "inherits = \"openconfig\"\n[revision.restconf]\ntrust = \"exact\"\n\
                      source = \"the simulator makes them of all that is configured\"\n";

/// A tag of all that was read takes the place of reading it again, and what somebody else has
/// changed since is seen by it; where tags are shown and nobody looks at them, it is read.
#[test]
fn a_port_is_not_read_before_a_change_where_a_tag_tells_that_it_is_as_it_was() {
    let etags = RestconfFace { etags: true, ..RestconfFace::default() };
    for (face, warm) in
        [(RestconfFace { own_etags: true, ..etags }, 2), (etags, 2), (RestconfFace { etags_alone: true, ..etags }, 3)]
    {
        let switch = start(face, &[]);
        let setup = Setup::new().switches(&[switch.restconf_entry("leaf1").text("dialect", "tagged")]);
        let folder = setup.path().join("dialects");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("tagged.toml"), TAGGED).unwrap();
        let mercury = setup.flags(&["--dialects", folder.to_str().unwrap()]).serve();
        let flights = |vlan| {
            let before = switch.handle().counters().flights;
            let answer = attach(&mercury, vlan).unwrap();
            let flights = switch.handle().counters().flights - before;
            assert_eq!(answer["flights"], flights, "{face:?}: {answer}");
            flights
        };
        attach(&mercury, 100).unwrap();
        assert_eq!([flights(101), flights(100)], [warm; 2], "{face:?}");
        // Another port: whether the datastore or the resource has the tag.
        theirs(&switch, "Ethernet2", "<description>theirs</description>");
        assert!(flights(101) > warm || warm == 3, "{face:?}");
        assert_eq!(flights(100), warm, "{face:?}");
        // Its own, in what the request says nothing about.
        theirs(&switch, "Ethernet1", "<mtu>1400</mtu>");
        let before = switch.handle().counters().sets;
        assert!(flights(101) > warm || warm == 3, "{face:?}");
        theirs(&switch, "Ethernet1", "<enabled>false</enabled>");
        let answer = attach(&mercury, 100).unwrap();
        let port = &answer["interface"];
        assert_eq!((&port["enabled"], &port["mtu"]), (&json!(false), &json!(1400)), "{face:?}: {answer}");
        assert_eq!(switch.handle().counters().sets - before, 2, "{face:?}: what was refused did nothing");
        assert_eq!(switch.look().port("Ethernet1").vlans, "access 100", "{face:?}");
    }
}

/// Somebody else changes a port, with a program of his own.
fn theirs(switch: &Simulated, port: &str, config: &str) {
    let xml = format!(
        "<interfaces xmlns=\"http://openconfig.net/yang/interfaces\"><interface><name>{port}</name><config>\
         <name>{port}</name>{config}</config></interface></interfaces>"
    );
    switch.handle().change_running(&xml).unwrap();
}

/// As IOS-XE answers whoever comes while another request is applied.
#[test]
fn a_configuration_that_is_locked_for_a_moment_is_asked_for_again() {
    let busy = ["restconf-patch:1:before:refuse:lock-denied", "restconf-patch:2:before:status:resource-exhausted"];
    let switch = start(RestconfFace::default(), &busy);
    let mercury = Mercury::serve(&[switch.restconf_entry("leaf1")]);
    attach(&mercury, 100).unwrap();
    assert_eq!(switch.look().port("Ethernet1").vlans, "access 100");
    assert_eq!(switch.handle().counters().connections, 1);
}

/// Where nothing but an answer tells that it is saved, and it is to be, what is found made is
/// made once more; what is found not made never is.
#[test]
fn a_change_whose_answer_is_lost_is_read_and_not_sent_again() {
    for (fault, is_made) in [("restconf-patch:1:before:drop", false), ("restconf-patch:1:after:drop", true)] {
        for (patch, persist) in [(true, false), (true, true), (false, false)] {
            let face = RestconfFace { yang_patch: patch, fields: patch, ..RestconfFace::default() };
            let switch = start(face, &[fault]);
            let entry = switch.restconf_entry("leaf1").with("settle_time", 1).with("persist", persist);
            let answer = attach(&Mercury::serve(&[entry]), 100);
            let (has, sets) = (switch.look().port("Ethernet1").vlans, switch.handle().counters().sets);
            let told = format!("{fault}, patch {patch}, persist {persist}: {answer:?}, {has}, {sets} changes");
            assert_eq!(has == "access 100", is_made, "{told}");
            let expected = if is_made { 1 + u64::from(persist) } else { 0 };
            assert_eq!((answer.is_ok(), sets), (is_made, expected), "{told}");
        }
    }
}

#[test]
fn neither_side_is_taken_for_somebody_else() {
    let refused = |entry: Entry, kind: &str, words: &str| {
        let error = attach(&Mercury::serve(&[entry.with("connect_timeout", 5)]), 100).unwrap_err();
        assert_eq!(error.kind(), kind, "{error:?}");
        assert!(error.message.contains(words), "{words}: {error:?}");
    };
    let (switch, other) = (start(RestconfFace::default(), &[]), start(RestconfFace::default(), &[]));
    let entry = switch.restconf_entry("leaf1");
    refused(entry.clone().with("tls_pins", format!("[{:?}]", other.pin())), "host-key", "is none of tls_pins");
    assert_eq!(switch.handle().counters().rpcs, 0, "nothing was asked before");
    refused(entry.clone().text("password", "wrong"), "credentials", "did not let us in");
    refused(entry.text("restconf_root", "/elsewhere"), "protocol", "there is no RESTCONF at \"/elsewhere\"");
}

/// As today's file of Ironic's own service has it.
#[test]
fn ironics_file_says_restconf_openconfig() {
    let switch = start(RestconfFace::default(), &[]);
    let entry = switch.restconf_entry("leaf1").with("mac_addresses", "[\"52:54:00:00:00:21\"]");
    let mercury = Setup::new().ironic_switches(&[entry]).serve();
    let params =
        json!({"switch_id": "52:54:00:00:00:21", "port_name": "Ethernet1", "mode": "access", "native_vlan": 100});
    Client::of(&mercury).done("update_port", &params);
    assert_eq!(switch.look().port("Ethernet1").vlans, "access 100");
}
