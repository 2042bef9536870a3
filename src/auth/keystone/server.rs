//! Keystone's own side: `POST` and `GET` of `/v3/auth/tokens`.

use super::KeystoneOptions;
use crate::tls;
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio_rustls::rustls::pki_types::ServerName;

/// The largest answer, in bytes: with a catalog of services.
const MAX_ANSWER: usize = 1024 * 1024;

/// A token that is known.
pub(super) struct Token {
    pub(super) user: String,
    pub(super) domain: String,
    pub(super) roles: Vec<String>,
    /// How long it is still good for.
    pub(super) left: Duration,
}

/// What Keystone says of a token.
pub(super) enum Answer {
    Known(Token),
    Unknown,
}

/// Why it could not be asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum Outage {
    #[error("its address or the certificates to believe cannot be used: {0}")]
    Settings(String),
    #[error("{0}")]
    Connection(String),
    #[error("it did not answer in time")]
    Late,
    #[error("Mercury's own user cannot log in: status {0}")]
    Login(StatusCode),
    #[error("it answered with status {0}")]
    Status(StatusCode),
    #[error("its answer cannot be read: {0}")]
    Unreadable(&'static str),
}

impl Outage {
    fn connection(error: impl std::fmt::Display) -> Self {
        Self::Connection(error.to_string())
    }
}

/// The server, and Mercury's own token there.
pub(super) struct Server {
    options: KeystoneOptions,
    own: Mutex<Option<SecretString>>,
}

impl Server {
    pub(super) fn new(options: &KeystoneOptions) -> Self {
        Self { options: options.clone(), own: Mutex::default() }
    }

    /// Asks about a token; once more after a login of Mercury's own when that was over.
    pub(super) async fn validate(&self, token: &[u8]) -> Result<Answer, Outage> {
        for fresh in [false, true] {
            let own = self.own_token(fresh).await?;
            let mut headers = HeaderMap::new();
            headers.insert("x-auth-token", secret(own.expose_secret().as_bytes())?);
            headers.insert("x-subject-token", secret(token)?);
            let (status, _, body) = self.ask(Method::GET, headers, Bytes::new()).await?;
            match status {
                StatusCode::OK => return read(&body).map(Answer::Known),
                StatusCode::NOT_FOUND => return Ok(Answer::Unknown),
                StatusCode::UNAUTHORIZED if !fresh => {}
                other => return Err(Outage::Status(other)),
            }
        }
        Err(Outage::Status(StatusCode::UNAUTHORIZED))
    }

    /// Mercury's own token; one at a time logs in.
    async fn own_token(&self, fresh: bool) -> Result<SecretString, Outage> {
        let mut own = self.own.lock().await;
        if let Some(token) = own.as_ref().filter(|_| !fresh) {
            return Ok(token.clone());
        }
        let options = &self.options;
        let password = options.password.obtain().await.map_err(|error| Outage::Settings(error.to_string()))?;
        let user = json!({"name": options.username, "domain": {"name": options.user_domain},
                          "password": password.expose_secret()});
        let project = json!({"name": options.project, "domain": {"name": options.project_domain}});
        let login = json!({"auth": {"identity": {"methods": ["password"], "password": {"user": user}},
                                    "scope": {"project": project}}});
        let (status, headers, _) = self.ask(Method::POST, HeaderMap::new(), login.to_string().into()).await?;
        if status != StatusCode::CREATED {
            return Err(Outage::Login(status));
        }
        let token = headers.get("x-subject-token").and_then(|token| token.to_str().ok());
        let token = SecretString::from(token.ok_or(Outage::Unreadable("no X-Subject-Token"))?);
        *own = Some(token.clone());
        Ok(token)
    }

    /// One request on a connection of its own.
    async fn ask(
        &self,
        method: Method,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<(StatusCode, HeaderMap, Bytes), Outage> {
        let asking = Box::pin(self.exchange(method, headers, body));
        tokio::time::timeout(self.options.timeout, asking).await.unwrap_or(Err(Outage::Late))
    }

    async fn exchange(
        &self,
        method: Method,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<(StatusCode, HeaderMap, Bytes), Outage> {
        let wrong = || Outage::Settings("url".to_owned());
        let url = format!("{}/auth/tokens", self.options.url.trim_end_matches('/'));
        let uri = url.parse::<Uri>().map_err(|_| wrong())?;
        let (authority, host) = (uri.authority().ok_or_else(wrong)?, uri.host().ok_or_else(wrong)?);
        let (encrypted, host) = (uri.scheme_str() == Some("https"), host.trim_matches(['[', ']']).to_owned());
        let port = uri.port_u16().unwrap_or(if encrypted { 443 } else { 80 });
        let target = uri.path_and_query().map_or("/", |target| target.as_str());
        let mut request = Request::builder().method(method).uri(target).header(header::HOST, authority.as_str());
        if let Some(all) = request.headers_mut() {
            all.extend(headers);
            all.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            all.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        }
        let request = request.body(Full::new(body)).map_err(|_| wrong())?;
        let stream = TcpStream::connect((host.as_str(), port)).await.map_err(Outage::connection)?;
        if !encrypted {
            return over(stream, request).await;
        }
        let connector =
            tls::connector(self.options.ca.clone()).await.map_err(|error| Outage::Settings(error.to_string()))?;
        let name = ServerName::try_from(host).map_err(|_| wrong())?;
        let stream = connector.connect(name, stream).await.map_err(Outage::connection)?;
        over(stream, request).await
    }
}

async fn over(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Full<Bytes>>,
) -> Result<(StatusCode, HeaderMap, Bytes), Outage> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(Outage::connection)?;
    let exchange = async {
        let (head, body) = sender.send_request(request).await.map_err(Outage::connection)?.into_parts();
        let body = Limited::new(body, MAX_ANSWER).collect().await.map_err(Outage::connection)?;
        Ok((head.status, head.headers, body.to_bytes()))
    };
    let driving = async {
        let ended = connection.await;
        match ended {
            // The answer may be there and not yet taken.
            Ok(()) => std::future::pending().await,
            Err(error) => Err(Outage::connection(error)),
        }
    };
    tokio::select! {
        biased;
        answer = exchange => answer,
        failed = driving => failed,
    }
}

fn secret(token: &[u8]) -> Result<HeaderValue, Outage> {
    let mut value = HeaderValue::from_bytes(token).map_err(|_| Outage::Unreadable("a token"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn read(body: &[u8]) -> Result<Token, Outage> {
    #[derive(Deserialize)]
    struct Body {
        token: Said,
    }
    #[derive(Deserialize)]
    struct Said {
        user: User,
        #[serde(default)]
        roles: Vec<Named>,
        expires_at: String,
    }
    #[derive(Deserialize)]
    struct User {
        name: String,
        domain: Named,
    }
    #[derive(Deserialize)]
    struct Named {
        name: String,
    }
    let Body { token } = serde_json::from_slice(body).map_err(|_| Outage::Unreadable("no token as of v3"))?;
    let expires = OffsetDateTime::parse(&token.expires_at, &Rfc3339);
    let expires = expires.map_err(|_| Outage::Unreadable("expires_at"))?;
    let left = expires - OffsetDateTime::from(std::time::SystemTime::now());
    Ok(Token {
        user: token.user.name,
        domain: token.user.domain.name,
        roles: token.roles.into_iter().map(|role| role.name).collect(),
        // What is over is good for nothing, and is not remembered.
        left: Duration::try_from(left).unwrap_or_default(),
    })
}
