//! What steps that were not carried out are as faults.

use mercury_adapter::{ErrorTag, ErrorType, Lost, Refusal, Step, StepResult};

use crate::fault::{Fault, FaultKind};

/// The failure that a lost session is.
#[must_use]
pub fn lost_fault(lost: &Lost) -> Fault {
    let kind = match lost {
        Lost::Timeout(_) => FaultKind::Timeout,
        Lost::Closed(_) => FaultKind::Unreachable,
        Lost::NoRoom(_) => FaultKind::Busy,
        Lost::Protocol(_) => FaultKind::Protocol,
    };
    Fault::new(kind, lost.to_string())
}

/// Who must act on a refusal, as far as its tag tells.
fn refused(refusal: &Refusal) -> FaultKind {
    if let Refusal::Unknown(_) = refusal {
        return FaultKind::Unknown;
    }
    let Some(error) = refusal.errors().first() else { return FaultKind::Protocol };
    match (&error.tag, &error.error_type) {
        (ErrorTag::AccessDenied, ErrorType::Transport) => FaultKind::Credentials,
        (ErrorTag::ResourceDenied, _) => FaultKind::Busy,
        // Another client is at it: its lock, or its commit that waits to be confirmed.
        (ErrorTag::InUse | ErrorTag::LockDenied, _) => FaultKind::Locked,
        (ErrorTag::OperationNotSupported, _) => FaultKind::Unsupported,
        _ => FaultKind::Refused,
    }
}

/// The failure that a refused step is; a step without a result was lost.
///
/// # Errors
/// The refusal, with the step's name and the switch's own words.
pub fn taken(step: &Step, result: Option<&StepResult>, lost: Option<&Lost>) -> Result<(), Fault> {
    match result {
        Some(Ok(_)) => Ok(()),
        Some(Err(refusal @ Refusal::Unreadable(why))) => {
            let message = format!("Mercury cannot read what the switch answered when it was to {}: {why}", step.name());
            Err(Fault::new(refused(refusal), message))
        }
        Some(Err(refusal @ Refusal::Unknown(why))) => Err(Fault::new(refused(refusal), why)),
        Some(Err(refusal)) => {
            Err(Fault::new(refused(refusal), format!("the switch refused to {}: {refusal}", step.name()))
                .with_errors(refusal.errors()))
        }
        None => Err(lost.map_or_else(
            || Fault::new(FaultKind::Internal, format!("{} has neither an answer nor a reason", step.name())),
            lost_fault,
        )),
    }
}
