//! systemd listens, and hands the socket over (sd_listen_fds(3)).

use std::{
    net::{SocketAddr, TcpListener},
    os::fd::OwnedFd,
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};

use crate::harness::{Client, Lines, Setup};

/// A Mercury that is handed this socket, and told to listen there.
fn handed(setup: &Setup, socket: TcpListener, listen: SocketAddr) -> Child {
    let script = "exec 3<&0 0</dev/null; LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\" \"$@\"";
    let mut command = Command::new("sh");
    command.args(["-c", script, env!("CARGO_BIN_EXE_mercury"), "serve", "--output", "json"]);
    command.args(["--listen", &listen.to_string()]).env("RUNTIME_DIRECTORY", setup.path().join("run"));
    let command = command.stdin(Stdio::from(OwnedFd::from(socket)));
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn a_socket_that_is_handed_over_is_served_and_stays_when_mercury_ends() {
    let setup = Setup::new();
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    // Who calls before there is a Mercury waits.
    let mut early = Client::at(address);
    early.start("POST", "/", &request());
    for _ in 0..2 {
        let mut mercury = handed(&setup, socket.try_clone().unwrap(), address);
        let ready: Value = serde_json::from_str(&Lines::of(mercury.stdout.take().unwrap()).first().unwrap()).unwrap();
        assert_eq!(ready["listen"], address.to_string());
        assert_eq!(Client::at(address).done("get_switches", &json!({})), json!({}));
        crate::harness::signal(&mercury, "TERM");
        assert!(mercury.wait().unwrap().success());
    }
    assert_eq!(early.response().unwrap().json()["result"], json!({}));
}

fn request() -> Vec<u8> {
    json!({"jsonrpc": "2.0", "id": 1, "method": "get_switches", "params": {}}).to_string().into_bytes()
}

#[test]
fn a_socket_elsewhere_than_the_settings_say_is_refused() {
    let setup = Setup::new();
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let other = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let output = handed(&setup, socket, other).wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("handed over"), "{told}");
}

#[test]
fn the_socket_unit_listens_where_the_packaged_settings_say() {
    let unit = include_str!("../../../config/systemd/mercury.socket");
    let address = unit.lines().find_map(|line| line.strip_prefix("ListenStream=")).unwrap();
    assert!(include_str!("../../../config/deb/mercury.toml").contains(&format!("listen = \"{address}\"")));
}
