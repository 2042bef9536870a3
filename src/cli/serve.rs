//! `mercury serve`.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use super::{Common, DONE, Ended, Failure, Output, ServeArguments, print, start};
use crate::{
    auth::Authenticator,
    config::{AuthKind, Settings},
    lock,
    rpc::{Front, Listener, router},
};

/// How long requests that have begun may go on after the signal to stop.
const DRAIN: Duration = Duration::from_secs(60);

pub(super) async fn run(common: &Common, arguments: &ServeArguments) -> Ended {
    let mut overrides = common.overrides();
    overrides.listen = arguments.listen;
    overrides.auth = arguments.auth.map(AuthKind::from);
    overrides.htpasswd.clone_from(&arguments.htpasswd);
    overrides.allow_remote_noauth = arguments.allow_remote_noauth.then_some(true);
    let (settings, inventory) = common.load(&overrides, None)?;
    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate()).map_err(Failure::because)?,
        signal(SignalKind::interrupt()).map_err(Failure::because)?,
    );
    let listener = Listener::bind(settings.listen).await.map_err(Failure::because)?;
    let switches = inventory.len();
    let locks = lock::from_settings(&settings);
    let service = Arc::new(start(inventory, &locks)?.sharing(settings.limits.per_switch()));
    let front = Front::new(Arc::clone(&service), &settings.limits).map_err(Failure::because)?;
    let router = router(front, authenticator(&settings), &settings.limits);
    let address = listener.address();
    print::announce(match common.output {
        Output::Json => json!({"ready": true, "listen": address, "switches": switches}).to_string(),
        Output::Human => {
            let switches = print::counted(switches, "switch", "switches");
            format!("mercury is ready on http://{address} for {switches}")
        }
    });
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("told to stop; finishing what was begun");
    };
    listener.serve(router, &settings.limits, stop, DRAIN).await;
    if tokio::time::timeout(DRAIN, service.finish()).await.is_err() {
        tracing::error!("some switches were still busy at the end");
    }
    locks.finish().await;
    Ok(DONE)
}

fn authenticator(settings: &Settings) -> Authenticator {
    match (&settings.auth, &settings.htpasswd) {
        (AuthKind::HttpBasic, Some(htpasswd)) => Authenticator::basic(htpasswd),
        // The settings are refused when http_basic has no file.
        _ => Authenticator::noauth(),
    }
}
