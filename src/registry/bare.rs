//! Connections with nothing of Mercury's on them: what a session takes at least.

use axum::body::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use mercury_adapter::{ConnectError, ConnectFault};
use tokio::io::AsyncReadExt as _;

use super::{ssh, tls};
use crate::inventory::{Face, NetconfSettings, NetconfTransport, SshSettings, Switch, TlsSettings};

/// A message of no octets, as gRPC frames it.
const NOTHING: [u8; 5] = [0; 5];

/// A connection as the libraries for NETCONF over SSH, or for gNMI over TLS, make it, kept until it
/// is dropped: the subsystem is open and the switch has said hello, or one call was answered.
///
/// # Errors
/// There is none with this switch, or it is spoken to in another way.
pub async fn bare(switch: &Switch) -> Result<Box<dyn Send>, ConnectError> {
    match &switch.face {
        Face::Netconf(NetconfSettings { transport: NetconfTransport::Ssh(settings), call_home: false, .. }) => {
            by_ssh(switch, settings).await
        }
        Face::Gnmi(settings) => by_http2(switch, &settings.tls).await,
        _ => Err(broken("it speaks neither NETCONF over SSH nor gNMI")),
    }
}

async fn by_ssh(switch: &Switch, settings: &SshSettings) -> Result<Box<dyn Send>, ConnectError> {
    let options = ssh::options(&switch.identity, settings, &switch.timing, switch.port())?;
    let mut stream = mercury_ssh::connect(&options).await.map_err(|error| error.to_connect_error())?;
    let mut hello = [0; 4096];
    stream.read(&mut hello).await.map_err(broken)?;
    Ok(Box::new(stream))
}

async fn by_http2(switch: &Switch, settings: &TlsSettings) -> Result<Box<dyn Send>, ConnectError> {
    let (host, within) = (&switch.identity.address, switch.timing.connect_timeout);
    let tls = tls::options(settings)?.ok_or_else(|| broken("it has no TLS"))?;
    let socket = mercury_tls::reach(host, switch.port(), switch.timing.keepalive, within).await?;
    let stream = mercury_tls::secure(socket, host, &tls, &[b"h2"], within).await?;
    let made = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
    let (mut sender, connection) = made.map_err(broken)?;
    // Ends with the sender.
    tokio::spawn(connection);
    let request = Request::post(format!("https://{host}/gnmi.gNMI/Capabilities"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(Full::new(Bytes::from_static(&NOTHING)));
    let response = sender.send_request(request.map_err(broken)?).await.map_err(broken)?;
    response.into_body().collect().await.map_err(broken)?;
    Ok(Box::new(sender))
}

#[expect(clippy::needless_pass_by_value, reason = "as an error is given")]
fn broken(why: impl ToString) -> ConnectError {
    ConnectError { fault: ConnectFault::Protocol, message: why.to_string() }
}
