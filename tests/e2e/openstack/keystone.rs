//! Tokens of a Keystone that is imitated.

use std::{
    io::{BufReader, Write},
    net::{SocketAddr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use serde_json::json;

use super::{
    Caller,
    drops::{request, response},
};
use crate::harness::{Setup, installed};

/// Gives out tokens, `t0`, `t1` and so on; those below `good` are known no more.
struct Keystone {
    address: SocketAddr,
    given: Arc<AtomicUsize>,
    good: Arc<AtomicUsize>,
}

impl Keystone {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (given, good) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (next, known) = (Arc::clone(&given), Arc::clone(&good));
        // It ends with the process.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut stream = BufReader::new(stream);
                let Some((head, body)) = request(&mut stream) else { continue };
                let answer = if head.starts_with("POST ") {
                    match body.contains("s3same") {
                        true => {
                            let token = next.fetch_add(1, Ordering::SeqCst);
                            response("201 Created", &format!("X-Subject-Token: t{token}\r\n"), "{}")
                        }
                        false => response("401 Unauthorized", "", "{}"),
                    }
                } else {
                    let token = head.to_ascii_lowercase();
                    let token = token.split("x-subject-token: t").nth(1).and_then(|rest| rest.lines().next());
                    match token.and_then(|number| number.parse::<usize>().ok()) {
                        Some(number) if number >= known.load(Ordering::SeqCst) => response("200 OK", "", &shown()),
                        _ => response("404 Not Found", "", "{}"),
                    }
                };
                stream.get_mut().write_all(answer.as_bytes()).unwrap();
            }
        });
        Self { address, given, good }
    }

    fn url(&self) -> String {
        format!("http://{}/v3", self.address)
    }
}

fn shown() -> String {
    json!({"token": {"user": {"name": "ironic", "domain": {"name": "Default"}}, "roles": [{"name": "service"}],
                     "expires_at": "2099-01-01T00:00:00.000000Z"}})
    .to_string()
}

#[test]
fn a_token_is_asked_for_kept_and_got_anew_when_it_is_refused() {
    if !installed() {
        return;
    }
    let keystone = Keystone::start();
    let url = keystone.url();
    let text = format!(
        "auth = \"keystone\"\n[keystone]\nurl = {url:?}\nusername = \"mercury\"\npassword = \"s3same\"\nremember = \"0s\"\n"
    );
    let service = Setup::new().settings(&text).serve();
    let mercury = format!("http://{}/", service.address);
    let mut caller = Caller::to(&mercury, &["--keystone", &url], "s3same");
    for _ in 0..2 {
        assert_eq!(caller.call("get_switches", json!([])).unwrap(), json!({}));
    }
    // One is Mercury's own.
    assert_eq!(keystone.given.load(Ordering::SeqCst), 2);
    keystone.good.store(2, Ordering::SeqCst);
    assert_eq!(caller.call("get_switches", json!([])).unwrap(), json!({}));
    assert_eq!(keystone.given.load(Ordering::SeqCst), 3);
    assert!(!caller.told().contains("s3same"));
    let error = Caller::to(&mercury, &["--token", "t0"], "").call("get_switches", json!([])).unwrap_err();
    assert_eq!(error["class"], "NotAdmitted", "{error}");
    let error = Caller::to(&mercury, &["--keystone", &url], "wrong").call("get_switches", json!([])).unwrap_err();
    assert_eq!(error["class"], "MercuryError", "{error}");
}
