//! A byte stream over TELNET.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::negotiation::Negotiation;

/// Octets that are read, or taken to be sent, at once.
const AT_ONCE: usize = 4 << 10;

/// Answers that a peer may leave unread, in octets, before nothing more is read of it.
const MAX_UNSENT: usize = 64 << 10;

/// What TELNET is spoken on.
#[derive(Debug)]
pub(crate) struct TelnetStream<S> {
    inner: S,
    negotiation: Negotiation,
    /// Data that nobody has read.
    received: Vec<u8>,
    unsent: Vec<u8>,
}

impl<S> TelnetStream<S> {
    /// Offers a terminal that is `columns` characters wide.
    pub(super) fn new(inner: S, columns: u32) -> Self {
        Self { inner, negotiation: Negotiation::new(columns), received: Vec::new(), unsent: Vec::new() }
    }
}

impl<S: AsyncWrite + Unpin> TelnetStream<S> {
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.unsent.is_empty() {
            let sent = ready!(Pin::new(&mut self.inner).poll_write(cx, &self.unsent))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.unsent.drain(..sent);
        }
        Pin::new(&mut self.inner).poll_flush(cx)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for TelnetStream<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let own = &mut *self;
        loop {
            if let Poll::Ready(Err(error)) = own.poll_send(cx) {
                return Poll::Ready(Err(error));
            }
            if !own.received.is_empty() {
                let taken = own.received.len().min(buf.remaining());
                buf.put_slice(own.received.get(..taken).unwrap_or_default());
                own.received.drain(..taken);
                return Poll::Ready(Ok(()));
            }
            if own.unsent.len() > MAX_UNSENT {
                return Poll::Pending;
            }
            let mut octets = [0; AT_ONCE];
            let mut read = ReadBuf::new(&mut octets);
            ready!(Pin::new(&mut own.inner).poll_read(cx, &mut read))?;
            if read.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            own.negotiation.receive(read.filled(), &mut own.received, &mut own.unsent);
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for TelnetStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_send(cx))?;
        // A CR and what stands behind it stay together.
        let end = buf.len().min(AT_ONCE);
        let end = if end < buf.len() && buf.get(end - 1) == Some(&b'\r') { end - 1 } else { end };
        Negotiation::encode(buf.get(..end).unwrap_or_default(), &mut self.unsent);
        Poll::Ready(Ok(end))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_send(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(cx))?;
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test]
    async fn data_goes_both_ways_and_questions_are_answered_in_between() {
        let (near, mut far) = tokio::io::duplex(64);
        let mut near = TelnetStream::new(near, 80);
        let peer = async {
            far.write_all(b"\xff\xfb\x01Username: ").await.unwrap();
            let mut heard = [0; 3];
            far.read_exact(&mut heard).await.unwrap();
            assert_eq!(heard, *b"\xff\xfd\x01", "answered before anything is sent");
            let mut heard = [0; 9];
            far.read_exact(&mut heard).await.unwrap();
            assert_eq!(heard, *b"mercury\r\n");
            far.shutdown().await.unwrap();
        };
        let own = async {
            let mut heard = [0; 10];
            near.read_exact(&mut heard).await.unwrap();
            assert_eq!(heard, *b"Username: ");
            near.write_all(b"mercury\n").await.unwrap();
            near.flush().await.unwrap();
            assert_eq!(near.read(&mut heard).await.unwrap(), 0);
        };
        tokio::join!(peer, own);
    }

    #[tokio::test(start_paused = true)]
    async fn who_asks_and_never_hears_is_not_heard_for_ever() {
        let (near, mut far) = tokio::io::duplex(1 << 10);
        let mut near = TelnetStream::new(near, 80);
        let asking = async {
            // Each three octets ask for three, which nobody reads.
            loop {
                far.write_all(b"\xff\xfb\x63").await.unwrap();
            }
        };
        let reading = async {
            let mut heard = [0; 16];
            near.read(&mut heard).await
        };
        let both = async { tokio::join!(asking, reading) };
        assert!(tokio::time::timeout(std::time::Duration::from_secs(1), both).await.is_err());
        assert!(near.unsent.len() <= MAX_UNSENT + 5 * AT_ONCE, "{} octets are kept", near.unsent.len());
    }
}
