//! Two hosts with a Mercury each.

use std::{
    net::SocketAddr,
    sync::{Mutex, PoisonError, RwLock},
};

use super::fleet::Fleet;
use crate::{
    harness::{Entry, Mercury, Setup},
    server::EtcdServer,
};

pub(super) struct Hosts {
    hosts: [Host; 2],
}

struct Host {
    mercury: Mutex<Option<Mercury>>,
    address: RwLock<SocketAddr>,
    settings: String,
    entries: Vec<Entry>,
}

impl Hosts {
    pub(super) fn start(fleet: &Fleet, etcd: &EtcdServer) -> Self {
        let settings = format!("[etcd]\nendpoints = [{:?}]\nlease_ttl = 2\n", etcd.endpoint());
        let entries: Vec<_> = fleet.switches.iter().map(|switch| switch.entry.clone()).collect();
        Self { hosts: [Host::start(&settings, &entries), Host::start(&settings, &entries)] }
    }

    /// Where one of them takes requests; nobody may be there just now.
    pub(super) fn address(&self, number: usize) -> SocketAddr {
        *self.hosts[number % 2].address.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// SIGKILL, and a new process.
    pub(super) fn kill(&self, number: usize) {
        self.hosts[number % 2].restart();
    }

    /// SIGTERM for both, and their end.
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
    fn start(settings: &str, entries: &[Entry]) -> Self {
        let (settings, entries) = (settings.to_owned(), entries.to_vec());
        let mercury = serve(&settings, &entries);
        let address = RwLock::new(mercury.address);
        Self { mercury: Mutex::new(Some(mercury)), address, settings, entries }
    }

    fn restart(&self) {
        let mut mercury = self.mercury();
        if let Some(mut killed) = mercury.take() {
            killed.kill();
        }
        let started = serve(&self.settings, &self.entries);
        *self.address.write().unwrap_or_else(PoisonError::into_inner) = started.address;
        *mercury = Some(started);
    }

    fn mercury(&self) -> std::sync::MutexGuard<'_, Option<Mercury>> {
        self.mercury.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn serve(settings: &str, entries: &[Entry]) -> Mercury {
    Setup::new().switches(entries).settings(settings).serve()
}
