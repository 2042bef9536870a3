//! Hellos as devices really send them.

use super::*;

fn parse(text: &str) -> Result<ServerHello, HelloError> {
    ServerHello::parse(text.as_bytes(), Limits::default())
}

fn announcing(capabilities: &[&str]) -> ServerHello {
    let list: String = capabilities.iter().map(|c| format!("<capability>{c}</capability>")).collect();
    parse(&format!("<hello xmlns='{BASE_NS}'><capabilities>{list}</capabilities><session-id>7</session-id></hello>"))
        .unwrap()
}

#[test]
fn the_client_announces_both_bases_unless_told_otherwise() {
    let both = parse(&client_hello(true)).unwrap();
    assert_eq!(*both.capabilities, [BASE_1_0, BASE_1_1]);
    assert_eq!(both.session_id, None, "only the server may send a session-id");
    assert_eq!(*parse(&client_hello(false)).unwrap().capabilities, [BASE_1_0]);
}

#[test]
fn nothing_announced_means_nothing_supported() {
    let hello = announcing(&[BASE_1_0]);
    assert!(!hello.has_base_1_1() && !hello.candidate() && !hello.writable_running());
    assert!(!hello.rollback_on_error() && !hello.validate() && !hello.startup() && !hello.xpath());
    assert_eq!(hello.confirmed_commit(), ConfirmedCommitVersion::None);
    assert_eq!((hello.with_defaults(), hello.url(), hello.module("x")), (None, None, None));
    assert_eq!(hello.session_id, Some(7));
}

#[test]
fn capabilities_are_questions_with_typed_answers() {
    let prefix = "urn:ietf:params:netconf:capability";
    let hello = announcing(&[
        BASE_1_1,
        &format!("{prefix}:candidate:1.0"),
        &format!("{prefix}:confirmed-commit:1.0"),
        &format!("{prefix}:confirmed-commit:1.1"),
        &format!("{prefix}:writable-running:1.0"),
        &format!("{prefix}:rollback-on-error:1.0"),
        &format!("{prefix}:validate:1.1"),
        &format!("{prefix}:startup:1.0"),
        &format!("{prefix}:xpath:1.0"),
        &format!("{prefix}:url:1.0?scheme=ftp,file"),
        &format!("{prefix}:with-defaults:1.0?basic-mode=explicit&amp;also-supported=report-all,trim,odd"),
    ]);
    assert!(hello.has_base_1_1() && hello.candidate() && hello.writable_running());
    assert!(hello.rollback_on_error() && hello.validate_1_1() && hello.startup() && hello.xpath());
    assert_eq!(hello.confirmed_commit(), ConfirmedCommitVersion::V1_1);
    assert_eq!(hello.url(), Some(vec!["ftp".to_owned(), "file".to_owned()]));
    let defaults = hello.with_defaults().unwrap();
    assert_eq!(defaults.basic, DefaultsMode::Explicit);
    assert_eq!(defaults.also, [DefaultsMode::ReportAll, DefaultsMode::Trim]);
}

#[test]
fn old_and_misspelled_capabilities_are_understood() {
    let hello = announcing(&[
        "urn:ietf:params:xml:ns:netconf:base:1.0",
        "urn:ietf:params:xml:ns:netconf:base:1.1",
        "urn:ietf:params:netconf:capability:writeable-running:1.0",
        "urn:ietf:params:xml:ns:netconf:capability:candidate:1.0",
        "urn:ietf:params:netconf:capability:confirmed-commit:1.0",
        "urn:ietf:params:netconf:capability:validate:1.0",
    ]);
    assert!(hello.has_base_1_1() && hello.writable_running() && hello.candidate() && hello.validate());
    assert!(!hello.validate_1_1());
    assert_eq!(hello.confirmed_commit(), ConfirmedCommitVersion::V1_0);
}

#[test]
fn modules_are_found_by_name() {
    let hello = announcing(&[
        "http://openconfig.net/yang/vlan?module=openconfig-vlan&amp;revision=2019-04-16&amp;features=a,b&amp;deviations=dev-vlan",
        "http://openconfig.net/yang/interfaces?module=openconfig-interfaces&amp;amp;revision=2021-04-06",
        "urn:x?module=openconfig-vlan-types",
    ]);
    let vlan = hello.module("openconfig-vlan").unwrap();
    assert_eq!(vlan.namespace, "http://openconfig.net/yang/vlan");
    assert_eq!(vlan.revision.as_deref(), Some("2019-04-16"));
    assert_eq!((vlan.features, vlan.deviations), (vec!["a".to_owned(), "b".to_owned()], vec!["dev-vlan".to_owned()]));
    let interfaces = hello.module("openconfig-interfaces").unwrap();
    assert_eq!(interfaces.revision.as_deref(), Some("2021-04-06"));
    assert_eq!(hello.module("openconfig-vlan-types").unwrap().revision, None);
    assert_eq!(hello.module("openconfig"), None);
}

#[test]
fn broken_tags_and_foreign_encodings_are_read() {
    let broken = "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<nc:hello xmlns:nc=\"urn:ietf:params:xml:ns:netconf:base:1.0\">\
        <nc:capabilities><nc:capability>urn:ietf:params:netconf:base:1.1</nc:capabil\n\nity>\
        <nc:capability>\n urn:ietf:params:netconf:cap\n\nability:candidate:1.0 </nc:capability>\
        </nc:capabil\nities><nc:session-id> 12 </nc:session-id></nc:hello>";
    let hello = parse(broken).unwrap();
    assert!(hello.has_base_1_1() && hello.candidate());
    assert_eq!(hello.session_id, Some(12));
}

#[test]
fn a_hello_in_a_strange_namespace_with_a_strange_session_id_is_accepted() {
    let hello = parse("<hello xmlns='x'><capabilities/><session-id>abc</session-id></hello>").unwrap();
    assert_eq!((hello.session_id, hello.capabilities.len()), (None, 0));
}

#[test]
fn errors_in_place_of_capabilities_are_reported() {
    let error = "<rpc-error><error-tag>resource-denied</error-tag><error-severity>error</error-severity>\
        <error-message>too many sessions</error-message></rpc-error>";
    for text in [format!("<hello>{error}</hello>"), format!("<rpc-reply>{error}</rpc-reply>"), error.to_owned()] {
        let Err(HelloError::Refused(refusal)) = parse(&text) else { panic!("{text}") };
        assert_eq!(refusal.message.as_deref(), Some("too many sessions"));
    }
    let both = format!("<hello><capabilities><capability>{BASE_1_0}</capability></capabilities>{error}</hello>");
    assert_eq!(parse(&both).unwrap().remarks.len(), 1);
}

#[test]
fn anything_else_is_no_hello() {
    assert_eq!(parse("<rpc-reply/>"), Err(HelloError::NotHello("rpc-reply".to_owned())));
    assert!(matches!(parse("Permission denied"), Err(HelloError::Xml(_))));
    assert!(parse("<a\u{7f}/>").unwrap_err().to_string().contains("<a\\u{7f}>"));
}
