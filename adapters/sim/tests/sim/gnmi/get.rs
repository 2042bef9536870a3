//! Capabilities and Get (gNMI sections 3.2 and 3.3).

use mercury_gnmi_proto::gnmi::{
    CapabilityRequest, Encoding, GetRequest, ModelData, Path, get_request::DataType, typed_value::Value,
};
use serde_json::json;
use tonic::Code;

use super::client::{describe, json_of, path, switch, text};

#[tokio::test(start_paused = true)]
async fn capabilities_name_models_encodings_and_version() {
    let (_switch, client) = switch().await;
    let answer = client.rpc.clone().capabilities(CapabilityRequest::default()).await.unwrap().into_inner();
    assert_eq!(answer.g_nmi_version, "0.10.0");
    assert_eq!(answer.supported_encodings, [Encoding::Json, Encoding::Proto, Encoding::JsonIetf].map(i32::from));
    let vlan = answer.supported_models.iter().find(|model| model.name == "openconfig-vlan").unwrap();
    assert_eq!((&*vlan.organization, &*vlan.version), ("OpenConfig working group", "2023-02-07"));
    let announced: Vec<_> = mercury_sim::schema::Schema::default().announced.iter().map(|module| module.name).collect();
    assert_eq!(answer.supported_models.iter().map(|model| &*model.name).collect::<Vec<_>>(), announced);
    assert!(!announced.iter().any(|name| name.contains("arista")), "it is no EOS: {announced:?}");
}

#[tokio::test(start_paused = true)]
async fn json_ietf_names_modules_at_the_top_and_where_they_change() {
    let (_switch, client) = switch().await;
    let at = "/interfaces/interface[name=Ethernet1]/ethernet";
    client
        .set(super::client::update(
            at,
            r#"{"openconfig-vlan:switched-vlan":{"config":{"interface-mode":"TRUNK","trunk-vlans":[10,"20..30"]}}}"#,
        ))
        .await
        .unwrap();
    let vlans = json!({"interface-mode": "TRUNK", "trunk-vlans": [10, "20..30"]});
    assert_eq!(client.json(at).await, json!({"openconfig-vlan:switched-vlan": {"config": vlans}}));
    assert_eq!(
        client.json("/interfaces/interface[name=Ethernet1]/config").await,
        json!({
            "openconfig-interfaces:name": "Ethernet1",
            "openconfig-interfaces:type": "iana-if-type:ethernetCsmacd",
            "openconfig-interfaces:enabled": true,
        })
    );
    let mut request = GetRequest { path: vec![path(at)], ..GetRequest::default() };
    let bare = client.get_request(request.clone()).await.unwrap();
    let update = &bare.notification[0].update[0];
    assert!(matches!(update.val.as_ref().unwrap().value, Some(Value::JsonVal(_))), "unset means JSON");
    assert_eq!(json_of(update), json!({"switched-vlan": {"config": vlans}}));
    request.encoding = Encoding::Ascii.into();
    assert_eq!(client.get_request(request).await.unwrap_err().code(), Code::Unimplemented);
}

#[tokio::test(start_paused = true)]
async fn a_leaf_is_a_bare_value() {
    let (_switch, client) = switch().await;
    let config = "/interfaces/interface[name=Ethernet1]/config";
    assert_eq!(client.json(&format!("{config}/enabled")).await, json!(true));
    assert_eq!(client.json(&format!("{config}/name")).await, json!("Ethernet1"));
    assert_eq!(client.json(&format!("{config}/type")).await, json!("iana-if-type:ethernetCsmacd"));
}

#[tokio::test(start_paused = true)]
async fn every_path_has_its_notification_and_every_match_its_update() {
    let (_switch, client) = switch().await;
    let names = ["/interfaces/interface[name=*]/config/name", "/interfaces/interface/name", "/network-instances"];
    let request = GetRequest { path: names.map(path).to_vec(), ..GetRequest::default() };
    let answer = client.get_request(request).await.unwrap();
    let [wild, open, instances] = &answer.notification[..] else { panic!("{answer:?}") };
    for (notification, leaf) in [(wild, "config/name"), (open, "name")] {
        let found: Vec<_> = notification.update.iter().map(|update| text(update.path.as_ref())).collect();
        let wanted: Vec<_> = (1..=4).map(|port| format!("/interfaces/interface[name=Ethernet{port}]/{leaf}")).collect();
        assert_eq!(found, wanted);
    }
    assert_eq!(instances.update.len(), 1);
    assert!(instances.timestamp > 0);
}

#[tokio::test(start_paused = true)]
async fn the_root_is_everything() {
    let (switch, client) = switch().await;
    assert_eq!(client.json("/").await, switch.running_json());
}

#[tokio::test(start_paused = true)]
async fn proto_is_leaf_by_leaf_with_scalars() {
    let (_switch, client) = switch().await;
    client.set(describe("x")).await.unwrap();
    let at = "/interfaces/interface[name=Ethernet1]/config";
    let encoding = Encoding::Proto.into();
    let request = GetRequest { path: vec![path(at)], encoding, ..GetRequest::default() };
    let answer = client.get_request(request).await.unwrap();
    let found: Vec<_> = answer.notification[0]
        .update
        .iter()
        .map(|update| (text(update.path.as_ref()), update.val.clone().unwrap().value.unwrap()))
        .collect();
    let wanted = [
        ("name", Value::StringVal("Ethernet1".into())),
        ("type", Value::StringVal("ethernetCsmacd".into())),
        ("description", Value::StringVal("x".into())),
        ("enabled", Value::BoolVal(true)),
    ]
    .map(|(leaf, value)| (format!("{at}/{leaf}"), value));
    assert_eq!(found, wanted);
}

#[tokio::test(start_paused = true)]
async fn the_prefix_is_echoed_and_paths_are_relative_to_it() {
    let (_switch, client) = switch().await;
    let prefix = Path { target: "leaf-1".into(), ..path("/interfaces/interface[name=Ethernet1]") };
    let request = GetRequest { prefix: Some(prefix.clone()), path: vec![path("/config")], ..GetRequest::default() };
    let answer = client.get_request(request).await.unwrap();
    assert_eq!(answer.notification[0].prefix, Some(prefix));
    assert_eq!(text(answer.notification[0].update[0].path.as_ref()), "/config");

    let open = Path { target: "leaf-1".into(), ..path("/interfaces/interface") };
    let request = GetRequest { prefix: Some(open), path: vec![path("/name")], ..GetRequest::default() };
    let notification = client.get_request(request).await.unwrap().notification.remove(0);
    assert_eq!(notification.prefix, Some(Path { target: "leaf-1".into(), ..Path::default() }));
    assert_eq!(text(notification.update[3].path.as_ref()), "/interfaces/interface[name=Ethernet4]/name");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_is_not_found_and_what_cannot_be_is_invalid() {
    let (_switch, client) = switch().await;
    let code = async |text: &str| client.get(text).await.unwrap_err().code();
    assert_eq!(code("/lacp").await, Code::NotFound);
    assert_eq!(code("/interfaces/interface[name=Ethernet9]").await, Code::NotFound);
    assert_eq!(code("/interfaces/interface[name=Ethernet1]/config/mtu").await, Code::NotFound);
    for bad in [
        "/nonsense",
        "/openconfig-vlan:interfaces",
        "/interfaces/interface[id=Ethernet1]",
        "/interfaces[name=x]",
        "/network-instances/network-instance[name=default]/vlans/vlan[vlan-id=x]",
        "/interfaces/interface[name=]",
    ] {
        assert_eq!(code(bad).await, Code::InvalidArgument, "{bad}");
    }
    assert_eq!(code("/interfaces/*/config").await, Code::Unimplemented);
    let empty = client.get_request(GetRequest::default()).await.unwrap_err();
    assert_eq!(empty.code(), Code::InvalidArgument);
}

#[tokio::test(start_paused = true)]
async fn configuration_and_state_are_told_apart() {
    let (_switch, client) = switch().await;
    for (kind, config, state) in [
        (DataType::All, true, true),
        (DataType::Config, true, false),
        (DataType::State, false, true),
        (DataType::Operational, false, true),
    ] {
        for (leaf, there) in [("config/name", config), ("state/oper-status", state)] {
            let at = path(&format!("/interfaces/interface[name=Ethernet1]/{leaf}"));
            let request = GetRequest { path: vec![at], r#type: kind.into(), ..GetRequest::default() };
            let answer = client.get_request(request).await.map_err(|status| status.code());
            assert_eq!(answer.is_ok(), there, "{kind:?} {leaf}");
            assert!(there || answer.unwrap_err() == Code::NotFound, "{kind:?} {leaf}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn state_is_not_to_be_set() {
    let (_switch, client) = switch().await;
    for at in ["/interfaces/interface[name=Ethernet1]/state/oper-status", "/interfaces/interface[name=Ethernet1]/state"]
    {
        let refused = client.set(super::client::delete(at)).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{at}");
    }
}

#[tokio::test(start_paused = true)]
async fn paths_may_name_modules_and_their_origin() {
    let (_switch, client) = switch().await;
    let at = "/openconfig-interfaces:interfaces/interface[name=Ethernet1]/openconfig-interfaces:config/enabled";
    assert_eq!(client.json(at).await, json!(true));
    let get = async |prefix: Path, asked: Path| {
        let request = GetRequest { prefix: Some(prefix), path: vec![asked], ..GetRequest::default() };
        client.get_request(request).await.map_err(|status| status.code()).map(|_| ())
    };
    let origin = |origin: &str, at: &str| Path { origin: origin.into(), ..path(at) };
    assert_eq!(get(path(""), origin("openconfig", "/interfaces")).await, Ok(()));
    assert_eq!(get(origin("openconfig", ""), path("/interfaces")).await, Ok(()));
    let twice = get(origin("openconfig", ""), origin("openconfig", "/interfaces")).await;
    assert_eq!(twice, Err(Code::InvalidArgument));
    assert_eq!(get(path(""), origin("cli", "/interfaces")).await, Err(Code::Unimplemented));
    let target = Path { target: "leaf-1".into(), ..path("/interfaces") };
    assert_eq!(get(path(""), target).await, Err(Code::InvalidArgument));
    #[expect(deprecated, reason = "it is deprecated, and hence refused")]
    let old = Path { element: vec!["interfaces".into()], ..Path::default() };
    assert_eq!(get(path(""), old).await, Err(Code::InvalidArgument));
}

#[tokio::test(start_paused = true)]
async fn a_model_that_is_not_supported_cannot_be_used() {
    let (_switch, client) = switch().await;
    let model = |name: &str| vec![ModelData { name: name.into(), ..ModelData::default() }];
    for (name, ok) in [("openconfig-interfaces", true), ("openconfig-bgp", false)] {
        let request = GetRequest { path: vec![path("/")], use_models: model(name), ..GetRequest::default() };
        assert_eq!(client.get_request(request).await.is_ok(), ok, "{name}");
    }
}
