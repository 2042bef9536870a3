//! The options of a connection, which somebody else puts together.

use std::sync::Arc;

use crate::{ConnectError, ConnectFault};

/// Asks for options away from the workers of the runtime: secrets among them may be in
/// files, or what a command prints, which takes its time.
///
/// # Errors
/// Why there are none.
pub async fn options<T: Send + 'static>(
    dial: &Arc<impl Fn() -> Result<T, ConnectError> + Send + Sync + 'static>,
) -> Result<T, ConnectError> {
    let dial = Arc::clone(dial);
    let asked = tokio::task::spawn_blocking(move || dial()).await;
    asked.unwrap_or_else(|_| {
        let message = "Mercury failed while it read the options of the connection".to_owned();
        Err(ConnectError { fault: ConnectFault::Credentials, message })
    })
}
