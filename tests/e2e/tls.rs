//! How a gNMI switch and Mercury prove themselves to one another.

use std::fs;

use mercury_sim::Options;
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};

use crate::harness::{Client, Entry, Kind, Mercury, Peer, Port, RpcError, Setup, Simulated, Target, block_on};

fn simulated() -> Simulated {
    Simulated::with(Simulated::options())
}

fn attach(mercury: &Mercury, vlan: u16) -> Result<Value, RpcError> {
    let params = json!({"switch_id": "leaf1", "port_name": "Ethernet1", "mode": "access", "native_vlan": vlan});
    Client::of(mercury).call("update_port", &params)
}

/// Nobody who is not the switch is told the password, or anything.
fn refused(switch: &Simulated, entry: Entry) -> RpcError {
    let error = attach(&Mercury::serve(&[entry]), 100).unwrap_err();
    assert_eq!((error.kind(), error.class()), ("host-key", "NetworkError"), "{error:?}");
    assert_eq!((&error.data["who_acts"], &error.data["retry"]), (&json!("network-team"), &json!(false)));
    assert_eq!(switch.handle().counters().rpcs, 0, "something was asked");
    assert_eq!(switch.look().port("Ethernet1"), Port::default());
    error
}

fn bare(switch: &Simulated) -> Entry {
    switch.gnmi_entry("leaf1").without("tls_pins")
}

#[test]
fn a_certificate_that_is_not_pinned_is_refused_and_shown() {
    let (switch, other) = (simulated(), simulated());
    let error = refused(&switch, bare(&switch).with("tls_pins", format!("[{:?}]", other.pin())));
    assert!(error.message.contains(&switch.pin().replace(':', "").to_lowercase()), "{error:?}");
    let both = format!("[{:?}, {:?}]", other.pin(), switch.pin());
    attach(&Mercury::serve(&[bare(&switch).with("tls_pins", both)]), 100).unwrap();
}

#[test]
fn only_the_right_authority_is_trusted() {
    let (switch, other) = (simulated(), simulated());
    let setup = Setup::new();
    let file = |name: &str, of: &Simulated| setup.write(name, of.certificate());
    let (right, wrong) = (file("right.pem", &switch), file("wrong.pem", &other));
    refused(&switch, bare(&switch).with("tls_ca", format!("[{wrong:?}]")));
    refused(&switch, bare(&switch));
    attach(&Mercury::serve(&[bare(&switch).with("tls_ca", format!("[{wrong:?}, {right:?}]"))]), 100).unwrap();
}

#[test]
fn the_name_in_the_certificate_counts_and_can_be_said() {
    let switch = simulated();
    let setup = Setup::new();
    let authority = setup.write("ca.pem", switch.certificate());
    let entry = || bare(&switch).with("tls_ca", format!("[{authority:?}]"));
    let error = refused(&switch, entry().text("tls_server_name", "leaf9.example.org"));
    assert!(error.message.contains("leaf9.example.org"), "{error:?}");
    for (vlan, name) in (100..).zip(["switch", "localhost", "127.0.0.1"]) {
        attach(&Mercury::serve(&[entry().text("tls_server_name", name)]), vlan).unwrap();
    }
    attach(&Mercury::serve(&[entry().text("address", "localhost")]), 200).unwrap();
}

/// How often `told` stands in a warning.
fn warnings(mercury: &Mercury, told: &str) -> usize {
    let lines = mercury.stderr.json();
    let warns = |line: &&Value| line["level"] == "WARN" && line["message"].as_str().unwrap_or_default().contains(told);
    lines.iter().filter(warns).count()
}

/// Three connections, each of them told of.
fn told_each_time(switch: &Simulated, entry: Entry, told: &str) {
    let mercury = Mercury::serve(&[entry]);
    for connection in 1..=3 {
        attach(&mercury, 100 + connection).unwrap();
        attach(&mercury, 200 + connection).unwrap();
        assert_eq!(warnings(&mercury, told), usize::from(connection), "{}", mercury.stderr.text());
        switch.handle().reboot();
        block_on(switch.handle().wait_until(|status| status.connections == 0));
    }
}

#[test]
fn a_certificate_that_is_not_checked_is_told_of_at_each_connection() {
    let switch = simulated();
    told_each_time(&switch, bare(&switch).with("insecure", true), "certificate is not checked");
}

#[test]
fn plaintext_is_told_of_at_each_connection() {
    let switch = Simulated::with(Options { gnmi_plaintext: true, ..Simulated::options() });
    told_each_time(&switch, bare(&switch).with("plaintext", true), "not encrypted");
}

#[test]
fn plaintext_with_a_real_switch() {
    for kind in [Kind::Gnxi, Kind::Lemming] {
        let Some(target) = Target::with(kind, &[("TLS", "off")]) else { return };
        attach(&Mercury::serve(&[target.entry("leaf1")]), 100).unwrap();
        assert_eq!(target.look().port("Ethernet1").vlans, "access 100");
    }
}

#[test]
fn a_port_that_does_not_speak_tls_or_does_is_an_error_soon() {
    let open = Simulated::with(Options { gnmi_plaintext: true, ..Simulated::options() });
    let switch = simulated();
    let ssh = switch.gnmi_entry("leaf1").with("port", switch.netconf_port());
    for entry in [bare(&switch).with("plaintext", true), open.gnmi_entry("leaf1"), ssh] {
        let error = attach(&Mercury::serve(&[entry.clone().with("connect_timeout", 2)]), 100).unwrap_err();
        assert!(["protocol", "unreachable"].contains(&error.kind()), "{entry:?}: {error:?}");
    }
}

#[test]
fn a_wrong_password_is_an_error_about_credentials_without_the_password() {
    for peer in [Peer::SimulatorGnmi(crate::harness::Face::Plain), Peer::Gnmi(Kind::Lemming), Peer::Gnmi(Kind::Gnxi)] {
        let Some(switch) = peer.shared() else { continue };
        let before = switch.look();
        let mercury = Mercury::serve(&[switch.entry("leaf1").text("password", "wr0ng-secret")]);
        let error = attach(&mercury, 100).unwrap_err();
        assert_eq!((error.kind(), error.class()), ("credentials", "NetworkError"), "{peer:?}: {error:?}");
        assert!(!format!("{error:?}{}", mercury.stderr.text()).contains("wr0ng-secret"), "{peer:?}");
        assert_eq!(before.port("Ethernet1"), switch.look().port("Ethernet1"), "{peer:?}");
    }
}

/// Signs certificates of clients.
struct Authority {
    params: CertificateParams,
    key: KeyPair,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self { params, key: KeyPair::generate().unwrap() }
    }

    fn pem(&self) -> String {
        self.params.clone().self_signed(&self.key).unwrap().pem()
    }

    /// A certificate of Mercury's, and its private key.
    fn client(&self) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["mercury".to_owned()]).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let signed = params.signed_by(&key, &Issuer::from_params(&self.params, &self.key)).unwrap();
        (signed.pem(), key.serialize_pem())
    }
}

#[test]
fn a_client_certificate_stands_for_the_password() {
    let authority = Authority::new();
    let switch = Simulated::with(Options { gnmi_client_ca: Some(authority.pem()), ..Simulated::options() });
    let (certificate, key) = authority.client();
    let setup = Setup::new();
    let entry = switch.gnmi_entry("leaf1").without("password");
    let entry = entry
        .with("tls_cert", format!("{:?}", setup.write("mercury.pem", &certificate)))
        .with("tls_key", format!("{:?}", setup.write("mercury.key", &key)));
    attach(&Mercury::serve(&[entry.clone().without("username")]), 100).unwrap();
    attach(&Mercury::serve(&[entry]), 200).unwrap();
    assert_eq!(switch.look().port("Ethernet1").vlans, "access 200");
    let error = attach(&Mercury::serve(&[switch.gnmi_entry("leaf1")]), 100).unwrap_err();
    assert_eq!(error.kind(), "credentials", "{error:?}");
}

/// Go's TLS, and both a certificate and a password.
#[test]
fn real_switches_ask_for_the_client_certificate_too() {
    for kind in [Kind::Gnxi, Kind::Lemming] {
        let Some(target) = Target::with(kind, &[("MUTUAL", "on")]) else { return };
        let error = attach(&Mercury::serve(&[target.entry("leaf1")]), 100).unwrap_err();
        assert_eq!(error.kind(), "credentials", "{kind:?}: {error:?}");
        let entry = target.entry("leaf1").text("tls_cert", target.fact("client_cert"));
        attach(&Mercury::serve(&[entry.text("tls_key", target.fact("client_key"))]), 100).unwrap();
        assert_eq!(target.look().port("Ethernet1").vlans, "access 100");
    }
}

/// What is on the disk counts, without a restart: the certificate that the
/// switch takes, one that it does not, and another that it takes.
#[test]
fn a_client_certificate_that_is_replaced_is_shown_by_the_next_session() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let switch = Simulated::with(Options { gnmi_client_ca: Some(authority.pem()), ..Simulated::options() });
    let setup = Setup::new();
    // As certbot and others do it: whole, and under another name first.
    let renew = |authority: &Authority| {
        let (certificate, key) = authority.client();
        for (name, text) in [("mercury.key", key), ("mercury.pem", certificate)] {
            fs::rename(setup.write("new", &text), setup.path().join(name)).unwrap();
        }
    };
    renew(&authority);
    let file = |name: &str| format!("{:?}", setup.path().join(name));
    let entry = switch.gnmi_entry("leaf1").without("password").with("tls_cert", file("mercury.pem"));
    let mercury = Mercury::serve(&[entry.with("tls_key", file("mercury.key"))]);
    attach(&mercury, 100).unwrap();
    attach(&mercury, 101).unwrap();
    assert_eq!(switch.handle().counters().connections, 1);
    renew(&stranger);
    let error = attach(&mercury, 102).unwrap_err();
    assert_eq!(error.kind(), "credentials", "{error:?}");
    renew(&authority);
    attach(&mercury, 103).unwrap();
    assert_eq!(switch.look().port("Ethernet1").vlans, "access 103");
}
