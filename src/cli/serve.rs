//! `mercury serve`.

mod members;
mod reload;
mod supervisor;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use listenfd::ListenFd;
use mercury_adapter::Pace;
use serde_json::json;
use tokio::time::{Instant, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;

use super::{
    Common, DONE, Ended, Failure, Output, ServeArguments, doors, log, machine, print,
    signals::{self, Signals},
};
use crate::{
    audit,
    auth::Authenticator,
    config::{AuthKind, Limits, Settings},
    lock, metrics,
    rpc::{Front, Listener, metrics_router, readiness, router},
    service::{Current, Service},
    tls::Certificate,
    trace,
};
use members::Members;
use reload::{Read, Reload};
use supervisor::Supervisor;

/// What the end of the process itself may take, of the time there is to stop.
const LAST: Duration = Duration::from_secs(2);

pub(super) async fn run(common: &Common, arguments: &ServeArguments) -> Ended {
    let mut overrides = common.overrides();
    overrides.listen = arguments.listen;
    overrides.auth = arguments.auth.iter().copied().map(AuthKind::from).collect();
    overrides.htpasswd.clone_from(&arguments.htpasswd);
    overrides.allow_remote_noauth = arguments.allow_remote_noauth.then_some(true);
    overrides.allow_plaintext_passwords = arguments.allow_plaintext_passwords.then_some(true);
    let before = Reload::stamps(common, &overrides);
    let (settings, inventory, findings) = common.read(&overrides, None, true)?;
    let (mut signals, again) = (Signals::of_a_service()?, signals::read_again()?);
    let certificate = match &settings.tls {
        Some(tls) => Some(Arc::new(Certificate::new(tls.clone()).map_err(Failure::Findings)?)),
        None => None,
    };
    let mut listener = listener(settings.listen).await?;
    if let Some(certificate) = &certificate {
        listener = listener.with_tls(Arc::clone(certificate));
    }
    if let Some(socket) = &settings.socket {
        listener = listener.with_socket(socket).map_err(Failure::because)?;
    }
    let switches = inventory.len();
    machine::hide();
    let sockets = switches + doors::sockets(&settings, &inventory);
    machine::provide(&settings.limits, sockets);
    machine::check(&settings, sockets).iter().for_each(log::finding);
    machine::for_switches(&inventory).iter().for_each(log::finding);
    if let Some(settings) = &settings.audit {
        let failed = |error| Failure::Other(format!("there can be no audit log: {error}"));
        audit::begin(settings).map_err(failed)?;
    }
    if let Some(collector) = &settings.traces {
        trace::begin(collector);
    }
    let locks = lock::from_settings(&settings);
    let service = Service::start(inventory, &locks).map_err(Failure::because)?;
    let broken = service.inventory().all_broken().count();
    metrics::switches(switches, broken);
    let _doors = doors::open(&settings)?;
    let current = Current::new(service.sharing(settings.limits.per_switch()).under(settings.policy.clone()));
    let front = Front::new(Arc::clone(&current), &settings.limits).map_err(Failure::because)?;
    let status = settings.shows_status().then(|| Arc::clone(&current));
    let members = Members::begin(&settings, &current, &front).await?;
    let fleet = members.as_ref().map(Members::fleet);
    let router = router(front.clone(), authenticator(&settings), &settings.limits, status, fleet);
    let mut router = router.merge(readiness(Arc::clone(&locks)));
    match settings.metrics_listen {
        Some(address) => tell_of_metrics(address, settings.limits.clone()).await?,
        None => router = router.merge(metrics_router()),
    }
    let address = listener.address();
    let scheme = if certificate.is_some() { "https" } else { "http" };
    let read = Read { settings: settings.clone(), findings };
    let reload = Reload::new((common, overrides), (before, read), Arc::clone(&current), Arc::clone(&locks));
    let reloads_end = CancellationToken::new();
    let reloads = tokio::spawn(reload.watch(again, reloads_end.clone()));
    print::announce(match common.output {
        Output::Json => json!({"ready": true, "listen": address, "switches": switches}).to_string(),
        Output::Human => {
            let switches = print::counted(switches, "switch", "switches");
            format!("mercury is ready on {scheme}://{address} for {switches}")
        }
    });
    let supervisor = Supervisor::ready(&print::counted(switches, "switch", "switches"));
    let time = settings.limits.stop_timeout.saturating_sub(LAST);
    let mut end = Instant::now();
    let stop = async {
        let signal = signals.end().await;
        tracing::info!(signal, "told to stop; finishing what was begun");
        supervisor.stopping();
        Pace::lift();
        end = Instant::now() + time;
        reloads_end.cancel();
        members.iter().for_each(Members::leave);
        tokio::spawn(hurry(Arc::clone(&current), front, end, time));
    };
    listener.serve(router, &settings.limits, stop, time).await;
    let _read_to_the_end = timeout_at(end, reloads).await;
    let service = current.service();
    if timeout_at(end, service.finish()).await.is_err() {
        for switch in service.busy() {
            let seconds = switch.timing.confirm_timeout.as_secs();
            tracing::error!(
                switch = switch.identity.name,
                "what was begun did not end in time; look at the switch. If a commit waits to be confirmed, the switch \
                 undoes it within {seconds} s"
            );
        }
    }
    let last = async {
        futures_util::join!(locks.finish(), async {
            if let Some(members) = members {
                members.finish().await;
            }
        })
    };
    let _bounded = timeout_at(end + LAST / 2, last).await;
    audit::finish(LAST / 2);
    Ok(DONE)
}

/// Where to listen: at the socket that systemd hands over, or else at one of its own.
async fn listener(address: SocketAddr) -> Result<Listener, Failure> {
    let handed = ListenFd::from_env().take_tcp_listener(0).map_err(Failure::because)?;
    match handed {
        Some(socket) => Listener::of(socket, address),
        None => Listener::bind(address).await,
    }
    .map_err(Failure::because)
}

/// Has what was begun undone when most of the time is over, so that there is
/// time for that; then answers whoever still waits.
async fn hurry(current: Arc<Current>, front: Front, end: Instant, time: Duration) {
    sleep_until(end - time * 2 / 5).await;
    tracing::warn!("nothing more is begun, and what was begun is undone");
    current.service().stop();
    sleep_until(end - time / 10).await;
    front.end();
}

/// Serves what is counted at an address of its own, until the process ends.
async fn tell_of_metrics(address: SocketAddr, limits: Limits) -> Result<(), Failure> {
    let listener = Listener::bind(address).await.map_err(Failure::because)?;
    tracing::info!(address = %listener.address(), "metrics are told of at an address of their own");
    tokio::spawn(async move {
        listener.serve(metrics_router(), &limits, std::future::pending(), Duration::ZERO).await;
    });
    Ok(())
}

/// The settings are refused where a way lacks what it needs.
fn authenticator(settings: &Settings) -> Authenticator {
    if settings.auth.contains(&AuthKind::Noauth) {
        return Authenticator::noauth();
    }
    let mut ways = Authenticator::builder();
    if let Some(htpasswd) = &settings.htpasswd {
        ways = ways.basic(htpasswd);
    }
    if let Some(digest) = &settings.digest {
        ways = ways.digest(digest.clone());
    }
    if let Some(keystone) = &settings.keystone {
        ways = ways.keystone(keystone.clone());
    }
    if let Some(tls) = settings.tls.as_ref().filter(|tls| tls.client_ca.is_some()) {
        ways = ways.clients(tls.clients.clone());
    }
    ways.build()
}
