//! The TLS server in front of the NETCONF face (RFC 7589).

use std::{sync::Arc, time::Duration};

use tokio::{
    io::AsyncWriteExt as _,
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

use super::session::{End, serve};
use crate::device::Device;

/// Unfinished handshakes end after this time.
const HANDSHAKE_TIME: Duration = Duration::from_secs(30);

/// Accepts connections until the switch stops.
pub(crate) async fn listen(listener: TcpListener, tls: TlsAcceptor, device: Arc<Device>) {
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

/// One connection, which is one session.
pub(crate) async fn connection(stream: TcpStream, tls: TlsAcceptor, device: Arc<Device>) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let mut cut = device.cut();
    let name = device.options.name.clone();
    let shaken = tokio::select! {
        shaken = tokio::time::timeout(HANDSHAKE_TIME, tls.accept(stream)) => shaken,
        _ = cut.changed() => return,
    };
    let mut stream = match shaken {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return tracing::debug!(switch = name, %error, "TLS handshake"),
        Err(_) => return tracing::debug!(switch = name, "TLS handshake took too long"),
    };
    let ended = tokio::select! {
        ended = serve(device, &mut stream) => ended,
        _ = cut.changed() => End::Dropped,
    };
    if ended == End::Closed {
        // The client may be gone already.
        let _ = stream.shutdown().await;
    }
}
