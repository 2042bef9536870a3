//! `mercury attach`, `detach`, `plan` and `verify`: a person's way into the
//! same methods that Ironic calls.
#![expect(clippy::indexing_slicing, reason = "a JSON value indexed by a name it lacks is null")]

use std::path::PathBuf;

use clap::Args;
use mercury_model::{VlanId, VlanSet};
use serde_json::{Value, json};

use super::{Common, DONE, Ended, Failure, Output, found, print, signals::interruptible};
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
struct VlanArguments {
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

/// What is asked about: a port and its VLANs, or any request.
#[derive(Clone, Debug, Args)]
pub(super) struct QuestionArguments {
    /// A file with `{"method": …, "params": …}` of any request that changes
    /// switches, as Ironic sends it; `-` is standard input.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["switch", "port", "access", "trunk", "description"])]
    request: Option<PathBuf>,
    /// The switch: its name, MAC address or address.
    #[arg(required_unless_present = "request")]
    switch: Option<String>,
    /// The port, as the switch names it.
    #[arg(required_unless_present = "request")]
    port: Option<String>,
    #[command(flatten)]
    vlans: VlanArguments,
}

/// A request may be this long, in bytes.
const MAX_REQUEST: u64 = 1 << 20;

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

pub(super) async fn plan(common: &Common, arguments: &QuestionArguments) -> Ended {
    run(common, "mercury.plan", arguments.params()?).await
}

pub(super) async fn verify(common: &Common, arguments: &QuestionArguments) -> Ended {
    run(common, "mercury.verify", arguments.params()?).await
}

pub(super) async fn detach(common: &Common, arguments: &DetachArguments) -> Ended {
    let link = json!({"switch_id": arguments.switch, "port_id": arguments.port});
    run(common, "detach_port", json!({"port": {"binding:profile": {"local_link_information": [link]}}})).await
}

impl QuestionArguments {
    fn params(&self) -> Result<Value, Failure> {
        let Some(file) = &self.request else {
            let named = |name: &Option<String>| name.clone().unwrap_or_default();
            let params = self.vlans.params(&named(&self.switch), &named(&self.port))?;
            return Ok(json!({"method": "update_port", "params": params}));
        };
        let text = super::read_bounded(file, MAX_REQUEST)?;
        let request: Value =
            serde_json::from_str(&text).map_err(|error| Failure::Other(format!("{}: {error}", file.display())))?;
        Ok(json!({"method": request["method"], "params": plain(&request["params"])}))
    }
}

/// Without what belongs to the call itself.
fn plain(params: &Value) -> Value {
    let mut params = params.clone();
    if let Some(members) = params.as_object_mut() {
        members.retain(|name, _| name != "context" && name != "rpc.version");
    }
    params
}

impl VlanArguments {
    fn params(&self, switch: &str, port: &str) -> Result<Value, Failure> {
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
    let user = std::env::var("USER").ok();
    let who = Requester { user, caller: "command line".to_owned(), ..Requester::default() };
    let answered =
        match interruptible(&service, service.stop_timeout, rpc::call(&service, method, &params, who)).await? {
            Some(answered) => answered,
            None => return Ok(found()),
        };
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
