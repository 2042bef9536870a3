//! What every method that changes switches asks for, and how it is answered.

use serde_json::Value;

use super::answer;
use crate::{
    fault::Fault,
    group,
    intent::{
        Fields, HandsOff, Intent, LagRemoval, LagRequest, NetworkRequest, PluginRequest, PortRequest, ResetRequest,
        with_uplinks,
    },
    inventory::Inventory,
    outcome::Report,
};

/// A change that is asked for.
pub(super) enum Request {
    UpdatePort(Box<PortRequest>, Intent),
    ResetPort(Box<ResetRequest>, Intent),
    UpdateLag(Box<LagRequest>),
    DeleteLag(LagRemoval),
    /// A port that is not Mercury's, by one of Ironic's methods.
    HandsOff(HandsOff),
    /// One of the plugin methods that are about a port.
    Plugin(Intent),
    /// One of those that are about a network, and the physical network it named.
    Network(Intent, Option<String>),
}

impl Request {
    /// Reads the parameters; `None` where the method changes nothing.
    ///
    /// # Errors
    /// The first parameter that cannot be used, by name.
    pub(super) fn read(method: &str, mut fields: Fields<'_>, inventory: &Inventory) -> Result<Option<Self>, Fault> {
        let verb = ["update_port", "reset_port"].into_iter().find(|verb| *verb == method);
        if let Some(request) = verb.and_then(|verb| HandsOff::read(verb, &mut fields)) {
            return Ok(Some(Self::HandsOff(request)));
        }
        Ok(Some(match method {
            // Both callers' update_port has one name; the parameters tell which it is.
            // A port that is a text is a slip of whoever means `port_name`.
            "update_port" if (!fields.has("port") || fields.is_text("port")) && !fields.has("network") => {
                let request = PortRequest::read(fields, inventory)?;
                let intent = with_uplinks(request.intent(), inventory, None)?;
                Self::UpdatePort(Box::new(request), intent)
            }
            "reset_port" => {
                let request = ResetRequest::read(fields, inventory)?;
                let intent = with_uplinks(request.intent(), inventory, None)?;
                Self::ResetPort(Box::new(request), intent)
            }
            "update_lag" => {
                let request = LagRequest::read(fields, inventory)?;
                with_uplinks(request.intent(), inventory, None)?;
                Self::UpdateLag(Box::new(request))
            }
            "delete_lag" => {
                let request = LagRemoval::read(fields, inventory)?;
                with_uplinks(request.intent(), inventory, None)?;
                Self::DeleteLag(request)
            }
            "attach_port" => Self::Plugin(attached("attach_port", &PluginRequest::read(fields)?, inventory)?),
            "update_port" => Self::Plugin(attached("update_port", &PluginRequest::read(fields)?, inventory)?),
            "detach_port" => Self::Plugin(detached(&PluginRequest::read(fields)?, inventory)?),
            "add_network" => Self::network("add_network", true, fields, inventory)?,
            "delete_network" => Self::network("delete_network", false, fields, inventory)?,
            _ => return Ok(None),
        }))
    }

    fn network(verb: &'static str, present: bool, fields: Fields<'_>, inventory: &Inventory) -> Result<Self, Fault> {
        let request = NetworkRequest::read(fields)?;
        let intent = request.intent(verb, present, inventory)?;
        Ok(Self::Network(intent, request.network.physical_network))
    }

    /// What it wants.
    pub(super) fn intent(&self) -> Intent {
        match self {
            Self::UpdateLag(request) => request.intent(),
            Self::DeleteLag(request) => request.intent(),
            Self::HandsOff(request) => Intent { verb: request.verb, targets: Vec::new() },
            Self::UpdatePort(_, intent)
            | Self::ResetPort(_, intent)
            | Self::Plugin(intent)
            | Self::Network(intent, _) => intent.clone(),
        }
    }

    /// The answer, in the caller's words.
    ///
    /// # Errors
    /// What went wrong on the switches.
    pub(super) fn answer(&self, reports: &[Report]) -> Result<Value, Fault> {
        match self {
            Self::UpdatePort(request, _) => answer::updated(request, reports),
            Self::ResetPort(request, _) => answer::reset(request, reports),
            Self::UpdateLag(request) => answer::lag_updated(request, reports),
            Self::DeleteLag(request) => answer::lag_deleted(request, reports),
            Self::HandsOff(request) => Ok(answer::left_alone(request)),
            Self::Plugin(_) => answer::changed(reports),
            Self::Network(_, physical) => answer::networked(physical.as_deref(), reports),
        }
    }
}

/// How many turns child nodes are before their parent.
const CHILDREN: i8 = 4;

/// The network on every link, of child nodes first, and what goes through the uplinks of
/// cards.
///
/// # Errors
/// The first parameter that cannot be used, by name.
pub(super) fn attached(verb: &'static str, request: &PluginRequest, inventory: &Inventory) -> Result<Intent, Fault> {
    let own = request.attach(verb, inventory)?;
    let children = request.children().into_iter().map(|child| child.attach(verb, inventory));
    with_children(own, children.collect::<Result<_, _>>()?, -CHILDREN, request, inventory)
}

/// The same of a port that is detached, of child nodes last.
fn detached(request: &PluginRequest, inventory: &Inventory) -> Result<Intent, Fault> {
    let own = request.detach(inventory)?;
    let children = request.children().into_iter().map(|child| child.detach(inventory));
    with_children(own, children.collect::<Result<_, _>>()?, CHILDREN, request, inventory)
}

fn with_children(
    own: Intent,
    mut children: Vec<Intent>,
    turn: i8,
    request: &PluginRequest,
    inventory: &Inventory,
) -> Result<Intent, Fault> {
    children.iter_mut().flat_map(|child| &mut child.targets).for_each(|target| target.turn = turn);
    let verb = own.verb;
    let intent = group::as_one(verb, std::iter::once(own).chain(children))?;
    with_uplinks(intent, inventory, Some(request))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::inventory::{Card, Representor, Switch, Uplink};

    /// Two switches, and a card behind one of them.
    fn inventory() -> Inventory {
        let leaf = |name: &str| {
            let mut leaf = Switch::new(name, &format!("{name}.example.org"), "openconfig", "mercury");
            leaf.rules.allowed_vlans = Some("100-110".parse().unwrap());
            leaf
        };
        let mut card = Switch::new("dpu7", "unix:/run/db.sock", "netmiko_ovs_linux", "");
        let (port, switch_port) = ("p0".parse().unwrap(), "Ethernet7".parse().unwrap());
        card.rules.card = Some(Card {
            hosts: vec!["node7".to_owned()],
            serial_number: None,
            uplinks: vec![Uplink { port, switch: "leaf1".to_owned(), switch_port }],
            representors: vec![Representor { port: "pf0hpf".parse().unwrap(), uplinks: Vec::new(), function: None }],
        });
        [leaf("leaf1"), leaf("leaf2"), card].into_iter().collect()
    }

    fn turns(method: &str, port: &Value) -> Vec<(String, i8)> {
        let params = json!({"port": port, "network": 100});
        let request = Request::read(method, Fields::of("", &params).unwrap(), &inventory()).unwrap().unwrap();
        let mut turns: Vec<_> =
            request.intent().targets.into_iter().map(|target| (target.switch, target.turn)).collect();
        turns.sort_by_key(|(_, turn)| *turn);
        turns
    }

    /// What leaves a card leaves the switch that it hangs on.
    #[test]
    fn a_vlan_that_the_entry_does_not_allow_is_taken_off_no_uplink() {
        let link = json!({"hostname": "node7", "port_id": "pf0hpf"});
        let own = json!({"binding:vnic_type": "smart-nic", "binding:profile": {"local_link_information": [link]}});
        let child = json!({"child_nodes": [{"id": "node7", "local_link_connection": {"port_id": "pf0hpf"}}]});
        let named = json!({"id": "a", "segmentation_id": 500});
        for (port, network) in [(&own, json!(500)), (&child, json!(500)), (&own, named)] {
            let params = json!({"port": port, "network": network});
            let read = Request::read("detach_port", Fields::of("", &params).unwrap(), &inventory());
            let Err(fault) = read else { panic!("{params}") };
            assert_eq!(fault.parameter.as_deref(), Some("network.segmentation_id"), "{fault}");
            assert!(fault.message.contains("VLAN 500 not allowed on leaf1"), "{fault}");
        }
        let unnamed = json!({"port": own});
        assert!(Request::read("detach_port", Fields::of("", &unnamed).unwrap(), &inventory()).is_ok());
    }

    fn names(turns: Vec<(String, i8)>) -> Vec<String> {
        turns.into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn what_comes_goes_to_the_switch_first_and_what_goes_leaves_the_card_first() {
        let link = json!({"hostname": "node7", "port_id": "pf0hpf"});
        let port = json!({"binding:vnic_type": "smart-nic", "binding:profile": {"local_link_information": [link]}});
        assert_eq!(names(turns("attach_port", &port)), ["leaf1", "dpu7"]);
        assert_eq!(names(turns("detach_port", &port)), ["dpu7", "leaf1"]);
    }

    #[test]
    fn child_nodes_come_before_their_parent_and_leave_behind_it() {
        let child = json!({"id": "node7", "local_link_connection": {"port_id": "pf0hpf"}});
        let on = |switch: &str| {
            let link = json!({"switch_id": switch, "port_id": "Ethernet1"});
            json!({"child_nodes": [child], "binding:profile": {"local_link_information": [link]}})
        };
        assert_eq!(names(turns("attach_port", &on("leaf2"))), ["leaf1", "dpu7", "leaf2"]);
        assert_eq!(names(turns("detach_port", &on("leaf2"))), ["leaf2", "dpu7", "leaf1"]);
        // The parent is on the switch that the child hangs on.
        assert_eq!(names(turns("attach_port", &on("leaf1"))), ["leaf1", "dpu7"]);
        assert_eq!(names(turns("detach_port", &on("leaf1"))), ["dpu7", "leaf1"]);
        // Two that need nothing of one another are side by side.
        assert!(
            turns(
                "attach_port",
                &json!({"binding:profile": {"local_link_information": [
            {"switch_id": "leaf1", "port_id": "Ethernet1"}, {"switch_id": "leaf2", "port_id": "Ethernet1"}]}})
            )
            .iter()
            .all(|(_, turn)| *turn == 0)
        );
    }
}
