//! Ways in which switches differ from the specification.

use mercury_gnmi_proto::gnmi::{CapabilityRequest, Encoding, GetRequest, Path, SetRequest, get_request::DataType};
use mercury_sim::{Options, Quirks, Simulator};
use serde_json::json;
use tonic::Code::{self, InvalidArgument, NotFound, Unimplemented};

use super::client::{
    DESCRIPTION, Gnmi, delete, describe, description, ietf, once, path, put, replace, start_with, text, update,
};

const SWITCHED: &str = "/interfaces/interface[name=Ethernet1]/ethernet/switched-vlan/config";

async fn with(quirks: Quirks) -> (Simulator, Gnmi) {
    start_with(Options { quirks, ..Options::default() }).await
}

#[tokio::test(start_paused = true)]
async fn an_rpc_may_be_missing() {
    let quirks = Quirks { gnmi_no_get: true, gnmi_no_capabilities: true, gnmi_no_subscribe: true, ..Quirks::default() };
    let (_switch, client) = with(quirks).await;
    assert_eq!(client.get("/interfaces").await.unwrap_err().code(), Unimplemented);
    assert_eq!(client.subscribe(once(&["/interfaces"])).await.unwrap_err().code(), Unimplemented);
    let status = client.rpc.clone().capabilities(CapabilityRequest::default()).await.unwrap_err();
    assert_eq!(status.code(), Unimplemented);
    client.set(describe("x")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn paths_may_have_to_be_bare() {
    let (_switch, client) = with(Quirks { gnmi_bare_paths_only: true, ..Quirks::default() }).await;
    client.get("/interfaces").await.unwrap();
    let prefixed = "/openconfig-interfaces:interfaces";
    assert_eq!(client.get(prefixed).await.unwrap_err().code(), InvalidArgument);
    client.refused(NotFound, delete(prefixed)).await;
}

#[tokio::test(start_paused = true)]
async fn paths_may_have_to_name_their_modules_and_then_do() {
    let (_switch, client) = with(Quirks { gnmi_prefixed_paths_only: true, ..Quirks::default() }).await;
    assert_eq!(client.get("/interfaces").await.unwrap_err().code(), InvalidArgument);
    let port = "/openconfig-interfaces:interfaces/interface[name=Ethernet1]";
    client.get(port).await.unwrap();
    assert_eq!(client.get(&format!("{port}/ethernet")).await.unwrap_err().code(), InvalidArgument);
    let vlan = format!("{port}/openconfig-if-ethernet:ethernet/openconfig-vlan:switched-vlan/config/interface-mode");
    client.set(update(&vlan, "\"ACCESS\"")).await.unwrap();
    let request = GetRequest { path: vec![path("/")], encoding: Encoding::Proto.into(), ..GetRequest::default() };
    let answer = client.get_request(request).await.unwrap();
    let paths: Vec<_> = answer.notification[0].update.iter().map(|update| text(update.path.as_ref())).collect();
    assert!(paths.contains(&vlan), "{paths:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_may_be_an_update_without_a_value() {
    let (_switch, client) = with(Quirks { gnmi_empty_for_missing: true, ..Quirks::default() }).await;
    let notifications = client.get(DESCRIPTION).await.unwrap();
    let [update] = &notifications[0].update[..] else { panic!("{notifications:?}") };
    assert_eq!(update.path, Some(path(DESCRIPTION)));
    assert_eq!(update.val.as_ref().unwrap().value, None);
    assert_eq!(client.get("/nonsense").await.unwrap_err().code(), InvalidArgument);
}

#[tokio::test(start_paused = true)]
async fn a_set_may_stop_half_way() {
    let (switch, client) = with(Quirks { gnmi_not_atomic: true, ..Quirks::default() }).await;
    let cannot_run = put(&format!("{SWITCHED}/access-vlan"), ietf("10"));
    let unreadable = put("/interfaces/interface[name=Ethernet1]/config/mtu", ietf("\"x\""));
    for (bad, code, done) in [(cannot_run, Code::Aborted, "one"), (unreadable, InvalidArgument, "two")] {
        let update = vec![put(DESCRIPTION, ietf(&format!("{done:?}"))), bad, put(DESCRIPTION, ietf("\"never\""))];
        client.refused(code, SetRequest { update, ..SetRequest::default() }).await;
        assert_eq!(description(&switch), done, "what came before stays");
    }
}

#[tokio::test(start_paused = true)]
async fn ranges_may_come_back_one_by_one() {
    let (_switch, client) = with(Quirks { gnmi_expands_ranges: true, ..Quirks::default() }).await;
    let trunk = r#"{"openconfig-vlan:interface-mode":"TRUNK","openconfig-vlan:trunk-vlans":["10..12",3,11]}"#;
    client.set(update(SWITCHED, trunk)).await.unwrap();
    assert_eq!(client.json(&format!("{SWITCHED}/trunk-vlans")).await, json!([3, 10, 11, 12]));
    let whole = client.json("/interfaces/interface[name=Ethernet1]").await.to_string();
    assert!(whole.contains("[3,10,11,12]"), "{whole}");
}

#[tokio::test(start_paused = true)]
async fn a_default_may_not_be_shown_even_if_set() {
    let (switch, client) = with(Quirks { gnmi_omits_defaults: true, ..Quirks::default() }).await;
    let enabled = "/interfaces/interface[name=Ethernet1]/config/enabled";
    assert!(switch.running_xml().contains("<enabled>true</enabled>"));
    assert_eq!(client.get(enabled).await.unwrap_err().code(), NotFound);
    assert!(!client.json("/interfaces").await.to_string().contains("enabled"));
    assert!(!format!("{:?}", client.subscribe(once(&["/interfaces"])).await.unwrap()).contains("enabled"));
    client.set(update(enabled, "false")).await.unwrap();
    assert_eq!(client.json(enabled).await, json!(false));
}

#[tokio::test(start_paused = true)]
async fn a_target_may_be_needed() {
    let (_switch, client) = with(Quirks { gnmi_requires_target: true, ..Quirks::default() }).await;
    client.refused(InvalidArgument, describe("x")).await;
    assert_eq!(client.get("/interfaces").await.unwrap_err().code(), InvalidArgument);
    assert_eq!(client.subscribe(once(&["/interfaces"])).await.unwrap_err().code(), InvalidArgument);
    let prefix = Some(Path { target: "OC-YANG".into(), ..Path::default() });
    client.set(SetRequest { prefix, ..describe("x") }).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn only_leaves_may_be_writable() {
    let (_switch, client) = with(Quirks { gnmi_leaf_paths_only: true, ..Quirks::default() }).await;
    let config = "/interfaces/interface[name=Ethernet1]/config";
    client.refused(Unimplemented, update(config, r#"{"openconfig-interfaces:mtu":1500}"#)).await;
    client.refused(Unimplemented, replace(SWITCHED, "{}")).await;
    client.set(update(&format!("{config}/mtu"), "1500")).await.unwrap();
    let mode = put(&format!("{SWITCHED}/interface-mode"), ietf("\"TRUNK\""));
    let vlans = put(&format!("{SWITCHED}/trunk-vlans"), ietf("[10]"));
    client.set(SetRequest { update: vec![vlans, mode], ..SetRequest::default() }).await.unwrap();
    client.set(delete("/interfaces/interface[name=Ethernet1]/ethernet")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_set_may_hold_only_so_many_operations() {
    let (switch, client) = with(Quirks { gnmi_max_operations: Some(2), ..Quirks::default() }).await;
    let set = |many: usize| SetRequest { update: vec![put(DESCRIPTION, ietf("\"x\"")); many], ..delete(DESCRIPTION) };
    client.refused(InvalidArgument, set(2)).await;
    assert_eq!(description(&switch), "");
    client.set(set(1)).await.unwrap();
}

#[tokio::test]
async fn options_that_contradict_each_other_are_refused() {
    let quirks = Quirks { gnmi_bare_paths_only: true, gnmi_prefixed_paths_only: true, ..Quirks::default() };
    let both = Options { quirks, ..Options::default() };
    let plain = Options { gnmi_plaintext: true, gnmi_client_ca: Some(String::new()), ..Options::default() };
    let outside = Options { gnmi_listen: Some("0.0.0.0:0".parse().unwrap()), ..Options::default() };
    for options in [both, plain, outside] {
        assert!(Simulator::start(options).await.is_err());
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_read_may_be_state_unless_configuration_is_asked_for() {
    let (switch, client) = with(Quirks { gnmi_shows_state: true, ..Quirks::default() }).await;
    client.set(describe("new")).await.unwrap();
    assert_eq!(description(&switch), "new");
    let ask = |kind| {
        let request = GetRequest { path: vec![path(DESCRIPTION)], r#type: i32::from(kind), ..GetRequest::default() };
        client.get_request(request)
    };
    assert_eq!(ask(DataType::All).await.unwrap_err().code(), NotFound);
    assert_eq!(ask(DataType::Config).await.unwrap().notification.len(), 1);
    let (_switch, client) = with(Quirks { gnmi_no_get_type: true, ..Quirks::default() }).await;
    let request = GetRequest { path: vec![path("/interfaces")], r#type: 1, ..GetRequest::default() };
    assert_eq!(client.get_request(request).await.unwrap_err().code(), Unimplemented);
}
