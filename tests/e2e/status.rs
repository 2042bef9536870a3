//! The page that people look at.

use mercury_sim::Mode;
use serde_json::{Value, json};

use crate::harness::{Client, Entry, Mercury, Setup, Simulated};

/// Of the password `secret`.
const HASH: &str = "$2y$04$dqZWbpbGQ/mQSvguihqXH.MYpaEHeF7NG.UCWjHcJ07F24pnAMjwW";

fn update(switch: &str, vlan: u16) -> Value {
    json!({"switch_id": switch, "port_name": "Ethernet1", "mode": "access", "native_vlan": vlan})
}

fn look(client: &mut Client) -> (u16, String) {
    let answer = client.request("GET", "/", b"");
    (answer.status, String::from_utf8(answer.body).unwrap())
}

#[test]
fn people_see_switches_sessions_and_last_errors_and_no_secrets() {
    let (one, two) = (Simulated::start(Mode::Candidate), Simulated::start(Mode::Candidate));
    let wrong = two.entry("leaf2").text("password", "not the password");
    let broken = Entry::new("leaf<9>").text("address", "192.0.2.9").text("dialect", "<b>none</b>");
    let mercury = Mercury::serve(&[one.entry("leaf1"), wrong, broken]);
    let mut client = Client::of(&mercury);
    let (status, page) = look(&mut client);
    assert_eq!(status, 200);
    assert!(page.contains("none since the start") && page.contains("2 served, 1 broken"), "{page}");
    client.done("update_port", &update("leaf1", 100));
    assert_eq!(client.fails("update_port", &update("leaf2", 100)).kind(), "credentials");
    let answer = client.request("GET", "/", b"");
    assert_eq!(answer.headers["content-type"], "text/html; charset=utf-8");
    assert!(answer.headers["content-security-policy"].starts_with("default-src 'none'"), "{:?}", answer.headers);
    assert_eq!(answer.headers["cache-control"], "no-store");
    let page = String::from_utf8(answer.body).unwrap();
    let row = |name: &str| page.split("<tr>").find(|row| row.contains(&format!(">{name}</th>"))).unwrap().to_owned();
    assert!(row("leaf1").contains("open") && row("leaf1").contains("committed"), "{page}");
    assert!(row("leaf2").contains("none") && row("leaf2").contains("class=\"wrong\""), "{page}");
    assert!(page.find(">leaf2<") < page.find(">leaf1<"), "what went wrong is first: {page}");
    assert!(page.contains("leaf&lt;9&gt;") && !page.contains("<b>none"), "{page}");
    for secret in [one.password(), "not the password"] {
        assert!(!page.contains(secret), "{page}");
    }
    assert_eq!(one.handle().counters().edits, 1, "nobody asks a switch for the page");
}

/// A page of somebody else's, whose name leads here, would read it (DNS rebinding).
#[test]
fn no_other_page_sees_it() {
    let mercury = Mercury::serve(&[]);
    let get = |headers: &str| {
        let mut client = Client::of(&mercury);
        client.send(format!("GET / HTTP/1.1\r\n{headers}\r\n").as_bytes());
        client.response().unwrap().status
    };
    assert_eq!(get("Host: localhost\r\n"), 200);
    assert_eq!(get("Host: evil.example\r\n"), 403);
    assert_eq!(get("Host: localhost\r\nOrigin: http://evil.example\r\n"), 403);
}

#[test]
fn it_asks_who_looks_and_shows_what_the_policy_grants() {
    let switches = [Simulated::start(Mode::Candidate), Simulated::start(Mode::Candidate)];
    let setup = Setup::new().switches(&[switches[0].entry("leaf1"), switches[1].entry("leaf2")]);
    let users = setup.write("htpasswd", &format!("one:{HASH}\nnobody:{HASH}\n"));
    setup.write("policy.toml", "[[caller]]\nnames = [\"one\"]\nswitches = [\"leaf1\"]\ndry_run = true\n");
    let settings = format!("auth = \"http_basic\"\nhtpasswd = {users:?}\npolicy = \"policy.toml\"\n");
    let mercury = setup.settings(&settings).serve();
    let refused = Client::of(&mercury).request("GET", "/", b"");
    assert_eq!((refused.status, refused.headers["www-authenticate"].as_str()), (401, "Basic realm=\"Baremetal API\""));
    let (status, page) = look(&mut Client::of(&mercury).basic("one", "secret"));
    assert!(status == 200 && page.contains(">leaf1<") && !page.contains("leaf2"), "{page}");
    let (status, page) = look(&mut Client::of(&mercury).basic("nobody", "secret"));
    assert!(status == 200 && !page.contains("leaf1") && page.contains("0 served"), "{page}");
}

#[test]
fn it_is_off_where_the_settings_say_so_and_where_other_machines_reach_it() {
    let mercury = Setup::new().settings("status_page = false\n").serve();
    assert_eq!(look(&mut Client::of(&mercury)).0, 405);
    let remote = "auth = \"noauth\"\nallow_remote_noauth = true\n";
    for (more, status) in [("", 405), ("status_page = true\n", 200)] {
        let setup = Setup::new().settings(&format!("{remote}{more}"));
        let mercury = setup.listening_on("0.0.0.0:0".parse().unwrap()).serve();
        let address = std::net::SocketAddr::from(([127, 0, 0, 1], mercury.address.port()));
        assert_eq!(look(&mut Client::at(address)).0, status, "{more:?}");
    }
}
