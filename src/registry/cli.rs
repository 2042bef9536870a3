//! A switch's entry as the command line adapter's options.

use std::sync::Arc;

use mercury_adapter::{Budget, CliDialect, ConnectError, Connector, Dialect, Render};
use mercury_cli::{CliConnector, CliOptions, CliRenderer, CliWay, Recording, TelnetOptions};

use super::ssh;
use crate::inventory::{CliSettings, Face, Identity, Reach, Switch, TELNET, Timing};

/// Records what a switch says; `None` when its dialect has no command line.
pub(super) async fn record(switch: &Switch, dialect: &Dialect) -> Option<Result<Recording, ConnectError>> {
    let Face::Cli(settings) = &switch.face else { return None };
    let cli = Arc::new(dialect.cli.clone()?);
    let connector = connector(&switch.identity, settings, &switch.timing, cli);
    Some(connector.record(&dialect.name, switch.timing.reply_timeout).await)
}

/// The adapter for a switch; `None` when its dialect has no command line.
pub(super) fn adapter(
    identity: &Identity,
    settings: &CliSettings,
    timing: &Timing,
    dialect: &Arc<Dialect>,
) -> Option<(Box<dyn Connector>, Box<dyn Render>)> {
    let cli = Arc::new(dialect.cli.clone()?);
    let renderer = CliRenderer::new(dialect)?;
    Some((Box::new(connector(identity, settings, timing, cli)), Box::new(renderer)))
}

fn connector(
    identity: &Identity,
    settings: &CliSettings,
    timing: &Timing,
    cli: Arc<CliDialect>,
) -> CliConnector<impl Fn() -> Result<CliOptions, ConnectError> + Send + Sync + use<>> {
    let (identity, reach, timing) = (identity.clone(), settings.reach.clone(), timing.clone());
    let default_port = cli.port;
    // Secrets are read anew for each connection, so that they can be changed without a restart.
    let dial = move || {
        Ok(CliOptions {
            way: match &reach {
                Reach::Ssh(settings) => CliWay::Ssh(ssh::options(&identity, settings, &timing, default_port)?),
                Reach::Telnet => CliWay::Telnet(TelnetOptions {
                    host: identity.address.clone(),
                    port: identity.port.unwrap_or(TELNET),
                    username: identity.username.clone(),
                    password: ssh::secret("password", identity.credentials.password.as_ref())?,
                    connect_timeout: timing.connect_timeout,
                }),
            },
            enable: ssh::secret("enable_secret", identity.credentials.enable_secret.as_ref())?,
            prompt_timeout: timing.connect_timeout,
            budget: Budget::shared(),
        })
    };
    CliConnector::new(dial, cli)
}
