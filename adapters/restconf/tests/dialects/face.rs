//! Switches behind HTTP, in memory: what a session asks them, and in how many requests.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use mercury_adapter::{
    Answer, Capabilities, CommitMode, Connector as _, Flight, Refusal, Render as _, RestconfDialect, Session, Step,
};
use mercury_model::{Intended, InterfaceScope, Plan, Running, Scope, SwitchedVlan, TrunkVlans, VlanScope};
use mercury_restconf::{Renderer, RestconfConnector, RestconfOptions, conformance};
use serde_json::{Value as Json, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader},
    net::TcpListener,
};

use crate::{
    device::Device,
    dialect,
    os10::{brown, id, wanted},
};

const PORT: &str = "ethernet1/1/1";
pub(crate) const WITHIN: Duration = Duration::from_secs(20);

/// The switch, what it starts with, and what it was asked.
pub(crate) struct Face {
    pub(crate) device: Device,
    startup: Json,
    tags: bool,
    /// How it takes it to be asked whether it looks at tags.
    pub(crate) about_tags: AboutTags,
    /// How long a change takes it.
    pub(crate) slow: Duration,
    /// To what it never answers: a part of a request's first line.
    pub(crate) silent: Option<&'static str>,
    /// What it says to a GET, behind the root.
    shows: Shows,
    pub(crate) asked: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum AboutTags {
    Looks,
    Blind,
    HasNoHead,
    Silent,
    HangsUp,
}

/// A status, and what is in the body.
pub(crate) type Shows = fn(&Json, &str) -> (u16, String);

pub(crate) fn os10(data: &Json, uri: &str) -> (u16, String) {
    match uri {
        "/data/ietf-interfaces:interfaces?content=config" => {
            (200, json!({ "ietf-interfaces:interfaces": data["interfaces"] }).to_string())
        }
        _ => (404, String::new()),
    }
}

impl Face {
    pub(crate) fn new(shows: Shows, tags: bool, device: Device) -> Self {
        let (about_tags, slow) = (AboutTags::Looks, Duration::ZERO);
        Self { startup: device.data.clone(), device, tags, about_tags, slow, silent: None, shows, asked: Vec::new() }
    }

    fn tag(&self) -> String {
        format!("\"{}\"", self.device.data.to_string().len())
    }

    /// A status, and what is in the body.
    fn answer(&mut self, method: &str, uri: &str, guard: Option<&str>, body: &str) -> (u16, String) {
        let data = uri.strip_prefix("/restconf");
        match (method, data) {
            ("HEAD", _) if self.about_tags == AboutTags::HasNoHead => (405, String::new()),
            ("HEAD" | "GET", _) if guard.is_some() && self.about_tags != AboutTags::Blind => (412, String::new()),
            ("HEAD", _) => (200, String::new()),
            ("GET", Some(data)) => (self.shows)(&self.device.data, data),
            ("POST", Some("/operations/copy-config")) => {
                let input: Json = serde_json::from_str(body).unwrap();
                let input = &input["yuma-netconf:input"];
                if input["target"] != json!({ "startup": [null] }) || input["source"] != json!({ "running": [null] }) {
                    return (400, String::new());
                }
                self.startup = self.device.data.clone();
                (204, String::new())
            }
            ("PATCH" | "DELETE", Some(data)) => {
                if self.tags && guard.is_some_and(|guard| guard != self.tag()) {
                    return (412, String::new());
                }
                let before = self.device.data.clone();
                match self.device.change(method, data, Some(body).filter(|body| !body.is_empty())) {
                    Ok(()) if method == "DELETE" && self.device.data == before => (404, String::new()),
                    Ok(()) => (204, String::new()),
                    Err(message) => {
                        let error = json!({ "error-type": "application", "error-tag": "operation-failed",
                            "error-message": message });
                        (412, json!({ "ietf-restconf:errors": { "error": [error] } }).to_string())
                    }
                }
            }
            _ => (404, String::new()),
        }
    }
}

/// Answers until the client is gone.
async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, switch: Arc<Mutex<Face>>) {
    let mut stream = BufReader::new(stream);
    loop {
        let (mut head, mut length, mut guard) = (String::new(), 0, None);
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.unwrap_or_default() == 0 {
                return;
            }
            if line.trim().is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').unwrap_or((&line, ""));
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().unwrap(),
                "if-match" => guard = Some(value.trim().to_owned()),
                _ => {}
            }
            if head.is_empty() {
                head = line;
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.unwrap();
        let body = String::from_utf8(body).unwrap();
        let mut words = head.split_whitespace();
        let (method, uri) = (words.next().unwrap(), words.next().unwrap());
        let (slow, about_tags, is_silent) = {
            let mut switch = switch.lock().unwrap();
            switch.asked.push(format!("{method} {uri}"));
            (switch.slow, switch.about_tags, switch.silent.is_some_and(|part| head.contains(part)))
        };
        let asks_about_tags = guard.is_some() && matches!(method, "GET" | "HEAD");
        match about_tags {
            AboutTags::Silent if asks_about_tags => return std::future::pending().await,
            AboutTags::HangsUp if asks_about_tags => return,
            _ if is_silent => return std::future::pending().await,
            _ if !matches!(method, "GET" | "HEAD") => tokio::time::sleep(slow).await,
            _ => {}
        }
        let answer = {
            let mut switch = switch.lock().unwrap();
            let (status, body) = switch.answer(method, uri, guard.as_deref(), &body);
            let tag =
                if switch.tags && method == "GET" { format!("ETag: {}\r\n", switch.tag()) } else { String::new() };
            let length = if status == 204 { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
            format!("HTTP/1.1 {status} X\r\nContent-Type: application/yang-data+json\r\n{tag}{length}\r\n{body}")
        };
        stream.write_all(answer.as_bytes()).await.unwrap();
    }
}

/// A session with a switch, what of it was read, and the steps that give a port this VLAN.
async fn begun(tags: bool) -> (Box<dyn Session>, Arc<Mutex<Face>>, Scope, Vec<Step>) {
    let (mut session, switch) = session("dell_os10", os10, tags, brown()).await;
    let interfaces = InterfaceScope::Named([PORT.parse().unwrap()].into());
    let scope = Scope { interfaces, vlans: VlanScope::Named([id(300)].into()), ..Scope::default() };
    let before = running(&session.flight(&[Step::Read(scope.clone())], WITHIN).await);
    let plan = Plan::between(&before, &wanted(&before, PORT, Some(SwitchedVlan::access(id(300)))));
    let steps = steps("dell_os10", &plan, &scope);
    (session, switch, scope, steps)
}

pub(crate) fn steps(name: &str, plan: &Plan, scope: &Scope) -> Vec<Step> {
    let target = Capabilities { variant: Some(0), ..Capabilities::unknown() };
    let payload = Renderer::new(&dialect(name), None).unwrap().render(plan, &target).unwrap();
    vec![Step::Stage(payload), Step::Commit(CommitMode::Plain), Step::Read(scope.clone())]
}

pub(crate) async fn session(
    name: &str,
    shows: Shows,
    tags: bool,
    device: Device,
) -> (Box<dyn Session>, Arc<Mutex<Face>>) {
    let dialect = dialect(name);
    let switch = Arc::new(Mutex::new(Face::new(shows, tags, device)));
    let session = session_with(dialect.restconf.as_ref().unwrap(), &switch).await;
    (session, switch)
}

/// A session with a switch that is there.
pub(crate) async fn session_with(restconf: &RestconfDialect, switch: &Arc<Mutex<Face>>) -> Box<dyn Session> {
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    tokio::spawn(serve(theirs, Arc::clone(switch)));
    let mut options = RestconfOptions::new("switch", 443);
    options.http.tls = None;
    let session = conformance::session(ours, &options, restconf).await.unwrap();
    switch.lock().unwrap().asked.clear();
    session
}

/// A session that can have one connection after the other.
pub(crate) async fn session_over_sockets(restconf: RestconfDialect, switch: &Arc<Mutex<Face>>) -> Box<dyn Session> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let switch = Arc::clone(switch);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Arc::clone(&switch)));
        }
    });
    let dial = move || {
        let mut options = RestconfOptions::new(address.ip().to_string(), address.port());
        options.http.tls = None;
        Ok(options)
    };
    RestconfConnector::new(dial, Arc::new(restconf), None).connect().await.unwrap()
}

pub(crate) fn running(flight: &Flight) -> Running {
    match flight.results.last() {
        Some(Ok(Answer::Running(running))) => (**running).clone(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_attach_that_is_saved_takes_four_requests() {
    let (mut session, switch, _, steps) = begun(false).await;
    assert!(session.capabilities().startup);
    let after = running(&session.flight(&steps, WITHIN).await);
    let port = &after.config.interfaces[&PORT.parse().unwrap()];
    assert_eq!(port.switched_vlan, Some(SwitchedVlan::access(id(300))));
    let is_saved = |switch: &Face| switch.startup == switch.device.data;
    assert!(!is_saved(&switch.lock().unwrap()));
    let saved = session.flight(&[Step::Save], WITHIN).await;
    assert!(matches!(saved.results.as_slice(), [Ok(Answer::Done(_))]), "{saved:?}");
    let switch = switch.lock().unwrap();
    assert!(is_saved(&switch));
    let (read, patch) = (
        "GET /restconf/data/ietf-interfaces:interfaces?content=config",
        "PATCH /restconf/data/ietf-interfaces:interfaces",
    );
    assert_eq!(switch.asked, [read, patch, read, "POST /restconf/operations/copy-config"]);
}

#[tokio::test]
async fn where_there_is_a_tag_a_change_is_not_made_on_what_has_changed() {
    let (mut session, switch, scope, steps) = begun(true).await;
    switch.lock().unwrap().device.data["interfaces"]["interface"][0]["description"] = json!("somebody else's");
    let data = switch.lock().unwrap().device.data.clone();
    let refused = session.flight(&steps, WITHIN).await;
    assert!(matches!(refused.results.get(1), Some(Err(Refusal::Outdated(_)))), "{refused:?}");
    assert_eq!(switch.lock().unwrap().device.data, data);
    // Read again, it is.
    session.flight(&[Step::Read(scope)], WITHIN).await;
    let after = running(&session.flight(&steps, WITHIN).await);
    assert_eq!(after.config.interfaces[&PORT.parse().unwrap()].switched_vlan, Some(SwitchedVlan::access(id(300))));
}

/// What comes by one request goes by one for each VLAN, and it has to go.
#[tokio::test]
async fn a_trunk_of_many_vlans_is_taken_back_and_left() {
    let mut device = brown();
    let entries = device.data["interfaces"]["interface"].as_array_mut().unwrap();
    entries.extend((1000..1100).map(|id| json!({ "name": format!("vlan{id}"), "type": "iana-if-type:l2vlan" })));
    let (mut session, switch) = session("dell_os10", os10, false, device).await;
    let scope = Scope { interfaces: InterfaceScope::Named([PORT.parse().unwrap()].into()), ..Scope::default() };
    let before = running(&session.flight(&[Step::Read(scope.clone())], WITHIN).await);
    let vlans = TrunkVlans::only("1000-1099".parse().unwrap());
    let forth = wanted(&before, PORT, Some(SwitchedVlan::Trunk { native: None, vlans }));
    let made = running(&session.flight(&steps("dell_os10", &Plan::between(&before, &forth), &scope), WITHIN).await);
    assert!(forth.is_met_by(&made), "{:?}", made.config);
    let undone = Plan::between(&made, &Intended(before.config.clone())).written_as(&before);
    switch.lock().unwrap().asked.clear();
    let back = running(&session.flight(&steps("dell_os10", &undone, &scope), WITHIN).await);
    assert!(back.is_as(&before.config), "{:?}", back.config);
    let asked = &switch.lock().unwrap().asked;
    assert_eq!(asked.iter().filter(|one| one.starts_with("DELETE")).count(), 100, "{asked:?}");
}
