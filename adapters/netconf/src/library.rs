//! What a server's YANG library says of its modules (RFC 7895, RFC 8525). Those
//! of YANG 1.1 are in no hello (RFC 7950 section 5.6.4).

use mercury_adapter::Data;

use crate::{operation, xml::Element};

pub(crate) const NS: &str = "urn:ietf:params:xml:ns:yang:ietf-yang-library";

/// `<get>` for the revisions of these modules, in the library's older form and
/// its newer.
pub(crate) fn question<'a>(modules: impl Iterator<Item = &'a str>) -> Element {
    let entry = |module: &str| {
        let entry = Element::new(NS, "module").leaf("name", module);
        entry.child(Element::new(NS, "revision"))
    };
    let entries: Vec<Element> = modules.map(entry).collect();
    let newer = Element::new(NS, "module-set").children(entries.iter().cloned());
    let older = Element::new(NS, "modules-state").children(entries);
    operation::get(vec![older, Element::new(NS, "yang-library").child(newer)], None)
}

/// A module's revision, wherever it is listed.
pub(crate) fn revision<D: Data>(data: &D, module: &str) -> Option<String> {
    data.below().find_map(|node| {
        let value = |name: &str| node.below().find(|below| below.name() == name).map(D::value);
        if node.name() == "module" && value("name") == Some(module) {
            return value("revision").map(str::to_owned);
        }
        revision(node, module)
    })
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use mercury_adapter::{NetconfDialect, Session, Step};
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use crate::{
        NetconfSession,
        client::{Client, ClientOptions},
        framing::{Decoder, encode_eom},
        xml::{Element, Limits},
    };

    const WAIT: Duration = Duration::from_secs(20);

    fn iosxe() -> Arc<NetconfDialect> {
        let dialect = mercury_adapter::builtin().unwrap().into_iter().find(|one| one.name == "cisco_iosxe").unwrap();
        Arc::new(dialect.netconf.clone().unwrap())
    }

    /// The next message of a client without chunked framing.
    async fn next(stream: &mut DuplexStream, decoder: &mut Decoder) -> Option<Element> {
        loop {
            if let Some(message) = decoder.next_message().unwrap() {
                return Some(Element::parse(&message, Limits::default()).unwrap());
            }
            let mut buffer = [0; 4096];
            let read = stream.read(&mut buffer).await.unwrap();
            if read == 0 {
                return None;
            }
            decoder.push(&buffer[..read]);
        }
    }

    /// A server with these capabilities that answers a question with this data;
    /// gives what was asked.
    async fn serve(mut stream: DuplexStream, capabilities: &str, data: &str) -> Option<Element> {
        let hello = format!(
            "<hello xmlns='urn:ietf:params:xml:ns:netconf:base:1.0'><capabilities>\
             <capability>urn:ietf:params:netconf:base:1.0</capability>\
             <capability>urn:ietf:params:netconf:capability:candidate:1.0</capability>{capabilities}</capabilities>\
             <session-id>4</session-id></hello>"
        );
        stream.write_all(&encode_eom(hello.as_bytes())).await.unwrap();
        let mut decoder = Decoder::new(1 << 20);
        next(&mut stream, &mut decoder).await.unwrap();
        let asked = next(&mut stream, &mut decoder).await?;
        let id = asked.attribute("message-id").unwrap();
        let reply = format!("<rpc-reply message-id='{id}'><data>{data}</data></rpc-reply>");
        stream.write_all(&encode_eom(reply.as_bytes())).await.unwrap();
        Some(asked)
    }

    async fn variant(capabilities: &'static str, data: &'static str) -> (Option<usize>, bool, Option<Element>) {
        let (ours, theirs) = duplex(1 << 16);
        let server = tokio::spawn(async move { serve(theirs, capabilities, data).await });
        let client = Client::connect(ours, ClientOptions::default()).await.unwrap();
        let mut session = NetconfSession::new(client, &iosxe(), "default".to_owned(), true).unwrap();
        session.learn(WAIT).await.unwrap();
        let (variant, reads_also) = (session.capabilities().variant, session.reads_other_forms());
        drop(session);
        (variant, reads_also, server.await.unwrap())
    }

    const LIBRARY: &str = "<capability>urn:ietf:params:netconf:capability:yang-library:1.0?revision=2019-01-04\
                           &amp;module-set-id=1</capability>";

    #[tokio::test]
    async fn the_revisions_in_the_hello_say_which_form_a_switch_speaks() {
        const EARLIER: &str = "<capability>http://cisco.com/ns/yang/Cisco-IOS-XE-switch?module=Cisco-IOS-XE-switch\
                               &amp;revision=2021-07-01</capability><capability>http://cisco.com/ns/yang/\
                               Cisco-IOS-XE-spanning-tree?module=Cisco-IOS-XE-spanning-tree&amp;revision=2019-07-01\
                               </capability>";
        let (variant, reads_also, asked) = variant(EARLIER, "").await;
        assert_eq!((variant, reads_also), (Some(iosxe().variants.len()), true));
        assert!(asked.is_none(), "{asked:?}");
    }

    #[tokio::test]
    async fn what_no_hello_names_is_asked_of_the_library_once() {
        for (switch, tree, expected) in [
            ("2022-11-01", "2022-11-01", iosxe().variants.len()),
            ("2023-11-01", "2023-11-01", iosxe().variants.len() - 1),
            ("2025-07-01", "2025-07-01", 0),
        ] {
            let entry = |name: &str, revision: &str| {
                format!("<module><name>Cisco-IOS-XE-{name}</name><revision>{revision}</revision></module>")
            };
            let entries = entry("switch", switch) + &entry("spanning-tree", tree);
            let newer = format!("<yang-library><module-set><name>a</name>{entries}</module-set></yang-library>");
            for data in [format!("<modules-state>{entries}</modules-state>"), newer] {
                let (variant, reads_also, asked) = variant(LIBRARY, data.leak()).await;
                assert_eq!((variant, reads_also), (Some(expected), true), "{switch}");
                assert!(asked.unwrap().to_xml().unwrap().contains("<name>Cisco-IOS-XE-switch</name>"));
            }
        }
    }

    #[tokio::test]
    async fn a_switch_that_does_not_tell_is_written_to_as_the_newest_and_read_with_care() {
        for (capabilities, data) in [("", ""), (LIBRARY, "")] {
            let (variant, reads_also, _) = variant(capabilities, data).await;
            assert_eq!((variant, reads_also), (None, false), "{capabilities}");
        }
    }

    /// IOS-XE announces no startup and has an operation of its own.
    #[tokio::test]
    async fn what_has_no_startup_is_saved_by_the_dialects_own_operation() {
        const IA: &str =
            "<capability>http://cisco.com/yang/cisco-ia?module=cisco-ia&amp;revision=2024-07-01</capability>";
        const STARTUP: &str = "<capability>urn:ietf:params:netconf:capability:startup:1.0</capability>";
        for (capabilities, saved) in [
            ("", None),
            (IA, Some("save-config")),
            (STARTUP, Some("copy-config")),
            (
                "<capability>http://cisco.com/yang/cisco-ia?module=cisco-ia</capability>\
              <capability>urn:ietf:params:netconf:capability:startup:1.0</capability>",
                Some("copy-config"),
            ),
        ] {
            let (ours, theirs) = duplex(1 << 16);
            let server = tokio::spawn(async move { serve(theirs, capabilities, "").await });
            let client = Client::connect(ours, ClientOptions::default()).await.unwrap();
            let mut session = NetconfSession::new(client, &iosxe(), "default".to_owned(), true).unwrap();
            assert_eq!(session.capabilities().startup, saved.is_some(), "{capabilities}");
            let Some(saved) = saved else { continue };
            assert!(session.flight(&[Step::Save], WAIT).await.results[0].is_ok());
            drop(session);
            let asked = server.await.unwrap().unwrap();
            assert_eq!(asked.elements().next().unwrap().name, saved);
        }
    }
}
