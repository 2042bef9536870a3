//! A switch's entry as the command line adapter's options.

use std::sync::Arc;

use mercury_adapter::{Budget, Connector, Dialect, Render};
use mercury_cli::{CliConnector, CliOptions, CliRenderer};

use super::ssh;
use crate::inventory::{CliSettings, Identity, Timing};

/// The adapter for a switch; `None` when its dialect has no command line.
pub(super) fn adapter(
    identity: &Identity,
    settings: &CliSettings,
    timing: &Timing,
    dialect: &Arc<Dialect>,
) -> Option<(Box<dyn Connector>, Box<dyn Render>)> {
    let cli = Arc::new(dialect.cli.clone()?);
    let renderer = CliRenderer::new(dialect)?;
    let (identity, settings, timing) = (identity.clone(), settings.ssh.clone(), timing.clone());
    let default_port = cli.port;
    // Secrets are read anew for each connection, so that they can be changed without a restart.
    let dial = move || {
        Ok(CliOptions {
            ssh: ssh::options(&identity, &settings, &timing, default_port)?,
            enable: ssh::secret("enable_secret", identity.credentials.enable_secret.as_ref())?,
            prompt_timeout: timing.connect_timeout,
            budget: Budget::shared(),
        })
    };
    Some((Box::new(CliConnector::new(dial, cli)), Box::new(renderer)))
}
