//! A switch's entry as somebody who is awaited (RFC 8071).

use std::sync::Arc;

use futures_util::{FutureExt as _, future::BoxFuture};
use mercury_adapter::{ConnectError, ConnectFault, Presented};
use mercury_call_home::{Awaited, Proof, Reception};
use mercury_netconf::{Carried, Carrier, Channels};
use mercury_tls::Trust;

use super::{ssh, tls};
use crate::inventory::{HostKey, Identity, SshSettings, Timing, TlsSettings};

/// Brings the streams of a switch that connects by itself.
struct Home(Awaited, Channels);

impl Carrier for Home {
    fn carry(&self) -> BoxFuture<'_, Result<Carried, ConnectError>> {
        async move { Ok(Carried::plain(self.0.claim().await?)) }.boxed()
    }

    /// It has one connection, so that a channel of that is the only way.
    fn carry_beside(&self) -> BoxFuture<'_, Result<Option<Carried>, ConnectError>> {
        async move {
            if !self.1.may_be() {
                return Ok(None);
            }
            match self.0.claim_beside().await {
                None => Ok(None),
                Some(Ok(stream)) => Ok(Some(Carried::channel(stream, &self.1))),
                Some(Err(error)) => {
                    self.1.are_refused(&error);
                    Ok(None)
                }
            }
        }
        .boxed()
    }

    fn presented(&self) -> BoxFuture<'_, Result<Presented, ConnectError>> {
        let message = "the switch calls home: what it shows is in the log when it is not known".to_owned();
        async move { Err(ConnectError { fault: ConnectFault::Unreachable, message }) }.boxed()
    }
}

pub(super) fn by_ssh(identity: Identity, settings: SshSettings, timing: Timing, default_port: u16) -> Box<dyn Carrier> {
    let keys = match &settings.host_key {
        HostKey::Fingerprints(keys) => keys.iter().map(ToString::to_string).collect(),
        // Nobody is known by these; the inventory refuses them.
        HostKey::KnownHosts(_) | HostKey::Insecure => Vec::new(),
    };
    let (name, legacy_algorithms) = (identity.name.clone(), settings.legacy_algorithms);
    let login = Arc::new(move || ssh::options(&identity, &settings, &timing, default_port));
    let awaited = Reception::shared().expect(&name, Proof::Ssh { keys, legacy_algorithms, login });
    Box::new(Home(awaited, Channels::default()))
}

pub(super) fn by_tls(identity: &Identity, settings: TlsSettings) -> Box<dyn Carrier> {
    let name = settings.server_name.clone().unwrap_or_else(|| identity.address.clone());
    let trust = tls::trust(&settings.trust).unwrap_or(Trust::Pins(Vec::new()));
    let own = Arc::new(move || tls::identity(&settings));
    let awaited = Reception::shared().expect(&identity.name, Proof::Tls { name, trust, identity: own });
    Box::new(Home(awaited, Channels::default()))
}
