//! The way to etcd: the first member that answers, until it fails.

use std::{
    path::Path,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use etcd_client::{Certificate, Client, ConnectOptions, Error, GetOptions, Identity, TlsOptions};
use futures_util::{FutureExt as _, future::select_ok};
use secrecy::ExposeSecret as _;

use super::keys::Failure;
use crate::{
    config::Etcd,
    fault::{Fault, FaultKind},
};

/// How often the connection is tried while answers are due. etcd hangs up on
/// whoever tries more often than every 5 s.
const PING: Duration = Duration::from_secs(10);

/// How much of what etcd says is passed on, in characters.
const SAID: usize = 200;

/// A connection that is made when it is needed.
pub(crate) struct Connection {
    settings: Etcd,
    current: Mutex<Option<Connected>>,
    connecting: tokio::sync::Mutex<()>,
}

#[derive(Clone)]
struct Connected {
    client: Client,
    number: u64,
}

/// A failure of the coordinator.
pub(crate) fn fault(message: impl std::fmt::Display) -> Fault {
    Fault::new(FaultKind::Coordinator, format!("etcd: {message}"))
}

impl Connection {
    pub(crate) fn new(settings: Etcd) -> Self {
        Self { settings, current: Mutex::new(None), connecting: tokio::sync::Mutex::new(()) }
    }

    pub(crate) const fn settings(&self) -> &Etcd {
        &self.settings
    }

    /// Asks, connecting first if need be, in the time that the settings allow
    /// for it all.
    pub(crate) async fn ask<T, F>(&self, question: impl FnOnce(Client) -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Error>>,
    {
        self.ask_within(self.settings.timeout, question).await
    }

    /// The same, in at most this time. Whatever comes of it, another member is
    /// looked for after a failure.
    pub(super) async fn ask_within<T, F>(
        &self,
        limit: Duration,
        question: impl FnOnce(Client) -> F,
    ) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let mut used = None;
        let asked = async {
            let connected = self.connected().await?;
            used = Some(connected.number);
            question(connected.client).await.map_err(|error| failure(&error))
        };
        let answer = tokio::time::timeout(limit, asked).await.unwrap_or_else(|_| Err(self.silence(limit).into()));
        if let (Err(Failure { gone: false, .. }), Some(number)) = (&answer, used) {
            self.current().take_if(|current| current.number == number);
        }
        answer
    }

    /// A client for what takes as long as it takes.
    pub(crate) async fn client(&self) -> Result<Client, Fault> {
        let connected = tokio::time::timeout(self.settings.timeout, self.connected());
        Ok(connected.await.unwrap_or_else(|_| Err(self.silence(self.settings.timeout)))?.client)
    }

    async fn connected(&self) -> Result<Connected, Fault> {
        if let Some(connected) = self.current().clone() {
            return Ok(connected);
        }
        let _alone = self.connecting.lock().await;
        if let Some(connected) = self.current().clone() {
            return Ok(connected);
        }
        let options = self.options().await?;
        let tries = self.settings.endpoints.iter().map(|endpoint| self.connect(endpoint, options.clone()).boxed());
        let (decided, _) = select_ok(tries).await?;
        let connected = Connected { client: decided?, number: rand() };
        *self.current() = Some(connected.clone());
        Ok(connected)
    }

    fn current(&self) -> std::sync::MutexGuard<'_, Option<Connected>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One member, once it has shown that it can answer for all of them: reading
    /// a key takes a majority, and the permission to. What is refused by one is
    /// refused by all, so that decides too.
    async fn connect(&self, endpoint: &str, mut options: ConnectOptions) -> Result<Result<Client, Fault>, Fault> {
        if endpoint.starts_with("https:") {
            options = options.with_tls(self.tls()?);
        }
        let answers = async {
            let mut client = Client::connect([endpoint], Some(options)).await?;
            client.get(format!("{}/", self.settings.prefix), Some(GetOptions::new().with_count_only())).await?;
            Ok(client)
        };
        answers.await.map(Ok).or_else(|error| {
            let fault = fault(format!("{endpoint}: {}", said(&error)));
            tracing::debug!(%fault, "this member of etcd does not serve");
            if is_refusal(&error) { Ok(Err(fault)) } else { Err(fault) }
        })
    }

    async fn options(&self) -> Result<ConnectOptions, Fault> {
        let options = ConnectOptions::new()
            .with_connect_timeout(self.settings.timeout)
            .with_keep_alive(PING, self.settings.timeout)
            .with_keep_alive_while_idle(false)
            .with_require_leader(true)
            .with_auto_token_refresh(true);
        let (Some(user), Some(password)) = (&self.settings.username, &self.settings.password) else {
            return Ok(options);
        };
        let password =
            password.obtain().await.map_err(|error| fault(format!("the password cannot be had: {error}")))?;
        Ok(options.with_user(user, password.expose_secret()))
    }

    fn tls(&self) -> Result<TlsOptions, Fault> {
        let tls = match &self.settings.ca {
            Some(ca) => TlsOptions::new().ca_certificate(Certificate::from_pem(read(ca)?)),
            None => TlsOptions::new().with_native_roots(),
        };
        let (Some(cert), Some(key)) = (&self.settings.cert, &self.settings.key) else { return Ok(tls) };
        let key = key.resolve().map_err(|error| fault(format!("the private key cannot be had: {error}")))?;
        Ok(tls.identity(Identity::from_pem(read(cert)?, key.expose_secret())))
    }

    fn silence(&self, limit: Duration) -> Fault {
        let (members, limit) = (self.settings.endpoints.join(", "), limit.as_millis());
        fault(format!("no answer within {limit} ms from {members}"))
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Fault> {
    std::fs::read(path).map_err(|error| fault(format!("{} cannot be read: {error}", path.display())))
}

fn failure(error: &Error) -> Failure {
    let gone = match error {
        Error::LeaseKeepAliveError(_) => true,
        Error::GRpcStatus(status) => status.message().contains("requested lease not found"),
        _ => false,
    };
    Failure::new(gone, fault(said(error)))
}

fn said(error: &Error) -> String {
    match error {
        Error::GRpcStatus(status) if status.message().is_empty() => status.code().to_string(),
        Error::GRpcStatus(status) => plain(status.message()),
        other => plain(&other.to_string()),
    }
}

/// Whether etcd has understood and does not want to.
fn is_refusal(error: &Error) -> bool {
    let Error::GRpcStatus(status) = error else { return false };
    // INVALID_ARGUMENT (a wrong password), PERMISSION_DENIED,
    // FAILED_PRECONDITION (a user where there are none), UNAUTHENTICATED.
    matches!(i32::from(status.code()), 3 | 7 | 9 | 16)
}

/// What somebody else wrote, fit for one line of ours.
pub(super) fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(SAID).collect()
}

/// A number that nobody else has.
pub(super) fn rand() -> u64 {
    use ring::rand::SecureRandom as _;
    let mut bytes = [0; 8];
    // Should the system have no random numbers, etcd refuses the second lease of one number.
    let _filled = ring::rand::SystemRandom::new().fill(&mut bytes);
    u64::from_le_bytes(bytes)
}
