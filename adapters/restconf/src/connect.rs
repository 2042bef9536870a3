//! Opening sessions: TLS, credentials, and what the target says it can do.

use std::{sync::Arc, time::Duration};

use futures_util::{FutureExt as _, future::BoxFuture};
use mercury_adapter::{Budget, ConnectError, Connector, MAX_REPLY, Presented, Probe, RestconfDialect, Session};
use mercury_tls::{Octets, TlsOptions, Trust};
use secrecy::SecretString;

use crate::{
    client::Client,
    connection::Connection,
    discovery::{discover, revisions},
    media::Media,
    session::RestconfSession,
};

/// How to reach one target. Secrets are resolved and files are read by whoever makes it,
/// before each connection.
#[derive(Clone, Debug)]
pub struct RestconfOptions {
    /// A host name or an IP address.
    pub address: String,
    /// TCP port.
    pub port: u16,
    /// The user of HTTP's basic authentication; `None` where a certificate says who Mercury
    /// is.
    pub username: Option<String>,
    /// The user's password.
    pub password: Option<SecretString>,
    /// Encryption; without it everything travels readable.
    pub tls: Option<TlsOptions>,
    /// Where the target's resources begin, such as `/restconf`; asked for when `None`.
    pub root: Option<String>,
    /// How long connecting, TLS and each of the first questions may take.
    pub connect_timeout: Duration,
    /// After how long a silent connection is probed (TCP keepalive); 4 s or more.
    pub keepalive: Duration,
    /// How long a target that is busy with another's change is asked again.
    pub lock_wait: Duration,
    /// Octets one answer may have.
    pub max_reply: usize,
    /// What answers may take of the memory.
    pub budget: Budget,
}

impl RestconfOptions {
    /// Options with every default, for an encrypted connection that trusts the system's
    /// roots.
    #[must_use]
    pub fn new(address: impl Into<String>, port: u16) -> Self {
        Self {
            address: address.into(),
            port,
            username: None,
            password: None,
            tls: Some(TlsOptions { trust: Trust::System, server_name: None, identity: None }),
            root: None,
            connect_timeout: Duration::from_secs(10),
            keepalive: Duration::from_secs(15),
            lock_wait: Duration::from_secs(30),
            max_reply: MAX_REPLY,
            budget: Budget::shared(),
        }
    }
}

/// Opens RESTCONF sessions with one target.
pub struct RestconfConnector<F> {
    dial: Arc<F>,
    dialect: Arc<RestconfDialect>,
    instance: String,
    media: Arc<Media>,
}

impl<F> RestconfConnector<F> {
    /// `dial` is asked for the options before each connection; `instance` takes the place of
    /// the dialect's network instance.
    pub fn new(dial: F, dialect: Arc<RestconfDialect>, instance: Option<String>) -> Self {
        let instance = instance.unwrap_or_else(|| dialect.network_instance.clone());
        Self { dial: Arc::new(dial), dialect, instance, media: Arc::default() }
    }
}

impl<F> RestconfConnector<F>
where
    F: Fn() -> Result<RestconfOptions, ConnectError> + Send + Sync + 'static,
{
    async fn open(&self) -> Result<RestconfSession, ConnectError> {
        let options = Arc::new(mercury_adapter::options(&self.dial).await?);
        let octets = Octets::default();
        let connection = Connection::open(&options, &octets).await?;
        let mut client = Client::new(connection, octets, &options, Arc::clone(&self.media))?;
        client.redials(Arc::clone(&options));
        session(client, &options, &self.dialect, self.instance.clone()).await
    }
}

/// A session with a target that is connected.
///
/// # Errors
/// The target did not let anybody in, or does not answer.
pub(crate) async fn session(
    mut client: Client,
    options: &RestconfOptions,
    dialect: &RestconfDialect,
    instance: String,
) -> Result<RestconfSession, ConnectError> {
    let within = options.connect_timeout;
    let offer = discover(&mut client, options.root.as_deref(), within).await?;
    let variant = if dialect.variants.is_empty() {
        Some(0)
    } else {
        let modules = revisions(&mut client, offer.fields(), within).await?;
        dialect.variant(|module| modules.get(module).cloned())
    };
    Ok(RestconfSession::new(client, dialect.of(variant), instance, offer, variant))
}

impl<F> Connector for RestconfConnector<F>
where
    F: Fn() -> Result<RestconfOptions, ConnectError> + Send + Sync + 'static,
{
    fn connect(&self) -> BoxFuture<'_, Result<Box<dyn Session>, ConnectError>> {
        async move { Ok(Box::new(self.open().await?) as Box<dyn Session>) }.boxed()
    }

    fn probe(&self) -> BoxFuture<'_, Result<Probe, ConnectError>> {
        async move {
            let session = self.open().await?;
            let announced = session.capabilities().announced.clone();
            let facts = session.facts();
            Ok(Probe { facts, announced, entry: Vec::new() })
        }
        .boxed()
    }

    fn presented(&self) -> BoxFuture<'_, Result<Option<Presented>, ConnectError>> {
        async move {
            let options = mercury_adapter::options(&self.dial).await?;
            let Some(tls) = options.tls else { return Ok(None) };
            // Nothing is said behind the handshake.
            let tls = TlsOptions { trust: Trust::Insecure, identity: None, ..tls };
            let within = options.connect_timeout;
            let socket = mercury_tls::reach(&options.address, options.port, options.keepalive, within).await?;
            let stream = mercury_tls::secure(socket, &options.address, &tls, &[b"http/1.1"], within).await?;
            mercury_tls::presented(&stream).map(Some)
        }
        .boxed()
    }
}
