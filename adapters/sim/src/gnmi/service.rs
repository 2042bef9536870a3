//! The four RPCs.

use std::{pin::Pin, sync::Arc, time::Duration};

use futures_util::{Stream, StreamExt, stream};
use mercury_gnmi_proto::gnmi::{
    CapabilityRequest, CapabilityResponse, GetRequest, GetResponse, SetRequest, SetResponse, SubscribeRequest,
    SubscribeResponse, g_nmi_server::GNmi,
};
use tonic::{Code, Request, Response, Status, Streaming, metadata::MetadataMap};

use super::{
    capabilities,
    commit::Asked,
    connection::Connection,
    exchange::{Exchange, others_first},
    get, set,
    status::{Struck, invalid, status, unimplemented},
    subscribe,
};
use crate::{
    device::Device,
    fault::{Action, Moment},
};

/// A client that opens a subscription and says nothing is sent away.
const FIRST_WORD: Duration = Duration::from_secs(30);

/// The gNMI service of one connection.
pub(super) struct Face {
    pub(super) device: Arc<Device>,
    pub(super) connection: Arc<Connection>,
}

impl Face {
    async fn begin(&self, metadata: &MetadataMap, operation: &'static str) -> Result<Exchange, Struck> {
        Exchange::begin(Arc::clone(&self.device), Arc::clone(&self.connection), metadata, operation).await
    }

    /// An RPC from its beginning to its end.
    async fn answer<T>(
        &self,
        metadata: &MetadataMap,
        operation: &'static str,
        work: impl FnOnce() -> Result<T, Status>,
    ) -> Result<Response<T>, Status> {
        let outcome = match self.begin(metadata, operation).await {
            Ok(exchange) => exchange.end(work()).await,
            Err(struck) => Err(struck),
        };
        self.connection.tell(outcome).await
    }

    fn capable(&self) -> Result<CapabilityResponse, Status> {
        match self.device.options.quirks.gnmi_no_capabilities {
            true => Err(unimplemented("Capabilities is not supported")),
            false => Ok(capabilities::response(&self.device.options.schema)),
        }
    }

    fn got(&self, request: &GetRequest) -> Result<GetResponse, Status> {
        if self.device.options.quirks.gnmi_no_get {
            return Err(unimplemented("Get is not supported"));
        }
        let response = get::get(&self.device, request)?;
        self.device.change(|state| state.counters.gets += 1);
        Ok(response)
    }

    async fn subscribed(&self, mut requests: Streaming<SubscribeRequest>) -> Result<Vec<SubscribeResponse>, Status> {
        if self.device.options.quirks.gnmi_no_subscribe {
            return Err(unimplemented("Subscribe is not supported"));
        }
        let first = tokio::time::timeout(FIRST_WORD, requests.message()).await;
        let first = first.map_err(|_| invalid("no subscription list came"))??;
        subscribe::once(&self.device, first)
    }
}

type Responses = Pin<Box<dyn Stream<Item = Result<SubscribeResponse, Status>> + Send>>;

#[tonic::async_trait]
impl GNmi for Face {
    async fn capabilities(&self, request: Request<CapabilityRequest>) -> Result<Response<CapabilityResponse>, Status> {
        self.answer(request.metadata(), "gnmi-capabilities", || self.capable()).await
    }

    async fn get(&self, request: Request<GetRequest>) -> Result<Response<GetResponse>, Status> {
        self.answer(request.metadata(), "gnmi-get", || self.got(request.get_ref())).await
    }

    /// A Set goes on when its client has given up waiting for it, as switches
    /// do: hence the task.
    async fn set(&self, request: Request<SetRequest>) -> Result<Response<SetResponse>, Status> {
        let (device, connection) = (Arc::clone(&self.device), Arc::clone(&self.connection));
        let task = tokio::spawn(async move {
            let (metadata, _, request) = request.into_parts();
            let name = Asked::name(&request.extension);
            let mut exchange = Exchange::begin(Arc::clone(&device), connection, &metadata, name).await?;
            let before = exchange.any(Moment::AfterApply, &Action::Twist).then(|| device.snapshot());
            let done = if exchange.any(Moment::BeforeApply, &Action::Ignore) {
                set::response(&request)
            } else if exchange.any(Moment::BeforeApply, &Action::Half) {
                let half = exchange.work(set::half(&device, &request)).await?;
                half.and_then(|_| Err(status(Code::Aborted, "only the first half was done")))
            } else if exchange.any(Moment::BeforeApply, &Action::Part) {
                exchange.work(set::half(&device, &request)).await?.and_then(|_| set::response(&request))
            } else {
                exchange.work(set::set(&device, &request)).await?
            };
            if let Some(before) = before {
                device.twist(&before);
            }
            let outcome = exchange.end(done).await;
            if outcome.is_ok() {
                device.answered();
            }
            outcome
        });
        let outcome = task.await.map_err(|error| Status::internal(error.to_string()))?;
        self.connection.tell(outcome).await
    }

    type SubscribeStream = Responses;

    /// What strikes after the work strikes between the updates and the sync,
    /// which is when a client may be tempted to take a part for the whole.
    async fn subscribe(
        &self,
        request: Request<Streaming<SubscribeRequest>>,
    ) -> Result<Response<Self::SubscribeStream>, Status> {
        let (metadata, _, requests) = request.into_parts();
        let opened = async {
            let mut exchange = self.begin(&metadata, "gnmi-subscribe").await?;
            match exchange.work(self.subscribed(requests)).await? {
                Ok(updates) => Ok((exchange, updates)),
                Err(status) => exchange.end(Err(status)).await,
            }
        };
        let (exchange, updates) = self.connection.tell(opened.await).await?.into_inner();
        let (device, connection) = (Arc::clone(&self.device), Arc::clone(&self.connection));
        let sync = async move {
            others_first().await;
            let outcome = exchange.end(Ok(subscribe::sync())).await;
            device.change(|state| state.counters.subscriptions += u64::from(outcome.is_ok()));
            connection.tell(outcome).await.map(Response::into_inner)
        };
        let responses = stream::iter(updates.into_iter().map(Ok)).chain(stream::once(sync));
        Ok(Response::new(Box::pin(responses)))
    }
}
