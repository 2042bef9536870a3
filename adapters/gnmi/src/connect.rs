//! Opening sessions: TLS, credentials, and what the target says it can do.

use std::{error::Error as _, sync::Arc, time::Duration};

use futures_util::{FutureExt as _, future::BoxFuture};
use mercury_adapter::{
    Budget, ConnectError, ConnectFault, Connector, GnmiDialect, GnmiEncoding, LeafValues, Lost, MAX_REPLY,
    ModuleSource, PathPrefixes, Presented, Probe, Reading, Session,
};
use mercury_model::Scope;
use mercury_tls::{TlsOptions, Trust};
use secrecy::SecretString;
use tonic::{Code, Status};

use crate::{
    announced::Announced,
    client::Client,
    modules::Models,
    probe,
    request::Asked,
    session::{GnmiSession, Learned},
    status::{self, Failure},
    transport::Transport,
};

/// How to reach one target. Secrets are resolved and files are read by whoever
/// makes it, before each connection.
#[derive(Clone, Debug)]
pub struct GnmiOptions {
    /// A host name or an IP address.
    pub address: String,
    /// TCP port.
    pub port: u16,
    /// The user, sent as the metadata key `username`.
    pub username: Option<String>,
    /// The password, sent as the metadata key `password`.
    pub password: Option<SecretString>,
    /// Encryption; without it everything travels readable.
    pub tls: Option<TlsOptions>,
    /// How long connecting, TLS and Capabilities may take, each.
    pub connect_timeout: Duration,
    /// After how long a silent connection is probed (TCP keepalive); 4 s or more.
    pub keepalive: Duration,
    /// Octets one answer may have, also if it comes in many messages.
    pub max_reply: usize,
    /// What answers may take of the memory.
    pub budget: Budget,
    /// How values are written, in place of what the dialect or the target says.
    pub encoding: Option<GnmiEncoding>,
    /// `origin` of paths, in place of the dialect's; empty leaves it unset.
    pub origin: Option<String>,
    /// `target` of prefixes, in place of the dialect's; empty leaves it unset.
    pub target: Option<String>,
    /// Which path elements name their module, in place of what the dialect says.
    pub path_prefixes: Option<PathPrefixes>,
    /// What the value of a leaf is, in place of what the dialect says, and of what
    /// `encoding` does.
    pub leaf_values: Option<LeafValues>,
    /// How to read, in place of what the dialect says.
    pub reading: Option<Reading>,
    /// Whether to use the commit-confirmed extension, if the target knows it.
    pub commit_confirmed: bool,
}

impl GnmiOptions {
    /// How requests are to be put.
    pub(crate) fn asked(&self) -> Asked<'_> {
        Asked {
            encoding: self.encoding,
            origin: self.origin.as_deref(),
            target: self.target.as_deref(),
            path_prefixes: self.path_prefixes,
            leaf_values: self.leaf_values,
        }
    }

    /// Options with every default, for an encrypted connection that trusts the
    /// system's roots.
    #[must_use]
    pub fn new(address: impl Into<String>, port: u16) -> Self {
        Self {
            address: address.into(),
            port,
            username: None,
            password: None,
            tls: Some(TlsOptions { trust: crate::Trust::System, server_name: None, identity: None }),
            connect_timeout: Duration::from_secs(10),
            keepalive: Duration::from_secs(15),
            max_reply: MAX_REPLY,
            budget: Budget::shared(),
            encoding: None,
            origin: None,
            target: None,
            path_prefixes: None,
            leaf_values: None,
            reading: None,
            commit_confirmed: false,
        }
    }
}

/// Opens gNMI sessions with one target.
pub struct GnmiConnector<F> {
    dial: Arc<F>,
    dialect: Arc<GnmiDialect>,
    instance: String,
    learned: Arc<Learned>,
}

impl<F> GnmiConnector<F> {
    /// `dial` is asked for the options before each connection; `instance`
    /// takes the place of the dialect's network instance.
    pub fn new(dial: F, dialect: Arc<GnmiDialect>, instance: Option<String>) -> Self {
        let instance = instance.unwrap_or_else(|| dialect.network_instance.clone());
        Self { dial: Arc::new(dial), dialect, instance, learned: Arc::default() }
    }
}

impl<F> Connector for GnmiConnector<F>
where
    F: Fn() -> Result<GnmiOptions, ConnectError> + Send + Sync + 'static,
{
    fn connect(&self) -> BoxFuture<'_, Result<Box<dyn Session>, ConnectError>> {
        async move {
            let options = mercury_adapter::options(&self.dial).await?;
            let transport = Transport::connect(&options).await?;
            let (dialect, learned) = (Arc::clone(&self.dialect), Arc::clone(&self.learned));
            let session = open(transport, &options, dialect, self.instance.clone(), learned).await?;
            Ok(Box::new(session) as Box<dyn Session>)
        }
        .boxed()
    }

    fn presented(&self) -> BoxFuture<'_, Result<Option<Presented>, ConnectError>> {
        async move {
            let options = mercury_adapter::options(&self.dial).await?;
            let Some(tls) = options.tls else { return Ok(None) };
            // Nothing is said behind the handshake.
            let tls = Some(TlsOptions { trust: Trust::Insecure, identity: None, ..tls });
            let transport = Transport::connect(&GnmiOptions { tls, ..options }).await?;
            let pin = transport.certificate().map(|pin| mercury_tls::fingerprint(&pin));
            Ok(pin.map(|fingerprint| Presented { what: "certificate".to_owned(), fingerprint }))
        }
        .boxed()
    }

    fn modules(&self) -> BoxFuture<'_, Result<Option<Box<dyn ModuleSource>>, ConnectError>> {
        async move {
            let options = mercury_adapter::options(&self.dial).await?;
            let transport = Transport::connect(&options).await?;
            let announced = announced(&Client::new(transport, &options)?, &options).await?;
            Ok(Some(Box::new(Models::of(announced.as_deref())) as Box<dyn ModuleSource>))
        }
        .boxed()
    }

    fn shown<'a>(&'a self, scope: &'a Scope, timeout: Duration) -> BoxFuture<'a, Result<Option<String>, String>> {
        async move {
            let told = |error: ConnectError| error.to_string();
            let options = mercury_adapter::options(&self.dial).await.map_err(told)?;
            let transport = Transport::connect(&options).await.map_err(told)?;
            let (dialect, learned) = (Arc::clone(&self.dialect), Arc::clone(&self.learned));
            let session = open(transport, &options, dialect, self.instance.clone(), learned).await.map_err(told)?;
            session.shown(scope, timeout).await.map(Some)
        }
        .boxed()
    }

    fn probe(&self) -> BoxFuture<'_, Result<Probe, ConnectError>> {
        async move {
            let options = mercury_adapter::options(&self.dial).await?;
            let transport = Transport::connect(&options).await?;
            probe::probe(&Client::new(transport, &options)?, &options).await
        }
        .boxed()
    }
}

/// A session on a connection; asks what the target can do.
pub(crate) async fn open(
    transport: Transport,
    options: &GnmiOptions,
    dialect: Arc<GnmiDialect>,
    instance: String,
    learned: Arc<Learned>,
) -> Result<GnmiSession, ConnectError> {
    let client = Client::new(transport, options)?;
    let announced = announced(&client, options).await?;
    Ok(GnmiSession::new(client, options, dialect, instance, announced.as_deref(), learned))
}

/// What the target announces; nothing where it does not know the call, which
/// some do not (lemming).
pub(crate) async fn announced(client: &Client, options: &GnmiOptions) -> Result<Option<Announced>, ConnectError> {
    match client.capabilities(options.connect_timeout).await {
        Ok(announced) => Ok(Some(announced)),
        Err(refused) if refused.code() == Code::Unimplemented => Ok(None),
        Err(refused) => Err(refusal(client, "Capabilities", &refused).await),
    }
}

async fn refusal(client: &Client, what: &str, refused: &Status) -> ConnectError {
    // The connection's error, not the target's answer.
    if refused.source().is_some()
        && let Some(end) = client.transport().end().await
    {
        return ConnectError { message: format!("{what}: {}", end.message), ..end };
    }
    let fault = match (status::failure(refused, Duration::ZERO), refused.code()) {
        (Failure::Lost(Lost::Timeout(_) | Lost::Closed(_)), _) => ConnectFault::Unreachable,
        (Failure::Lost(Lost::NoRoom(_)), _) | (Failure::Refused(_), Code::ResourceExhausted) => ConnectFault::Busy,
        (_, Code::Unauthenticated | Code::PermissionDenied) => ConnectFault::Credentials,
        _ => ConnectFault::Protocol,
    };
    ConnectError { fault, message: format!("{what}: {}", status::error(refused)) }
}
