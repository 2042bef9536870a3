//! The hello exchange (RFC 6241 section 8.1) and what a server's capabilities say.

use std::sync::Arc;

use crate::{
    message::errors_in,
    xml::{BASE_NS, Element, Limits, XmlError},
};
use mercury_adapter::RpcError;

/// `urn:ietf:params:netconf:base:1.0`
const BASE_1_0: &str = "urn:ietf:params:netconf:base:1.0";
/// `urn:ietf:params:netconf:base:1.1`, which brings chunked framing.
const BASE_1_1: &str = "urn:ietf:params:netconf:base:1.1";
/// Names some devices misspell, and what they mean.
const ALIASES: &[(&str, &str)] = &[(":writeable-running:1.0", ":writable-running:1.0")];
/// No server announces more; each costs memory for the life of the session.
const MAX_CAPABILITIES: usize = 20_000;

/// Why a server's first message is no hello.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum HelloError {
    /// Not XML, even after repair.
    #[error("the server's hello is not XML")]
    Xml(#[from] XmlError),
    /// XML, but something else.
    #[error("the server began with <{}> instead of a hello", .0.escape_debug())]
    NotHello(String),
    /// The server complains instead of announcing capabilities.
    #[error("the server refused the session")]
    Refused(#[source] Box<RpcError>),
}

/// The client's hello. It announces base 1.0 always, and base 1.1 unless the
/// device is known to handle chunked framing badly.
#[must_use]
pub fn client_hello(base_1_1: bool) -> String {
    let more = if base_1_1 { format!("<capability>{BASE_1_1}</capability>") } else { String::new() };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><hello xmlns=\"{BASE_NS}\"><capabilities>\
         <capability>{BASE_1_0}</capability>{more}</capabilities></hello>"
    )
}

/// What the server announced.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerHello {
    /// The session's number, if the server gave one that is a number.
    pub session_id: Option<u64>,
    /// The capability URIs in the order they came, known misspellings corrected.
    pub capabilities: Arc<[String]>,
    /// Complaints some servers put inside their hello.
    pub remarks: Vec<RpcError>,
}

/// Versions of `:confirmed-commit`. Only 1.1 has persist and cancel-commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConfirmedCommitVersion {
    /// Not announced.
    None,
    /// RFC 4741.
    V1_0,
    /// RFC 6241.
    V1_1,
}

/// How a server reports defaults (RFC 6243 section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultsMode {
    /// All of them.
    ReportAll,
    /// None that has its default value.
    Trim,
    /// Those that were set explicitly.
    Explicit,
    /// All, tagged.
    ReportAllTagged,
}

impl DefaultsMode {
    fn from_name(name: &str) -> Option<Self> {
        let all = [Self::ReportAll, Self::Trim, Self::Explicit, Self::ReportAllTagged];
        all.into_iter().find(|mode| mode.name() == name.trim())
    }

    /// The name RFC 6243 gives it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ReportAll => "report-all",
            Self::Trim => "trim",
            Self::Explicit => "explicit",
            Self::ReportAllTagged => "report-all-tagged",
        }
    }
}

/// The `:with-defaults` capability.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WithDefaults {
    /// What the server does unasked.
    pub basic: DefaultsMode,
    /// What else a client may ask for.
    pub also: Vec<DefaultsMode>,
}

/// A YANG 1.0 module announced as a capability (RFC 6020 section 5.6.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleCapability {
    /// The module's namespace.
    pub namespace: String,
    /// Its revision date, if said.
    pub revision: Option<String>,
    /// The features the server supports.
    pub features: Vec<String>,
    /// The modules that deviate it.
    pub deviations: Vec<String>,
}

impl ServerHello {
    /// Reads a server's hello, tolerating namespaces, encodings and broken tags.
    ///
    /// # Errors
    /// When it is not a hello, or only carries an error.
    pub fn parse(message: &[u8], limits: Limits) -> Result<Self, HelloError> {
        let hello = Element::parse(message, limits)
            .or_else(|error| Element::parse(&repaired(message), limits).map_err(|_| error))?;
        let remarks = errors_in(&hello);
        if hello.name != "hello" {
            return Err(match remarks.into_iter().next() {
                Some(error) => HelloError::Refused(Box::new(error)),
                None => HelloError::NotHello(hello.name.chars().take(80).collect()),
            });
        }
        let capabilities: Arc<[String]> = hello
            .find_all("capabilities")
            .flat_map(|list| list.find_all("capability"))
            .map(|capability| corrected(&without_blanks(capability.raw_text())))
            .filter(|uri| !uri.is_empty())
            .take(MAX_CAPABILITIES)
            .collect();
        match remarks.iter().find(|remark| remark.is_error()) {
            Some(error) if capabilities.is_empty() => Err(HelloError::Refused(Box::new(error.clone()))),
            _ => {
                let session_id = hello.value_at(&["session-id"]).and_then(|id| id.parse().ok());
                Ok(Self { session_id, capabilities, remarks })
            }
        }
    }

    /// Chunked framing is possible.
    #[must_use]
    pub fn has_base_1_1(&self) -> bool {
        self.capability(":base:1.1").is_some()
    }

    /// There is a candidate datastore (RFC 6241 section 8.3).
    #[must_use]
    pub fn candidate(&self) -> bool {
        self.capability(":candidate:1.0").is_some()
    }

    /// Commits can wait for confirmation (RFC 6241 section 8.4).
    #[must_use]
    pub fn confirmed_commit(&self) -> ConfirmedCommitVersion {
        if self.capability(":confirmed-commit:1.1").is_some() {
            ConfirmedCommitVersion::V1_1
        } else if self.capability(":confirmed-commit:1.0").is_some() {
            ConfirmedCommitVersion::V1_0
        } else {
            ConfirmedCommitVersion::None
        }
    }

    /// Running can be edited directly (RFC 6241 section 8.2).
    #[must_use]
    pub fn writable_running(&self) -> bool {
        self.capability(":writable-running:1.0").is_some()
    }

    /// An edit can be undone as a whole on error (RFC 6241 section 8.5).
    #[must_use]
    pub fn rollback_on_error(&self) -> bool {
        self.capability(":rollback-on-error:1.0").is_some()
    }

    /// Configurations can be validated (RFC 6241 section 8.6), either version.
    #[must_use]
    pub fn validate(&self) -> bool {
        self.validate_1_1() || self.capability(":validate:1.0").is_some()
    }

    /// Validation knows the option test-only.
    #[must_use]
    pub fn validate_1_1(&self) -> bool {
        self.capability(":validate:1.1").is_some()
    }

    /// There is a startup datastore to copy running to (RFC 6241 section 8.7).
    #[must_use]
    pub fn startup(&self) -> bool {
        self.capability(":startup:1.0").is_some()
    }

    /// Filters may be XPath (RFC 6241 section 8.9).
    #[must_use]
    pub fn xpath(&self) -> bool {
        self.capability(":xpath:1.0").is_some()
    }

    /// The URL schemes the server can read and write (RFC 6241 section 8.8);
    /// `None` if it cannot.
    #[must_use]
    pub fn url(&self) -> Option<Vec<String>> {
        Some(list(&parameter(self.capability(":url:1.0")?, "scheme").unwrap_or_default()))
    }

    /// How the server treats defaults (RFC 6243 section 4), if it says so.
    #[must_use]
    pub fn with_defaults(&self) -> Option<WithDefaults> {
        let uri = self.capability(":with-defaults:1.0")?;
        let basic = DefaultsMode::from_name(&parameter(uri, "basic-mode")?)?;
        let also = list(&parameter(uri, "also-supported").unwrap_or_default());
        Some(WithDefaults { basic, also: also.iter().filter_map(|name| DefaultsMode::from_name(name)).collect() })
    }

    /// The announcement of a YANG module. YANG 1.1 modules are not announced
    /// here but in the YANG library.
    #[must_use]
    pub fn module(&self, name: &str) -> Option<ModuleCapability> {
        self.modules().find(|(announced, _)| announced == name).map(|(_, module)| module)
    }

    /// Every YANG module that is announced here, by its name.
    pub fn modules(&self) -> impl Iterator<Item = (String, ModuleCapability)> {
        self.capabilities.iter().filter_map(|uri| {
            let several = |key| list(&parameter(uri, key).unwrap_or_default());
            let module = ModuleCapability {
                namespace: without_query(uri).to_owned(),
                revision: parameter(uri, "revision"),
                features: several("features"),
                deviations: several("deviations"),
            };
            Some((parameter(uri, "module")?, module))
        })
    }

    /// The first capability that ends like this: the part before it is spelled
    /// in more than one way.
    fn capability(&self, suffix: &str) -> Option<&str> {
        let matches = |uri: &&str| without_query(uri).ends_with(suffix);
        self.capabilities.iter().map(String::as_str).find(matches)
    }
}

fn without_query(uri: &str) -> &str {
    uri.split_once('?').map_or(uri, |(before, _)| before)
}

/// A query parameter. Some servers escape the ampersand twice.
fn parameter(uri: &str, key: &str) -> Option<String> {
    let (_, query) = uri.split_once('?')?;
    query
        .split('&')
        .map(|pair| pair.strip_prefix("amp;").unwrap_or(pair))
        .find_map(|pair| pair.split_once('=').filter(|(k, _)| *k == key))
        .map(|(_, value)| value.to_owned())
}

fn list(value: &str) -> Vec<String> {
    value.split(',').filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

fn corrected(uri: &str) -> String {
    for (wrong, right) in ALIASES {
        if let Some(prefix) = without_query(uri).strip_suffix(wrong) {
            return format!("{prefix}{right}");
        }
    }
    uri.to_owned()
}

/// A URI holds no blanks; line breaks inside are a fault of the server.
fn without_blanks(text: &str) -> String {
    text.split_whitespace().collect()
}

/// Joins tags that IOS XR 7.3.1 breaks over lines (`<capabil`, `ity>`). Only
/// tags without attributes: in those no blank can be meant.
fn repaired(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len());
    let mut rest = message;
    while let Some(open) = rest.iter().position(|byte| *byte == b'<') {
        let (before, tag) = rest.split_at(open);
        out.extend_from_slice(before);
        let end = tag.iter().position(|byte| *byte == b'>').map_or(tag.len(), |at| at + 1);
        let (tag, after) = tag.split_at(end);
        let simple = !tag.contains(&b'=') && !tag.starts_with(b"<?") && !tag.starts_with(b"<!");
        out.extend(tag.iter().filter(|byte| !(simple && byte.is_ascii_whitespace())));
        rest = after;
    }
    out.extend_from_slice(rest);
    out
}

#[cfg(test)]
#[path = "hello_tests.rs"]
mod tests;
