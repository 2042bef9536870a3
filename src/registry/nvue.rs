//! A switch's entry as the options of NVUE's REST server.

use std::sync::Arc;

use mercury_adapter::{Connector, Dialect, Render};
use mercury_cli::{NvueConnector, NvueOptions, NvueRenderer};

use super::tls;
use crate::inventory::{Identity, NvueSettings, Timing};

/// The adapter for a switch; `None` when its dialect is not NVUE's.
pub(super) fn adapter(
    identity: &Identity,
    settings: &NvueSettings,
    timing: &Timing,
    dialect: &Arc<Dialect>,
) -> Option<(Box<dyn Connector>, Box<dyn Render>)> {
    let nvue = Arc::new(dialect.nvue.clone()?);
    let renderer = NvueRenderer::new(dialect)?;
    let (identity, settings, timing, port) = (identity.clone(), settings.clone(), timing.clone(), nvue.port);
    // Secrets are read anew for each connection, so that they can be changed without a restart.
    let dial = move || Ok(NvueOptions { http: tls::http(&identity, &settings.tls, &timing, port)? });
    Some((Box::new(NvueConnector::new(dial, nvue)), Box::new(renderer)))
}
