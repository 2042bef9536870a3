//! `mercury demo`: the simulated switch and the service in one process, and
//! one port moved onto a VLAN, trunked, and taken off again, then two in a bond; or a host
//! behind a DPU.

mod card;

use std::{net::SocketAddr, sync::Arc};

use axum::{
    body::Body,
    http::{Request, header},
};
use clap::Args;
use http_body_util::BodyExt;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use mercury_sim::{Options, Simulator};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::{Common, DONE, Ended, Failure, Output, Spoken, log, print, start};
use crate::{
    auth::Authenticator,
    config::{Limits, LogFormat, LogLevel},
    inventory::{
        Face, GnmiSettings, HostKey, Inventory, NetconfSettings, NetconfTransport, SecretRef, SshSettings, Switch, Tls,
        TlsSettings,
    },
    lock::NoLocks,
    rpc::{Front, Listener, router},
    service::Current,
};

/// What the demo does, one call after the other.
fn calls() -> Vec<(&'static str, &'static str, Value)> {
    let port = json!({"switch_id": "leaf1", "port_name": "Ethernet1"});
    let with = |more: Value| {
        let mut params = port.clone();
        if let (Some(params), Value::Object(more)) = (params.as_object_mut(), more) {
            params.extend(more);
        }
        params
    };
    let server = "Ironic Port 8d1f0a52";
    let access = json!({"description": server, "mode": "access", "native_vlan": 100});
    let trunk = json!({"description": server, "mode": "trunk", "native_vlan": 100, "allowed_vlans": [101, 102, 150]});
    vec![
        ("What would be sent to put Ethernet1 on VLAN 100", "plan_port", with(access.clone())),
        ("Ironic attaches a server port to VLAN 100", "update_port", with(access)),
        ("Ironic makes it a trunk", "update_port", with(trunk.clone())),
        ("Ironic asks again: nothing to do, nothing written", "update_port", with(trunk)),
        ("Ironic releases the port", "reset_port", with(json!({"native_vlan": 100}))),
        (
            "Another server bonds two links: members and aggregate in one transaction",
            "attach_port",
            bonded(&json!(100)),
        ),
        ("Is it still so?", "mercury.verify", json!({"method": "attach_port", "params": bonded(&json!(100))})),
        ("It leaves, and nothing is left behind", "detach_port", bonded(&Value::Null)),
    ]
}

fn bonded(network: &Value) -> Value {
    let links = ["Ethernet2", "Ethernet3"].map(|port| json!({"switch_id": "leaf1", "port_id": port}));
    let group = json!({"name": "server2", "bond_mode": "802.3ad", "bond_properties": {"lacp_rate": "fast"}});
    let profile = json!({"local_link_information": links, "local_group_information": group});
    json!({"port": {"binding:profile": profile}, "network": network})
}

/// What the demo is shown on.
#[derive(Clone, Debug, Args)]
pub(super) struct DemoArguments {
    /// How the switch is spoken to.
    #[arg(long, value_enum, default_value_t = Spoken::Netconf)]
    protocol: Spoken,
    /// A host behind a DPU: the switch that it hangs on, and a real Open vSwitch as the card.
    #[arg(long)]
    dpu: bool,
}

pub(super) async fn run(common: &Common, arguments: &DemoArguments) -> Ended {
    log::begin(LogFormat::Human, common.overrides().log_level.unwrap_or(LogLevel::Error))?;
    let any = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
    let gnmi_listen = any.filter(|_| arguments.protocol == Spoken::Gnmi);
    let options = Options { name: "leaf1".to_owned(), gnmi_listen, ..Options::default() };
    let simulator = Simulator::start(options).await.map_err(Failure::because)?;
    let entry = entry("leaf1", &simulator, arguments.protocol)?;
    let card = if arguments.dpu { Some(card::OpenVSwitch::start().await?) } else { None };
    let behind = card.as_ref().map(|card| card.entry("leaf1", "Ethernet7")).transpose()?;
    let service = Arc::new(start([entry].into_iter().chain(behind).collect::<Inventory>(), &NoLocks::shared())?);
    let limits = Limits::default();
    let front = Front::new(Current::new(Arc::clone(&service)), &limits).map_err(Failure::because)?;
    let listener = Listener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.map_err(Failure::because)?;
    let address = listener.address();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(async move {
        let stop = async { drop(stopped.await) };
        let router = router(front, Authenticator::noauth(), &limits, None, None);
        listener.serve(router, &limits, stop, std::time::Duration::from_secs(5)).await;
    });
    let said = tell(common, &simulator, card.as_ref(), address).await;
    drop(stop);
    serving.await.map_err(Failure::because)?;
    service.finish().await;
    if let Some(card) = card {
        card.end().await?;
    }
    said?;
    Ok(DONE)
}

async fn tell(
    common: &Common,
    simulator: &Simulator,
    card: Option<&card::OpenVSwitch>,
    address: SocketAddr,
) -> Result<(), Failure> {
    let human = common.output == Output::Human;
    if human {
        match simulator.gnmi_addr() {
            Some(address) => print::line(&format!("A simulated switch, leaf1, speaks gNMI over TLS on {address}.")),
            None => {
                print::line(&format!("A simulated switch, leaf1, speaks NETCONF over SSH on {}.", simulator.addr()));
            }
        }
        if card.is_some() {
            print::line("An Open vSwitch, dpu7, is the card of node7, and hangs on Ethernet7 of leaf1.");
        }
        print::line(&format!("Mercury serves JSON-RPC on http://{address}/."));
    }
    let calls = if card.is_some() { card::calls() } else { calls() };
    for (index, (title, method, params)) in calls.into_iter().enumerate() {
        let before = simulator.running_xml();
        let request = json!({"jsonrpc": "2.0", "id": format!("req-demo-{index}"), "method": method, "params": params});
        let answer = post(address, &request).await?;
        let result = answer.get("result").ok_or_else(|| Failure::Other(format!("{method} failed: {answer}")))?;
        if human {
            print::line(&format!("\n== {title}"));
            print::line(&format!("-> {method} {params}"));
            match result["switches"].as_array() {
                Some(switches) => switches.iter().for_each(print::report),
                None if result.is_object() => print::report(result),
                None => print::line(&result.to_string()),
            }
            difference(&before, &simulator.running_xml());
            if let Some(card) = card {
                card.shown().await?.iter().for_each(|line| print::line(&format!("  dpu7: {line}")));
            }
        } else {
            print::json(&json!({"request": request, "answer": answer}));
        }
    }
    Ok(())
}

/// The lines of the switch's running configuration that went and came: what is
/// left between the longest common lines, as `diff` shows it.
fn difference(before: &str, after: &str) {
    let (before, after) = (lines(before), lines(after));
    let common = common(&before, &after);
    let (mut before, mut after) = (before.iter().peekable(), after.iter().peekable());
    for line in common.iter().map(Some).chain([None]) {
        while let Some(gone) = before.next_if(|gone| Some(*gone) != line) {
            print::line(&format!("  - {gone}"));
        }
        while let Some(came) = after.next_if(|came| Some(*came) != line) {
            print::line(&format!("  + {came}"));
        }
        before.next();
        after.next();
    }
}

/// The longest lines in common, in order.
fn common(one: &[String], other: &[String]) -> Vec<String> {
    // By row: the longest that the lines up to here have in common with the others up to each.
    let mut row = vec![Vec::<usize>::new(); other.len() + 1];
    for (at, line) in one.iter().enumerate() {
        let mut next = vec![Vec::new()];
        for (column, (same, pair)) in other.iter().map(|seen| seen == line).zip(row.windows(2)).enumerate() {
            let best = match (same, pair) {
                (true, [diagonal, _]) => [diagonal.as_slice(), &[at]].concat(),
                (_, [.., above]) => {
                    let left: &[usize] = next.get(column).map_or(&[], Vec::as_slice);
                    if above.len() >= left.len() { above.clone() } else { left.to_vec() }
                }
                _ => Vec::new(),
            };
            next.push(best);
        }
        row = next;
    }
    row.last().into_iter().flatten().filter_map(|at| one.get(*at).cloned()).collect()
}

/// One element a line, where the switch prints them all in one.
fn lines(xml: &str) -> Vec<String> {
    xml.replace("><", ">\n<").lines().map(str::trim_end).map(str::to_owned).collect()
}

async fn post(address: SocketAddr, request: &Value) -> Result<Value, Failure> {
    let client: Client<_, Body> = Client::builder(TokioExecutor::new()).build_http();
    let request = Request::post(format!("http://{address}/"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(request.to_string()))
        .map_err(Failure::because)?;
    let response = client.request(request).await.map_err(Failure::because)?;
    let body = response.into_body().collect().await.map_err(Failure::because)?.to_bytes();
    serde_json::from_slice(&body).map_err(Failure::because)
}

/// The simulated switch as an entry.
fn entry(name: &str, simulator: &Simulator, protocol: Spoken) -> Result<Switch, Failure> {
    let address = simulator.gnmi_addr().filter(|_| protocol == Spoken::Gnmi).unwrap_or_else(|| simulator.addr());
    let mut switch = Switch::new(name, &address.ip().to_string(), "openconfig", simulator.username());
    switch.identity.port = Some(address.port());
    switch.rules.lag_numbers = "100-199".parse().map_err(Failure::because)?;
    switch.rules.lag_prefix = Some("Port-Channel".to_owned());
    switch.identity.credentials.password = Some(SecretRef::Inline(simulator.password().to_owned().into()));
    match protocol {
        Spoken::Netconf => {
            let fingerprint = simulator.host_key_fingerprint().parse().map_err(Failure::because)?;
            let host_key = HostKey::Fingerprints(vec![fingerprint]);
            switch.face = Face::Netconf(NetconfSettings {
                transport: NetconfTransport::Ssh(SshSettings { host_key, ..SshSettings::default() }),
                ..NetconfSettings::default()
            });
        }
        Spoken::Gnmi => {
            let trust = Tls::Pinned(vec![simulator.gnmi_certificate_sha256().into()]);
            let tls = TlsSettings { trust, ..TlsSettings::default() };
            switch.face = Face::Gnmi(GnmiSettings { tls, confirmed_commit: Some(true), ..GnmiSettings::default() });
        }
    }
    Ok(switch)
}
