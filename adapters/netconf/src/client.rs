//! A NETCONF session over any byte stream. The protocol is in
//! [`crate::protocol`]; here are the socket and the clock.

use std::{io, time::Duration};

use mercury_adapter::{Budget, MAX_REPLY, NoRoom, Pace, Share, Unfinished, off_worker};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    time::{Instant, timeout, timeout_at},
};

use crate::{
    burst::{Burst, step},
    counted::{Counted, Counters},
    hello::ServerHello,
    message::{Inbound, Reply},
    operation,
    protocol::{FramingChoice, MessageId, Protocol, ProtocolError},
    xml::{Element, Limits, XmlError},
};

/// How much is read at once, in bytes: most replies are small, and a packet of SSH
/// is no larger than the most.
const FIRST_READ: usize = 4 << 10;
const MOST_READ: usize = 32 << 10;

/// How a session is held.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// Default [`FramingChoice::Auto`].
    pub framing: FramingChoice,
    /// The largest message accepted, in bytes. Default [`MAX_REPLY`].
    pub max_message_bytes: usize,
    /// What replies may take of the memory. Default the process's own.
    pub budget: Budget,
    /// How long the server may take for its hello. Default 30 s.
    pub hello_timeout: Duration,
    /// Send all requests of a flight at once. Default true.
    pub pipelining: bool,
    /// How long the first flight may stay without any reply before one harmless
    /// read is sent behind it. Some servers (netconfd 2.13) do not look at a
    /// request that arrived in one read with the client's hello until more
    /// bytes come. Nothing waits for this unless the server is silent that
    /// long. `None` never sends it. Default 1 s.
    pub nudge_after: Option<Duration>,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            framing: FramingChoice::Auto,
            max_message_bytes: MAX_REPLY,
            budget: Budget::shared(),
            hello_timeout: Duration::from_secs(30),
            pipelining: true,
            nudge_after: Some(Duration::from_secs(1)),
        }
    }
}

/// Why no session came about. No request was sent.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No complete hello in time.
    #[error("the server did not say hello within {0:?}")]
    Timeout(Duration),
    /// The stream ended before the hello.
    #[error("the server closed the connection before its hello, as one does that has as many sessions as it allows")]
    Closed,
    /// The stream failed.
    #[error("the connection failed during the hello")]
    Io(#[from] io::Error),
    /// The greeting is no NETCONF hello.
    #[error("the server does not speak NETCONF")]
    Protocol(#[from] ProtocolError),
}

/// A flight that did not bring all its replies.
#[derive(Debug, thiserror::Error)]
pub enum FlightError {
    /// The connection ended or failed.
    #[error("the session was lost after {} of {sent} replies", replies.len())]
    Lost {
        /// What had arrived, in the order of the requests.
        replies: Vec<Reply>,
        /// How many requests the server may have seen.
        sent: usize,
        /// Why; `None` when the server closed the stream.
        source: Option<io::Error>,
    },
    /// A reply did not come in time.
    #[error("no reply within {waited:?}, after {} of {sent} replies", replies.len())]
    Timeout {
        /// What had arrived, in the order of the requests.
        replies: Vec<Reply>,
        /// How many requests the server may have seen.
        sent: usize,
        /// How long the missing reply was waited for.
        waited: Duration,
    },
    /// The server broke the protocol.
    #[error("the server broke the protocol after {} of {sent} replies", replies.len())]
    Protocol {
        /// What had arrived, in the order of the requests.
        replies: Vec<Reply>,
        /// How many requests the server may have seen.
        sent: usize,
        /// What it did.
        source: ProtocolError,
    },
    /// There was no room for a reply.
    #[error("no room after {} of {sent} replies", replies.len())]
    NoRoom {
        /// What had arrived, in the order of the requests.
        replies: Vec<Reply>,
        /// How many requests the server may have seen.
        sent: usize,
        /// Which room.
        source: NoRoom,
    },
    /// A reply could not be worked through.
    #[error("a reply could not be read after {} of {sent} replies", replies.len())]
    Unfinished {
        /// What had arrived, in the order of the requests.
        replies: Vec<Reply>,
        /// How many requests the server may have seen.
        sent: usize,
        /// Why.
        source: Unfinished,
    },
    /// An earlier flight failed or was abandoned. Nothing was sent.
    #[error("the session failed earlier and cannot be used")]
    Unusable,
    /// A request holds what XML cannot carry. Nothing was sent.
    #[error("a request cannot be written")]
    Encode(#[from] XmlError),
}

impl FlightError {
    /// The replies that did arrive: the first ones, without gaps.
    #[must_use]
    pub fn into_replies(self) -> Vec<Reply> {
        match self {
            Self::Lost { replies, .. }
            | Self::Timeout { replies, .. }
            | Self::Protocol { replies, .. }
            | Self::NoRoom { replies, .. }
            | Self::Unfinished { replies, .. } => replies,
            Self::Unusable | Self::Encode(_) => Vec::new(),
        }
    }

    /// How many requests the server may have seen. Those after it were never
    /// sent; those between it and [`FlightError::into_replies`] are unknown.
    #[must_use]
    pub fn sent(&self) -> usize {
        match self {
            Self::Lost { sent, .. }
            | Self::Timeout { sent, .. }
            | Self::Protocol { sent, .. }
            | Self::NoRoom { sent, .. }
            | Self::Unfinished { sent, .. } => *sent,
            Self::Unusable | Self::Encode(_) => 0,
        }
    }

    /// True unless it is certain that the server saw nothing of this flight.
    #[must_use]
    pub fn may_have_reached_peer(&self) -> bool {
        self.sent() > 0
    }
}

/// An open NETCONF session.
#[derive(Debug)]
pub struct Client<S> {
    io: Counted<S>,
    protocol: Protocol,
    hello: ServerHello,
    pub(crate) pipelining: bool,
    /// Set until the first reply.
    nudge_after: Option<Duration>,
    usable: bool,
    max_message_bytes: usize,
    budget: Budget,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Client<S> {
    /// Exchanges hellos. The client's goes out at once; that the server's has
    /// been read before the first request keeps the two apart.
    ///
    /// # Errors
    /// When no usable hello arrives in time.
    pub async fn connect(stream: S, options: ClientOptions) -> Result<Self, OpenError> {
        let mut io = Counted::new(stream);
        let mut protocol = Protocol::new(options.framing, options.max_message_bytes);
        let exchange = exchange_hellos(&mut io, &mut protocol);
        let hello =
            timeout(options.hello_timeout, exchange).await.map_err(|_| OpenError::Timeout(options.hello_timeout))??;
        io.forget_flights();
        Ok(Self {
            io,
            protocol,
            hello,
            pipelining: options.pipelining,
            nudge_after: options.nudge_after,
            usable: true,
            max_message_bytes: options.max_message_bytes,
            budget: options.budget,
        })
    }

    /// Sends the operations and waits for all their replies, in one round trip
    /// if the session pipelines, else one after the other; either way all are
    /// sent, whatever the earlier replies say. All have to be there within `within`.
    ///
    /// # Errors
    /// When a reply is missing; the error keeps those that arrived. After an
    /// error from a flight that was begun, and after dropping this future, the
    /// session is unusable. A refusal by the device is no error here.
    pub async fn flight(&mut self, operations: &[Element], within: Duration) -> Result<Vec<Reply>, FlightError> {
        self.flight_with(operations, operations.len(), within, within).await
    }

    /// The same, with questions behind the first `required` operations that may stay open: once
    /// those are answered, the others are waited for at most `patience` longer. The replies
    /// end before the first that is missing then, and what comes late is dropped.
    ///
    /// # Errors
    /// As [`flight`](Self::flight).
    pub async fn flight_with(
        &mut self,
        operations: &[Element],
        required: usize,
        patience: Duration,
        within: Duration,
    ) -> Result<Vec<Reply>, FlightError> {
        if !self.usable {
            return Err(FlightError::Unusable);
        }
        if !self.pipelining {
            // A request that cannot be written must not end a flight half way.
            operations.iter().try_for_each(|operation| operation.to_xml().map(drop))?;
        }
        let at_once = if self.pipelining { operations.len().max(1) } else { 1 };
        let (mut replies, mut sent) = (Vec::new(), 0);
        let deadline = Instant::now() + within;
        for (at, operations) in operations.chunks(at_once).enumerate() {
            let mut burst = self.burst(operations)?;
            burst.required = required.saturating_sub(at * at_once).min(operations.len());
            self.usable = false;
            let result = self.exchange(&mut burst, patience, (deadline, within)).await;
            sent += burst.begun().min(operations.len());
            let known = replies.len();
            replies.extend(burst.replies.into_iter().map_while(|(_, reply)| reply));
            result.map_err(|fault| fault.into_error(std::mem::take(&mut replies), sent))?;
            self.usable = true;
            if replies.len() < known + operations.len() {
                break;
            }
        }
        Ok(replies)
    }

    /// Says goodbye and closes the stream. That the server hangs up instead of
    /// answering is fine (RFC 6241 section 7.8 leaves it little choice).
    ///
    /// # Errors
    /// When the server neither answers nor hangs up within `wait`, or refuses.
    pub async fn close(mut self, wait: Duration) -> Result<(), FlightError> {
        let farewell = if self.usable {
            match self.flight(&[operation::close_session()], wait).await {
                Err(FlightError::Lost { .. }) | Ok(_) => Ok(()),
                Err(error) => Err(error),
            }
        } else {
            Ok(())
        };
        // The peer may be gone already; there is nobody left to tell.
        let _ = timeout(wait, self.io.shutdown()).await;
        farewell
    }

    fn burst(&mut self, operations: &[Element]) -> Result<Burst, XmlError> {
        let mut burst = Burst::default();
        for operation in operations {
            match self.protocol.request(operation) {
                Ok((id, frame)) => {
                    burst.add(&frame);
                    burst.replies.push((id, None));
                }
                Err(error) => {
                    self.protocol.withdraw();
                    return Err(error);
                }
            }
        }
        Ok(burst)
    }

    /// Until the deadline of a flight that is given so long.
    async fn exchange(
        &mut self,
        burst: &mut Burst,
        patience: Duration,
        (mut deadline, within): (Instant, Duration),
    ) -> Result<(), Interruption> {
        let (start, mut is_enough) = (Instant::now(), false);
        let mut nudge = self.nudge_after.map(|after| start + after).filter(|at| *at < deadline);
        // Kept no longer than a flight: a thousand sessions rest.
        let (mut buffer, mut arriving, mut pace) = (vec![0; FIRST_READ], self.share(), Pace::default());
        loop {
            while let Some((id, reply)) = self.next_reply(&mut arriving, deadline, within).await? {
                if let Some(slot) = burst.replies.iter_mut().find(|(asked, _)| *asked == id) {
                    slot.1 = Some(reply);
                }
                (nudge, self.nudge_after) = (None, None);
            }
            if burst.replies.iter().all(|(_, reply)| reply.is_some()) {
                return Ok(());
            }
            let required = burst.replies.iter().take(burst.required);
            if !is_enough && required.map(|(_, reply)| reply).all(Option::is_some) {
                (is_enough, deadline) = (true, deadline.min(Instant::now() + patience));
                nudge = nudge.filter(|at| *at < deadline);
            }
            let late = nudge.unwrap_or(deadline);
            // Whoever never stops sending is late all the same.
            let step = match Instant::now() < deadline {
                true => timeout_at(late, step(&mut self.io, burst, &mut buffer)).await.ok(),
                false => None,
            };
            match step {
                Some(Ok(0)) => return Err(Interruption::Lost(None)),
                Some(Ok(read)) => {
                    arriving.grow(read)?;
                    self.protocol.push(buffer.get(..read).unwrap_or_default());
                    if read == buffer.len() {
                        buffer.resize((read * 2).min(MOST_READ), 0);
                    }
                    pace.took(read).await;
                }
                Some(Err(error)) => return Err(Interruption::Lost(Some(error))),
                None if nudge.take().is_some() => {
                    tracing::debug!("no reply to the first requests yet: sending another one");
                    self.nudge_after = None;
                    let request = self.protocol.unheeded_request(&operation::read_nothing());
                    burst.add(&request.map_err(ProtocolError::from)?);
                }
                None if is_enough => return Ok(()),
                None => return Err(Interruption::Timeout(within)),
            }
        }
    }
}

impl<S> Client<S> {
    /// The next reply of those that have arrived, which takes its share of the
    /// budget with it.
    async fn next_reply(
        &mut self,
        arriving: &mut Share,
        deadline: Instant,
        within: Duration,
    ) -> Result<Option<(MessageId, Reply)>, Interruption> {
        while let Some(message) = self.protocol.next_message()? {
            let share = std::mem::replace(arriving, self.share());
            arriving.grow(self.protocol.kept())?;
            let read =
                off_worker(message.octets(), move || Inbound::parse(message.into_octets(), Limits::default(), share));
            let read = timeout_at(deadline, read).await.map_err(|_| Interruption::Timeout(within))??;
            if let Some(reply) = self.protocol.accept(read.map_err(ProtocolError::from)?)? {
                return Ok(Some(reply));
            }
        }
        Ok(None)
    }

    fn share(&self) -> Share {
        self.budget.share(self.max_message_bytes)
    }

    /// What the server announced.
    #[must_use]
    pub fn hello(&self) -> &ServerHello {
        &self.hello
    }

    /// False once a flight failed or was abandoned.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.usable
    }

    /// Round trips since the hello, and bytes since the beginning.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.io.counters
    }

    /// Round trips since the hello.
    #[must_use]
    pub fn flights(&self) -> u64 {
        self.io.counters.flights
    }

    /// The stream underneath.
    #[must_use]
    pub fn transport(&self) -> &S {
        &self.io.inner
    }
}

async fn exchange_hellos<S: AsyncRead + AsyncWrite + Unpin>(
    io: &mut Counted<S>,
    protocol: &mut Protocol,
) -> Result<ServerHello, OpenError> {
    let (mut burst, mut buffer) = (Burst::default(), vec![0; FIRST_READ]);
    burst.add(&protocol.client_hello());
    loop {
        match step(io, &mut burst, &mut buffer).await? {
            0 => return Err(OpenError::Closed),
            read => protocol.push(buffer.get(..read).unwrap_or_default()),
        }
        if let Some(hello) = protocol.poll_hello()? {
            // Requests may be framed differently: the hello must be out first.
            io.write_all(burst.rest()).await?;
            io.flush().await?;
            return Ok(hello);
        }
    }
}

enum Interruption {
    Lost(Option<io::Error>),
    Timeout(Duration),
    Protocol(ProtocolError),
    NoRoom(NoRoom),
    Unfinished(Unfinished),
}

impl From<NoRoom> for Interruption {
    fn from(error: NoRoom) -> Self {
        Self::NoRoom(error)
    }
}

impl From<Unfinished> for Interruption {
    fn from(error: Unfinished) -> Self {
        Self::Unfinished(error)
    }
}

impl From<ProtocolError> for Interruption {
    fn from(error: ProtocolError) -> Self {
        Self::Protocol(error)
    }
}

impl Interruption {
    fn into_error(self, replies: Vec<Reply>, sent: usize) -> FlightError {
        match self {
            Self::Lost(source) => FlightError::Lost { replies, sent, source },
            Self::Timeout(waited) => FlightError::Timeout { replies, sent, waited },
            Self::Protocol(source) => FlightError::Protocol { replies, sent, source },
            Self::NoRoom(source) => FlightError::NoRoom { replies, sent, source },
            Self::Unfinished(source) => FlightError::Unfinished { replies, sent, source },
        }
    }
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
