//! Opening sessions.

use std::{sync::Arc, time::Duration};

use futures_util::{FutureExt as _, future::BoxFuture};
use mercury_adapter::{
    ConnectError, ConnectFault, Connector, ErrorTag, Lost, NvueDialect, Presented, Probe, Session, chain,
};
use mercury_http::{HttpClient, HttpOptions};
use serde_json::Value;

use super::{
    Client, Failure, NvueSession,
    client::{Answered, ROOT},
};

/// How to reach one target.
#[derive(Clone, Debug)]
pub struct NvueOptions {
    /// The way there, and who Mercury is.
    pub http: HttpOptions,
}

/// Opens sessions with one switch's REST server.
pub struct NvueConnector<F> {
    dial: Arc<F>,
    dialect: Arc<NvueDialect>,
}

impl<F> NvueConnector<F> {
    /// `dial` is asked for the options before each connection.
    pub fn new(dial: F, dialect: Arc<NvueDialect>) -> Self {
        Self { dial: Arc::new(dial), dialect }
    }
}

impl<F> NvueConnector<F>
where
    F: Fn() -> Result<NvueOptions, ConnectError> + Send + Sync + 'static,
{
    async fn open(&self) -> Result<NvueSession, ConnectError> {
        let options = mercury_adapter::options(&self.dial).await?;
        let within = options.http.connect_timeout;
        let client = Client::new(HttpClient::open(Arc::new(options.http)).await?);
        session(client, &self.dialect, within).await
    }
}

/// A session on a connection, once the server has let us in.
async fn session(
    mut client: Client,
    dialect: &Arc<NvueDialect>,
    within: Duration,
) -> Result<NvueSession, ConnectError> {
    let failed = |fault, message| Err(ConnectError { fault, message });
    match client.revision("applied", within).await {
        Ok(_) => Ok(NvueSession::new(client, Arc::clone(dialect))),
        Err(failure) if failure.is_missing() => {
            failed(ConnectFault::Protocol, format!("there is no NVUE at {ROOT:?}: it shows no applied revision"))
        }
        Err(Failure::Refused(refusal)) => {
            let denied = refusal.errors().iter().any(|error| error.tag == ErrorTag::AccessDenied);
            let fault = if denied { ConnectFault::Credentials } else { ConnectFault::Protocol };
            failed(fault, format!("the target did not let us in: {refusal}"))
        }
        Err(Failure::Lost(lost)) => Err(client.http().complaint().unwrap_or_else(|| {
            let fault = match &lost {
                Lost::Timeout(_) | Lost::Protocol(_) => ConnectFault::Protocol,
                Lost::NoRoom(_) => ConnectFault::Busy,
                Lost::Closed(_) => ConnectFault::Unreachable,
            };
            ConnectError { fault, message: chain(&lost) }
        })),
    }
}

impl<F> Connector for NvueConnector<F>
where
    F: Fn() -> Result<NvueOptions, ConnectError> + Send + Sync + 'static,
{
    fn connect(&self) -> BoxFuture<'_, Result<Box<dyn Session>, ConnectError>> {
        async move { Ok(Box::new(self.open().await?) as Box<dyn Session>) }.boxed()
    }

    fn probe(&self) -> BoxFuture<'_, Result<Probe, ConnectError>> {
        async move {
            let within = mercury_adapter::options(&self.dial).await?.http.connect_timeout;
            let mut session = self.open().await?;
            let mut facts = vec![("root".to_owned(), ROOT.to_owned())];
            // What it is called is for people; who may not ask does without.
            if let Ok(Answered { value, .. }) = session.client().get("/system", within).await {
                let said = ["build", "product-name", "product-release", "platform"];
                let told = said.iter().filter_map(|name| Some((name, value.get(name).and_then(Value::as_str)?)));
                facts.extend(told.map(|(name, text)| ((*name).to_owned(), crate::judge::words(text))));
            }
            Ok(Probe { facts, announced: Vec::new(), entry: Vec::new() })
        }
        .boxed()
    }

    fn presented(&self) -> BoxFuture<'_, Result<Option<Presented>, ConnectError>> {
        async move { mercury_adapter::options(&self.dial).await?.http.presented().await }.boxed()
    }
}
