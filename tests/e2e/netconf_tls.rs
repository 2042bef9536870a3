//! NETCONF over TLS (RFC 7589): how a switch and Mercury prove themselves, and that
//! everything above is as over SSH.

use std::net::SocketAddr;

use mercury_sim::{Fault, Mode, Options};
use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};

use crate::harness::{Client, Datastores, Entry, Front, Mercury, RpcError, Setup, Simulated, block_on, netconfd};

/// A simulated switch that speaks NETCONF over TLS, and the files that Mercury needs.
struct ByTls {
    switch: Simulated,
    files: Setup,
}

impl ByTls {
    fn start(mode: Mode) -> Self {
        Self::with(Options { mode, ..Simulated::options() })
    }

    fn with(options: Options) -> Self {
        let switch = Simulated::with(Options { tls_listen: Some(SocketAddr::from(([127, 0, 0, 1], 0))), ..options });
        Self { switch, files: Setup::new() }
    }

    fn entry(&self) -> Entry {
        self.switch.tls_entry("leaf1", &self.files)
    }
}

fn attach(mercury: &Mercury, vlan: u16) -> Result<Value, RpcError> {
    let params = json!({"switch_id": "leaf1", "port_name": "Ethernet1", "mode": "access", "native_vlan": vlan});
    Client::of(mercury).call("update_port", &params)
}

pub(crate) fn detach(mercury: &Mercury, vlan: u16) {
    let reset = json!({"switch_id": "leaf1", "port_name": "Ethernet1", "native_vlan": vlan});
    Client::of(mercury).done("reset_port", &reset);
}

fn refused(entry: Entry, kind: &str, words: &str) {
    let error = attach(&Mercury::serve(&[entry.with("connect_timeout", 5)]), 100).unwrap_err();
    assert_eq!(error.kind(), kind, "{error:?}");
    assert!(error.message.contains(words), "{words}: {error:?}");
}

#[test]
fn a_port_is_attached_and_detached_over_tls_in_every_mode() {
    for mode in [Mode::Candidate, Mode::CandidatePlain, Mode::Running, Mode::RunningStartup] {
        let by_tls = ByTls::start(mode);
        let mercury = Mercury::serve(&[by_tls.entry()]);
        attach(&mercury, 100).unwrap();
        attach(&mercury, 101).unwrap();
        assert_eq!(by_tls.switch.look().port("Ethernet1").vlans, "access 101", "{mode:?}");
        detach(&mercury, 101);
        assert_eq!(by_tls.switch.look().port("Ethernet1").vlans, "none", "{mode:?}");
        assert_eq!(by_tls.switch.handle().session_count(), 1, "one session for all of it");
    }
}

#[test]
fn a_connection_that_is_lost_under_a_commit_has_a_known_outcome_over_tls() {
    for fault in ["commit:1:before:drop", "commit:1:after:drop", "commit:2:before:drop", "commit:2:after:drop"] {
        let by_tls = ByTls::with(Options { faults: vec![fault.parse::<Fault>().unwrap()], ..Simulated::options() });
        let mercury = Mercury::serve(&[by_tls.entry().with("confirm_timeout", 5)]);
        let answer = attach(&mercury, 100);
        let has = by_tls.switch.look().port("Ethernet1").vlans;
        assert_eq!(answer.is_ok(), has == "access 100", "{fault}: {answer:?} and {has}");
        block_on(by_tls.switch.handle().wait_until(|status| status.pending.is_none()));
        attach(&mercury, 200).unwrap();
        assert_eq!(by_tls.switch.look().port("Ethernet1").vlans, "access 200", "{fault}");
    }
}

#[test]
fn neither_side_is_taken_for_somebody_else() {
    let (by_tls, other) = (ByTls::start(Mode::Candidate), ByTls::start(Mode::Candidate));
    let wrong_pin = by_tls.entry().with("tls_pins", format!("[{:?}]", other.switch.pin()));
    refused(wrong_pin, "host-key", "is none of tls_pins");
    let unsigned = by_tls.entry().without("tls_pins");
    refused(unsigned.clone(), "host-key", "has signed");
    let own = by_tls.files.write("own.pem", by_tls.switch.certificate());
    let named = unsigned.with("tls_ca", format!("[{own:?}]"));
    refused(named.clone().text("tls_server_name", "leaf9.example.org"), "host-key", "leaf9.example.org");
    assert_eq!(by_tls.switch.handle().counters().rpcs, 0, "nothing was asked before");
    attach(&Mercury::serve(&[named]), 100).unwrap();
    // Somebody else's certificate and key.
    let stranger = other.switch.tls_entry("leaf1", &other.files).with("port", by_tls.switch.tls_port());
    let stranger = stranger.with("tls_pins", format!("[{:?}]", by_tls.switch.pin()));
    refused(stranger, "credentials", "tls_cert");
}

/// A clock that is wrong looks like this.
#[test]
fn a_certificate_out_of_its_time_is_told_in_plain_words() {
    let authority = Authority::new();
    for (from, to, words) in [(1971, 1999, "has expired"), (2090, 2099, "is not valid yet")] {
        let Some(switch) = netconfd(Datastores::Candidate) else { return };
        let front = Front::listen(&switch, &authority.server(from, to), &authority.pem());
        let setup = Setup::new();
        let ca = setup.write("ca.pem", &authority.pem());
        let entry = authority.entry(&setup, front.port()).with("tls_ca", format!("[{ca:?}]"));
        refused(entry.clone(), "host-key", words);
        refused(entry, "host-key", "clocks");
    }
}

#[test]
fn netconfd_behind_tls_is_attached_detached_and_undone() {
    let Some(switch) = netconfd(Datastores::Candidate) else { return };
    let authority = Authority::new();
    let front = Front::listen(&switch, &authority.server(2020, 2090), &authority.pem());
    let setup = Setup::new();
    let ca = setup.write("ca.pem", &authority.pem());
    let entry = authority.entry(&setup, front.port()).with("tls_ca", format!("[{ca:?}]")).with("confirm_timeout", 5);
    let mercury = Mercury::serve(&[entry]);
    attach(&mercury, 100).unwrap();
    assert_eq!(switch.look().port("Ethernet1").vlans, "access 100");
    detach(&mercury, 100);
    // The connection goes under the first commit; what nobody confirmed is undone.
    switch.arm(&json!({"op": "commit", "nth": 1, "moment": "after", "action": "cut"}));
    let answer = attach(&mercury, 200);
    let has = switch.look().port("Ethernet1").vlans;
    assert!(switch.fired());
    assert_eq!(answer.is_ok(), has == "access 200", "{answer:?} and {has}");
    attach(&mercury, 300).unwrap();
    assert_eq!(switch.look().port("Ethernet1").vlans, "access 300");
    detach(&mercury, 300);
    assert_eq!(switch.look().port("Ethernet1").vlans, "none");
}

#[test]
fn ssh_tls_and_restconf_are_measured_side_by_side_in_one_run() {
    let finished = Setup::new().run(&["bench", "--transports", "--requests", "16", "--output", "json"]);
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    let rows: Vec<Value> = finished.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<_> =
        rows.iter().map(|row| (row["row"].as_str().unwrap().to_owned(), row["calls"].as_u64().unwrap())).collect();
    let each = ["SSH", "TLS", "RESTCONF"];
    let row = |what: &str, calls| each.map(|by| (format!("{what}, {by}"), calls));
    assert_eq!(told, [row("warm call", 16), row("cold connect", 50)].concat());
    assert!(rows[2]["flights_per_call"].as_f64().unwrap() <= 4.0, "{rows:?}");
    assert!(rows.iter().all(|row| row["p50_ms"].as_f64().unwrap() > 0.0), "{rows:?}");
}

#[test]
fn how_a_switch_is_reached_is_told() {
    let by_tls = ByTls::start(Mode::Candidate);
    let home = by_tls.switch.netconf_entry("leaf2").without("address").without("port").with("call_home", true);
    let setup = Setup::new().switches(&[by_tls.entry(), home]);
    let listed = setup.run(&["switch", "list"]).stdout;
    assert!(listed.contains("netconf_openconfig over TLS"), "{listed}");
    assert!(listed.contains("calls home netconf_openconfig over SSH"), "{listed}");
    let probed = setup.run(&["switch", "probe", "leaf1"]);
    assert_eq!(probed.code(), 0, "{}", probed.stderr);
    assert!(probed.stdout.contains("it is connected to over TLS"), "{}", probed.stdout);
}

/// Signs the certificates of a real switch and of Mercury.
pub(crate) struct Authority {
    params: CertificateParams,
    key: KeyPair,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "an authority");
        Self { params, key: KeyPair::generate().unwrap() }
    }

    pub(crate) fn pem(&self) -> String {
        self.params.clone().self_signed(&self.key).unwrap().pem()
    }

    /// A switch's certificate from one year to another, and its key.
    pub(crate) fn server(&self, from: i32, to: i32) -> (String, String) {
        let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned(), "leaf1".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, "leaf1");
        params.not_before = rcgen::date_time_ymd(from, 1, 1);
        params.not_after = rcgen::date_time_ymd(to, 1, 1);
        self.signed(&params)
    }

    /// Mercury's certificate, and its key.
    pub(crate) fn client(&self) -> (String, String) {
        let mut params = CertificateParams::new(vec!["mercury".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, "mercury");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.signed(&params)
    }

    /// The certificate of a member of a fleet at this address and of this name, and its key.
    pub(crate) fn member(&self, name: &str) -> (String, String) {
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned(), name.to_owned()]).unwrap();
        self.signed(&params)
    }

    fn signed(&self, params: &CertificateParams) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let signed = params.signed_by(&key, &Issuer::from_params(&self.params, &self.key)).unwrap();
        (signed.pem(), key.serialize_pem())
    }

    /// An entry of a switch at this port that shows Mercury's certificate.
    pub(crate) fn entry(&self, setup: &Setup, port: u16) -> Entry {
        let (certificate, key) = self.client();
        Entry::new("leaf1")
            .text("address", "127.0.0.1")
            .with("port", port)
            .text("dialect", "openconfig")
            .text("transport", "tls")
            .with("tls_cert", format!("{:?}", setup.write("mercury.pem", &certificate)))
            .with("tls_key", format!("{:?}", setup.write("mercury.key", &key)))
    }
}
