//! Who is awaited, who is there, and who asks for them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, io,
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use mercury_adapter::{ConnectError, ConnectFault};
use mercury_ssh::{LoggedIn, SshError, SshOptions};
use mercury_tls::{Candidate, Identity, Trust};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, DuplexStream},
    sync::{Notify, watch},
    time::{timeout, timeout_at},
};

use crate::connection::Life;

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
    Ssh(LoggedIn),
    Tls(DuplexStream),
}

/// One switch that may call.
pub(crate) struct Desk {
    switch: String,
    proof: Proof,
    there: Mutex<There>,
    came: Notify,
    /// One newcomer is judged at a time.
    pub(crate) judging: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct There {
    waiting: Option<Waiting>,
    life: Option<Life>,
    last: Option<Instant>,
}

/// The switches that may call, of the whole process.
#[derive(Default)]
pub struct Reception {
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

    /// How to log in.
    pub(crate) fn login(&self) -> Result<SshOptions, ConnectError> {
        match &self.proof {
            Proof::Ssh { login, .. } => login(),
            Proof::Tls { .. } => Err(unreachable("it calls over TLS".to_owned())),
        }
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
        let before = There { waiting: Some(waiting), life: Some(life), last: Some(Instant::now()) };
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
        format!("the switch calls home, and is not connected: it {last}; waited {} s", wait.as_secs())
    }
}

impl Awaited {
    /// A stream for a session, as soon as the switch has called.
    ///
    /// # Errors
    /// It does not call in time, or does not have the subsystem.
    pub async fn claim(&self) -> Result<Box<dyn Octets>, ConnectError> {
        let Some(wait) = *locked(&self.reception.wait) else {
            let message = "the switch calls home, and this Mercury listens for no calls ([call_home])";
            return Err(unreachable(message.to_owned()));
        };
        let deadline = tokio::time::Instant::now() + wait;
        loop {
            let mut came = std::pin::pin!(self.desk.came.notified());
            came.as_mut().enable();
            match self.desk.take() {
                Some(Waiting::Tls(stream)) => return Ok(Box::new(stream)),
                Some(Waiting::Ssh(connection)) => match connection.subsystem(&self.desk.login()?).await {
                    Ok(stream) => return Ok(Box::new(stream)),
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
/// that its end is noticed. Ends when either does.
pub(crate) async fn pump<S: AsyncRead + AsyncWrite>(stream: S, other: DuplexStream) -> io::Result<()> {
    let (mut from_switch, mut to_switch) = tokio::io::split(stream);
    let (mut from_other, mut to_other) = tokio::io::split(other);
    tokio::select! {
        ended = tokio::io::copy(&mut from_switch, &mut to_other) => ended.map(drop),
        ended = tokio::io::copy(&mut from_other, &mut to_switch) => {
            ended?;
            // The switch may be gone already.
            timeout(FAREWELL, to_switch.shutdown()).await.unwrap_or(Ok(()))
        }
    }
}
