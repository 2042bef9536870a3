//! Messages, filters and the order of things.

use mercury_sim::{Mode, Options};

use crate::client::{
    BASE, COMMIT, Client, DISCARD, GET, LOCK, UNLOCK, connect, described, edit, port, start, switch, switched,
};

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let switch = switch(Mode::Candidate).await;
    let mut client = Client::open(&switch.handle()).await;
    let change = edit("candidate", &described("Ethernet1", "new"));
    client.pipeline(&[LOCK, DISCARD, GET, &change, COMMIT, GET, UNLOCK]).await;
    for id in 1..=7 {
        let reply = client.receive().await.unwrap();
        assert!(reply.contains(&format!("message-id=\"{id}\"")), "{reply}");
        match id {
            3 => assert!(!reply.contains("<description>")),
            6 => assert!(reply.contains("<description>new</description>")),
            _ => assert!(reply.contains("<ok/>"), "{reply}"),
        }
    }
}

#[tokio::test]
async fn the_requests_of_a_client_that_hung_up_are_still_done() {
    let switch = switch(Mode::Candidate).await;
    let mut client = Client::open(&switch.handle()).await;
    client.pipeline(&[&edit("candidate", &described("Ethernet1", "new")), COMMIT]).await;
    drop(client);
    switch.handle().wait_until(|status| status.sessions == 0).await;
    assert!(switch.running_xml().contains("new"));
}

#[tokio::test]
async fn all_attributes_of_a_request_come_back() {
    let switch = switch(Mode::Candidate).await;
    let mut client = Client::open(&switch.handle()).await;
    client
        .write(&format!(
            "<n:rpc xmlns:n='{BASE}' xmlns:u='urn:u' u:who='a&lt;b' message-id=' x&#38;y'>\
             <n:discard-changes/></n:rpc>"
        ))
        .await;
    let reply = client.receive().await.unwrap();
    for part in ["message-id=\" x&amp;y\"", "u:who=\"a&lt;b\"", "xmlns:u=\"urn:u\"", "<ok/>"] {
        assert!(reply.contains(part), "{part} {reply}");
    }
}

#[tokio::test]
async fn a_request_without_message_id_is_refused() {
    let switch = switch(Mode::Candidate).await;
    let mut client = Client::open(&switch.handle()).await;
    client.write(&format!("<rpc xmlns='{BASE}'><discard-changes/></rpc>")).await;
    let reply = client.receive().await.unwrap();
    assert!(reply.contains("<error-tag>missing-attribute</error-tag>"), "{reply}");
    client.ok(DISCARD).await;
}

#[tokio::test]
async fn a_message_that_is_no_request_ends_the_session() {
    for bad in ["<rpc", "<rpc message-id='1'><get/></rpc>", "<hello xmlns='x'/>"] {
        let switch = switch(Mode::Candidate).await;
        let mut client = Client::open(&switch.handle()).await;
        client.write(bad).await;
        let reply = client.receive().await.unwrap();
        assert!(reply.contains("<error-tag>malformed-message</error-tag>"), "{reply}");
        assert_eq!(client.receive().await, None);
    }
}

#[tokio::test]
async fn a_hello_that_is_not_a_clients_ends_the_session() {
    for bad in [
        "<hello/>".to_owned(),
        format!("<hello xmlns='{BASE}'><capabilities/></hello>"),
        format!(
            "<hello xmlns='{BASE}'><capabilities><capability>urn:ietf:params:netconf:base:1.0\
             </capability></capabilities><session-id>1</session-id></hello>"
        ),
    ] {
        let switch = switch(Mode::Candidate).await;
        let mut stream = connect(&switch.handle());
        let message = format!("{bad}]]>]]>");
        tokio::io::AsyncWriteExt::write_all(&mut stream, message.as_bytes()).await.unwrap();
        switch.handle().wait_until(|s| s.counters.sessions == 1 && s.sessions == 0).await;
        assert_eq!(switch.handle().counters().rpcs, 0);
    }
}

#[tokio::test]
async fn parameters_are_taken_in_the_base_namespace_and_in_order_only() {
    let switch = switch(Mode::Candidate).await;
    let mut client = Client::open(&switch.handle()).await;
    let change = described("Ethernet1", "x");
    for (tag, operation) in [
        ("missing-element", "<lock/>".to_owned()),
        ("bad-element", "<lock><target/></lock>".to_owned()),
        ("unknown-element", "<lock><target><nowhere/></target></lock>".to_owned()),
        ("unknown-element", "<discard-changes><x/></discard-changes>".to_owned()),
        ("operation-not-supported", "<lock xmlns='urn:x'/>".to_owned()),
        ("unknown-element", edit("candidate", &change).replace("<config>", "<config xmlns=''>")),
        (
            "unknown-element",
            format!(
                "<edit-config><config>{change}</config>\
                 <target><candidate/></target></edit-config>"
            ),
        ),
        ("missing-element", "<edit-config><target><candidate/></target></edit-config>".to_owned()),
    ] {
        client.refused(tag, &operation).await;
    }
    assert!(!switch.handle().status().candidate_dirty);
}

async fn filtered(filter: &str) -> String {
    let switch = switch(Mode::Candidate).await;
    let trunk = "<config><interface-mode>TRUNK</interface-mode><trunk-vlans>7</trunk-vlans></config>";
    let setup = port("Ethernet2", &(format!("<config><description>b</description></config>{}", switched(trunk))));
    switch.handle().change_running(&setup).unwrap();
    let mut client = Client::open(&switch.handle()).await;
    let reply = client
        .rpc(&format!("<get-config><source><running/></source><filter type='subtree'>{filter}</filter></get-config>"))
        .await;
    let (_, data) = reply.split_once("<data>").unwrap();
    data.split_once("</data>").unwrap().0.to_owned()
}

#[tokio::test]
async fn a_filter_selects_by_containment_and_content() {
    let open = "<interfaces xmlns=\"http://openconfig.net/yang/interfaces\">";
    let one = filtered(&port("Ethernet2", "")).await;
    assert!(one.starts_with(&format!("{open}<interface><name>Ethernet2</name><config>")), "{one}");
    assert!(one.contains("<trunk-vlans>7</trunk-vlans>") && !one.contains("Ethernet1"));

    // Only what is asked for, and the key with it.
    let leaf = filtered(&port("Ethernet2", "<config><description/></config>")).await;
    assert_eq!(
        leaf,
        format!(
            "{open}<interface><name>Ethernet2</name><config><description>b</description>\
             </config></interface></interfaces>"
        )
    );

    let names = crate::client::interfaces("<interface><name/></interface>");
    let names = filtered(&names).await;
    assert_eq!(names.matches("<name>").count(), 4);
    assert!(!names.contains("<config>"));

    // A content match below the key.
    let by_leaf = "<interface><config><description>b</description><mtu/></config></interface>";
    let by_leaf = filtered(&crate::client::interfaces(by_leaf)).await;
    assert!(by_leaf.contains("Ethernet2") && !by_leaf.contains("Ethernet1"), "{by_leaf}");

    // Two entries and two subtrees in one filter.
    let two = "<interface><name>Ethernet1</name></interface>\
               <interface><name>Ethernet2</name><config><name/></config></interface>";
    let ni = "<network-instances xmlns='http://openconfig.net/yang/network-instance'/>";
    let two = filtered(&(crate::client::interfaces(two) + ni)).await;
    assert_eq!(two.matches("<interface>").count(), 2);
    assert!(two.contains("<network-instances"));
    assert!(!two.contains("<description>"));
}

#[tokio::test]
async fn a_filter_that_matches_nothing_selects_nothing() {
    assert_eq!(filtered("").await, "");
    assert_eq!(filtered(&port("Ethernet99", "")).await, "");
    // The base namespace is not that of the data.
    assert_eq!(filtered("<interfaces/>").await, "");
    assert!(filtered("<interfaces xmlns=''/>").await.contains("Ethernet1"));
}

#[tokio::test]
async fn a_switch_with_too_many_sessions_hangs_up() {
    let switch = start(Options { max_sessions: 1, ..Options::default() }).await;
    let one = Client::open(&switch.handle()).await;
    assert!(Client::over(connect(&switch.handle()), true).await.is_none());
    drop(one);
    switch.handle().wait_until(|status| status.sessions == 0).await;
    assert!(Client::over(connect(&switch.handle()), true).await.is_some());
}
