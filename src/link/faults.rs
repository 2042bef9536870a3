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
        Some(Err(refusal @ Refusal::Unknown(why))) => {
            // It was begun, then, and more may be so than what is configured shows.
            let unsettled = matches!(step, Step::Commit(_) | Step::Confirm(_));
            Err(Fault { unsettled, ..Fault::new(refused(refusal), why) })
        }
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

#[cfg(test)]
mod tests {
    use mercury_adapter::CommitMode;

    use super::*;
    use crate::outcome::Outcome;

    /// NVUE's apply may fail late: the configuration is as before then, and the ports may not be.
    #[test]
    fn of_a_commit_of_which_nobody_knows_the_end_it_is_not_said_that_all_is_as_before() {
        let unknown = Err(Refusal::Unknown("the revision is in ifreload_error".to_owned()));
        let told = |step: &Step| Outcome::Rejected(taken(step, Some(&unknown), None).unwrap_err()).fault().unwrap();
        let commit = told(&Step::Commit(CommitMode::Plain));
        assert_eq!(commit.kind, FaultKind::Unknown);
        assert!(commit.message.contains("beside that") && commit.message.contains("ifreload_error"), "{commit:?}");
        assert!(told(&Step::Discard).message.contains("; the switch is as before"));
    }
}
