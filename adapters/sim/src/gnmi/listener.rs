//! The sockets of the gNMI face.

use std::{sync::Arc, time::Duration};

use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::{Opening, Trust};
use crate::{device::Device, fault::Moment};

/// Unfinished handshakes end after this time.
const HANDSHAKE_TIME: Duration = Duration::from_secs(30);

/// Accepts connections until the switch stops; without TLS if there is none.
pub(crate) async fn listen(listener: TcpListener, tls: Option<TlsAcceptor>, device: Arc<Device>) {
    let mut cut = device.cut();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    tokio::spawn(connection(stream, tls.clone(), Arc::clone(&device)));
                }
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

async fn connection(stream: TcpStream, tls: Option<TlsAcceptor>, device: Arc<Device>) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let mut cut = device.cut();
    let name = device.options.name.clone();
    let Some(mut opening) = Opening::new(device) else { return };
    if !opening.survives(Moment::BeforeApply).await {
        return;
    }
    let Some(tls) = tls else {
        if opening.survives(Moment::AfterApply).await {
            opening.serve(stream, Trust::Stranger).await;
        }
        return;
    };
    let shaken = tokio::select! {
        shaken = tokio::time::timeout(HANDSHAKE_TIME, tls.accept(stream)) => shaken,
        _ = cut.changed() => return,
    };
    match shaken {
        // gRPC speaks HTTP/2 and says so.
        Ok(Ok(stream)) if stream.get_ref().1.alpn_protocol() == Some(b"h2") => {
            let known = stream.get_ref().1.peer_certificates().is_some();
            if opening.survives(Moment::AfterApply).await {
                opening.serve(stream, if known { Trust::Known } else { Trust::Stranger }).await;
            }
        }
        Ok(Ok(_)) => tracing::debug!(switch = name, "no HTTP/2"),
        Ok(Err(error)) => tracing::debug!(switch = name, %error, "TLS handshake"),
        Err(_) => tracing::debug!(switch = name, "TLS handshake took too long"),
    }
}
