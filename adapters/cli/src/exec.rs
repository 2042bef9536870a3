//! Lines as commands of the user's shell, each with its exit status.

use futures_util::{FutureExt as _, future::BoxFuture};
use mercury_adapter::{Lost, Share, Traffic, chain};
use mercury_ssh::{CommandError, SshCommands};

use crate::wire::{End, Entry, Reply, Wire, as_text, no_room};

/// A connection on which each line is a command.
#[derive(Debug)]
pub(crate) struct Exec {
    commands: SshCommands,
    traffic: Traffic,
    is_open: bool,
}

impl Exec {
    pub(crate) fn new(commands: SshCommands) -> Self {
        Self { commands, traffic: Traffic::default(), is_open: true }
    }
}

impl Wire for Exec {
    fn ask<'a>(&'a mut self, lines: &'a [Entry<'a>], share: &'a mut Share) -> BoxFuture<'a, Result<Vec<Reply>, Lost>> {
        async move {
            self.is_open = false;
            let mut replies = Vec::new();
            for entry in lines {
                tracing::debug!(line = entry.line, "run");
                let finished = self.commands.run(entry.line, share).await.map_err(|error| lost(&error))?;
                self.traffic.flights += 1;
                self.traffic.sent += entry.line.len() as u64;
                self.traffic.received += (finished.output.len() + finished.errors.len()) as u64;
                let (mut text, mut beside) = (as_text(finished.output), as_text(finished.errors));
                if !entry.shows {
                    text.push_str(&std::mem::take(&mut beside));
                }
                replies.push(Reply { text, beside, end: End::Status(finished.status) });
            }
            self.is_open = true;
            Ok(replies)
        }
        .boxed()
    }

    fn is_open(&self) -> bool {
        self.is_open && !self.commands.is_closed()
    }

    fn traffic(&self) -> Traffic {
        self.traffic
    }

    fn close(self: Box<Self>) -> BoxFuture<'static, ()> {
        async {}.boxed()
    }
}

fn lost(error: &CommandError) -> Lost {
    match error {
        CommandError::NoRoom(error) => no_room(error),
        CommandError::Refused(_) | CommandError::Lost(_) | CommandError::Unfinished(_) => Lost::Closed(chain(error)),
    }
}
