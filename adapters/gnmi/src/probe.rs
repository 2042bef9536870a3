//! What a target can do that it does not say: which paths it reads, and how.
//! No Set is sent, so whether a commit can be made to undo itself is not asked.

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use mercury_adapter::{
    ConnectError, GnmiEncoding, LeafValues, Module, Names, Node, NodePath, PathPrefixes, PathStep, Probe,
};
use mercury_gnmi_proto::gnmi::{CapabilityResponse, get_request::DataType};
use tonic::{Code, Status};

use crate::{
    client::Client,
    connect::{GnmiOptions, announced},
    raw::Raw,
    request::Form,
    session::said,
    status, wire,
};

/// Finds out.
pub(crate) async fn probe(client: &Client, options: &GnmiOptions) -> Result<Probe, ConnectError> {
    let mut found = Probe::default();
    let fact = |found: &mut Probe, name: &str, text: String| found.facts.push((name.to_owned(), text));
    let mut entry = vec![("protocol", text("gnmi"))];
    if let Some(pin) = client.transport().certificate() {
        let pin = format!("SHA256:{}", STANDARD_NO_PAD.encode(pin));
        fact(&mut found, "certificate", pin.clone());
        entry.push(("tls_pins", format!("[{}]", text(&pin))));
    }
    let announced = announced(client, options).await?;
    match &announced {
        None => fact(&mut found, "capabilities", "UNIMPLEMENTED".to_owned()),
        Some(announced) => {
            fact(&mut found, "gnmi_version", announced.g_nmi_version.clone());
            fact(&mut found, "models", announced.supported_models.len().to_string());
            found.announced = said(announced);
        }
    }
    let dialect = dialect(announced.as_deref());
    entry.push(("dialect", text(dialect)));
    let root = if dialect == "nokia_srl" { "interface" } else { "interfaces" };
    let (mut get, mut once) = (None, None);
    for form in forms() {
        if get.is_none() {
            let answer = by_get(client, options, &form, root).await;
            fact(&mut found, &format!("get {}", shown(&form)), outcome(&answer));
            get = answer.is_ok_and(|updates| updates > 0).then(|| form.clone());
        }
        if once.is_none() {
            let answer = client.once(form.once(&[node(root)], false), options.connect_timeout).await;
            let answer = answer.and_then(|answer| values(&answer));
            fact(&mut found, &format!("subscribe once {}", shown(&form)), outcome(&answer));
            once = answer.is_ok_and(|updates| updates > 0).then_some(form);
        }
    }
    if get.is_none() && once.is_some() {
        entry.push(("read", text("subscribe")));
    }
    match get.or(once) {
        Some(form) => entry.push(("origin", text(form.origin.as_deref().unwrap_or_default()))),
        None => fact(
            &mut found,
            "reading",
            "nothing could be read; is there anything, and may this user see it?".to_owned(),
        ),
    }
    fact(&mut found, "commit_confirmed", "not asked: that takes a Set".to_owned());
    found.entry = entry.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    Ok(found)
}

/// The forms a path may have, the likelier ones first.
fn forms() -> impl Iterator<Item = Form> {
    let prefixes = [PathPrefixes::None, PathPrefixes::First];
    prefixes.into_iter().flat_map(|path_prefixes| {
        [Some("openconfig"), None].into_iter().map(move |origin| Form {
            encoding: GnmiEncoding::JsonIetf,
            origin: origin.map(str::to_owned),
            target: None,
            path_prefixes,
            json_prefixes: true,
            leaf_values: LeafValues::default(),
        })
    })
}

async fn by_get(client: &Client, options: &GnmiOptions, form: &Form, root: &str) -> Result<usize, Status> {
    let ask = |kind| client.get(form.get(&node(root), kind), options.connect_timeout);
    let answer = match ask(DataType::Config).await {
        Err(status) if matches!(status.code(), Code::Unimplemented | Code::InvalidArgument) => ask(DataType::All).await,
        other => other,
    }?;
    values(&answer)
}

/// How many values an answer brought.
fn values(answer: &Raw) -> Result<usize, Status> {
    wire::values(&answer.octets).map_err(|garbled| Status::internal(garbled.to_string()))
}

fn node(name: &str) -> Node {
    let module = Module { namespace: "".into(), name: Some("openconfig-interfaces".into()) };
    let step = PathStep { module, name: name.to_owned(), keys: Vec::new() };
    Node { path: NodePath { steps: vec![step] }, names: Names::default() }
}

fn shown(form: &Form) -> String {
    let name =
        if form.path_prefixes == PathPrefixes::None { "/interfaces" } else { "/openconfig-interfaces:interfaces" };
    match &form.origin {
        Some(origin) => format!("{origin}:{name}"),
        None => name.to_owned(),
    }
}

fn outcome(answer: &Result<usize, Status>) -> String {
    match answer {
        Ok(0) => "no data".to_owned(),
        Ok(1) => "1 update".to_owned(),
        Ok(updates) => format!("{updates} updates"),
        Err(refused) => status::error(refused).to_string(),
    }
}

/// The dialect whose vendor's models are announced.
fn dialect(announced: Option<&CapabilityResponse>) -> &'static str {
    let models = announced.map_or(&[][..], |announced| &announced.supported_models);
    let any = |word: &str| models.iter().any(|model| model.name.to_ascii_lowercase().contains(word));
    match () {
        () if any("srl_nokia") || any("srlinux") => "nokia_srl",
        () if any("arista") => "arista_eos",
        () if any("cisco-nx") => "cisco_nxos",
        () if any("sonic") => "sonic",
        () => "openconfig",
    }
}

/// A text in TOML.
fn text(value: &str) -> String {
    format!("{value:?}")
}
