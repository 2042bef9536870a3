//! The libraries that people call with, each in the ways that it knows: what they take
//! of several challenges differs, and the order that all of them understand is what is
//! offered.

use std::{path::PathBuf, process::Command};

use rcgen::SanType;
use serde_json::json;

use super::{
    Stage,
    passwords::{self, PASSWORD},
};
use crate::harness::{Ironic, installed};

/// A program that calls as it is told.
enum Caller {
    Python(&'static str),
    Go,
}

const ALL: [Caller; 4] = [Caller::Python("requests"), Caller::Python("httpx"), Caller::Python("aiohttp"), Caller::Go];

/// Where `tests/peers/install` has put them.
fn peers() -> PathBuf {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/peers/venv");
    let venv = std::env::var_os("MERCURY_TEST_VENV").map_or(own, PathBuf::from);
    venv.parent().unwrap().to_owned()
}

impl Caller {
    const fn name(&self) -> &'static str {
        match self {
            Caller::Python(library) => library,
            Caller::Go => "Go",
        }
    }

    /// The statuses that it got; `None` where there is no Go.
    fn call(&self, stage: &Stage, words: &[&str]) -> Option<Vec<u16>> {
        let mut command = match self {
            Caller::Python(library) => {
                let mut command = Command::new(peers().join("callers/bin/python"));
                let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/callers.py");
                command.args(["-B", script, library, &stage.url()]);
                command
            }
            Caller::Go => Command::new(Some(peers().join("caller/caller")).filter(|caller| caller.exists())?),
        };
        command.args(["--ca", stage.authority.root().to_str().unwrap()]).args(words).env("MERCURY_PASSWORD", PASSWORD);
        if matches!(self, Caller::Go) {
            command.arg(stage.url());
        }
        let output = command.output().unwrap();
        let told = || format!("{}: {words:?}: {}", self.name(), String::from_utf8_lossy(&output.stderr));
        Some(serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", told())))
    }
}

#[test]
fn every_client_logs_in_each_way_it_knows() {
    if !installed() {
        return;
    }
    let three = "auth = [\"http_digest\", \"http_basic\", \"mtls\"]\nhtpasswd = \"htpasswd\"";
    let tls = "client_ca = \"CA\"\nclients = [\"DNS:conductor1.example.org\"]\n[digest]\nusers = \"users\"";
    let stage = Stage::set(three, tls, |setup, _| passwords::with_users(setup));
    let name = SanType::DnsName("conductor1.example.org".try_into().unwrap());
    let (cert, key) = stage.authority.client("conductor", vec![name]);
    let (cert, key) = (cert.to_str().unwrap(), key.to_str().unwrap());
    for caller in ALL {
        let ways: [&[&str]; 4] = [
            &["--digest", "--user", "ironic", "--times", "3"],
            &["--basic", "--user", "ironic"],
            &["--cert", cert, "--key", key],
            &[],
        ];
        for (words, statuses) in ways.iter().zip([&[200, 200, 200][..], &[200], &[200], &[401]]) {
            if let Some(got) = caller.call(&stage, words) {
                assert_eq!(got, statuses, "{} {words:?}", caller.name());
            }
        }
    }
    let ways = ["http_digest", "http_basic", "mtls"];
    let lines = stage.mercury.stderr.json();
    assert!(ways.iter().all(|way| lines.iter().any(|line| line["way"] == *way)));
}

/// What several challenges do to whom, as `config/callers.md` has it.
#[test]
fn each_client_takes_the_challenges_that_the_manual_says() {
    if !installed() {
        return;
    }
    let digest = ["--digest", "--user", "ironic"];
    let old = passwords::stage("algorithms = [\"SHA-256\", \"MD5\"]\nqop = \"auth, auth-int\"");
    for caller in ALL {
        assert!(caller.call(&old, &digest).is_none_or(|got| got == [200]), "{}", caller.name());
    }
    let body = passwords::stage("qop = \"auth-int\"");
    for caller in [Caller::Python("aiohttp"), Caller::Go] {
        assert!(caller.call(&body, &digest).is_none_or(|got| got == [200]), "{}", caller.name());
    }
    let new = passwords::stage("algorithms = [\"SHA-512-256\", \"SHA-256\"]");
    assert_eq!(Caller::Python("requests").call(&new, &digest), Some(vec![200]));
}

#[test]
fn many_calls_at_once_over_one_nonce_are_all_let_in() {
    if !installed() {
        return;
    }
    let stage = passwords::stage("reordering = 63");
    let words = ["--digest", "--user", "ironic", "--times", "60", "--together"];
    assert_eq!(Caller::Python("aiohttp").call(&stage, &words), Some(vec![200; 60]));
}

/// Ironic's conductor has `client_use_ssl` and `cafile` for this.
#[test]
fn the_client_of_ironic_logs_in_with_basic_over_https() {
    if !installed() {
        return;
    }
    let basic = "auth = \"http_basic\"\nhtpasswd = \"htpasswd\"";
    let stage = Stage::set(basic, "", |setup, _| passwords::with_users(setup));
    let ca = stage.authority.root();
    let ca = ca.to_str();
    let switches = Ironic::encrypted(&stage.mercury, ca, "ironic", PASSWORD).done("get_switches", &json!({}));
    assert!(switches["leaf1"].is_object(), "{switches}");
    let wrong = Ironic::encrypted(&stage.mercury, ca, "ironic", "guess").fails("get_switches", &json!({}));
    assert!(wrong.class.contains("Unauthorized"), "{wrong:?}");
    let distrust = Ironic::encrypted(&stage.mercury, None, "ironic", PASSWORD).fails("get_switches", &json!({}));
    assert!(distrust.class.contains("SSL"), "{distrust:?}");
    stage.told("the caller does not trust this service's certificate");
    let plain = Ironic::basic(&stage.mercury, "ironic", PASSWORD).fails("get_switches", &json!({}));
    assert!(plain.class.contains("BadRequest"), "{plain:?}");
}
