//! The calls: credentials in the metadata, a deadline on each.

use std::{error::Error as _, future::Future, time::Duration};

use futures_util::{StreamExt as _, stream};
use mercury_adapter::{ConnectError, ConnectFault};
use mercury_gnmi_proto::gnmi::{
    CapabilityRequest, CapabilityResponse, GetRequest, GetResponse, Notification, SetRequest, SetResponse,
    SubscribeRequest, SubscriptionList, g_nmi_client::GNmiClient, subscribe_request, subscribe_response,
};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::Instant;
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
};

use crate::{connect::GnmiOptions, transport::Transport};

/// How far apart two clocks' ideas of one deadline may be.
const AT_THE_DEADLINE: Duration = Duration::from_millis(50);
/// Messages one ONCE subscription may bring.
const MAX_MESSAGES: usize = 1_000_000;

/// A client of one target. Cheap to clone; clones share the connection.
#[derive(Clone)]
pub(crate) struct Client {
    stub: GNmiClient<Transport>,
    transport: Transport,
    credentials: Vec<(&'static str, MetadataValue<Ascii>)>,
}

impl Client {
    /// A client on a connection.
    pub(crate) fn new(transport: Transport, options: &GnmiOptions) -> Result<Self, ConnectError> {
        let wrong = |what: &str| ConnectError { fault: ConnectFault::Credentials, message: what.to_owned() };
        let scheme = if options.tls.is_some() { "https" } else { "http" };
        let host =
            if options.address.contains(':') { format!("[{}]", options.address) } else { options.address.clone() };
        let origin = format!("{scheme}://{host}:{}", options.port).parse();
        let origin = origin.map_err(|_| wrong("the address cannot be part of a URI"))?;
        let stub = GNmiClient::with_origin(transport.clone(), origin).max_decoding_message_size(options.max_reply);
        let mut credentials = Vec::new();
        if let Some(username) = &options.username {
            credentials.push(("username", metadata(username).ok_or_else(|| wrong("username: not printable ASCII"))?));
        }
        if let Some(password) = options.password.as_ref().map(SecretString::expose_secret) {
            credentials.push(("password", metadata(password).ok_or_else(|| wrong("password: not printable ASCII"))?));
        }
        Ok(Self { stub, transport, credentials })
    }

    /// The connection.
    pub(crate) fn transport(&self) -> &Transport {
        &self.transport
    }

    /// gNMI section 3.2.
    pub(crate) async fn capabilities(&self, timeout: Duration) -> Result<CapabilityResponse, Status> {
        let (mut stub, request) = (self.stub.clone(), self.request(CapabilityRequest::default(), timeout));
        within(timeout, async move { Ok(stub.capabilities(request).await?.into_inner()) }).await
    }

    /// gNMI section 3.3.
    pub(crate) async fn get(&self, request: GetRequest, timeout: Duration) -> Result<GetResponse, Status> {
        let (mut stub, request) = (self.stub.clone(), self.request(request, timeout));
        within(timeout, async move { Ok(stub.get(request).await?.into_inner()) }).await
    }

    /// gNMI section 3.4.
    pub(crate) async fn set(&self, request: SetRequest, timeout: Duration) -> Result<SetResponse, Status> {
        let (mut stub, request) = (self.stub.clone(), self.request(request, timeout));
        within(timeout, async move { Ok(stub.set(request).await?.into_inner()) }).await
    }

    /// gNMI section 3.5.1.5.1: a subscription of mode ONCE, up to its
    /// `sync_response`.
    pub(crate) async fn once(&self, list: SubscriptionList, timeout: Duration) -> Result<Vec<Notification>, Status> {
        let subscribe = SubscribeRequest {
            request: Some(subscribe_request::Request::Subscribe(list)),
            ..SubscribeRequest::default()
        };
        // The client's side stays open: some targets take its end for a cancellation.
        let requests = stream::once(std::future::ready(subscribe)).chain(stream::pending());
        let (mut stub, request) = (self.stub.clone(), self.request(requests, timeout));
        within(timeout, async move {
            let mut answers = stub.subscribe(request).await?.into_inner();
            let mut notifications = Vec::new();
            while let Some(answer) = answers.message().await? {
                match answer.response {
                    Some(subscribe_response::Response::Update(notification)) => notifications.push(notification),
                    Some(subscribe_response::Response::SyncResponse(true)) => return Ok(notifications),
                    _ => {}
                }
                if notifications.len() > MAX_MESSAGES {
                    return Err(Status::out_of_range(format!("more than {MAX_MESSAGES} messages in one answer")));
                }
            }
            Err(Status::data_loss("the subscription ended before it was complete"))
        })
        .await
    }

    fn request<T>(&self, message: T, timeout: Duration) -> Request<T> {
        let mut request = Request::new(message);
        request.set_timeout(timeout);
        for (name, value) in &self.credentials {
            request.metadata_mut().insert(*name, value.clone());
        }
        request
    }
}

/// The target is told the deadline too, and may be the first to give the call
/// up: grpc-go then resets the stream.
async fn within<T>(timeout: Duration, call: impl Future<Output = Result<T, Status>>) -> Result<T, Status> {
    let begun = Instant::now();
    let late = || Err(Status::deadline_exceeded("no answer in time"));
    match tokio::time::timeout(timeout, call).await {
        Err(_) => late(),
        Ok(Err(status)) if status.source().is_some() && begun.elapsed() + AT_THE_DEADLINE >= timeout => late(),
        Ok(answer) => answer,
    }
}

/// Sensitive values are kept out of HPACK's tables and of `Debug`.
fn metadata(text: &str) -> Option<MetadataValue<Ascii>> {
    let mut value: MetadataValue<Ascii> = text.parse().ok()?;
    value.set_sensitive(true);
    Some(value)
}
