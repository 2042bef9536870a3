//! A transport that counts what it carries.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Octets that went over a transport.
#[derive(Clone, Debug, Default)]
pub struct Octets(Arc<[AtomicU64; 2]>);

impl Octets {
    /// Octets read, and written.
    #[must_use]
    pub fn read_and_written(&self) -> (u64, u64) {
        let [read, written] = &*self.0;
        (read.load(Relaxed), written.load(Relaxed))
    }
}

/// A transport, with or without TLS, and what goes over it.
#[derive(Debug)]
pub struct Counted<S> {
    inner: S,
    octets: Octets,
}

impl<S> Counted<S> {
    /// Counts into `octets` from now on.
    pub fn new(inner: S, octets: Octets) -> Self {
        Self { inner, octets }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(context, buffer))?;
        let [read, _] = &*self.octets.0;
        read.fetch_add((buffer.filled().len() - before) as u64, Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        let count = ready!(Pin::new(&mut self.inner).poll_write(context, bytes))?;
        let [_, written] = &*self.octets.0;
        written.fetch_add(count as u64, Relaxed);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
