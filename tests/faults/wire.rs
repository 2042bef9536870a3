//! Sessions with a switch in memory, over a wire that may be bad.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use futures_util::{FutureExt, future::BoxFuture};
use mercury::inventory::{ConfirmedCommit, Face, Switch};
use mercury_adapter::{
    ConnectError, ConnectFault, Connector, Dialect, GnmiDialect, NetconfDialect, OvsdbDialect, Render, RestconfDialect,
    Session,
};
use mercury_gnmi::{
    GnmiOptions,
    conformance::{Known, next_session},
};
use mercury_netconf::{
    NetconfSession,
    client::{Client, ClientOptions},
};
use mercury_restconf::{HttpOptions, RestconfOptions};
use mercury_sim::Handle;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};

use crate::{
    kind::Kind,
    life::{Life, Mortal},
};

/// One Mercury's wires: what happens to the next session's octets.
#[derive(Debug, Default)]
pub(crate) struct Wire {
    pub(crate) life: Arc<Life>,
    next: Mutex<Option<Bad>>,
    passed: AtomicUsize,
    lurking: AtomicBool,
}

impl Wire {
    /// Makes the next session's wire a bad one.
    pub(crate) fn set(&self, bad: Bad) {
        *self.next.lock().unwrap() = Some(bad);
    }

    /// Whether a session is on a bad wire that has not broken yet.
    pub(crate) fn lurks(&self) -> bool {
        self.lurking.load(Relaxed)
    }

    /// Lets the next one be good.
    pub(crate) fn clear(&self) {
        *self.next.lock().unwrap() = None;
    }

    /// Whether a bad wire has come to where it is bad.
    pub(crate) fn was_bad(&self, bad: Bad) -> bool {
        self.passed.load(Relaxed) >= bad.after
    }
}

/// How a wire is bad: after so many octets one way, the rest is this.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bad {
    pub(crate) way: Way,
    pub(crate) after: usize,
    pub(crate) rest: Rest,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    FromSwitch,
    ToSwitch,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Rest {
    /// The connection ends.
    Nothing,
    /// Octets that mean nothing, once; then what is really said.
    Noise,
    /// A message that never ends.
    Endless,
}

/// What opens sessions with a switch and puts plans for it.
pub(crate) fn adapter(
    kind: Kind,
    handle: Handle,
    entry: &Switch,
    dialect: &Arc<Dialect>,
    wire: &Arc<Wire>,
) -> (Box<dyn Connector>, Box<dyn Render>) {
    let wire = Arc::clone(wire);
    match kind {
        Kind::Netconf(_) => {
            let render = mercury_netconf::Renderer::new(dialect, None).unwrap();
            let dialect = Arc::new(dialect.netconf.clone().unwrap());
            let Face::Netconf(settings) = &entry.face else { panic!("{entry:?}") };
            let pipelining = settings.pipelining.unwrap_or(true);
            (Box::new(Netconf { handle, dialect, pipelining, wire }), Box::new(render))
        }
        Kind::Gnmi(_) => {
            let render = mercury_gnmi::Renderer::new(dialect, mercury_gnmi::Overrides::default()).unwrap();
            let dialect = Arc::new(dialect.gnmi.clone().unwrap());
            let commit_confirmed = entry.confirmed_commit() != ConfirmedCommit::Off;
            let options = GnmiOptions { tls: None, commit_confirmed, ..GnmiOptions::new("memory", 9339) };
            (Box::new(Gnmi { handle, dialect, options, known: Known::default(), wire }), Box::new(render))
        }
        Kind::Restconf(_) => {
            let render = mercury_restconf::Renderer::new(dialect, None).unwrap();
            let dialect = dialect.restconf.clone().unwrap();
            let http = HttpOptions { tls: None, ..HttpOptions::new("memory", 443) };
            let options = RestconfOptions { http, root: None, lock_wait: entry.timing.lock_wait };
            (Box::new(Restconf { handle, dialect, options, wire }), Box::new(render))
        }
        Kind::Ovsdb => {
            let render = mercury_ovsdb::Renderer::new(dialect).unwrap();
            let dialect = Arc::new(dialect.ovsdb.clone().unwrap());
            (Box::new(Ovsdb { handle, dialect, within: entry.timing.connect_timeout, wire }), Box::new(render))
        }
    }
}

struct Netconf {
    handle: Handle,
    dialect: Arc<NetconfDialect>,
    pipelining: bool,
    wire: Arc<Wire>,
}

impl Connector for Netconf {
    fn connect(&self) -> BoxFuture<'_, Result<Box<dyn Session>, ConnectError>> {
        async move {
            self.wire.life.live_on().await;
            let (ours, theirs) = pair(&self.wire);
            let handle = self.handle.clone();
            tokio::spawn(async move { handle.serve(theirs).await });
            let refused = |message| ConnectError { fault: ConnectFault::Unreachable, message };
            let options = ClientOptions { pipelining: self.pipelining, ..Default::default() };
            let client = Client::connect(ours, options).await.map_err(|error| refused(error.to_string()))?;
            let instance = self.dialect.network_instance.clone();
            let session = NetconfSession::new(client, &self.dialect, instance, self.pipelining);
            Ok(Box::new(session.map_err(|error| refused(error.to_string()))?) as Box<dyn Session>)
        }
        .boxed()
    }
}

struct Gnmi {
    handle: Handle,
    dialect: Arc<GnmiDialect>,
    options: GnmiOptions,
    known: Known,
    wire: Arc<Wire>,
}

impl Connector for Gnmi {
    fn connect(&self) -> BoxFuture<'_, Result<Box<dyn Session>, ConnectError>> {
        async move {
            self.wire.life.live_on().await;
            let (ours, theirs) = pair(&self.wire);
            let handle = self.handle.clone();
            tokio::spawn(async move { handle.serve_gnmi(theirs).await });
            next_session(ours, &self.options, Arc::clone(&self.dialect), &self.known).await
        }
        .boxed()
    }
}

struct Restconf {
    handle: Handle,
    dialect: RestconfDialect,
    options: RestconfOptions,
    wire: Arc<Wire>,
}

impl Connector for Restconf {
    fn connect(&self) -> BoxFuture<'_, Result<Box<dyn Session>, ConnectError>> {
        async move {
            self.wire.life.live_on().await;
            let (ours, theirs) = pair(&self.wire);
            let handle = self.handle.clone();
            tokio::spawn(async move { handle.serve_restconf(theirs).await });
            mercury_restconf::conformance::session(ours, &self.options, &self.dialect).await
        }
        .boxed()
    }
}

struct Ovsdb {
    handle: Handle,
    dialect: Arc<OvsdbDialect>,
    within: Duration,
    wire: Arc<Wire>,
}

impl Connector for Ovsdb {
    fn connect(&self) -> BoxFuture<'_, Result<Box<dyn Session>, ConnectError>> {
        async move {
            self.wire.life.live_on().await;
            let (ours, theirs) = pair(&self.wire);
            let handle = self.handle.clone();
            tokio::spawn(async move { handle.serve_ovsdb(theirs).await });
            mercury_ovsdb::conformance::session(ours, &self.dialect, self.within).await
        }
        .boxed()
    }
}

/// Both ends of a new wire, Mercury's first.
fn pair(wire: &Arc<Wire>) -> (Mortal, DuplexStream) {
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let Some(bad) = wire.next.lock().unwrap().take() else { return (Mortal::new(ours, &wire.life), theirs) };
    let (near, far) = tokio::io::duplex(1 << 16);
    wire.lurking.store(true, Relaxed);
    tokio::spawn(carry(ours, far, Arc::clone(wire), bad));
    (Mortal::new(near, &wire.life), theirs)
}

/// Carries octets both ways, badly one of them; ends with either side.
async fn carry(switch: DuplexStream, mercury: DuplexStream, wire: Arc<Wire>, bad: Bad) {
    let (mut from_switch, mut to_switch) = tokio::io::split(switch);
    let (mut from_mercury, mut to_mercury) = tokio::io::split(mercury);
    match bad.way {
        Way::FromSwitch => tokio::select! {
            _ = badly(&mut from_switch, &mut to_mercury, &wire, bad) => {}
            _ = tokio::io::copy(&mut from_mercury, &mut to_switch) => {}
        },
        Way::ToSwitch => tokio::select! {
            _ = badly(&mut from_mercury, &mut to_switch, &wire, bad) => {}
            _ = tokio::io::copy(&mut from_switch, &mut to_mercury) => {}
        },
    }
    wire.lurking.store(false, Relaxed);
}

async fn badly(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    wire: &Wire,
    bad: Bad,
) -> std::io::Result<()> {
    let mut buffer = vec![0; bad.after];
    let mut seen = 0;
    while seen < bad.after {
        let read = from.read(&mut buffer[..bad.after - seen]).await?;
        if read == 0 {
            return Ok(());
        }
        to.write_all(&buffer[..read]).await?;
        seen += read;
        wire.passed.store(seen, Relaxed);
    }
    wire.lurking.store(false, Relaxed);
    match bad.rest {
        Rest::Nothing => Ok(()),
        Rest::Noise => {
            to.write_all(b"\x00]]>]]>\n#0\n<rpc-reply/>").await?;
            tokio::io::copy(from, to).await.map(drop)
        }
        Rest::Endless => {
            to.write_all(b"\n#4294967295\n<rpc-reply>").await?;
            loop {
                to.write_all(&[b'x'; 1 << 14]).await?;
            }
        }
    }
}
