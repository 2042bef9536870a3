//! Who is awaited, who is there, and who asks for them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, io,
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
    task::Poll,
    time::{Duration, Instant},
};

use mercury_adapter::{ConnectError, ConnectFault};
use mercury_ssh::{LoggedIn, SshError, SshOpener, SshOptions};
use mercury_tls::{Candidate, Identity, Trust};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream},
    sync::{Notify, watch},
    time::{timeout, timeout_at},
};
use tokio_util::sync::CancellationToken;

use crate::{
    connection::Life,
    door::Door,
    refusals::{Login as Read, Refusals},
};

/// How long a switch is told goodbye.
const FAREWELL: Duration = Duration::from_secs(2);

/// Octets in both directions.
pub trait Octets: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Octets for S {}

/// Makes the options of a login, with its secrets as they are then.
pub type Login = Arc<dyn Fn() -> Result<SshOptions, ConnectError> + Send + Sync>;

/// How a switch that calls is known, and what Mercury says to it then.
#[derive(Clone)]
pub enum Proof {
    /// By one of these fingerprints of its host key, `SHA256:` and unpadded base64.
    Ssh {
        /// The fingerprints.
        keys: Vec<String>,
        /// Also offer old algorithms.
        legacy_algorithms: bool,
        /// How Mercury logs in.
        login: Login,
    },
    /// By its certificate.
    Tls {
        /// The name that it bears, where it is not known by a pin.
        name: String,
        /// How it is believed.
        trust: Trust,
        /// What it is shown, if it is the first to be asked about.
        identity: Identity,
    },
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if matches!(self, Self::Ssh { .. }) { "Proof::Ssh" } else { "Proof::Tls" })
    }
}

/// A connection that nobody has asked for yet.
pub(crate) enum Waiting {
    /// And how its subsystem is opened; without secrets.
    Ssh(LoggedIn, Box<SshOptions>),
    /// And what is to be told when somebody asks.
    Tls(DuplexStream, CancellationToken),
}

/// One switch that may call.
pub(crate) struct Desk {
    switch: String,
    proof: Proof,
    there: Mutex<There>,
    came: Notify,
    pub(crate) refusals: Refusals,
    /// One newcomer is judged at a time.
    pub(crate) judging: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct There {
    waiting: Option<Waiting>,
    /// Opens more on the connection, once it was asked for.
    opener: Option<SshOpener>,
    life: Option<Life>,
    last: Option<Instant>,
}

/// Opens doors, which stay open for as long as the process runs.
pub type Opening = Box<dyn FnOnce() -> Result<Vec<Door>, String> + Send>;

/// The switches that may call, of the whole process.
#[derive(Default)]
pub struct Reception {
    /// Opens the doors when somebody asks for a switch.
    opening: Mutex<Option<Opening>>,
    /// Why that could not be.
    failed: Mutex<Option<String>>,
    desks: Mutex<BTreeMap<u64, Arc<Desk>>>,
    wait: Mutex<Option<Duration>>,
    /// Somebody has come or gone.
    moved: watch::Sender<()>,
}

static SHARED: LazyLock<Reception> = LazyLock::new(Reception::default);

/// A switch that is awaited until this is dropped.
pub struct Awaited {
    number: u64,
    desk: Arc<Desk>,
    reception: &'static Reception,
}

impl Reception {
    /// The one of this process.
    #[must_use]
    pub fn shared() -> &'static Self {
        &SHARED
    }

    /// Awaits a switch. The one that was awaited last under its name goes first.
    pub fn expect(&'static self, switch: &str, proof: Proof) -> Awaited {
        let desk = Desk {
            switch: switch.to_owned(),
            proof,
            there: Mutex::default(),
            came: Notify::new(),
            refusals: Refusals::default(),
            judging: tokio::sync::Mutex::default(),
        };
        let desk = Arc::new(desk);
        let mut desks = locked(&self.desks);
        let number = desks.last_key_value().map_or(0, |(number, _)| number + 1);
        desks.insert(number, Arc::clone(&desk));
        Awaited { number, desk, reception: self }
    }

    /// How long who asks for a switch waits for its call; nothing is listened on before
    /// this is said.
    pub(crate) fn opens(&self, wait: Duration) {
        *locked(&self.wait) = Some(wait);
    }

    /// Tells whenever a switch has called, or its connection has ended.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<()> {
        self.moved.subscribe()
    }

    /// The switches that have a connection, as far as is known.
    #[must_use]
    pub fn connected(&self) -> BTreeSet<String> {
        let is_there = |desk: &&Arc<Desk>| desk.life().is_some();
        locked(&self.desks).values().filter(is_there).map(|desk| desk.switch.clone()).collect()
    }

    /// A switch has called; its end is told of too.
    pub(crate) fn has(&'static self, life: Life) {
        self.moved.send_replace(());
        tokio::spawn(async move {
            life.over().await;
            self.moved.send_replace(());
        });
    }

    /// Has doors opened as soon as a switch is asked for, and not before.
    pub fn opens_at_need(&self, opening: Opening) {
        *locked(&self.opening) = Some(opening);
    }

    /// How long who asks waits.
    fn listens(&self) -> Result<Duration, ConnectError> {
        // Others who ask wait until the doors are open.
        let mut opening = locked(&self.opening);
        if locked(&self.wait).is_none()
            && let Some(open) = opening.take()
        {
            match open() {
                Ok(doors) => doors.into_iter().for_each(Door::stay_open),
                Err(why) => *locked(&self.failed) = Some(why),
            }
        }
        drop(opening);
        if let Some(why) = &*locked(&self.failed) {
            return Err(unreachable(format!("the switch calls home, and {why}")));
        }
        let wait = *locked(&self.wait);
        wait.ok_or_else(|| {
            unreachable("the switch calls home, and this Mercury listens for no calls ([call_home])".to_owned())
        })
    }

    /// Who is known by a host key; the last of several.
    pub(crate) fn by_key(&self, fingerprint: &str) -> Option<Arc<Desk>> {
        let knows = |desk: &&Arc<Desk>| matches!(&desk.proof, Proof::Ssh { keys, .. } if keys.iter().any(|key| key == fingerprint));
        locked(&self.desks).values().rev().find(knows).cloned()
    }

    /// Whether any of them needs old algorithms.
    pub(crate) fn needs_old_algorithms(&self) -> bool {
        locked(&self.desks).values().any(|desk| desk.has_old_algorithms())
    }

    /// Those who are known by their certificates, the last first.
    pub(crate) fn candidates(&self) -> (Vec<Arc<Desk>>, Vec<Candidate>) {
        let of = |desk: &Arc<Desk>| match &desk.proof {
            Proof::Ssh { .. } => None,
            Proof::Tls { name, trust, identity } => {
                let candidate = Candidate { name: name.clone(), trust: trust.clone(), identity: Arc::clone(identity) };
                Some((Arc::clone(desk), candidate))
            }
        };
        locked(&self.desks).values().rev().filter_map(of).unzip()
    }
}

impl Desk {
    pub(crate) fn switch(&self) -> &str {
        &self.switch
    }

    /// How to log in; read away from the workers of the runtime.
    pub(crate) async fn login(&self) -> Result<Read, ConnectError> {
        let Proof::Ssh { login, .. } = &self.proof else {
            return Err(unreachable("it calls over TLS".to_owned()));
        };
        let login = Arc::clone(login);
        mercury_adapter::options(&Arc::new(move || Read::read(&*login))).await
    }

    /// Whether old algorithms are for it.
    pub(crate) fn has_old_algorithms(&self) -> bool {
        matches!(&self.proof, Proof::Ssh { legacy_algorithms: true, .. })
    }

    /// The connection there is, if it has not ended.
    pub(crate) fn life(&self) -> Option<Life> {
        locked(&self.there).life.clone().filter(|life| !life.is_over())
    }

    /// A connection takes the place of the last, which is ended.
    pub(crate) fn takes(&self, waiting: Waiting, life: Life) {
        let mut there = locked(&self.there);
        let before = There { waiting: Some(waiting), opener: None, life: Some(life), last: Some(Instant::now()) };
        let before = std::mem::replace(&mut *there, before);
        drop(there);
        before.life.iter().for_each(Life::end);
        self.came.notify_waiters();
    }

    /// The one that waits, if it still lives.
    fn take(&self) -> Option<Waiting> {
        let mut there = locked(&self.there);
        let lives = there.life.as_ref().is_some_and(|life| !life.is_over());
        there.waiting.take().filter(|_| lives)
    }

    fn absence(&self, wait: Duration) -> String {
        let there = locked(&self.there);
        let last = match (there.last, &there.life) {
            (Some(_), Some(life)) if !life.is_over() => "has one connection, and another session is on it".to_owned(),
            (Some(last), _) => format!("called last {} s ago and is gone", last.elapsed().as_secs()),
            (None, _) => "has not called since Mercury started".to_owned(),
        };
        let refused = self.refusals.told().map(|told| format!("; {told}")).unwrap_or_default();
        format!("the switch calls home, and is not connected: it {last}{refused}; waited {} s", wait.as_secs())
    }
}

impl Awaited {
    /// A stream for a session, as soon as the switch has called.
    ///
    /// # Errors
    /// It does not call in time, or does not have the subsystem.
    pub async fn claim(&self) -> Result<Box<dyn Octets>, ConnectError> {
        let wait = self.reception.listens()?;
        let deadline = tokio::time::Instant::now() + wait;
        loop {
            let mut came = std::pin::pin!(self.desk.came.notified());
            came.as_mut().enable();
            match self.desk.take() {
                Some(Waiting::Tls(stream, claimed)) => {
                    claimed.cancel();
                    return Ok(Box::new(stream));
                }
                Some(Waiting::Ssh(connection, options)) => match connection.subsystem(&options).await {
                    Ok(stream) => {
                        locked(&self.desk.there).opener = Some(stream.opener(&options));
                        return Ok(Box::new(stream));
                    }
                    // It went meanwhile, and may come again.
                    Err(SshError::HungUp(_)) => continue,
                    Err(error) => return Err(error.to_connect_error()),
                },
                None => {}
            }
            if timeout_at(deadline, came).await.is_err() {
                return Err(unreachable(self.desk.absence(wait)));
            }
        }
    }
}

impl Awaited {
    /// Another stream on the connection that was claimed, in a channel of its own; `None`
    /// where there is no connection, or it is one of TLS, which has none.
    ///
    /// # Errors
    /// The switch does not allow it.
    pub async fn claim_beside(&self) -> Option<Result<Box<dyn Octets>, SshError>> {
        let opener = locked(&self.desk.there).opener.clone().filter(|opener| !opener.is_closed())?;
        Some(opener.open().await.map(|stream| Box::new(stream) as Box<dyn Octets>))
    }
}

impl Drop for Awaited {
    fn drop(&mut self) {
        locked(&self.reception.desks).remove(&self.number);
        // What is in use is its user's.
        let waiting = self.desk.take();
        if waiting.is_some() {
            self.desk.life().iter().for_each(Life::end);
        }
    }
}

impl fmt::Debug for Awaited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Awaited").field("switch", &self.desk.switch).finish_non_exhaustive()
    }
}

fn unreachable(message: String) -> ConnectError {
    ConnectError { fault: ConnectFault::Unreachable, message }
}

/// Nothing in between can panic.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Between a connection and who asks for it, later than it came: reads what comes, so
/// that its end is noticed. Ends when either does, and when nobody has `claimed` it and
/// there is no room for what comes, after which no end would be noticed.
pub(crate) async fn pump<S: AsyncRead + AsyncWrite>(
    stream: S,
    other: DuplexStream,
    claimed: CancellationToken,
) -> io::Result<()> {
    let (mut from_switch, mut to_switch) = tokio::io::split(stream);
    let (mut from_other, mut to_other) = tokio::io::split(other);
    tokio::select! {
        ended = hand_on(&mut from_switch, &mut to_other, &claimed) => ended,
        ended = tokio::io::copy(&mut from_other, &mut to_switch) => {
            ended?;
            // The switch may be gone already.
            timeout(FAREWELL, to_switch.shutdown()).await.unwrap_or(Ok(()))
        }
    }
}

async fn hand_on(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    claimed: &CancellationToken,
) -> io::Result<()> {
    let mut piece = vec![0; 8 << 10];
    loop {
        let read = from.read(&mut piece).await?;
        if read == 0 {
            return Ok(());
        }
        let mut writing = std::pin::pin!(to.write_all(piece.get(..read).unwrap_or_default()));
        let at_once = std::future::poll_fn(|context| Poll::Ready(writing.as_mut().poll(context))).await;
        match at_once {
            Poll::Ready(written) => written?,
            Poll::Pending if claimed.is_cancelled() => writing.await?,
            Poll::Pending => return Err(io::Error::other("it said more than waits for who asks for it")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_nobody_asks_for_ends_when_there_is_no_room_for_what_it_says() {
        for is_claimed in [false, true] {
            let (mut switch, called) = tokio::io::duplex(64);
            let (mut here, there) = tokio::io::duplex(1024);
            let claimed = CancellationToken::new();
            let pumping = tokio::spawn(pump(called, there, claimed.clone()));
            if is_claimed {
                claimed.cancel();
            }
            let saying = tokio::spawn(async move {
                let said = switch.write_all(&[7; 4096]).await;
                drop(switch);
                said
            });
            if is_claimed {
                let mut heard = Vec::new();
                here.read_to_end(&mut heard).await.unwrap();
                assert_eq!(heard.len(), 4096);
                assert!(saying.await.unwrap().is_ok() && pumping.await.unwrap().is_ok());
            } else {
                assert!(pumping.await.unwrap().unwrap_err().to_string().contains("more than waits"));
                assert!(saying.await.unwrap().is_err());
            }
        }
    }

    /// It may take its time, as what a command prints does.
    #[tokio::test]
    async fn a_secret_is_read_away_from_the_workers() {
        let asked = std::thread::current().id();
        let login: Login = Arc::new(move || {
            assert_ne!(std::thread::current().id(), asked);
            Ok(SshOptions::new("leaf1", "mercury"))
        });
        let proof = Proof::Ssh { keys: Vec::new(), legacy_algorithms: false, login };
        let awaited = Reception::shared().expect("leaf1", proof);
        assert_eq!(awaited.desk.login().await.unwrap().options.username, "mercury");
    }

    #[tokio::test]
    async fn doors_are_opened_when_somebody_asks_and_told_of_where_they_cannot_be() {
        let reception: &'static Reception = Box::leak(Box::default());
        let proof = || Proof::Ssh {
            keys: Vec::new(),
            legacy_algorithms: false,
            login: Arc::new(|| Ok(SshOptions::new("leaf1", "mercury"))),
        };
        let awaited = reception.expect("leaf1", proof());
        let told = |error: ConnectError| error.message;
        assert!(told(awaited.claim().await.err().unwrap()).contains("this Mercury listens for no calls"));
        reception.opens_at_need(Box::new(|| Err("somebody else listens".to_owned())));
        for _ in 0..2 {
            assert!(told(awaited.claim().await.err().unwrap()).contains("and somebody else listens"));
        }
    }
}
