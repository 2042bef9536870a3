//! Set (gNMI section 3.4).

use mercury_gnmi_proto::gnmi::{
    Path, ScalarArray, SetRequest, TypedValue, Update, typed_value::Value, update_result::Operation,
};
use mercury_sim::Options;
use serde_json::json;
use tonic::Code::{Aborted, InvalidArgument, NotFound, Unimplemented};

use super::client::{DESCRIPTION, delete, describe, description, ietf, path, put, replace, start_with, switch, update};

const CONFIG: &str = "/interfaces/interface[name=Ethernet1]/config";
const VLANS: &str = "/network-instances/network-instance[name=default]/vlans";
const SWITCHED: &str = "/interfaces/interface[name=Ethernet1]/ethernet/switched-vlan/config";

fn vlan(id: u16) -> Update {
    let json = format!(
        r#"{{"openconfig-network-instance:vlan-id":{id},"openconfig-network-instance:config":{{"vlan-id":{id}}}}}"#
    );
    put(&format!("{VLANS}/vlan[vlan-id={id}]"), ietf(&json))
}

#[tokio::test(start_paused = true)]
async fn deletes_come_before_replaces_and_those_before_updates() {
    let (switch, client) = switch().await;
    let leaf = |value: &str| put(DESCRIPTION, ietf(&format!("{value:?}")));
    let set = SetRequest {
        update: vec![leaf("second"), leaf("third")],
        replace: vec![leaf("first")],
        delete: vec![path(DESCRIPTION)],
        ..SetRequest::default()
    };
    let response = client.set(set).await.unwrap();
    assert_eq!(description(&switch), "third", "repeated paths are done in order");
    let done: Vec<_> = response.response.iter().map(|result| (result.op(), result.path.clone().unwrap())).collect();
    let done_to = |operation| (operation, path(DESCRIPTION));
    use Operation::{Delete, Replace, Update};
    assert_eq!(done, [Delete, Replace, Update, Update].map(done_to));
    assert!(response.timestamp > 0);
}

#[tokio::test(start_paused = true)]
async fn all_of_a_set_happens_or_nothing() {
    let (switch, client) = switch().await;
    let before = switch.running_json();
    let bad = put("/interfaces/interface[name=Ethernet1]/config/mtu", ietf("1"));
    let set = SetRequest { update: vec![vlan(10), bad], ..SetRequest::default() };
    let text = client.refused(InvalidArgument, set).await;
    assert!(text.starts_with("update /interfaces/interface[name=Ethernet1]/config/mtu:"), "{text}");
    // A VLAN that only an access port can have.
    let cannot_run = put(&format!("{SWITCHED}/access-vlan"), ietf("10"));
    let set = SetRequest { update: vec![vlan(10), cannot_run], ..SetRequest::default() };
    let text = client.refused(Aborted, set).await;
    assert!(text.contains("access-vlan"), "{text}");
    assert_eq!(switch.running_json(), before);
    let counters = switch.handle().counters();
    assert_eq!((counters.sets, counters.commits, counters.edits), (0, 0, 0));
    client.set(SetRequest { update: vec![vlan(10), vlan(11)], ..SetRequest::default() }).await.unwrap();
    let counters = switch.handle().counters();
    assert_eq!((counters.sets, counters.commits, counters.edits, counters.rpcs), (1, 1, 1, 3));
}

#[tokio::test(start_paused = true)]
async fn a_lag_and_its_members_are_one_set() {
    let (switch, client) = switch().await;
    let lag = r#"{"openconfig-interfaces:interface":[
        {"name":"po1","config":{"name":"po1","type":"iana-if-type:ieee8023adLag"},
         "openconfig-if-aggregate:aggregation":{"config":{"lag-type":"LACP"}}}]}"#;
    let member = |port: u8| {
        let at = format!("/interfaces/interface[name=Ethernet{port}]/ethernet/config");
        put(&at, ietf(r#"{"openconfig-if-aggregate:aggregate-id":"po1"}"#))
    };
    let set = SetRequest { update: vec![member(1)], ..SetRequest::default() };
    client.refused(Aborted, set).await;
    let set = SetRequest { update: vec![member(1), member(2), put("/interfaces", ietf(lag))], ..SetRequest::default() };
    client.set(set).await.unwrap();
    let member = "/interfaces/interface[name=Ethernet2]/ethernet/config/openconfig-if-aggregate:aggregate-id";
    assert_eq!(client.json(member).await, json!("po1"));
    assert!(switch.running_xml().contains(">po1</aggregate-id>"));
}

#[tokio::test(start_paused = true)]
async fn update_adds_and_replace_makes_it_exactly_this() {
    let (_switch, client) = switch().await;
    let trunk =
        |vlans: &str| format!(r#"{{"openconfig-vlan:interface-mode":"TRUNK","openconfig-vlan:trunk-vlans":{vlans}}}"#);
    client.set(update(SWITCHED, &trunk(r#"[10,"20..30"]"#))).await.unwrap();
    client.set(update(SWITCHED, r#"{"openconfig-vlan:native-vlan":7}"#)).await.unwrap();
    client.set(update(SWITCHED, &trunk("[40]"))).await.unwrap();
    let values = client.json(&format!("{SWITCHED}/trunk-vlans")).await;
    assert_eq!(values, json!([10, 40, "20..30"]), "an update never takes a value away");
    client.set(replace(&format!("{SWITCHED}/trunk-vlans"), "[50]")).await.unwrap();
    assert_eq!(client.json(&format!("{SWITCHED}/trunk-vlans")).await, json!([50]));
    assert_eq!(client.json(&format!("{SWITCHED}/native-vlan")).await, json!(7));
    client.set(replace(SWITCHED, &trunk("[60]"))).await.unwrap();
    let now = json!({"openconfig-vlan:interface-mode": "TRUNK", "openconfig-vlan:trunk-vlans": [60]});
    assert_eq!(client.json(SWITCHED).await, now);
    client.set(replace(SWITCHED, "{}")).await.unwrap();
    assert_eq!(client.get(SWITCHED).await.unwrap_err().code(), NotFound, "a container may become empty");
}

#[tokio::test(start_paused = true)]
async fn an_entry_is_replaced_as_a_whole_but_not_by_nothing() {
    let (_switch, client) = switch().await;
    let at = format!("{VLANS}/vlan[vlan-id=10]");
    let name = r#"{"openconfig-network-instance:config":{"vlan-id":10,"name":"blue"}}"#;
    client.set(update(&at, name)).await.unwrap();
    assert_eq!(client.json(&format!("{at}/vlan-id")).await, json!(10), "the path says it");
    client.set(replace(&at, r#"{"openconfig-network-instance:config":{"vlan-id":10}}"#)).await.unwrap();
    assert_eq!(client.get(&format!("{at}/config/name")).await.unwrap_err().code(), NotFound);
    client.refused(InvalidArgument, replace(&at, "{}")).await;
}

#[tokio::test(start_paused = true)]
async fn a_replace_of_the_root_leaves_nothing_else() {
    let (switch, client) = switch().await;
    let before = switch.running_json();
    client
        .set(SetRequest { update: vec![vlan(10), put(DESCRIPTION, ietf("\"x\""))], ..SetRequest::default() })
        .await
        .unwrap();
    client.set(replace("/", &before.to_string())).await.unwrap();
    assert_eq!(switch.running_json(), before);
    client.refused(Aborted, delete("/")).await;
    assert_eq!(switch.running_json(), before);
}

#[tokio::test(start_paused = true)]
async fn deletes_take_wildcards_and_do_not_mind_what_is_not_there() {
    let (switch, client) = switch().await;
    let before = switch.running_json();
    client.set(SetRequest { update: (10..20).map(vlan).collect(), ..SetRequest::default() }).await.unwrap();
    client.set(delete(&format!("{VLANS}/vlan[vlan-id=15]"))).await.unwrap();
    client.set(delete(&format!("{VLANS}/vlan[vlan-id=15]"))).await.unwrap();
    client.set(delete("/lacp/interfaces/interface[name=po9]/config/interval")).await.unwrap();
    let left = client.json(VLANS).await;
    assert_eq!(left["openconfig-network-instance:vlan"].as_array().unwrap().len(), 9);
    client.set(delete(&format!("{VLANS}/vlan[vlan-id=*]"))).await.unwrap();
    assert_eq!(switch.running_json(), before);

    for port in 1..=4 {
        let at = format!("/interfaces/interface[name=Ethernet{port}]/config/description");
        client.set(update(&at, "\"x\"")).await.unwrap();
    }
    client.set(delete("/interfaces/interface/config/description")).await.unwrap();
    assert_eq!(switch.running_json(), before);
    client
        .set(update(SWITCHED, r#"{"openconfig-vlan:interface-mode":"TRUNK","openconfig-vlan:trunk-vlans":[1,2]}"#))
        .await
        .unwrap();
    client.set(delete(&format!("{SWITCHED}/trunk-vlans"))).await.unwrap();
    client.set(delete("/interfaces/interface[name=Ethernet1]/ethernet")).await.unwrap();
    assert_eq!(switch.running_json(), before);
    client.refused(Aborted, delete("/interfaces/interface[name=Ethernet1]")).await;
    client.refused(InvalidArgument, delete("/interfaces/interface[name=Ethernet1]/name")).await;
}

#[tokio::test(start_paused = true)]
async fn paths_that_do_not_say_what_to_write_are_refused() {
    let (_switch, client) = switch().await;
    for open in ["/interfaces/interface/config/mtu", "/interfaces/interface[name=*]/config/mtu"] {
        client.refused(InvalidArgument, update(open, "1500")).await;
        client.refused(InvalidArgument, replace(open, "1500")).await;
    }
    client.refused(InvalidArgument, replace("/interfaces/interface", "[]")).await;
    for unknown in ["/nonsense", "/interfaces/interface[name=Ethernet1]/openconfig-vlan:config/mtu", "/interfaces:x"] {
        client.refused(NotFound, update(unknown, "1")).await;
        client.refused(NotFound, delete(unknown)).await;
    }
    client.refused(InvalidArgument, delete("/interfaces/interface[mtu=1]")).await;
    let elsewhere = Path { origin: "cli".into(), ..Path::default() };
    client.refused(Unimplemented, SetRequest { delete: vec![elsewhere], ..SetRequest::default() }).await;
}

#[tokio::test(start_paused = true)]
async fn a_value_and_its_path_name_the_same_entry() {
    let (_switch, client) = switch().await;
    let entry = format!("{VLANS}/vlan[vlan-id=10]");
    for (at, json) in [
        (&*entry, r#"{"openconfig-network-instance:vlan-id":11}"#),
        (&*entry, r#"{"openconfig-network-instance:config":{"vlan-id":11}}"#),
        (&*format!("{entry}/config"), r#"{"openconfig-network-instance:vlan-id":11}"#),
        (&*format!("{entry}/config/vlan-id"), "11"),
        (&*format!("{entry}/vlan-id"), "11"),
        (VLANS, r#"{"openconfig-network-instance:vlan":[{"vlan-id":10,"config":{"vlan-id":11}}]}"#),
    ] {
        let text = client.refused(InvalidArgument, update(at, json)).await;
        assert!(text.contains("vlan-id is '11' here and '10' in the path"), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn values_have_their_types() {
    let (_switch, client) = switch().await;
    let leaf = |leaf: &str| format!("{CONFIG}/{leaf}");
    for (at, json) in [
        (leaf("mtu"), "\"1500\""),
        (leaf("mtu"), "70000"),
        (leaf("mtu"), "1500.5"),
        (leaf("mtu"), "null"),
        (leaf("mtu"), "{}"),
        (leaf("enabled"), "\"true\""),
        (leaf("enabled"), "1"),
        (leaf("description"), "5"),
        (leaf("description"), "not JSON"),
        (leaf("type"), "\"ethernetCsmacd\""),
        (leaf("type"), "\"openconfig-interfaces:ethernetCsmacd\""),
        (format!("{SWITCHED}/interface-mode"), "\"HYBRID\""),
        (format!("{SWITCHED}/trunk-vlans"), "10"),
        (format!("{SWITCHED}/trunk-vlans"), "[\"10\"]"),
        (format!("{SWITCHED}/trunk-vlans"), "[\"30..20\"]"),
        (format!("{SWITCHED}/trunk-vlans"), "[10,10]"),
        (CONFIG.to_owned(), "5"),
        (CONFIG.to_owned(), r#"{"mtu":1500}"#),
        (CONFIG.to_owned(), r#"{"openconfig-interfaces:nonsense":1}"#),
        (CONFIG.to_owned(), r#"{"openconfig-vlan:mtu":1500}"#),
        ("/interfaces".to_owned(), r#"{"openconfig-interfaces:interface":{"name":"Ethernet1"}}"#),
        ("/interfaces".to_owned(), r#"{"openconfig-interfaces:interface":[{"config":{"mtu":1500}}]}"#),
        (
            "/interfaces".to_owned(),
            r#"{"openconfig-interfaces:interface":[{"name":"Ethernet1"},{"name":"Ethernet1"}]}"#,
        ),
        (
            format!("{CONFIG}/../ethernet").replace("/config/..", ""),
            r#"{"openconfig-if-ethernet:config":{"aggregate-id":"x"}}"#,
        ),
    ] {
        client.refused(InvalidArgument, update(&at, json)).await;
    }
    client.set(update(CONFIG, r#"{"openconfig-interfaces:mtu":1500}"#)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn json_without_ietf_needs_no_modules() {
    let (switch, client) = switch().await;
    let bare = |at: &str, json: &str| {
        let value = Value::JsonVal(json.as_bytes().to_vec());
        SetRequest { update: vec![put(at, value)], ..SetRequest::default() }
    };
    let at = "/interfaces/interface[name=po1]";
    let json = r#"{"config":{"name":"po1","type":"ieee8023adLag"},"aggregation":{"config":{"lag-type":"STATIC"}}}"#;
    client.set(bare(at, json)).await.unwrap();
    client.set(bare(CONFIG, r#"{"openconfig-interfaces:mtu":9000}"#)).await.unwrap();
    assert!(switch.running_json().to_string().contains("iana-if-type:ieee8023adLag"));
}

#[tokio::test(start_paused = true)]
async fn leaves_take_scalars() {
    let (_switch, client) = switch().await;
    let set = async |leaf: &str, value: Value| {
        let update = vec![put(&format!("{CONFIG}/{leaf}"), value)];
        client.set(SetRequest { update, ..SetRequest::default() }).await.map_err(|status| status.code()).map(|_| ())
    };
    assert_eq!(set("description", Value::StringVal("x".into())).await, Ok(()));
    assert_eq!(set("type", Value::StringVal("ethernetCsmacd".into())).await, Ok(()));
    assert_eq!(set("mtu", Value::UintVal(9000)).await, Ok(()));
    assert_eq!(set("mtu", Value::IntVal(1500)).await, Ok(()));
    assert_eq!(set("enabled", Value::BoolVal(false)).await, Ok(()));
    assert_eq!(
        client.json(CONFIG).await,
        json!({
            "openconfig-interfaces:name": "Ethernet1",
            "openconfig-interfaces:type": "iana-if-type:ethernetCsmacd",
            "openconfig-interfaces:mtu": 1500,
            "openconfig-interfaces:description": "x",
            "openconfig-interfaces:enabled": false,
        })
    );
    for (leaf, value) in [
        ("mtu", Value::StringVal("1500".into())),
        ("mtu", Value::IntVal(-1)),
        ("mtu", Value::DoubleVal(1500.0)),
        ("enabled", Value::StringVal("true".into())),
        ("description", Value::LeaflistVal(ScalarArray::default())),
    ] {
        assert_eq!(set(leaf, value).await, Err(InvalidArgument), "{leaf}");
    }
    for value in [Value::AsciiVal("x".into()), Value::BytesVal(vec![1]), Value::ProtoBytes(vec![1])] {
        assert_eq!(set("description", value).await, Err(Unimplemented));
    }
    let element = [Value::UintVal(10), Value::StringVal("20..30".into())];
    let element = element.map(|value| TypedValue { value: Some(value) }).to_vec();
    let mode = put(&format!("{SWITCHED}/interface-mode"), Value::StringVal("TRUNK".into()));
    let vlans = put(&format!("{SWITCHED}/trunk-vlans"), Value::LeaflistVal(ScalarArray { element }));
    client.set(SetRequest { replace: vec![mode, vlans], ..SetRequest::default() }).await.unwrap();
    assert_eq!(client.json(&format!("{SWITCHED}/trunk-vlans")).await, json!([10, "20..30"]));
}

#[tokio::test(start_paused = true)]
async fn a_value_has_to_be_there_and_where_it_belongs() {
    let (_switch, client) = switch().await;
    let missing = Update { path: Some(path(DESCRIPTION)), ..Update::default() };
    #[expect(deprecated, reason = "it is deprecated, and hence refused")]
    let old = Update { value: Some(mercury_gnmi_proto::gnmi::Value::default()), ..missing.clone() };
    let empty = Update { val: Some(TypedValue { value: None }), ..missing.clone() };
    for update in [missing, old, empty] {
        client.refused(InvalidArgument, SetRequest { update: vec![update], ..SetRequest::default() }).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_prefix_goes_before_every_path() {
    let (switch, client) = switch().await;
    let prefix = Path { target: "leaf-1".into(), ..path(CONFIG) };
    let set = SetRequest { prefix: Some(prefix.clone()), ..update("/description", "\"x\"") };
    let response = client.set(set).await.unwrap();
    assert_eq!(description(&switch), "x");
    assert_eq!(response.prefix, Some(prefix));
    assert_eq!(response.response[0].path, Some(path("/description")));
}

#[tokio::test(start_paused = true)]
async fn union_replace_stands_alone_and_is_not_supported() {
    let (_switch, client) = switch().await;
    let union_replace = vec![put("/", ietf("{}"))];
    let alone = SetRequest { union_replace: union_replace.clone(), ..SetRequest::default() };
    client.refused(Unimplemented, alone).await;
    client.refused(InvalidArgument, SetRequest { union_replace, ..describe("x") }).await;
}

#[tokio::test(start_paused = true)]
async fn an_empty_set_is_fine_and_changes_nothing() {
    let (switch, client) = switch().await;
    client.set(SetRequest::default()).await.unwrap();
    assert_eq!(switch.handle().counters().commits, 0);
}

#[tokio::test(start_paused = true)]
async fn sets_wait_for_each_other_and_take_their_time() {
    let time = std::time::Duration::from_secs(5);
    let (switch, client) = start_with(Options { commit_time: time, ..Options::default() }).await;
    let start = tokio::time::Instant::now();
    let (one, two) = tokio::join!(client.set(describe("one")), client.set(describe("two")));
    one.unwrap();
    two.unwrap();
    assert_eq!(start.elapsed(), 2 * time);
    assert_eq!(switch.handle().counters().flights, 1, "they came together");
    client.get(DESCRIPTION).await.unwrap();
    assert_eq!(start.elapsed(), 2 * time, "reading takes none");
}

#[tokio::test(start_paused = true)]
async fn a_message_stays_short_whatever_is_wrong() {
    let (_switch, client) = switch().await;
    let long = "x".repeat(100_000);
    let text = client.refused(InvalidArgument, update(&format!("{CONFIG}/type"), &format!("{long:?}"))).await;
    assert!(text.len() < 2000);
}

#[tokio::test(start_paused = true)]
async fn a_request_of_more_than_4_mib_is_not_read() {
    let (switch, client) = switch().await;
    let status = client.set(describe(&"x".repeat(4 * 1024 * 1024))).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::OutOfRange);
    assert_eq!(description(&switch), "");
}
