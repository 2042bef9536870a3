//! Subscribe in mode ONCE (gNMI section 3.5.1.5.1).

use mercury_gnmi_proto::gnmi::{
    Notification, Path, SubscribeRequest, SubscribeResponse, SubscriptionList, Update, subscribe_request::Request,
    subscribe_response::Response, subscription_list::Mode,
};
use tonic::{Code, Status};

use super::{
    get::now,
    leaves, path,
    read::{self, Base, View},
    status::{invalid, unimplemented},
};
use crate::{
    device::{Device, What},
    pattern::Pattern,
};

/// Updates in one message: a switch's whole configuration would not fit.
const BUNDLE: usize = 256;

/// Everything subscribed to, leaf by leaf.
pub(super) fn once(device: &Device, request: Option<SubscribeRequest>) -> Result<Vec<SubscribeResponse>, Status> {
    let Some(Request::Subscribe(list)) = request.and_then(|request| request.request) else {
        return Err(invalid("a subscription starts with a subscription list"));
    };
    match Mode::try_from(list.mode) {
        Ok(Mode::Once) => {}
        Ok(other) => return Err(unimplemented(format!("subscriptions of mode {}", other.as_str_name()))),
        Err(_) => return Err(invalid("there is no such mode of subscription")),
    }
    let responses = if list.updates_only { Vec::new() } else { updates(device, &list)? };
    Ok(responses.into_iter().map(respond).collect())
}

/// That this was all.
pub(super) fn sync() -> SubscribeResponse {
    respond(Response::SyncResponse(true))
}

fn respond(response: Response) -> SubscribeResponse {
    SubscribeResponse { response: Some(response), extension: Vec::new() }
}

fn updates(device: &Device, list: &SubscriptionList) -> Result<Vec<Response>, Status> {
    let quirks = &device.options.quirks;
    let prefix = list.prefix.as_ref();
    path::check_prefix(prefix, quirks)?;
    let view = View::new(list.encoding, &list.use_models, *quirks, &device.options.schema)?;
    if list.subscription.is_empty() {
        return Err(invalid("a subscription list holds subscriptions"));
    }
    let running = read::running(device, What::Both)?;
    let root = Path::default();
    let mut responses = Vec::new();
    for subscription in &list.subscription {
        let asked = subscription.path.as_ref().unwrap_or(&root);
        let pattern: Pattern = path::resolve(prefix, asked, &device.options, Code::InvalidArgument)?;
        let base = Base::new(prefix, asked, &pattern);
        let node = pattern.0.last().map(|step| step.node);
        let mut updates: Vec<Update> = Vec::new();
        for place in pattern.matches(&running) {
            leaves::collect(place.found, node, &base.place(&pattern, &place), (&view, quirks), &mut updates);
        }
        let mut updates = updates.into_iter().peekable();
        while updates.peek().is_some() {
            responses.push(Response::Update(Notification {
                timestamp: now(),
                prefix: base.prefix(),
                update: updates.by_ref().take(BUNDLE).collect(),
                ..Notification::default()
            }));
        }
    }
    Ok(responses)
}
