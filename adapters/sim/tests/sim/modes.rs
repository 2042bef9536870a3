//! What each kind of switch announces and does.

use mercury_sim::{Datastore, Mode, Options, Quirks};

use crate::client::{
    COMMIT, Client, DISCARD, GET, LOCK, connect, described, edit, edit_with, port, start, switch, switched,
};

const COPY: &str = "<copy-config><target><startup/></target><source><running/></source></copy-config>";

fn announced(hello: &str, name: &str) -> bool {
    hello.contains(&format!("urn:ietf:params:netconf:capability:{name}:"))
}

#[tokio::test]
async fn each_mode_announces_what_it_can_do() {
    for (mode, has, lacks) in [
        (
            Mode::Candidate,
            &["candidate", "confirmed-commit", "validate", "rollback-on-error"][..],
            &["writable-running", "startup"][..],
        ),
        (Mode::CandidateStartup, &["candidate", "confirmed-commit", "startup"], &["writable-running"]),
        (Mode::CandidatePlain, &["candidate", "validate"], &["confirmed-commit", "writable-running"]),
        (Mode::CandidateJunos, &["candidate", "confirmed-commit", "validate"], &["rollback-on-error"]),
        (Mode::Running, &["writable-running", "rollback-on-error"], &["candidate", "startup", "validate"]),
        (Mode::RunningStartup, &["writable-running", "startup"], &["candidate", "confirmed-commit"]),
    ] {
        let switch = switch(mode).await;
        let client = Client::open(&switch.handle()).await;
        for name in has {
            assert!(announced(&client.hello, name), "{mode:?} {name}");
        }
        for name in lacks {
            assert!(!announced(&client.hello, name), "{mode:?} {name}");
        }
        assert!(
            client.hello.contains("http://openconfig.net/yang/vlan?module=openconfig-vlan&amp;revision=2023-02-07")
        );
    }
}

#[tokio::test]
async fn what_was_not_announced_is_not_supported() {
    let to = |target| edit(target, &described("Ethernet1", "x"));
    let confirmed = "<commit><confirmed/></commit>".to_owned();
    let validate = "<validate><source><running/></source></validate>".to_owned();
    let startup = "<get-config><source><startup/></source></get-config>".to_owned();
    let not = "operation-not-supported";
    for (mode, refused) in [
        (Mode::Candidate, vec![(not, to("running")), (not, COPY.into()), (not, startup.clone())]),
        (Mode::CandidatePlain, vec![(not, to("running")), (not, confirmed), (not, "<cancel-commit/>".into())]),
        (
            Mode::CandidateJunos,
            vec![
                (not, "<lock><target><running/></target></lock>".into()),
                (not, "<cancel-commit/>".into()),
                (not, "<commit><confirmed/><persist>a</persist></commit>".into()),
            ],
        ),
        (
            Mode::Running,
            vec![
                (not, to("candidate")),
                (not, LOCK.into()),
                (not, COMMIT.into()),
                (not, DISCARD.into()),
                (not, validate),
                (not, startup),
                (not, "<get-schema/>".into()),
                ("unknown-element", edit_with("running", "<test-option>set</test-option>", "")),
            ],
        ),
    ] {
        let switch = switch(mode).await;
        let before = switch.running_xml();
        let mut client = Client::open(&switch.handle()).await;
        for (tag, operation) in refused {
            client.refused(tag, &operation).await;
        }
        assert_eq!(switch.running_xml(), before);
    }
}

#[tokio::test]
async fn a_plain_candidate_commits() {
    let switch = switch(Mode::CandidatePlain).await;
    let mut client = Client::open(&switch.handle()).await;
    client.ok(LOCK).await;
    client.ok(&edit("candidate", &described("Ethernet1", "new"))).await;
    assert!(!switch.running_xml().contains("new"));
    client.ok(COMMIT).await;
    assert!(switch.running_xml().contains("new"));
}

#[tokio::test]
async fn an_edit_of_running_happens_wholly_or_not_at_all() {
    let switch = switch(Mode::Running).await;
    let mut client = Client::open(&switch.handle()).await;
    let before = switch.running_xml();
    let access = switched("<config><access-vlan>5</access-vlan></config>");
    let half = described("Ethernet1", "x").replace("</interfaces>", "")
        + port("Ethernet2", &access).split_once('>').unwrap().1;
    let reply = client.refused("unknown-element", &edit("running", &half)).await;
    assert!(reply.contains("[oc-if:name='Ethernet2']"), "{reply}");
    assert_eq!(switch.running_xml(), before);
    client.ok(&edit("running", &described("Ethernet1", "x"))).await;
    assert_ne!(switch.running_xml(), before);
}

#[tokio::test]
async fn running_persists_by_itself_unless_there_is_a_startup() {
    for (mode, copy, survives) in
        [(Mode::Running, false, true), (Mode::RunningStartup, false, false), (Mode::RunningStartup, true, true)]
    {
        let switch = switch(mode).await;
        let mut client = Client::open(&switch.handle()).await;
        client.ok(&edit("running", &described("Ethernet1", "new"))).await;
        if copy {
            client.ok(COPY).await;
            assert!(switch.handle().xml(Datastore::Startup).contains("new"));
        }
        switch.handle().reboot();
        assert_eq!(client.receive().await, None);
        assert_eq!(switch.running_xml().contains("new"), survives, "{mode:?} {copy}");
    }
}

#[tokio::test]
async fn without_base_11_there_are_no_chunks() {
    let switch = start(Options { base_11: false, ..Options::default() }).await;
    let mut client = Client::open(&switch.handle()).await;
    assert!(!client.hello.contains("base:1.1"));
    client.ok(LOCK).await;
}

#[tokio::test]
async fn a_client_without_base_11_gets_no_chunks() {
    let switch = switch(Mode::Candidate).await;
    let mut client = Client::over(connect(&switch.handle()), false).await.unwrap();
    client.ok(LOCK).await;
}

fn quirk(quirks: Quirks) -> Options {
    Options { quirks, ..Options::default() }
}

#[tokio::test]
async fn a_switch_may_announce_base_11_and_not_speak_it() {
    let switch = start(quirk(Quirks { announces_11_but_speaks_10: true, ..Quirks::default() })).await;
    let mut client = Client::open(&switch.handle()).await;
    client.never_chunked();
    client.ok(LOCK).await;
    // Chunks are not answered but end the session.
    client.write_raw(b"\n#4\n<a/>\n##\n").await;
    assert_eq!(client.receive().await, None);
}

#[tokio::test]
async fn a_switch_may_report_defaults_nobody_set() {
    let switch = start(quirk(Quirks { report_all_defaults: true, ..Quirks::default() })).await;
    let mut client = Client::open(&switch.handle()).await;
    assert!(client.hello.contains("with-defaults:1.0?basic-mode=report-all"));
    let enabled = "<enabled nc:operation='remove'/>";
    let xml = port("Ethernet1", &format!("<config>{enabled}</config>"));
    client.ok(&edit("candidate", &xml)).await;
    client.ok(COMMIT).await;
    assert_eq!(switch.running_xml().matches("<enabled>").count(), 3);
    assert_eq!(client.rpc(GET).await.matches("<enabled>true</enabled>").count(), 4);
}

#[tokio::test]
async fn a_switch_may_leave_out_what_was_set_to_its_default() {
    let switch = start(quirk(Quirks { trims_defaults: true, ..Quirks::default() })).await;
    let mut client = Client::open(&switch.handle()).await;
    assert!(client.hello.contains("with-defaults:1.0?basic-mode=trim"));
    assert_eq!(switch.running_xml().matches("<enabled>true</enabled>").count(), 4);
    assert_eq!(client.rpc(GET).await.matches("<enabled>").count(), 0);
    client.ok(&edit("candidate", &port("Ethernet1", "<config><enabled>false</enabled></config>"))).await;
    client.ok(COMMIT).await;
    assert_eq!(client.rpc(GET).await.matches("<enabled>false</enabled>").count(), 1);
}

#[tokio::test]
async fn a_switch_may_leave_the_message_id_out() {
    let switch = start(quirk(Quirks { no_message_id: true, ..Quirks::default() })).await;
    let mut client = Client::open(&switch.handle()).await;
    let reply = client.try_rpc(LOCK).await.unwrap();
    assert!(reply.contains("<ok/>") && !reply.contains("message-id"), "{reply}");
}

#[tokio::test]
async fn a_switch_may_ignore_an_operation_without_namespace() {
    let switch = start(quirk(Quirks { ignores_unqualified_operation: true, ..Quirks::default() })).await;
    let mut client = Client::open(&switch.handle()).await;
    let xml = described("Ethernet1", "x").replace("<description>", "<description operation='delete'>");
    client.ok(&edit("candidate", &xml)).await;
    client.ok(COMMIT).await;
    assert!(switch.running_xml().contains("<description>x</description>"), "the delete was a merge");
}
