//! `mercury attach` and `detach`: a person's way into the same methods that Ironic
//! calls.
#![expect(clippy::indexing_slicing, reason = "a JSON value indexed by a name it lacks is null")]

use clap::Args;
use mercury_model::{VlanId, VlanSet};
use serde_json::{Value, json};

use super::{Common, DONE, Ended, Failure, Output, found, print, progress, signals::interruptible};
use crate::{rpc, service::Requester};

/// A port and its VLANs.
#[derive(Clone, Debug, Args)]
pub(super) struct PortArguments {
    /// The switch: its name, MAC address or address.
    switch: String,
    /// The port, as the switch names it.
    port: String,
    #[command(flatten)]
    vlans: VlanArguments,
}

/// What a port is to be.
#[derive(Clone, Debug, Args)]
pub(super) struct VlanArguments {
    /// The VLAN of an access port.
    #[arg(long, value_name = "VLAN", conflicts_with_all = ["native", "trunk"])]
    access: Option<VlanId>,
    /// The VLANs of a trunk, such as 100,102-104.
    #[arg(long, value_name = "VLANS")]
    trunk: Option<VlanSet>,
    /// The untagged VLAN of a trunk.
    #[arg(long, value_name = "VLAN", requires = "trunk")]
    native: Option<VlanId>,
    /// What to call the port.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
}

/// A port.
#[derive(Clone, Debug, Args)]
pub(super) struct DetachArguments {
    /// The switch: its name, MAC address or address.
    switch: String,
    /// The port, as the switch names it.
    port: String,
}

pub(super) async fn attach(common: &Common, arguments: &PortArguments) -> Ended {
    let params = arguments.vlans.params(&arguments.switch, &arguments.port)?;
    run(common, "update_port", params).await
}

pub(super) async fn detach(common: &Common, arguments: &DetachArguments) -> Ended {
    let link = json!({"switch_id": arguments.switch, "port_id": arguments.port});
    run(common, "detach_port", json!({"port": {"binding:profile": {"local_link_information": [link]}}})).await
}

impl VlanArguments {
    pub(super) fn params(&self, switch: &str, port: &str) -> Result<Value, Failure> {
        if self.access.is_none() && self.trunk.is_none() {
            return Err(Failure::Other("--access or --trunk must say which VLANs".to_owned()));
        }
        let mode = if self.trunk.is_some() { "trunk" } else { "access" };
        let native = self.access.or(self.native).map(VlanId::get);
        let tagged: Option<Vec<u16>> = self.trunk.as_ref().map(|vlans| vlans.iter().map(VlanId::get).collect());
        Ok(json!({
            "switch_id": switch, "port_name": port, "description": self.description,
            "mode": mode, "native_vlan": native, "allowed_vlans": tagged,
        }))
    }
}

async fn run(common: &Common, method: &str, params: Value) -> Ended {
    let service = common.service()?;
    let who = Requester::at_a_shell();
    let call = progress::changed(1, rpc::call(&service, method, &params, who));
    let Some(answered) = interruptible(&service, service.stop_timeout, call).await? else { return Ok(found()) };
    service.finish().await;
    match answered {
        Ok(answer) => {
            match (common.output, answer["switches"].as_array()) {
                (Output::Json, _) => print::json(&answer),
                (Output::Human, Some(switches)) => switches.iter().for_each(print::report),
                (Output::Human, None) => print::report(&answer),
            }
            Ok(if answer["matches"] == false { found() } else { DONE })
        }
        Err(fault) => {
            match common.output {
                Output::Json => print::json(&json!({"error": rpc::error_json(&fault)})),
                Output::Human => print::talk(&fault.to_string()),
            }
            Ok(found())
        }
    }
}
