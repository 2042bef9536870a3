//! What the conformance kit in `tests/dialects` and the fuzz targets need of
//! the insides, and nothing else.

use std::{collections::BTreeMap, sync::Arc};

use mercury_adapter::{Budget, Bump, ConnectError, Dialect, GnmiDialect, MAX_REPLY, Session};
use mercury_gnmi_proto::gnmi::{GetResponse, Notification, Path, SetRequest};
use mercury_model::{Running, Scope, Vni, VniState};
use prost::Message as _;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::{
    GnmiOptions, SetOperations, connect, query::Questions, request, session::Learned, transport::Transport, tree::Tree,
};

/// The Set a session sends for these operations, with the dialect's own
/// settings.
#[must_use]
pub fn set_request(dialect: &GnmiDialect, operations: &SetOperations) -> SetRequest {
    form(dialect).set(operations)
}

fn form(dialect: &GnmiDialect) -> request::Form {
    request::Form::of(dialect, request::Asked::default(), mercury_adapter::GnmiEncoding::JsonIetf)
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
        Some(answered) => collected(&encoded(answered), |tree| questions.then(tree, scope))?,
    };
    Ok(form(dialect).once(&nodes, false).subscription.into_iter().filter_map(|one| one.path).collect())
}

/// The paths of which state is asked beside, by Get.
#[must_use]
pub fn states(dialect: &GnmiDialect, scope: &Scope) -> Vec<Path> {
    let nodes = Questions::one_by_one(dialect, &dialect.network_instance).states(scope);
    form(dialect).once(&nodes, false).subscription.into_iter().filter_map(|one| one.path).collect()
}

/// What answers to those tell of VNIs that were read, as a session understands them.
///
/// # Errors
/// As [`decode_octets`].
pub fn told(
    dialect: &GnmiDialect,
    notifications: &[Notification],
    running: &Running,
) -> Result<BTreeMap<Vni, VniState>, String> {
    let questions = Questions::one_by_one(dialect, &dialect.network_instance);
    let scope = Scope::all().with_overlays(true);
    collected(&encoded(notifications), |tree| questions.told(tree, &scope, &running.segments))
}

fn encoded(notifications: &[Notification]) -> Vec<u8> {
    GetResponse { notification: notifications.to_vec(), ..GetResponse::default() }.encode_to_vec()
}

fn collected<T>(answer: &[u8], act: impl FnOnce(&Tree<'_, '_>) -> Result<T, String>) -> Result<T, String> {
    let (arena, mut share) = (Bump::new(), Budget::new(usize::MAX).share(MAX_REPLY));
    let mut tree = Tree::new(&arena, &mut share).map_err(|problem| problem.to_string())?;
    tree.add(answer).map_err(|problem| problem.to_string())?;
    act(&tree)
}

/// What notifications say about `scope`, as a session reads them.
///
/// # Errors
/// As [`decode_octets`].
pub fn decode(dialect: &Dialect, notifications: &[Notification], scope: &Scope) -> Result<Running, String> {
    decode_octets(dialect, &encoded(notifications), scope)
}

/// The same of a `GetResponse` as it comes.
///
/// # Errors
/// A sentence that names what cannot be understood, or that the dialect does
/// not speak gNMI.
pub fn decode_octets(dialect: &Dialect, answer: &[u8], scope: &Scope) -> Result<Running, String> {
    let gnmi = dialect.gnmi.as_ref().ok_or_else(|| format!("{} does not speak gNMI", dialect.name))?;
    collected(answer, |tree| Questions::one_by_one(gnmi, &gnmi.network_instance).decode(tree, scope))
}

/// What is found out about a target, kept from session to session as a connector
/// keeps it.
#[derive(Debug, Default)]
pub struct Known(Arc<Learned>);

/// A session over a stream that needs no TLS, for tests in memory; the first with its
/// target.
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
    next_session(stream, options, dialect, &Known::default()).await
}

/// The same, with a target of which this is known.
///
/// # Errors
/// As a connector's.
pub async fn next_session<S>(
    stream: S,
    options: &GnmiOptions,
    dialect: Arc<GnmiDialect>,
    known: &Known,
) -> Result<Box<dyn Session>, ConnectError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let transport = Transport::over(stream).await?;
    let instance = dialect.network_instance.clone();
    let session = connect::open(transport, options, dialect, instance, Arc::clone(&known.0)).await?;
    Ok(Box::new(session))
}
