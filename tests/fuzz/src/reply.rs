//! Whatever a server says: hello, replies, XML, a running configuration.

use std::sync::{Arc, LazyLock};

use mercury_adapter::{Budget, Capabilities, Dialect, MAX_REPLY, Render};
use mercury_model::{Intended, Plan, Running, Scope, SwitchedVlan, VlanId};
use mercury_netconf::{
    EditConfig, Renderer, conformance,
    hello::ServerHello,
    message::{Inbound, ReplyData},
    operation,
    protocol::{FramingChoice, Protocol},
    xml::{Element, Limits, XmlError},
};

use crate::{
    bytes::{Bytes, cut},
    dialects::{dialects, inside, scopes, short},
};

static DIALECTS: LazyLock<Vec<Arc<Dialect>>> =
    LazyLock::new(|| dialects(3, |one| ["openconfig", "juniper_junos", "cisco_iosxe"].contains(&one.name.as_str())));

/// The first byte chooses between a session and a single document.
pub fn reply(data: &[u8]) {
    let mut bytes = Bytes::new(data);
    match bytes.byte() % 4 {
        0 | 1 => session(bytes),
        2 => {
            let rest = bytes.rest();
            if let Ok(element) = Element::parse(rest, limits()) {
                round_trip(&element);
                decode(&element);
            }
        }
        _ => {
            if let Ok(hello) = ServerHello::parse(bytes.rest(), limits()) {
                ask(&hello);
            }
        }
    }
}

fn limits() -> Limits {
    Limits { max_bytes: 1 << 20, ..Limits::default() }
}

/// The next byte says how many requests are outstanding and whether chunks are
/// refused, the one after it cuts; the rest is what the server sends.
fn session(mut bytes: Bytes<'_>) {
    let (plan, seed) = (bytes.byte(), bytes.byte());
    let choice = if plan & 0x80 == 0 { FramingChoice::Auto } else { FramingChoice::ForceEom };
    let mut outstanding = usize::from(plan % 8);
    let mut protocol = Protocol::new(choice, 1 << 20);
    let mut hello = None;
    for piece in cut(bytes.rest(), seed) {
        protocol.push(piece);
        if hello.is_none() {
            match protocol.poll_hello() {
                Ok(None) => continue,
                Ok(Some(said)) => {
                    ask(&said);
                    hello = Some(said);
                    for _ in 0..outstanding {
                        protocol.request(&operation::discard_changes()).unwrap();
                    }
                    if plan & 0x40 != 0 {
                        protocol.unheeded_request(&operation::discard_changes()).unwrap();
                    }
                }
                Err(error) => return shown(&error),
            }
        }
        loop {
            let message = match protocol.next_message() {
                Ok(None) => break,
                Ok(Some(message)) => message,
                Err(error) => return shown(&error),
            };
            let inbound = match Inbound::parse(message.into_octets(), limits(), Budget::new(0).share(MAX_REPLY)) {
                Ok(inbound) => inbound,
                Err(error) => return shown(&error),
            };
            match protocol.accept(inbound) {
                Ok(None) => {}
                Ok(Some((_, reply))) => {
                    outstanding = outstanding.checked_sub(1).expect("more replies than requests");
                    assert_eq!(reply.is_success(), reply.errors.is_empty());
                    assert!(reply.errors.iter().all(mercury_adapter::RpcError::is_error));
                    round_trip(&reply.element);
                    if let Some(data) = reply.data {
                        whole(data);
                    }
                }
                Err(error) => return shown(&error),
            }
        }
    }
}

/// An error is one line for a log, however long what caused it is.
fn shown(error: &dyn std::error::Error) {
    let text = error.to_string();
    assert!(text.len() < 1000, "an error of {} bytes", text.len());
    assert!(!text.chars().any(char::is_control), "a control character in {text:?}");
    if let Some(cause) = error.source() {
        // What the device itself said is shown elsewhere, and may be anything.
        if !cause.is::<mercury_adapter::RpcError>() {
            shown(cause);
        }
    }
}

fn ask(hello: &ServerHello) {
    let _ = (hello.confirmed_commit(), hello.validate(), hello.url(), hello.with_defaults());
    let _ = hello.module("openconfig-lacp");
    assert!(hello.capabilities.iter().all(|uri| !uri.contains(char::is_whitespace) && !uri.is_empty()));
}

/// What was read can be written and read again, or cannot be written because
/// a name is none.
fn round_trip(element: &Element) {
    for written in [element.to_xml(), element.to_pretty()] {
        match written {
            Ok(text) => {
                let again = Element::parse(text.as_bytes(), Limits { max_nodes: 2_000_000, ..Limits::default() });
                assert_eq!(again.as_ref(), Ok(element), "{text}");
            }
            Err(XmlError::BadName(_)) => {}
            Err(error) => panic!("{error}: {element:?}"),
        }
    }
}

/// Data is understood as an element of its text is.
fn whole(data: ReplyData) {
    let element = Element::parse(data.as_str().as_bytes(), limits());
    if let Ok(element) = &element {
        round_trip(element);
        decode(element);
    }
    let found = conformance::read(&DIALECTS[0], data, &Scope::all());
    if let (Ok(element), Ok(found)) = (element, found) {
        let same = conformance::decode(&DIALECTS[0], &element, &Scope::all());
        assert_eq!(same.map(|same| same.config), Ok(found.config));
    }
}

fn decode(data: &Element) {
    for dialect in DIALECTS.iter() {
        for scope in scopes(&["Ethernet1", "ge-0/0/1", "GigabitEthernet1/0/1"], &[1, 100, 101]) {
            match conformance::decode(dialect, data, &scope) {
                Ok(running) => read(dialect, &running, &scope),
                Err(sentence) => short(&sentence),
            }
        }
    }
}

/// What was read is inside the scope, and a port of it can be moved to a VLAN.
fn read(dialect: &Arc<Dialect>, running: &Running, scope: &Scope) {
    inside(running, scope);
    let mut wanted = running.config.clone();
    for interface in wanted.interfaces.values_mut().take(3) {
        interface.switched_vlan = Some(SwitchedVlan::access(VlanId::MIN));
        interface.description = "a server".parse().ok();
        interface.enabled = true;
        interface.stp = None;
    }
    let plan = Plan::between(running, &Intended(wanted));
    let renderer = Renderer::new(dialect, None).unwrap();
    match renderer.render(&plan, &Capabilities::unknown()) {
        Ok(payload) => {
            for element in payload.body::<EditConfig>().unwrap().content() {
                assert!(element.to_xml().is_ok(), "a plan that cannot be sent: {element:?}");
            }
        }
        Err(refused) => {
            // An element of any name may stand where an interface type is looked for.
            assert!(
                refused.what != "a value" || refused.reason.contains("not an XML name"),
                "cannot be sent: {refused}"
            );
        }
    }
}
