//! Hosts with a Mercury each.

use std::{
    net::SocketAddr,
    sync::{Mutex, PoisonError, RwLock},
};

use super::fleet::Fleet;
use crate::{
    harness::{Entry, Mercury, Setup},
    members,
    netconf_tls::Authority,
    server::EtcdServer,
};

pub(super) struct Hosts {
    hosts: Vec<Host>,
}

struct Host {
    mercury: Mutex<Option<Mercury>>,
    address: RwLock<SocketAddr>,
    settings: String,
    entries: Vec<Entry>,
    /// Where switches call it; nowhere.
    door: RwLock<Option<SocketAddr>>,
    _files: Setup,
}

impl Hosts {
    /// Two that know nothing of each other.
    pub(super) fn start(fleet: &Fleet, etcd: &EtcdServer) -> Self {
        let settings = format!("[etcd]\nendpoints = [{:?}]\nlease_ttl = 2\n", etcd.endpoint());
        let entries: Vec<_> = fleet.switches.iter().map(|switch| switch.entry.clone()).collect();
        Self { hosts: (0..2).map(|_| Host::start(&settings, &entries, Setup::new())).collect() }
    }

    /// Three that hand requests to each other.
    pub(super) fn members(entries: &[Entry], etcd: &EtcdServer) -> Self {
        let authority = Authority::new();
        let member = |name: &str| {
            let files = Setup::new();
            let settings = members::settings(name, &format!("{name}.example.org"), &authority, etcd, &files);
            Host::start(&settings, entries, files)
        };
        Self { hosts: ["a", "b", "c"].map(member).into() }
    }

    pub(super) fn count(&self) -> usize {
        self.hosts.len()
    }

    /// Where switches call one of them; nobody may be there just now.
    pub(super) fn door(&self, number: usize) -> Option<SocketAddr> {
        *self.hosts[number % self.hosts.len()].door.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where one of them takes requests; nobody may be there just now.
    pub(super) fn address(&self, number: usize) -> SocketAddr {
        *self.hosts[number % self.hosts.len()].address.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// SIGKILL, and a new process.
    pub(super) fn kill(&self, number: usize) {
        self.hosts[number % self.hosts.len()].restart();
    }

    /// SIGTERM for all, and their end.
    pub(super) fn finish(&self) {
        let gone: Vec<_> = self.hosts.iter().filter_map(|host| host.mercury().take()).collect();
        for mercury in &gone {
            mercury.terminate();
        }
        for mut mercury in gone {
            assert!(mercury.wait().success());
        }
    }
}

impl Host {
    fn start(settings: &str, entries: &[Entry], files: Setup) -> Self {
        let (settings, entries) = (settings.to_owned(), entries.to_vec());
        let mercury = serve(&settings, &entries);
        let (address, door) = (RwLock::new(mercury.address), RwLock::new(None));
        let host = Self { mercury: Mutex::new(Some(mercury)), address, settings, entries, door, _files: files };
        host.opened();
        host
    }

    /// Finds out where it is called.
    fn opened(&self) {
        if self.settings.contains("[call_home]") {
            let door = self.mercury().as_ref().map(members::door);
            *self.door.write().unwrap_or_else(PoisonError::into_inner) = door;
        }
    }

    fn restart(&self) {
        let mut mercury = self.mercury();
        if let Some(mut killed) = mercury.take() {
            killed.kill();
        }
        let started = serve(&self.settings, &self.entries);
        *self.address.write().unwrap_or_else(PoisonError::into_inner) = started.address;
        *mercury = Some(started);
        drop(mercury);
        self.opened();
    }

    fn mercury(&self) -> std::sync::MutexGuard<'_, Option<Mercury>> {
        self.mercury.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn serve(settings: &str, entries: &[Entry]) -> Mercury {
    Setup::new().switches(entries).settings(settings).serve()
}
