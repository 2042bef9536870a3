//! An Ironic, and the Mercury that it calls.

use std::{cell::Cell, net::SocketAddr};

use serde_json::Value;

use super::readme;
use crate::harness::{Conductor, Entry, Mercury, Setup, installed, wait};

const USER: &str = "ironic";
const PASSWORD: &str = "s3same";

/// A file of switches.
#[derive(Clone)]
pub(super) struct Inventory {
    name: &'static str,
    text: String,
}

impl Inventory {
    /// In Mercury's own form.
    pub(super) fn of(entries: &[Entry]) -> Self {
        Self { name: "inventory.toml", text: entries.iter().map(Entry::toml).collect() }
    }

    /// The one of README.md, in Ironic's form, for this switch.
    pub(super) fn of_the_readme(entry: &Entry) -> Self {
        Self { name: "switches.conf", text: readme::switches_conf(entry) }
    }
}

pub(super) struct Plant {
    pub(super) ironic: Conductor,
    /// The network interface that its nodes get.
    pub(super) interface: &'static str,
    mercury: Option<Mercury>,
    /// Where Mercury listens, also after it was down.
    address: SocketAddr,
    /// Requests of this Mercury that [`Plant::calls`] has told.
    told: Cell<usize>,
    /// Where lock files go, also after Mercury was down.
    locks: tempfile::TempDir,
}

impl Plant {
    /// `None`, in words, where there is no Ironic.
    pub(super) fn new(inventory: &Inventory) -> Option<Self> {
        if !installed() {
            return None;
        }
        let locks = tempfile::Builder::new().prefix("mercury-e2e-").tempdir().unwrap();
        let mercury = setup(inventory, &locks).serve();
        let address = mercury.address;
        let here = format!("[ironic_networking_json_rpc]\nport = {}\npassword = {PASSWORD}\n", address.port());
        let ironic = Conductor::start(readme::ironic_conf(), &here);
        let interface = "ironic-networking";
        Some(Self { ironic, interface, mercury: Some(mercury), address, told: Cell::new(0), locks })
    }

    /// The same with Mercury's own network interface, as its manual tells an operator.
    pub(super) fn with_own_interface(inventory: &Inventory) -> Option<Self> {
        if !installed() {
            return None;
        }
        let locks = tempfile::Builder::new().prefix("mercury-e2e-").tempdir().unwrap();
        let mercury = setup(inventory, &locks).serve();
        let address = mercury.address;
        let url =
            format!("url = http://{address}/\nauth_type = http_basic\nusername = {USER}\npassword = {PASSWORD}\n");
        let ironic = Conductor::start(&readme::own_ironic_conf(), &format!("[mercury]\n{url}"));
        Some(Self { ironic, interface: "mercury", mercury: Some(mercury), address, told: Cell::new(0), locks })
    }

    /// SIGKILL.
    pub(super) fn down(&mut self) {
        drop(self.mercury.take());
    }

    pub(super) fn up(&mut self, inventory: &Inventory) {
        self.down();
        self.told.set(0);
        self.mercury = Some(setup(inventory, &self.locks).listening_on(self.address).serve());
    }

    pub(super) fn mercury(&self) -> &Mercury {
        self.mercury.as_ref().unwrap()
    }

    /// The next so many requests that Mercury has answered, and whatever came beside.
    pub(super) fn calls(&self, count: usize) -> Vec<Value> {
        let since = self.told.get();
        wait("the log of Ironic's calls", || self.mercury().requests().len() >= since + count);
        let calls = self.mercury().requests().split_off(since);
        self.told.set(since + calls.len());
        calls
    }
}

fn setup(inventory: &Inventory, locks: &tempfile::TempDir) -> Setup {
    let setup = Setup::new();
    let switches = setup.write(inventory.name, &inventory.text);
    let hash = bcrypt::hash(PASSWORD, 4).unwrap();
    let htpasswd = setup.write("htpasswd", &format!("{USER}:{}\n", hash.replacen("$2b$", "$2y$", 1)));
    let [switches, htpasswd] = [switches, htpasswd].map(|path| path.to_str().unwrap().to_owned());
    setup
        .flags(&["--switches", &switches, "--auth", "http_basic", "--htpasswd", &htpasswd])
        .environment("RUNTIME_DIRECTORY", locks.path().to_str().unwrap())
}
