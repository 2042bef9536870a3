//! What each operation does to each kind of node, and what a configuration
//! has to be.

use mercury_sim::{Datastore, Mode, SimError, Simulator, refusal::Tag};

use crate::client::{Client, DISCARD, described, edit, edit_with, interfaces, port, switch, switched, vlans};

enum Expect {
    /// The edit works and running then holds this, or does not.
    Has(&'static str),
    Lacks(&'static str),
    Tag(Tag),
}
use Expect::{Has, Lacks};

fn apply(switch: &Simulator, xml: &str) -> Result<(), Tag> {
    match switch.handle().change_running(xml) {
        Ok(()) => Ok(()),
        Err(SimError::Refused(refused)) => Err(refused.0[0].tag),
        Err(other) => panic!("{other}"),
    }
}

async fn check(before: &str, xml: &str, expect: Expect) {
    let switch = switch(Mode::Running).await;
    if !before.is_empty() {
        apply(&switch, before).unwrap();
    }
    let untouched = switch.running_xml();
    let result = apply(&switch, xml);
    let after = switch.running_xml();
    match expect {
        Has(part) => {
            assert_eq!(result, Ok(()), "{xml}");
            assert!(after.contains(part), "{xml}\n{after}");
        }
        Lacks(part) => {
            assert_eq!(result, Ok(()), "{xml}");
            assert!(!after.contains(part), "{xml}\n{after}");
        }
        Expect::Tag(tag) => {
            assert_eq!(result, Err(tag), "{xml}");
            assert_eq!(after, untouched, "a refused edit changes nothing");
        }
    }
}

#[tokio::test]
async fn a_leaf_follows_each_operation() {
    let leaf = |operation: &str, value: &str| {
        let operation = format!("<description nc:operation='{operation}'>{value}</description>");
        port("Ethernet1", &format!("<config>{operation}</config>"))
    };
    let there = described("Ethernet1", "old");
    let new = "<description>new</description>";
    for (before, operation, expect) in [
        ("", "merge", Has(new)),
        (&*there, "merge", Has(new)),
        ("", "replace", Has(new)),
        (&there, "replace", Has(new)),
        ("", "create", Has(new)),
        (&there, "create", Expect::Tag(Tag::DataExists)),
        ("", "delete", Expect::Tag(Tag::DataMissing)),
        (&there, "delete", Lacks("<description>")),
        ("", "remove", Lacks("<description>")),
        (&there, "remove", Lacks("<description>")),
    ] {
        check(before, &leaf(operation, "new"), expect).await;
    }
    // A leaf that goes needs no value.
    check(&there, &leaf("delete", ""), Lacks("<description>")).await;
}

#[tokio::test]
async fn a_container_follows_each_operation() {
    let container = |operation: &str| {
        let config = format!(
            "<config nc:operation='{operation}'><interface-mode>TRUNK</interface-mode>\
             <trunk-vlans>20</trunk-vlans></config>"
        );
        port("Ethernet1", &switched(&config))
    };
    let there = port(
        "Ethernet1",
        &switched(
            "<config><interface-mode>TRUNK</interface-mode><native-vlan>9</native-vlan>\
             <trunk-vlans>10</trunk-vlans></config>",
        ),
    );
    let only_20 = "<interface-mode>TRUNK</interface-mode><trunk-vlans>20</trunk-vlans></config>";
    let both = "<native-vlan>9</native-vlan><trunk-vlans>10</trunk-vlans><trunk-vlans>20<";
    for (before, operation, expect) in [
        ("", "merge", Has(only_20)),
        (&*there, "merge", Has(both)),
        ("", "replace", Has(only_20)),
        (&there, "replace", Has(only_20)),
        ("", "create", Has(only_20)),
        (&there, "create", Expect::Tag(Tag::DataExists)),
        ("", "delete", Expect::Tag(Tag::DataMissing)),
        (&there, "delete", Lacks("<switched-vlan")),
        ("", "remove", Lacks("<ethernet")),
        (&there, "remove", Lacks("<ethernet")),
    ] {
        check(before, &container(operation), expect).await;
    }
}

#[tokio::test]
async fn a_list_entry_follows_each_operation() {
    let entry = |operation: &str| {
        vlans(&format!(
            "<vlan nc:operation='{operation}'><vlan-id>7</vlan-id>\
             <config><vlan-id>7</vlan-id><status>SUSPENDED</status></config></vlan>"
        ))
    };
    let there = vlans("<vlan><vlan-id>7</vlan-id><config><vlan-id>7</vlan-id><name>a</name></config></vlan>");
    let fresh = "<config><vlan-id>7</vlan-id><status>SUSPENDED</status></config>";
    let merged = "<config><vlan-id>7</vlan-id><name>a</name><status>SUSPENDED</status></config>";
    for (before, operation, expect) in [
        ("", "merge", Has(fresh)),
        (&*there, "merge", Has(merged)),
        ("", "replace", Has(fresh)),
        (&there, "replace", Has(fresh)),
        ("", "create", Has(fresh)),
        (&there, "create", Expect::Tag(Tag::DataExists)),
        ("", "delete", Expect::Tag(Tag::DataMissing)),
        (&there, "delete", Lacks("<vlan>")),
        ("", "remove", Lacks("<vlan>")),
        (&there, "remove", Lacks("<vlans>")),
    ] {
        check(before, &entry(operation), expect).await;
    }
}

#[tokio::test]
async fn a_leaf_list_value_follows_each_operation() {
    let value = |operation: &str| {
        port(
            "Ethernet1",
            &switched(&format!(
                "<config><interface-mode>TRUNK</interface-mode>\
                 <trunk-vlans nc:operation='{operation}'>10</trunk-vlans></config>"
            )),
        )
    };
    let trunk = |values: &str| {
        port("Ethernet1", &switched(&format!("<config><interface-mode>TRUNK</interface-mode>{values}</config>")))
    };
    let other = trunk("<trunk-vlans>20</trunk-vlans>");
    let same = trunk("<trunk-vlans>10</trunk-vlans><trunk-vlans>20</trunk-vlans>");
    let both = "<trunk-vlans>10</trunk-vlans><trunk-vlans>20</trunk-vlans>";
    for (before, operation, expect) in [
        (&*other, "merge", Has(both)),
        (&same, "merge", Has(both)),
        // RFC 7950 section 7.7.9: about the one value, not about the list.
        (&other, "replace", Has(both)),
        (&other, "create", Has(both)),
        (&same, "create", Expect::Tag(Tag::DataExists)),
        (&other, "delete", Expect::Tag(Tag::DataMissing)),
        (&same, "delete", Lacks("<trunk-vlans>10<")),
        (&other, "remove", Has("<trunk-vlans>20</trunk-vlans></config>")),
        (&same, "remove", Has("<interface-mode>TRUNK</interface-mode><trunk-vlans>20<")),
    ] {
        check(before, &value(operation), expect).await;
    }
    // 150 is no value of a list that holds 100..200.
    let range = trunk("<trunk-vlans>100..200</trunk-vlans>");
    let inside = range.replace("<trunk-vlans>100..200", "<trunk-vlans nc:operation='delete'>150");
    check(&range, &inside, Expect::Tag(Tag::DataMissing)).await;
}

#[tokio::test]
async fn default_operation_none_only_walks() {
    let switch = switch(Mode::Running).await;
    let mut client = Client::open(&switch.handle()).await;
    let none = "<default-operation>none</default-operation>";
    let remove_vlan = vlans("<vlan nc:operation='remove'><vlan-id>7</vlan-id></vlan>");
    client.ok(&edit_with("running", none, &remove_vlan)).await;
    let missing = described("Ethernet9", "x");
    let reply = client.refused("data-missing", &edit_with("running", none, &missing)).await;
    assert!(reply.contains("[oc-if:name='Ethernet9']"), "{reply}");
    let before = switch.running_xml();
    let name_only = port("Ethernet1", "<config><name>other</name></config>");
    client.ok(&edit_with("running", none, &name_only)).await;
    assert_eq!(switch.running_xml(), before);
}

#[tokio::test]
async fn default_operation_replace_is_about_the_whole_datastore() {
    let switch = switch(Mode::Candidate).await;
    let mut client = Client::open(&switch.handle()).await;
    let replace = "<default-operation>replace</default-operation>";
    client.ok(&edit_with("candidate", replace, &described("Ethernet1", "x"))).await;
    let candidate = switch.handle().xml(Datastore::Candidate);
    assert!(!candidate.contains("Ethernet2") && !candidate.contains("network-instance"));
    let reply = client.refused("operation-failed", "<commit/>").await;
    assert!(reply.contains("physical port Ethernet2 cannot be removed"), "{reply}");
}

#[tokio::test]
async fn what_does_not_fit_the_schema_is_refused_at_the_edit_with_its_path() {
    let switch = switch(Mode::Candidate).await;
    let mut client = Client::open(&switch.handle()).await;
    let config = |inner: &str| port("Ethernet1", &format!("<config>{inner}</config>"));
    let mode = |inner: &str| port("Ethernet1", &switched(&format!("<config>{inner}</config>")));
    let twice = interfaces("") + &interfaces("");
    let foreign = described("Ethernet1", "x").replace("openconfig.net", "example.net");
    let vlan_namespace = vlans("").replace("<vlans>", "<vlans xmlns='http://openconfig.net/yang/vlan'>");
    let both = "<description>a</description><description>b</description>";
    for (tag, xml, detail) in [
        ("unknown-element", config("<bogus/>"), "/oc-if:config/bogus</error-path>"),
        ("unknown-element", vlan_namespace, "vlans here is of module openconfig-network-instance"),
        ("unknown-namespace", foreign, "<bad-namespace>http://example.net/"),
        ("invalid-value", config("<mtu>70000</mtu>"), "/oc-if:config/oc-if:mtu</error-path>"),
        ("invalid-value", config("<enabled>yes</enabled>"), "'yes'"),
        ("invalid-value", config("<type>ethernetCsmacd</type>"), "ethernetCsmacd"),
        ("invalid-value", mode("<interface-mode>HYBRID</interface-mode>"), "HYBRID"),
        ("invalid-value", mode("<access-vlan>4095</access-vlan>"), "/oc-vlan:access-vlan<"),
        ("invalid-value", mode("<trunk-vlans>20..5000</trunk-vlans>"), "20..5000"),
        ("missing-element", interfaces("<interface/>"), "<bad-element>name</bad-element>"),
        ("operation-failed", config(both), "too many instances of description"),
        ("operation-failed", twice, "too many instances of interfaces"),
        ("bad-element", config("text"), "text between elements"),
        ("bad-attribute", config("<mtu operation='remove'/>"), "NETCONF namespace"),
        ("bad-attribute", config("<mtu nc:operation='explode'/>"), "explode"),
        ("unknown-attribute", config("<mtu x='1'>1500</mtu>"), "<bad-attribute>x<"),
    ] {
        let reply = client.refused(tag, &edit("candidate", &xml)).await;
        assert!(reply.contains(detail), "{detail}\n{reply}");
    }
    assert!(!switch.handle().status().candidate_dirty);
}

#[tokio::test]
async fn what_cannot_run_is_refused_at_validate_and_commit() {
    let switch = switch(Mode::Candidate).await;
    let before = switch.running_xml();
    let mut client = Client::open(&switch.handle()).await;
    let mode = |inner: &str| port("Ethernet1", &switched(&format!("<config>{inner}</config>")));
    let iana = "xmlns:t='urn:ietf:params:xml:ns:yang:iana-if-type'";
    let member = "<ethernet xmlns='http://openconfig.net/yang/interfaces/ethernet'><config>\
                  <aggregate-id xmlns='http://openconfig.net/yang/interfaces/aggregate'>\
                  Port-Channel9</aggregate-id></config></ethernet>";
    let aggregation = "<aggregation xmlns='http://openconfig.net/yang/interfaces/aggregate'>\
                       <config><lag-type>LACP</lag-type></config></aggregation>";
    let new_port = format!("<config><name>Ethernet9</name><type {iana}>t:ethernetCsmacd</type></config>");
    let wrong_name = "<config><name>Ethernet2</name></config>";
    for (tag, xml, detail) in [
        ("unknown-element", mode("<access-vlan>5</access-vlan>"), "interface-mode is ACCESS"),
        (
            "unknown-element",
            mode("<interface-mode>ACCESS</interface-mode><native-vlan>5</native-vlan>"),
            "/oc-vlan:config/oc-vlan:native-vlan</error-path>",
        ),
        (
            "unknown-element",
            mode("<interface-mode>ACCESS</interface-mode><trunk-vlans>5</trunk-vlans>"),
            "interface-mode is TRUNK",
        ),
        ("unknown-element", port("Ethernet1", aggregation), "config/type is ieee8023adLag"),
        ("data-missing", port("Ethernet1", member), "no LAG interface Port-Channel9"),
        ("data-missing", port("Ethernet1", wrong_name), "instance-required"),
        ("data-missing", vlans("<vlan><vlan-id>7</vlan-id></vlan>"), "config/vlan-id"),
        ("invalid-value", described("Ethernet9", "x"), "the switch has no port Ethernet9"),
        ("invalid-value", port("Ethernet9", &new_port), "the switch has no port Ethernet9"),
        ("missing-element", port("Port-Channel9", ""), "mandatory leaf type"),
        ("missing-element", vlans("").replace("default", "blue"), "/oc-netinst:config/oc-netinst:type"),
        (
            "operation-failed",
            interfaces("<interface nc:operation='remove'><name>Ethernet1</name></interface>"),
            "Ethernet1 cannot be removed",
        ),
    ] {
        client.ok(&edit("candidate", &xml)).await;
        let validate = "<validate><source><candidate/></source></validate>";
        let reply = client.refused(tag, validate).await;
        assert!(reply.contains(detail), "{detail}\n{reply}");
        client.refused(tag, "<commit/>").await;
        client.ok(DISCARD).await;
        let then = "<test-option>test-then-set</test-option>";
        client.refused(tag, &edit_with("candidate", then, &xml)).await;
    }
    assert_eq!(switch.running_xml(), before);
}

#[tokio::test]
async fn a_lag_with_its_members_is_one_edit_and_reads_back() {
    let switch = switch(Mode::Candidate).await;
    let mut client = Client::open(&switch.handle()).await;
    let xml = interfaces(
        "<interface><name>Port-Channel9</name><config><name>Port-Channel9</name>\
         <type xmlns:t='urn:ietf:params:xml:ns:yang:iana-if-type'>t:ieee8023adLag</type></config>\
         <aggregation xmlns='http://openconfig.net/yang/interfaces/aggregate'>\
         <config><lag-type>LACP</lag-type><min-links>1</min-links></config>\
         <switched-vlan xmlns='http://openconfig.net/yang/vlan'><config>\
         <interface-mode>ACCESS</interface-mode><access-vlan>7</access-vlan></config>\
         </switched-vlan></aggregation></interface>\
         <interface><name>Ethernet1</name>\
         <ethernet xmlns='http://openconfig.net/yang/interfaces/ethernet'><config>\
         <aggregate-id xmlns='http://openconfig.net/yang/interfaces/aggregate'>Port-Channel9\
         </aggregate-id></config></ethernet></interface>",
    ) + "<lacp xmlns='http://openconfig.net/yang/lacp'><interfaces><interface>\
         <name>Port-Channel9</name><config><name>Port-Channel9</name><interval>FAST</interval>\
         <lacp-mode>ACTIVE</lacp-mode></config></interface></interfaces></lacp>";
    client.ok(&edit("candidate", &xml)).await;
    client.ok("<commit/>").await;
    let json = switch.running_json();
    let interfaces = &json["openconfig-interfaces:interfaces"]["interface"];
    let member = interfaces.as_array().unwrap().iter().find(|i| i["name"] == "Ethernet1").unwrap();
    let ethernet = &member["openconfig-if-ethernet:ethernet"]["config"];
    assert_eq!(ethernet["openconfig-if-aggregate:aggregate-id"], "Port-Channel9");
    let lag = interfaces.as_array().unwrap().iter().find(|i| i["name"] == "Port-Channel9").unwrap();
    assert_eq!(lag["config"]["type"], "iana-if-type:ieee8023adLag");
    let vlan = &lag["openconfig-if-aggregate:aggregation"]["openconfig-vlan:switched-vlan"];
    assert_eq!(vlan["config"]["access-vlan"], 7);
    let lacp = &json["openconfig-lacp:lacp"]["interfaces"]["interface"][0]["config"];
    assert_eq!(lacp["interval"], "FAST");
}

fn edge(port: &str) -> String {
    format!(
        "<stp xmlns='http://openconfig.net/yang/spanning-tree'><interfaces><interface>\
         <name>{port}</name><config><name>{port}</name>\
         <edge-port xmlns:t='http://openconfig.net/yang/spanning-tree/types'>t:EDGE_ENABLE</edge-port>\
         <bpdu-guard>true</bpdu-guard></config></interface></interfaces></stp>"
    )
}

#[tokio::test]
async fn spanning_tree_is_set_for_interfaces_that_are_there() {
    let switch = switch(Mode::Candidate).await;
    let mut client = Client::open(&switch.handle()).await;
    client.ok(&edit("candidate", &edge("Ethernet1"))).await;
    client.ok("<commit/>").await;
    let json = switch.running_json();
    let config = &json["openconfig-spanning-tree:stp"]["interfaces"]["interface"][0]["config"];
    assert_eq!(config["edge-port"], "openconfig-spanning-tree-types:EDGE_ENABLE");
    assert_eq!(config["bpdu-guard"], true);
    client.ok(&edit("candidate", &edge("Port-Channel9"))).await;
    let reply = client.refused("data-missing", "<commit/>").await;
    assert!(reply.contains("there is no interface Port-Channel9"), "{reply}");
}

#[tokio::test]
async fn equal_configurations_have_equal_fingerprints() {
    let (one, two) = (switch(Mode::Running).await, switch(Mode::Running).await);
    assert_eq!(one.handle().fingerprint(), two.handle().fingerprint());
    apply(&one, &described("Ethernet1", "x")).unwrap();
    assert_ne!(one.handle().fingerprint(), two.handle().fingerprint());
    let remove = port("Ethernet1", "<config><description nc:operation='remove'/></config>");
    apply(&one, &remove).unwrap();
    assert_eq!(one.handle().fingerprint(), two.handle().fingerprint());
}
