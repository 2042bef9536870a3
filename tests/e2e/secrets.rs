//! Where secrets come from, and where they do not go.

use std::fs;

use mercury_sim::Mode;
use serde_json::{Value, json};

use crate::harness::{Client, Entry, Mercury, Setup, Simulated};

fn update() -> Value {
    json!({"switch_id": "leaf1", "port_name": "Ethernet1", "mode": "access", "native_vlan": 100})
}

/// As systemd's LoadCredential= leaves them: readable by a group too, in a folder of their own.
#[test]
fn a_credential_of_systemds_is_a_secret() {
    let switch = Simulated::start(Mode::Candidate);
    let entry = |credential: &str| {
        let place = format!("{{ credential = {credential:?} }}");
        switch.entry("leaf1").with("password", place)
    };
    let setup = Setup::new().switches(&[entry("leaf1-password")]);
    let folder = setup.path().join("credentials");
    fs::create_dir(&folder).unwrap();
    let file = folder.join("leaf1-password");
    fs::write(&file, switch.password()).unwrap();
    fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o440)).unwrap();
    let mercury = setup.environment("CREDENTIALS_DIRECTORY", folder.to_str().unwrap()).serve();
    Client::of(&mercury).done("update_port", &update());
    for credential in ["../leaf1-password", "", ".."] {
        let told = Setup::new().switches(&[entry(credential)]).run(&["config", "check"]);
        assert_eq!(told.code(), 1);
        assert!(told.stdout.contains("{ credential = \"NAME\" }"), "{}", told.stdout);
    }
}

#[test]
fn the_memory_of_the_service_is_not_dumped() {
    let switch = Simulated::start(Mode::Candidate);
    let mercury = Mercury::serve(&[switch.entry("leaf1")]);
    let limits = fs::read_to_string(format!("/proc/{}/limits", mercury.pid())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"], "{core}");
}

/// As vaults are asked: by a program, for each session.
#[test]
fn a_command_prints_a_secret_and_is_asked_again_for_the_next_session() {
    let switch = Simulated::start(Mode::Candidate);
    let setup = Setup::new();
    let (program, answer) =
        (setup.write("vault", "#!/bin/sh\necho >> \"$1.asked\"\ncat \"$1\"\n"), setup.path().join("answer"));
    fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let place = format!("{{ command = [{program:?}, {answer:?}], timeout = 20 }}");
    let entry = switch.entry("leaf1").with("password", place);
    let asked = setup.path().join("answer.asked");
    let setup = setup.switches(&[entry]);
    assert_eq!(setup.run(&["config", "check"]).code(), 0);
    assert!(!asked.exists(), "nobody asks for it before there is a session");
    let mercury = setup.serve();
    let mut client = Client::of(&mercury);
    let refused = client.fails("update_port", &update());
    assert!(refused.kind() == "credentials" && refused.message.contains("it ended with exit status"), "{refused:?}");
    fs::write(&answer, "another password\n").unwrap();
    assert_eq!(client.fails("update_port", &update()).kind(), "credentials");
    fs::write(&answer, format!("{}\n", switch.password())).unwrap();
    client.done("update_port", &update());
    client.done("update_port", &update());
    assert_eq!(fs::read_to_string(&asked).unwrap().lines().count(), 3, "once for each session");
    let log = mercury.stderr.text();
    assert!(!log.contains(switch.password()) && !log.contains("another password"), "{log}");
}

#[test]
fn a_command_that_can_be_none_is_refused() {
    let switch = Simulated::start(Mode::Candidate);
    for (place, said) in [
        ("{ command = \"/bin/cat\" }", "must be text"),
        ("{ command = [\"cat\"] }", "must be text"),
        ("{ command = [] }", "must be text"),
        ("{ command = [\"/bin/cat\"], timeout = \"2m\" }", "must be text"),
        ("{ command = [\"/bin/cat\"], shell = true }", "must be text"),
        ("{ command = [\"/nowhere/at/all\"] }", "cannot be run"),
    ] {
        let told = Setup::new().switches(&[switch.entry("leaf1").with("password", place)]).run(&["config", "check"]);
        assert!(told.code() == 1 && told.stdout.contains(said), "{place}: {}", told.stdout);
    }
}

/// Kubernetes leads `..data` to another folder, and the names stay.
#[test]
fn a_mounted_secret_is_followed_where_its_link_leads() {
    let switch = Simulated::start(Mode::Candidate);
    let setup = Setup::new();
    let mount = setup.path().join("secret");
    fs::create_dir(&mount).unwrap();
    let lead = |version: &str, text: &str| {
        fs::create_dir(mount.join(version)).unwrap();
        fs::write(mount.join(version).join("password"), text).unwrap();
        std::os::unix::fs::symlink(version, mount.join("..data_tmp")).unwrap();
        fs::rename(mount.join("..data_tmp"), mount.join("..data")).unwrap();
    };
    lead("..1", "an old password");
    std::os::unix::fs::symlink("..data/password", mount.join("password")).unwrap();
    let entry = switch.entry("leaf1").with("password", format!("{{ file = {:?} }}", mount.join("password")));
    let mercury = setup.settings("secret_files = \"any\"\n").switches(&[entry]).serve();
    let mut client = Client::of(&mercury);
    assert_eq!(client.fails("update_port", &update()).kind(), "credentials");
    lead("..2", switch.password());
    client.done("update_port", &update());
}

#[test]
fn a_weak_secret_is_told_of_and_not_what_it_is() {
    let setup = Setup::new();
    let entry = |name: &str, password: &str| {
        let entry = Entry::new(name).text("address", "192.0.2.1").text("dialect", "openconfig").with("insecure", true);
        entry
            .text("username", "automation")
            .text("password", password)
            .text("address", &format!("192.0.2.{}", name.len()))
    };
    let hash = |cost| bcrypt::hash("bluebells", cost).unwrap();
    let users = setup.write("htpasswd", &format!("cheap:{}\ndear:{}\n", hash(4), hash(10)));
    let setup = setup.settings(&format!("auth = \"http_basic\"\nhtpasswd = {users:?}\n"));
    let setup =
        setup.switches(&[entry("a", "Automation"), entry("bb", "NokiaSrl1!"), entry("ccc", "bluebells in May")]);
    let told = setup.run(&["--output", "json", "config", "check"]);
    assert_eq!(told.code(), 0, "{}", told.stdout);
    let findings = told.json()["findings"].as_array().unwrap().clone();
    let weak: Vec<_> =
        findings.iter().filter(|one| one["code"] == "weak-secret").map(|one| one["field"].as_str().unwrap()).collect();
    assert_eq!(weak, ["htpasswd.cheap", "switch.a.password", "switch.bb.password"], "{}", told.stdout);
    assert!(!told.stdout.contains("NokiaSrl1!") && !told.stdout.contains("Automation"), "{}", told.stdout);
}
