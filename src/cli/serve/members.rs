//! A service as a member of a fleet: from its start to its end.

use std::sync::Arc;

use crate::{cli::Failure, config::Settings, fleet::Fleet, rpc::Front, service::Current};

#[cfg(not(feature = "etcd"))]
pub(super) struct Members(std::convert::Infallible);

#[cfg(not(feature = "etcd"))]
impl Members {
    /// There are none without etcd, which the settings are checked for.
    #[expect(clippy::unused_async, reason = "as with the feature")]
    pub(super) async fn begin(_: &Settings, _: &Arc<Current>, _: &Front) -> Result<Option<Self>, Failure> {
        Ok(None)
    }

    pub(super) fn fleet(&self) -> Arc<Fleet> {
        match self.0 {}
    }

    pub(super) fn leave(&self) {
        match self.0 {}
    }

    #[expect(clippy::unused_async, reason = "as with the feature")]
    pub(super) async fn finish(self) {
        match self.0 {}
    }
}

#[cfg(feature = "etcd")]
pub(super) use with_etcd::Members;

#[cfg(feature = "etcd")]
mod with_etcd {
    use std::{collections::BTreeSet, time::Duration};

    use mercury_call_home::Reception;
    use tokio::{sync::watch, task::JoinHandle};
    use tokio_util::sync::CancellationToken;

    use super::{Arc, Current, Failure, Fleet, Front, Settings};
    use crate::{
        fleet::{self, presence::Presence},
        rpc::{Listener, handed_router},
        tls::Certificate,
    };

    /// How long a switch that calls home is waited for where nothing is said.
    const WAIT: Duration = Duration::from_secs(30);

    /// The member that this process is.
    pub(in crate::cli::serve) struct Members {
        fleet: Arc<Fleet>,
        leaving: CancellationToken,
        gone: CancellationToken,
        presence: JoinHandle<()>,
    }

    impl Members {
        /// Listens for the others and joins them, where the settings say so.
        ///
        /// # Errors
        /// The address cannot be listened on, or the certificate's files cannot be used.
        pub(in crate::cli::serve) async fn begin(
            settings: &Settings,
            current: &Arc<Current>,
            front: &Front,
        ) -> Result<Option<Self>, Failure> {
            let (Some(own), Some(etcd)) = (&settings.fleet, &settings.etcd) else { return Ok(None) };
            let (leaving, gone) = (CancellationToken::new(), CancellationToken::new());
            let certificate = Arc::new(Certificate::new(own.tls()).map_err(Failure::Findings)?);
            let listener = Listener::bind(own.listen).await.map_err(Failure::because)?.with_tls(certificate);
            let address = if own.listen.port() == 0 { listener.address().to_string() } else { own.address.clone() };
            tracing::info!(name = own.name, address, "the other members are listened for");
            let limits = settings.limits.clone();
            let router = handed_router(front.clone(), own, &limits, leaving.clone());
            let (stop, drain) = (leaving.clone(), limits.stop_timeout);
            tokio::spawn(async move { listener.serve(router, &limits, stop.cancelled(), drain).await });
            let presence = Presence::new(etcd.clone(), &own.name, &address);
            let wait = settings.call_home.as_ref().map_or(WAIT, |home| home.wait);
            let fleet = Fleet::new(own, presence.view(), wait, settings.limits.request_timeout + fleet::MARGIN);
            let presence = tokio::spawn(presence.keep(called(Arc::clone(current)), leaving.clone(), gone.clone()));
            Ok(Some(Self { fleet, leaving, gone, presence }))
        }

        pub(in crate::cli::serve) fn fleet(&self) -> Arc<Fleet> {
            Arc::clone(&self.fleet)
        }

        /// Takes nothing more over.
        pub(in crate::cli::serve) fn leave(&self) {
            self.leaving.cancel();
        }

        /// Is no member any more.
        pub(in crate::cli::serve) async fn finish(self) {
            self.gone.cancel();
            let _ended = self.presence.await;
        }
    }

    /// The locks of the switches that have called here, whenever they differ.
    fn called(current: Arc<Current>) -> watch::Receiver<BTreeSet<String>> {
        let (sender, receiver) = watch::channel(BTreeSet::new());
        let (reception, mut moved) = (Reception::shared(), Reception::shared().watch());
        tokio::spawn(async move {
            loop {
                moved.mark_unchanged();
                let locks = current.service().locks(&reception.connected());
                let differs = |before: &mut BTreeSet<String>| {
                    let differs = *before != locks;
                    before.clone_from(&locks);
                    differs
                };
                let _differs = sender.send_if_modified(differs);
                tokio::select! {
                    moved = moved.changed() => if moved.is_err() { return },
                    () = sender.closed() => return,
                }
            }
        });
        receiver
    }
}
