//! A switch's entry as the NETCONF adapter's options.

use std::sync::Arc;

use mercury_adapter::{ConnectError, ConnectFault, Connector, Dialect, Render};
use mercury_netconf::{
    Carrier, NetconfConnector, OverSsh, OverTls, Renderer, TlsTarget, client::ClientOptions, protocol::FramingChoice,
};

use super::{call_home, ssh, tls};
use crate::inventory::{Framing, Identity, NETCONF_BY_TLS, NetconfSettings, NetconfTransport, Timing, TlsSettings};

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
    let carrier = carrier(identity, settings, timing, netconf.port);
    let connector = NetconfConnector::new(carrier, client, netconf, instance);
    Some((Box::new(connector), Box::new(renderer)))
}

/// Secrets are read anew for each connection, so that they can be changed without a restart.
fn carrier(identity: &Identity, settings: &NetconfSettings, timing: &Timing, default_port: u16) -> Box<dyn Carrier> {
    let (identity, timing) = (identity.clone(), timing.clone());
    match settings.transport.clone() {
        NetconfTransport::Ssh(ssh) if settings.call_home => call_home::by_ssh(identity, ssh, timing, default_port),
        NetconfTransport::Tls(tls) if settings.call_home => call_home::by_tls(&identity, tls),
        NetconfTransport::Ssh(ssh) => {
            Box::new(OverSsh::new(move || ssh::options(&identity, &ssh, &timing, default_port)))
        }
        NetconfTransport::Tls(tls) => Box::new(OverTls::new(move || target(&identity, &tls, &timing))),
    }
}

fn target(identity: &Identity, settings: &TlsSettings, timing: &Timing) -> Result<TlsTarget, ConnectError> {
    let open = || ConnectError { fault: ConnectFault::Protocol, message: "NETCONF has no plaintext".to_owned() };
    Ok(TlsTarget {
        host: identity.address.clone(),
        port: identity.port.unwrap_or(NETCONF_BY_TLS),
        tls: tls::options(settings)?.ok_or_else(open)?,
        connect_timeout: timing.connect_timeout,
        keepalive: timing.keepalive,
    })
}
