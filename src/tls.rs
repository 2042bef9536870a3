//! TLS towards callers: certificate and key of files that may change, and the names
//! of a caller's own certificate.
//!
//! The files are looked at with every connection; a pair that cannot be served is
//! told of once, and the one before it is served on. No session is resumed: every
//! connection shows whatever certificate it has.

mod files;
mod name;
mod servers;
mod words;

pub use name::{ClientName, NotAName};
pub(crate) use servers::connector;
pub use words::told;

use std::{
    fmt,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio_rustls::rustls::{CommonState, ServerConfig};

use crate::{
    config::{self, Tls, source::Stamp},
    finding::Findings,
};

/// Everything that is wrong with the files of these settings.
pub(crate) fn check(tls: &Tls) -> Findings {
    files::read(tls).1
}

/// The same of a member's own, which the others hold to the host of its address and to the
/// names of members.
pub(crate) fn check_member(fleet: &config::Fleet) -> Findings {
    files::of_member(fleet)
}

/// The certificate that callers are shown, as its files have it now.
pub struct Certificate {
    settings: Tls,
    served: Mutex<Served>,
}

/// What is served, and the state of the files when they were last read.
struct Served {
    config: Arc<ServerConfig>,
    stamps: Vec<Option<Stamp>>,
}

impl Certificate {
    /// Reads the files.
    ///
    /// # Errors
    /// Everything that is wrong, when they cannot be served.
    pub fn new(settings: Tls) -> Result<Self, Findings> {
        let stamps = stamps(&settings);
        let (config, findings) = files::read(&settings);
        let config = config.ok_or(findings)?;
        Ok(Self { settings, served: Mutex::new(Served { config, stamps }) })
    }

    /// What a new connection is served with, after files that changed were read again.
    pub async fn current(self: &Arc<Self>) -> Arc<ServerConfig> {
        let own = Arc::clone(self);
        let looking = tokio::task::spawn_blocking(move || own.refresh());
        if let Ok(Err(findings)) = looking.await {
            tracing::error!("the certificate's files cannot be served; the former ones are served on");
            for finding in &findings {
                tracing::error!(%finding, "certificate");
            }
        }
        Arc::clone(&self.served().config)
    }

    /// Reads files that have changed since they were last read, and says whether what
    /// is served has changed; connections that are there go on as they are.
    ///
    /// # Errors
    /// Everything that is wrong, when they cannot be served: what was served before is
    /// served on.
    pub fn refresh(&self) -> Result<bool, Findings> {
        let stamps = stamps(&self.settings);
        if self.served().stamps == stamps {
            return Ok(false);
        }
        let (config, findings) = files::read(&self.settings);
        let mut served = self.served();
        served.stamps = stamps;
        served.config = config.ok_or(findings)?;
        tracing::info!(cert = %self.settings.cert.display(), "the certificate was read again");
        Ok(true)
    }

    fn served(&self) -> MutexGuard<'_, Served> {
        // Whoever panicked with it had replaced it whole or not at all.
        self.served.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({})", self.settings.cert.display())
    }
}

fn stamps(settings: &Tls) -> Vec<Option<Stamp>> {
    let files = [Some(&settings.cert), Some(&settings.key), settings.client_ca.as_ref()];
    files.into_iter().flatten().map(|file| Stamp::of(Path::new(file))).collect()
}

/// The names of the certificate that who is at the other end of a connection has shown;
/// none without one.
#[must_use]
pub fn shown_names(connection: &CommonState) -> Vec<ClientName> {
    let shown = connection.peer_certificates().and_then(|chain| chain.first());
    shown.map(|certificate| name::names(certificate)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
