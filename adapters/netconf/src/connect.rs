//! Opening sessions: SSH, hello, and what was announced.

use std::{error::Error, sync::Arc};

use futures_util::{FutureExt, future::BoxFuture};
use mercury_adapter::{ConnectError, ConnectFault, Connector, NetconfDialect, Session};

use crate::{
    client::{Client, ClientOptions, OpenError},
    session::NetconfSession,
    ssh::{self, SshError, SshOptions},
};

/// Opens NETCONF sessions with one switch over SSH.
pub struct NetconfConnector<F> {
    dial: F,
    client: ClientOptions,
    dialect: Arc<NetconfDialect>,
    instance: String,
}

impl<F> NetconfConnector<F> {
    /// `dial` is asked for the SSH options before each connection; `instance`
    /// takes the place of the dialect's network instance.
    pub fn new(dial: F, client: ClientOptions, dialect: Arc<NetconfDialect>, instance: Option<String>) -> Self {
        let instance = instance.unwrap_or_else(|| dialect.network_instance.clone());
        Self { dial, client, dialect, instance }
    }
}

impl<F> Connector for NetconfConnector<F>
where
    F: Fn() -> Result<SshOptions, ConnectError> + Send + Sync,
{
    fn connect(&self) -> BoxFuture<'_, Result<Box<dyn Session>, ConnectError>> {
        async move {
            let options = (self.dial)()?;
            let stream = ssh::connect(&options).await.map_err(|error| refused(&error))?;
            let client = Client::connect(stream, self.client.clone()).await.map_err(|error| no_hello(&error))?;
            let instance = self.instance.clone();
            let mut session = NetconfSession::new(client, &self.dialect, instance, self.client.pipelining)
                .map_err(|error| ConnectError { fault: ConnectFault::Protocol, message: error.to_string() })?;
            session
                .learn(self.client.hello_timeout)
                .await
                .map_err(|lost| ConnectError { fault: ConnectFault::Unreachable, message: lost.to_string() })?;
            Ok(Box::new(session) as Box<dyn Session>)
        }
        .boxed()
    }
}

fn refused(error: &SshError) -> ConnectError {
    let fault = match error {
        SshError::Resolve { .. } | SshError::Connect { .. } => ConnectFault::unconnected(error),
        SshError::Timeout(_) | SshError::HungUp(_) => ConnectFault::Unreachable,
        SshError::HostKeyUnknown(_)
        | SshError::HostKeyChanged(_)
        | SshError::HostKeyRevoked(_)
        | SshError::KnownHosts { .. } => ConnectFault::HostKey,
        SshError::KeyFile { .. } | SshError::AuthRejected { .. } => ConnectFault::Credentials,
        SshError::SubsystemRefused { .. } | SshError::NoCommonAlgorithm { .. } | SshError::Protocol(_) => {
            ConnectFault::Protocol
        }
    };
    ConnectError { fault, message: chain(error) }
}

fn no_hello(error: &OpenError) -> ConnectError {
    let fault = match error {
        OpenError::Timeout(_) | OpenError::Closed | OpenError::Io(_) => ConnectFault::Unreachable,
        OpenError::Protocol(_) => ConnectFault::Protocol,
    };
    ConnectError { fault, message: chain(error) }
}

/// An error and its causes in one line.
fn chain(error: &dyn Error) -> String {
    let (mut text, mut cause) = (error.to_string(), error.source());
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
