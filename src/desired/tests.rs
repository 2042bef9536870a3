//! What a switch's entry adds to what callers ask for.

mod floods;
mod lags;
mod leaving;
mod overlays;
mod owners;
mod ports;
mod restored;
mod trunk_ports;
mod uplinks;
mod vlans;

use std::sync::Arc;

use mercury_model::{DeviceConfig, Interface, Overlay, TrunkVlans, Vlan, VlanId, VlanStatus};
use serde_json::{Value, json};

use super::*;
use crate::fault::FaultKind;
use crate::{
    group,
    intent::{Fields, Intent, LagRemoval, LagRequest, NetworkRequest, PluginRequest, PortRequest, ResetRequest},
    inventory::{
        CliSettings, Face, GnmiSettings, Inventory, Options, Placeholder, PortNameRule, PortNames, Rules, Switch,
        Template,
    },
};

/// A switch, its entry, and what callers ask of it.
struct Bench {
    inventory: Inventory,
    dialect: Arc<Dialect>,
    device: DeviceConfig,
    /// What others have in its VLANs.
    besides_vlans: BTreeMap<VlanId, String>,
    /// What else it has of overlays.
    overlay: Overlay,
}

impl Bench {
    /// One whose VLANs are Mercury's, with these options.
    fn managed(options: Options) -> Self {
        Self::of(managed(options))
    }

    /// Changes the rules of its entry.
    fn rule(&mut self, change: impl Fn(&mut Rules)) {
        let changed = |switch: &Arc<Switch>| {
            let mut switch = (**switch).clone();
            change(&mut switch.rules);
            switch
        };
        self.inventory = self.inventory.iter().map(changed).collect();
    }

    fn of(mut switch: Switch) -> Self {
        let dialect =
            mercury_adapter::builtin().unwrap().into_iter().find(|dialect| dialect.name == switch.identity.dialect);
        let dialect = dialect.unwrap();
        // As a file's entry has it.
        switch.rules.lowest_vlan = dialect.lowest_vlan;
        let inventory = [switch].into_iter().collect();
        Self {
            inventory,
            dialect,
            device: DeviceConfig::default(),
            besides_vlans: BTreeMap::new(),
            overlay: Overlay::default(),
        }
    }

    fn intent(&self, method: &str, params: &Value) -> Result<Intent, Fault> {
        let fields = Fields::of("", params).unwrap();
        match method {
            "update_port" => Ok(PortRequest::read(fields, &self.inventory)?.intent()),
            "reset_port" => Ok(ResetRequest::read(fields, &self.inventory)?.intent()),
            "attach_port" => PluginRequest::read(fields)?.attach("attach_port", &self.inventory),
            "update_lag" => Ok(LagRequest::read(fields, &self.inventory)?.intent()),
            "delete_lag" => Ok(LagRemoval::read(fields, &self.inventory)?.intent()),
            "detach_port" => PluginRequest::read(fields)?.detach(&self.inventory),
            "add_network" => NetworkRequest::read(fields)?.intent("add_network", true, &self.inventory),
            _ => NetworkRequest::read(fields)?.intent("delete_network", false, &self.inventory),
        }
    }

    /// Makes it so; whether anything had to change.
    fn make(&mut self, target: &TargetIntent) -> Result<bool, Fault> {
        let (running, scope) = self.read(target);
        let Intended(made) = self.desired(target, &running)?.intended;
        let changed = made != running.config;
        self.device.interfaces.retain(|name, _| !scope.interfaces.covers(name));
        self.device.vlans.retain(|id, _| !scope.vlans.covers(*id));
        self.device.interfaces.extend(made.interfaces);
        self.device.vlans.extend(made.vlans);
        self.device.segments.retain(|id, _| !scope.overlays || !scope.vlans.covers(*id));
        self.device.segments.extend(made.segments);
        Ok(changed)
    }

    /// What the line would have read, and how much that is.
    fn read(&self, target: &TargetIntent) -> (Running, Scope) {
        let rules = &self.switch().rules;
        let read = |scope| Running {
            besides_vlans: self.besides_vlans.clone(),
            overlay: self.overlay.clone(),
            ..Running::new(&self.device, scope)
        };
        let running = read(scope(target, rules));
        let wider = widened(target, rules, &running).map(read);
        let running = wider.unwrap_or(running);
        (running.clone(), running.scope)
    }

    fn desired(&self, target: &TargetIntent, running: &Running) -> Result<Desired, Fault> {
        desired(target, self.switch(), running, &self.dialect)
    }

    fn switch(&self) -> &Switch {
        self.inventory.iter().next().unwrap()
    }

    fn call(&mut self, method: &str, params: &Value) -> Result<bool, Fault> {
        let intent = self.intent(method, params)?;
        let mut changed = false;
        for target in &intent.targets {
            changed |= self.make(target)?;
        }
        Ok(changed)
    }

    /// What is to be known of a request beside its success.
    fn noted(&self, method: &str, params: &Value) -> String {
        let intent = self.intent(method, params).unwrap();
        let target = &intent.targets[0];
        let desired = self.desired(target, &self.read(target).0).unwrap();
        desired.notes.into_values().collect::<Vec<_>>().join("; ")
    }

    /// What must succeed; the same again changes nothing.
    fn done(&mut self, method: &str, params: &Value) {
        self.call(method, params).unwrap();
        assert!(!self.call(method, params).unwrap(), "{method} is not idempotent: {params}");
    }

    fn port(&self, name: &str) -> Interface {
        self.device.interface(&name.parse().unwrap())
    }

    fn carries(&self, name: &str) -> String {
        self.port(name).switched_vlan.map_or_else(|| "none".to_owned(), |vlans| vlans.to_string())
    }

    fn set(&mut self, name: &str, vlans: SwitchedVlan) {
        let interface = Interface { switched_vlan: Some(vlans), ..self.port(name) };
        self.device.interfaces.insert(interface.name.clone(), interface);
    }

    /// The VLANs and their names.
    fn vlans(&self) -> Vec<String> {
        let name = |vlan: &Vlan| vlan.name.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
        self.device.vlans.values().map(|vlan| format!("{}{}", vlan.id, name(vlan))).collect()
    }
}

fn switch() -> Switch {
    Switch::new("leaf1", "192.0.2.1", "openconfig", "mercury")
}

fn ruled(rules: Rules) -> Switch {
    Switch { rules, ..switch() }
}

fn managed(options: Options) -> Switch {
    ruled(Rules { manage_vlans: true, options, ..Rules::default() })
}

/// The same, spoken to by another dialect.
fn spoken(dialect: &str, mut switch: Switch) -> Switch {
    switch.identity.dialect = dialect.to_owned();
    switch
}

fn over_gnmi(dialect: &str, switch: Switch) -> Switch {
    Switch { face: Face::Gnmi(GnmiSettings::default()), ..spoken(dialect, switch) }
}

fn vlan(number: u16) -> VlanId {
    number.try_into().unwrap()
}

fn uplink() -> Options {
    Options { trunk_ports: vec!["Ethernet48".parse().unwrap()], ..Options::default() }
}

fn named(template: &str) -> Option<Template> {
    Some(Template::new(template, Placeholder::OF_A_VLAN).unwrap())
}

/// `port` and `network` of the plugin methods.
fn plugin(port: &str, network: &Value) -> Value {
    json!({
        "port": {
            "id": "7a1c", "mac_address": "52:54:00:00:00:01",
            "binding:profile": {"local_link_information": [{"switch_id": "leaf1", "port_id": port}]},
        },
        "network": network,
    })
}

fn ironic(port: &str, more: &Value) -> Value {
    let mut params = json!({"switch_id": "leaf1", "port_name": port});
    params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    params
}

fn pruning() -> Options {
    Options { vlan_name: named("mercury-{vlan}"), remove_unused_vlans: true, ..uplink() }
}

fn trunk(vlans: &str) -> String {
    format!("trunk, no native VLAN, VLANs {vlans}")
}
