//! Whether a switch looks at the entity tags that it shows, and what becomes of a session whose
//! switch does not say.

use std::sync::{Arc, Mutex};

use mercury_adapter::{RestconfDialect, Session, Step, Trust};
use mercury_model::{InterfaceScope, Scope, SwitchedVlan, VlanScope};
use serde_json::{Value as Json, json};

use crate::{
    device::Device,
    dialect,
    face::{AboutTags, Face, WITHIN, running, session_over_sockets, session_with},
    os10::id,
};

/// An OpenConfig switch whose tags somebody knows.
fn exact() -> RestconfDialect {
    RestconfDialect { revision: Trust::Exact, ..dialect("openconfig").restconf.clone().unwrap() }
}

fn shows(data: &Json, uri: &str) -> (u16, String) {
    let (resource, query) = uri.split_once('?').unwrap_or((uri, ""));
    let interfaces = &data["interfaces"];
    match resource {
        "/data/ietf-restconf-monitoring:restconf-state/capabilities" => {
            let all = ["fields", "yang-patch"].map(|name| format!("urn:ietf:params:restconf:capability:{name}:1.0"));
            (200, json!({ "ietf-restconf-monitoring:capabilities": { "capability": all } }).to_string())
        }
        "/data" if query.contains("fields=") => {
            let data = json!({ "openconfig-interfaces:interfaces": interfaces,
                "openconfig-network-instance:network-instances": data["network-instances"] });
            (200, json!({ "ietf-restconf:data": data }).to_string())
        }
        "/data/openconfig-interfaces:interfaces/interface=Ethernet1" => {
            (200, json!({ "openconfig-interfaces:interface": [interfaces["interface"][0]] }).to_string())
        }
        _ => (404, String::new()),
    }
}

/// Other people's port, and one that is to be read.
fn switch(about_tags: AboutTags) -> Arc<Mutex<Face>> {
    let port = |name: &str, vlan: u16| {
        json!({ "name": name, "config": { "name": name, "description": "theirs" }, "ethernet": { "switched-vlan": {
            "config": { "interface-mode": "ACCESS", "access-vlan": vlan } } } })
    };
    let vlan = json!({ "vlan-id": 100, "config": { "vlan-id": 100, "name": "servers" } });
    let data = json!({ "interfaces": { "interface": [port("Ethernet1", 100), port("Ethernet2", 200)] },
        "network-instances": { "network-instance": [{ "name": "default", "vlans": { "vlan": [vlan] } }] } });
    let mut face = Face::new(shows, true, Device { data, patches: true, becomes: None });
    face.about_tags = about_tags;
    Arc::new(Mutex::new(face))
}

fn scope(vlans: &[u16]) -> Scope {
    let vlans = VlanScope::Named(vlans.iter().copied().map(id).collect());
    let interfaces = InterfaceScope::Named(["Ethernet1".parse().unwrap()].into());
    Scope { interfaces, vlans, ..Scope::default() }
}

/// Reads, and says whether the next change is held to that, and how often it was asked about tags.
async fn read(session: &mut dyn Session, switch: &Arc<Mutex<Face>>, scope: &Scope) -> (bool, Vec<String>) {
    let before = switch.lock().unwrap().asked.len();
    let read = running(&session.flight(&[Step::Read(scope.clone())], WITHIN).await);
    let port = &read.config.interfaces[&"Ethernet1".parse().unwrap()];
    assert_eq!(port.switched_vlan, Some(SwitchedVlan::access(id(100))));
    let asked = switch.lock().unwrap().asked.split_off(before);
    let about: Vec<_> = asked.iter().filter(|line| line.contains("depth=1")).cloned().collect();
    let words = about.iter().map(|line| line.split(' ').next().unwrap().to_owned());
    (session.holds_to(scope), words.collect())
}

#[tokio::test(start_paused = true)]
async fn a_switch_is_asked_once_whether_it_looks_at_tags_and_no_answer_loses_nothing() {
    for (about_tags, holds, asked) in [
        (AboutTags::Looks, true, &["HEAD"][..]),
        (AboutTags::Blind, false, &["HEAD"]),
        (AboutTags::HasNoHead, true, &["HEAD", "GET"]),
        (AboutTags::Silent, false, &["HEAD"]),
    ] {
        let switch = switch(about_tags);
        let mut session = session_with(&exact(), &switch).await;
        let begun = tokio::time::Instant::now();
        let asked = asked.iter().map(|word| (*word).to_owned()).collect();
        assert_eq!(read(&mut *session, &switch, &scope(&[100])).await, (holds, asked));
        assert!(begun.elapsed() < WITHIN / 4, "{:?}", begun.elapsed());
        if about_tags != AboutTags::Silent {
            assert_eq!(read(&mut *session, &switch, &scope(&[100])).await, (holds, Vec::new()));
        }
    }
}

/// The session goes on, over another connection, and does not ask again.
#[tokio::test]
async fn a_switch_that_hangs_up_when_it_is_asked_about_tags_is_read_on_and_not_asked_again() {
    let switch = switch(AboutTags::HangsUp);
    let mut session = session_over_sockets(exact(), &switch).await;
    assert_eq!(read(&mut *session, &switch, &scope(&[100])).await, (false, vec!["HEAD".to_owned()]));
    assert!(session.is_usable());
    assert_eq!(read(&mut *session, &switch, &scope(&[100])).await, (false, Vec::new()));
}

/// Its tag is that of an entry, which no patch goes to.
#[tokio::test]
async fn nothing_is_held_to_what_one_entry_alone_told() {
    let switch = switch(AboutTags::Looks);
    let mut alone = exact();
    // Nothing of a port lies elsewhere, so that it is read by itself.
    Arc::make_mut(&mut alone.tree).lists.clear();
    let mut session = session_with(&alone, &switch).await;
    assert_eq!(read(&mut *session, &switch, &scope(&[])).await, (false, Vec::new()));
    assert!(read(&mut *session, &switch, &scope(&[100])).await.0);
}

/// What nobody knows of is not relied on.
#[tokio::test]
async fn tags_of_an_openconfig_switch_of_unknown_make_are_not_exact() {
    let switch = switch(AboutTags::Looks);
    let mut session = session_with(dialect("openconfig").restconf.as_ref().unwrap(), &switch).await;
    assert_eq!(read(&mut *session, &switch, &scope(&[100])).await, (false, Vec::new()));
    assert!(!session.may_hold());
}
