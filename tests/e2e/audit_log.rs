//! The audit log: who asked for what, what came of it, and whether a line is missing.

use std::{
    fs,
    net::UdpSocket,
    os::unix::net::UnixDatagram,
    path::{Path, PathBuf},
    process::Command,
};

use mercury_sim::Mode;
use serde_json::{Value, json};

use crate::harness::{Client, Mercury, Setup, Simulated, wait};

fn update(vlan: u16) -> Value {
    json!({"switch_id": "leaf1", "port_name": "Ethernet1", "mode": "access", "native_vlan": vlan,
           "context": {"request_id": format!("req-{vlan}"), "user": "admin", "auth_token": "hunter-secret"}})
}

fn lines(file: &Path) -> Vec<Value> {
    let text = fs::read_to_string(file).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

fn events(file: &Path) -> Vec<String> {
    lines(file).iter().map(|line| line["event"].as_str().unwrap().to_owned()).collect()
}

/// What `audit-log verify` says, and its exit code.
fn verify(files: &[&Path]) -> (Value, i32) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mercury"));
    let said = command.args(["--output", "json", "audit-log", "verify"]).args(files).output().unwrap();
    (serde_json::from_slice(&said.stdout).unwrap(), said.status.code().unwrap())
}

fn serve(folder: &Path, switch: &Simulated, more: &str) -> Mercury {
    let setup = Setup::new().switches(&[switch.entry("leaf1").with("allowed_vlans", "\"100-199\"")]);
    setup.settings(&format!("[audit]\nfile = {:?}\n{more}", folder.join("audit.jsonl"))).serve()
}

#[test]
fn changes_and_refusals_are_told_in_a_chain_that_outlives_the_process_and_the_file() {
    let (switch, folder) = (Simulated::start(Mode::Candidate), tempfile::tempdir().unwrap());
    let (file, moved) = (folder.path().join("audit.jsonl"), folder.path().join("audit.jsonl.1"));
    let mut mercury = serve(folder.path(), &switch, "");
    let mut client = Client::of(&mercury);
    client.done("get_switches", &json!({}));
    client.done("plan_port", &update(101));
    client.done("update_port", &update(100));
    client.fails("update_port", &update(200));
    wait("three lines", || events(&file) == ["asked", "done", "refused"]);
    let told = lines(&file);
    assert_eq!(told[0]["call"], told[1]["call"]);
    for line in &told {
        assert_eq!(
            (&line["caller"], &line["method"], &line["user"]),
            (&json!("anonymous"), &json!("update_port"), &json!("admin"))
        );
        assert!(line["time"].is_string() && line["peer"].is_string(), "{line}");
        assert_eq!((&line["way"], &line["ports"]), (&json!("noauth"), &json!("Ethernet1")), "{line}");
    }
    assert_eq!((&told[1]["request_id"], &told[2]["request_id"]), (&json!("req-100"), &json!("req-200")));
    assert_eq!(told[1]["switches"][0]["outcome"], "committed");
    assert!(told[1]["switches"][0]["plan"].as_str().unwrap().contains("100"), "{}", told[1]);
    assert_eq!(told[2]["fault"], "invalid-value");

    fs::rename(&file, &moved).unwrap();
    client.done("update_port", &update(102));
    wait("a new file", || events(&file) == ["asked", "done"]);
    mercury.terminate();
    assert!(mercury.wait().success());
    let mercury = serve(folder.path(), &switch, "");
    Client::of(&mercury).done("update_port", &update(103));
    wait("the next process's lines", || events(&file).len() == 4);

    let (said, code) = verify(&[&moved, &file]);
    assert_eq!((&said["whole"], &said["lines"], code), (&json!(true), &json!(7), 0), "{said}");
    // A beginning that is gone leaves no gap behind it.
    let (alone, code) = verify(&[&file]);
    assert_eq!((&alone["whole"], &alone["continues"], code), (&json!(false), &json!(true), 1), "{alone}");
    let (first, _) = verify(&[&moved]);
    let after = ["--after", first["last"].as_str().unwrap()].map(Path::new);
    assert_eq!(verify(&[after[0], after[1], &file]).1, 0, "{first}");
    let wrong = ["--after", said["last"].as_str().unwrap()].map(Path::new);
    assert_eq!(verify(&[wrong[0], wrong[1], &file]).1, 1);
    let empty = folder.path().join("empty");
    fs::write(&empty, "").unwrap();
    assert_eq!(verify(&[&empty]).1, 1);
    let text = fs::read_to_string(&file).unwrap();
    assert!(!text.contains("hunter-secret") && !text.contains(switch.password()), "{text}");
    let copy = folder.path().join("copy");
    fs::write(&copy, text.replacen("Ethernet1", "Ethernet2", 1)).unwrap();
    let (said, code) = verify(&[&moved, &copy]);
    assert_eq!((&said["whole"], &said["line"], code), (&json!(false), &json!(2), 1), "{said}");
}

/// As on a full disk, or where the folder is gone.
#[test]
fn where_the_settings_say_so_nothing_is_changed_that_cannot_be_told() {
    let (switch, folder) = (Simulated::start(Mode::Candidate), tempfile::tempdir().unwrap());
    let own = folder.path().join("own");
    fs::create_dir(&own).unwrap();
    let mercury = serve(&own, &switch, "required = true\n");
    let mut client = Client::of(&mercury);
    client.done("update_port", &update(100));
    assert_eq!(events(&own.join("audit.jsonl"))[0], "asked", "it is written before anything is sent");
    let elsewhere = folder.path().join("elsewhere");
    fs::rename(&own, &elsewhere).unwrap();
    let before = switch.handle().counters().rpcs;
    let error = client.fails("update_port", &update(101));
    assert_eq!(error.kind(), "machine", "{error:?}");
    assert!(error.message.contains("audit log"), "{error:?}");
    assert_eq!(switch.handle().counters().rpcs, before, "nothing is sent");
    fs::rename(&elsewhere, &own).unwrap();
    client.done("update_port", &update(101));
    wait("what was lost", || events(&own.join("audit.jsonl")).contains(&"lost".to_owned()));
    assert_eq!(verify(&[&own.join("audit.jsonl")]).1, 0);
}

#[test]
fn otherwise_what_cannot_be_told_is_counted_and_changes_go_on() {
    let (switch, folder) = (Simulated::start(Mode::Candidate), tempfile::tempdir().unwrap());
    let own = folder.path().join("own");
    fs::create_dir(&own).unwrap();
    let mercury = serve(&own, &switch, "");
    fs::rename(&own, folder.path().join("elsewhere")).unwrap();
    Client::of(&mercury).done("update_port", &update(100));
    mercury.stderr.wait_json("the failure", |line| line["message"] == "the audit log cannot be written");
    wait("the count", || {
        let told = Client::of(&mercury).request("GET", "/metrics", b"").body;
        let told = String::from_utf8(told).unwrap();
        told.lines().any(|line| line == "mercury_lost_audit_lines_total 2")
    });
}

#[test]
fn two_processes_do_not_write_one_log() {
    let (switch, folder) = (Simulated::start(Mode::Candidate), tempfile::tempdir().unwrap());
    let _mercury = serve(folder.path(), &switch, "");
    let setup = Setup::new().switches(&[switch.entry("leaf1")]);
    let setup = setup.settings(&format!("[audit]\nfile = {:?}\n", folder.path().join("audit.jsonl")));
    let other = setup.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(other.code(), 2);
    assert!(other.stderr.contains("another process writes to it"), "{}", other.stderr);
}

/// Nobody has to ask for a change to find out that it would be refused, or no more.
#[test]
fn it_is_not_ready_while_a_required_log_cannot_be_written() {
    let (switch, folder) = (Simulated::start(Mode::Candidate), tempfile::tempdir().unwrap());
    let (own, elsewhere) = (folder.path().join("own"), folder.path().join("elsewhere"));
    fs::create_dir(&own).unwrap();
    let mercury = serve(&own, &switch, "required = true\n");
    let ready = || Client::of(&mercury).request("GET", "/readyz", b"");
    assert_eq!(ready().status, 200);
    fs::rename(&own, &elsewhere).unwrap();
    let answer = ready();
    assert_eq!(answer.status, 503);
    assert!(answer.json()["error"]["message"].as_str().unwrap().contains("audit log"), "{:?}", answer.json());
    Client::of(&mercury).fails("update_port", &update(100));
    assert_eq!(ready().status, 503);
    fs::rename(&elsewhere, &own).unwrap();
    assert_eq!(ready().status, 200, "it is found out without a change");
    mercury.stderr.wait_json("the end of it", |line| line["message"] == "the audit log can be written again");
    assert_eq!(events(&own.join("audit.jsonl")), ["lost"]);
    assert_eq!(verify(&[&own.join("audit.jsonl")]).1, 0);
}

/// A file of the lines that a daemon was sent, each with what is before it.
fn written(folder: &Path, lines: &[String]) -> PathBuf {
    let file = folder.join("told");
    fs::write(&file, lines.iter().map(|line| line.to_owned() + "\n").collect::<String>()).unwrap();
    file
}

#[test]
fn syslog_and_journald_are_told_in_a_chain_too_and_found_again_when_they_were_stopped() {
    let switch = Simulated::start(Mode::Candidate);
    for key in ["syslog", "journald"] {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket");
        let daemon = UnixDatagram::bind(&socket).unwrap();
        let setup = Setup::new().switches(&[switch.entry("leaf1").with("allowed_vlans", "\"100-199\"")]);
        let settings = format!("[audit]\n{key} = {socket:?}\nrequired = true\n");
        let check = || Setup::new().settings(&settings).run(&["config", "check"]).code();
        assert_eq!(check(), 0);
        let mercury = setup.settings(&settings).serve();
        let mut client = Client::of(&mercury);
        client.done("update_port", &update(100));
        let mut sent = receive(|bytes| daemon.recv(bytes), 2);
        // As if it was stopped, and its socket is gone.
        drop(daemon);
        assert_eq!(client.fails("update_port", &update(101)).kind(), "machine");
        assert_eq!(client.request("GET", "/readyz", b"").status, 503);
        assert_eq!(check(), 1);
        fs::remove_file(&socket).unwrap();
        let daemon = UnixDatagram::bind(&socket).unwrap();
        assert_eq!(client.request("GET", "/readyz", b"").status, 200);
        client.done("update_port", &update(102));
        sent.extend(receive(|bytes| daemon.recv(bytes), 3));
        let lines: Vec<String> = match key {
            "syslog" => {
                assert!(
                    sent.iter().all(|text| text.starts_with("<109>1 20") && text.contains(" mercury-audit ")),
                    "{sent:?}"
                );
                sent
            }
            _ => sent
                .iter()
                .map(|entry| entry.lines().next().unwrap().strip_prefix("MESSAGE=").unwrap().to_owned())
                .collect(),
        };
        for (line, event) in lines.iter().zip(["asked", "done", "lost", "asked", "done"]) {
            assert!(line.contains(&format!("\"event\":\"{event}\"")), "{event}: {line}");
        }
        let (said, code) = verify(&[&written(folder.path(), &lines)]);
        assert_eq!((code, &said["lines"]), (0, &json!(5)), "{said}");
    }
}

#[test]
fn a_collector_is_told_over_udp() {
    let (switch, folder) = (Simulated::start(Mode::Candidate), tempfile::tempdir().unwrap());
    let collector = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
    let setup = Setup::new().switches(&[switch.entry("leaf1")]);
    let address = collector.local_addr().unwrap();
    let mercury = setup.settings(&format!("[audit]\nsyslog = \"udp://{address}\"\n")).serve();
    Client::of(&mercury).done("update_port", &update(100));
    let sent = receive(|bytes| collector.recv(bytes), 2);
    assert_eq!(verify(&[&written(folder.path(), &sent)]).1, 0, "{sent:?}");
}

/// So many datagrams, each of which comes as soon as it is there.
fn receive(recv: impl Fn(&mut [u8]) -> std::io::Result<usize>, count: usize) -> Vec<String> {
    let mut bytes = vec![0; 64 * 1024];
    let one = |_| {
        let length = recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    };
    (0..count).map(one).collect()
}

/// `serve` would not start, or refuse every change.
#[test]
fn config_check_tries_the_places_that_are_written_to_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let check = |text: &str| {
        let finished = Setup::new().settings(text).run(&["config", "check"]);
        (finished.code(), finished.stdout)
    };
    let (file, other) = (folder.path().join("audit.jsonl"), folder.path().join("notes.txt"));
    fs::write(&other, "no log\n").unwrap();
    let audit = |path: &Path| format!("[audit]\nfile = {path:?}\n");
    let socket = |path: &Path| format!("[socket]\npath = {path:?}\nuids = [0]\n");
    assert_eq!(check(&audit(&file)).0, 0);
    assert_eq!(check(&socket(&folder.path().join("socket"))).0, 0);
    for (text, said) in [
        (audit(&other), "its last line is none of an audit log"),
        (audit(folder.path()), "directory"),
        (audit(&folder.path().join("absent/audit.jsonl")), "No such file"),
        (socket(&other), "it is there and is no socket"),
        (socket(&folder.path().join("absent/socket")), "No such file"),
    ] {
        let (code, stdout) = check(&text);
        assert!(code == 1 && stdout.contains(said), "{text}: {stdout}");
    }
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["notes.txt"]);
}

/// Whoever has no password can fill no disk.
#[test]
fn who_shows_no_credentials_is_counted_and_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("audit.jsonl");
    let setup = Setup::new();
    let users = setup.write("htpasswd", &format!("ironic:{}\n", bcrypt::hash("word", 4).unwrap()));
    let audit = format!("auth = \"http_basic\"\nhtpasswd = {users:?}\n[audit]\nfile = {file:?}\n");
    let mercury = setup.settings(&audit).serve();
    for _ in 0..3 {
        assert_eq!(Client::of(&mercury).post("/", b"{}").status, 401);
    }
    let wrong = Client::of(&mercury).with("Authorization", "Basic !").post("/", b"{}");
    assert_eq!(wrong.status, 400);
    wait("the line", || !events(&file).is_empty());
    let told = lines(&file);
    assert_eq!((events(&file).len(), &told[0]["event"], &told[0]["before"]), (1, &json!("not-let-in"), &json!(0)));
    assert_eq!(told[0]["reason"], wrong.json()["error"]["message"]);
}
