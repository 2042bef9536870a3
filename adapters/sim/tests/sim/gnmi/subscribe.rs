//! Subscribe (gNMI section 3.5).

use mercury_gnmi_proto::gnmi::{
    Encoding, Path, Poll, SubscribeRequest, SubscriptionList, subscribe_request::Request as Asked,
    subscribe_response::Response as Said, subscription_list::Mode, typed_value::Value,
};
use serde_json::json;
use tonic::Code;

use super::client::{ietf, json_of, once, put, switch, text, update};

const VLANS: &str = "/network-instances/network-instance[name=default]/vlans";

#[tokio::test(start_paused = true)]
async fn once_is_leaf_by_leaf_then_sync_then_the_end() {
    let (switch, client) = switch().await;
    let trunk = r#"{"openconfig-vlan:interface-mode":"TRUNK","openconfig-vlan:trunk-vlans":[10,"20..30"]}"#;
    client.set(update("/interfaces/interface[name=Ethernet2]/ethernet/switched-vlan/config", trunk)).await.unwrap();
    let said = client.subscribe(once(&["/interfaces/interface[name=Ethernet2]"])).await.unwrap();
    let [Said::Update(notification), Said::SyncResponse(true)] = &said[..] else { panic!("{said:?}") };
    let found: Vec<_> =
        notification.update.iter().map(|update| (text(update.path.as_ref()), json_of(update))).collect();
    let at = "/interfaces/interface[name=Ethernet2]";
    let wanted = [
        ("name", json!("Ethernet2")),
        ("config/name", json!("Ethernet2")),
        ("config/type", json!("iana-if-type:ethernetCsmacd")),
        ("config/enabled", json!(true)),
        ("ethernet/switched-vlan/config/interface-mode", json!("TRUNK")),
        ("ethernet/switched-vlan/config/trunk-vlans", json!([10, "20..30"])),
        ("state/name", json!("Ethernet2")),
        ("state/oper-status", json!("UP")),
    ]
    .map(|(leaf, value)| (format!("{at}/{leaf}"), value));
    assert_eq!(found, wanted);
    assert_eq!(switch.handle().counters().subscriptions, 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_is_no_error() {
    let (_switch, client) = switch().await;
    let said = client.subscribe(once(&["/lacp", "/interfaces/interface[name=Ethernet9]/config"])).await.unwrap();
    assert_eq!(said, [Said::SyncResponse(true)]);
    let unknown = client.subscribe(once(&["/nonsense"])).await.unwrap_err();
    assert_eq!(unknown.code(), Code::InvalidArgument);
}

#[tokio::test(start_paused = true)]
async fn wildcards_select_and_the_target_is_echoed() {
    let (_switch, client) = switch().await;
    let prefix = Some(Path { target: "leaf-1".into(), ..Path::default() });
    let list = SubscriptionList { prefix: prefix.clone(), ..once(&["/interfaces/interface[name=*]/config/enabled"]) };
    let said = client.subscribe(list).await.unwrap();
    let [Said::Update(notification), Said::SyncResponse(true)] = &said[..] else { panic!("{said:?}") };
    assert_eq!(notification.prefix, prefix);
    let paths: Vec<_> = notification.update.iter().map(|update| text(update.path.as_ref())).collect();
    let wanted = (1..=4).map(|port| format!("/interfaces/interface[name=Ethernet{port}]/config/enabled"));
    assert_eq!(paths, wanted.collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn proto_values_are_scalars() {
    let (_switch, client) = switch().await;
    let list = SubscriptionList {
        encoding: Encoding::Proto.into(),
        ..once(&["/interfaces/interface[name=Ethernet1]/config/enabled"])
    };
    let said = client.subscribe(list).await.unwrap();
    let Said::Update(notification) = &said[0] else { panic!("{said:?}") };
    assert_eq!(notification.update[0].val.as_ref().unwrap().value, Some(Value::BoolVal(true)));
}

#[tokio::test(start_paused = true)]
async fn a_large_configuration_comes_in_several_messages() {
    let (_switch, client) = switch().await;
    let vlans: Vec<_> =
        (2..=1000).map(|id| json!({"vlan-id": id, "config": {"vlan-id": id, "name": format!("vlan-{id}")}})).collect();
    let json = json!({"openconfig-network-instance:vlan": vlans}).to_string();
    let set = mercury_gnmi_proto::gnmi::SetRequest { update: vec![put(VLANS, ietf(&json))], ..Default::default() };
    client.set(set).await.unwrap();
    let said = client.subscribe(once(&[VLANS])).await.unwrap();
    let sizes: Vec<_> = said
        .iter()
        .filter_map(|said| match said {
            Said::Update(notification) => Some(notification.update.len()),
            Said::SyncResponse(_) => None,
        })
        .collect();
    assert_eq!(sizes.iter().sum::<usize>(), 3 * 999);
    assert!(sizes.len() > 1 && sizes.iter().all(|size| *size <= 256), "{sizes:?}");
}

#[tokio::test(start_paused = true)]
async fn updates_only_is_the_sync_alone() {
    let (_switch, client) = switch().await;
    let list = SubscriptionList { updates_only: true, ..once(&["/interfaces"]) };
    assert_eq!(client.subscribe(list).await.unwrap(), [Said::SyncResponse(true)]);
}

#[tokio::test(start_paused = true)]
async fn streams_and_polls_are_not_supported() {
    let (_switch, client) = switch().await;
    for mode in [Mode::Stream, Mode::Poll] {
        let list = SubscriptionList { mode: mode.into(), ..once(&["/interfaces"]) };
        assert_eq!(client.subscribe(list).await.unwrap_err().code(), Code::Unimplemented, "{mode:?}");
    }
    let nothing = client.subscribe(once(&[])).await.unwrap_err();
    assert_eq!(nothing.code(), Code::InvalidArgument);
    let poll = SubscribeRequest { request: Some(Asked::Poll(Poll {})), extension: Vec::new() };
    let stream = client.request(futures_util::stream::iter([poll]));
    let status = client.rpc.clone().subscribe(stream).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_says_nothing_is_sent_away() {
    let (_switch, client) = switch().await;
    let silent = client.request(futures_util::stream::pending::<SubscribeRequest>());
    let status = client.rpc.clone().subscribe(silent).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
}
