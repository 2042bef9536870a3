//! gRPC statuses for what the switch refuses (gNMI section 3.4.7).

use tonic::{Code, Status};

use crate::{
    device::NotSet,
    refusal::{Reason, Refused, Tag},
    strikes::Denial,
};

/// A status travels in HTTP/2 headers, which clients limit to a few kilobytes.
const LONGEST: usize = 1024;

/// The answer to an RPC that a fault strikes.
pub(super) type Struck = crate::strikes::Struck<Status>;

impl From<Denial> for Status {
    fn from(denial: Denial) -> Self {
        match denial {
            Denial::Tag(tag, message) => status(of_tag(tag), message),
            Denial::Status(code, message) => status(code, message),
        }
    }
}

/// A status with a bounded message.
pub(super) fn status(code: Code, message: impl Into<String>) -> Status {
    let mut message: String = message.into();
    if message.len() > LONGEST {
        message = message.chars().take(LONGEST).chain("...".chars()).collect();
    }
    Status::new(code, message)
}

/// The request itself makes no sense.
pub(super) fn invalid(message: impl Into<String>) -> Status {
    status(Code::InvalidArgument, message)
}

/// The switch does not do this.
pub(super) fn unimplemented(message: impl Into<String>) -> Status {
    status(Code::Unimplemented, message)
}

/// What a refusal that is set as a fault looks like here.
pub(super) fn of_tag(tag: Tag) -> Code {
    match tag {
        Tag::InUse | Tag::LockDenied => Code::FailedPrecondition,
        Tag::ResourceDenied => Code::ResourceExhausted,
        Tag::AccessDenied => Code::PermissionDenied,
        Tag::OperationNotSupported => Code::Unimplemented,
        Tag::DataMissing => Code::NotFound,
        Tag::DataExists => Code::AlreadyExists,
        Tag::MalformedMessage => Code::Internal,
        Tag::OperationFailed | Tag::RollbackFailed => Code::Aborted,
        Tag::InvalidValue
        | Tag::TooBig
        | Tag::MissingAttribute
        | Tag::BadAttribute
        | Tag::UnknownAttribute
        | Tag::MissingElement
        | Tag::BadElement
        | Tag::UnknownElement
        | Tag::UnknownNamespace => Code::InvalidArgument,
    }
}

/// Why a Set did not happen. `operations` are how people would name them.
pub(super) fn of_set(refused: NotSet, operations: &[String]) -> Status {
    match refused {
        NotSet::NotNow(who) => status(Code::FailedPrecondition, who),
        NotSet::Operation(number, reason) => {
            let operation = operations.get(number).map_or("", String::as_str);
            invalid(format!("{operation}: {}", told(&reason)))
        }
        // "The target SHOULD set the status code to Aborted": no single
        // operation is at fault when the result as a whole cannot run.
        NotSet::Invalid(Refused(reasons)) => {
            let told: Vec<_> = reasons.iter().map(told).collect();
            status(Code::Aborted, told.join("; "))
        }
        NotSet::NothingPending => status(Code::FailedPrecondition, "there is no commit that waits to be confirmed"),
        NotSet::OtherId => invalid("the commit that waits to be confirmed has another id"),
        NotSet::Duration => invalid("the rollback duration is too long"),
    }
}

fn told(reason: &Reason) -> String {
    match &reason.path {
        Some(path) => format!("{path}: {}", reason.message),
        None => reason.message.clone(),
    }
}
