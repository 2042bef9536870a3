//! One gNMI connection: HTTP/2 until somebody hangs up.

use std::sync::{Arc, atomic::AtomicUsize};

use hyper::server::conn::http2;
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    service::TowerToHyperService,
};
use mercury_gnmi_proto::gnmi::g_nmi_server::GNmiServer;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::Notify,
};

use super::service::Face;
use crate::device::Device;

/// RPCs at once on one connection.
const STREAMS: u32 = 64;
/// Bytes of a request's headers.
const HEADERS: u32 = 16 * 1024;
/// Bytes of a request (gRPC's usual limit).
const REQUEST: usize = 4 * 1024 * 1024;
/// Bytes in flight, so that a whole configuration takes one flight.
const WINDOW: u32 = 1024 * 1024;

/// What is known of the client before it says a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Nothing: every RPC needs a password.
    Stranger,
    /// It has shown a certificate, or sits in this process.
    Known,
}

/// What the RPCs of a connection share.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) trust: Trust,
    /// RPCs being answered.
    pub(super) running: AtomicUsize,
    breaking: Notify,
}

impl Connection {
    /// Cuts the connection: nothing more is written to it.
    pub(super) fn break_off(&self) {
        self.breaking.notify_one();
    }
}

/// Serves a connection until it ends, and drops the stream.
pub(crate) async fn serve<S>(device: Arc<Device>, stream: S, trust: Trust)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Some(mut cut) = device.open_connection() else { return };
    let _open = Open(Arc::clone(&device));
    let connection = Arc::new(Connection { trust, running: AtomicUsize::new(0), breaking: Notify::new() });
    let face = GNmiServer::new(Face { device: Arc::clone(&device), connection: Arc::clone(&connection) });
    let service = TowerToHyperService::new(face.max_decoding_message_size(REQUEST));
    let serving = http2::Builder::new(TokioExecutor::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEADERS)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .serve_connection(TokioIo::new(stream), service);
    // In this order: what cuts the connection also keeps from being written
    // what is waiting to be.
    tokio::select! {
        biased;
        () = connection.breaking.notified() => {}
        _ = cut.changed() => {}
        ended = serving => if let Err(error) = ended {
            tracing::debug!(switch = device.options.name, %error, "gNMI connection ended");
        },
    }
}

struct Open(Arc<Device>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.close_connection();
    }
}
