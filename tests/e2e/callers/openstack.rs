//! The clients of `adapters/openstack` and `adapters/client` log in, and tell nobody how.

use mercury_client::{Error, Way};
use rcgen::SanType;
use serde_json::json;

use super::{
    Stage,
    passwords::{self, PASSWORD},
};
use crate::{client::logs_in, harness::installed, openstack::Caller};

#[test]
fn the_python_client_logs_in_with_digest_basic_and_a_certificate_over_tls() {
    if !installed() {
        return;
    }
    let three = "auth = [\"http_digest\", \"http_basic\", \"mtls\"]\nhtpasswd = \"htpasswd\"";
    let tls = "client_ca = \"CA\"\nclients = [\"DNS:conductor1.example.org\"]\n[digest]\nusers = \"users\"";
    let stage = Stage::set(three, tls, |setup, _| passwords::with_users(setup));
    let name = SanType::DnsName("conductor1.example.org".try_into().unwrap());
    let (cert, key) = stage.authority.client("conductor", vec![name]);
    let (root, cert, key) = (stage.authority.root(), cert.to_str().unwrap(), key.to_str().unwrap());
    let ca = ["--ca", root.to_str().unwrap()];
    let ways: [&[&str]; 3] = [&["--digest", "ironic"], &["--basic", "ironic"], &["--cert", cert, "--key", key]];
    for words in ways {
        let mut caller = Caller::to(&stage.url(), &[&ca[..], words].concat(), PASSWORD);
        for _ in 0..2 {
            assert!(caller.call("get_switches", json!([])).unwrap()["leaf1"].is_object(), "{words:?}");
        }
        let told = caller.told();
        let halves: Vec<&str> = PASSWORD.split('\'').filter(|half| half.len() > 3).collect();
        assert!(halves.iter().all(|half| !told.contains(half)), "{told}");
    }
    for words in [&["--digest", "ironic"][..], &["--basic", "ironic"], &[]] {
        let mut caller = Caller::to(&stage.url(), &[&ca[..], words].concat(), "hunter2");
        let error = caller.call("get_switches", json!([])).unwrap_err();
        assert_eq!((&error["class"], &error["status"]), (&json!("NotAdmitted"), &json!(401)), "{words:?}: {error}");
        let told = caller.told();
        assert!(told.contains("NotAdmitted") && !told.contains("hunter2"), "{told}");
    }
    let error = Caller::to(&stage.url(), &["--basic", "ironic"], PASSWORD).call("get_switches", json!([])).unwrap_err();
    assert_eq!(error["class"], "NotSent", "a certificate that is not believed: {error}");
}

#[test]
fn the_rust_client_logs_in_with_digest_basic_and_a_certificate_over_tls() {
    let three = "auth = [\"http_digest\", \"http_basic\", \"mtls\"]\nhtpasswd = \"htpasswd\"";
    let tls = "client_ca = \"CA\"\nclients = [\"DNS:conductor1.example.org\"]\n[digest]\nusers = \"users\"\n\
               algorithms = [\"SHA-512-256\", \"SHA-256\"]";
    let stage = Stage::set(three, tls, |setup, _| passwords::with_users(setup));
    let name = SanType::DnsName("conductor1.example.org".try_into().unwrap());
    let (cert, key) = stage.authority.client("conductor", vec![name]);
    let (url, root) = (stage.url(), stage.authority.root());
    for way in [Way::digest("ironic", PASSWORD), Way::basic("ironic", PASSWORD), Way::certificate_of(cert, key)] {
        logs_in(&url, &root, way).unwrap();
    }
    for way in [Way::digest("ironic", "guess"), Way::basic("ironic", "guess"), Way::anonymous()] {
        let error = logs_in(&url, &root, way).unwrap_err();
        assert!(matches!(&error, Error::Refused(refusal) if refusal.status == 401), "{error:?}");
    }
    let stranger = super::Authority::new();
    let error = logs_in(&url, &stranger.root(), Way::basic("ironic", PASSWORD)).unwrap_err();
    assert!(matches!(error, Error::NotSent(_)), "a certificate that is not believed: {error:?}");
}
