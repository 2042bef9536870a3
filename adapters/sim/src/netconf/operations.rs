//! The operations: parameters read strictly, then handed to the switch.

use std::{sync::Arc, time::Duration};

use super::{
    BASE, edit,
    encode::{self, Defaults},
    filter, junos, monitoring,
    reply::Body,
    xml::Element,
};
use crate::{
    datastore::Datastore,
    device::{Commit, Device, SessionId, Test, What, unsupported},
    edit::Operation,
    refusal::{Reason, Refused, Tag},
};

/// Default of `confirm-timeout` (RFC 6241 section 8.4.5.1).
const CONFIRM_TIMEOUT: u32 = 600;

/// Carries out one operation.
pub(crate) fn execute(device: &Arc<Device>, session: SessionId, operation: &Element) -> Result<Body, Refused> {
    if operation.namespace != BASE {
        return Err(unsupported(&format!("operation {}", operation.name)));
    }
    match operation.name.as_str() {
        "get" => {
            let [filter, defaults] = parameters(operation, ["filter", "with-defaults"])?;
            if device.options.lists_sessions && filter.is_some_and(monitoring::is_asked) {
                return Ok(Body::Data(monitoring::sessions(device)));
            }
            read(device, (Datastore::Running, What::Both), filter, defaults)
        }
        "get-config" => {
            let [source, filter, defaults] = parameters(operation, ["source", "filter", "with-defaults"])?;
            read(device, (datastore(operation, source, "source")?, What::Configuration), filter, defaults)
        }
        "lock" => {
            let [target] = parameters(operation, ["target"])?;
            device.lock(session, datastore(operation, target, "target")?).map(ok)
        }
        "unlock" => {
            let [target] = parameters(operation, ["target"])?;
            device.unlock(session, datastore(operation, target, "target")?).map(ok)
        }
        "edit-config" => edit_config(device, session, operation),
        "copy-config" => {
            let [target, source] = parameters(operation, ["target", "source"])?;
            let target = datastore(operation, target, "target")?;
            device.copy(session, datastore(operation, source, "source")?, target).map(ok)
        }
        "validate" => {
            let [source] = parameters(operation, ["source"])?;
            device.validate(datastore(operation, source, "source")?).map(ok)
        }
        "discard-changes" => {
            let [] = parameters(operation, [])?;
            device.discard(session).map(ok)
        }
        "commit" => {
            let mut commit = commit(operation)?;
            if device.options.mode.junos() {
                commit.confirm_timeout = commit.confirm_timeout.map(junos::mistimed);
            }
            device.commit(session, commit).map(ok)
        }
        "commit-configuration" | "get-commit-information" | "get-configuration" | "get-system-uptime-information"
            if device.options.mode.junos() =>
        {
            junos::execute(device, session, operation)
        }
        "cancel-commit" => {
            let [persist_id] = parameters(operation, ["persist-id"])?;
            device.cancel_commit(session, persist_id.map(Element::trimmed)).map(ok)
        }
        "close-session" => {
            let [] = parameters(operation, [])?;
            Ok(Body::Ok)
        }
        "kill-session" => {
            let [id] = parameters(operation, ["session-id"])?;
            if !device.options.lists_sessions {
                return Err(Reason::protocol(Tag::AccessDenied, "this user ends no other sessions").into());
            }
            let id = id.ok_or_else(|| missing(operation, "session-id"))?;
            let other = id.trimmed().parse().ok().filter(|other| *other != session);
            match other.is_some_and(|other| device.kill_session(other)) {
                true => Ok(Body::Ok),
                false => Err(invalid(id).into()),
            }
        }
        other => Err(unsupported(&format!("operation {other}"))),
    }
}

fn ok((): ()) -> Body {
    Body::Ok
}

fn read(
    device: &Device,
    (source, what): (Datastore, What),
    filter: Option<&Element>,
    defaults: Option<&Element>,
) -> Result<Body, Refused> {
    let quirks = device.options.quirks;
    let (mode, name) = match (quirks.report_all_defaults, quirks.trims_defaults) {
        (true, _) => (Defaults::ReportAll, Some("report-all")),
        (_, true) => (Defaults::Trim, Some("trim")),
        _ => (Defaults::Explicit, None),
    };
    if let Some(asked) = defaults {
        let Some(name) = name else { return Err(unknown(asked).into()) };
        if asked.trimmed() != name {
            return Err(invalid(asked).into());
        }
    }
    let config = device.shown(source, what)?;
    let xml = match filter {
        None => encode::configuration(&config, device.root(), mode),
        Some(filter) => {
            let kind = filter.attributes.iter().find(|attribute| attribute.name == "type");
            if kind.is_some_and(|kind| kind.value != "subtree") {
                return Err(unsupported("a filter other than subtree"));
            }
            let selected = filter::select(&config, device.root(), filter, quirks.answers_first_entry_only);
            encode::configuration(&selected, device.root(), mode)
        }
    };
    Ok(Body::Data(xml))
}

fn edit_config(device: &Arc<Device>, session: SessionId, operation: &Element) -> Result<Body, Refused> {
    let [target, default, test, on_error, config] =
        parameters(operation, ["target", "default-operation", "test-option", "error-option", "config"])?;
    let target = datastore(operation, target, "target")?;
    let default = match default.map(|element| (element, element.trimmed())) {
        None | Some((_, "merge")) => Operation::Merge,
        Some((_, "replace")) => Operation::Replace,
        Some((_, "none")) => Operation::None,
        Some((element, _)) => return Err(invalid(element).into()),
    };
    let test = match test.map(|element| (element, element.trimmed())) {
        Some((element, _)) if !device.options.mode.validate() => {
            return Err(unknown(element).into());
        }
        // test-then-set is the default of the RFC. For a candidate that would
        // refuse a change made in several edits, so servers do not follow it.
        None | Some((_, "set")) => Test::Set,
        Some((_, "test-then-set")) => Test::Then,
        Some((_, "test-only")) => Test::Only,
        Some((element, _)) => return Err(invalid(element).into()),
    };
    // However it is asked for, an edit happens wholly or not at all.
    if let Some(element) = on_error
        && !["stop-on-error", "continue-on-error", "rollback-on-error"].contains(&element.trimmed())
    {
        return Err(invalid(element).into());
    }
    let config = config.ok_or_else(|| missing(operation, "config"))?;
    let ignore = device.options.quirks.ignores_unqualified_operation;
    let edit = edit::read(config, &device.options.schema, default, ignore)?;
    device.edit(session, target, &edit, test).map(ok)
}

fn commit(operation: &Element) -> Result<Commit, Refused> {
    let [confirmed, timeout, persist, persist_id] =
        parameters(operation, ["confirmed", "confirm-timeout", "persist", "persist-id"])?;
    if confirmed.is_none() {
        // Both depend on <confirmed> (when-statements of ietf-netconf).
        if let Some(element) = timeout.or(persist) {
            return Err(unknown(element).into());
        }
    }
    let seconds = match timeout {
        None => CONFIRM_TIMEOUT,
        Some(element) => match element.trimmed().parse() {
            Ok(seconds) if seconds > 0 => seconds,
            _ => return Err(invalid(element).into()),
        },
    };
    let text = |element: Option<&Element>| element.map(|element| element.trimmed().to_owned());
    Ok(Commit {
        confirm_timeout: confirmed.map(|_| Duration::from_secs(seconds.into())),
        persist: text(persist),
        persist_id: text(persist_id),
        log: None,
    })
}

/// The parameters by name. They come in the order of the YANG `input`
/// statement (RFC 7950 section 7.14.4), each at most once, and no others.
pub(super) fn parameters<'a, const N: usize>(
    operation: &'a Element,
    names: [&'static str; N],
) -> Result<[Option<&'a Element>; N], Reason> {
    let mut found = [None; N];
    let mut next = 0;
    for element in &operation.children {
        let at = names.iter().position(|name| element.is(BASE, name));
        let Some(at) = at.filter(|at| *at >= next) else {
            return Err(unknown(element));
        };
        next = at + 1;
        if let Some(slot) = found.get_mut(at) {
            *slot = Some(element);
        }
    }
    Ok(found)
}

fn datastore(operation: &Element, parameter: Option<&Element>, name: &'static str) -> Result<Datastore, Reason> {
    let parameter = parameter.ok_or_else(|| missing(operation, name))?;
    let [choice] = parameter.children.as_slice() else {
        return Err(Reason::protocol(Tag::BadElement, format!("{name} takes one datastore")).with("bad-element", name));
    };
    [Datastore::Running, Datastore::Candidate, Datastore::Startup]
        .into_iter()
        .find(|datastore| choice.is(BASE, datastore.as_str()))
        .ok_or_else(|| unknown(choice))
}

fn missing(operation: &Element, name: &'static str) -> Reason {
    Reason::protocol(Tag::MissingElement, format!("{} needs {name}", operation.name)).with("bad-element", name)
}

pub(super) fn unknown(element: &Element) -> Reason {
    Reason::protocol(
        Tag::UnknownElement,
        format!("{} is unexpected here (namespace '{}')", element.name, element.namespace),
    )
    .with("bad-element", &element.name)
}

pub(super) fn invalid(element: &Element) -> Reason {
    Reason::protocol(Tag::InvalidValue, format!("'{}' is not a value of {}", element.trimmed(), element.name))
        .with("bad-element", &element.name)
}
