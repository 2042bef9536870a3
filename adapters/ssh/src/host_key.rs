//! Judging the key a device presents.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use russh::{
    Names,
    client::{self, DisconnectReason, Session},
    keys::{Algorithm, HashAlg, PublicKeyOrCertificate},
};

use super::{
    HostKey, HostKeyPolicy, SshError, SshOptions, algorithms,
    caller::OneOfMany,
    error::printable,
    known_hosts::{KnownHost, Verdict, file_name},
};

/// Larger files are no known_hosts.
const MAX_FILE_BYTES: u64 = 16 << 20;

/// A policy with its files read.
#[derive(Debug)]
pub(super) enum Trust {
    Known(KnownHost),
    Fingerprints(Vec<String>),
    OneOfMany(OneOfMany),
    Anybody,
}

impl Trust {
    pub(super) async fn load(options: &SshOptions) -> Result<Self, SshError> {
        match &options.host_key {
            HostKeyPolicy::Insecure => Ok(Self::Anybody),
            HostKeyPolicy::Fingerprints(expected) => Ok(Self::Fingerprints(expected.clone())),
            HostKeyPolicy::KnownHosts(paths) => {
                let (paths, host, port) = (paths.clone(), options.host.clone(), options.port);
                let reading = tokio::task::spawn_blocking(move || known(&paths, &host, port));
                reading.await.map_err(|error| russh::Error::IO(error.into()))?.map(Self::Known)
            }
        }
    }

    /// Whether nothing but a key's fingerprint is known of it.
    pub(super) fn is_by_fingerprint(&self) -> bool {
        matches!(self, Self::Fingerprints(_))
    }

    /// The host key algorithms to prefer.
    pub(super) fn algorithms(&self) -> Vec<Algorithm> {
        match self {
            Self::Known(host) => host.algorithms(),
            Self::Fingerprints(_) | Self::OneOfMany(_) | Self::Anybody => Vec::new(),
        }
    }
}

fn known(paths: &[PathBuf], host: &str, port: u16) -> Result<KnownHost, SshError> {
    let mut known = KnownHost::default();
    for path in paths {
        let text = read(path).map_err(|source| SshError::KnownHosts { path: path.clone(), source })?;
        known.read(&text, host, port);
    }
    Ok(known)
}

fn read(path: &Path) -> std::io::Result<String> {
    match std::fs::metadata(path) {
        Ok(file) if file.len() > MAX_FILE_BYTES => Err(std::io::ErrorKind::FileTooLarge.into()),
        Ok(_) => Ok(String::from_utf8_lossy(&std::fs::read(path)?).into_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(error),
    }
}

/// Why a connection ended, shared between russh's task and ours.
pub(super) type Farewell = Arc<Mutex<Option<String>>>;

/// What russh asks during the handshake.
#[derive(Debug)]
pub(super) struct Gatekeeper {
    host: String,
    trust: Arc<Trust>,
    /// Whether old algorithms were offered that are not for who is there.
    refuses_old: bool,
    farewell: Farewell,
}

impl Gatekeeper {
    pub(super) fn new(options: &SshOptions, trust: Arc<Trust>) -> Self {
        let host = file_name(&options.host, options.port);
        Self { host, trust, refuses_old: false, farewell: Farewell::default() }
    }

    pub(super) fn farewell(&self) -> Farewell {
        Arc::clone(&self.farewell)
    }
}

impl client::Handler for Gatekeeper {
    type Error = SshError;

    async fn check_server_key(&mut self, presented: &PublicKeyOrCertificate) -> Result<bool, SshError> {
        let key = presented.public_key();
        let host_key = HostKey {
            host: self.host.clone(),
            algorithm: key.algorithm().to_string(),
            fingerprint: key.fingerprint(HashAlg::Sha256).to_string(),
        };
        let verdict = match &*self.trust {
            Trust::Known(host) => host.check(&key),
            Trust::Fingerprints(expected) if expected.iter().any(|pin| same(pin, &host_key.fingerprint)) => {
                Verdict::Known
            }
            Trust::Fingerprints(_) => Verdict::Changed,
            Trust::OneOfMany(many) => match (many.known)(&host_key.fingerprint) {
                Some(known) => {
                    many.shown.get_or_init(|| host_key.clone());
                    self.refuses_old = !known.legacy_algorithms;
                    Verdict::Known
                }
                None => Verdict::Unknown,
            },
            Trust::Anybody => {
                tracing::warn!(
                    host = %host_key.host,
                    fingerprint = %host_key.fingerprint,
                    "the host key is not checked: anybody in the path can pose as this device"
                );
                Verdict::Known
            }
        };
        match verdict {
            Verdict::Known => Ok(true),
            Verdict::Unknown => Err(SshError::HostKeyUnknown(Box::new(host_key))),
            Verdict::Changed => Err(SshError::HostKeyChanged(Box::new(host_key))),
            Verdict::Revoked => Err(SshError::HostKeyRevoked(Box::new(host_key))),
        }
    }

    async fn kex_done(&mut self, _: Option<&[u8]>, agreed: &Names, _: &mut Session) -> Result<(), SshError> {
        let old = algorithms::old(agreed);
        if self.refuses_old && !old.is_empty() {
            return Err(SshError::OldAlgorithms(old));
        }
        Ok(())
    }

    async fn disconnected(&mut self, reason: DisconnectReason<SshError>) -> Result<(), SshError> {
        match reason {
            DisconnectReason::ReceivedDisconnect(said) => {
                let mut farewell = self.farewell.lock().unwrap_or_else(PoisonError::into_inner);
                *farewell = Some(printable(&said.message));
                Ok(())
            }
            DisconnectReason::Error(error) => Err(error),
        }
    }
}

/// People paste fingerprints with padding and without the prefix.
fn same(expected: &str, presented: &str) -> bool {
    let bare = |text: &str| {
        let text = text.trim();
        text.strip_prefix("SHA256:").unwrap_or(text).trim_end_matches('=').to_owned()
    };
    bare(expected) == bare(presented)
}
