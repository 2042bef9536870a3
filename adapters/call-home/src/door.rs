//! Listens, shakes hands with who comes, and slows who is not known.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use mercury_ssh::{Known, KnownKeys, SshError, SshOptions};
use mercury_tls::{Attentive, Complaint};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use crate::{
    connection::{Connection, Life},
    places::{Place, Places},
    preamble,
    reception::{Desk, Reception, Waiting, pump},
};

/// How much of what a switch says over TLS may wait for who asks, in octets; its hello is
/// to fit. What says more before is ended.
const BUFFER: usize = 1 << 20;
/// How long a caller may be silent. A switch speaks first over SSH, and over TLS as soon as
/// Mercury has.
const FIRST_OCTET: Duration = Duration::from_secs(5);
/// Addresses of which is remembered which host keys were not known.
const REMEMBERED: usize = 1024;
/// Lines about callers who are not let in, at most so often.
const EVERY: Duration = Duration::from_secs(1);

/// What callers may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Callers at a time who are not known yet.
    pub half_open: usize,
    /// And of those from one address, or one /64 of IPv6.
    pub half_open_per_peer: usize,
    /// How long a caller may take to be known and let in.
    pub handshake: Duration,
    /// How long who was not let in keeps the place that it took.
    pub penalty: Duration,
    /// How long a connection is asked whether it lives, when its switch calls again.
    pub check: Duration,
    /// How long who asks for a switch waits for its call.
    pub wait: Duration,
}

/// What carries the calls of a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carried {
    /// SSH, perhaps with Junos' lines before it.
    Ssh,
    /// TLS.
    Tls,
}

/// What has become of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A switch is there.
    LetIn,
    /// Nobody who is awaited, or not in time.
    NotKnown,
    /// A switch that is there already.
    Again,
    /// Too many were half-way in.
    NoPlace,
}

/// Where switches call; closed when this is dropped.
#[derive(Debug)]
pub struct Door {
    address: SocketAddr,
    tasks: JoinSet<()>,
}

impl Door {
    /// Opens it on a socket that listens; `heard` is told of each call.
    ///
    /// # Errors
    /// The socket cannot be used.
    pub fn open(
        listener: std::net::TcpListener,
        carried: Carried,
        limits: Limits,
        reception: &'static Reception,
        heard: fn(Heard),
    ) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let listener = TcpListener::from_std(listener)?;
        reception.opens(limits.wait);
        let porter = Arc::new(Porter {
            carried,
            limits,
            reception,
            places: Places::new(limits.half_open, limits.half_open_per_peer),
            unknown_keys: Mutex::default(),
            told: Default::default(),
            heard,
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(porter.stand(listener));
        Ok(Self { address, tasks })
    }

    /// Keeps it open for as long as the runtime runs.
    pub(crate) fn stay_open(mut self) {
        self.tasks.detach_all();
    }

    /// Where it is.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Who stands at a door.
struct Porter {
    carried: Carried,
    limits: Limits,
    reception: &'static Reception,
    places: Arc<Places>,
    /// Kinds of host keys that an address has shown and nobody knows: a switch has
    /// several keys, and its entry need not name the one that it shows first. A hint
    /// alone; who calls is told by the key.
    unknown_keys: Mutex<HashMap<IpAddr, Vec<String>>>,
    /// When it was told last who is not let in, how many were not told of since, and the same of
    /// those for whom there was no place: many of them hide nobody else.
    told: [Mutex<(Option<Instant>, u64)>; 2],
    heard: fn(Heard),
}

impl Porter {
    async fn stand(self: Arc<Self>, listener: TcpListener) {
        let mut calls = JoinSet::new();
        loop {
            while calls.try_join_next().is_some() {}
            match listener.accept().await {
                Ok((socket, peer)) => {
                    let host = peer.ip().to_canonical();
                    match self.places.take(host) {
                        Some(place) => drop(calls.spawn(Arc::clone(&self).let_in(socket, host, place))),
                        None => {
                            (self.heard)(Heard::NoPlace);
                            self.tell(&self.told[1], host, "too many callers are half-way in");
                        }
                    }
                }
                Err(error) => {
                    // Out of descriptors, most likely: some close meanwhile.
                    tracing::warn!(%error, "a call cannot be taken");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }

    async fn let_in(self: Arc<Self>, socket: TcpStream, peer: IpAddr, place: Place) {
        let within = self.limits.handshake;
        let known = match self.carried {
            Carried::Ssh => timeout(within, self.by_ssh(socket, peer)).await,
            Carried::Tls => timeout(within, self.by_tls(socket)).await,
        };
        let known = known.unwrap_or_else(|_| Err(format!("not known within {} s", within.as_secs())));
        match known {
            Ok((desk, waiting, life)) => {
                self.places.remember(peer);
                self.welcome(&desk, waiting, life, peer).await;
                drop(place);
            }
            Err(why) => {
                (self.heard)(Heard::NotKnown);
                self.tell(&self.told[0], peer, &why);
                // Who comes again at once finds fewer places.
                tokio::time::sleep(self.limits.penalty).await;
                drop(place);
            }
        }
    }

    async fn by_ssh(&self, mut socket: TcpStream, peer: IpAddr) -> Result<(Arc<Desk>, Waiting, Life), String> {
        let peeled = preamble::peel(&mut socket, FIRST_OCTET).await;
        let (said, early) = peeled.map_err(|error| error.to_string())?;
        let (connection, life) = Connection::new(socket, early).map_err(|error| error.to_string())?;
        let options = SshOptions {
            legacy_algorithms: self.reception.needs_old_algorithms(),
            connect_timeout: self.limits.handshake,
            ..SshOptions::new(peer.to_string(), "")
        };
        let mut without = self.unknown_keys().get(&peer).cloned().unwrap_or_default();
        if !mercury_ssh::has_other_keys(&options, &without) {
            without.clear();
        }
        let reception = self.reception;
        let known: KnownKeys = Arc::new(move |key: &str| {
            reception.by_key(key).map(|desk| Known { legacy_algorithms: desk.has_old_algorithms() })
        });
        let named = said.device_id.map(|name| format!(" (it calls itself {name:?})")).unwrap_or_default();
        let caller = match mercury_ssh::answer(connection, &options, &without, known).await {
            Ok(caller) => caller,
            Err(SshError::HostKeyUnknown(shown)) => {
                self.not_known(peer, without, shown.algorithm.clone());
                let (algorithm, key) = (&shown.algorithm, &shown.fingerprint);
                return Err(format!("no switch that calls home has its host key, {algorithm} {key}{named}"));
            }
            Err(error) => return Err(format!("{}{named}", mercury_adapter::chain(&error))),
        };
        let desk = reception.by_key(&caller.host_key().fingerprint).ok_or("its entry has gone")?;
        let told = |why: String| format!("{}: {why}", desk.switch());
        let _one_at_a_time = desk.judging.lock().await;
        let login = desk.login().await.map_err(|error| told(error.to_string()))?;
        desk.refusals.check(&login).map_err(told)?;
        match caller.log_in(&login.options).await {
            Ok(connection) => {
                desk.refusals.forget();
                self.unknown_keys().remove(&peer);
                let options = SshOptions { password: None, key: None, ..login.options };
                Ok((Arc::clone(&desk), Waiting::Ssh(connection, Box::new(options)), life))
            }
            Err(error) => {
                if matches!(error, SshError::AuthRejected { .. }) {
                    desk.refusals.refused(login);
                }
                Err(told(mercury_adapter::chain(&error)))
            }
        }
    }

    async fn by_tls(&self, socket: TcpStream) -> Result<(Arc<Desk>, Waiting, Life), String> {
        let (connection, life) = Connection::new(socket, Vec::new()).map_err(|error| error.to_string())?;
        let (desks, candidates) = self.reception.candidates();
        let answering = mercury_tls::answer(connection, candidates, self.limits.handshake);
        let answered = tokio::select! {
            answered = answering => answered,
            () = silence(&life) => return Err(preamble::silent(FIRST_OCTET).to_string()),
        };
        let (index, stream) = answered.map_err(|error| error.message)?;
        let desk = desks.get(index).cloned().ok_or("its entry has gone")?;
        let (here, there) = tokio::io::duplex(BUFFER);
        let (switch, claimed) = (desk.switch().to_owned(), CancellationToken::new());
        let asked = claimed.clone();
        tokio::spawn(async move {
            let complaint = Complaint::default();
            let ended = pump(Attentive::new(stream, complaint.clone()), there, asked).await;
            match (complaint.told(), ended) {
                (Some(told), _) => tracing::warn!(switch, error = %told, "the switch called and hung up"),
                (None, ended) => tracing::debug!(switch, ?ended, "the connection of a call has ended"),
            }
        });
        Ok((desk, Waiting::Tls(here, claimed), life))
    }

    /// The newest wins, unless the one before it still lives.
    async fn welcome(&self, desk: &Desk, waiting: Waiting, life: Life, peer: IpAddr) {
        let switch = desk.switch();
        let _one_at_a_time = desk.judging.lock().await;
        if let Some(before) = desk.life()
            && before.outlasts(self.limits.check).await
        {
            tracing::warn!(switch, %peer, "called again while its connection lives; the new one is closed");
            (self.heard)(Heard::Again);
            life.end();
            return;
        }
        if life.is_over() {
            tracing::info!(switch, %peer, "called and hung up");
            return;
        }
        desk.takes(waiting, life.clone());
        self.reception.has(life);
        (self.heard)(Heard::LetIn);
        tracing::info!(switch, %peer, carried = ?self.carried, "called home");
    }

    fn not_known(&self, peer: IpAddr, mut without: Vec<String>, algorithm: String) {
        without.push(algorithm);
        let mut all = self.unknown_keys();
        if all.len() >= REMEMBERED {
            all.clear();
        }
        all.insert(peer, without);
    }

    fn unknown_keys(&self) -> std::sync::MutexGuard<'_, HashMap<IpAddr, Vec<String>>> {
        self.unknown_keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells of a caller who is not let in.
    fn tell(&self, told: &Mutex<(Option<Instant>, u64)>, peer: IpAddr, why: &str) {
        let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, silent) = &mut *told;
        if last.is_some_and(|last| last.elapsed() < EVERY) {
            *silent += 1;
            return;
        }
        *last = Some(Instant::now());
        let others = std::mem::take(silent);
        drop(told);
        tracing::warn!(%peer, others, "a caller is not let in: {why}");
    }
}

/// Ends when a caller has said nothing for too long.
async fn silence(life: &Life) {
    if timeout(FIRST_OCTET, life.speaks()).await.is_ok() {
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering::SeqCst;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    const LIMITS: Limits = Limits {
        half_open: 8,
        half_open_per_peer: 8,
        handshake: Duration::from_secs(3600),
        penalty: Duration::ZERO,
        check: Duration::from_secs(1),
        wait: Duration::from_secs(1),
    };

    type Count = std::sync::atomic::AtomicUsize;

    /// A door at which nobody is awaited; it has one place for an address, which it keeps for so
    /// long from whom it has not let in.
    fn narrow(penalty: Duration, heard: fn(Heard)) -> Door {
        let limits = Limits { half_open_per_peer: 1, penalty, ..LIMITS };
        let reception: &'static Reception = Box::leak(Box::default());
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        Door::open(listener, Carried::Ssh, limits, reception, heard).unwrap()
    }

    /// Ends when the door has hung up.
    async fn knock(door: &Door) {
        let mut caller = TcpStream::connect(door.address()).await.unwrap();
        let _gone = caller.write_all(b"GET / HTTP/1.1\r\n\r\n").await;
        let _reset = caller.read_to_end(&mut Vec::new()).await;
    }

    /// Whoever knocks again and again is slowed down. The sockets are real, and so is the clock.
    #[tokio::test]
    async fn who_was_not_let_in_keeps_its_place_for_a_while() {
        static HEARD: [Count; 2] = [Count::new(0), Count::new(0)];
        let door = narrow(Duration::from_secs(3600), |what| match what {
            Heard::NotKnown => drop(HEARD[0].fetch_add(1, SeqCst)),
            Heard::NoPlace => drop(HEARD[1].fetch_add(1, SeqCst)),
            Heard::LetIn | Heard::Again => panic!("nobody is awaited"),
        });
        for expected in [[1, 0], [1, 1], [1, 2]] {
            knock(&door).await;
            assert_eq!([HEARD[0].load(SeqCst), HEARD[1].load(SeqCst)], expected);
        }
    }

    #[tokio::test]
    async fn once_that_is_over_there_is_a_place_again() {
        static NOT_KNOWN: Count = Count::new(0);
        let door = narrow(Duration::from_millis(1), |what| {
            NOT_KNOWN.fetch_add(usize::from(what == Heard::NotKnown), SeqCst);
        });
        let twice = async {
            while NOT_KNOWN.load(SeqCst) < 2 {
                knock(&door).await;
            }
        };
        timeout(Duration::from_secs(60), twice).await.expect("the place is free again");
    }

    /// The clock goes on while everybody waits.
    #[tokio::test(start_paused = true)]
    async fn a_silent_caller_is_hung_up_on_long_before_its_time_for_the_handshake_is_over() {
        for carried in [Carried::Ssh, Carried::Tls] {
            let reception: &'static Reception = Box::leak(Box::default());
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let door = Door::open(listener, carried, LIMITS, reception, |_| {}).unwrap();
            let (mut silent, before) = (TcpStream::connect(door.address()).await.unwrap(), tokio::time::Instant::now());
            let mut said = Vec::new();
            let _reset = silent.read_to_end(&mut said).await;
            let took = before.elapsed();
            assert!(took < Duration::from_secs(60), "{carried:?}: {took:?}");
        }
    }
}
