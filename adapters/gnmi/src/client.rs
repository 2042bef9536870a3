//! The calls: credentials in the metadata, a deadline on each.

use std::{error::Error as _, future::Future, time::Duration};

use futures_util::{StreamExt as _, stream};
use http::uri::PathAndQuery;
use mercury_adapter::{
    Budget, ConnectError, ConnectFault, NoRoom, Pieces, Share, Unfinished, off_worker, without_zone,
};
use mercury_gnmi_proto::gnmi::{
    CapabilityRequest, GetRequest, SetRequest, SubscribeRequest, SubscriptionList, subscribe_request,
};
use prost::Message;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::Instant;
use tonic::{
    Code, Request, Status,
    client::Grpc,
    metadata::{Ascii, MetadataValue},
};

use crate::{
    announced::Announced,
    answer,
    connect::GnmiOptions,
    meter::Meter,
    raw::{Raw, RawCodec},
    transport::Transport,
    wire::{Field, fields},
};

/// How far apart two clocks' ideas of one deadline may be.
const AT_THE_DEADLINE: Duration = Duration::from_millis(50);
/// What is said before each message, in octets (gRPC over HTTP/2), and a little.
const HEADER: usize = 64;
/// The largest answer to anything but reading, in octets: more than any target
/// has to say.
const MAX_SMALL: usize = 1 << 20;

/// A client of one target. Cheap to clone; clones share the connection.
#[derive(Clone)]
pub(crate) struct Client {
    stub: Grpc<Transport>,
    transport: Transport,
    budget: Budget,
    max_reply: usize,
    credentials: Vec<(&'static str, MetadataValue<Ascii>)>,
}

impl Client {
    /// A client on a connection.
    pub(crate) fn new(transport: Transport, options: &GnmiOptions) -> Result<Self, ConnectError> {
        let wrong = |what: &str| ConnectError { fault: ConnectFault::Credentials, message: what.to_owned() };
        let scheme = if options.tls.is_some() { "https" } else { "http" };
        let host = without_zone(&options.address);
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let origin = format!("{scheme}://{host}:{}", options.port).parse();
        let origin = origin.map_err(|_| wrong("the address cannot be part of a URI"))?;
        let stub = Grpc::with_origin(transport.clone(), origin);
        let mut credentials = Vec::new();
        if let Some(username) = &options.username {
            credentials.push(("username", metadata(username).ok_or_else(|| wrong("username: not printable ASCII"))?));
        }
        if let Some(password) = options.password.as_ref().map(SecretString::expose_secret) {
            credentials.push(("password", metadata(password).ok_or_else(|| wrong("password: not printable ASCII"))?));
        }
        Ok(Self { stub, transport, budget: options.budget.clone(), max_reply: options.max_reply, credentials })
    }

    /// The connection.
    pub(crate) fn transport(&self) -> &Transport {
        &self.transport
    }

    /// What is made of an answer takes this of the budget.
    pub(crate) fn share(&self) -> Share {
        self.budget.share(self.max_reply)
    }

    /// gNMI section 3.2.
    pub(crate) async fn capabilities(&self, timeout: Duration) -> Result<Announced, Status> {
        within(timeout, async {
            let answer =
                self.unary("/gnmi.gNMI/Capabilities", CapabilityRequest::default(), MAX_SMALL, timeout).await?;
            Announced::read(answer, &self.budget, MAX_SMALL).await
        })
        .await
    }

    /// gNMI section 3.3.
    pub(crate) async fn get(&self, request: GetRequest, timeout: Duration) -> Result<Raw, Status> {
        self.unary("/gnmi.gNMI/Get", request, self.max_reply, timeout).await
    }

    /// gNMI section 3.4. What the target says of each operation is passed over.
    pub(crate) async fn set(&self, request: SetRequest, timeout: Duration) -> Result<(), Status> {
        self.unary("/gnmi.gNMI/Set", request, MAX_SMALL, timeout).await.map(drop)
    }

    async fn unary<T: Message + 'static>(
        &self,
        call: &'static str,
        message: T,
        limit: usize,
        timeout: Duration,
    ) -> Result<Raw, Status> {
        let meter = Meter::new(&self.budget, limit + HEADER);
        let request = self.request(message, &meter, timeout);
        let mut stub = self.stub.clone().max_decoding_message_size(limit);
        within(timeout, async move {
            stub.ready().await.map_err(|error| Status::from_error(Box::new(error)))?;
            let answer = stub.unary(request, PathAndQuery::from_static(call), RawCodec::default()).await;
            let answer = answer.map_err(|status| too_large(status, limit))?;
            Ok(Raw { octets: answer.into_inner(), _meter: meter })
        })
        .await
    }

    /// gNMI section 3.5.1.5.1: a subscription of mode ONCE, up to its
    /// `sync_response`.
    pub(crate) async fn once(&self, list: SubscriptionList, timeout: Duration) -> Result<Raw, Status> {
        let subscribe = SubscribeRequest {
            request: Some(subscribe_request::Request::Subscribe(list)),
            ..SubscribeRequest::default()
        };
        // The client's side stays open: some targets take its end for a cancellation.
        let requests = stream::once(std::future::ready(subscribe)).chain(stream::pending());
        let meter = Meter::new(&self.budget, self.max_reply);
        let request = self.request(requests, &meter, timeout);
        let max_reply = self.max_reply;
        let mut stub = self.stub.clone().max_decoding_message_size(max_reply);
        within(timeout, async move {
            stub.ready().await.map_err(|error| Status::from_error(Box::new(error)))?;
            let call = PathAndQuery::from_static("/gnmi.gNMI/Subscribe");
            let mut answers = stub.streaming(request, call, RawCodec::default()).await?.into_inner();
            let mut octets = Pieces::new();
            while let Some(message) = answers.message().await.map_err(|status| too_large(status, max_reply))? {
                let whole = message.clone();
                let looked = off_worker(message.len(), move || is_sync(&whole)).await;
                let unfinished = |unfinished: Unfinished| Status::internal(unfinished.to_string());
                if looked.map_err(unfinished)?? {
                    let octets = octets.whole().await.map_err(unfinished)?;
                    return Ok(Raw { octets: octets.into(), _meter: meter });
                }
                octets.push(&message);
            }
            Err(Status::data_loss("the subscription ended before it was complete"))
        })
        .await
    }

    fn request<T>(&self, message: T, meter: &Meter, timeout: Duration) -> Request<T> {
        let mut request = Request::new(message);
        request.set_timeout(timeout);
        for (name, value) in &self.credentials {
            request.metadata_mut().insert(*name, value.clone());
        }
        request.extensions_mut().insert(meter.clone());
        request
    }
}

/// Whether a `SubscribeResponse` is the one that says that all was sent (its field 3).
fn is_sync(message: &[u8]) -> Result<bool, Status> {
    for field in fields(message) {
        let field = field.map_err(|garbled| Status::internal(garbled.to_string()))?;
        if matches!(field, (3, Field::Varint(1..))) {
            return Ok(true);
        }
    }
    Ok(false)
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

/// tonic turns a message down that says it is too large, before it comes.
fn too_large(status: Status, limit: usize) -> Status {
    if status.code() == Code::OutOfRange && !answer::is_said(&status) {
        return Status::from_error(Box::new(NoRoom::Reply { limit }));
    }
    status
}

/// Sensitive values are kept out of HPACK's tables and of `Debug`.
fn metadata(text: &str) -> Option<MetadataValue<Ascii>> {
    let mut value: MetadataValue<Ascii> = text.parse().ok()?;
    value.set_sensitive(true);
    Some(value)
}
