//! Opening sessions: a socket, who answers, and what it is.

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use futures_util::{FutureExt as _, future::BoxFuture};
use mercury_adapter::{
    Budget, ConnectError, ConnectFault, Connector, ErrorTag, JsonProblem, Lost, OvsdbDialect, Presented, Probe,
    Session, Share, json as counted, off_worker,
};
use mercury_tls::{TlsOptions, Trust};
use serde_json::json;
use tokio::{net::UnixStream, time::timeout};

use crate::{
    client::{Client, Reply},
    probe,
    rows::{DATABASE_TABLE, Row},
    session::OvsdbSession,
    transaction::{DATABASE, Failed, Transaction},
};

/// Where a server listens.
#[derive(Clone, Debug)]
pub enum Endpoint {
    /// A socket in the file system of this machine.
    Unix(PathBuf),
    /// TCP.
    Tcp {
        /// A host name or an IP address.
        address: String,
        /// The port.
        port: u16,
        /// Encryption; without it everything travels readable.
        tls: Option<TlsOptions>,
    },
}

/// How to reach one database. Files are read by whoever makes it, before each connection.
#[derive(Clone, Debug)]
pub struct OvsdbOptions {
    /// Where it is.
    pub endpoint: Endpoint,
    /// How long connecting may take, and each of what follows.
    pub connect_timeout: Duration,
    /// After how long a silent connection is probed (TCP keepalive); 4 s or more.
    pub keepalive: Duration,
    /// Bridges of somebody else, by name, that may be changed all the same.
    pub bridges: Vec<String>,
    /// What answers may take of the memory.
    pub budget: Budget,
}

/// Opens sessions with one database.
#[derive(Debug)]
pub struct OvsdbConnector<F> {
    dial: F,
    dialect: Arc<OvsdbDialect>,
}

impl<F> OvsdbConnector<F> {
    /// `dial` is asked for the options before each connection.
    pub const fn new(dial: F, dialect: Arc<OvsdbDialect>) -> Self {
        Self { dial, dialect }
    }
}

impl<F> Connector for OvsdbConnector<F>
where
    F: Fn() -> Result<OvsdbOptions, ConnectError> + Send + Sync,
{
    fn connect(&self) -> BoxFuture<'_, Result<Box<dyn Session>, ConnectError>> {
        async move {
            let options = (self.dial)()?;
            let client = client(&options).await?;
            let OvsdbOptions { bridges, budget, connect_timeout, .. } = options;
            let session = session(client, &self.dialect, bridges.into(), budget, connect_timeout).await?;
            Ok(Box::new(session) as Box<dyn Session>)
        }
        .boxed()
    }

    fn presented(&self) -> BoxFuture<'_, Result<Option<Presented>, ConnectError>> {
        async move {
            let options = (self.dial)()?;
            let Endpoint::Tcp { address, port, tls: Some(tls) } = options.endpoint else { return Ok(None) };
            // Nothing is said behind the handshake.
            let tls = TlsOptions { trust: Trust::Insecure, identity: None, ..tls };
            let within = options.connect_timeout;
            let socket = mercury_tls::reach(&address, port, options.keepalive, within).await?;
            let stream = mercury_tls::secure(socket, &address, &tls, &[], within).await?;
            mercury_tls::presented(&stream).map(Some)
        }
        .boxed()
    }

    fn probe(&self) -> BoxFuture<'_, Result<Probe, ConnectError>> {
        async move {
            let options = (self.dial)()?;
            let mut client = client(&options).await?;
            let announced = announced(&mut client, options.connect_timeout).await?;
            let facts = probe::facts(&mut client, &options).await?;
            Ok(Probe { facts, announced, entry: Vec::new() })
        }
        .boxed()
    }
}

/// A client on a connection.
async fn client(options: &OvsdbOptions) -> Result<Client, ConnectError> {
    let (budget, within) = (options.budget.clone(), options.connect_timeout);
    match &options.endpoint {
        Endpoint::Unix(path) => {
            let late = |_| io::Error::from(io::ErrorKind::TimedOut);
            let made = timeout(within, UnixStream::connect(path)).await.map_err(late).flatten();
            made.map(|stream| Client::over(stream, budget)).map_err(|error| ConnectError {
                fault: ConnectFault::unconnected(&error),
                message: format!("{}: {error}", path.display()),
            })
        }
        Endpoint::Tcp { address, port, tls } => {
            let socket = mercury_tls::reach(address, *port, options.keepalive, within).await?;
            let Some(tls) = tls else {
                tracing::warn!(address, "the connection is not encrypted, as the entry says");
                return Ok(Client::over(socket, budget));
            };
            Ok(Client::over(mercury_tls::secure(socket, address, tls, &[], within).await?, budget))
        }
    }
}

/// A session over a connection that is there.
///
/// # Errors
/// It does not answer, or is no Open vSwitch.
pub(crate) async fn session(
    mut client: Client,
    dialect: &Arc<OvsdbDialect>,
    bridges: Arc<[String]>,
    budget: Budget,
    within: Duration,
) -> Result<OvsdbSession, ConnectError> {
    let announced = announced(&mut client, within).await?;
    Ok(OvsdbSession::new(client, Arc::clone(dialect), bridges, announced, budget))
}

/// What the server says that it is.
async fn announced(client: &mut Client, within: Duration) -> Result<Vec<String>, ConnectError> {
    let protocol = |message: String| ConnectError { fault: ConnectFault::Protocol, message };
    let mut transaction = Transaction::default();
    transaction.select(DATABASE_TABLE, &[], &["ovs_version", "db_version"]);
    let (aware, none, params) = (json!([true]), json!([]), transaction.params());
    let requests = [("set_db_change_aware", &aware), ("list_dbs", &none), ("transact", &params)];
    // A server before 2.9 does not know the first, and does not need it.
    let [_, databases, answer] = client.ask_all(requests, within).await.map_err(|lost| lost_error(&lost))?;
    let Reply { text, mut share } = databases.map_err(|error| protocol(format!("list_dbs: {error}")))?;
    let names = aside(text.len(), move || names(&text, &mut share)).await??;
    if !names.iter().any(|name| name == DATABASE) {
        return Err(protocol(format!("there is no database {DATABASE}, but {}", names.join(", "))));
    }
    let Reply { text, mut share } = answer.map_err(|error| protocol(format!("transact: {error}")))?;
    let first = aside(text.len(), move || {
        let rows = transaction.rows_as(&text, &mut share, Row::counted).map_err(|failed| failed_error(&failed))?;
        Ok(rows.into_iter().flatten().next())
    });
    let row = first.await??;
    let row = row.ok_or_else(|| protocol(format!("the database {DATABASE} was never initialised")))?;
    let said = |column: &str| {
        let text = row.text(column).ok().flatten();
        text.unwrap_or("of unknown version").to_owned()
    };
    Ok(vec![format!("Open vSwitch {}", said("ovs_version")), format!("schema {DATABASE} {}", said("db_version"))])
}

/// What is made of a text of so many octets, which may be as many as a reply may have.
pub(crate) async fn aside<T: Send + 'static>(
    octets: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ConnectError> {
    off_worker(octets, work).await.map_err(|unfinished| lost_error(&Lost::Closed(unfinished.to_string())))
}

/// The names of databases.
fn names(text: &str, share: &mut Share) -> Result<Vec<String>, ConnectError> {
    let odd = |what: String| ConnectError {
        fault: ConnectFault::Protocol,
        message: format!("list_dbs: the answer is no list of names{what}"),
    };
    let listed = counted(text.as_bytes(), share).map_err(|problem| match problem {
        JsonProblem::NoRoom(error) => lost_error(&Lost::NoRoom(error.to_string())),
        JsonProblem::Malformed(error) => odd(format!(": {error}")),
    })?;
    let all = listed.as_array().and_then(|all| all.iter().map(|name| name.as_str().map(str::to_owned)).collect());
    all.ok_or_else(|| odd(String::new()))
}

/// Of a transaction that only reads.
pub(crate) fn failed_error(failed: &Failed) -> ConnectError {
    let fault = match failed {
        Failed::NoRoom(error) => return lost_error(&Lost::NoRoom(error.to_string())),
        _ if failed.rpc_error().tag == ErrorTag::AccessDenied => ConnectFault::Credentials,
        _ => ConnectFault::Protocol,
    };
    ConnectError { fault, message: failed.to_string() }
}

/// Of a session that was lost before it began.
pub(crate) fn lost_error(lost: &Lost) -> ConnectError {
    let fault = match lost {
        Lost::Timeout(_) | Lost::Closed(_) => ConnectFault::Unreachable,
        Lost::NoRoom(_) => ConnectFault::Busy,
        Lost::Protocol(_) => ConnectFault::Protocol,
    };
    ConnectError { fault, message: lost.to_string() }
}
