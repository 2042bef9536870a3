//! A connection whose end is noticed, and that can be ended from elsewhere.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use socket2::{SockRef, TcpKeepalive};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::timeout,
};
use tokio_util::sync::{CancellationToken, DropGuard, WaitForCancellationFutureOwned};

/// A silent connection is probed after this time.
const KEEPALIVE: Duration = Duration::from_secs(15);
/// While it is doubted that a connection lives, after this one.
const CHECKING: Duration = Duration::from_secs(1);
/// How many probes may be left unanswered.
const PROBES: u32 = 3;

/// What carries SSH or TLS; dropped, its end is known.
#[derive(Debug)]
pub(crate) struct Connection {
    socket: TcpStream,
    /// What came before it was made.
    early: io::Cursor<Vec<u8>>,
    ending: Pin<Box<WaitForCancellationFutureOwned>>,
    spoken: CancellationToken,
    _ended: DropGuard,
}

/// The life of a connection, whoever has it; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Life {
    /// The same socket, to ask the kernel about.
    socket: Arc<std::net::TcpStream>,
    end: CancellationToken,
    ended: CancellationToken,
    spoken: CancellationToken,
}

impl Connection {
    /// A socket that was accepted, and what has come on it.
    pub(crate) fn new(socket: TcpStream, early: Vec<u8>) -> io::Result<(Self, Life)> {
        socket.set_nodelay(true)?;
        probe(&SockRef::from(&socket), KEEPALIVE)?;
        let socket = socket.into_std()?;
        let (end, ended) = (CancellationToken::new(), CancellationToken::new());
        let spoken = CancellationToken::new();
        let life = Life {
            socket: Arc::new(socket.try_clone()?),
            end: end.clone(),
            ended: ended.clone(),
            spoken: spoken.clone(),
        };
        let socket = TcpStream::from_std(socket)?;
        let (early, ending) = (io::Cursor::new(early), Box::pin(end.cancelled_owned()));
        Ok((Self { socket, early, ending, spoken, _ended: ended.drop_guard() }, life))
    }

    fn check(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        match self.ending.as_mut().poll(context) {
            Poll::Ready(()) => Err(io::ErrorKind::ConnectionAborted.into()),
            Poll::Pending => Ok(()),
        }
    }
}

fn probe(socket: &SockRef<'_>, after: Duration) -> io::Result<()> {
    let probes = TcpKeepalive::new().with_time(after).with_interval(after.min(Duration::from_secs(5)));
    socket.set_tcp_keepalive(&probes.with_retries(PROBES))
}

impl Life {
    /// Whether it has ended, as far as is known.
    pub(crate) fn is_over(&self) -> bool {
        self.ended.is_cancelled()
    }

    /// Waits for its end.
    pub(crate) async fn over(&self) {
        self.ended.cancelled().await;
    }

    /// Waits for the first octet.
    pub(crate) async fn speaks(&self) {
        self.spoken.cancelled().await;
    }

    /// Ends it now.
    pub(crate) fn end(&self) {
        self.end.cancel();
    }

    /// Asks the kernel of the other side whether it is still there, for at most so long.
    pub(crate) async fn outlasts(&self, within: Duration) -> bool {
        if let Err(error) = probe(&SockRef::from(&*self.socket), CHECKING) {
            tracing::debug!(%error, "a connection cannot be probed");
        }
        let over = timeout(within, self.over()).await.is_ok();
        if !over {
            // What lives is not asked so often.
            let _gone_meanwhile = probe(&SockRef::from(&*self.socket), KEEPALIVE);
        }
        !over
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check(context)?;
        let before = buffer.filled().len();
        let early = Pin::new(&mut self.early).poll_read(context, buffer);
        if early.is_ready() && buffer.filled().len() > before {
            return early;
        }
        let read = Pin::new(&mut self.socket).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.spoken.cancel();
        }
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        self.check(context)?;
        Pin::new(&mut self.socket).poll_write(context, octets)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(context)?;
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::{io::AsyncReadExt as _, net::TcpListener};

    use super::*;

    #[tokio::test]
    async fn what_lives_outlasts_a_check_and_what_is_gone_does_not() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let switch = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (mut connection, life) = Connection::new(listener.accept().await.unwrap().0, Vec::new()).unwrap();
        let reading = tokio::spawn(async move { connection.read_to_end(&mut Vec::new()).await });
        let asked = SockRef::from(&*life.socket);
        let checking = tokio::spawn({
            let life = life.clone();
            async move { life.outlasts(Duration::from_millis(200)).await }
        });
        while asked.tcp_keepalive_time().unwrap() != CHECKING {
            tokio::task::yield_now().await;
        }
        assert!(checking.await.unwrap() && !life.is_over());
        assert_eq!(asked.tcp_keepalive_time().unwrap(), KEEPALIVE, "it is not asked so often any more");
        // As a switch that has started again answers.
        SockRef::from(&switch).set_linger(Some(Duration::ZERO)).unwrap();
        drop(switch);
        assert!(!life.outlasts(Duration::from_secs(60)).await);
        assert!(reading.await.unwrap().is_err() && life.is_over());
    }
}
