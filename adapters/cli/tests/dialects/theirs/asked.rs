//! What is asked for: of networking-generic-switch by its own methods and options, of
//! Mercury as what a switch has before and should have then.

use mercury_adapter::Dialect;
use mercury_model::{DeviceConfig, EdgePort, Interface, Stp, SwitchedVlan, TrunkVlans, Vlan, VlanId, VlanStatus};
use serde_json::{Value, json};

use crate::{makes_no_vlans, names, round_trip::visible};

/// The port that it is asked of, as the cases call it.
pub(super) const PORT: &str = "Ethernet1/2";

/// The VLANs that are there, and the one that is made and removed.
const THERE: [u16; 3] = [10, 20, 30];
const MADE: u16 = 40;

/// The network of that VLAN, and what both call it.
const NETWORK: &str = "0a000000-0000-0000-0000-000000000001";
const NAME: &str = "0a000000000000000000000000000001";

/// A port's VLANs.
#[derive(Clone, Copy)]
enum Has {
    Nothing,
    Access(u16),
    /// Native VLAN 10, and these with tags.
    Trunk(&'static [u16]),
}

/// What a port has, and the VLAN that is there beside.
#[derive(Clone, Copy)]
struct Port {
    has: Has,
    mtu: Option<u16>,
    is_edge: bool,
    is_off: bool,
    has_made: bool,
}

const fn with(has: Has) -> Port {
    Port { has, mtu: None, is_edge: false, is_off: false, has_made: false }
}

/// One request.
pub(super) struct Asked {
    pub(super) name: &'static str,
    method: &'static str,
    arguments: Value,
    options: Value,
    before: Port,
    after: Port,
}

impl Asked {
    pub(super) fn all() -> Vec<Self> {
        let asked = |name, (method, arguments, options), before, after| Self {
            name,
            method,
            arguments,
            options,
            before,
            after,
        };
        let plug = |options| ("plug_port_to_network", json!(["PORT", 10]), options);
        let unplug = |options| ("delete_port", json!(["PORT", 10]), options);
        let trunk = |method| {
            let tagged = json!({"sub_ports": [{"segmentation_id": 20}, {"segmentation_id": 30}]});
            (method, json!(["PORT", 10, tagged]), json!({}))
        };
        let none = || json!({});
        let idle = || json!({"ngs_port_default_vlan": "20"});
        let edge = || json!({"ngs_port_stp_edge": "true", "ngs_port_bpdu_guard": "true"});
        let off = || json!({"ngs_disable_inactive_ports": "true"});
        let uplink = || json!({"ngs_trunk_ports": "PORT"});
        let mtu = json!({"ngs_manage_mtu": "true", "ngs_port_default_mtu": "9000"});
        let network = |method, options| (method, json!([MADE, NETWORK]), options);
        let (bare, access, carries) = (with(Has::Nothing), with(Has::Access(10)), with(Has::Trunk(&[20, 30])));
        let made = |port| Port { has_made: true, ..port };
        let edged = Port { is_edge: true, ..access };
        let disabled = Port { is_off: true, ..bare };
        vec![
            asked("attach", plug(none()), bare, access),
            asked("attach-from-idle", plug(idle()), with(Has::Access(20)), access),
            asked("detach", unplug(none()), access, bare),
            asked("detach-to-idle", unplug(idle()), access, with(Has::Access(20))),
            asked("trunk", trunk("plug_port_to_network"), bare, carries),
            asked("trunk-from-access", trunk("plug_port_to_network"), access, carries),
            asked("access-from-trunk", plug(none()), carries, access),
            asked("detach-trunk", trunk("delete_port"), carries, bare),
            asked("mtu", plug(mtu), bare, Port { mtu: Some(9000), ..access }),
            asked("edge", plug(edge()), bare, edged),
            asked("no-edge", unplug(edge()), edged, bare),
            asked("disable", unplug(off()), access, disabled),
            asked("enable", plug(off()), disabled, access),
            asked("make-vlan", network("add_network", none()), bare, made(bare)),
            asked(
                "make-vlan-on-uplink",
                network("add_network", uplink()),
                carries,
                made(with(Has::Trunk(&[20, 30, MADE]))),
            ),
            asked("remove-vlan", network("del_network", none()), made(bare), bare),
        ]
    }

    /// As `tests/peers/generic_switch.py` takes it.
    pub(super) fn question(&self) -> Value {
        json!({"name": self.name, "method": self.method, "arguments": self.arguments, "options": self.options})
    }

    /// Before and after on a dialect's system; `None` where it is about VLANs that are never
    /// made there.
    pub(super) fn on(&self, dialect: &Dialect) -> Option<[DeviceConfig; 2]> {
        if makes_no_vlans(dialect) && self.before.has_made != self.after.has_made {
            return None;
        }
        Some([self.before, self.after].map(|port| visible(dialect, &port.config(dialect))))
    }
}

impl Port {
    fn config(self, dialect: &Dialect) -> DeviceConfig {
        let id = |number: u16| VlanId::try_from(number).unwrap();
        let mut port = Interface::new(PORT.parse().unwrap());
        port.enabled = !self.is_off;
        port.mtu = self.mtu;
        port.stp = self.is_edge.then_some(Stp { edge_port: Some(EdgePort::EdgeEnable), bpdu_guard: Some(true) });
        port.switched_vlan = match self.has {
            Has::Nothing => None,
            Has::Access(vlan) => Some(SwitchedVlan::access(id(vlan))),
            Has::Trunk(tagged) => {
                let native = id(10);
                let listed = TrunkVlans::only(tagged.iter().copied().map(id).collect());
                let vlans = if dialect.native_in_trunk_vlans { listed.with(native) } else { listed };
                Some(SwitchedVlan::Trunk { native: Some(native), vlans })
            }
        };
        let mut config = DeviceConfig::default();
        config.interfaces.insert(port.name.clone(), port);
        if !makes_no_vlans(dialect) {
            let there = THERE.into_iter().map(|number| (number, None));
            for (number, name) in there.chain(self.has_made.then_some((MADE, Some(NAME)))) {
                let name = name.filter(|_| dialect.names_vlans("cli"));
                let name = name.map(|name| name.parse().unwrap());
                config.vlans.insert(id(number), Vlan { id: id(number), name, status: VlanStatus::Active });
            }
        }
        names::of(&dialect.name, &config).unwrap()
    }
}
