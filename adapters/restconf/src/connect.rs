//! Opening sessions: TLS, credentials, and what the target says it can do.

use std::{sync::Arc, time::Duration};

use futures_util::{FutureExt as _, future::BoxFuture};
use mercury_adapter::{ConnectError, Connector, Presented, Probe, RestconfDialect, Session};
use mercury_http::{HttpClient, HttpOptions};

use crate::{
    client::Client,
    discovery::{discover, revisions},
    media::Media,
    session::RestconfSession,
};

/// How to reach one target.
#[derive(Clone, Debug)]
pub struct RestconfOptions {
    /// The way there, and who Mercury is.
    pub http: HttpOptions,
    /// Where the target's resources begin, such as `/restconf`; asked for when `None`.
    pub root: Option<String>,
    /// How long a target that is busy with another's change is asked again.
    pub lock_wait: Duration,
}

impl RestconfOptions {
    /// Options with every default, for an encrypted connection that trusts the system's
    /// roots.
    #[must_use]
    pub fn new(address: impl Into<String>, port: u16) -> Self {
        Self { http: HttpOptions::new(address, port), root: None, lock_wait: Duration::from_secs(30) }
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
        let options = mercury_adapter::options(&self.dial).await?;
        let http = HttpClient::open(Arc::new(options.http.clone())).await?;
        let client = Client::new(http, &options, Arc::clone(&self.media));
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
    let within = options.http.connect_timeout;
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
            let announced = session.capabilities().announced.to_vec();
            let facts = session.facts();
            Ok(Probe { facts, announced, entry: Vec::new() })
        }
        .boxed()
    }

    fn presented(&self) -> BoxFuture<'_, Result<Option<Presented>, ConnectError>> {
        async move { mercury_adapter::options(&self.dial).await?.http.presented().await }.boxed()
    }
}
