//! Conductors: each orders so many servers at a time, and each server has a port on both
//! switches of its rack, which are attached one after the other.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::body::Bytes;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    chance::Chance,
    cost::HOP,
    kind::{self, IDLE, PROVISIONING},
    tally::{Record, Tally},
    world::{Estate, World},
};

/// What is ordered.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    /// The racks, and how many servers of each.
    pub(crate) racks: Vec<u32>,
    pub(crate) servers: u32,
    /// Which of a switch's ports the first of them has.
    pub(crate) first: u32,
    /// The orders are spread over this time.
    pub(crate) within: Duration,
    /// Who orders, and how many servers each has under way at a time.
    pub(crate) conductors: u32,
    pub(crate) workers: u32,
    /// Whether a request is repeated where the answer says so, as clients of Mercury's do, and
    /// Ironic does not.
    pub(crate) repeats: bool,
}

/// One server that is to be attached.
#[derive(Clone, Copy, Debug)]
struct Server {
    at: Duration,
    rack: u32,
    number: u32,
}

/// What came of one request, as its caller sees it.
pub(crate) struct Heard {
    /// `ok`, the kind of the fault, or `connection`.
    pub(crate) outcome: String,
    pub(crate) may_repeat: bool,
}

impl Load {
    /// How many there are, if no order fails.
    pub(crate) fn attaches(&self) -> usize {
        self.racks.len() * usize::try_from(self.servers).unwrap() * 2
    }

    /// One server more in each rack, which is attached before.
    pub(crate) fn before(&self) -> Self {
        let within = Duration::from_secs(60).max(Duration::from_millis(5) * u32::try_from(self.racks.len()).unwrap());
        Self { servers: 1, first: kind::SPARE, within, ..self.clone() }
    }

    /// Returns when every order has come to its end.
    pub(crate) async fn run(&self, world: &Arc<World>, mercurys: u32, tally: &Arc<Mutex<Tally>>) {
        let mut chance = Chance::new(world.estate.seed, "orders");
        let mut orders: Vec<VecDeque<Server>> = Vec::new();
        orders.resize_with(usize::try_from(self.conductors).unwrap(), VecDeque::new);
        let mut servers = Vec::new();
        for rack in &self.racks {
            for number in self.first..self.first + self.servers {
                let at = Duration::from_millis(chance.below(u64::try_from(self.within.as_millis()).unwrap() + 1));
                servers.push((Server { at, rack: *rack, number }, chance.below(self.conductors.into())));
            }
        }
        servers.sort_by_key(|(server, _)| server.at);
        for (server, conductor) in servers {
            orders[usize::try_from(conductor).unwrap()].push_back(server);
        }
        let begun = Instant::now();
        let mut workers = Vec::new();
        for (conductor, orders) in orders.into_iter().enumerate() {
            let count = orders.len().min(usize::try_from(self.workers).unwrap());
            let orders = Arc::new(Mutex::new(orders));
            let seed = chance.next();
            for worker in 0..count {
                let worker = Worker {
                    world: Arc::clone(world),
                    tally: Arc::clone(tally),
                    mercurys,
                    begun,
                    repeats: self.repeats,
                    chance: Chance::new(seed, &format!("{conductor} {worker}")),
                };
                workers.push(tokio::spawn(worker.run(Arc::clone(&orders))));
            }
        }
        for worker in workers {
            worker.await.unwrap();
        }
    }
}

/// One of a conductor's workers.
struct Worker {
    world: Arc<World>,
    tally: Arc<Mutex<Tally>>,
    mercurys: u32,
    begun: Instant,
    repeats: bool,
    chance: Chance,
}

impl Worker {
    async fn run(mut self, orders: Arc<Mutex<VecDeque<Server>>>) {
        loop {
            let next = orders.lock().unwrap().pop_front();
            let Some(server) = next else { return };
            tokio::time::sleep_until(self.begun + server.at).await;
            for switch in self.world.estate.switches(server.rack) {
                // An order that has failed goes no further.
                if !self.attach(server, switch).await {
                    break;
                }
            }
        }
    }

    async fn attach(&mut self, server: Server, switch: u32) -> bool {
        let (estate, begun) = (&self.world.estate, Instant::now());
        let port = estate.kind(server.rack).port(server.number);
        let text = format!("server {}", server.rack * kind::PORTS + server.number);
        let body = body(&Estate::name(switch), &port, &text);
        let which = estate.which(server.rack);
        let (mut pause, mut repeats) = (Duration::from_secs(1), 0);
        let heard = loop {
            let heard = self.ask(server.rack, switch, &body).await;
            let patient = begun.elapsed() < Duration::from_secs(300);
            if !(self.repeats && heard.may_repeat && patient) {
                break heard;
            }
            repeats += 1;
            let jitter = Duration::from_millis(self.chance.below(1000));
            tokio::time::sleep(pause + jitter).await;
            pause = (pause * 2).min(Duration::from_secs(15));
        };
        let is_ok = heard.outcome == "ok";
        let record = Record {
            at: self.begun.elapsed(),
            took: begun.elapsed(),
            kind: which,
            switch,
            port: port.parse().unwrap(),
            text,
            outcome: heard.outcome,
            repeats,
            hangs: self.world.switch(switch).hangs.is_some(),
        };
        self.tally.lock().unwrap().add(record);
        is_ok
    }

    /// Asks any Mercury that takes requests, as a load balancer would.
    async fn ask(&mut self, rack: u32, switch: u32, body: &Bytes) -> Heard {
        tokio::time::sleep(HOP).await;
        let first = u32::try_from(self.chance.below(self.mercurys.into())).unwrap();
        let mut turns = (0..self.mercurys).map(|turn| World::mercury_name((first + turn) % self.mercurys));
        let up = turns.find_map(|name| self.world.mercury(&name).filter(|mercury| mercury.is_up()));
        let Some(mercury) = up else { return lost() };
        let lock = Estate::lock(switch);
        let answer = tokio::select! {
            biased;
            answer = mercury.asked(rack, &lock, body) => answer,
            () = mercury.life.over() => return lost(),
        };
        tokio::time::sleep(HOP).await;
        heard(&answer)
    }
}

fn lost() -> Heard {
    Heard { outcome: "connection".to_owned(), may_repeat: true }
}

/// What Ironic sends.
fn body(switch: &str, port: &str, text: &str) -> Bytes {
    let params = json!({
        "switch_id": switch, "port_name": port, "description": text, "mode": "access", "native_vlan": PROVISIONING,
        "allowed_vlans": null, "default_vlan": IDLE, "lag_name": null,
        "context": {"request_id": "req-0", "user": "ironic"}, "rpc.version": "1.0",
    });
    json!({"jsonrpc": "2.0", "id": "req-0", "method": "update_port", "params": params}).to_string().into()
}

fn heard(answer: &[u8]) -> Heard {
    let answer: Value = serde_json::from_slice(answer).unwrap();
    if answer["result"].is_object() {
        return Heard { outcome: "ok".to_owned(), may_repeat: false };
    }
    let data = &answer["error"]["data"];
    let kind = data["kind"].as_str().unwrap_or_else(|| panic!("{answer}"));
    Heard { outcome: kind.to_owned(), may_repeat: data["retry"] == true }
}
