//! What one side of a flight sends, and how it is written while the other side
//! answers.

use std::{future::poll_fn, io, pin::Pin, task::Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::{counted::Counted, message::Reply, protocol::MessageId};

/// Frames on their way out, and the replies they bring.
#[derive(Default)]
pub(crate) struct Burst {
    bytes: Vec<u8>,
    written: usize,
    flushed: bool,
    /// Where each frame begins.
    starts: Vec<usize>,
    pub(crate) replies: Vec<(MessageId, Option<Reply>)>,
    /// How many of them, from the first, the flight is not over without.
    pub(crate) required: usize,
}

impl Burst {
    pub(crate) fn add(&mut self, frame: &[u8]) {
        self.starts.push(self.bytes.len());
        self.bytes.extend_from_slice(frame);
        self.flushed = false;
    }

    pub(crate) fn rest(&self) -> &[u8] {
        self.bytes.get(self.written..).unwrap_or_default()
    }

    pub(crate) fn wrote(&mut self, written: usize) {
        self.written = self.written.saturating_add(written);
    }

    /// How many frames the peer may have seen something of.
    pub(crate) fn begun(&self) -> usize {
        self.starts.iter().filter(|start| **start < self.written).count()
    }
}

/// Writes what there is to write until something is read; returns its length,
/// zero at the end of the stream. Reading goes on while writing is stuck:
/// both windows may be full, and then neither side would ever move.
pub(crate) async fn step<S: AsyncRead + AsyncWrite + Unpin>(
    io: &mut Counted<S>,
    burst: &mut Burst,
    buffer: &mut [u8],
) -> io::Result<usize> {
    poll_fn(|cx| {
        while !burst.rest().is_empty() {
            match Pin::new(&mut *io).poll_write(cx, burst.rest()) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(written) => burst.wrote(written?),
                Poll::Pending => break,
            }
        }
        if burst.rest().is_empty() && !burst.flushed {
            match Pin::new(&mut *io).poll_flush(cx) {
                Poll::Ready(flushed) => {
                    flushed?;
                    burst.flushed = true;
                }
                Poll::Pending => {}
            }
        }
        let mut into = ReadBuf::new(buffer);
        match Pin::new(&mut *io).poll_read(cx, &mut into) {
            Poll::Ready(read) => Poll::Ready(read.map(|()| into.filled().len())),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}
