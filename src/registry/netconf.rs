//! A switch's entry as the NETCONF adapter's options.

use std::sync::Arc;

use mercury_adapter::{Connector, Dialect, Render};
use mercury_netconf::{NetconfConnector, Renderer, client::ClientOptions, protocol::FramingChoice};

use super::ssh;
use crate::inventory::{Framing, Identity, NetconfSettings, Timing};

/// The adapter for a switch; `None` when its dialect does not speak NETCONF.
pub(super) fn adapter(
    identity: &Identity,
    settings: &NetconfSettings,
    timing: &Timing,
    dialect: &Arc<Dialect>,
) -> Option<(Box<dyn Connector>, Box<dyn Render>)> {
    let netconf = Arc::new(dialect.netconf.clone()?);
    let renderer = Renderer::new(dialect, identity.network_instance.as_deref())?;
    let pipelining = settings.pipelining.unwrap_or(netconf.pipelining);
    let client = ClientOptions {
        framing: match settings.framing {
            Some(Framing::EndOfMessage) => FramingChoice::ForceEom,
            Some(Framing::Chunked) | None => FramingChoice::Auto,
        },
        hello_timeout: timing.connect_timeout,
        pipelining,
        ..ClientOptions::default()
    };
    let instance = identity.network_instance.clone();
    let (identity, settings, timing) = (identity.clone(), settings.ssh.clone(), timing.clone());
    let default_port = netconf.port;
    // Secrets are read anew for each connection, so that they can be changed without a restart.
    let dial = move || ssh::options(&identity, &settings, &timing, default_port);
    Some((Box::new(NetconfConnector::new(dial, client, netconf, instance)), Box::new(renderer)))
}
