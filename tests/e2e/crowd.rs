//! Many callers at once, some of whom never finish what they begin: nobody else
//! is shut out, and a stop waits for none of them.

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    time::{Duration, Instant},
};

use mercury_sim::Mode;
use serde_json::{Value, json};

use crate::harness::{Client, LIMIT, Mercury, Setup, Simulated, block_on};

const OTHER: [u8; 4] = [127, 0, 0, 2];

fn serve(switch: &Simulated, limits: &str) -> Mercury {
    Setup::new().switches(&[switch.entry("leaf1")]).settings(&format!("[limits]\n{limits}\n")).serve()
}

fn update(switch: &str, port: &str) -> Value {
    json!({"switch_id": switch, "port_name": port, "mode": "access", "native_vlan": 100})
}

const HEAD: &str =
    "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n";

/// A caller who sends a request's headers, and of its body the beginning.
fn unfinished(mercury: &Mercury) -> Client {
    let mut client = Client::of(mercury);
    client.send(HEAD.as_bytes());
    client.send(b"{\"jsonrpc\"");
    client
}

/// One who asks and asks and takes no answer.
fn deaf(mercury: &Mercury) -> Client {
    let mut client = Client::of(mercury).impatient();
    let body = json!({"jsonrpc": "2.0", "id": "x".repeat(10_000), "method": "get_switches"}).to_string();
    let request = [HEAD.replace("100\r\n", &format!("{}\r\n", body.len())), body].concat();
    while client.send(request.as_bytes()) {}
    client
}

/// Waits until somebody who knocks again and again is let in.
fn let_in(mercury: &Mercury) {
    let end = Instant::now() + LIMIT;
    while Client::of(mercury).request("GET", "/healthz", b"").status != 200 {
        assert!(Instant::now() < end, "nobody was let in");
    }
}

#[test]
fn whoever_is_not_known_is_refused_before_the_body_is_read() {
    let switch = Simulated::start(Mode::Candidate);
    let setup = Setup::new().switches(&[switch.entry("leaf1")]);
    let htpasswd = setup.write("htpasswd", "ironic:$2y$04$dqZWbpbGQ/mQSvguihqXH.MYpaEHeF7NG.UCWjHcJ07F24pnAMjwW\n");
    let mercury = setup.flags(&["--auth", "http_basic", "--htpasswd", htpasswd.to_str().unwrap()]).serve();
    let refused = unfinished(&mercury).response().expect("an answer to the headers");
    assert_eq!(refused.status, 401);
    let mut client = Client::of(&mercury).basic("ironic", "secret");
    client.done("update_port", &update("leaf1", "Ethernet1"));
}

#[test]
fn a_body_that_does_not_come_is_given_up() {
    let switch = Simulated::start(Mode::Candidate);
    let mercury = serve(&switch, "max_connections = 2\nmax_connections_per_peer = 2\nbody_timeout = 1");
    for mut client in [unfinished(&mercury), unfinished(&mercury)] {
        let answer = client.response().expect("an answer");
        assert_eq!(answer.status, 408, "{answer:?}");
        assert!(client.response().is_none(), "the connection is closed");
    }
    let_in(&mercury);
}

#[test]
fn an_answer_that_is_not_taken_is_given_up() {
    let switch = Simulated::start(Mode::Candidate);
    let mercury = serve(&switch, "max_connections = 2\nmax_connections_per_peer = 2\nanswer_timeout = 1");
    let _deaf = [deaf(&mercury), deaf(&mercury)];
    let_in(&mercury);
}

#[test]
fn no_peer_takes_every_connection_and_whoever_finds_none_is_told_when_to_come_again() {
    let switch = Simulated::start(Mode::Candidate);
    let mercury = serve(&switch, "max_connections = 3\nmax_connections_per_peer = 2");
    let mut two = [Client::of(&mercury), Client::of(&mercury)];
    for client in &mut two {
        client.done("get_switches", &json!({}));
    }
    let refused = |mut client: Client| {
        let answer = client.post("/", &json!({"method": "x".repeat(30_000)}).to_string().into_bytes());
        assert_eq!((answer.status, answer.headers["retry-after"].as_str()), (503, "1"), "{answer:?}");
        assert_eq!(answer.json()["error"]["code"], 503);
    };
    refused(Client::of(&mercury));
    let mut other = Client::from(OTHER, mercury.address);
    other.done("update_port", &update("leaf1", "Ethernet1"));
    refused(Client::from(OTHER, mercury.address));
    for client in &mut two {
        client.done("get_switches", &json!({}));
    }
    drop(two);
    let_in(&mercury);
}

#[test]
fn a_stop_waits_for_no_request_that_has_not_arrived() {
    let switch = Simulated::start(Mode::Candidate);
    let mut mercury = serve(&switch, "header_timeout = 60\nbody_timeout = 300\nanswer_timeout = 300");
    let mut begun = Client::of(&mercury);
    begun.send(b"POST / HT");
    let mut idle = Client::of(&mercury);
    idle.done("get_switches", &json!({}));
    let _open = (begun, idle, unfinished(&mercury), deaf(&mercury), unfinished(&mercury));
    let told = Instant::now();
    mercury.terminate();
    assert!(mercury.wait().success());
    assert!(told.elapsed() < Duration::from_secs(10), "{:?}", told.elapsed());
}

#[test]
fn what_has_arrived_is_answered_before_the_stop() {
    let switch = Simulated::start(Mode::Candidate);
    let mut mercury = serve(&switch, "");
    let handle = switch.handle();
    let fault = handle.inject("commit:1:before:hold".parse().unwrap());
    let mut caller = Client::of(&mercury);
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "update_port", "params": update("leaf1", "Ethernet1")});
    caller.start("POST", "/", body.to_string().as_bytes());
    block_on(handle.held(fault));
    mercury.terminate();
    mercury
        .stderr
        .wait_json("that it stops", |line| line["message"].as_str().is_some_and(|m| m.contains("told to stop")));
    handle.release(fault);
    let answer = caller.response().expect("an answer").json();
    assert_eq!(answer["result"]["outcome"], "committed", "{answer}");
    assert!(mercury.wait().success());
}

#[test]
fn one_switch_that_does_not_answer_leaves_the_others_theirs() {
    let (dead, alive) = (Simulated::start(Mode::Candidate), Simulated::start(Mode::Candidate));
    let setup = Setup::new().switches(&[dead.entry("dead"), alive.entry("alive")]);
    let mercury = setup.settings("[limits]\nmax_connections = 16\nmax_in_flight = 8\n").serve();
    let handle = dead.handle();
    let fault = handle.inject("commit:1:before:hold".parse().unwrap());
    // A quarter of the eight that may be under way.
    let held: Vec<_> = (1..=2).map(|port| asked(&mercury, &update("dead", &format!("Ethernet{port}")))).collect();
    block_on(handle.held(fault));
    let mut client = Client::of(&mercury);
    let end = Instant::now() + LIMIT;
    let error = loop {
        match client.call("plan_port", &update("dead", "Ethernet3")) {
            Err(error) => break error,
            Ok(_) => assert!(Instant::now() < end),
        }
    };
    assert_eq!((error.kind(), error.code), ("busy", 503), "{error:?}");
    assert_eq!(error.data["switch"], "dead", "{error:?}");
    client.done("update_port", &update("alive", "Ethernet1"));
    handle.release(fault);
    for mut caller in held {
        assert_eq!(caller.response().expect("an answer").json()["result"]["outcome"], "committed");
    }
}

fn asked(mercury: &Mercury, params: &Value) -> Client {
    let mut caller = Client::of(mercury);
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "update_port", "params": params});
    caller.start("POST", "/", body.to_string().as_bytes());
    caller
}

/// 120 guessers at once, who never cease.
#[test]
fn wrong_passwords_keep_nobody_else_waiting_and_are_told_once_a_second() {
    let switch = Simulated::start(Mode::Candidate);
    let setup = Setup::new().switches(&[switch.entry("leaf1")]);
    let hash = bcrypt::hash("secret", 10).unwrap();
    let htpasswd = setup.write("htpasswd", &format!("ironic:{hash}\n"));
    let mercury = setup.flags(&["--auth", "http_basic", "--htpasswd", htpasswd.to_str().unwrap()]).serve();
    let (address, over) = (mercury.address, AtomicBool::new(false));
    let (refused, judged) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let (waited, before_it) = std::thread::scope(|scope| {
        for number in 0..120 {
            let (over, refused, judged) = (&over, &refused, &judged);
            scope.spawn(move || {
                let user = if number % 2 == 0 { "ironic" } else { "nobody" };
                let mut client = Client::at(address).basic(user, &format!("guess {number}"));
                while !over.load(SeqCst) {
                    let status = client.post("/", b"{}").status;
                    assert!(matches!(status, 401 | 429), "{status}");
                    judged.fetch_add(usize::from(status == 401), SeqCst);
                    refused.fetch_add(1, SeqCst);
                }
            });
        }
        while refused.load(SeqCst) < 120 {
            std::thread::yield_now();
        }
        let (began, earlier) = (Instant::now(), judged.load(SeqCst));
        Client::from(OTHER, address).basic("ironic", "secret").done("get_switches", &json!({}));
        let waited = (began.elapsed(), judged.load(SeqCst) - earlier);
        over.store(true, SeqCst);
        waited
    });
    // Each of them takes a core for a while.
    assert!(before_it < 60, "{before_it} passwords were judged before it, in {waited:?}");
    let told = mercury.stderr.json();
    let told: Vec<_> = told.iter().filter(|line| line["message"] == "a caller was not let in").collect();
    let silent: u64 = told.iter().filter_map(|line| line["before"].as_u64()).sum();
    assert!(told.len() < 60 && silent > 60, "{} lines, {silent} not told", told.len());
    println!("first answer after {waited:?} under {} refusals", refused.load(SeqCst));
}
