//! The simulated switch, in this process.

use std::{net::SocketAddr, sync::LazyLock};

use mercury_sim::{Handle, Mode, Options, Quirks, Simulator};

use serde_json::Value;

use super::{Entry, Setup, State, openconfig};

static RUNTIME: LazyLock<tokio::runtime::Runtime> = LazyLock::new(|| tokio::runtime::Runtime::new().unwrap());

/// Waits for something of the simulator's, such as [`Handle::held`].
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    RUNTIME.block_on(future)
}

/// How the simulated switch is spoken to over gNMI.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Face {
    /// Commit confirmed is there, and asked for.
    Confirmed,
    /// The switch knows no extension.
    Plain,
    /// It has Set and Subscribe and nothing else.
    NoGet,
}

/// A simulated switch; it stops when this is dropped.
pub(crate) struct Simulated {
    simulator: Simulator,
    gnmi: Option<Face>,
}

impl Simulated {
    /// A switch with 96 ports and an empty Port-Channel1.
    pub(crate) fn start(mode: Mode) -> Self {
        Self::with(Options { mode, ..Self::options() })
    }

    pub(crate) fn with(options: Options) -> Self {
        Self { simulator: block_on(Simulator::start(options)).unwrap(), gnmi: None }
    }

    /// Such a switch whose [`Simulated::entry`] is for gNMI.
    pub(crate) fn gnmi(face: Face) -> Self {
        Self::gnmi_with(face, |_| {})
    }

    /// The same with other quirks.
    pub(crate) fn gnmi_with(face: Face, more: impl Fn(&mut Quirks)) -> Self {
        let quiet = matches!(face, Face::NoGet);
        let mut quirks = Quirks { gnmi_no_get: quiet, gnmi_no_capabilities: quiet, ..Quirks::default() };
        more(&mut quirks);
        let gnmi_commit_confirmed = matches!(face, Face::Confirmed);
        let simulated = Self::with(Options { quirks, gnmi_commit_confirmed, ..Self::options() });
        Self { gnmi: Some(face), ..simulated }
    }

    /// Any switch, spoken to over gNMI.
    pub(crate) fn gnmi_of(face: Face, options: Options) -> Self {
        Self { gnmi: Some(face), ..Self::with(options) }
    }

    pub(crate) fn options() -> Options {
        Options {
            ports: 96,
            lags: vec!["Port-Channel1".to_owned()],
            gnmi_listen: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
            ..Options::default()
        }
    }

    pub(crate) fn handle(&self) -> Handle {
        self.simulator.handle()
    }

    /// The switch itself, which can call home.
    pub(crate) fn simulator(&self) -> &Simulator {
        &self.simulator
    }

    pub(crate) fn password(&self) -> &str {
        self.simulator.password()
    }

    pub(crate) fn fingerprint(&self) -> String {
        self.simulator.host_key_fingerprint().to_owned()
    }

    pub(crate) fn netconf_port(&self) -> u16 {
        self.simulator.addr().port()
    }

    pub(crate) fn gnmi_port(&self) -> u16 {
        self.simulator.gnmi_addr().unwrap().port()
    }

    /// The certificate of its gNMI face, PEM.
    pub(crate) fn certificate(&self) -> &str {
        self.simulator.gnmi_certificate_pem()
    }

    /// That certificate's SHA-256, as openssl prints it.
    pub(crate) fn pin(&self) -> String {
        self.simulator.gnmi_certificate_sha256().map(|byte| format!("{byte:02X}")).join(":")
    }

    pub(crate) fn entry(&self, name: &str) -> Entry {
        match self.gnmi {
            None => self.netconf_entry(name),
            Some(Face::Confirmed) => self.gnmi_entry(name).text("confirmed_commit", "on"),
            Some(Face::Plain | Face::NoGet) => self.gnmi_entry(name),
        }
    }

    pub(crate) fn netconf_entry(&self, name: &str) -> Entry {
        let host_key = format!("[{:?}]", self.simulator.host_key_fingerprint());
        self.entry_at(name, self.simulator.addr()).with("host_key_fingerprints", host_key)
    }

    pub(crate) fn gnmi_entry(&self, name: &str) -> Entry {
        let entry = self.entry_at(name, self.simulator.gnmi_addr().unwrap()).text("protocol", "gnmi");
        entry.with("tls_pins", format!("[{:?}]", self.pin()))
    }

    pub(crate) fn restconf_entry(&self, name: &str) -> Entry {
        let entry = self.entry_at(name, self.simulator.restconf_addr().unwrap()).text("protocol", "restconf");
        entry.with("tls_pins", format!("[{:?}]", self.pin()))
    }

    /// Where it listens for NETCONF over TLS.
    pub(crate) fn tls_port(&self) -> u16 {
        self.simulator.tls_addr().unwrap().port()
    }

    /// An entry for NETCONF over TLS; Mercury's certificate goes into these files.
    pub(crate) fn tls_entry(&self, name: &str, files: &Setup) -> Entry {
        let (certificate, key) = self.simulator.client_certificate().unwrap();
        let entry = self.entry_at(name, self.simulator.tls_addr().unwrap()).text("transport", "tls");
        entry
            .without("username")
            .without("password")
            .with("tls_pins", format!("[{:?}]", self.pin()))
            .with("tls_cert", format!("{:?}", files.write("mercury.pem", certificate)))
            .with("tls_key", format!("{:?}", files.write("mercury.key", key)))
    }

    fn entry_at(&self, name: &str, address: SocketAddr) -> Entry {
        Entry::new(name)
            .text("address", &address.ip().to_string())
            .with("port", address.port())
            .text("dialect", "openconfig")
            .text("username", self.simulator.username())
            .text("password", self.simulator.password())
    }

    /// What somebody else puts into a port's spanning tree entry.
    pub(crate) fn guard_root(&self, port: &str) {
        let theirs = format!(
            "<stp xmlns=\"http://openconfig.net/yang/spanning-tree\"><interfaces><interface><name>{port}</name>\
             <config><name>{port}</name><guard>ROOT</guard></config></interface></interfaces></stp>"
        );
        self.handle().change_running(&theirs).unwrap();
    }

    /// What somebody else puts into a VLAN.
    pub(crate) fn trunk_group(&self, vlan: u16, group: &str) {
        self.in_vlan(vlan, &format!(">{group}</trunk-groups>"));
    }

    /// And takes out of it again.
    pub(crate) fn no_trunk_group(&self, vlan: u16, group: &str) {
        let remove = " xmlns:nc=\"urn:ietf:params:xml:ns:netconf:base:1.0\" nc:operation=\"remove\"";
        self.in_vlan(vlan, &format!("{remove}>{group}</trunk-groups>"));
    }

    /// A VTEP with a loopback, and VNIs that somebody else has put on it.
    pub(crate) fn vtep(&self, name: &str, vnis: &str) {
        let theirs = format!(
            "<network-instances xmlns=\"http://openconfig.net/yang/network-instance\"><network-instance>\
             <name>default</name><connection-points><connection-point>\
             <connection-point-id>{name}</connection-point-id><config>\
             <connection-point-id>{name}</connection-point-id></config><endpoints><endpoint>\
             <endpoint-id>{name}</endpoint-id><config><endpoint-id>{name}</endpoint-id></config><vxlan><config>\
             <source-interface>Loopback1</source-interface></config><local-endpoint-vnis>{vnis}\
             </local-endpoint-vnis></vxlan></endpoint></endpoints></connection-point></connection-points>\
             </network-instance></network-instances>"
        );
        self.handle().change_running(&theirs).unwrap();
    }

    /// All that it has, as JSON.
    pub(crate) fn running(&self) -> Value {
        self.simulator.running_json()
    }

    fn in_vlan(&self, vlan: u16, rest: &str) {
        let theirs = format!(
            "<network-instances xmlns=\"http://openconfig.net/yang/network-instance\"><network-instance>\
             <name>default</name><vlans><vlan><vlan-id>{vlan}</vlan-id><config><vlan-id>{vlan}</vlan-id>\
             <trunk-groups xmlns=\"http://arista.com/yang/openconfig/network-instance/vlan/augments\"{rest}\
             </config></vlan></vlans></network-instance></network-instances>"
        );
        self.handle().change_running(&theirs).unwrap();
    }

    pub(crate) fn look(&self) -> State {
        let running = self.simulator.running_json();
        openconfig::trees(
            &running["openconfig-interfaces:interfaces"]["interface"],
            &running["openconfig-network-instance:network-instances"]["network-instance"],
            &running["openconfig-spanning-tree:stp"]["interfaces"]["interface"],
        )
    }
}
