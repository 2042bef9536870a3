//! What the conformance kit in `tests/dialects` and the fuzz targets need of
//! the insides, and nothing else.

use std::sync::Arc;

use mercury_adapter::{ConnectError, Dialect, GnmiDialect, Session};
use mercury_gnmi_proto::gnmi::{Notification, Path, SetRequest};
use mercury_model::{Running, Scope};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::{GnmiOptions, SetOperations, connect, query::Questions, request, transport::Transport, tree::Tree};

/// The Set a session sends for these operations, with the dialect's own
/// settings.
#[must_use]
pub fn set_request(dialect: &GnmiDialect, operations: &SetOperations) -> SetRequest {
    form(dialect).set(operations)
}

fn form(dialect: &GnmiDialect) -> request::Form {
    request::Form {
        encoding: dialect.encoding.unwrap_or(mercury_adapter::GnmiEncoding::JsonIetf),
        origin: dialect.origin.clone(),
        target: dialect.target.clone(),
        path_prefixes: dialect.path_prefixes,
        json_prefixes: dialect.json_prefixes,
        leaf_values: dialect.leaf_values,
    }
}

/// What a session asks for to see `scope`, given what was answered to what it
/// asked for before; by Get, or by one subscription.
///
/// # Errors
/// As [`decode`].
pub fn questions(
    dialect: &GnmiDialect,
    scope: &Scope,
    answered: Option<&[Notification]>,
    subscribing: bool,
) -> Result<Vec<Path>, String> {
    let instance = &dialect.network_instance;
    let questions =
        if subscribing { Questions::at_once(dialect, instance) } else { Questions::one_by_one(dialect, instance) };
    let nodes = match answered {
        None => questions.first(scope),
        Some(answered) => questions.then(&collected(answered)?, scope)?,
    };
    Ok(form(dialect).once(&nodes, false).subscription.into_iter().filter_map(|one| one.path).collect())
}

fn collected(notifications: &[Notification]) -> Result<Tree, String> {
    let mut tree = Tree::default();
    notifications.iter().try_for_each(|one| tree.add(one))?;
    Ok(tree)
}

/// What notifications say about `scope`, as a session reads them.
///
/// # Errors
/// A sentence that names what cannot be understood, or that the dialect does
/// not speak gNMI.
pub fn decode(dialect: &Dialect, notifications: &[Notification], scope: &Scope) -> Result<Running, String> {
    let gnmi = dialect.gnmi.as_ref().ok_or_else(|| format!("{} does not speak gNMI", dialect.name))?;
    let tree = collected(notifications)?;
    Questions::one_by_one(gnmi, &gnmi.network_instance).decode(&tree, scope)
}

/// A session over a stream that needs no TLS, for tests in memory.
///
/// # Errors
/// As a connector's.
pub async fn session<S>(
    stream: S,
    options: &GnmiOptions,
    dialect: Arc<GnmiDialect>,
) -> Result<Box<dyn Session>, ConnectError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let transport = Transport::over(stream).await?;
    let instance = dialect.network_instance.clone();
    let session = connect::open(transport, options, dialect, instance, Arc::default()).await?;
    Ok(Box::new(session))
}
