//! What brings a session's octets: SSH (RFC 6242), TLS (RFC 7589), or whatever else a
//! stream can be had of.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use futures_util::{FutureExt, future::BoxFuture};
use mercury_adapter::{ConnectError, Presented, options};
use mercury_ssh::{SshOpener, SshOptions};
use mercury_tls::{Attentive, Complaint, TlsOptions, TlsStream, Trust};
use tokio::io::{AsyncRead, AsyncWrite};

/// Octets in both directions.
pub trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Duplex for S {}

/// A stream on which a server says hello next.
pub struct Carried {
    /// Its octets.
    pub(crate) stream: Box<dyn Duplex>,
    /// What TLS complains of at its end.
    pub(crate) complaint: Complaint,
    /// Where it is one of several on a connection.
    pub(crate) shared: Option<Channels>,
}

/// Whether a switch takes several sessions on one SSH connection, each in a channel of its
/// own, as far as was found out: it does until it has refused one. Some allow one, some
/// allow a second and leave it silent, or end both.
#[derive(Clone, Debug, Default)]
pub struct Channels(Arc<AtomicBool>);

impl Channels {
    /// Whether another may be tried.
    #[must_use]
    pub fn may_be(&self) -> bool {
        !self.0.load(Relaxed)
    }

    /// It does not, for this reason; remembered for as long as anybody has this.
    pub fn are_refused(&self, reason: &dyn fmt::Display) {
        if !self.0.swap(true, Relaxed) {
            tracing::info!(%reason, "the switch takes one session on an SSH connection; no second is tried on one again");
        }
    }
}

impl Carried {
    /// A stream whose end says all there is to say.
    pub fn plain(stream: impl Duplex + 'static) -> Self {
        Self { stream: Box::new(stream), complaint: Complaint::default(), shared: None }
    }

    /// A further channel of a connection, by what is known of those of its switch.
    pub fn channel(stream: impl Duplex + 'static, channels: &Channels) -> Self {
        Self { shared: Some(channels.clone()), ..Self::plain(stream) }
    }

    /// An encrypted one; a server of TLS 1.3 may still turn our certificate down.
    #[must_use]
    pub fn encrypted(stream: TlsStream) -> Self {
        let complaint = Complaint::default();
        Self { stream: Box::new(Attentive::new(stream, complaint.clone())), complaint, shared: None }
    }
}

impl fmt::Debug for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Carried").finish_non_exhaustive()
    }
}

/// Brings streams to one switch.
pub trait Carrier: Send + Sync {
    /// A new stream; bounded in time by the carrier's own settings.
    fn carry(&self) -> BoxFuture<'_, Result<Carried, ConnectError>>;

    /// Another one beside the last of [`Carrier::carry`], that goes on whatever becomes of this
    /// one; `None` where the switch lets Mercury have no other.
    fn carry_beside(&self) -> BoxFuture<'_, Result<Option<Carried>, ConnectError>> {
        async { Ok(None) }.boxed()
    }

    /// How the switch proves that it is the switch, whether or not that is believed;
    /// nobody logs in.
    fn presented(&self) -> BoxFuture<'_, Result<Presented, ConnectError>>;
}

/// SSH, with the options that are there when a stream is asked for.
pub struct OverSsh<F> {
    dial: Arc<F>,
    /// Of the connection that was made last.
    opener: Mutex<Option<SshOpener>>,
    channels: Channels,
}

impl<F> OverSsh<F> {
    /// `dial` is asked for the options, away from the runtime's workers, before each stream.
    pub fn new(dial: F) -> Self {
        Self { dial: Arc::new(dial), opener: Mutex::default(), channels: Channels::default() }
    }

    fn opener(&self) -> Option<SshOpener> {
        let opener = self.opener.lock().unwrap_or_else(PoisonError::into_inner).clone();
        opener.filter(|opener| self.channels.may_be() && !opener.is_closed())
    }
}

impl<F> Carrier for OverSsh<F>
where
    F: Fn() -> Result<SshOptions, ConnectError> + Send + Sync + 'static,
{
    fn carry(&self) -> BoxFuture<'_, Result<Carried, ConnectError>> {
        async move {
            let options = options(&self.dial).await?;
            let stream = mercury_ssh::connect(&options).await.map_err(|error| error.to_connect_error())?;
            *self.opener.lock().unwrap_or_else(PoisonError::into_inner) = Some(stream.opener(&options));
            Ok(Carried::plain(stream))
        }
        .boxed()
    }

    /// A channel of the same connection, or else a connection of its own.
    fn carry_beside(&self) -> BoxFuture<'_, Result<Option<Carried>, ConnectError>> {
        async move {
            if let Some(opener) = self.opener() {
                match opener.open().await {
                    Ok(stream) => return Ok(Some(Carried::channel(stream, &self.channels))),
                    Err(error) => self.channels.are_refused(&error),
                }
            }
            let stream = mercury_ssh::connect(&options(&self.dial).await?).await;
            Ok(Some(Carried::plain(stream.map_err(|error| error.to_connect_error())?)))
        }
        .boxed()
    }

    fn presented(&self) -> BoxFuture<'_, Result<Presented, ConnectError>> {
        async move {
            let shown =
                mercury_ssh::presented(&options(&self.dial).await?).await.map_err(|error| error.to_connect_error())?;
            Ok(shown.into())
        }
        .boxed()
    }
}

/// Where a server of NETCONF over TLS is, and how it and Mercury prove themselves.
#[derive(Clone, Debug)]
pub struct TlsTarget {
    /// A host name or an IP address.
    pub host: String,
    /// TCP port; IANA's is 6513.
    pub port: u16,
    /// Who is believed, and who Mercury is.
    pub tls: TlsOptions,
    /// How long connecting and TLS may take, each.
    pub connect_timeout: Duration,
    /// After how long a silent connection is probed (TCP keepalive); 4 s or more.
    pub keepalive: Duration,
}

impl TlsTarget {
    async fn stream(&self, tls: &TlsOptions) -> Result<TlsStream, ConnectError> {
        let socket = mercury_tls::reach(&self.host, self.port, self.keepalive, self.connect_timeout).await?;
        // There is no name for NETCONF that both could agree on (RFC 7301).
        mercury_tls::secure(socket, &self.host, tls, &[], self.connect_timeout).await
    }
}

/// TLS, with the options that are there when a stream is asked for.
pub struct OverTls<F>(Arc<F>);

impl<F> OverTls<F> {
    /// `dial` is asked for the options, away from the runtime's workers, before each stream.
    pub fn new(dial: F) -> Self {
        Self(Arc::new(dial))
    }
}

impl<F> Carrier for OverTls<F>
where
    F: Fn() -> Result<TlsTarget, ConnectError> + Send + Sync + 'static,
{
    fn carry(&self) -> BoxFuture<'_, Result<Carried, ConnectError>> {
        async move {
            let target = options(&self.0).await?;
            Ok(Carried::encrypted(target.stream(&target.tls).await?))
        }
        .boxed()
    }

    /// A connection of its own: TLS has no channels.
    fn carry_beside(&self) -> BoxFuture<'_, Result<Option<Carried>, ConnectError>> {
        async move { self.carry().await.map(Some) }.boxed()
    }

    fn presented(&self) -> BoxFuture<'_, Result<Presented, ConnectError>> {
        async move {
            let target = options(&self.0).await?;
            // Nothing is said behind the handshake.
            let tls = TlsOptions { trust: Trust::Insecure, identity: None, ..target.tls.clone() };
            mercury_tls::presented(&target.stream(&tls).await?)
        }
        .boxed()
    }
}
