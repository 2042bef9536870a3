//! Faults as people write them on a command line.

use std::{fmt, str::FromStr, time::Duration};

use tonic::Code;

use super::{Action, Fault, Moment, Occurrence};
use crate::refusal::Tag;

/// Why a text is not a fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseFaultError {
    /// Fewer than four parts.
    #[error("a fault is operation:nth:moment:action, as in commit:1:after:drop")]
    Shape,
    /// The second part.
    #[error("'{0}' is not a request number: use 1, 2, ... or * for every one")]
    Occurrence(String),
    /// The third part.
    #[error("'{0}' is not a moment: use before or after")]
    Moment(String),
    /// The fourth part.
    #[error("'{0}' is not an action: use drop, hold, refuse, status, delay, ignore, twist, half, part, reboot or stop")]
    Action(String),
    /// What follows `delay`.
    #[error("'{0}' is not a duration: use 250ms or 2s")]
    Duration(String),
    /// What follows `refuse`.
    #[error("'{0}' is not an error-tag of RFC 6241 appendix A")]
    Tag(String),
    /// What follows `status`.
    #[error("'{0}' is not a gRPC status: use unavailable, aborted, deadline-exceeded...")]
    Status(String),
}

impl FromStr for Fault {
    type Err = ParseFaultError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.splitn(5, ':');
        let mut part = || parts.next().map(str::trim).filter(|part| !part.is_empty());
        let (Some(operation), Some(nth), Some(moment), Some(action)) = (part(), part(), part(), part()) else {
            return Err(ParseFaultError::Shape);
        };
        let occurrence = match nth {
            "*" => Occurrence::Every,
            nth => Occurrence::Nth(nth.parse().map_err(|_| ParseFaultError::Occurrence(nth.to_owned()))?),
        };
        let moment = match moment {
            "before" => Moment::BeforeApply,
            "after" => Moment::AfterApply,
            other => return Err(ParseFaultError::Moment(other.to_owned())),
        };
        let action = action_named(action, part())?;
        Ok(Self { operation: operation.to_owned(), occurrence, moment, action })
    }
}

fn action_named(name: &str, argument: Option<&str>) -> Result<Action, ParseFaultError> {
    match (name, argument) {
        ("drop", None) => Ok(Action::DropConnection),
        ("hold", None) => Ok(Action::Hold),
        ("ignore", None) => Ok(Action::Ignore),
        ("twist", None) => Ok(Action::Twist),
        ("half", None) => Ok(Action::Half),
        ("part", None) => Ok(Action::Part),
        ("reboot", None) => Ok(Action::Reboot),
        ("stop", None) => Ok(Action::Stop),
        ("delay", argument) => duration(argument.unwrap_or("")).map(Action::DelayReply),
        ("refuse", argument) => {
            let argument = argument.unwrap_or("operation-failed");
            let (tag, message) = argument.split_once(':').unwrap_or((argument, "refused on purpose"));
            let tag = Tag::named(tag).ok_or_else(|| ParseFaultError::Tag(tag.to_owned()))?;
            Ok(Action::Refuse { tag, message: message.trim().to_owned() })
        }
        ("status", argument) => {
            let argument = argument.unwrap_or("");
            let (code, message) = argument.split_once(':').unwrap_or((argument, "failed on purpose"));
            let named = CODES.iter().find(|(name, _)| *name == code);
            let (_, code) = named.ok_or_else(|| ParseFaultError::Status(code.to_owned()))?;
            Ok(Action::Status { code: *code, message: message.trim().to_owned() })
        }
        _ => Err(ParseFaultError::Action(name.to_owned())),
    }
}

/// The codes of gRPC, without OK.
const CODES: [(&str, Code); 16] = [
    ("cancelled", Code::Cancelled),
    ("unknown", Code::Unknown),
    ("invalid-argument", Code::InvalidArgument),
    ("deadline-exceeded", Code::DeadlineExceeded),
    ("not-found", Code::NotFound),
    ("already-exists", Code::AlreadyExists),
    ("permission-denied", Code::PermissionDenied),
    ("resource-exhausted", Code::ResourceExhausted),
    ("failed-precondition", Code::FailedPrecondition),
    ("aborted", Code::Aborted),
    ("out-of-range", Code::OutOfRange),
    ("unimplemented", Code::Unimplemented),
    ("internal", Code::Internal),
    ("unavailable", Code::Unavailable),
    ("data-loss", Code::DataLoss),
    ("unauthenticated", Code::Unauthenticated),
];

fn code_name(code: Code) -> &'static str {
    CODES.iter().find(|(_, known)| *known == code).map_or("unknown", |(name, _)| name)
}

fn duration(text: &str) -> Result<Duration, ParseFaultError> {
    let unit = |suffix, of: fn(u64) -> Duration| {
        text.strip_suffix(suffix).and_then(|number: &str| number.parse().ok()).map(of)
    };
    unit("ms", Duration::from_millis)
        .or_else(|| unit("s", Duration::from_secs))
        .ok_or_else(|| ParseFaultError::Duration(text.to_owned()))
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.operation)?;
        match self.occurrence {
            Occurrence::Nth(nth) => write!(f, "{nth}")?,
            Occurrence::Every => write!(f, "*")?,
        }
        f.write_str(match self.moment {
            Moment::BeforeApply => ":before:",
            Moment::AfterApply => ":after:",
        })?;
        match &self.action {
            Action::DropConnection => f.write_str("drop"),
            Action::Hold => f.write_str("hold"),
            Action::Refuse { tag, message } => write!(f, "refuse:{}:{message}", tag.as_str()),
            Action::Status { code, message } => write!(f, "status:{}:{message}", code_name(*code)),
            Action::DelayReply(delay) => write!(f, "delay:{}ms", delay.as_millis()),
            Action::Ignore => f.write_str("ignore"),
            Action::Twist => f.write_str("twist"),
            Action::Half => f.write_str("half"),
            Action::Part => f.write_str("part"),
            Action::Reboot => f.write_str("reboot"),
            Action::Stop => f.write_str("stop"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_survives_being_written_and_read() {
        for text in [
            "commit:1:after:drop",
            "edit-config:2:before:refuse:in-use:the switch: is busy",
            "commit:*:before:delay:250ms",
            "lock:1:before:hold",
            "commit:1:after:reboot",
            "edit-config:1:before:ignore",
            "gnmi-set:*:after:twist",
            "gnmi-set:1:before:half",
            "gnmi-set:1:before:part",
            "hello:3:before:stop",
            "gnmi-set:1:after:status:deadline-exceeded:too: late",
        ] {
            let fault: Fault = text.parse().unwrap();
            assert_eq!(fault.to_string(), text);
        }
        let delay: Fault = "get:1:after:delay:2s".parse().unwrap();
        assert_eq!(delay.action, Action::DelayReply(Duration::from_secs(2)));
    }

    #[test]
    fn a_text_that_is_no_fault_says_which_part_is_wrong() {
        use ParseFaultError as E;
        for (text, error) in [
            ("commit", E::Shape),
            ("commit:1:after", E::Shape),
            ("commit:0:after:drop", E::Occurrence("0".into())),
            ("commit:x:after:drop", E::Occurrence("x".into())),
            ("commit:1:during:drop", E::Moment("during".into())),
            ("commit:1:after:explode", E::Action("explode".into())),
            ("commit:1:after:drop:now", E::Action("drop".into())),
            ("commit:1:after:delay", E::Duration(String::new())),
            ("commit:1:after:delay:fast", E::Duration("fast".into())),
            ("commit:1:after:refuse:nonsense", E::Tag("nonsense".into())),
            ("gnmi-set:1:after:status:ok", E::Status("ok".into())),
            ("gnmi-set:1:after:status", E::Status(String::new())),
        ] {
            assert_eq!(text.parse::<Fault>(), Err(error), "{text}");
        }
    }
}
