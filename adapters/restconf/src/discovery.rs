//! What a target is found to be: where its resources begin, what it announces, and the
//! revisions of its modules.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use mercury_adapter::{ConnectError, ConnectFault, ErrorTag, JsonProblem, Lost, json, off_worker};
use quick_xml::events::{BytesStart, Event};
use serde_json::Value;

use crate::{
    client::{Ask, Client},
    refusal::{Failure, judge},
};

/// Octets of `host-meta` that are looked at.
const MAX_META: usize = 64 << 10;
/// What RFC 8040 section 9.1.1 calls `fields` (RFC 8040 section 4.8.3).
const FIELDS: &str = "urn:ietf:params:restconf:capability:fields:";
/// No registered name: what SONiC's server calls `content` (RFC 8040 section 4.8.1), which it
/// has not in earlier releases.
const CONTENT: &str = "urn:ietf:params:restconf:capability:content:";
/// RFC 8072 section 4.2.
const YANG_PATCH: &str = "urn:ietf:params:restconf:capability:yang-patch:";

/// What a target announces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) capabilities: Arc<[String]>,
}

impl Offer {
    /// Whether it takes a YANG Patch.
    pub(crate) fn yang_patch(&self) -> bool {
        self.has(YANG_PATCH)
    }

    /// Whether it tells of some nodes of a resource alone.
    pub(crate) fn fields(&self) -> bool {
        self.has(FIELDS)
    }

    /// Whether it says that it tells configuration alone. RFC 8040 has everybody do that, and
    /// nobody say it.
    pub(crate) fn content(&self) -> bool {
        self.has(CONTENT)
    }

    fn has(&self, name: &str) -> bool {
        self.capabilities.iter().any(|own| own.starts_with(name))
    }
}

/// Finds the root (RFC 8040 section 3.1), where the entry does not say it, and what is
/// announced; whoever does not tell is taken for one who has `/restconf`, and nothing else.
///
/// # Errors
/// The target did not let anybody in, or does not answer.
pub(crate) async fn discover(client: &mut Client, root: Option<&str>, within: Duration) -> Result<Offer, ConnectError> {
    match root {
        Some(root) => client.set_root(root.to_owned()),
        None => {
            let ask = Ask { accept: Some("application/xrd+xml"), ..Ask::get("/.well-known/host-meta") };
            let reply = client.exchange(&ask, within).await.map_err(|lost| unreached(client, &lost))?;
            if let Some(root) = reply.body.get(..reply.body.len().min(MAX_META)).and_then(root_of)
                && reply.status.is_success()
            {
                client.set_root(root);
            }
        }
    }
    let uri = client.uri("/data/ietf-restconf-monitoring:restconf-state/capabilities");
    let capabilities = |found: &Value| {
        let mut capabilities = Vec::new();
        texts(found, "capability", &mut capabilities);
        capabilities
    };
    match data(client, &uri, within, capabilities).await? {
        None => {
            if let Some(root) = root {
                leads_somewhere(client, root, within).await?;
            }
            Ok(Offer::default())
        }
        Some(capabilities) => Ok(Offer { capabilities: capabilities.into() }),
    }
}

/// Makes sure that the root of an entry is one: some servers tell of no capabilities, but
/// each has something there (RFC 8040 section 3.3), and says something else than 404 of it.
/// Behind a wrong one a switch would look as if nothing were configured.
async fn leads_somewhere(client: &mut Client, root: &str, within: Duration) -> Result<(), ConnectError> {
    for behind in ["", "/data", "/data/ietf-yang-library:modules-state", "/operations"] {
        let uri = client.uri(behind);
        let reply = client.exchange(&Ask::get(&uri), within).await.map_err(|lost| unreached(client, &lost))?;
        if reply.status != http::StatusCode::NOT_FOUND {
            return Ok(());
        }
    }
    let message =
        format!("restconf_root: there is no RESTCONF at {root:?}: the switch answers 404 to all that would be there");
    Err(ConnectError { fault: ConnectFault::Protocol, message })
}

/// The modules that a target has and their revisions (RFC 7895, RFC 8525); none where it
/// does not tell.
///
/// # Errors
/// As [`discover`].
pub(crate) async fn revisions(
    client: &mut Client,
    fields: bool,
    within: Duration,
) -> Result<BTreeMap<String, String>, ConnectError> {
    let query = if fields { "?fields=module(name;revision)" } else { "" };
    for resource in ["/data/ietf-yang-library:modules-state", "/data/ietf-yang-library:yang-library/module-set"] {
        let uri = client.uri(&format!("{resource}{query}"));
        let told = |found: &Value| {
            let mut modules = BTreeMap::new();
            collect(found, &mut modules);
            modules
        };
        let Some(modules) = data(client, &uri, within, told).await? else { continue };
        if !modules.is_empty() {
            return Ok(modules);
        }
    }
    Ok(BTreeMap::new())
}

/// What is made of a resource; `None` where there is none, or it is refused for another reason
/// than who we are.
async fn data<T: Send + 'static>(
    client: &mut Client,
    uri: &str,
    within: Duration,
    make: impl FnOnce(&Value) -> T + Send + 'static,
) -> Result<Option<T>, ConnectError> {
    let ask = Ask::get(uri);
    let reply = client.exchange(&ask, within).await.map_err(|lost| unreached(client, &lost))?;
    match judge(&ask.method, reply.status, &reply.body) {
        Ok(()) => {
            let (body, mut share) = (reply.body, client.share());
            let made = off_worker(body.len(), move || json(&body, &mut share).map(|told| make(&told)));
            match made.await.map_err(|unfinished| unreached(client, &Lost::Closed(unfinished.to_string())))? {
                Ok(made) => Ok(Some(made)),
                // What a moment without room hides would stay hidden for as long as the session.
                Err(JsonProblem::NoRoom(full)) => Err(unreached(client, &Lost::NoRoom(full.to_string()))),
                Err(JsonProblem::Malformed(_)) => Ok(None),
            }
        }
        Err(Failure::Lost(lost)) => Err(unreached(client, &lost)),
        Err(Failure::Refused(refusal) | Failure::NotNow(refusal)) => {
            if reply.status == http::StatusCode::UNAUTHORIZED {
                let message = format!("the target did not let us in: {refusal}");
                return Err(ConnectError { fault: ConnectFault::Credentials, message });
            }
            let denied = refusal.errors().iter().any(|error| error.tag == ErrorTag::AccessDenied);
            tracing::debug!(%refusal, denied, "not told");
            Ok(None)
        }
    }
}

/// Why there is no session.
fn unreached(client: &Client, lost: &Lost) -> ConnectError {
    if let Some(told) = client.complaint() {
        return told;
    }
    let fault = match lost {
        Lost::Protocol(_) => ConnectFault::Protocol,
        Lost::NoRoom(_) => ConnectFault::Busy,
        Lost::Timeout(_) | Lost::Closed(_) => ConnectFault::Unreachable,
    };
    ConnectError { fault, message: lost.to_string() }
}

/// The path that a link of relation `restconf` leads to (RFC 6415). A link to another host
/// is nobody's to follow.
fn root_of(meta: &[u8]) -> Option<String> {
    let mut reader = quick_xml::Reader::from_str(std::str::from_utf8(meta).ok()?);
    loop {
        match reader.read_event().ok()? {
            Event::Start(link) | Event::Empty(link) if link.local_name().as_ref() == "Link" => {
                let is_restconf = attribute(&link, "rel").is_some_and(|rel| rel == "restconf");
                let href = attribute(&link, "href").filter(|_| is_restconf);
                if let Some(path) = href.filter(|href| href.starts_with('/') && !href.starts_with("//")) {
                    let path = path.trim_end_matches('/').to_owned();
                    return Some(path).filter(|path| path.parse::<http::Uri>().is_ok() || path.is_empty());
                }
            }
            Event::Eof => return None,
            _ => {}
        }
    }
}

fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    Some(start.try_get_attribute(name).ok()??.value.into_owned())
}

/// Every text of a leaf-list of this name, whatever it lies in.
fn texts(value: &Value, name: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (member, value) in members {
                match value {
                    Value::Array(values) if bare(member) == name => {
                        found.extend(values.iter().filter_map(Value::as_str).map(str::to_owned));
                    }
                    _ => texts(value, name, found),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| texts(value, name, found)),
        _ => {}
    }
}

fn collect(value: &Value, modules: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(members) => {
            let text = |name: &str| members.get(name).and_then(Value::as_str).map(str::to_owned);
            if let (Some(name), Some(revision)) = (text("name"), text("revision")) {
                modules.insert(name, revision);
            }
            members.values().for_each(|value| collect(value, modules));
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, modules)),
        _ => {}
    }
}

/// A name without its module's.
pub(crate) fn bare(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_what_a_link_on_this_host_says() {
        let meta = |link: &str| format!("<XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>{link}</XRD>");
        let root = |link: &str| root_of(meta(link).as_bytes());
        assert_eq!(root("<Link rel='restconf' href='/restconf'/>").as_deref(), Some("/restconf"));
        assert_eq!(
            root("<Link rel='lrdd' href='/x'/><Link rel='restconf' href='/top/r/'></Link>").as_deref(),
            Some("/top/r")
        );
        assert_eq!(root("<Link rel='restconf' href='https://elsewhere/restconf'/>"), None);
        assert_eq!(root("<Link rel='restconf' href='//elsewhere/restconf'/>"), None);
        assert_eq!(root_of(b"{\"links\":[]}"), None);
    }

    #[test]
    fn what_is_announced_is_told_apart() {
        let found = serde_json::json!({"ietf-restconf-monitoring:capabilities": {"capability": [
            "urn:ietf:params:restconf:capability:yang-patch:1.0", "urn:ietf:params:restconf:capability:depth:1.0"]}});
        let mut capabilities = Vec::new();
        texts(&found, "capability", &mut capabilities);
        let offer = Offer { capabilities: capabilities.into() };
        assert!(offer.yang_patch() && !offer.fields());
    }
}
