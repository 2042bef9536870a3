//! A call for each of Mercury's methods.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use http::{
    HeaderMap, HeaderValue, Uri,
    uri::{InvalidUri, Scheme},
};
use jsonrpsee_core::{
    client::{ClientT, Error as ClientError, IdKind},
    params::ObjectParams,
};
use jsonrpsee_http_client::{HttpClientBuilder, transport::Error as TransportError};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

use crate::{
    carrier::Carrier,
    error::{Error, RpcError},
    login::{Http, Login, Undelivered, Way},
    roots,
    types::{Changed, LagUpdate, Network, Port, PortReset, PortState, PortUpdate, SwitchEntry, Verified},
};

/// Octets of an answer.
const MAX_ANSWER: u32 = 64 << 20;
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Mercury is told to give up so much before the client does, and says what became of it.
const BEFORE: Duration = Duration::from_secs(5);

/// What a [`Client`] is made of.
#[derive(Debug)]
pub struct Builder {
    url: String,
    way: Way,
    roots: Option<PathBuf>,
    timeout: Duration,
    retry_for: Duration,
    context: Map<String, Value>,
    allow_plaintext_passwords: bool,
}

impl Builder {
    /// How the caller shows who it is; by default not at all.
    #[must_use]
    pub fn way(self, way: Way) -> Self {
        Self { way, ..self }
    }

    /// A file of certificates (PEM) by which Mercury's is believed, instead of those that the
    /// system trusts.
    #[must_use]
    pub fn roots(self, file: impl Into<PathBuf>) -> Self {
        Self { roots: Some(file.into()), ..self }
    }

    /// How long one try may take; 120 s.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// For how long a request is repeated where an answer says that this may help; 60 s.
    #[must_use]
    pub fn retry_for(self, time: Duration) -> Self {
        Self { retry_for: time, ..self }
    }

    /// What Mercury's log shows of the caller: `request_id`, `user`, `project_id`.
    #[must_use]
    pub fn context(mut self, name: &str, value: &str) -> Self {
        self.context.insert(name.to_owned(), json!(value));
        self
    }

    /// That passwords and tokens may go to another machine over `http://`, where everybody on the
    /// way can read them.
    #[must_use]
    pub fn allow_plaintext_passwords(self) -> Self {
        Self { allow_plaintext_passwords: true, ..self }
    }

    /// The client; nothing is connected yet.
    ///
    /// # Errors
    /// [`Error::Settings`]: the URL or a file cannot be used, or [`Way::basic`] or [`Way::token`]
    /// would go to another machine over `http://` and that is not allowed.
    pub fn build(self) -> Result<Client, Error> {
        let wrong = |error: &dyn std::fmt::Display| Error::Settings(error.to_string());
        if self.url.split('/').nth(2).is_some_and(|authority| authority.contains('@')) {
            return Err(Error::Settings("name and password do not belong into the URL".to_owned()));
        }
        // A socket is on this machine.
        if self.way.is_readable() && !self.allow_plaintext_passwords && !self.url.starts_with("unix://") {
            kept_secret(&self.url)?;
        }
        let mut headers = HeaderMap::new();
        let wait = self.timeout.saturating_sub(BEFORE).as_secs().max(1);
        let prefer = HeaderValue::from_str(&format!("wait={wait}")).map_err(|error| wrong(&error))?;
        headers.insert("prefer", prefer);
        let mut builder = HttpClientBuilder::default();
        let socket = match self.url.strip_prefix("unix://") {
            Some(path) if !path.starts_with('/') => {
                return Err(Error::Settings("a socket is unix:// and a path from the root".to_owned()));
            }
            path => path.map(Path::new),
        };
        if self.url.starts_with("https:") {
            builder = builder.with_custom_cert_store(roots::config(self.roots.as_deref(), self.way.certificate())?);
        }
        let builder = builder
            .max_response_size(MAX_ANSWER)
            .request_timeout(self.timeout)
            .id_format(IdKind::String)
            .set_headers(headers)
            .set_http_middleware(tower::ServiceBuilder::new().layer(Login::new(self.way, socket.map(Carrier::socket))));
        // What a socket is asked for has no host.
        let url = if socket.is_some() { "http://localhost/" } else { &self.url };
        let http = builder.build(url).map_err(|error| wrong(&error))?;
        Ok(Client { http, retry_for: self.retry_for, context: self.context })
    }
}

/// Calls one Mercury; clones share its connections.
#[derive(Clone, Debug)]
pub struct Client {
    http: Http,
    retry_for: Duration,
    context: Map<String, Value>,
}

impl Client {
    /// For the Mercury at `http://HOST:6190`, `https://HOST:6190` or, by its socket,
    /// `unix:///run/mercury/mercury.sock`.
    pub fn builder(url: impl Into<String>) -> Builder {
        Builder {
            url: url.into(),
            way: Way::anonymous(),
            roots: None,
            timeout: Duration::from_secs(120),
            retry_for: Duration::from_secs(60),
            context: Map::new(),
            allow_plaintext_passwords: false,
        }
    }

    /// Any method by its name, with its parameters by theirs.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn call<T: DeserializeOwned>(&self, method: &str, params: Value) -> Result<T, Error> {
        let (mut left, mut pause) = (self.retry_for, FIRST_PAUSE);
        loop {
            let error = match self.ask(method, &params).await {
                Ok(answer) => return read(method, &params, answer),
                Err(error) => error,
            };
            let Some(wait) = error.later(pause).filter(|wait| *wait <= left) else { return Err(error) };
            tracing::info!(method, %error, ?wait, "it is tried again");
            tokio::time::sleep(wait).await;
            left = left.saturating_sub(wait);
            pause = (2 * pause).min(LONGEST_PAUSE);
        }
    }

    async fn ask(&self, method: &str, params: &Value) -> Result<Value, Error> {
        let mut sent = ObjectParams::new();
        let context = (!self.context.is_empty()).then(|| json!(self.context));
        let members = params.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value));
        for (name, value) in members.chain(context.as_ref().map(|context| ("context", context))) {
            sent.insert(name, value).map_err(|error| Error::Settings(error.to_string()))?;
        }
        self.http.request(method, sent).await.map_err(|error| told(method, params, error))
    }

    /// Ironic's `update_port`.
    ///
    /// # Errors
    /// As [`Error`] says; so have all of the calls below.
    pub async fn update_port(&self, update: &PortUpdate) -> Result<PortState, Error> {
        self.call("update_port", of(update)?).await
    }

    /// Ironic's `reset_port`.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn reset_port(&self, reset: &PortReset) -> Result<PortState, Error> {
        self.call("reset_port", of(reset)?).await
    }

    /// The switches, by name.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn get_switches(&self) -> Result<BTreeMap<String, SwitchEntry>, Error> {
        self.call("get_switches", json!({})).await
    }

    /// Makes an aggregate, or changes it, on all of its switches or on none.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn update_lag(&self, update: &LagUpdate) -> Result<Changed, Error> {
        self.call("update_lag", of(update)?).await
    }

    /// Removes an aggregate; its members are idle ports again.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn delete_lag(&self, switch_ids: &[String], lag_name: &str) -> Result<Changed, Error> {
        self.call("delete_lag", json!({"switch_ids": switch_ids, "lag_name": lag_name})).await
    }

    /// Puts a network on every link of a port, on all switches or on none.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn attach_port(&self, port: &Port, network: &Network) -> Result<Changed, Error> {
        self.call("attach_port", json!({"port": port.params(), "network": network})).await
    }

    /// The same under the name `update_port`.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn update_attached_port(&self, port: &Port, network: &Network) -> Result<Changed, Error> {
        self.call("update_port", json!({"port": port.params(), "network": network})).await
    }

    /// Puts every link on its switch's own default; with a network those that are on it.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn detach_port(&self, port: &Port, network: Option<&Network>) -> Result<Changed, Error> {
        self.call("detach_port", with_network(port, network)).await
    }

    /// Makes the VLAN where Mercury makes VLANs.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn add_network(&self, network: &Network) -> Result<Changed, Error> {
        self.call("add_network", json!({"network": network})).await
    }

    /// Removes the VLAN where no port has it.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn delete_network(&self, network: &Network) -> Result<Changed, Error> {
        self.call("delete_network", json!({"network": network})).await
    }

    /// Whether the links may be configured so; switches are asked.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn is_link_valid(&self, port: &Port, network: Option<&Network>) -> Result<bool, Error> {
        self.call("is_link_valid", with_network(port, network)).await
    }

    /// Whether the links' switches and ports may be configured; no switch is asked.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn is_port_supported(&self, port: &Port, network: Option<&Network>) -> Result<bool, Error> {
        self.call("is_port_supported", with_network(port, network)).await
    }

    /// The kinds of networks that [`Client::attach_port`] takes.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn get_allowed_network_types(&self) -> Result<Vec<String>, Error> {
        self.call("get_allowed_network_types", json!({})).await
    }

    /// What [`Client::update_port`] would change and send.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn plan_port(&self, update: &PortUpdate) -> Result<Changed, Error> {
        self.call("plan_port", of(update)?).await
    }

    /// What a change, by its method and parameters, would change and send.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn plan(&self, method: &str, params: &Value) -> Result<Changed, Error> {
        self.call("mercury.plan", json!({"method": method, "params": params})).await
    }

    /// Where switches differ from what a change would have made of them.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn verify(&self, method: &str, params: &Value) -> Result<Verified, Error> {
        self.call("mercury.verify", json!({"method": method, "params": params})).await
    }

    /// Whether the change that had no answer is made: it is looked for, not repeated. An error
    /// of another kind is given back as it is.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub async fn settle(&self, error: Error) -> Result<bool, Error> {
        match error {
            Error::NoAnswer { method, params, .. } => Ok(self.verify(&method, &params).await?.matches),
            other => Err(other),
        }
    }
}

/// Refuses a URL by which a secret would go over a network as it is.
fn kept_secret(url: &str) -> Result<(), Error> {
    let url: Uri = url.parse().map_err(|error: InvalidUri| Error::Settings(error.to_string()))?;
    let host = url.host().unwrap_or_default();
    if url.scheme() == Some(&Scheme::HTTPS) || is_loopback(host) {
        return Ok(());
    }
    Err(Error::Settings(format!(
        "the password or token would go to {host} in plain text over http://: use https://, or allow_plaintext_passwords"
    )))
}

fn is_loopback(host: &str) -> bool {
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || literal.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

fn of(params: &impl Serialize) -> Result<Value, Error> {
    serde_json::to_value(params).map_err(|error| Error::Settings(error.to_string()))
}

fn with_network(port: &Port, network: Option<&Network>) -> Value {
    match network {
        Some(network) => json!({"port": port.params(), "network": network}),
        None => json!({"port": port.params()}),
    }
}

fn read<T: DeserializeOwned>(method: &str, params: &Value, answer: Value) -> Result<T, Error> {
    serde_json::from_value(answer).map_err(|error| no_answer(method, params, &error))
}

fn no_answer(method: &str, params: &Value, reason: &dyn std::fmt::Display) -> Error {
    Error::NoAnswer { method: method.to_owned(), params: params.clone(), message: reason.to_string() }
}

/// What jsonrpsee says of a call, in the words of this crate.
fn told(method: &str, params: &Value, error: ClientError) -> Error {
    match error {
        ClientError::Call(error) => {
            let data = error.data().and_then(|data| serde_json::from_str(data.get()).ok()).unwrap_or_default();
            Error::Rpc(RpcError { code: error.code(), message: error.message().to_owned(), data })
        }
        ClientError::Transport(error) => match Undelivered::of(&error) {
            Some(Undelivered::NotSent(reason)) => Error::NotSent(reason.clone()),
            Some(Undelivered::Refused(refusal)) => Error::Refused(refusal.clone()),
            Some(strange @ Undelivered::Strange(_)) => no_answer(method, params, strange),
            None if matches!(error.downcast_ref(), Some(TransportError::RequestTooLarge)) => {
                Error::NotSent(error.to_string())
            }
            None => no_answer(method, params, &error),
        },
        other => no_answer(method, params, &other),
    }
}
