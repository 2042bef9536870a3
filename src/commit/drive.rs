//! Does what a machine asks for, on a link and on the clock.

use std::sync::Arc;

use mercury_adapter::{Capabilities, Flight, PersistId};
use ring::rand::{SecureRandom, SystemRandom};

use super::command::{Command, Event, Landed, Machine, Moment, Next, Turn};
use crate::link::Link;

/// Drives a machine from its next turn to its end.
pub(super) async fn drive<M: Machine>(
    link: &mut Link,
    machine: &mut M,
    moment: impl Fn() -> Moment,
    mut turn: Turn<M::End>,
) -> M::End {
    loop {
        if turn.cut {
            link.cut();
        }
        if let Some(note) = turn.note {
            link.note(note);
        }
        let command = match turn.next {
            Next::Do(command) => command,
            Next::End(end) => return end,
        };
        let event = carried_out(link, command).await;
        turn = machine.on(event, moment());
    }
}

async fn carried_out(link: &mut Link, command: Command) -> Event {
    match command {
        Command::Open => match link.open().await {
            Ok(fresh) => {
                let capabilities = link.capabilities().map_or_else(Capabilities::unknown, Clone::clone);
                let own = link.own_sessions().clone();
                Event::Opened { fresh, left_staged: link.left_staged(), capabilities, own }
            }
            Err(fault) => Event::NotOpened(fault),
        },
        Command::Fly(steps, timeout) => {
            let Flight { results, lost } = link.flight(&steps, timeout).await;
            Event::Landed(Landed { steps, results, lost })
        }
        Command::Pause(time) => {
            tokio::time::sleep(time).await;
            Event::TimePassed
        }
    }
}

/// A token nobody else has (RFC 6241 section 8.4.1 leaves its form open).
pub(super) fn fresh_token() -> PersistId {
    let mut bytes = [0u8; 8];
    // Without randomness the token only loses the guard against ending a stranger's commit.
    if SystemRandom::new().fill(&mut bytes).is_err() {
        tracing::warn!("the system gives no random numbers; the persist token is not random");
    }
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    PersistId(Arc::from(format!("mercury-{hex}")))
}
