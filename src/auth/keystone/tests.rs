use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Mutex;

use axum::http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{
    ServerConfig,
    crypto::ring::default_provider,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};

use super::*;
use crate::auth::tests::Errors;
use crate::auth::{Asked, Authenticator, Recognised};

/// Keystone as far as its manual says what it does, with a switch to turn it off.
#[derive(Default)]
struct Imitation {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Roles and end by token.
    tokens: HashMap<String, (Vec<&'static str>, &'static str)>,
    /// Mercury's own tokens that count.
    own: Vec<String>,
    logins: usize,
    questions: usize,
    /// What it answers with instead of an answer.
    down: Option<StatusCode>,
}

impl Imitation {
    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, hyper::Error> {
        let (head, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        let mut state = self.state.lock().unwrap();
        let mut response = Response::builder();
        let mut text = Value::Null;
        let header = |name: &str| head.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(head.uri.path(), "/v3/auth/tokens");
        let status = match (state.down, head.method.as_str()) {
            (Some(status), _) => status,
            (None, "POST") => {
                let login: Value = serde_json::from_slice(&body).unwrap();
                let user = &login["auth"]["identity"]["password"]["user"];
                assert_eq!(
                    login["auth"]["scope"]["project"],
                    json!({"name": "service", "domain": {"name": "Default"}})
                );
                state.logins += 1;
                if *user == json!({"name": "mercury", "domain": {"name": "Default"}, "password": "s3same"}) {
                    let token = format!("own-{}", state.logins);
                    state.own.push(token.clone());
                    response = response.header("X-Subject-Token", token);
                    StatusCode::CREATED
                } else {
                    StatusCode::UNAUTHORIZED
                }
            }
            (None, _) if !state.own.contains(&header("x-auth-token").unwrap()) => StatusCode::UNAUTHORIZED,
            (None, _) => {
                state.questions += 1;
                match state.tokens.get(&header("x-subject-token").unwrap()) {
                    None => StatusCode::NOT_FOUND,
                    Some((roles, end)) => {
                        let roles: Vec<_> = roles.iter().map(|role| json!({"name": role, "id": "x"})).collect();
                        text = json!({"token": {"user": {"name": "ironic@x", "id": "1", "domain": {"name": "Default"}},
                                                "roles": roles, "expires_at": end, "methods": ["password"]}});
                        StatusCode::OK
                    }
                }
            }
        };
        Ok(response.status(status).body(Full::new(text.to_string().into())).unwrap())
    }
}

struct Stage {
    imitation: Arc<Imitation>,
    auth: Authenticator,
    _folder: tempfile::TempDir,
}

const FAR: &str = "2999-01-01T00:00:00.000000Z";

impl Stage {
    async fn new() -> Self {
        Self::with(false, "s3same").await
    }

    async fn with(encrypted: bool, password: &str) -> Self {
        let (imitation, folder) = (Arc::new(Imitation::default()), tempfile::TempDir::new().unwrap());
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = params.self_signed(&key).unwrap();
        std::fs::write(folder.path().join("ca"), certificate.pem()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()));
        let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = config.with_single_cert(vec![certificate.der().clone()], key).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let serving = Arc::clone(&imitation);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let imitation = Arc::clone(&serving);
                let service = service_fn(move |request| Arc::clone(&imitation).answer(request));
                let server = hyper::server::conn::http1::Builder::new();
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let _ended = if encrypted {
                        let Ok(stream) = acceptor.accept(stream).await else { return };
                        server.serve_connection(TokioIo::new(stream), service).await
                    } else {
                        server.serve_connection(TokioIo::new(stream), service).await
                    };
                });
            }
        });
        let scheme = if encrypted { "https" } else { "http" };
        let url = format!("{scheme}://localhost:{port}/v3/");
        let options = options(url, encrypted.then(|| folder.path().join("ca")), password);
        Self { imitation, auth: Authenticator::builder().keystone(options).build(), _folder: folder }
    }

    fn token(&self, token: &str, roles: &[&'static str], end: &'static str) {
        self.state(|state| drop(state.tokens.insert(token.to_owned(), (roles.to_vec(), end))));
    }

    fn state<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.imitation.state.lock().unwrap())
    }

    async fn ask(&self, token: &str) -> Result<String, AuthError> {
        let origin = Origin::Host(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let token = Some(token.as_bytes());
        let asked = Asked { authorization: None, token, method: "POST", target: "/", origin, names: &[] };
        match self.auth.check(&asked).await? {
            Recognised::As(principal) => Ok(format!("{} {principal}", principal.way())),
            Recognised::Unread(_) => panic!("no token covers a body"),
        }
    }
}

fn ironic() -> Result<String, AuthError> {
    Ok("keystone keystone:ironic%40x@Default".to_owned())
}

#[tokio::test]
async fn a_token_with_a_role_lets_in_and_is_remembered() {
    for encrypted in [false, true] {
        let stage = Stage::with(encrypted, "s3same").await;
        stage.token("good", &["reader", "service"], FAR);
        stage.token("poor", &["reader"], FAR);
        for _ in 0..3 {
            assert_eq!(stage.ask("good").await, ironic());
            assert_eq!(stage.ask("poor").await, Err(AuthError::Role));
            assert_eq!(stage.ask("notused").await, Err(AuthError::BadToken));
        }
        assert_eq!(stage.state(|state| (state.logins, state.questions)), (1, 3));
        for odd in ["", "two words", "\u{e4}", &"x".repeat(9000)] {
            assert_eq!(stage.ask(odd).await, Err(AuthError::BadToken), "{odd}");
        }
        assert_eq!(stage.state(|state| state.questions), 3, "those are none");
        assert!(stage.auth.challenges(AuthError::Missing)[0].starts_with("Keystone uri=\"http"));
    }
}

#[tokio::test]
async fn an_answer_is_good_no_longer_than_the_token() {
    let stage = Stage::new().await;
    stage.token("over", &["service"], "2001-01-01T00:00:00.000000Z");
    // Keystone has the clock that counts.
    assert_eq!(stage.ask("over").await, ironic());
    stage.state(|state| state.tokens.clear());
    assert_eq!(stage.ask("over").await, Err(AuthError::BadToken));
}

#[tokio::test]
async fn an_outage_lets_in_nobody_but_whom_it_has_confirmed() {
    let stage = Stage::new().await;
    stage.token("good", &["admin"], FAR);
    stage.token("other", &["admin"], FAR);
    assert_eq!(stage.ask("good").await, ironic());
    for status in [StatusCode::INTERNAL_SERVER_ERROR, StatusCode::SERVICE_UNAVAILABLE, StatusCode::FORBIDDEN] {
        stage.state(|state| state.down = Some(status));
        assert_eq!(stage.ask("other").await, Err(AuthError::Unavailable), "{status}");
        assert_eq!(stage.ask("good").await, ironic());
    }
    stage.state(|state| state.down = None);
    assert_eq!(stage.ask("other").await, ironic(), "an outage is not remembered");
}

#[tokio::test]
async fn mercurys_own_token_is_made_anew_when_it_is_over() {
    let stage = Stage::new().await;
    stage.token("one", &["admin"], FAR);
    stage.token("two", &["admin"], FAR);
    assert_eq!(stage.ask("one").await, ironic());
    stage.state(|state| state.own.clear());
    assert_eq!(stage.ask("two").await, ironic());
    assert_eq!(stage.state(|state| state.logins), 2);
    let wrong = Stage::with(false, "guess").await;
    wrong.token("good", &["admin"], FAR);
    assert_eq!(wrong.ask("good").await, Err(AuthError::Unavailable));
}

#[tokio::test]
async fn nobody_there_is_an_outage() {
    let stage = Stage::new().await;
    // Taken and given back: nobody listens there now.
    let gone = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap();
    let auth = Authenticator::builder().keystone(options(format!("http://{gone}/v3"), None, "s3same")).build();
    let stage = Stage { auth, ..stage };
    let errors = Errors::default();
    let _counting = errors.count();
    for _ in 0..200 {
        assert_eq!(stage.ask("good").await, Err(AuthError::Unavailable));
    }
    assert!((1..200).contains(&errors.so_far()), "told of now and then: {}", errors.so_far());
}

fn options(url: String, ca: Option<PathBuf>, password: &str) -> KeystoneOptions {
    KeystoneOptions {
        url,
        ca,
        username: "mercury".to_owned(),
        password: SecretRef::Inline(password.into()),
        user_domain: "Default".to_owned(),
        project: "service".to_owned(),
        project_domain: "Default".to_owned(),
        roles: vec!["service".to_owned(), "admin".to_owned()],
        remember: Duration::from_secs(60),
        timeout: Duration::from_secs(30),
    }
}
