//! A stream that remembers what TLS said at its end.
//!
//! In TLS 1.3 a server turns the client's certificate down only after the
//! client has done its part (RFC 8446 section 4.4.2.4), so the alert comes as
//! an error of the stream; what is spoken above it keeps the text at best.

use std::{
    io,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll, ready},
};

use mercury_adapter::ConnectError;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::connect::failed;

/// Reads that may lie between a failed write and the alert.
const LAST_READS: usize = 16;

/// What TLS complained of; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Complaint(Arc<OnceLock<rustls::Error>>);

impl Complaint {
    /// Why there is no connection, if TLS said so.
    #[must_use]
    pub fn told(&self) -> Option<ConnectError> {
        self.0.get().map(|tls| failed(&io::Error::other(tls.clone())))
    }

    fn note(&self, error: &io::Error) {
        if let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            self.0.get_or_init(|| tls.clone());
        }
    }
}

/// A stream that remembers it.
#[derive(Debug)]
pub struct Attentive<S> {
    inner: S,
    complaint: Complaint,
}

impl<S> Attentive<S> {
    /// `complaint` is where it is remembered.
    pub fn new(inner: S, complaint: Complaint) -> Self {
        Self { inner, complaint }
    }
}

impl<S: AsyncRead + Unpin> Attentive<S> {
    /// Who hangs up may have said why: then a write fails before anybody has
    /// read it. The end of what a dead connection says always comes.
    fn last_words(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut space = [0; 1024];
        for _ in 0..LAST_READS {
            let mut buffer = ReadBuf::new(&mut space);
            match ready!(Pin::new(&mut self.inner).poll_read(context, &mut buffer)) {
                Ok(()) if buffer.filled().is_empty() => break,
                Ok(()) => {}
                Err(error) => {
                    self.complaint.note(&error);
                    break;
                }
            }
        }
        Poll::Ready(())
    }

    fn wrote<T>(&mut self, context: &mut Context<'_>, result: io::Result<T>) -> Poll<io::Result<T>> {
        if result.is_err() {
            ready!(self.last_words(context));
        }
        Poll::Ready(result)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Attentive<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = ready!(Pin::new(&mut self.inner).poll_read(context, buffer));
        Poll::Ready(read.inspect_err(|error| self.complaint.note(error)))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Attentive<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.inner).poll_write(context, octets));
        self.wrote(context, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = ready!(Pin::new(&mut self.inner).poll_flush(context));
        self.wrote(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
