//! A switch's entry as the OVSDB adapter's options.

use std::sync::Arc;

use mercury_adapter::{Budget, ConnectError, Connector, Dialect, Render};
use mercury_ovsdb::{Endpoint, OvsdbConnector, OvsdbOptions, Renderer};

use super::tls;
use crate::inventory::{Identity, OvsdbSettings, Timing, UNIX};

/// The adapter for a switch; `None` when its dialect does not speak OVSDB.
pub(super) fn adapter(
    identity: &Identity,
    settings: &OvsdbSettings,
    timing: &Timing,
    dialect: &Arc<Dialect>,
) -> Option<(Box<dyn Connector>, Box<dyn Render>)> {
    let ovsdb = Arc::new(dialect.ovsdb.clone()?);
    let renderer = Renderer::new(dialect)?;
    let (identity, settings, timing, default_port) = (identity.clone(), settings.clone(), timing.clone(), ovsdb.port);
    // Secrets are read anew for each connection, so that they can be changed without a restart.
    let dial = move || options(&identity, &settings, &timing, default_port);
    Some((Box::new(OvsdbConnector::new(dial, ovsdb)), Box::new(renderer)))
}

fn options(
    identity: &Identity,
    settings: &OvsdbSettings,
    timing: &Timing,
    default_port: u16,
) -> Result<OvsdbOptions, ConnectError> {
    let port = identity.port.unwrap_or(default_port);
    let endpoint = match identity.address.strip_prefix(UNIX) {
        Some(path) => Endpoint::Unix(path.into()),
        None => Endpoint::Tcp { address: identity.address.clone(), port, tls: tls::options(&settings.tls)? },
    };
    Ok(OvsdbOptions {
        endpoint,
        connect_timeout: timing.connect_timeout,
        keepalive: timing.keepalive,
        bridges: settings.foreign_bridges.clone(),
        budget: Budget::shared(),
    })
}
