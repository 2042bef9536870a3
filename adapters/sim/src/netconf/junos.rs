//! Junos' own operations: its commit, the history that tells what waits, and the
//! switch's time.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use quick_xml::escape::partial_escape;

use super::{
    encode::{self, Defaults},
    operations::{invalid, parameters},
    reply::Body,
    xml::Element,
};
use crate::{
    datastore::Datastore,
    device::{Commit, Device, SessionId, What, unsupported},
    refusal::{Reason, Refused, Tag},
};

pub(super) const CAPABILITY: &str = "http://xml.juniper.net/netconf/junos/1.0";
/// Default of `confirm-timeout`, in minutes.
const CONFIRM_TIMEOUT: u16 = 10;

/// The standard `confirm-timeout` is seconds, and what they are in whole minutes
/// is what the switch waits: often none (ncclient#238).
pub(super) fn mistimed(timeout: Duration) -> Duration {
    Duration::from_secs(timeout.as_secs() / 60 * 60)
}

/// Carries out one of them.
pub(super) fn execute(device: &Arc<Device>, session: SessionId, operation: &Element) -> Result<Body, Refused> {
    match &*operation.name {
        "commit-configuration" => commit(device, session, operation),
        "get-commit-information" => Ok(Body::Own(history(device))),
        "get-configuration" => compare(device, operation),
        _ => {
            let now = time(device.seconds());
            Ok(Body::Own(format!(
                "<system-uptime-information><current-time>{now}</current-time></system-uptime-information>"
            )))
        }
    }
}

fn commit(device: &Arc<Device>, session: SessionId, operation: &Element) -> Result<Body, Refused> {
    let [check, confirmed, timeout, log] = parameters(operation, ["check", "confirmed", "confirm-timeout", "log"])?;
    if check.is_some() {
        device.commit_check(session)?;
        return Ok(results("", "commit-check-success"));
    }
    let minutes: u16 = match timeout {
        None => CONFIRM_TIMEOUT,
        Some(element) => {
            element.trimmed().parse().ok().filter(|minutes| *minutes > 0).ok_or_else(|| invalid(element))?
        }
    };
    if confirmed.is_none() && timeout.is_some() {
        return Err(Reason::protocol(Tag::OperationFailed, "a commit that is for good has no confirm-timeout").into());
    }
    let confirm_timeout = confirmed.map(|_| Duration::from_secs(u64::from(minutes) * 60));
    let log = log.map(|log| log.trimmed().to_owned());
    device.commit(session, Commit { confirm_timeout, log, ..Commit::default() })?;
    let output = match confirmed {
        Some(_) => {
            let told =
                format!("commit confirmed will be automatically rolled back in {minutes} minutes unless confirmed");
            format!("<output>{told}</output>")
        }
        None => String::new(),
    };
    Ok(results(&output, "commit-success"))
}

/// How the candidate differs from running, a leaf a line; any other use of the operation is
/// not to be had.
fn compare(device: &Device, operation: &Element) -> Result<Body, Refused> {
    let asked = |name: &str| operation.attributes.iter().find(|own| own.name == name).map(|own| own.value.as_str());
    if (asked("compare"), asked("rollback"), asked("format")) != (Some("rollback"), Some("0"), Some("text")) {
        return Err(unsupported("get-configuration for anything but the difference from rollback 0, as text"));
    }
    let lines = |store| {
        let xml = encode::configuration(&*device.shown(store, What::Configuration)?, device.root(), Defaults::Explicit);
        Ok::<Vec<String>, Refused>(xml.replace("><", ">\n<").lines().map(str::to_owned).collect())
    };
    let (running, candidate) = (lines(Datastore::Running)?, lines(Datastore::Candidate)?);
    let missing = |from: &[String], all: &[String]| -> Vec<String> {
        from.iter().filter(|line| !all.contains(line)).cloned().collect()
    };
    let gone = missing(&running, &candidate).into_iter().map(|line| format!("-  {line}\n"));
    let new = missing(&candidate, &running).into_iter().map(|line| format!("+  {line}\n"));
    let text: String = gone.chain(new).collect();
    let output = partial_escape(text.as_str()).into_owned();
    Ok(Body::Own(format!(
        "<configuration-information><configuration-output>{output}</configuration-output></configuration-information>"
    )))
}

fn results(output: &str, success: &str) -> Body {
    Body::Own(format!(
        "<commit-results>{output}<routing-engine><name>re0</name><{success}/></routing-engine></commit-results>"
    ))
}

fn history(device: &Device) -> String {
    let mut xml = "<commit-information>".to_owned();
    for (number, entry) in device.history().iter().enumerate() {
        let _ = write!(
            xml,
            "<commit-history><sequence-number>{number}</sequence-number><user>{}</user><client>{}</client>{}",
            partial_escape(&entry.user),
            entry.client,
            time(entry.seconds)
        );
        if let Some(minutes) = entry.minutes {
            let _ = write!(xml, "<comment>commit confirmed, rollback in {minutes}mins</comment>");
        }
        if let Some(log) = &entry.log {
            let _ = write!(xml, "<log>{}</log>", partial_escape(log.as_str()));
        }
        if entry.waits {
            xml.push_str("<commit-confirmed>rollback pending</commit-confirmed>");
        }
        xml.push_str("</commit-history>");
    }
    xml.push_str("</commit-information>");
    xml
}

fn time(seconds: u64) -> String {
    format!(
        "<date-time xmlns:junos=\"http://xml.juniper.net/junos/24.4R1/junos\" junos:seconds=\"{seconds}\">\
         {seconds} s</date-time>"
    )
}
