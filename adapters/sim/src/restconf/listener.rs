//! The sockets of the RESTCONF face, and its connections.

use std::{convert::Infallible, sync::Arc, time::Duration};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

use super::{answer::Refusal, service::Face};
use crate::{device::Device, fault::Moment, strikes::Strikes};

/// Unfinished handshakes end after this time.
const HANDSHAKE_TIME: Duration = Duration::from_secs(30);

/// Accepts connections until the switch stops.
pub(crate) async fn listen(listener: TcpListener, tls: TlsAcceptor, device: Arc<Device>) {
    let mut cut = device.cut();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(tokio::spawn(connection(stream, tls.clone(), Arc::clone(&device)))),
                Err(error) => {
                    // Out of descriptors, most likely: give some time to close.
                    tracing::warn!(switch = device.options.name, %error, "accept");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            _ = cut.changed() => {
                if cut.borrow_and_update().stopped {
                    return;
                }
            }
        }
    }
}

async fn connection(stream: TcpStream, tls: TlsAcceptor, device: Arc<Device>) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    match tokio::time::timeout(HANDSHAKE_TIME, tls.accept(stream)).await {
        Ok(Ok(stream)) => serve(device, stream, false).await,
        Ok(Err(error)) => tracing::debug!(switch = device.options.name, %error, "TLS handshake"),
        Err(_) => tracing::debug!(switch = device.options.name, "TLS handshake took too long"),
    }
}

/// Serves a connection until it ends, and drops the stream. Who is `known` needs no
/// password.
pub(crate) async fn serve<S>(device: Arc<Device>, stream: S, known: bool)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Some(mut cut) = device.open_connection() else { return };
    let _counted = Counted(Arc::clone(&device));
    let set = device.change(|state| state.faults.meet("restconf-connect"));
    let mut strikes = Strikes::new(Arc::clone(&device), cut.clone(), set);
    for moment in [Moment::BeforeApply, Moment::AfterApply] {
        if strikes.strike::<Refusal>(moment).await.is_err() {
            return;
        }
    }
    let face = Arc::new(Face::new(Arc::clone(&device), known));
    let broken = face.breaking();
    let service = service_fn(move |request| {
        let face = Arc::clone(&face);
        async move { Ok::<_, Infallible>(face.answer(request).await) }
    });
    let serving = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    // In this order: what cuts the connection also keeps from being written what is waiting to be.
    tokio::select! {
        biased;
        () = broken.notified() => {}
        _ = cut.changed() => {}
        ended = serving => if let Err(error) = ended {
            tracing::debug!(switch = device.options.name, %error, "RESTCONF connection ended");
        },
    }
}

struct Counted(Arc<Device>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.close_connection();
    }
}
