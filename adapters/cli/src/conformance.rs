//! What the fuzz targets and the tests of other packages need of the insides, and nothing else.

use std::sync::Arc;

use mercury_adapter::{ConnectError, NvueDialect, Session};
use mercury_http::{Connection, HttpClient, HttpOptions, Octets};
use tokio::io::{AsyncRead, AsyncWrite};

pub use crate::telnet::Negotiation;
use crate::{NvueSession, nvue::Client};

/// A session with NVUE's REST server over a stream that needs no TLS, for tests in memory; it
/// cannot connect again.
///
/// # Errors
/// As a connector's.
pub async fn nvue<S>(
    stream: S,
    options: &HttpOptions,
    dialect: &Arc<NvueDialect>,
) -> Result<Box<dyn Session>, ConnectError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let octets = Octets::default();
    let connection = Connection::over(stream, &octets).await?;
    let http = HttpClient::over(connection, octets, Arc::new(options.clone()))?;
    Ok(Box::new(NvueSession::new(Client::new(http), Arc::clone(dialect))))
}
