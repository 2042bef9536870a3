//! Switches that connect by themselves (RFC 8071): SSH's roles stay, so that they show
//! their host keys and Mercury logs in.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use russh::{
    client::{self, Handle},
    keys::Algorithm,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::Instant,
};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{
    HostKey, Login, SshError, SshOptions, SshStream, algorithms, auth, channel,
    host_key::{Farewell, Gatekeeper, Trust},
    in_time, key_file,
    stream::Killable,
};

/// Says who is known by the fingerprint of a host key, `SHA256:` and unpadded base64.
pub type KnownKeys = Arc<dyn Fn(&str) -> Option<Known> + Send + Sync>;

/// Somebody who is known by a host key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// Whether old algorithms may be agreed on with it. They are offered before it is known
    /// who has called.
    pub legacy_algorithms: bool,
}

/// Whose host key is one of many, and which it was.
#[derive(Clone)]
pub(super) struct OneOfMany {
    pub(super) known: KnownKeys,
    pub(super) shown: Arc<OnceLock<HostKey>>,
}

impl fmt::Debug for OneOfMany {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OneOfMany").field("shown", &self.shown).finish_non_exhaustive()
    }
}

/// A switch that has called and shown a key that is known; nobody has logged in yet.
pub struct Caller {
    handle: Handle<Gatekeeper>,
    guard: DropGuard,
    farewell: Farewell,
    host_key: HostKey,
}

/// Shakes hands with who has called. Of `options` the host is what the caller is called
/// in errors, and the rest but the times and `legacy_algorithms` does not matter; host
/// keys of the algorithms `without` are not asked for.
///
/// # Errors
/// The caller speaks no SSH, takes too long, shows a key that is not known, or agrees on
/// old algorithms only, which are not for it.
pub async fn answer<S>(
    socket: S,
    options: &SshOptions,
    without: &[String],
    known: KnownKeys,
) -> Result<Caller, SshError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let without: Vec<Algorithm> = without.iter().filter_map(|name| name.parse().ok()).collect();
    let shown = Arc::new(OnceLock::new());
    let trust = Arc::new(Trust::OneOfMany(OneOfMany { known, shown: Arc::clone(&shown) }));
    let token = CancellationToken::new();
    let guard = token.clone().drop_guard();
    let config = Arc::new(algorithms::config(options, &[], &without));
    let gatekeeper = Gatekeeper::new(options, trust);
    let farewell = gatekeeper.farewell();
    let shaking = client::connect_stream(config, Killable::new(socket, token), gatekeeper);
    let handle = in_time(options, Instant::now() + options.connect_timeout, shaking).await?;
    let host_key = shown.get().cloned().ok_or_else(|| SshError::from(russh::Error::UnknownKey))?;
    Ok(Caller { handle, guard, farewell, host_key })
}

/// Whether host keys can be asked for without those of these algorithms.
#[must_use]
pub fn has_other_keys(options: &SshOptions, without: &[String]) -> bool {
    let without: Vec<Algorithm> = without.iter().filter_map(|name| name.parse().ok()).collect();
    algorithms::is_any_left(options, &without)
}

impl Caller {
    /// The key that it has shown.
    #[must_use]
    pub fn host_key(&self) -> &HostKey {
        &self.host_key
    }

    /// Logs in as the options of the switch that it is say.
    ///
    /// # Errors
    /// As [`crate::connect`], behind the host key.
    pub async fn log_in(mut self, options: &SshOptions) -> Result<LoggedIn, SshError> {
        let key = match &options.key {
            Some(file) => Some(key_file::load(file.clone()).await?),
            None => None,
        };
        let deadline = Instant::now() + options.connect_timeout;
        let login = auth::authenticate(&mut self.handle, options, key, &self.farewell);
        in_time(options, deadline, Box::pin(login)).await?;
        Ok(LoggedIn(Login { handle: self.handle, guard: self.guard, deadline }))
    }
}

/// A connection of a switch that has called, on which nothing was opened yet.
pub struct LoggedIn(Login);

impl LoggedIn {
    /// Opens the subsystem of these options.
    ///
    /// # Errors
    /// The connection has ended, or the switch does not have it.
    pub async fn subsystem(self, options: &SshOptions) -> Result<SshStream, SshError> {
        let deadline = Instant::now() + options.connect_timeout;
        let opening = channel::subsystem(&self.0.handle, &options.subsystem);
        let (channel, early) = in_time(options, deadline, opening).await?;
        Ok(self.0.into_stream(channel, early))
    }
}

impl fmt::Debug for LoggedIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoggedIn").finish_non_exhaustive()
    }
}
