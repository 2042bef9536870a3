//! What the tests of other packages need of the insides, and nothing else.

use std::sync::Arc;

use mercury_adapter::{Budget, ConnectError, Dialect, Looking, MAX_REPLY, Names, NodePath, RestconfDialect, Session};
use mercury_http::{Connection, HttpClient, Octets};
use mercury_model::{Running, Scope};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::{
    Changes, RestconfOptions,
    client::Client,
    connect,
    data::{self, Answered, Behind},
    media::Media,
    request::Form,
};

/// A session over a stream that needs no TLS, for tests in memory; it cannot connect again.
///
/// # Errors
/// As a connector's.
pub async fn session<S>(
    stream: S,
    options: &RestconfOptions,
    dialect: &RestconfDialect,
) -> Result<Box<dyn Session>, ConnectError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let octets = Octets::default();
    let connection = Connection::over(stream, &octets).await?;
    let http = HttpClient::over(connection, octets, Arc::new(options.http.clone()))?;
    let client = Client::new(http, options, Arc::new(Media::default()));
    let instance = dialect.network_instance.clone();
    Ok(Box::new(connect::session(client, options, dialect, instance).await?))
}

/// The requests that carry changes, as method, URI behind the root, and body.
#[must_use]
pub fn requests(changes: &Changes, yang_patch: bool, datastore_patch: bool) -> Vec<(String, String, Option<String>)> {
    let requests = Form { yang_patch, datastore_patch, ..Form::default() }.requests(changes);
    let shown = |one: crate::request::Request| (one.method.to_string(), one.uri, one.body.map(|(_, body)| body));
    requests.into_iter().map(shown).collect()
}

/// What a datastore's JSON says about a scope, as a session reads it.
///
/// # Errors
/// A sentence that names what cannot be understood, or that the dialect does not speak
/// RESTCONF.
pub fn decode(dialect: &Dialect, datastore: &str, scope: &Scope) -> Result<Running, String> {
    let restconf = dialect.restconf.as_ref().ok_or_else(|| format!("{} does not speak RESTCONF", dialect.name))?;
    let looking = Looking { tree: &restconf.tree, defaults: &restconf.defaults, instance: &restconf.network_instance };
    let body = datastore.as_bytes().to_vec().into();
    let budget = Budget::new(usize::MAX);
    let mut share = budget.share(MAX_REPLY);
    let mut whole =
        Answered { path: NodePath::default(), names: Names::default(), body, share: budget.share(MAX_REPLY) };
    data::read(looking, scope, (std::slice::from_mut(&mut whole), Behind::Dropped), &mut share)
        .map_err(|problem| problem.to_string())
}
