//! The kinds of switch that there are: a real dialect, its real renderer, and how long such a
//! switch takes for a commit.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use mercury::{
    inventory::{CliSettings, Face, GnmiSettings, Switch},
    registry,
};
use mercury_adapter::{Capabilities, ConfirmedCommit, Datastore, Dialect, Render, Save};
use mercury_model::{DeviceConfig, Interface, SwitchedVlan, TrunkVlans, Vlan, VlanId, VlanSet, VlanStatus};

use crate::cost;

/// The VLAN of ports that nobody has, and the one that servers boot in.
pub(crate) const IDLE: u16 = 199;
pub(crate) const PROVISIONING: u16 = 110;

/// Ports for servers that are ordered together, one for one more, and ports that others have.
pub(crate) const SERVERS: u32 = 40;
pub(crate) const SPARE: u32 = SERVERS;
pub(crate) const PORTS: u32 = 48;

/// What a switch is spoken to by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Spoken {
    Netconf,
    Gnmi,
    Cli,
}

/// See the module.
pub(crate) struct Kind {
    pub(crate) label: &'static str,
    pub(crate) spoken: Spoken,
    pub(crate) dialect: Arc<Dialect>,
    pub(crate) render: Box<dyn Render>,
    pub(crate) entry: Switch,
    pub(crate) capabilities: Capabilities,
    /// How long each commit takes, and each copy to startup.
    pub(crate) commit: Duration,
    /// Of a hundred racks, how many have it.
    pub(crate) share: u32,
    pub(crate) port: fn(u32) -> String,
    /// What all of them have to begin with.
    pub(crate) base: Arc<DeviceConfig>,
}

impl Kind {
    /// What the port is called that a server has in it.
    pub(crate) fn port(&self, number: u32) -> String {
        (self.port)(number)
    }

    /// The processor time of a login, and of a call, as measured.
    pub(crate) const fn login(&self) -> Duration {
        if matches!(self.spoken, Spoken::Gnmi) { cost::TLS_LOGIN } else { cost::SSH_LOGIN }
    }

    pub(crate) const fn call(&self) -> Duration {
        if matches!(self.spoken, Spoken::Gnmi) { cost::GNMI_CALL } else { cost::NETCONF_CALL }
    }
}

/// A kind before its dialect is read.
struct Draft {
    label: &'static str,
    dialect: &'static str,
    spoken: Spoken,
    confirmed: Option<ConfirmedCommit>,
    commit: Duration,
    share: u32,
    port: fn(u32) -> String,
}

const fn seconds(tenths: u64) -> Duration {
    Duration::from_millis(tenths * 100)
}

/// Commit times: of a validating gNMI target, of Netopeer2, of Junos (more than the 30 s that
/// clients wait by default) and of SONiC they were seen by others; for EOS, NX-OS and IOS nobody
/// has told of them, and 3 s is assumed.
const DRAFTS: [Draft; 7] = [
    Draft {
        label: "Arista EOS, gNMI",
        dialect: "arista_eos",
        spoken: Spoken::Gnmi,
        confirmed: None,
        commit: seconds(30),
        share: 30,
        port: |number| format!("Ethernet{}", number + 1),
    },
    Draft {
        label: "Cisco NX-OS, gNMI",
        dialect: "cisco_nxos",
        spoken: Spoken::Gnmi,
        confirmed: None,
        commit: seconds(30),
        share: 25,
        port: |number| format!("eth1/{}", number + 1),
    },
    Draft {
        label: "OpenConfig, NETCONF",
        dialect: "openconfig",
        spoken: Spoken::Netconf,
        confirmed: Some(ConfirmedCommit::Persist),
        commit: Duration::from_millis(9),
        share: 10,
        port: |number| format!("Ethernet{}", number + 1),
    },
    Draft {
        label: "Nokia SR Linux, gNMI",
        dialect: "nokia_srl",
        spoken: Spoken::Gnmi,
        confirmed: None,
        commit: Duration::from_millis(16),
        share: 10,
        port: |number| format!("ethernet-1/{}", number + 1),
    },
    Draft {
        label: "Juniper Junos, NETCONF",
        dialect: "juniper_junos",
        spoken: Spoken::Netconf,
        confirmed: Some(ConfirmedCommit::AnyCommit),
        commit: seconds(300),
        share: 10,
        port: |number| format!("xe-0/0/{number}"),
    },
    Draft {
        label: "SONiC, gNMI",
        dialect: "sonic",
        spoken: Spoken::Gnmi,
        confirmed: None,
        commit: seconds(195),
        share: 10,
        port: |number| format!("Ethernet{}", number * 4),
    },
    Draft {
        label: "Cisco IOS, command line",
        dialect: "cisco_ios",
        spoken: Spoken::Cli,
        confirmed: None,
        commit: seconds(30),
        share: 5,
        port: |number| format!("GigabitEthernet1/0/{}", number + 1),
    },
];

/// All of them; every commit takes `commit`, if that is said.
pub(crate) fn all(commit: Option<Duration>) -> Vec<Arc<Kind>> {
    static DIALECTS: LazyLock<Vec<Arc<Dialect>>> =
        LazyLock::new(|| mercury_adapter::builtin().unwrap().into_iter().collect());
    let kind = |draft| {
        let kind = kind(draft, &DIALECTS);
        Arc::new(Kind { commit: commit.unwrap_or(kind.commit), ..kind })
    };
    DRAFTS.iter().map(kind).collect()
}

fn kind(draft: &Draft, dialects: &[Arc<Dialect>]) -> Kind {
    let mut entry = Switch::new(draft.label, "192.0.2.1", draft.dialect, "mercury");
    match draft.spoken {
        Spoken::Netconf => {}
        Spoken::Gnmi => entry.face = Face::Gnmi(GnmiSettings::default()),
        Spoken::Cli => entry.face = Face::Cli(CliSettings::default()),
    }
    let dialect = registry::dialect(&entry, dialects).unwrap();
    entry.rules.interface_names = dialect.interface_names.clone().map(Arc::new);
    entry.rules.lowest_vlan = dialect.lowest_vlan;
    let render = registry::renderer(&Arc::new(entry.clone()), dialects).unwrap();
    let Draft { label, spoken, commit, share, port, .. } = *draft;
    let capabilities = capabilities(draft, &dialect);
    let base = Arc::new(base(port));
    Kind { label, spoken, dialect, render, entry, capabilities, commit, share, port, base }
}

/// What a session of the adapter would say of such a switch.
fn capabilities(draft: &Draft, dialect: &Dialect) -> Capabilities {
    let confirmed_commit = draft.confirmed;
    let known = Capabilities { confirmed_commit, ..Capabilities::unknown() };
    match draft.spoken {
        Spoken::Netconf => Capabilities {
            datastore: Datastore::Candidate,
            atomic_edit: true,
            lock: true,
            pipelining: dialect.netconf.as_ref().is_some_and(|netconf| netconf.pipelining),
            ..known
        },
        Spoken::Gnmi => Capabilities {
            datastore: Datastore::Candidate,
            atomic_edit: dialect.gnmi.as_ref().is_some_and(|gnmi| gnmi.atomic),
            startup: dialect.gnmi.as_ref().is_some_and(|gnmi| matches!(gnmi.save, Save::Cli(_))),
            variant: Some(0),
            ..known
        },
        Spoken::Cli => {
            let saves = dialect.cli.as_ref().is_some_and(|cli| !cli.session.save.is_empty());
            Capabilities { datastore: Datastore::Running, startup: saves, ..known }
        }
    }
}

/// A switch as the network team hands it over: its servers' ports are idle, and others have
/// theirs.
fn base(port: fn(u32) -> String) -> DeviceConfig {
    let vlan = |id: u16| VlanId::try_from(id).unwrap();
    let mut config = DeviceConfig::default();
    for id in [PROVISIONING, 120, IDLE, 300, 301] {
        let name = format!("net-{id}").parse().ok();
        config.vlans.insert(vlan(id), Vlan { id: vlan(id), name, status: VlanStatus::Active });
    }
    for number in 0..PORTS {
        let mut interface = Interface::new(port(number).parse().unwrap());
        let is_uplink = number > SPARE;
        let text = if is_uplink { format!("spine {}", number - SPARE) } else { "nobody's".to_owned() };
        interface.description = text.parse().ok();
        let others: VlanSet = [vlan(300), vlan(301)].into_iter().collect();
        interface.switched_vlan = Some(match is_uplink {
            true => SwitchedVlan::Trunk { native: None, vlans: TrunkVlans::only(others) },
            false => SwitchedVlan::access(vlan(IDLE)),
        });
        config.interfaces.insert(interface.name.clone(), interface);
    }
    config
}
