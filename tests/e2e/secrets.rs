//! Where secrets come from, and where they do not go.

use std::fs;

use mercury_sim::Mode;
use serde_json::{Value, json};

use crate::harness::{Client, Mercury, Setup, Simulated};

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
