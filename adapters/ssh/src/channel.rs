//! What is opened on a connection.

use russh::{
    Channel, ChannelMsg, ChannelOpenFailure,
    client::{Handle, Msg},
};

use super::{SshError, host_key::Gatekeeper};

/// Bytes a server may send on a channel before it confirms what was asked for.
const MAX_EARLY_BYTES: usize = 64 << 10;

/// A terminal that no device is tempted to colour.
const TERMINAL: &str = "vt100";

/// Rows of the terminal: as many as there are, so that nothing stops at its foot.
/// RFC 4254 section 6.2 leaves 0 to the device, and some then page by 24.
const ROWS: u32 = 10_000;

/// The subsystem's channel, and what came before it was confirmed.
pub(super) async fn subsystem(handle: &Handle<Gatekeeper>, name: &str) -> Result<(Channel<Msg>, Vec<u8>), SshError> {
    let service = format!("the subsystem \"{name}\"");
    let channel = open(handle, &service).await?;
    channel.request_subsystem(true, name).await?;
    confirmed(channel, &service).await
}

/// The shell's channel, and what came before it was confirmed.
pub(super) async fn shell(handle: &Handle<Gatekeeper>, columns: u32) -> Result<(Channel<Msg>, Vec<u8>), SshError> {
    let service = "a shell";
    let channel = open(handle, service).await?;
    // A device without terminals can still have a shell.
    channel.request_pty(false, TERMINAL, columns, ROWS, 0, 0, &[]).await?;
    channel.request_shell(true).await?;
    confirmed(channel, service).await
}

/// The channel of a program that the user's shell starts, without a terminal.
pub(super) async fn program(handle: &Handle<Gatekeeper>, command: &str) -> Result<(Channel<Msg>, Vec<u8>), SshError> {
    let service = format!("the program \"{command}\"");
    let channel = open(handle, &service).await?;
    channel.exec(true, command).await?;
    confirmed(channel, &service).await
}

async fn open(handle: &Handle<Gatekeeper>, service: &str) -> Result<Channel<Msg>, SshError> {
    match handle.channel_open_session().await {
        // RFC 4254 names no code for it: OpenSSH says the one, others the other.
        Err(russh::Error::ChannelOpenFailure(
            why @ (ChannelOpenFailure::ConnectFailed | ChannelOpenFailure::ResourceShortage),
        )) => Err(SshError::TooManySessions { service: service.to_owned(), reason: format!("{why:?}") }),
        Err(error @ russh::Error::ChannelOpenFailure(_)) => Err(refused(service, error.to_string())),
        opened => Ok(opened?),
    }
}

/// A request is answered by a message, and only after it may data be sent.
async fn confirmed(mut channel: Channel<Msg>, service: &str) -> Result<(Channel<Msg>, Vec<u8>), SshError> {
    let mut early = Vec::new();
    loop {
        match channel.wait().await {
            Some(ChannelMsg::Success) => return Ok((channel, early)),
            Some(ChannelMsg::Data { data }) if early.len() + data.len() <= MAX_EARLY_BYTES => {
                early.extend_from_slice(&data);
            }
            Some(ChannelMsg::WindowAdjusted { .. } | ChannelMsg::ExtendedData { .. }) => {}
            Some(ChannelMsg::Failure) => return Err(refused(service, "the device does not have it".into())),
            _ => return Err(refused(service, "the device closed the channel".into())),
        }
    }
}

fn refused(service: &str, reason: String) -> SshError {
    SshError::ChannelRefused { service: service.to_owned(), reason }
}
