//! Tokens of a Keystone that cannot be asked.

use std::net::TcpListener;

use crate::harness::{Client, Setup};

#[test]
fn an_outage_of_keystone_is_503_and_lets_nobody_in() {
    // Taken and given back: nobody listens there now.
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let keystone = format!("url = \"http://{gone}/v3\"\nusername = \"mercury\"\npassword = \"s3same\"\n");
    let mercury = Setup::new().settings(&format!("auth = \"keystone\"\n[keystone]\n{keystone}")).serve();
    let answer = Client::of(&mercury).with("X-Auth-Token", "hunter2").post("/", b"{}");
    assert_eq!((answer.status, answer.headers["retry-after"].as_str()), (503, "1"), "{answer:?}");
    mercury.stderr.wait_json("its words", |line| line.to_string().contains("Keystone could not be asked"));
    let answer = Client::of(&mercury).post("/", b"{}");
    assert_eq!(answer.status, 401);
    assert!(answer.headers["www-authenticate"].starts_with("Keystone uri="), "{answer:?}");
    let log = mercury.stderr.text();
    assert!(!log.contains("hunter2") && !log.contains("s3same"), "{log}");
}
