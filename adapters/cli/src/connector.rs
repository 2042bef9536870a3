//! Opening sessions: SSH or TELNET, the prompt, and the terminal made ready.

use std::{sync::Arc, time::Duration};

use futures_util::{FutureExt as _, future::BoxFuture};
use mercury_adapter::{
    Budget, CliDialect, CliSession, CliTransport, ConnectError, ConnectFault, Connector, Lost, Presented, Session,
    chain,
};
use mercury_ssh::SshOptions;
use secrecy::SecretString;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::timeout,
};

use crate::{
    exec::Exec,
    prompt::Secrets,
    release,
    session::LineSession,
    sh::Sh,
    shell::{Shell, ShellError},
    telnet::{self, TelnetOptions},
    transcript::{self, Recording},
    wire::Wire,
};

/// Octets that a switch may say before it is ready: a banner, and what comes of lines that prepare
/// its terminal.
const MAX_GREETING: usize = 1 << 20;

/// How a switch is reached.
#[derive(Clone, Debug)]
pub struct CliOptions {
    /// The way there.
    pub way: CliWay,
    /// What lets in where configuration is.
    pub enable: Option<SecretString>,
    /// Time from the open shell to its prompt, in the mode that shows configuration.
    pub prompt_timeout: Duration,
    /// What answers may take of the memory.
    pub budget: Budget,
}

/// What its lines are carried by.
#[derive(Clone, Debug)]
pub enum CliWay {
    /// SSH.
    Ssh(SshOptions),
    /// TELNET, which nothing protects.
    Telnet(TelnetOptions),
}

/// Opens sessions at one switch's command line.
pub struct CliConnector<F> {
    dial: Arc<F>,
    dialect: Arc<CliDialect>,
}

impl<F> CliConnector<F> {
    /// `dial` is asked for the options before each connection.
    pub fn new(dial: F, dialect: Arc<CliDialect>) -> Self {
        Self { dial: Arc::new(dial), dialect }
    }
}

impl<F> CliConnector<F>
where
    F: Fn() -> Result<CliOptions, ConnectError> + Send + Sync + 'static,
{
    /// Reads the switch in a session of its own, whose dialect has this name, in that time,
    /// and keeps what is said.
    ///
    /// # Errors
    /// No session could be opened.
    pub async fn record(&self, name: &str, timeout: Duration) -> Result<Recording, ConnectError> {
        let options = mercury_adapter::options(&self.dial).await?;
        let wire = self.wire(&options).await?;
        Ok(transcript::record(wire, name, &self.dialect, options.budget, timeout).await)
    }

    async fn open(&self) -> Result<LineSession, ConnectError> {
        let options = mercury_adapter::options(&self.dial).await?;
        let session = || async {
            let wire = self.wire(&options).await?;
            Ok::<_, ConnectError>(LineSession::new(wire, Arc::clone(&self.dialect), options.budget.clone()))
        };
        let mut first = session().await?;
        let Some(since) = release::asked(&first) else { return Ok(first) };
        let Err(lost) = first.asks_release(&since, options.prompt_timeout).await else { return Ok(first) };
        // What does not depend on the release is served all the same, by a session that is not asked.
        tracing::debug!(line = since.ask, error = chain(&lost), "the switch did not answer; logging in again");
        Session::close(Box::new(first)).await;
        let mut second = session().await?;
        second.has_unknown_release(&since, &chain(&lost));
        Ok(second)
    }

    async fn wire(&self, options: &CliOptions) -> Result<Box<dyn Wire>, ConnectError> {
        let session = &self.dialect.session;
        Ok(match (&options.way, session.transport) {
            (CliWay::Ssh(ssh), CliTransport::Exec) => {
                let commands = mercury_ssh::commands(ssh).await;
                Box::new(Exec::new(commands.map_err(|error| error.to_connect_error())?))
            }
            (CliWay::Ssh(ssh), CliTransport::Sh) => Box::new(sh(options, ssh).await?),
            (CliWay::Ssh(ssh), CliTransport::Shell) => {
                let stream = mercury_ssh::shell(ssh, session.columns).await;
                let stream = stream.map_err(|error| error.to_connect_error())?;
                Box::new(shell(options, session, (&ssh.username, ssh.password.as_ref()), stream).await?)
            }
            (CliWay::Telnet(telnet), CliTransport::Shell) => {
                let stream = telnet::connect(telnet, session.columns).await?;
                let session = telnet::asking(session);
                Box::new(shell(options, &session, (&telnet.username, telnet.password.as_ref()), stream).await?)
            }
            (CliWay::Telnet(_), CliTransport::Exec | CliTransport::Sh) => {
                let message = "its lines are commands, which TELNET does not carry".to_owned();
                return Err(ConnectError { fault: ConnectFault::Protocol, message });
            }
        })
    }
}

async fn sh(options: &CliOptions, ssh: &SshOptions) -> Result<Sh<mercury_ssh::SshStream>, ConnectError> {
    let stream = mercury_ssh::program(ssh, "sh").await.map_err(|error| error.to_connect_error())?;
    let mut share = options.budget.share(MAX_GREETING);
    let opened = timeout(options.prompt_timeout, Sh::open(stream, &mut share)).await;
    let opened = opened.unwrap_or(Err(Lost::Timeout(options.prompt_timeout)));
    opened.map_err(|lost| {
        let fault = match &lost {
            Lost::NoRoom(_) => ConnectFault::Busy,
            Lost::Timeout(_) | Lost::Protocol(_) | Lost::Closed(_) => ConnectFault::Protocol,
        };
        ConnectError { fault, message: format!("the program \"sh\" there is none of POSIX: {}", chain(&lost)) }
    })
}

async fn shell<S: AsyncRead + AsyncWrite + Unpin + Send>(
    options: &CliOptions,
    session: &Arc<CliSession>,
    (username, password): (&str, Option<&SecretString>),
    stream: S,
) -> Result<Shell<S>, ConnectError> {
    let secrets =
        Secrets { username: username.to_owned(), password: password.cloned(), enable: options.enable.clone() };
    let mut share = options.budget.share(MAX_GREETING);
    let opening = Shell::open(stream, session, secrets, &mut share);
    let opened = timeout(options.prompt_timeout, opening).await;
    let opened = opened.unwrap_or_else(|_| Err(ShellError::Lost(Lost::Timeout(options.prompt_timeout))));
    opened.map_err(|error| {
        let fault = match &error {
            ShellError::Login { .. } | ShellError::Enable { .. } => ConnectFault::Credentials,
            ShellError::Lost(Lost::Timeout(_) | Lost::Protocol(_)) => ConnectFault::Protocol,
            ShellError::Lost(Lost::NoRoom(_)) => ConnectFault::Busy,
            ShellError::Lost(Lost::Closed(_)) => ConnectFault::Unreachable,
        };
        ConnectError { fault, message: chain(&error) }
    })
}

impl<F> Connector for CliConnector<F>
where
    F: Fn() -> Result<CliOptions, ConnectError> + Send + Sync + 'static,
{
    fn connect(&self) -> BoxFuture<'_, Result<Box<dyn Session>, ConnectError>> {
        async move { Ok(Box::new(self.open().await?) as Box<dyn Session>) }.boxed()
    }

    fn presented(&self) -> BoxFuture<'_, Result<Option<Presented>, ConnectError>> {
        async move {
            // Over TELNET nothing proves who is there.
            let CliWay::Ssh(ssh) = mercury_adapter::options(&self.dial).await?.way else { return Ok(None) };
            let shown = mercury_ssh::presented(&ssh).await.map_err(|error| error.to_connect_error())?;
            Ok(Some(shown.into()))
        }
        .boxed()
    }
}
