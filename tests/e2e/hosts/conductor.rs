//! A conductor: it asks for what its server needs until it is told that it has
//! it, of whichever host answers, and then for something else.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{
    fleet::{Fleet, PORTS},
    host::Hosts,
    random,
};
use crate::harness::{Client, LIMIT, Port, RpcError};

/// Between two tries that failed.
const PAUSE: Duration = Duration::from_millis(50);
/// What is said where another member was asked and has not answered.
const NOT_ANSWERED: &str = "another Mercury, which has not answered, may have begun it";

/// VLANs that come and go where VLANs are managed: the first, and how many.
const TENANTS: usize = 300;
const FEW: usize = 8;

/// What conductors have been through.
#[derive(Default)]
pub(super) struct Tally {
    /// Nothing new is to be asked for.
    pub(super) over: AtomicBool,
    /// Something is wrong, and the rest may stop.
    pub(super) failed: AtomicBool,
    done: AtomicU64,
    tidied: AtomicU64,
    tries: AtomicU64,
    unanswered: AtomicU64,
    /// By kind: how often, and the last words.
    refused: Mutex<BTreeMap<String, (u64, String)>>,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [done, tidied, tries, unanswered] =
            [&self.done, &self.tidied, &self.tries, &self.unanswered].map(|count| count.load(Ordering::Relaxed));
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        write!(
            f,
            "{done} requests done in {tries} tries, {unanswered} of them unanswered, refused {refused:?}, \
             {tidied} VLANs taken away"
        )
    }
}

/// A switch, by its number, and a port of it.
type Link = (usize, String);

pub(super) struct Conductor {
    number: usize,
    /// Alone, or both of one server.
    links: Vec<Link>,
    dual: bool,
    random: u64,
    /// What was asked for so far.
    count: u64,
    /// What each port has, as it was told.
    has: BTreeMap<Link, Port>,
}

/// Something to ask for, and what will then be.
struct Wish {
    method: &'static str,
    params: Value,
    outcome: Vec<(Link, Port)>,
}

impl Conductor {
    pub(super) fn new(number: usize, dual: bool, seed: u64, fleet: &Fleet) -> Self {
        let switches = fleet.switches.len();
        let links = (0..2).map(|link| {
            let place = number * 2 + link;
            let port = place / switches + 1;
            assert!(port < usize::from(PORTS), "more conductors than ports");
            (place % switches, format!("Ethernet{port}"))
        });
        let random = (seed ^ ((number as u64 + 1) << 32)) | 1;
        Self { number, links: links.collect(), dual, random, count: 0, has: BTreeMap::new() }
    }

    /// Asks on until it is over. What its ports have in the end.
    pub(super) fn run(mut self, fleet: &Fleet, hosts: &Hosts, tally: &Tally) -> BTreeMap<Link, Port> {
        let _failure = Alarm(tally);
        while !tally.over.load(Ordering::Relaxed) {
            let wish = self.wish(fleet);
            self.fulfil(&wish, hosts, tally);
            tally.done.fetch_add(1, Ordering::Relaxed);
            for (link, port) in wish.outcome {
                let seen = fleet.switches[link.0].look().port(&link.1);
                assert_eq!(seen, port, "{} {}: what was told is not what is", fleet.switches[link.0].name, link.1);
                fleet.switches[link.0].assert_vlans();
                self.has.insert(link, port);
            }
        }
        self.has
    }

    fn fulfil(&mut self, wish: &Wish, hosts: &Hosts, tally: &Tally) {
        let end = Instant::now() + LIMIT * 2;
        loop {
            tally.tries.fetch_add(1, Ordering::Relaxed);
            match ask(hosts.address(self.random(hosts.count())), wish) {
                Some(Ok(_)) => return,
                // Who was killed had it, and a commit of theirs waits at the switch: as if nobody
                // had answered.
                Some(Err(error)) if error.kind() == "unknown" && error.message.contains(NOT_ANSWERED) => {
                    tally.unanswered.fetch_add(1, Ordering::Relaxed);
                }
                Some(Err(error)) => {
                    assert!(error.data["retry"] == true, "{} {}: {error:?}", wish.method, wish.params);
                    let mut refused = tally.refused.lock().unwrap_or_else(PoisonError::into_inner);
                    let kind = refused.entry(error.kind().to_owned()).or_default();
                    *kind = (kind.0 + 1, error.message);
                }
                None => {
                    tally.unanswered.fetch_add(1, Ordering::Relaxed);
                }
            }
            assert!(Instant::now() < end, "{} {} is never done", wish.method, wish.params);
            thread::sleep(PAUSE);
        }
    }

    fn wish(&mut self, fleet: &Fleet) -> Wish {
        self.count += 1;
        if self.dual { self.network(fleet) } else { self.port(fleet) }
    }

    /// As Ironic's own networking interface asks.
    fn port(&mut self, fleet: &Fleet) -> Wish {
        let chosen = self.random(self.links.len());
        let link = self.links[chosen].clone();
        let managed = fleet.switches[link.0].managed;
        let vlan = if managed { TENANTS + self.random(FEW) } else { 100 + self.random(100) };
        let description = format!("conductor {} wish {}", self.number, self.count);
        let place = json!({"switch_id": fleet.switches[link.0].name, "port_name": link.1});
        let (method, more, vlans, description) = match self.random(4) {
            0 => ("reset_port", json!({}), "none".to_owned(), "Default port configuration".to_owned()),
            1 if !managed => {
                let more = json!({"mode": "trunk", "native_vlan": vlan, "allowed_vlans": [201, 202], "description": description});
                ("update_port", more, format!("trunk 201,202 native {vlan}"), description)
            }
            _ => {
                let more = json!({"mode": "access", "native_vlan": vlan, "description": description});
                ("update_port", more, format!("access {vlan}"), description)
            }
        };
        let port = Port { description: Some(description), vlans, ..Port::default() };
        Wish { method, params: with(place, more), outcome: vec![(link, port)] }
    }

    /// As the Neutron-style plugin asks, for both links at once.
    fn network(&mut self, fleet: &Fleet) -> Wish {
        let links: Vec<_> = self
            .links
            .iter()
            .map(|(switch, port)| json!({"switch_id": fleet.switches[*switch].name, "port_id": port}))
            .collect();
        let port =
            json!({"id": format!("server {}", self.number), "binding:profile": {"local_link_information": links}});
        let vlan = 100 + self.random(100);
        let network = json!({"id": "net", "network_type": "vlan", "segmentation_id": vlan});
        let (method, network, vlans) = match self.random(4) {
            // Whatever it is on.
            0 => ("detach_port", Value::Null, "none".to_owned()),
            _ => ("attach_port", network, format!("access {vlan}")),
        };
        let outcome = self.links.iter().cloned().map(|link| {
            let before = self.has.get(&link).cloned().unwrap_or_default();
            (link, Port { vlans: vlans.clone(), ..before })
        });
        Wish { method, params: json!({"port": port, "network": network}), outcome: outcome.collect() }
    }

    fn random(&mut self, bound: usize) -> usize {
        random(&mut self.random, bound)
    }
}

/// Takes VLANs away that no port is on, where they are managed.
pub(super) fn tidy(number: usize, seed: u64, fleet: &Fleet, hosts: &Hosts, tally: &Tally) {
    let _failure = Alarm(tally);
    let managed: Vec<_> = fleet.switches.iter().filter(|switch| switch.managed).collect();
    let mut state = seed ^ (number as u64 + 1) << 48 | 1;
    while !tally.over.load(Ordering::Relaxed) {
        let switch = managed[number % managed.len()];
        let vlan = TENANTS + random(&mut state, FEW);
        let network =
            json!({"id": "net", "network_type": "vlan", "segmentation_id": vlan, "physical_network": switch.name});
        let wish = Wish { method: "delete_network", params: json!({"network": network}), outcome: Vec::new() };
        match ask(hosts.address(random(&mut state, hosts.count())), &wish) {
            Some(Ok(answer)) if answer["changed"] == true => {
                tally.tidied.fetch_add(1, Ordering::Relaxed);
            }
            Some(Err(error)) => {
                let again = error.kind() == "invalid-value" || error.data["retry"] == true;
                assert!(again, "{} {}: {error:?}", wish.method, wish.params);
            }
            _ => {}
        }
        switch.assert_vlans();
        thread::sleep(PAUSE);
    }
}

/// Tells the others when a conductor panics.
struct Alarm<'a>(&'a Tally);

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.failed.store(true, Ordering::Relaxed);
            self.0.over.store(true, Ordering::Relaxed);
        }
    }
}

/// `None` if nobody answered, whatever has become of the request.
fn ask(address: std::net::SocketAddr, wish: &Wish) -> Option<Result<Value, RpcError>> {
    let mut client = Client::connect(address)?;
    let request = json!({"jsonrpc": "2.0", "id": "req-hosts", "method": wish.method, "params": wish.params});
    client.start("POST", "/", request.to_string().as_bytes());
    let response = client.response()?;
    let answer: Value = serde_json::from_slice(&response.body).ok()?;
    assert_eq!((response.status, &answer["id"]), (200, &json!("req-hosts")), "{answer}");
    Some(match answer.get("error") {
        Some(error) => Err(RpcError::of(error)),
        None => Ok(answer["result"].clone()),
    })
}

fn with(mut one: Value, other: Value) -> Value {
    if let (Some(members), Value::Object(more)) = (one.as_object_mut(), other) {
        members.extend(more);
    }
    one
}
