//! Who tells no state of VNIs is asked again, or not, and its configuration is read.

use std::time::Duration;

use mercury_adapter::{Answer, Session as _, Step, builtin};
use mercury_model::Scope;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

use crate::{
    client::{Client, ClientOptions},
    framing::{Decoder, encode_eom},
    session::NetconfSession,
    xml::{Element, Limits},
};

const BASE: &str = "urn:ietf:params:xml:ns:netconf:base:1.0";
const CONFIG: &str = "<data><interfaces xmlns='http://openconfig.net/yang/interfaces'><interface><name>Ethernet1</name>\
    <config><name>Ethernet1</name></config></interface></interfaces></data>";

/// Answers every `<get-config>`, and each `<get>` with the next of these, or not at all.
/// Gives how often that was asked.
async fn serve(mut stream: DuplexStream, states: [Option<&'static str>; 4]) -> usize {
    let capability = |name: &str| format!("<capability>urn:ietf:params:netconf:{name}</capability>");
    let capabilities = capability("base:1.0") + &capability("capability:candidate:1.0");
    let hello =
        format!("<hello xmlns='{BASE}'><capabilities>{capabilities}</capabilities><session-id>4</session-id></hello>");
    stream.write_all(&encode_eom(hello.as_bytes())).await.unwrap();
    let (mut decoder, mut asked, mut greeted) = (Decoder::new(1 << 20), 0, false);
    loop {
        let mut buffer = [0; 4096];
        let read = stream.read(&mut buffer).await.unwrap();
        if read == 0 {
            return asked;
        }
        decoder.push(&buffer[..read]);
        while let Some(message) = decoder.next_message().unwrap() {
            if !std::mem::replace(&mut greeted, true) {
                continue;
            }
            let rpc = Element::parse(&message, Limits::default()).unwrap();
            let body = match rpc.elements().next().unwrap().name.as_str() {
                "get" => {
                    asked += 1;
                    states[asked - 1]
                }
                _ => Some(CONFIG),
            };
            let Some(body) = body else { continue };
            let id = rpc.attribute("message-id").unwrap();
            let reply = format!("<rpc-reply xmlns='{BASE}' message-id='{id}'>{body}</rpc-reply>");
            stream.write_all(&encode_eom(reply.as_bytes())).await.unwrap();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_sticks_only_where_it_says_that_there_is_no_such_thing() {
    let error = "<rpc-error><error-type>application</error-type><error-tag>TAG</error-tag><error-severity>error\
        </error-severity></rpc-error>";
    let error = |tag: &str| -> &'static str { error.replace("TAG", tag).leak() };
    let (busy, unknown) = (error("resource-denied"), error("unknown-element"));
    for (states, asked) in [
        ([Some(busy), Some(error("access-denied")), Some(unknown), Some(busy)], 3),
        ([Some(unknown); 4], 1),
        // One that hangs is let alone for a while.
        ([None; 4], 1),
        ([Some("<data><odd"), None, None, None], 1),
    ] {
        let (ours, theirs) = duplex(1 << 16);
        let server = tokio::spawn(serve(theirs, states));
        let all = builtin().unwrap();
        let dialect = all.iter().find(|one| one.name == "openconfig").unwrap().netconf.clone().unwrap();
        let client = Client::connect(ours, ClientOptions::default()).await.unwrap();
        let mut session = NetconfSession::new(client, &dialect, "default".to_owned(), true).unwrap();
        let step = Step::Read(Scope::all().with_overlays(true));
        for _ in 0..4 {
            let flight = session.flight(std::slice::from_ref(&step), Duration::from_secs(20)).await;
            if states[0] == Some("<data><odd") {
                // What is no XML is no session any more.
                assert!(flight.lost.is_some());
                break;
            }
            assert!(flight.lost.is_none(), "{flight:?}");
            let [Ok(Answer::Running(found))] = &flight.results[..] else { panic!("{flight:?}") };
            assert_eq!((found.interfaces.len(), found.overlay.states.len()), (1, 0));
        }
        drop(session);
        assert_eq!(server.await.unwrap(), asked, "{states:?}");
    }
}
