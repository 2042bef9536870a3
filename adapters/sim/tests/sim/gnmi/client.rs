//! A gNMI client: tonic's, over any stream.

use hyper::{body::Incoming, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use mercury_gnmi_proto::{
    gnmi::{
        Encoding, GetRequest, GetResponse, Notification, Path, PathElem, SetRequest, SetResponse, SubscribeRequest,
        Subscription, SubscriptionList, TypedValue, Update, g_nmi_client::GNmiClient, get_request::DataType,
        subscribe_request::Request as Asked, subscribe_response::Response as Said, subscription_list::Mode,
        typed_value::Value,
    },
    gnmi_ext::{self, Extension},
};
use mercury_sim::{Handle, Options, Simulator};
use tokio::io::{AsyncRead, AsyncWrite};
use tonic::{Code, Request, Status, body::Body, codegen::http};
use tower::util::BoxCloneSyncService;

type Channel = BoxCloneSyncService<http::Request<Body>, http::Response<Incoming>, hyper::Error>;

#[derive(Clone)]
pub(crate) struct Gnmi {
    pub(crate) rpc: GNmiClient<Channel>,
    login: Option<(String, String)>,
}

/// A switch without a socket.
pub(crate) async fn start(options: Options) -> Simulator {
    crate::client::start(options).await
}

pub(crate) async fn switch() -> (Simulator, Gnmi) {
    start_with(Options::default()).await
}

pub(crate) async fn start_with(options: Options) -> (Simulator, Gnmi) {
    let switch = start(options).await;
    let client = Gnmi::open(&switch.handle()).await;
    (switch, client)
}

impl Gnmi {
    /// A connection inside the process.
    pub(crate) async fn open(handle: &Handle) -> Self {
        let (ours, theirs) = tokio::io::duplex(256 * 1024);
        let handle = handle.clone();
        tokio::spawn(async move { handle.serve_gnmi(theirs).await });
        Self::over(ours).await.unwrap()
    }

    pub(crate) async fn over<S>(stream: S) -> Result<Self, hyper::Error>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let channel = tower::service_fn(move |request| {
            let mut sender = sender.clone();
            async move { sender.send_request(request).await }
        });
        let rpc = GNmiClient::with_origin(BoxCloneSyncService::new(channel), http::Uri::from_static("http://switch"));
        Ok(Self { rpc, login: None })
    }

    pub(crate) fn login(mut self, username: &str, password: &str) -> Self {
        self.login = Some((username.to_owned(), password.to_owned()));
        self
    }

    pub(crate) fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        if let Some((username, password)) = &self.login {
            request.metadata_mut().insert("username", username.parse().unwrap());
            request.metadata_mut().insert("password", password.parse().unwrap());
        }
        request
    }

    pub(crate) async fn set(&self, set: SetRequest) -> Result<SetResponse, Status> {
        Ok(self.rpc.clone().set(self.request(set)).await?.into_inner())
    }

    #[track_caller]
    pub(crate) fn refused(&self, code: Code, set: SetRequest) -> impl Future<Output = String> {
        let set = self.clone().set_owned(set);
        let at = std::panic::Location::caller();
        async move {
            let status = set.await.expect_err("a refusal");
            assert_eq!(status.code(), code, "{at}: {status}");
            status.message().to_owned()
        }
    }

    async fn set_owned(self, set: SetRequest) -> Result<SetResponse, Status> {
        self.set(set).await
    }

    pub(crate) async fn get_request(&self, request: GetRequest) -> Result<GetResponse, Status> {
        Ok(self.rpc.clone().get(self.request(request)).await?.into_inner())
    }

    pub(crate) async fn get(&self, text: &str) -> Result<Vec<Notification>, Status> {
        let (encoding, r#type) = (Encoding::JsonIetf.into(), DataType::Config.into());
        let request = GetRequest { path: vec![path(text)], encoding, r#type, ..Default::default() };
        Ok(self.get_request(request).await?.notification)
    }

    /// The one value at a path, as JSON_IETF.
    pub(crate) async fn json(&self, text: &str) -> serde_json::Value {
        let notifications = self.get(text).await.unwrap();
        let [notification] = &notifications[..] else { panic!("{notifications:?}") };
        let [update] = &notification.update[..] else { panic!("{notification:?}") };
        json_of(update)
    }

    /// Whatever the subscription says before it ends, the sync included.
    pub(crate) async fn subscribe(&self, list: SubscriptionList) -> Result<Vec<Said>, Status> {
        let mut said = Vec::new();
        self.listen(list, &mut said).await?;
        Ok(said)
    }

    /// The same, with what was said before an error.
    pub(crate) async fn listen(&self, list: SubscriptionList, said: &mut Vec<Said>) -> Result<(), Status> {
        let request = SubscribeRequest { request: Some(Asked::Subscribe(list)), extension: Vec::new() };
        let stream = futures_util::stream::iter([request]);
        let mut responses = self.rpc.clone().subscribe(self.request(stream)).await?.into_inner();
        while let Some(response) = responses.message().await? {
            said.push(response.response.unwrap());
        }
        Ok(())
    }
}

pub(crate) fn once(texts: &[&str]) -> SubscriptionList {
    let subscription = |text: &&str| Subscription { path: Some(path(text)), ..Default::default() };
    SubscriptionList {
        subscription: texts.iter().map(subscription).collect(),
        mode: Mode::Once.into(),
        encoding: Encoding::JsonIetf.into(),
        ..Default::default()
    }
}

pub(crate) fn json_of(update: &Update) -> serde_json::Value {
    match update.val.as_ref().and_then(|val| val.value.as_ref()) {
        Some(Value::JsonIetfVal(text) | Value::JsonVal(text)) => serde_json::from_slice(text).unwrap(),
        other => panic!("{other:?}"),
    }
}

/// `/a/b[name=x]/c`; keys may hold slashes.
pub(crate) fn path(text: &str) -> Path {
    let mut elem = Vec::new();
    let mut rest = text.trim_start_matches('/');
    while !rest.is_empty() {
        let end = rest.find(['/', '[']).unwrap_or(rest.len());
        let mut one = PathElem { name: rest[..end].to_owned(), ..Default::default() };
        rest = &rest[end..];
        while let Some(inner) = rest.strip_prefix('[') {
            let (pair, after) = inner.split_once(']').unwrap();
            let (key, value) = pair.split_once('=').unwrap();
            one.key.insert(key.to_owned(), value.to_owned());
            rest = after;
        }
        rest = rest.strip_prefix('/').unwrap_or(rest);
        elem.push(one);
    }
    Path { elem, ..Default::default() }
}

/// A path as text, for comparing.
pub(crate) fn text(path: Option<&Path>) -> String {
    let mut text = String::new();
    for elem in path.into_iter().flat_map(|path| &path.elem) {
        text.push('/');
        text.push_str(&elem.name);
        for (key, value) in &elem.key {
            text.push_str(&format!("[{key}={value}]"));
        }
    }
    text
}

pub(crate) fn ietf(json: &str) -> Value {
    Value::JsonIetfVal(json.as_bytes().to_vec())
}

pub(crate) fn put(at: &str, value: Value) -> Update {
    Update { path: Some(path(at)), val: Some(TypedValue { value: Some(value) }), ..Default::default() }
}

pub(crate) fn update(at: &str, json: &str) -> SetRequest {
    SetRequest { update: vec![put(at, ietf(json))], ..Default::default() }
}

pub(crate) fn replace(at: &str, json: &str) -> SetRequest {
    SetRequest { replace: vec![put(at, ietf(json))], ..Default::default() }
}

pub(crate) fn delete(at: &str) -> SetRequest {
    SetRequest { delete: vec![path(at)], ..Default::default() }
}

/// A Set of the commit-confirmed extension.
pub(crate) fn commit(set: SetRequest, id: &str, action: gnmi_ext::commit::Action) -> SetRequest {
    let commit = gnmi_ext::Commit { id: id.to_owned(), action: Some(action) };
    let extension = vec![Extension { ext: Some(gnmi_ext::extension::Ext::Commit(commit)) }];
    SetRequest { extension, ..set }
}

pub(crate) const DESCRIPTION: &str = "/interfaces/interface[name=Ethernet1]/config/description";

pub(crate) fn describe(description: &str) -> SetRequest {
    update(DESCRIPTION, &format!("{description:?}"))
}

/// What the switch says Ethernet1 is described as.
pub(crate) fn description(switch: &Simulator) -> String {
    let json = switch.running_json();
    let interface = &json["openconfig-interfaces:interfaces"]["interface"][0];
    interface["config"]["description"].as_str().unwrap_or_default().to_owned()
}
