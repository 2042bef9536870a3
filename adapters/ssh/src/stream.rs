//! Streams that can be cut off.

use std::{
    future::Future,
    io,
    pin::Pin,
    sync::{Arc, Weak},
    task::{Context, Poll},
    time::Duration,
};

use russh::{
    ChannelStream,
    client::{Handle, Msg},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::{SshError, SshOptions, channel, host_key::Gatekeeper};

/// A subsystem's byte stream. Dropping the first of a connection closes the TCP
/// connection, whoever else is on it; dropping one that an [`SshOpener`] opened closes its
/// channel and nothing else.
pub struct SshStream {
    /// Always there until dropped.
    channel: Option<ChannelStream<Msg>>,
    /// Sent by the device before it confirmed the subsystem.
    early: io::Cursor<Vec<u8>>,
    handle: Arc<Handle<Gatekeeper>>,
    token: CancellationToken,
    is_first: bool,
}

/// Opens further channels on the connection of a stream, for as long as that lives.
#[derive(Clone)]
pub struct SshOpener {
    handle: Weak<Handle<Gatekeeper>>,
    token: CancellationToken,
    subsystem: String,
    within: Duration,
}

impl SshStream {
    pub(super) fn new(
        channel: ChannelStream<Msg>,
        early: Vec<u8>,
        handle: Handle<Gatekeeper>,
        token: CancellationToken,
    ) -> Self {
        let early = io::Cursor::new(early);
        Self { channel: Some(channel), early, handle: Arc::new(handle), token, is_first: true }
    }

    /// Opens more of them beside this one.
    #[must_use]
    pub fn opener(&self, options: &SshOptions) -> SshOpener {
        SshOpener {
            handle: Arc::downgrade(&self.handle),
            token: self.token.clone(),
            subsystem: options.subsystem.clone(),
            within: options.connect_timeout,
        }
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
        let _ = Arc::get_mut(&mut self.handle).expect("nobody else is on the connection").await;
    }

    fn channel(&mut self) -> io::Result<Pin<&mut ChannelStream<Msg>>> {
        self.channel.as_mut().map(Pin::new).ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl SshOpener {
    /// True once the connection has ended, or its first stream was dropped.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.token.is_cancelled() || self.handle.upgrade().is_none_or(|handle| handle.is_closed())
    }

    /// Opens the subsystem once more. That of the first stream goes on whatever becomes of
    /// this one; this one ends with it.
    ///
    /// # Errors
    /// As [`crate::connect`] behind the login: the device allows no further channel
    /// ([`SshError::TooManySessions`]), does not answer in time, or is gone.
    pub async fn open(&self) -> Result<SshStream, SshError> {
        let gone = || SshError::from(russh::Error::Disconnect);
        let handle = self.handle.upgrade().filter(|handle| !handle.is_closed()).ok_or_else(gone)?;
        let opening = tokio::time::timeout(self.within, channel::subsystem(&handle, &self.subsystem));
        let (channel, early) = opening.await.map_err(|_| SshError::Timeout(self.within))??;
        let (channel, early) = (Some(channel.into_stream()), io::Cursor::new(early));
        Ok(SshStream { channel, early, handle, token: self.token.clone(), is_first: false })
    }
}

impl std::fmt::Debug for SshOpener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SshOpener").field("closed", &self.is_closed()).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for SshStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SshStream").field("closed", &self.is_closed()).finish_non_exhaustive()
    }
}

impl Drop for SshStream {
    fn drop(&mut self) {
        if self.is_first {
            self.token.cancel();
        }
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
