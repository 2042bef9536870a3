//! Replies as devices really send them.

use mercury_adapter::{Budget, Data as _, MAX_REPLY};

use super::*;

fn parse(text: &str) -> Result<Inbound, XmlError> {
    Inbound::parse(text.as_bytes().to_vec(), Limits::default(), Budget::new(0).share(MAX_REPLY))
}

fn reply(text: &str) -> Reply {
    match parse(text).unwrap() {
        Inbound::Reply(reply) => *reply,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_operation_inherits_the_base_namespace() {
    let lock = crate::operation::lock(crate::operation::Store::Candidate);
    assert_eq!(
        rpc("101", &lock).unwrap(),
        format!("<rpc xmlns=\"{BASE_NS}\" message-id=\"101\"><lock><target><candidate/></target></lock></rpc>")
    );
}

#[test]
fn an_error_is_read_completely() {
    let reply = reply(
        "<nc:rpc-reply xmlns:nc='urn:ietf:params:xml:ns:netconf:base:1.0' message-id='5'><nc:rpc-error>
           <nc:error-type>protocol</nc:error-type><nc:error-tag> lock-denied </nc:error-tag>
           <nc:error-severity>error</nc:error-severity><nc:error-app-tag>x:1</nc:error-app-tag>
           <nc:error-path xmlns:if='u'>/if:interfaces</nc:error-path>
           <nc:error-message xml:lang='en'>a &amp; b</nc:error-message>
           <nc:error-info><nc:session-id>454</nc:session-id></nc:error-info>
         </nc:rpc-error></nc:rpc-reply>",
    );
    assert!(!reply.is_success() && !reply.ok);
    assert_eq!(reply.message_id.as_deref(), Some("5"));
    let error = &reply.errors[0];
    assert_eq!(error.error_type, ErrorType::Protocol);
    assert_eq!(error.tag, ErrorTag::LockDenied);
    assert_eq!(error.app_tag.as_deref(), Some("x:1"));
    assert_eq!(error.path.as_deref(), Some("/if:interfaces"));
    assert_eq!(error.message.as_deref(), Some("a & b"));
    assert_eq!(error.lock_holder(), Some(454));
}

#[test]
fn an_ok_beside_an_error_is_no_success() {
    let reply =
        reply("<rpc-reply message-id='1'><ok/><rpc-error><error-tag>in-use</error-tag></rpc-error></rpc-reply>");
    assert!(reply.ok && !reply.is_success());
}

#[test]
fn warnings_do_not_fail_a_request_with_or_without_ok() {
    let warning = "<rpc-error><error-severity>warning</error-severity><error-message>w</error-message></rpc-error>";
    for text in [
        format!("<rpc-reply><ok/>{warning}</rpc-reply>"),
        format!("<rpc-reply>{warning}</rpc-reply>"),
        format!("<rpc-reply><load-configuration-results>{warning}<ok/></load-configuration-results></rpc-reply>"),
    ] {
        let reply = reply(&text);
        assert!(reply.is_success(), "{text}");
        assert_eq!(reply.warnings.len(), 1, "{text}");
        assert_eq!(reply.warnings[0].tag, ErrorTag::Other("untagged".to_owned()));
    }
}

#[test]
fn one_error_among_warnings_fails_the_request() {
    let one = |severity: &str| format!("<rpc-error><error-severity>{severity}</error-severity></rpc-error>");
    let reply =
        reply(&format!("<rpc-reply><x><y>{}</y></x>{}{}</rpc-reply>", one("error"), one("warning"), one("bogus")));
    assert_eq!((reply.errors.len(), reply.warnings.len()), (2, 1));
    assert!(!reply.is_success());
}

#[test]
fn the_refused_command_of_ios_xe_is_kept() {
    let reply = reply(
        "<rpc-reply message-id='1'><rpc-error><error-tag>invalid-value</error-tag>
         <error-info><severity xmlns='c'>error_cli</severity><bad-cli xmlns='c'>
         <bad-command>switchport trunk</bad-command><error-location>12</error-location></bad-cli></error-info>
         </rpc-error></rpc-reply>",
    );
    let info = &reply.errors[0].info;
    assert!(info.contains(&("bad-command".to_owned(), "switchport trunk".to_owned())));
    assert!(reply.errors[0].to_string().contains("bad-command: switchport trunk"));
}

#[test]
fn data_is_found_in_any_namespace_and_its_content_is_not_searched_for_errors() {
    let reply =
        reply("<rpc-reply><data xmlns='odd'><rpc-error><error-tag>x</error-tag></rpc-error></data></rpc-reply>");
    assert!(reply.is_success());
    let found = reply.data.unwrap().with_tree(|data| format!("{data:?}")).unwrap();
    assert_eq!(found, "<data><rpc-error><error-tag \"x\"></></>");
    assert_eq!(reply.message_id, None);
}

#[test]
fn a_bare_error_is_a_reply_and_a_notification_is_not() {
    assert_eq!(
        reply("<rpc-error><error-tag>malformed-message</error-tag></rpc-error>").errors[0].tag,
        ErrorTag::MalformedMessage
    );
    assert!(matches!(parse("<n:notification xmlns:n='x'/>"), Ok(Inbound::Notification)));
    assert!(matches!(parse("<hello/>"), Ok(Inbound::Other(name)) if name == "hello"));
    assert!(parse("<rpc-reply>").is_err());
}

/// The tree of a configuration is read as the one of a small message is.
#[test]
fn data_is_read_as_elements_are() {
    for (text, expected) in [
        ("<data/>", "<data \"\">"),
        ("<data> <a> x </a> </data>", "<data><a \"x\"></>"),
        ("<data><a>1 &amp; &#65;<![CDATA[<z>]]><!-- c --> e\r\n2</a></data>", "<data><a \"1 & A<z> e\\n2\"></>"),
        ("<data><p:a q:b='1'/><a>p:x</a></data>", "<data><a \"\"><a \"p:x\"></>"),
        ("<data>words <a>\u{1}2</a> words</data>", "<data><a \"2\"></>"),
    ] {
        let data = reply(&format!(" <?xml version='1.0'?>\n<rpc-reply><ok/>{text} </rpc-reply>\n")).data.unwrap();
        assert!(data.as_str().starts_with("<data") && data.as_str().ends_with('>'), "{}", data.as_str());
        assert_eq!(data.with_tree(|data| format!("{data:?}")).unwrap(), expected, "{text}");
    }
    let tagged =
        "<rpc-reply><data><m xmlns:w='u' w:default='t&amp;&#65;' xmlns='v'>1</m><e p:inactive='x'/></data></rpc-reply>";
    let found = reply(tagged).data.unwrap().with_tree(|data| {
        let mut below = data.below();
        let (first, second) = (below.next().unwrap(), below.next().unwrap());
        assert_eq!((first.attribute("default"), first.attribute("w"), first.value()), (Some("t&A"), None, "1"));
        second.attribute("inactive").map(str::to_owned)
    });
    assert_eq!(found.unwrap().as_deref(), Some("x"));
    let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><rpc-reply><data>caf\xe9</data></rpc-reply>".to_vec();
    let Ok(Inbound::Reply(reply)) = Inbound::parse(latin, Limits::default(), Budget::new(0).share(MAX_REPLY)) else {
        panic!("a reply");
    };
    assert_eq!(reply.data.unwrap().with_tree(|data| data.value().to_owned()).unwrap(), "caf\u{e9}");
}

#[test]
fn data_that_is_not_well_formed_is_an_error() {
    for bad in ["<a>", "</a>", "<a></b>", "<a", "<!DOCTYPE a>", "<a><![CDATA[x</a>"] {
        assert!(parse(&format!("<rpc-reply><data>{bad}</data></rpc-reply>")).is_err(), "{bad}");
    }
    let deep = "<a>".repeat(70) + &"</a>".repeat(70);
    assert!(parse(&format!("<rpc-reply><data>{deep}</data></rpc-reply>")).is_err());
    for bad in ["<a>&nbsp;</a>", "<a b=1/>", "<a b='1' b='2'/>", "<a b/>", "<a b='&nbsp;'/>"] {
        let data = reply(&format!("<rpc-reply><data>{bad}</data></rpc-reply>")).data.unwrap();
        assert!(matches!(data.with_tree(|_| ()), Err(DataError::Xml(XmlError::Malformed { .. }))), "{bad}");
    }
}

#[test]
fn what_lies_beside_the_data_is_bounded_and_the_data_is_not_counted() {
    let filler = "x".repeat(5 << 20);
    assert!(reply(&format!("<rpc-reply><data>{filler}</data></rpc-reply>")).data.is_some());
    assert!(parse(&format!("<rpc-reply><other>{filler}</other></rpc-reply>")).is_err());
    assert!(parse(&format!("<rpc-reply><data/><data>{filler}</data></rpc-reply>")).is_err());
    let many = "<a/>".repeat(200_000);
    assert!(reply(&format!("<rpc-reply><data>{many}</data></rpc-reply>")).data.is_some());
    assert!(parse(&format!("<rpc-reply>{many}</rpc-reply>")).is_err());
}

#[test]
fn what_a_hostile_device_sends_is_bounded() {
    let info = "<error-info><a>1</a></error-info>".repeat(500);
    let errors = format!("<rpc-error>{info}</rpc-error>").repeat(2);
    assert_eq!(reply(&format!("<rpc-reply>{errors}</rpc-reply>")).errors[0].info.len(), MAX_INFO);
    let many = format!("<rpc-reply>{}</rpc-reply>", "<rpc-error/>".repeat(5_000));
    assert_eq!(reply(&many).errors.len(), MAX_ERRORS);
}
