//! One NETCONF session: hello, then requests in the order they came.

use std::{io, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::watch,
};

use super::{
    BASE,
    framing::{self, Decoder, Framing},
    operations, reply,
    xml::{self, Element},
};
use crate::{
    device::{Cut, Device, Login, SessionId},
    fault::{self, Action, Moment, Strike},
    refusal::{Reason, Refused, Tag},
};

/// Buffers larger than this are given back after a flight, so that a thousand
/// idle sessions stay small.
const KEEP: usize = 16 * 1024;
const READ: usize = 4096;
const HELLO_TIMEOUT: Duration = Duration::from_secs(30);

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The client said goodbye or hung up.
    Closed,
    /// There is no room for it.
    Refused,
    /// The switch broke off: a fault, a reboot, or a client that made no sense.
    Dropped,
}

/// Serves one session until it ends, and cleans up after it.
pub(crate) async fn serve<S>(device: Arc<Device>, stream: S) -> End
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let Some((login, cut)) = device.open_session() else { return End::Refused };
    // Also when this future is dropped half-way.
    let guard = Open { device, login };
    let mut session = Session {
        device: &guard.device,
        id: login.id,
        cut,
        stream,
        decoder: Decoder::new(),
        framing: Framing::EndOfMessage,
        output: Vec::new(),
    };
    let ended = tokio::select! {
        biased;
        () = guard.device.killed(login) => Err(Broken::Dropped),
        ended = session.run() => ended,
    };
    if matches!(ended, Err(Broken::Input)) {
        guard.device.linger(login).await;
    }
    match ended {
        Ok(()) => End::Closed,
        Err(Broken::Input) => End::Closed,
        Err(Broken::Dropped) => End::Dropped,
    }
}

struct Open {
    device: Arc<Device>,
    login: Login,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.device.close_session(self.login);
    }
}

/// Why a session cannot go on.
enum Broken {
    /// The client is gone.
    Input,
    /// The switch breaks off.
    Dropped,
}

impl From<io::Error> for Broken {
    fn from(_: io::Error) -> Self {
        Self::Input
    }
}

struct Session<'a, S> {
    device: &'a Arc<Device>,
    id: SessionId,
    cut: watch::Receiver<Cut>,
    stream: S,
    decoder: Decoder,
    framing: Framing,
    output: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Session<'_, S> {
    async fn run(&mut self) -> Result<(), Broken> {
        self.hello().await?;
        loop {
            let mut requests = self.flight().await?;
            self.device.change(|state| state.counters.flights += 1);
            if !self.device.options.round_trip.is_zero() {
                self.pause(self.device.options.round_trip).await?;
                // What arrived during the round trip travelled with it.
                self.read_ready().await?;
                while let Some(request) = self.next()? {
                    requests.push(request);
                }
            }
            if requests.len() > 1 && self.device.options.quirks.one_request_at_a_time {
                return Err(Broken::Dropped);
            }
            for request in requests {
                if !self.answer(&request).await? {
                    self.flush().await?;
                    return Ok(());
                }
            }
            self.flush().await?;
            for buffer in [&mut self.decoder.input, &mut self.output] {
                if buffer.capacity() > KEEP && buffer.len() < KEEP {
                    buffer.shrink_to(READ);
                }
            }
        }
    }

    /// RFC 6241 section 8.1, RFC 6242 section 4.1.
    async fn hello(&mut self) -> Result<(), Broken> {
        let strikes = self.device.change(|state| state.faults.meet("hello"));
        self.strike(&strikes, Moment::BeforeApply).await?;
        let hello = reply::hello(&self.device.options, self.id);
        framing::encode(Framing::EndOfMessage, &hello, &mut self.output);
        self.flush().await?;
        let theirs = match tokio::time::timeout(HELLO_TIMEOUT, self.message()).await {
            Ok(message) => xml::parse(&message?).map_err(|error| self.malformed(&error))?,
            Err(_) => return Err(Broken::Dropped),
        };
        self.strike(&strikes, Moment::AfterApply).await?;
        let announced = |version: &str| {
            theirs
                .children
                .iter()
                .filter(|child| child.is(BASE, "capabilities"))
                .flat_map(|capabilities| &capabilities.children)
                .any(|capability| capability.trimmed().ends_with(version))
        };
        let session_id = theirs.children.iter().any(|child| child.name == "session-id");
        if !theirs.is(BASE, "hello") || session_id {
            return Err(self.malformed("not the hello of a client"));
        }
        let options = &self.device.options;
        if options.base_11 && announced("netconf:base:1.1") {
            if !options.quirks.announces_11_but_speaks_10 {
                self.framing = Framing::Chunked;
                self.decoder.switch_to(Framing::Chunked);
            }
        } else if !announced("netconf:base:1.0") {
            return Err(self.malformed("no base version in common"));
        }
        Ok(())
    }

    /// Waits for requests and takes all that are there.
    async fn flight(&mut self) -> Result<Vec<Vec<u8>>, Broken> {
        let mut requests = vec![self.message().await?];
        // Requests written one by one but at once may still be on their way
        // through the SSH layer.
        for _ in 0..3 {
            tokio::task::yield_now().await;
            self.read_ready().await?;
        }
        while let Some(request) = self.next()? {
            requests.push(request);
        }
        Ok(requests)
    }

    async fn message(&mut self) -> Result<Vec<u8>, Broken> {
        loop {
            if let Some(message) = self.next()? {
                return Ok(message);
            }
            self.decoder.input.reserve(READ);
            let read = tokio::select! {
                biased;
                _ = self.cut.changed() => return Err(Broken::Dropped),
                read = self.stream.read_buf(&mut self.decoder.input) => read?,
            };
            if read == 0 {
                return Err(Broken::Input);
            }
        }
    }

    /// Takes what can be read without waiting.
    async fn read_ready(&mut self) -> Result<(), Broken> {
        loop {
            self.decoder.input.reserve(READ);
            let read = tokio::select! {
                biased;
                read = self.stream.read_buf(&mut self.decoder.input) => read?,
                () = std::future::ready(()) => return Ok(()),
            };
            // The end of input is seen again by the next read that waits:
            // what was asked before hanging up is still done.
            if read == 0 {
                return Ok(());
            }
        }
    }

    fn next(&mut self) -> Result<Option<Vec<u8>>, Broken> {
        self.decoder.message().map_err(|error| self.malformed(&error.to_string()))
    }

    /// Answers one request; says whether the session goes on.
    async fn answer(&mut self, request: &[u8]) -> Result<bool, Broken> {
        // A reboot ends the session also between two requests already read.
        if self.cut.has_changed().unwrap_or(true) {
            return Err(Broken::Dropped);
        }
        let rpc = match xml::parse(request) {
            Ok(rpc) if rpc.is(BASE, "rpc") => rpc,
            Ok(other) => {
                let error = format!("'{}' is not an rpc", other.name);
                self.refuse(Reason::rpc(Tag::MalformedMessage, error)).await?;
                return Err(Broken::Dropped);
            }
            Err(error) => {
                self.refuse(Reason::rpc(Tag::MalformedMessage, error)).await?;
                return Err(Broken::Dropped);
            }
        };
        let name = match rpc.children.as_slice() {
            [operation] => operation.name.as_str(),
            _ => "",
        };
        let strikes = self.device.change(|state| {
            state.counters.rpcs += 1;
            if name == "edit-config" {
                state.edit = Some(String::from_utf8_lossy(request).into_owned());
            }
            state.faults.meet(name)
        });
        tracing::debug!(switch = self.device.options.name, session = self.id, operation = name);
        let mut result = match self.strike(&strikes, Moment::BeforeApply).await? {
            Some(refused) => Err(refused),
            None if fault::any(&strikes, Moment::BeforeApply, &Action::Ignore) => Ok(reply::Body::Ok),
            None if fault::any(&strikes, Moment::AfterApply, &Action::Twist) => {
                let before = self.device.snapshot();
                let result = self.execute(&rpc).await;
                self.device.twist(&before);
                result
            }
            None => self.execute(&rpc).await,
        };
        if let Some(refused) = self.strike(&strikes, Moment::AfterApply).await? {
            result = Err(refused);
        }
        let goes_on = name != "close-session" || result.is_err();
        let message_id = !self.device.options.quirks.no_message_id;
        self.send(&reply::reply(Some(&rpc), &result, message_id));
        Ok(goes_on)
    }

    async fn execute(&mut self, rpc: &Element) -> Result<reply::Body, Refused> {
        if !rpc.attributes.iter().any(|attribute| attribute.written == "message-id") {
            return Err(Reason::rpc(Tag::MissingAttribute, "an rpc needs a message-id")
                .with("bad-attribute", "message-id")
                .with("bad-element", "rpc")
                .into());
        }
        let [operation] = rpc.children.as_slice() else {
            return Err(Reason::rpc(Tag::BadElement, "an rpc holds one operation").with("bad-element", "rpc").into());
        };
        let commits: &[_] = match self.device.options.mode.candidate() {
            true => &["commit", "commit-configuration"],
            false => &["edit-config"],
        };
        let time = self.device.options.commit_time;
        if commits.contains(&&*operation.name) && !time.is_zero() {
            let reboots = self.device.reboots();
            tokio::time::sleep(time).await;
            if self.device.reboots() != reboots {
                return Err(Reason::protocol(Tag::OperationFailed, "the power went").into());
            }
        }
        operations::execute(self.device, self.id, operation)
    }

    /// Lets the faults of this moment happen.
    async fn strike(&mut self, strikes: &[Strike], moment: Moment) -> Result<Option<Refused>, Broken> {
        let mut refused = None;
        for strike in strikes.iter().filter(|strike| strike.moment == moment) {
            // Answers to earlier requests are on their way already.
            self.flush().await?;
            match &strike.action {
                Action::DropConnection => return Err(Broken::Dropped),
                Action::Hold => self.hold(strike).await?,
                Action::Refuse { tag, message } => {
                    refused = Some(Reason::protocol(*tag, message.clone()).into());
                }
                Action::Status { message, .. } => {
                    refused = Some(Reason::protocol(Tag::OperationFailed, message.clone()).into());
                }
                Action::DelayReply(delay) => self.pause(*delay).await?,
                Action::Ignore | Action::Twist | Action::Half | Action::Part => {}
                Action::Reboot => {
                    self.device.reboot();
                    return Err(Broken::Dropped);
                }
                Action::Stop => {
                    self.device.stop();
                    return Err(Broken::Dropped);
                }
            }
        }
        Ok(refused)
    }

    async fn hold(&mut self, strike: &Strike) -> Result<(), Broken> {
        let mut pulse = self.device.pulse();
        self.device.change(|state| state.faults.reach(strike.id));
        while self.device.look().faults.holds(strike.id) {
            tokio::select! {
                biased;
                _ = self.cut.changed() => return Err(Broken::Dropped),
                _ = pulse.changed() => {}
            }
        }
        Ok(())
    }

    async fn pause(&mut self, time: Duration) -> Result<(), Broken> {
        tokio::select! {
            biased;
            _ = self.cut.changed() => Err(Broken::Dropped),
            () = tokio::time::sleep(time) => Ok(()),
        }
    }

    async fn refuse(&mut self, reason: Reason) -> Result<(), Broken> {
        self.send(&reply::reply(None, &Err(reason.into()), false));
        self.flush().await
    }

    fn malformed(&self, error: &str) -> Broken {
        tracing::debug!(switch = self.device.options.name, session = self.id, error, "dropped");
        Broken::Dropped
    }

    fn send(&mut self, message: &str) {
        framing::encode(self.framing, message, &mut self.output);
    }

    async fn flush(&mut self) -> Result<(), Broken> {
        if self.output.is_empty() {
            return Ok(());
        }
        tokio::select! {
            biased;
            _ = self.cut.changed() => return Err(Broken::Dropped),
            written = self.stream.write_all(&self.output) => written?,
        }
        self.stream.flush().await?;
        self.output.clear();
        Ok(())
    }
}
