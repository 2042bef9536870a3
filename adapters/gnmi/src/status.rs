//! A gRPC status in RFC 6241's words, so that a failure reads alike whatever
//! protocol carried it.

use std::time::Duration;

use mercury_adapter::{ErrorTag, ErrorType, Lost, NoRoom, Refusal, RpcError};
use tonic::{Code, Status};

use crate::answer;

/// How a call failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The target answered and did not do it.
    Refused(Refusal),
    /// Whether it was done is not known.
    Lost(Lost),
}

/// Tells a refusal from a lost call. After UNAVAILABLE, DEADLINE_EXCEEDED and
/// CANCELLED nobody knows whether the call was carried out (google/gnxi#310),
/// nor after any status that was made here, of an error of the connection or
/// of an answer that makes no sense; every other status is the target's answer.
pub(crate) fn failure(status: &Status, waited: Duration) -> Failure {
    if let Some(refused) = no_room(status) {
        return Failure::Lost(no_room_for(refused));
    }
    match status.code() {
        Code::DeadlineExceeded => Failure::Lost(Lost::Timeout(waited)),
        Code::Unavailable | Code::Cancelled => Failure::Lost(Lost::Closed(describe(status))),
        _ if std::error::Error::source(status).is_some() => Failure::Lost(Lost::Closed(describe(status))),
        _ if !answer::is_said(status) => Failure::Lost(Lost::Protocol(describe(status))),
        _ => Failure::Refused(Refusal::Errors(vec![error(status)])),
    }
}

/// An answer was given up here, because of its size.
fn no_room(status: &Status) -> Option<&NoRoom> {
    let mut cause = std::error::Error::source(status);
    while let Some(error) = cause {
        if let Some(refused) = error.downcast_ref::<NoRoom>() {
            return Some(refused);
        }
        cause = error.source();
    }
    None
}

/// Too large by itself is the target's fault; beside others, nobody's.
pub(crate) fn no_room_for(refused: &NoRoom) -> Lost {
    match refused {
        NoRoom::Reply { .. } => Lost::Protocol(refused.to_string()),
        NoRoom::Together { .. } => Lost::NoRoom(refused.to_string()),
    }
}

/// The status as an error; the code's name is its `app-tag`.
pub(crate) fn error(status: &Status) -> RpcError {
    let (error_type, tag) = match status.code() {
        Code::InvalidArgument | Code::OutOfRange => (ErrorType::Application, ErrorTag::InvalidValue),
        Code::NotFound => (ErrorType::Application, ErrorTag::DataMissing),
        Code::AlreadyExists => (ErrorType::Application, ErrorTag::DataExists),
        Code::PermissionDenied => (ErrorType::Application, ErrorTag::AccessDenied),
        Code::Unauthenticated => (ErrorType::Transport, ErrorTag::AccessDenied),
        Code::ResourceExhausted => (ErrorType::Application, ErrorTag::ResourceDenied),
        // Section 3.4.3 and commit confirmed: somebody else's commit is pending.
        Code::FailedPrecondition => (ErrorType::Protocol, ErrorTag::InUse),
        Code::Unimplemented => (ErrorType::Protocol, ErrorTag::OperationNotSupported),
        _ => (ErrorType::Application, ErrorTag::OperationFailed),
    };
    let app_tag = Some(name(status.code()).to_owned());
    RpcError { error_type, app_tag, ..RpcError::new(tag, status.message()) }
}

fn describe(status: &Status) -> String {
    let mut text = name(status.code()).to_owned();
    if !status.message().is_empty() {
        text = format!("{text}: {}", status.message());
    }
    let mut cause = std::error::Error::source(status);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text.chars().filter(|c| !c.is_control()).take(400).collect()
}

/// The code as gRPC writes it.
pub(crate) fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_that_broke_is_no_answer_of_the_targets() {
        // hyper's errors become UNKNOWN, h2's INTERNAL and others.
        let broken = Status::from_error(Box::new(std::io::Error::other("reset by peer")));
        assert_eq!(broken.code(), Code::Unknown);
        assert!(matches!(failure(&broken, Duration::ZERO), Failure::Lost(Lost::Closed(_))));
        for code in [Code::Unknown, Code::Internal, Code::Aborted] {
            let said = answer::said(Status::new(code, "no"));
            assert!(matches!(failure(&said, Duration::ZERO), Failure::Refused(_)), "{code:?}");
        }
    }

    #[test]
    fn an_answer_that_cannot_be_decoded_is_no_refusal() {
        // As tonic says it; a target says INTERNAL too, and means it.
        let garbled = Status::internal("failed to decode Protobuf message: invalid wire type value: 6");
        assert!(matches!(failure(&garbled, Duration::ZERO), Failure::Lost(Lost::Protocol(_))));
    }
}
