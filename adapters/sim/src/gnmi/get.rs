//! Get (gNMI section 3.3).

use std::time::SystemTime;

use mercury_gnmi_proto::gnmi::{
    GetRequest, GetResponse, Notification, Path, TypedValue, Update, get_request::DataType,
};
use tonic::{Code, Status};

use super::{
    json, leaves, path,
    read::{self, Base, View},
    status::{invalid, status, unimplemented},
};
use crate::{
    datastore::Container,
    device::{Device, What},
    pattern::{Found, Match, Pattern},
};

/// One notification for every path asked for (section 3.3.2).
pub(super) fn get(device: &Device, request: &GetRequest) -> Result<GetResponse, Status> {
    let quirks = &device.options.quirks;
    let prefix = request.prefix.as_ref();
    path::check_prefix(prefix, quirks)?;
    let view = View::new(request.encoding, &request.use_models, *quirks, &device.options.schema)?;
    let kind = DataType::try_from(request.r#type).map_err(|_| invalid("there is no such type of data"))?;
    if request.path.is_empty() {
        return Err(invalid("no path is asked for"));
    }
    if quirks.gnmi_no_get_type && kind != DataType::All {
        return Err(unimplemented("types of data are not supported"));
    }
    let what = match kind {
        DataType::All => What::Both,
        DataType::Config => What::Configuration,
        DataType::State | DataType::Operational => What::State,
    };
    let running = read::running(device, what)?;
    let notification = request.path.iter().map(|asked| {
        let pattern = path::resolve(prefix, asked, &device.options, Code::InvalidArgument)?;
        let base = Base::new(prefix, asked, &pattern);
        let update = updates(&running, &pattern, &base, &view, device);
        let update = match update.is_empty() {
            false => update,
            true => vec![missing(&base, device, || path::display(prefix, asked))?],
        };
        Ok(Notification { timestamp: now(), prefix: base.prefix(), update, ..Notification::default() })
    });
    Ok(GetResponse { notification: notification.collect::<Result<_, Status>>()?, extension: Vec::new() })
}

fn updates(running: &Container, pattern: &Pattern, base: &Base, view: &View, device: &Device) -> Vec<Update> {
    let mut updates = Vec::new();
    for place in pattern.matches(running) {
        let path = base.place(pattern, &place);
        if view.leaves_only() {
            let node = pattern.0.last().map(|step| step.node);
            leaves::collect(place.found, node, &path, (view, &device.options.quirks), &mut updates);
        } else if let Some(val) = value(pattern, &place, view) {
            updates.push(update(path, val));
        }
    }
    updates
}

fn value(pattern: &Pattern, place: &Match<'_>, view: &View) -> Option<TypedValue> {
    let node = pattern.0.last().map(|step| step.node);
    match (place.found, node) {
        (Found::Container(container), _) => {
            json::object(container, pattern.children(), None, view).map(|json| view.json(&json))
        }
        (Found::Leaf(value), Some(node)) => view.leaf(node, value).map(|shown| view.typed(node, &shown)),
        (Found::LeafList(values), Some(node)) => Some(view.typed(node, &view.leaf_list(values))),
        (Found::Leaf(_) | Found::LeafList(_), None) => None,
    }
}

fn missing(base: &Base, device: &Device, path: impl Fn() -> String) -> Result<Update, Status> {
    if device.options.quirks.gnmi_empty_for_missing {
        return Ok(update(base.asked(), TypedValue { value: None }));
    }
    Err(status(Code::NotFound, format!("there is nothing at {}", path())))
}

fn update(path: Path, val: TypedValue) -> Update {
    Update { path: Some(path), val: Some(val), ..Update::default() }
}

/// Nanoseconds since the epoch (section 2.2.1).
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}
