//! A switch's entry as the RESTCONF adapter's options.

use std::sync::Arc;

use mercury_adapter::{ConnectError, Connector, Dialect, Render};
use mercury_restconf::{Renderer, RestconfConnector, RestconfOptions};

use super::tls;
use crate::inventory::{Identity, RestconfSettings, Timing};

/// The adapter for a switch; `None` when its dialect does not speak RESTCONF.
pub(super) fn adapter(
    identity: &Identity,
    settings: &RestconfSettings,
    timing: &Timing,
    dialect: &Arc<Dialect>,
) -> Option<(Box<dyn Connector>, Box<dyn Render>)> {
    let restconf = Arc::new(dialect.restconf.clone()?);
    let renderer = Renderer::new(dialect, identity.network_instance.as_deref())?;
    let instance = identity.network_instance.clone();
    let (identity, settings, timing, port) = (identity.clone(), settings.clone(), timing.clone(), restconf.port);
    // Secrets are read anew for each connection, so that they can be changed without a restart.
    let dial = move || options(&identity, &settings, &timing, port);
    Some((Box::new(RestconfConnector::new(dial, restconf, instance)), Box::new(renderer)))
}

fn options(
    identity: &Identity,
    settings: &RestconfSettings,
    timing: &Timing,
    default_port: u16,
) -> Result<RestconfOptions, ConnectError> {
    Ok(RestconfOptions {
        http: tls::http(identity, &settings.tls, timing, default_port)?,
        root: settings.root.clone(),
        lock_wait: timing.lock_wait,
    })
}
