//! Commands, each in a channel of its own (RFC 4254 section 6.5).

use mercury_adapter::{NoRoom, Pace, Pieces, Share, Unfinished};
use russh::{ChannelMsg, client::Handle};
use tokio_util::sync::DropGuard;

use super::{SshError, host_key::Gatekeeper};

/// A connection on which commands are run. Dropping it closes the TCP connection.
pub struct SshCommands {
    handle: Handle<Gatekeeper>,
    _guard: DropGuard,
}

/// A command that has ended.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Finished {
    /// What it wrote to its standard output.
    pub output: Vec<u8>,
    /// What it wrote to its standard error.
    pub errors: Vec<u8>,
    /// How it ended; `None` where a signal ended it, or the device does not tell.
    pub status: Option<u32>,
}

/// Why it is not known how a command ended.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The device does not run commands, or not this many. It was not run.
    #[error("the device does not run the command: {0}")]
    Refused(String),
    /// The connection ended; the command may have run.
    #[error("the connection ended")]
    Lost(#[source] Box<SshError>),
    /// Its output has no room.
    #[error(transparent)]
    NoRoom(#[from] NoRoom),
    /// Its output came and could not be put together.
    #[error(transparent)]
    Unfinished(#[from] Unfinished),
}

impl SshCommands {
    pub(super) fn new(handle: Handle<Gatekeeper>, guard: DropGuard) -> Self {
        Self { handle, _guard: guard }
    }

    /// Runs `command` by the user's shell there, with nothing on its standard input,
    /// and waits for its end however long it takes. What it writes is counted in
    /// `share`.
    ///
    /// # Errors
    /// It is not known how the command ended; after anything but
    /// [`CommandError::Refused`] the connection must be given up.
    pub async fn run(&self, command: &str, share: &mut Share) -> Result<Finished, CommandError> {
        let mut channel = match self.handle.channel_open_session().await {
            Err(error @ russh::Error::ChannelOpenFailure(_)) => return Err(CommandError::Refused(error.to_string())),
            opened => opened.map_err(lost)?,
        };
        channel.exec(true, command).await.map_err(lost)?;
        channel.eof().await.map_err(lost)?;
        let (mut finished, mut ended) = (Finished::default(), false);
        let (mut output, mut pace) = (Pieces::new(), Pace::default());
        loop {
            match channel.wait().await {
                Some(ChannelMsg::Data { data }) => {
                    share.arrive(data.len())?;
                    output.push(&data);
                    pace.took(data.len()).await;
                }
                Some(ChannelMsg::ExtendedData { data, .. }) => {
                    share.arrive(data.len())?;
                    finished.errors.extend_from_slice(&data);
                    pace.took(data.len()).await;
                }
                Some(ChannelMsg::Failure) => return Err(CommandError::Refused("it does not know how".to_owned())),
                Some(ChannelMsg::ExitStatus { exit_status }) => (finished.status, ended) = (Some(exit_status), true),
                Some(ChannelMsg::ExitSignal { .. }) => ended = true,
                Some(ChannelMsg::Close) => break,
                // The channel goes with the connection too.
                None if ended => break,
                None => return Err(lost(russh::Error::Disconnect)),
                Some(_) => {}
            }
        }
        finished.output = output.whole().await?;
        Ok(finished)
    }

    /// True once the connection has ended.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.handle.is_closed()
    }
}

impl std::fmt::Debug for SshCommands {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SshCommands").field("closed", &self.is_closed()).finish_non_exhaustive()
    }
}

fn lost(error: russh::Error) -> CommandError {
    CommandError::Lost(Box::new(error.into()))
}
