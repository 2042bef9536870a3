//! Twenty switches of every kind.

use std::time::Duration;

use mercury_sim::{Datastore, Mode, Options};

use crate::harness::{Entry, LIMIT, Simulated, State, block_on};

/// Ports of each; conductors get the first ones, and the last is somebody
/// else's.
pub(super) const PORTS: u16 = 12;

pub(super) struct Fleet {
    pub(super) switches: Vec<Switch>,
}

pub(super) struct Switch {
    pub(super) name: String,
    pub(super) simulated: Simulated,
    pub(super) entry: Entry,
    /// Mercury makes its VLANs and takes them away.
    pub(super) managed: bool,
}

#[derive(Clone, Copy)]
enum Kind {
    Netconf(Mode),
    GnmiConfirmed,
    /// Nothing on the switch keeps two writers apart.
    Gnmi,
}

impl Fleet {
    pub(super) fn start() -> Self {
        let kinds = [
            (7, Kind::Netconf(Mode::Candidate)),
            (2, Kind::Netconf(Mode::CandidatePlain)),
            (2, Kind::Netconf(Mode::Running)),
            (1, Kind::Netconf(Mode::RunningStartup)),
            (4, Kind::GnmiConfirmed),
            (4, Kind::Gnmi),
        ];
        let kinds = kinds.into_iter().flat_map(|(count, kind)| std::iter::repeat_n(kind, count));
        Self { switches: kinds.enumerate().map(|(number, kind)| Switch::start(number, kind)).collect() }
    }

    /// What all of them run, not asked through Mercury.
    pub(super) fn look(&self) -> Vec<State> {
        self.switches.iter().map(Switch::look).collect()
    }

    /// Sessions close, and then nothing is locked and nothing waits to be
    /// confirmed.
    pub(super) fn assert_at_rest(&self) {
        for switch in &self.switches {
            let handle = switch.simulated.handle();
            let quiet = handle.wait_until(|status| status.sessions == 0 && status.connections == 0);
            let status = block_on(async { tokio::time::timeout(LIMIT, quiet).await });
            let status = status.unwrap_or_else(|_| panic!("{}: {:?}", switch.name, handle.status()));
            assert!(status.locks.is_empty() && status.pending.is_none(), "{}: {status:?}", switch.name);
            if !handle.xml(Datastore::Candidate).is_empty() {
                assert_eq!(handle.xml(Datastore::Candidate), handle.xml(Datastore::Running), "{}", switch.name);
            }
        }
    }

    /// What they have been through.
    pub(super) fn told(&self) -> String {
        let counters: Vec<_> = self.switches.iter().map(|switch| switch.simulated.handle().counters()).collect();
        let sum = |of: fn(&mercury_sim::Counters) -> u64| counters.iter().map(of).sum::<u64>();
        format!(
            "{} commits, {} of them undone by the switch, in {} sessions",
            sum(|counters| counters.commits),
            sum(|counters| counters.rollbacks),
            sum(|counters| counters.sessions + counters.connections)
        )
    }
}

impl Switch {
    fn start(number: usize, kind: Kind) -> Self {
        let name = format!("leaf{}", number + 1);
        // Long enough to be killed in.
        let (round_trip, commit_time) = (Duration::from_millis(2), Duration::from_millis(30));
        let mode = if let Kind::Netconf(mode) = kind { mode } else { Mode::Candidate };
        let gnmi_commit_confirmed = matches!(kind, Kind::GnmiConfirmed);
        let options =
            Options { ports: PORTS, mode, round_trip, commit_time, gnmi_commit_confirmed, ..Simulated::options() };
        let simulated = Simulated::with(options);
        let entry = match kind {
            Kind::Netconf(_) => simulated.netconf_entry(&name),
            Kind::GnmiConfirmed => simulated.gnmi_entry(&name).text("confirmed_commit", "on"),
            Kind::Gnmi => simulated.gnmi_entry(&name),
        };
        let theirs = format!(
            "<interfaces xmlns=\"http://openconfig.net/yang/interfaces\"><interface><name>Ethernet{PORTS}</name>\
             <config><name>Ethernet{PORTS}</name><description>not ours</description></config></interface></interfaces>"
        );
        simulated.handle().change_running(&theirs).unwrap();
        // What a dead process left to be confirmed is undone soon.
        let entry = entry.with("confirm_timeout", 4);
        let managed = matches!(kind, Kind::Gnmi);
        let entry = match managed {
            true => entry.with("manage_vlans", true).with("physical_networks", format!("[{name:?}]")),
            false => entry,
        };
        Self { name, simulated, entry, managed }
    }

    pub(super) fn look(&self) -> State {
        self.simulated.look()
    }

    /// Where VLANs are managed, one that a port is on is never taken away.
    pub(super) fn assert_vlans(&self) {
        let found = self.look();
        for (name, port) in found.ports.iter().filter(|_| self.managed) {
            let access = port.vlans.strip_prefix("access ").map(|vlan| vlan.parse().unwrap());
            let there = access.is_none_or(|vlan| found.vlans.contains_key(&vlan));
            assert!(there, "{} {name} is on a VLAN that somebody took away: {found:?}", self.name);
        }
    }
}
