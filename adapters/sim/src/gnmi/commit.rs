//! The commit-confirmed extension (gnmi-commit-confirmed 0.1.0).

use std::time::Duration;

use mercury_gnmi_proto::gnmi_ext::{Commit, Extension, commit::Action, extension::Ext};
use tonic::Status;

use super::status::{invalid, unimplemented};
use crate::{Options, device::Confirmation};

/// Used when a commit names none (section 3.2.1).
const ROLLBACK: Duration = Duration::from_secs(600);

/// What a Set does with a commit that waits to be confirmed.
#[derive(Debug)]
pub(super) enum Asked {
    /// Nothing: it is a plain Set.
    Nothing,
    /// Make this Set one.
    Begin(Confirmation),
    Confirm(String),
    Cancel(String),
    Extend(Confirmation),
}

impl Asked {
    /// Reads the extensions of a Set. Those nobody here knows are skipped.
    pub(super) fn read(extensions: &[Extension], options: &Options) -> Result<Self, Status> {
        if options.quirks.gnmi_ignores_extensions {
            return Ok(Self::Nothing);
        }
        let mut commits = extensions.iter().filter_map(|extension| match &extension.ext {
            Some(Ext::Commit(commit)) => Some(commit),
            _ => None,
        });
        match (commits.next(), commits.next()) {
            (None, _) => Ok(Self::Nothing),
            (Some(_), _) if !options.gnmi_commit_confirmed => {
                Err(unimplemented("the commit-confirmed extension is not supported"))
            }
            (Some(commit), None) => Self::one(commit),
            (Some(_), Some(_)) => Err(invalid("one commit extension at a time")),
        }
    }

    fn one(commit: &Commit) -> Result<Self, Status> {
        let id = commit.id.clone();
        if id.is_empty() {
            return Err(invalid("a commit needs an id"));
        }
        match &commit.action {
            None => Err(invalid("the commit extension names no action")),
            Some(Action::Commit(commit)) => {
                let timeout = commit.rollback_duration.as_ref().map_or(Ok(ROLLBACK), positive)?;
                Ok(Self::Begin(Confirmation { id, timeout }))
            }
            Some(Action::Confirm(_)) => Ok(Self::Confirm(id)),
            Some(Action::Cancel(_)) => Ok(Self::Cancel(id)),
            Some(Action::SetRollbackDuration(new)) => {
                let missing = || invalid("a rollback duration is missing");
                let timeout = positive(new.rollback_duration.as_ref().ok_or_else(missing)?)?;
                Ok(Self::Extend(Confirmation { id, timeout }))
            }
        }
    }

    /// What faults call a Set like this; it may still carry operations.
    pub(super) fn name(extensions: &[Extension]) -> &'static str {
        let action = extensions.iter().find_map(|extension| match &extension.ext {
            Some(Ext::Commit(commit)) => commit.action.as_ref(),
            _ => None,
        });
        match action {
            Some(Action::Confirm(_)) => "gnmi-confirm",
            Some(Action::Cancel(_)) => "gnmi-cancel",
            Some(Action::SetRollbackDuration(_)) => "gnmi-extend",
            Some(Action::Commit(_)) | None => "gnmi-set",
        }
    }
}

fn positive(duration: &prost_types::Duration) -> Result<Duration, Status> {
    let parts = (u64::try_from(duration.seconds), u32::try_from(duration.nanos));
    match parts {
        (Ok(seconds), Ok(nanos)) if (seconds, nanos) != (0, 0) && nanos < 1_000_000_000 => {
            Ok(Duration::new(seconds, nanos))
        }
        _ => Err(invalid("a rollback duration is longer than nothing")),
    }
}
