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
    sync::{Notify, watch},
};
use tonic::{Code, Response, Status};

use super::{
    service::Face,
    status::{Struck, status},
};
use crate::{
    device::{Cut, Device},
    fault::Moment,
    strikes::Strikes,
};

/// RPCs at once on one connection.
const STREAMS: u32 = 64;
/// Bytes of a request's headers.
const HEADERS: u32 = 16 * 1024;
/// Bytes of a request (gRPC's usual limit).
const REQUEST: usize = 4 * 1024 * 1024;
/// Bytes in flight, so that a large request takes one flight.
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
    ended: watch::Sender<bool>,
}

impl Connection {
    /// Tells the client what became of its RPC; or cuts the connection, and
    /// answers when that is done, so that nothing is written to it any more.
    pub(super) async fn tell<T>(&self, outcome: Result<T, Struck>) -> Result<Response<T>, Status> {
        match outcome {
            Ok(answer) => Ok(Response::new(answer)),
            Err(Struck::Refused(status)) => Err(status),
            Err(Struck::Broken) => {
                let mut ended = self.ended.subscribe();
                self.breaking.notify_one();
                // The sender is `self`.
                let _ = ended.wait_for(|ended| *ended).await;
                Err(status(Code::Unavailable, "the connection is cut"))
            }
        }
    }
}

/// A connection that is taken and counted, and not spoken on yet.
pub(crate) struct Opening {
    device: Arc<Device>,
    cut: watch::Receiver<Cut>,
    strikes: Strikes,
    counted: Counted,
}

impl Opening {
    /// `None` if there are too many, or the switch is stopped.
    pub(crate) fn new(device: Arc<Device>) -> Option<Self> {
        let cut = device.open_connection()?;
        let counted = Counted(Arc::clone(&device));
        let set = device.change(|state| state.faults.meet("gnmi-connect"));
        let strikes = Strikes::new(Arc::clone(&device), cut.clone(), set);
        Some(Self { device, cut, strikes, counted })
    }

    /// Lets the faults of this moment happen; says whether the connection goes
    /// on. There is nobody yet to be told why not.
    pub(crate) async fn survives(&mut self, moment: Moment) -> bool {
        self.strikes.strike::<Status>(moment).await.is_ok()
    }

    /// Serves it until it ends, and drops the stream.
    pub(crate) async fn serve<S>(self, stream: S, trust: Trust)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self { device, mut cut, strikes: _, counted: _counted } = self;
        let ended = watch::Sender::new(false);
        let connection = Arc::new(Connection { trust, running: AtomicUsize::new(0), breaking: Notify::new(), ended });
        // Dropped after the stream.
        let _ends = Ends(Arc::clone(&connection));
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
}

struct Ends(Arc<Connection>);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.ended.send_replace(true);
    }
}

struct Counted(Arc<Device>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.close_connection();
    }
}
