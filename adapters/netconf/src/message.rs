//! Requests and replies (RFC 6241 section 4).

use std::{fmt, ops::Range};

use mercury_adapter::{Bump, DataNode, DataTree, ErrorTag, ErrorType, RpcError, Severity, Share};

use crate::xml::{self, BASE_NS, DataError, Element, Limits, XmlError};

/// More leaves than this in one `error-info` tell nobody anything.
const MAX_INFO: usize = 64;
/// A server that complains more often than this has said enough.
const MAX_ERRORS: usize = 1_000;

/// The namespace of Junos' own errors, before its version.
const JUNOS_ERRORS: &str = "http://xml.juniper.net/xnm/";

/// An operation wrapped in `<rpc>`. The base namespace is the default one:
/// some servers refuse a prefixed rpc.
///
/// # Errors
/// When the operation holds what XML cannot carry.
pub fn rpc(message_id: &str, operation: &Element) -> Result<String, XmlError> {
    Element::new(BASE_NS, "rpc").attr("message-id", message_id).child(operation.clone()).to_xml()
}

/// A server's answer to one request.
#[derive(Debug)]
pub struct Reply {
    /// Which request it answers; some servers leave it out.
    pub message_id: Option<String>,
    /// It says `<ok/>`. That alone proves nothing: see [`Reply::is_success`].
    pub ok: bool,
    /// Errors of severity *error*, in the order they came.
    pub errors: Vec<RpcError>,
    /// Errors of severity *warning*.
    pub warnings: Vec<RpcError>,
    /// The `<data>` of a read.
    pub data: Option<ReplyData>,
    /// Everything but the `<data>`, for replies with content of their own.
    pub element: Element,
}

impl Reply {
    /// The device did not complain. An `<ok/>` beside an error is no success,
    /// and a warning is no failure.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.errors.is_empty()
    }
}

/// The `<data>` of a reply, which may be a whole configuration: as it came, and
/// what it takes of the budget.
pub struct ReplyData {
    message: String,
    place: Range<usize>,
    share: Share,
}

impl ReplyData {
    /// The element as it came; a prefix may be declared outside of it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.message.get(self.place.clone()).unwrap_or_default()
    }

    /// Understands it, and does something with what it says.
    pub(crate) fn with_tree<T>(mut self, act: impl FnOnce(&DataNode<'_>) -> T) -> Result<T, DataError> {
        let (arena, text) = (Bump::new(), self.message.get(self.place).unwrap_or_default());
        let mut made = DataTree::new(&arena, &mut self.share);
        xml::tree(text, Limits::default(), xml::Laid::All, &mut made).map(act)
    }
}

impl fmt::Debug for ReplyData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<data> of {} bytes", self.place.len())
    }
}

/// A message from a server after its hello.
#[derive(Debug)]
pub enum Inbound {
    /// The answer to a request.
    Reply(Box<Reply>),
    /// An event nobody subscribed to (RFC 5277); devices send them anyway.
    Notification,
    /// Something a client cannot use: the element's name.
    Other(String),
}

impl Inbound {
    /// Reads a message that takes `share` of the budget; of a reply's `<data>`
    /// only where it lies. The limits are for what is read.
    ///
    /// # Errors
    /// When it is not well-formed XML within the limits.
    pub fn parse(message: Vec<u8>, limits: Limits, mut share: Share) -> Result<Self, XmlError> {
        let message = xml::text(message);
        let (element, place) = Element::parse_around(&message, "data", limits)?;
        share.shrink(message.len());
        let data = place.map(|place| ReplyData { message, place, share });
        Ok(match element.name.as_str() {
            "rpc-reply" | "rpc-error" => Self::Reply(Box::new(Reply::of(element, data))),
            "notification" => Self::Notification,
            other => Self::Other(other.chars().take(80).collect()),
        })
    }
}

impl Reply {
    fn of(element: Element, data: Option<ReplyData>) -> Self {
        let (errors, warnings) = errors_in(&element).into_iter().partition(RpcError::is_error);
        Self {
            message_id: element.attribute("message-id").map(|id| id.trim().to_owned()),
            ok: element.find("ok").is_some(),
            errors,
            warnings,
            data,
            element,
        }
    }
}

/// All `rpc-error`s in a message, also those nested in the vendor's own result
/// elements, but not what looks like one inside data.
pub(crate) fn errors_in(element: &Element) -> Vec<RpcError> {
    let mut errors = Vec::new();
    collect(element, &mut errors);
    errors
}

fn collect(element: &Element, errors: &mut Vec<RpcError>) {
    let read = match (&*element.name, element.ns.as_deref()) {
        ("rpc-error", _) => Some(rpc_error as fn(&Element) -> RpcError),
        ("error", Some(ns)) if ns.starts_with(JUNOS_ERRORS) => Some(junos_error as _),
        _ => None,
    };
    if let Some(read) = read {
        if errors.len() < MAX_ERRORS {
            errors.push(read(element));
        }
    } else if element.name != "data" {
        for child in element.elements() {
            collect(child, errors);
        }
    }
}

/// What a device leaves out is taken as an application error without a tag.
fn rpc_error(element: &Element) -> RpcError {
    let text = |name| element.value_at(&[name]).filter(|text| !text.is_empty());
    let mut info = Vec::new();
    for part in element.find_all("error-info") {
        leaves(part, &mut info);
    }
    let severity = match text("error-severity") {
        Some("warning") => Severity::Warning,
        _ => Severity::Error,
    };
    RpcError {
        error_type: text("error-type").map_or(ErrorType::Application, ErrorType::from_name),
        tag: ErrorTag::from_name(text("error-tag").unwrap_or("untagged")),
        severity,
        app_tag: text("error-app-tag").map(str::to_owned),
        path: text("error-path").map(str::to_owned),
        message: text("error-message").map(str::to_owned),
        info,
    }
}

/// `<xnm:error>`, in the results of Junos' own operations.
fn junos_error(element: &Element) -> RpcError {
    let text = |name| element.value_at(&[name]).filter(|text| !text.is_empty());
    let message = text("message").unwrap_or("no message");
    RpcError { path: text("edit-path").map(str::to_owned), ..RpcError::new(ErrorTag::OperationFailed, message) }
}

fn leaves(element: &Element, info: &mut Vec<(String, String)>) {
    for child in element.elements() {
        if child.elements().next().is_some() {
            leaves(child, info);
        } else if info.len() < MAX_INFO {
            info.push((child.name.clone(), child.value().to_owned()));
        }
    }
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
