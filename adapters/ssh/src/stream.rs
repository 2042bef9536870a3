//! Streams that can be cut off.

use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll},
};

use russh::{
    ChannelStream,
    client::{Handle, Msg},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::host_key::Gatekeeper;

/// The subsystem's byte stream. Dropping it closes the TCP connection.
pub struct SshStream {
    /// Always there until dropped.
    channel: Option<ChannelStream<Msg>>,
    /// Sent by the device before it confirmed the subsystem.
    early: io::Cursor<Vec<u8>>,
    handle: Handle<Gatekeeper>,
    token: CancellationToken,
}

impl SshStream {
    pub(super) fn new(
        channel: ChannelStream<Msg>,
        early: Vec<u8>,
        handle: Handle<Gatekeeper>,
        token: CancellationToken,
    ) -> Self {
        Self { channel: Some(channel), early: io::Cursor::new(early), handle, token }
    }

    /// Closes the TCP connection now, whatever it is doing; also from another task.
    pub fn kill(&self) {
        self.token.cancel();
    }

    /// True once the connection has ended.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.handle.is_closed()
    }

    /// Waits until the connection has ended.
    #[cfg(test)]
    pub(super) async fn handle_ended(&mut self) {
        let _ = (&mut self.handle).await;
    }

    fn channel(&mut self) -> io::Result<Pin<&mut ChannelStream<Msg>>> {
        self.channel.as_mut().map(Pin::new).ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl std::fmt::Debug for SshStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SshStream").field("closed", &self.is_closed()).finish_non_exhaustive()
    }
}

impl Drop for SshStream {
    fn drop(&mut self) {
        self.token.cancel();
        // Dropping the channel spawns a task, which panics outside a runtime;
        // the connection is closed already, so the channel may as well leak.
        if tokio::runtime::Handle::try_current().is_err() {
            std::mem::forget(self.channel.take());
        }
    }
}

impl AsyncRead for SshStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let early = Pin::new(&mut self.early).poll_read(cx, buf);
        if early.is_ready() && buf.filled().len() > before {
            return early;
        }
        self.channel()?.poll_read(cx, buf)
    }
}

impl AsyncWrite for SshStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.channel()?.poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.channel()?.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.channel()?.poll_shutdown(cx)
    }
}

/// A stream that fails once its token is cancelled, so that the task that owns
/// it ends and closes it.
pub(super) struct Killable<S> {
    inner: S,
    cancelled: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl<S> Killable<S> {
    pub(super) fn new(inner: S, token: CancellationToken) -> Self {
        Self { inner, cancelled: Box::pin(token.cancelled_owned()) }
    }

    fn check(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        match self.cancelled.as_mut().poll(cx) {
            Poll::Ready(()) => Err(io::ErrorKind::ConnectionAborted.into()),
            Poll::Pending => Ok(()),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Killable<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.check(cx)?;
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Killable<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(cx)?;
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
