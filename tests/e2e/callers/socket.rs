//! The socket of the file system.

use std::{
    os::unix::{fs::PermissionsExt as _, net::UnixListener},
    process::Command,
};

use mercury_client::{Error, Way};
use serde_json::{Value, json};

use super::curl;
use crate::harness::{Client, Setup, block_on};

/// What `id` says of this process.
fn id(word: &str) -> String {
    let output = Command::new("id").arg(word).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A setup with a socket, whose folder stays for a look afterwards.
fn setup(folder: &tempfile::TempDir, who: &str) -> (Setup, String) {
    let path = folder.path().join("mercury.sock").to_str().unwrap().to_owned();
    let users = "auth = \"http_basic\"\nhtpasswd = \"htpasswd\"";
    let setup = Setup::new().settings(&format!("{users}\n[socket]\npath = {path:?}\nmode = \"0666\"\n{who}\n"));
    setup.write("htpasswd", &format!("ironic:{}\n", bcrypt::hash("word", 4).unwrap()));
    (setup, path)
}

#[test]
fn the_socket_lets_in_whom_the_system_names_and_goes_with_the_service() {
    let folder = tempfile::TempDir::new().unwrap();
    for who in [format!("uids = [{}]", id("-u")), format!("gids = [77777, {}]", id("-g"))] {
        let (setup, path) = setup(&folder, &who);
        // As after SIGKILL.
        drop(UnixListener::bind(&path).unwrap());
        let mut mercury = setup.serve();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o666);
        let words = ["--unix-socket", &path];
        assert_eq!(curl("http://localhost/", &words).status, 200, "{who}");
        let caller = format!("uid:{}", id("-u"));
        let line = mercury.stderr.wait_json("its caller", |line| line["caller"] == caller.as_str());
        assert_eq!(line["way"], "socket", "{line}");
        let right = [&words[..], &["-u", "ironic:word"]].concat();
        assert_eq!(curl("http://localhost/", &right).status, 200);
        mercury.stderr.wait_json("the user", |line| line["caller"] == "ironic" && line["way"] == "http_basic");
        let wrong = [&words[..], &["-u", "ironic:guess"]].concat();
        assert_eq!(curl("http://localhost/", &wrong).status, 401, "a password that is given counts");
        assert_eq!(Client::of(&mercury).post("/", b"{}").status, 401, "the port still asks");
        mercury.terminate();
        assert!(mercury.wait().success());
        assert!(!std::path::Path::new(&path).exists());
    }
}

/// With nothing, with a password, and with one that is refused.
#[test]
fn the_rust_client_calls_by_the_socket() {
    let folder = tempfile::TempDir::new().unwrap();
    let (setup, path) = setup(&folder, &format!("uids = [{}]", id("-u")));
    let mercury = setup.serve();
    let url = format!("unix://{path}");
    // Of no switch, which is logged with who asks.
    let params = json!({"switch_id": "nowhere", "port_name": "Ethernet1", "native_vlan": null, "allowed_vlans": null});
    let calls = |url: &str, way| {
        let client = mercury_client::Client::builder(url).way(way).build()?;
        block_on(client.call::<Value>("reset_port", params.clone()))
    };
    let is_let_in = |way| matches!(calls(&url, way), Err(Error::Rpc(_)));
    assert!(is_let_in(Way::anonymous()));
    mercury.stderr.wait_json("its caller", |line| line["way"] == "socket");
    assert!(is_let_in(Way::basic("ironic", "word")));
    mercury.stderr.wait_json("the user", |line| line["caller"] == "ironic" && line["way"] == "http_basic");
    let refused = calls(&url, Way::basic("ironic", "guess")).unwrap_err();
    assert!(matches!(&refused, Error::Refused(refusal) if refusal.status == 401), "{refused:?}");
    let nowhere = calls(&format!("{url}.not"), Way::anonymous()).unwrap_err();
    assert!(matches!(&nowhere, Error::NotSent(_)), "{nowhere:?}");
    let relative = calls("unix://mercury.sock", Way::anonymous()).unwrap_err();
    assert!(matches!(&relative, Error::Settings(_)), "{relative:?}");
}

#[test]
fn the_socket_lets_in_nobody_else_and_takes_nobody_elses_place() {
    let folder = tempfile::TempDir::new().unwrap();
    let (setup, path) = setup(&folder, "uids = [77777]\ngids = [77777]");
    let mercury = setup.serve();
    assert_eq!(curl("http://localhost/", &["--unix-socket", &path]).status, 403);
    mercury.stderr.wait_json("its words", |line| line.to_string().contains("the socket does not admit"));
    let (second, _) = self::setup(&folder, "uids = [0]");
    let finished = second.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(finished.code() == 2 && finished.stderr.contains("another process listens"), "{}", finished.stderr);
    assert_eq!(curl("http://localhost/", &["--unix-socket", &path]).status, 403, "the first still listens");
}
