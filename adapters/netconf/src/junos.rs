//! What only Junos has: its own commit, and a history that tells of one that
//! waits to be confirmed (Junos XML Management Protocol Developer Reference,
//! `<commit-configuration>`; `show system commit`).

use std::time::Duration;

use mercury_adapter::{Capabilities, ErrorTag, Refusal, RpcError};

use crate::{
    message::Reply,
    xml::{BASE_NS, Element},
};

/// Announces these operations.
pub(crate) const CAPABILITY: &str = "http://xml.juniper.net/netconf/junos/1.0";
/// A commit waits 1 to 65,535 minutes.
const MOST_MINUTES: u64 = 65_535;

/// Commits for good, and confirms what waits.
pub(crate) fn commit() -> Element {
    Element::new(BASE_NS, "commit-configuration")
}

/// Commits what is undone unless it is confirmed within `timeout`, rounded up to
/// whole minutes. The history has it with `name`.
pub(crate) fn commit_confirmed(timeout: Duration, name: Option<&str>) -> Element {
    let minutes = timeout.as_secs().div_ceil(60).clamp(1, MOST_MINUTES);
    let commit = commit().empty("confirmed").leaf("confirm-timeout", minutes.to_string());
    match name {
        Some(name) => commit.leaf("log", name),
        None => commit,
    }
}

/// Asks for the history of commits.
pub(crate) fn history() -> Element {
    Element::new(BASE_NS, "get-commit-information")
}

/// Asks for the switch's own time.
pub(crate) fn clock() -> Element {
    Element::new(BASE_NS, "get-system-uptime-information")
}

/// Whether a target announced Junos' own operations.
pub(crate) fn is_one(capabilities: &Capabilities) -> bool {
    capabilities.announced.iter().any(|own| own == CAPABILITY)
}

/// Asks how the candidate differs from what was committed last (`show | compare`).
pub(crate) fn compare() -> Element {
    let asked = Element::new(BASE_NS, "get-configuration");
    asked.attr("compare", "rollback").attr("rollback", "0").attr("format", "text")
}

/// What it answers to that; `None` where it was not asked.
pub(crate) fn difference(replies: &[Reply]) -> Result<Option<String>, Refusal> {
    let Some(reply) = replies.first() else { return Ok(None) };
    let output = find(&reply.element, "configuration-output").or_else(|| find(&reply.element, "output"));
    let output = output.ok_or_else(|| Refusal::Unreadable("there is no <configuration-output>".to_owned()))?;
    Ok(Some(output.value().trim_matches('\n').to_owned()))
}

/// What the history says of a commit that waits to be confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Waiting {
    /// None does, or only the one that is asked about.
    No,
    /// One was to wait until then, in seconds of the switch's own time. It may have
    /// been confirmed by `commit check`, of which there is no entry.
    Until(u64, RpcError),
    /// One does, or that was not told.
    Yes(RpcError),
}

/// Reads the history. The newest entry is that of the commit that waits, if one
/// does: each commit, and the rollback, is another. Where it has no mark (seen in
/// 24.4), its text alone tells that it was to wait.
pub(crate) fn waiting(reply: &Reply, own: Option<&str>) -> Waiting {
    let history = find(&reply.element, "commit-information").filter(|_| reply.errors.is_empty());
    let Some(history) = history else {
        let said = reply.errors.first().map(|error| format!(": {error}")).unwrap_or_default();
        let message = format!(
            "the history of commits was not shown (`show system commit` needs the permission view), and whoever \
             commits confirms a commit of somebody else that waits to be confirmed{said}"
        );
        return Waiting::Yes(RpcError::new(ErrorTag::AccessDenied, message));
    };
    let newest = history.find_all("commit-history").find(|entry| entry.value_at(&["sequence-number"]) == Some("0"));
    let Some(newest) = newest else { return Waiting::No };
    let text = |name| newest.find(name).map(Element::value).unwrap_or_default();
    let minutes = minutes(text("comment"));
    let is_own = own.is_some_and(|own| own == text("log"));
    let is_marked = newest.find("commit-confirmed").is_some();
    if is_own || (minutes.is_none() && !is_marked) {
        return Waiting::No;
    }
    let message = format!(
        "a commit of {} by {} at {} waits to be confirmed, and any commit would confirm it ({})",
        text("user"),
        text("client"),
        text("date-time"),
        text("comment")
    );
    let error = RpcError::new(ErrorTag::LockDenied, message);
    let seconds = newest.find("date-time").and_then(|time| time.attribute("seconds")?.parse().ok());
    match (is_marked, minutes, seconds) {
        (false, Some(minutes), Some(made)) => Waiting::Until(minutes.saturating_mul(60).saturating_add(made), error),
        _ => Waiting::Yes(error),
    }
}

/// The switch's own time in seconds, if it told.
pub(crate) fn seconds(reply: &Reply) -> Option<u64> {
    let now = find(&reply.element, "current-time")?.find("date-time")?;
    now.attribute("seconds")?.parse().ok()
}

/// Of `commit confirmed, rollback in 5mins`.
fn minutes(comment: &str) -> Option<u64> {
    let rest = comment.split_once("commit confirmed, rollback in ")?.1;
    rest.split_once("min")?.0.trim().parse().ok()
}

/// The first element of this name, wherever it is: a switch of several members
/// answers for each.
fn find<'a>(element: &'a Element, name: &str) -> Option<&'a Element> {
    element.elements().find_map(|child| if child.name == name { Some(child) } else { find(child, name) })
}

#[cfg(test)]
#[path = "junos_tests.rs"]
mod tests;
