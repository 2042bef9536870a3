//! What went wrong, told once for every reader: which kind of failure it is
//! decides the JSON-RPC code, the exception Ironic raises, the HTTP status,
//! and who has to act.

use std::fmt;

use mercury_adapter::RpcError;
use serde::Serialize;

use crate::finding::Findings;

/// The kinds of failure; each has one row in the table of the README.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// The parameters are not the method's: missing, unknown or of the wrong type.
    InvalidParams,
    /// A parameter's value cannot be used or is not allowed.
    InvalidValue,
    /// No switch of that name, MAC address or information is in the inventory.
    SwitchNotFound,
    /// The switch's entry in the inventory is wrong, so it is not served.
    Entry,
    /// Too many requests wait for this switch.
    Busy,
    /// Another client holds the switch's lock.
    Locked,
    /// etcd, which keeps the Mercurys of several hosts apart, cannot be asked
    /// or lost the lock.
    Coordinator,
    /// Mercury's own machine lacks what it takes: a full disk, no folder for
    /// locks, no file descriptors left.
    Machine,
    /// The switch cannot be reached.
    Unreachable,
    /// The switch's host key or certificate is not the expected one.
    HostKey,
    /// The switch does not take the credentials, or they cannot be read.
    Credentials,
    /// The switch does not speak the protocol as it must.
    Protocol,
    /// The switch did not answer in time.
    Timeout,
    /// The switch refused the change.
    Refused,
    /// The switch took the change and shows something else.
    ReadBack,
    /// Neither the dialect nor the switch can express what is asked.
    Unsupported,
    /// Another switch of the same request failed, so this one was undone.
    Undone,
    /// What the switch has now could not be found out, or is neither the old
    /// nor the new configuration.
    Unknown,
    /// A broken promise inside Mercury.
    Internal,
}

/// Who has to act on a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Actor {
    /// Whoever sent the request.
    Caller,
    /// The team that owns the switches.
    NetworkTeam,
    /// Nobody yet: trying again later may do.
    Nobody,
    /// A person, now.
    Operator,
    /// Mercury's developers.
    Developers,
}

/// One row of the error table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The JSON-RPC error code; Ironic makes it the exception's code.
    pub code: i32,
    /// The exception's name in `ironic.common.exception`. Its network interface
    /// goes on to a node's next port after these two, and after no other.
    pub class: &'static str,
    /// The status of `POST /v1/actions`.
    pub http: u16,
    /// Who has to act.
    pub actor: Actor,
    /// Whether the same request may succeed later.
    pub retry: bool,
}

impl FaultKind {
    /// Every kind, in the order of the README's table.
    pub const ALL: [Self; 19] = [
        Self::InvalidParams,
        Self::InvalidValue,
        Self::SwitchNotFound,
        Self::Entry,
        Self::Busy,
        Self::Locked,
        Self::Coordinator,
        Self::Machine,
        Self::Unreachable,
        Self::HostKey,
        Self::Credentials,
        Self::Protocol,
        Self::Timeout,
        Self::Refused,
        Self::ReadBack,
        Self::Unsupported,
        Self::Undone,
        Self::Unknown,
        Self::Internal,
    ];

    /// The kind's row in the error table.
    #[must_use]
    pub const fn row(self) -> Row {
        use Actor::{Caller, Developers, NetworkTeam, Nobody, Operator};
        let (code, class, http, actor, retry) = match self {
            Self::InvalidParams => (-32602, "InvalidParameterValue", 400, Caller, false),
            Self::InvalidValue => (400, "InvalidParameterValue", 400, Caller, false),
            Self::SwitchNotFound => (404, "InvalidParameterValue", 404, Caller, false),
            Self::Busy | Self::Coordinator => (503, "NetworkError", 503, Nobody, true),
            Self::Locked => (500, "NetworkError", 503, Nobody, true),
            Self::Unreachable => (500, "NetworkError", 503, Nobody, true),
            Self::Machine => (500, "NetworkError", 503, Operator, false),
            Self::Timeout => (500, "NetworkError", 504, Nobody, true),
            Self::Entry | Self::HostKey | Self::Credentials => (500, "NetworkError", 502, NetworkTeam, false),
            Self::Protocol | Self::Refused | Self::ReadBack => (500, "NetworkError", 502, NetworkTeam, false),
            Self::Unsupported => (500, "NetworkError", 501, NetworkTeam, false),
            Self::Undone => (500, "NetworkError", 502, NetworkTeam, false),
            Self::Unknown => (500, "NetworkError", 502, Operator, false),
            Self::Internal => (500, "NetworkError", 500, Developers, false),
        };
        Row { code, class, http, actor, retry }
    }

    /// The kind's name in answers and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InvalidParams => "invalid-params",
            Self::InvalidValue => "invalid-value",
            Self::SwitchNotFound => "switch-not-found",
            Self::Entry => "entry",
            Self::Busy => "busy",
            Self::Locked => "locked",
            Self::Coordinator => "coordinator",
            Self::Machine => "machine",
            Self::Unreachable => "unreachable",
            Self::HostKey => "host-key",
            Self::Credentials => "credentials",
            Self::Protocol => "protocol",
            Self::Timeout => "timeout",
            Self::Refused => "refused",
            Self::ReadBack => "read-back",
            Self::Unsupported => "unsupported",
            Self::Undone => "undone",
            Self::Unknown => "unknown",
            Self::Internal => "internal",
        }
    }
}

/// A failure: its kind, a sentence for the caller, and where it belongs.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// Which kind it is.
    pub kind: FaultKind,
    /// What happened, for the caller; holds no secret and no configuration.
    pub message: String,
    /// The message tells of something that may be so although the switch was read
    /// back as before.
    pub unsettled: bool,
    /// The parameter at fault, as a path such as `port.binding:profile`.
    pub parameter: Option<String>,
    /// The switch at fault, by its name in the inventory.
    pub switch: Option<String>,
    /// What the switch itself said.
    pub device_errors: Box<[RpcError]>,
    /// How the request ended on each of its switches, where it had several.
    pub switches: Box<[SwitchOutcome]>,
    /// What the network team's rules have to say of it.
    pub findings: Option<Box<Findings>>,
}

/// How a request ended on one of its switches.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SwitchOutcome {
    /// The switch, by its name in the inventory.
    pub switch: String,
    /// The outcome's name.
    pub outcome: &'static str,
    /// What went wrong there, and what is true there now; with both causes
    /// where undoing failed as well.
    pub message: Option<String>,
}

impl Fault {
    /// Nobody waits for what was not begun.
    #[must_use]
    pub fn abandoned() -> Self {
        Self::new(FaultKind::Timeout, "the caller no longer waits; nothing was sent")
    }

    /// It was not begun because Mercury comes to an end.
    #[must_use]
    pub fn stopping() -> Self {
        Self::new(FaultKind::Busy, "Mercury is being stopped; nothing was sent")
    }

    /// The entry was removed, or is called something else now.
    #[must_use]
    pub fn not_served() -> Self {
        Self::new(FaultKind::Busy, "this switch is not served any more; nothing was sent")
    }

    /// Mercury itself failed in the middle of it.
    #[must_use]
    pub fn broken() -> Self {
        let message = "Mercury failed in the middle of it, and its log says where; look at the switch, which undoes \
                       by itself what was not confirmed, if it can";
        Self::new(FaultKind::Internal, message)
    }

    /// A failure of this kind.
    pub fn new(kind: FaultKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            unsettled: false,
            parameter: None,
            switch: None,
            device_errors: Box::default(),
            switches: Box::default(),
            findings: None,
        }
    }

    /// A parameter that is missing, unknown or of the wrong type.
    pub fn params(parameter: impl Into<String>, reason: impl fmt::Display) -> Self {
        Self::about(FaultKind::InvalidParams, parameter.into(), reason)
    }

    /// A parameter whose value cannot be used.
    pub fn value(parameter: impl Into<String>, reason: impl fmt::Display) -> Self {
        Self::about(FaultKind::InvalidValue, parameter.into(), reason)
    }

    /// A change that the network team's rules do not allow, and why: nothing was sent.
    #[must_use]
    pub fn against_rules(findings: Findings) -> Self {
        let errors = findings.errors();
        let told: Vec<String> =
            errors.iter().map(|finding| format!("{} [{}]{}", finding.message, finding.code, finding.helps())).collect();
        Self { findings: Some(Box::new(findings)), ..Self::new(FaultKind::InvalidValue, told.join("; ")) }
    }

    fn about(kind: FaultKind, parameter: String, reason: impl fmt::Display) -> Self {
        let message = if parameter.is_empty() { reason.to_string() } else { format!("{parameter}: {reason}") };
        Self { parameter: Some(parameter), ..Self::new(kind, message) }
    }

    /// The same failure, at this switch.
    #[must_use]
    pub fn at(mut self, switch: &str) -> Self {
        self.switch.get_or_insert_with(|| switch.to_owned());
        self
    }

    /// The same failure, and what may be so although the switch was read back as
    /// before.
    #[must_use]
    pub fn but(self, unsettled: &str) -> Self {
        Self { message: format!("{}; {unsettled}", self.message), unsettled: true, ..self }
    }

    /// The same failure with the switch's own errors.
    #[must_use]
    pub fn with_errors(mut self, errors: &[RpcError]) -> Self {
        self.device_errors = self.device_errors.iter().chain(errors).cloned().collect();
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.switch {
            Some(switch) => write!(f, "{switch}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for Fault {}

impl From<mercury_adapter::ConnectError> for Fault {
    fn from(error: mercury_adapter::ConnectError) -> Self {
        use mercury_adapter::ConnectFault;
        let kind = match error.fault {
            ConnectFault::Machine => FaultKind::Machine,
            ConnectFault::Busy => FaultKind::Busy,
            ConnectFault::Unreachable => FaultKind::Unreachable,
            ConnectFault::HostKey => FaultKind::HostKey,
            ConnectFault::Credentials => FaultKind::Credentials,
            ConnectFault::Protocol => FaultKind::Protocol,
        };
        Self::new(kind, error.message)
    }
}

impl From<mercury_adapter::Unrenderable> for Fault {
    fn from(error: mercury_adapter::Unrenderable) -> Self {
        Self::new(FaultKind::Unsupported, error.to_string())
    }
}
