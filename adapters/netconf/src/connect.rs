//! Opening sessions: a stream, hello, and what was announced.

use std::{sync::Arc, time::Duration};

use futures_util::{FutureExt, future::BoxFuture};
use mercury_adapter::{
    ConnectError, ConnectFault, Connector, Kept, ModuleSource, NetconfDialect, Presented, Probe, Session, Step,
};
use mercury_model::Scope;

use crate::{
    carrier::{Carried, Carrier, Duplex},
    client::{Client, ClientOptions, OpenError},
    modules::{FAREWELL, NetconfModules},
    operation::{Store, get_config},
    session::NetconfSession,
};

/// Opens NETCONF sessions with one switch.
pub struct NetconfConnector {
    carrier: Box<dyn Carrier>,
    client: ClientOptions,
    dialect: Arc<NetconfDialect>,
    instance: String,
}

impl NetconfConnector {
    /// `carrier` brings each session's stream; `instance` takes the place of the
    /// dialect's network instance.
    pub fn new(
        carrier: Box<dyn Carrier>,
        client: ClientOptions,
        dialect: Arc<NetconfDialect>,
        instance: Option<String>,
    ) -> Self {
        let instance = instance.unwrap_or_else(|| dialect.network_instance.clone());
        Self { carrier, client, dialect, instance }
    }

    async fn greeted(&self) -> Result<Client<Box<dyn Duplex>>, ConnectError> {
        self.greeted_on(self.carrier.carry().await?).await
    }

    async fn greeted_on(&self, carried: Carried) -> Result<Client<Box<dyn Duplex>>, ConnectError> {
        let greeted = Client::connect(carried.stream, self.client.clone()).await;
        greeted.map_err(|error| carried.complaint.told().unwrap_or_else(|| no_hello(&error)))
    }

    async fn open(&self) -> Result<NetconfSession<Box<dyn Duplex>>, ConnectError> {
        self.opened(self.greeted().await?).await
    }

    /// A second channel that is opened and says nothing, or ends, is none.
    async fn open_beside(&self) -> Result<Option<NetconfSession<Box<dyn Duplex>>>, ConnectError> {
        while let Some(carried) = self.carrier.carry_beside().await? {
            let shared = carried.shared.clone();
            match (self.greeted_on(carried).await, shared) {
                (Ok(client), _) => return self.opened(client).await.map(Some),
                (Err(error), Some(channels)) => channels.are_refused(&error),
                (Err(error), None) => return Err(error),
            }
        }
        Ok(None)
    }

    async fn opened(&self, client: Client<Box<dyn Duplex>>) -> Result<NetconfSession<Box<dyn Duplex>>, ConnectError> {
        let instance = self.instance.clone();
        let mut session = NetconfSession::new(client, &self.dialect, instance, self.client.pipelining)
            .map_err(|error| ConnectError { fault: ConnectFault::Protocol, message: error.to_string() })?;
        session
            .learn(self.client.hello_timeout)
            .await
            .map_err(|lost| ConnectError { fault: ConnectFault::Unreachable, message: lost.to_string() })?;
        Ok(session)
    }
}

impl Connector for NetconfConnector {
    fn connect(&self) -> BoxFuture<'_, Result<Box<dyn Session>, ConnectError>> {
        async move { Ok(Box::new(self.open().await?) as Box<dyn Session>) }.boxed()
    }

    fn connect_beside(&self) -> BoxFuture<'_, Result<Option<Box<dyn Session>>, ConnectError>> {
        async move {
            let session = self.open_beside().await?;
            Ok(session.map(|session| Box::new(session) as Box<dyn Session>))
        }
        .boxed()
    }

    fn presented(&self) -> BoxFuture<'_, Result<Option<Presented>, ConnectError>> {
        async move { Ok(Some(self.carrier.presented().await?)) }.boxed()
    }

    /// Also of a server that cannot be configured.
    fn modules(&self) -> BoxFuture<'_, Result<Option<Box<dyn ModuleSource>>, ConnectError>> {
        async move { Ok(Some(Box::new(NetconfModules::new(self.greeted().await?)) as Box<dyn ModuleSource>)) }.boxed()
    }

    fn text(&self, kept: Kept, timeout: Duration) -> BoxFuture<'_, Result<Option<String>, String>> {
        let store = match kept {
            Kept::Running => Store::Running,
            Kept::Candidate => Store::Candidate,
            Kept::Startup => Store::Startup,
        };
        async move {
            let mut client = self.greeted().await.map_err(|error| error.to_string())?;
            let read = client.flight(&[get_config(store, Vec::new(), None)], timeout).await;
            if let Err(error) = client.close(FAREWELL).await {
                tracing::debug!(%error, "the server did not answer the farewell");
            }
            let reply = read.map_err(|error| error.to_string())?.into_iter().next();
            let reply = reply.ok_or("there was no answer")?;
            match (reply.errors.first(), reply.data) {
                (Some(error), _) => Err(error.to_string()),
                (None, Some(data)) => Ok(Some(data.as_str().to_owned())),
                (None, None) => Err("there is no data in the answer".to_owned()),
            }
        }
        .boxed()
    }

    /// Tries whether it takes a request before it has answered the last one.
    fn probe(&self) -> BoxFuture<'_, Result<Probe, ConnectError>> {
        async move {
            let mut session = Box::new(self.open().await?);
            let announced = session.capabilities().announced.clone();
            let mut found = Probe { announced: announced.to_vec(), ..Probe::default() };
            if !self.client.pipelining {
                session.close().await;
                return Ok(found);
            }
            let harmless = [Step::Read(Scope::all()), Step::Read(Scope::all())];
            let at_once = session.flight(&harmless, self.client.hello_timeout).await.lost;
            session.close().await;
            if at_once.is_some() {
                let mut session = Box::new(self.open().await?);
                session.ask_one_by_one();
                if session.flight(&harmless, self.client.hello_timeout).await.lost.is_none() {
                    found.entry.push(("pipelining".to_owned(), "false".to_owned()));
                }
                session.close().await;
            }
            let told = at_once.map_or_else(|| "answered".to_owned(), |lost| lost.to_string());
            found.facts.push(("two requests at once".to_owned(), told));
            Ok(found)
        }
        .boxed()
    }
}

fn no_hello(error: &OpenError) -> ConnectError {
    let fault = match error {
        OpenError::Timeout(_) | OpenError::Closed | OpenError::Io(_) => ConnectFault::Unreachable,
        OpenError::Protocol(_) => ConnectFault::Protocol,
    };
    ConnectError { fault, message: mercury_adapter::chain(error) }
}
