//! What every method that changes switches asks for, and how it is answered.

use serde_json::Value;

use super::answer;
use crate::{
    fault::Fault,
    intent::{
        Fields, HandsOff, Intent, LagRemoval, LagRequest, NetworkRequest, PluginRequest, PortRequest, ResetRequest,
    },
    inventory::Inventory,
    outcome::Report,
};

/// A change that is asked for.
pub(super) enum Request {
    UpdatePort(Box<PortRequest>),
    ResetPort(Box<ResetRequest>),
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
            "update_port" if !fields.has("port") && !fields.has("network") => {
                Self::UpdatePort(Box::new(PortRequest::read(fields, inventory)?))
            }
            "reset_port" => Self::ResetPort(Box::new(ResetRequest::read(fields, inventory)?)),
            "update_lag" => Self::UpdateLag(Box::new(LagRequest::read(fields, inventory)?)),
            "delete_lag" => Self::DeleteLag(LagRemoval::read(fields, inventory)?),
            "attach_port" => Self::Plugin(PluginRequest::read(fields)?.attach("attach_port", inventory)?),
            "update_port" => Self::Plugin(PluginRequest::read(fields)?.attach("update_port", inventory)?),
            "detach_port" => Self::Plugin(PluginRequest::read(fields)?.detach(inventory)?),
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
            Self::UpdatePort(request) => request.intent(),
            Self::ResetPort(request) => request.intent(),
            Self::UpdateLag(request) => request.intent(),
            Self::DeleteLag(request) => request.intent(),
            Self::HandsOff(request) => Intent { verb: request.verb, targets: Vec::new() },
            Self::Plugin(intent) | Self::Network(intent, _) => intent.clone(),
        }
    }

    /// The answer, in the caller's words.
    ///
    /// # Errors
    /// What went wrong on the switches.
    pub(super) fn answer(&self, reports: &[Report]) -> Result<Value, Fault> {
        match self {
            Self::UpdatePort(request) => answer::updated(request, reports),
            Self::ResetPort(request) => answer::reset(request, reports),
            Self::UpdateLag(request) => answer::lag_updated(request, reports),
            Self::DeleteLag(request) => answer::lag_deleted(request, reports),
            Self::HandsOff(request) => Ok(answer::left_alone(request)),
            Self::Plugin(_) => answer::changed(reports),
            Self::Network(_, physical) => answer::networked(physical.as_deref(), reports),
        }
    }
}
