use mercury_adapter::Budget;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

use super::*;
use crate::{
    client::ClientOptions,
    framing::{Decoder, encode_eom},
    message::Inbound,
    xml::Limits,
};

const WAIT: Duration = Duration::from_secs(20);

/// A server that answers each operation by its first element's name.
async fn serve(mut stream: DuplexStream, capabilities: String, answer: fn(&Element) -> String) {
    let hello = format!(
        "<hello xmlns='urn:ietf:params:xml:ns:netconf:base:1.0'><capabilities>\
         <capability>urn:ietf:params:netconf:base:1.0</capability>{capabilities}</capabilities>\
         <session-id>4</session-id></hello>"
    );
    stream.write_all(&encode_eom(hello.as_bytes())).await.unwrap();
    let (mut decoder, mut buffer) = (Decoder::new(1 << 20), [0; 4096]);
    loop {
        while let Some(message) = decoder.next_message().unwrap() {
            let asked = Element::parse(&message, Limits::default()).unwrap();
            let Some(id) = asked.attribute("message-id") else { continue };
            let answer = answer(asked.elements().next().unwrap());
            let reply = format!("<rpc-reply message-id='{id}'>{answer}</rpc-reply>");
            stream.write_all(&encode_eom(reply.as_bytes())).await.unwrap();
        }
        match stream.read(&mut buffer).await.unwrap() {
            0 => return,
            read => decoder.push(&buffer[..read]),
        }
    }
}

async fn session(capabilities: &str, answer: fn(&Element) -> String) -> NetconfModules<DuplexStream> {
    let (ours, theirs) = duplex(1 << 16);
    tokio::spawn(serve(theirs, capabilities.to_owned(), answer));
    NetconfModules::new(Client::connect(ours, ClientOptions::default()).await.unwrap())
}

const LIBRARY: &str = "<capability>urn:ietf:params:netconf:capability:yang-library:1.1?revision=2019-01-04&amp;\
                       content-id=1</capability>";

fn module(name: &str, revision: Option<&str>) -> YangModule {
    YangModule { name: name.to_owned(), revision: revision.map(str::to_owned), ..YangModule::default() }
}

fn told(asked: &Element) -> String {
    let text = asked.to_xml().unwrap();
    let data = match () {
        () if text.contains("netconf-state") => {
            "<netconf-state><schemas>
               <schema><identifier>a</identifier><version>2024-01-01</version><format>yang</format></schema>
               <schema><identifier>a</identifier><version>2024-01-01</version><format>yin</format></schema>
               <schema><identifier>types</identifier><version/><format>ncm:yang</format></schema>
             </schemas></netconf-state>"
        }
        () if text.contains("modules-state") => "",
        () => {
            "<yang-library><module-set><name>all</name>
               <module><name>a</name><revision>2024-01-01</revision><namespace>urn:a</namespace>
                 <feature>fast</feature><feature>wide</feature><deviation>a-devs</deviation>
                 <submodule><name>a-part</name><revision>2023-01-01</revision></submodule></module>
               <import-only-module><name>b-types</name><revision>2022-01-01</revision></import-only-module>
             </module-set></yang-library>"
        }
    };
    format!("<data>{data}</data>")
}

#[tokio::test]
async fn what_library_and_schemas_say_is_put_together() {
    let listed = session(LIBRARY, told).await.list(WAIT).await.unwrap();
    assert_eq!((listed.told_by.as_slice(), listed.untold), (["yang-library", "netconf-monitoring"].as_slice(), None));
    let own = YangModule {
        namespace: "urn:a".to_owned(),
        features: vec!["fast".to_owned(), "wide".to_owned()],
        deviations: vec!["a-devs".to_owned()],
        ..module("a", Some("2024-01-01"))
    };
    let part = YangModule { part_of: Some("a".to_owned()), ..module("a-part", Some("2023-01-01")) };
    let imported = |module: YangModule| YangModule { import_only: true, ..module };
    let others = [imported(module("b-types", Some("2022-01-01"))), imported(module("types", None))];
    assert_eq!(listed.modules, [vec![own, part], others.to_vec()].concat());
}

#[test]
fn the_library_of_rfc_7895_is_read() {
    let data = "<rpc-reply message-id='1'><data><modules-state><module-set-id>1</module-set-id>
        <module><name>a</name><revision>2024-01-01</revision><feature>fast</feature>
          <deviation><name>a-devs</name><revision>2024-02-02</revision></deviation>
          <conformance-type>implement</conformance-type></module>
        <module><name>b</name><revision></revision><conformance-type>import</conformance-type></module>
        </modules-state></data></rpc-reply>";
    let share = Budget::new(0).share(mercury_adapter::MAX_REPLY);
    let Ok(Inbound::Reply(reply)) = Inbound::parse(data.into(), Limits::default(), share) else { panic!("no reply") };
    let found = reply.data.unwrap().with_tree(library_of).unwrap();
    let own = YangModule {
        features: vec!["fast".to_owned()],
        deviations: vec!["a-devs".to_owned()],
        ..module("a", Some("2024-01-01"))
    };
    assert_eq!(found, [own, YangModule { import_only: true, ..module("b", None) }]);
}

#[tokio::test]
async fn a_hello_tells_of_modules_and_of_no_text() {
    let hello = "<capability>urn:a?module=a&amp;revision=2024-01-01&amp;features=x,y&amp;deviations=d</capability>";
    let listed = session(hello, |_| "<data/>".to_owned()).await.list(WAIT).await.unwrap();
    let own = YangModule {
        namespace: "urn:a".to_owned(),
        features: vec!["x".to_owned(), "y".to_owned()],
        deviations: vec!["d".to_owned()],
        ..module("a", Some("2024-01-01"))
    };
    assert_eq!((listed.modules.as_slice(), listed.told_by.as_slice()), ([own].as_slice(), ["hello"].as_slice()));
    assert!(listed.untold.unwrap().contains("RFC 6022"));
}

#[tokio::test]
async fn texts_come_in_order_and_one_that_is_refused_leaves_the_others() {
    let answer = |asked: &Element| match asked.value_at(&["identifier"]) {
        Some("a") => {
            assert_eq!(asked.value_at(&["version"]), Some("2024-01-01"));
            assert_eq!((asked.name.as_str(), asked.value_at(&["format"])), ("get-schema", Some("yang")));
            format!("<data xmlns='{}'>module a {{ pattern \"&lt;x&gt;\"; }}</data>", monitoring::NS)
        }
        Some("c") => {
            assert_eq!(asked.value_at(&["version"]), None);
            "<data><![CDATA[module c { a \"<\"; }]]></data>".to_owned()
        }
        _ => "<rpc-error><error-severity>error</error-severity><error-tag>invalid-value</error-tag></rpc-error>".into(),
    };
    let asked = [module("a", Some("2024-01-01")), module("b", None), module("c", None)];
    let texts = session("", answer).await.texts(&asked, WAIT).await.unwrap();
    let texts: Vec<_> = texts.iter().map(|text| text.as_deref().map_err(|refusal| refusal.errors().len())).collect();
    assert_eq!(texts, [Ok("module a { pattern \"<x>\"; }"), Err(1), Ok("module c { a \"<\"; }")]);
}
