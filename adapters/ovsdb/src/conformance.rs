//! What the tests of other packages need of the insides, and nothing else.

use std::{sync::Arc, time::Duration};

use mercury_adapter::{Budget, ConnectError, OvsdbDialect, Session};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::{client::Client, connect};

/// A session over a stream that needs no TLS, for tests in memory; it cannot connect again.
///
/// # Errors
/// As a connector's.
pub async fn session<S>(
    stream: S,
    dialect: &Arc<OvsdbDialect>,
    within: Duration,
) -> Result<Box<dyn Session>, ConnectError>
where
    S: AsyncRead + AsyncWrite + Send + 'static,
{
    let budget = Budget::shared();
    let client = Client::over(stream, budget.clone());
    Ok(Box::new(connect::session(client, dialect, Arc::default(), budget, within).await?))
}
