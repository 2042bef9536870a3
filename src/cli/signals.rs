//! Signals: those that end the process do it in good order, the others not at all.

use std::{pin::pin, time::Duration};

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{Failure, print, progress};
use crate::{inventory::Switch, service::Service};

/// A signal's name, and how it is listened to.
type Kind = (&'static str, fn() -> SignalKind);
type Listened = (&'static str, Signal);

/// What would end the process at once if nobody listened, and asks for nothing
/// that Mercury does.
const IGNORED: [Kind; 2] = [("SIGUSR1", SignalKind::user_defined1), ("SIGUSR2", SignalKind::user_defined2)];
/// What a terminal sends when it is closed, or when somebody wants to be sure.
const OF_A_TERMINAL: [Kind; 2] = [("SIGHUP", SignalKind::hangup), QUIT];
const QUIT: Kind = ("SIGQUIT", SignalKind::quit);
const ENDS: [Kind; 2] = [("SIGTERM", SignalKind::terminate), ("SIGINT", SignalKind::interrupt)];

/// The signals that are listened to, for the rest of the process.
pub(super) struct Signals {
    ends: Vec<Listened>,
    ignored: Vec<Listened>,
}

impl Signals {
    /// For a service, which outlives terminals; SIGHUP is [`read_again`]'s.
    pub(super) fn of_a_service() -> Result<Self, Failure> {
        let [one, other] = IGNORED;
        Ok(Self { ends: listen(&ENDS)?, ignored: listen(&[QUIT, one, other])? })
    }

    /// For a command at a terminal.
    pub(super) fn of_a_command() -> Result<Self, Failure> {
        Ok(Self { ends: listen(&[ENDS, OF_A_TERMINAL].concat())?, ignored: listen(&IGNORED)? })
    }

    /// Waits for a signal to end; logs the others.
    pub(super) async fn end(&mut self) -> &'static str {
        loop {
            tokio::select! {
                name = any(&mut self.ends) => return name,
                name = any(&mut self.ignored) => {
                    tracing::warn!(signal = name, "nothing is done for this signal");
                }
            }
        }
    }
}

/// What has a service read its files again.
pub(super) fn read_again() -> Result<Signal, Failure> {
    signal(SignalKind::hangup()).map_err(Failure::because)
}

/// A call that a signal ends: what was begun is undone. `None` when even that
/// does not come to its end `within` that time, or when the signal comes again.
pub(super) async fn interruptible<T>(
    service: &Service,
    within: Duration,
    call: impl Future<Output = T>,
) -> Result<Option<T>, Failure> {
    ended(service, within, call, true).await
}

/// The same of a call that changes nothing.
pub(super) async fn stoppable<T>(
    service: &Service,
    within: Duration,
    call: impl Future<Output = T>,
) -> Result<Option<T>, Failure> {
    ended(service, within, call, false).await
}

/// A call of several changes, of which a signal ends none: those that put back what the first
/// made are made too. When the call does not come to its end `within` that time after the signal,
/// or the signal comes again, what is under way is undone, as long again. The answer, `None` when
/// even that has no end; and whether a signal came.
pub(super) async fn deferring<T>(
    signals: &mut Signals,
    service: &Service,
    within: Duration,
    call: impl Future<Output = T>,
) -> (Option<T>, bool) {
    let mut call = pin!(call);
    tokio::select! {
        answered = &mut call => return (Some(answered), false),
        signal = signals.end() => {
            progress::break_line();
            print::talk(&format!("{signal}: ending when what was written is put back; once more undoes the last change"));
        }
    }
    tokio::select! {
        answered = &mut call => return (Some(answered), true),
        () = tokio::time::sleep(within) => {}
        _ = signals.end() => {}
    }
    service.stop();
    tokio::select! {
        answered = &mut call => (Some(answered), true),
        () = tokio::time::sleep(within) => (None, true),
        _ = signals.end() => (None, true),
    }
}

async fn ended<T>(
    service: &Service,
    within: Duration,
    call: impl Future<Output = T>,
    changes: bool,
) -> Result<Option<T>, Failure> {
    let mut signals = Signals::of_a_command()?;
    let mut call = pin!(call);
    tokio::select! {
        answered = &mut call => return Ok(Some(answered)),
        signal = signals.end() => {
            progress::break_line();
            let then = if changes { "undoing what was begun" } else { "stopping; nothing was changed" };
            print::talk(&format!("{signal}: {then}"));
        }
    }
    service.stop();
    tokio::select! {
        answered = &mut call => return Ok(Some(answered)),
        () = tokio::time::sleep(within) => {}
        _ = signals.end() => {}
    }
    for switch in service.busy().filter(|_| changes) {
        print::talk(&format!("{}: it is not known what was done. {}", switch.identity.name, left(switch)));
    }
    Ok(None)
}

/// What may be there of a change that was cut off.
fn left(switch: &Switch) -> String {
    if !switch.may_confirm() {
        return "The change may be there, wholly or in part, and nothing undoes it; look at the switch, or ask again"
            .to_owned();
    }
    let seconds = switch.timing.confirm_timeout.as_secs();
    format!(
        "A commit that waits to be confirmed may be pending; the switch undoes it within {seconds} s, and until then \
         what it shows is not there to stay"
    )
}

fn listen(kinds: &[Kind]) -> Result<Vec<Listened>, Failure> {
    kinds.iter().map(|(name, kind)| Ok((*name, signal(kind()).map_err(Failure::because)?))).collect()
}

async fn any(signals: &mut [Listened]) -> &'static str {
    let each = signals.iter_mut().map(|(name, signal)| {
        Box::pin(async move {
            signal.recv().await;
            *name
        })
    });
    futures_util::future::select_all(each).await.0
}
