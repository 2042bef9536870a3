//! The methods: Ironic's RPC API 1.0, the plugin methods of the design, and
//! Mercury's own, which say what another request would do or has done.

use std::time::Instant;

use serde_json::{Map, Value, json};

use super::{
    answer,
    request::{Request, attached},
};
use crate::{
    fault::{Fault, FaultKind},
    group,
    intent::{Fields, Intent, PluginRequest, find_switch, kind},
    inventory::Switch,
    metrics,
    outcome::Report,
    service::{Asked, Requester, Service, asked, refused},
    trace,
};

/// Every method there is.
pub const METHODS: [&str; 15] = [
    "update_port",
    "reset_port",
    "get_switches",
    "update_lag",
    "delete_lag",
    "get_allowed_network_types",
    "is_link_valid",
    "is_port_supported",
    "attach_port",
    "detach_port",
    "add_network",
    "delete_network",
    "plan_port",
    "mercury.plan",
    "mercury.verify",
];

/// Those that change no switch.
const READING: [&str; 7] = [
    "get_switches",
    "get_allowed_network_types",
    "is_link_valid",
    "is_port_supported",
    "plan_port",
    "mercury.plan",
    "mercury.verify",
];

/// Whether a call may change a switch.
pub(super) fn changes(method: &str) -> bool {
    !READING.contains(&method)
}

/// Calls a method with its parameters as they came.
///
/// # Errors
/// What is wrong with the parameters, or what happened on the switches.
pub async fn call(service: &Service, method: &str, params: &Value, mut who: Requester) -> Result<Value, Fault> {
    let (begun, is_begun_elsewhere) = (Instant::now(), who.begun_elsewhere);
    let span = trace::request(who.parent);
    who.trace = span.as_ref().map(trace::Open::context);
    let answer = match plain(params, &mut who) {
        Ok(params) => {
            who.asked = Asked::of(&params);
            route(service, method, Value::Object(params), &mut who).await
        }
        Err(fault) => Err(fault.into()),
    };
    let outcome = match &answer {
        Ok(_) => "ok",
        Err(Failed::Early(fault) | Failed::Told(fault)) => fault.kind.name(),
    };
    metrics::called(method, outcome, begun.elapsed());
    if let Some(span) = span {
        let told = [("rpc.method", method), ("mercury.outcome", outcome), ("mercury.caller", &who.caller)];
        let error = match &answer {
            Ok(_) => None,
            Err(Failed::Early(fault) | Failed::Told(fault)) => Some(fault.message.clone()),
        };
        span.end(method, told.map(|(key, value)| (key, value.to_owned())).to_vec(), error);
    }
    answer.map_err(|failed| match failed {
        Failed::Early(fault) => {
            refused(method, &who, &fault);
            fault
        }
        Failed::Told(fault) if is_begun_elsewhere => doubtful(fault),
        Failed::Told(fault) => fault,
    })
}

/// That nothing was done here says nothing where another member may have begun. Who came to read
/// the switch knows better.
pub(super) fn doubtful(fault: Fault) -> Fault {
    let is_blind = match fault.kind {
        FaultKind::Entry
        | FaultKind::Busy
        | FaultKind::Locked
        | FaultKind::Coordinator
        | FaultKind::Machine
        | FaultKind::Unreachable
        | FaultKind::HostKey
        | FaultKind::Credentials
        | FaultKind::Protocol
        | FaultKind::Timeout => true,
        FaultKind::InvalidParams
        | FaultKind::InvalidValue
        | FaultKind::SwitchNotFound
        | FaultKind::Refused
        | FaultKind::ReadBack
        | FaultKind::Unsupported
        | FaultKind::Undone
        | FaultKind::Unknown
        | FaultKind::Internal => false,
    };
    if !is_blind {
        return fault;
    }
    let message = format!(
        "another Mercury, which has not answered, may have begun it, or may yet; here: {}; ask again, which reads the \
         switch first, or verify it",
        fault.message
    );
    Fault { kind: FaultKind::Unknown, message, ..fault }
}

/// What a request would do, which is `method` and `params` of it, before that is put
/// into an answer; and what it wants.
///
/// # Errors
/// As of [`call`].
pub async fn planned(service: &Service, params: &Value, who: Requester) -> Result<(Intent, Vec<Report>), Fault> {
    let who = Requester { asked: params.as_object().map(Asked::of).unwrap_or_default(), ..who };
    let intent = intent(service, params).inspect_err(|fault| refused("mercury.plan", &who, fault))?;
    let reports = service.plan(intent.clone(), &who).await?;
    answer::changed(&reports)?;
    Ok((intent, reports))
}

/// What a request wants, which is `method` and `params` of it.
///
/// # Errors
/// What is wrong with the parameters.
pub fn intent(service: &Service, params: &Value) -> Result<Intent, Fault> {
    Ok(named(Fields::of("", params)?, service)?.1.intent())
}

/// The switches that a call is about; none where it asks none, or is wrong.
pub(super) fn switches(service: &Service, method: &str, params: &Value) -> Vec<String> {
    let mut unheard = Requester::default();
    let asked = |params: &Value| -> Result<Vec<String>, Fault> {
        let (fields, inventory) = (Fields::of("", params)?, service.inventory());
        let intent = match method {
            "get_switches" | "get_allowed_network_types" | "is_port_supported" => return Ok(Vec::new()),
            "is_link_valid" => PluginRequest::read(fields)?.links("is_link_valid", inventory)?,
            "plan_port" => {
                let method = if fields.has("port") { "attach_port" } else { "update_port" };
                request(method, fields, service)?.intent()
            }
            "mercury.plan" | "mercury.verify" => named(fields, service)?.1.intent(),
            method => request(method, fields, service)?.intent(),
        };
        Ok(intent.targets.into_iter().map(|target| target.switch).collect())
    };
    plain(params, &mut unheard).and_then(|params| asked(&Value::Object(params))).unwrap_or_default()
}

/// Why a call has no answer.
enum Failed {
    /// No switch was asked.
    Early(Fault),
    /// What came of asking a switch has its line in the log.
    Told(Fault),
}

impl From<Fault> for Failed {
    fn from(fault: Fault) -> Self {
        Self::Early(fault)
    }
}

/// What was asked is gone before a switch is waited for: thousands may wait.
async fn route(service: &Service, method: &str, params: Value, who: &mut Requester) -> Result<Value, Failed> {
    let fields = Fields::of("", &params)?;
    let inventory = service.inventory();
    match method {
        "get_switches" => {
            fields.finish()?;
            Ok(answer::switches(inventory, |switch| service.shows(switch, who)))
        }
        "get_allowed_network_types" => Ok(network_types(fields, service, who)?),
        "is_port_supported" => Ok(port_supported(fields, service, who)?),
        "is_link_valid" => Ok(link_valid(fields, service, who).await?),
        "plan_port" => {
            let method = if fields.has("port") { "attach_port" } else { "update_port" };
            let request = request(method, fields, service)?;
            let intent = service.permits(method, request.intent(), who, false)?;
            let planned = service.plan(intent, who).await;
            planned.and_then(|reports| answer::changed(&reports)).map_err(Failed::Told)
        }
        "mercury.plan" => {
            let (method, request) = named(fields, service)?;
            let intent = service.permits(&method, request.intent(), who, false)?;
            let planned = service.plan(intent, who).await;
            planned.and_then(|reports| answer::changed(&reports)).map_err(Failed::Told)
        }
        "mercury.verify" => {
            let (method, request) = named(fields, service)?;
            let intent = service.permits(&method, request.intent(), who, false)?;
            let verified = service.verify(intent, who).await;
            verified.and_then(|reports| answer::verified(&reports)).map_err(Failed::Told)
        }
        method => {
            let request = request(method, fields, service)?;
            drop(params);
            let intent = service.permits(method, request.intent(), who, true)?;
            asked(method, who).await?;
            let done = service.apply(intent, who).await;
            done.and_then(|reports| request.answer(&reports)).map_err(Failed::Told)
        }
    }
}

fn request(method: &str, fields: Fields<'_>, service: &Service) -> Result<Request, Fault> {
    Request::read(method, fields, service.inventory())?
        .ok_or_else(|| Fault::new(FaultKind::InvalidParams, format!("there is no method {method:?}")))
}

/// `method` and `params` of another request.
fn named(mut fields: Fields<'_>, service: &Service) -> Result<(String, Request), Fault> {
    let method = fields.text("method")?.ok_or_else(|| Fault::params("method", "is missing"))?;
    let params = fields.required("params")?;
    fields.finish()?;
    let params = Fields::of("params", params)?;
    let request = Request::read(method, params, service.inventory())?.ok_or_else(|| {
        let shown: String = method.chars().filter(|c| !c.is_control()).take(64).collect();
        Fault::value("method", format!("{shown:?} is no method that changes a switch"))
    })?;
    Ok((method.to_owned(), request))
}

/// The parameters without what belongs to every call: the context, and the
/// version, of which Mercury speaks 1.x.
fn plain(params: &Value, who: &mut Requester) -> Result<Map<String, Value>, Fault> {
    let Value::Object(members) = params else {
        return Err(Fault::params("", "the parameters must be an object, by name"));
    };
    let mut members = members.clone();
    match members.remove("rpc.version") {
        None => {}
        Some(Value::String(version)) if version == "1" || version.starts_with("1.") => {}
        Some(other) => return Err(Fault::params("rpc.version", format!("must be \"1.0\", not {}", kind(&other)))),
    }
    match members.remove("context") {
        None | Some(Value::Null) => {}
        Some(Value::Object(context)) => {
            let text = |names: &[&str]| {
                names.iter().find_map(|name| context.get(*name)?.as_str()).map(|text| text.chars().take(128).collect())
            };
            who.request_id = text(&["request_id", "global_request_id"]);
            who.user = text(&["user", "user_id", "user_name"]);
            who.project = text(&["project_id", "project", "project_name"]);
        }
        Some(_) => return Err(Fault::params("context", "must be an object")),
    }
    Ok(members)
}

/// The network types that a switch serves, or any that the caller may know of.
fn network_types(mut fields: Fields<'_>, service: &Service, who: &Requester) -> Result<Value, Fault> {
    let inventory = service.inventory();
    let switch = fields.text("switch_id")?.map(|id| find_switch(inventory, "switch_id", id)).transpose()?;
    fields.finish()?;
    let shown = |switch: &Switch| service.shows(&switch.identity.name, who);
    if switch.as_deref().is_some_and(|switch| !shown(switch)) {
        return Err(Fault::new(FaultKind::SwitchNotFound, "the policy does not grant it"));
    }
    let serves = |switch: &Switch| switch.rules.serves_vnis();
    let overlays = match switch {
        Some(switch) => serves(&switch),
        None => inventory.iter().any(|switch| shown(switch) && serves(switch)),
    };
    Ok(if overlays { json!(["vlan", "vxlan"]) } else { json!(["vlan"]) })
}

/// What `binding:vnic_type` may be: of a cable, or behind a card.
const VNIC_TYPES: [&str; 3] = ["baremetal", "smart-nic", "remote-managed"];

/// Whether every link of the port leads to a switch of the inventory.
fn port_supported(fields: Fields<'_>, service: &Service, who: &Requester) -> Result<Value, Fault> {
    let request = PluginRequest::read(fields)?;
    let is_served = request.port.vnic_type.as_deref().is_none_or(|kind| VNIC_TYPES.contains(&kind));
    Ok(json!(is_served && links_fault(&request, service, who).is_none()))
}

/// Whether every link leads to a switch and a port that may be configured,
/// in the network's physical network and with its VLAN, and that the switch has, as
/// far as it tells.
async fn link_valid(fields: Fields<'_>, service: &Service, who: &Requester) -> Result<Value, Fault> {
    let request = PluginRequest::read(fields)?;
    let inventory = service.inventory();
    let attached = request.network.as_ref().map(|_| attached("is_link_valid", &request, inventory)).transpose();
    let looked = attached.and_then(|attached| {
        let looked = looked(&request, attached.as_ref(), service)?;
        service.permits("is_link_valid", attached.unwrap_or_else(|| looked.clone()), who, false)?;
        Ok(looked)
    });
    let found = match looked {
        Ok(intent) => service.has_ports(intent, who).await,
        Err(fault) => Err(fault),
    };
    if let Err(fault) = &found {
        refused("is_link_valid", who, fault);
    }
    Ok(json!(found.is_ok()))
}

/// What is looked at: every link, and of what is behind cards all that would be changed.
fn looked(request: &PluginRequest, attached: Option<&Intent>, service: &Service) -> Result<Intent, Fault> {
    let inventory = service.inventory();
    let children = request.children();
    let links = std::iter::once(request).chain(&children).map(|one| one.links("is_link_valid", inventory));
    let mut all = group::as_one("is_link_valid", links.collect::<Result<Vec<_>, _>>()?)?;
    for target in attached.into_iter().flat_map(|attached| &attached.targets) {
        let is_card = inventory.find(&target.switch).is_some_and(|switch| switch.rules.card.is_some());
        if is_card || !target.uplinks.is_empty() {
            all.targets.retain(|other| other.switch != target.switch);
            all.targets.push(target.clone());
        }
    }
    Ok(all)
}

fn links_fault(request: &PluginRequest, service: &Service, who: &Requester) -> Option<Fault> {
    let children = request.children();
    if children.is_empty()
        && let Err(fault) = request.port.links.given()
    {
        return Some(fault);
    }
    let links = std::iter::once(request).chain(&children).flat_map(|one| &one.port.links.managed);
    links.into_iter().find_map(|link| match link.place(service.inventory()) {
        Ok((switch, _)) if !service.shows(&switch.identity.name, who) => {
            Some(Fault::new(FaultKind::SwitchNotFound, "the policy does not grant it"))
        }
        place => place.err(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_may_have_begun_is_not_called_untouched() {
        for (kind, told) in [
            (FaultKind::Coordinator, FaultKind::Unknown),
            (FaultKind::Busy, FaultKind::Unknown),
            (FaultKind::Unreachable, FaultKind::Unknown),
            // The switch was read, or refused it.
            (FaultKind::Refused, FaultKind::Refused),
            (FaultKind::InvalidValue, FaultKind::InvalidValue),
        ] {
            let fault = doubtful(Fault::new(kind, "no"));
            assert_eq!(fault.kind, told);
            assert_eq!(fault.message.contains("may have begun"), kind != told, "{fault}");
        }
    }
}
