//! The four RPCs.

use std::{pin::Pin, sync::Arc, time::Duration};

use futures_util::{Stream, stream};
use mercury_gnmi_proto::gnmi::{
    CapabilityRequest, CapabilityResponse, GetRequest, GetResponse, SetRequest, SetResponse, SubscribeRequest,
    SubscribeResponse, g_nmi_server::GNmi,
};
use tonic::{Request, Response, Status, Streaming, metadata::MetadataMap};

use super::{
    capabilities,
    commit::Asked,
    connection::Connection,
    exchange::Exchange,
    get, set,
    status::{invalid, unimplemented},
    subscribe,
};
use crate::device::Device;

/// A client that opens a subscription and says nothing is sent away.
const FIRST_WORD: Duration = Duration::from_secs(30);

/// The gNMI service of one connection.
pub(super) struct Face {
    pub(super) device: Arc<Device>,
    pub(super) connection: Arc<Connection>,
}

impl Face {
    /// An RPC from its beginning to its end.
    async fn answer<T>(
        &self,
        metadata: &MetadataMap,
        operation: &'static str,
        work: impl Future<Output = Result<T, Status>>,
    ) -> Result<Response<T>, Status> {
        let (device, connection) = (Arc::clone(&self.device), Arc::clone(&self.connection));
        let outcome = match Exchange::begin(device, connection, metadata, operation).await {
            Ok(exchange) => exchange.end(work).await,
            Err(struck) => Err(struck),
        };
        self.connection.tell(outcome).await
    }

    fn capable(&self) -> Result<CapabilityResponse, Status> {
        match self.device.options.quirks.gnmi_no_capabilities {
            true => Err(unimplemented("Capabilities is not supported")),
            false => Ok(capabilities::response()),
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

    async fn subscribed(&self, mut requests: Streaming<SubscribeRequest>) -> Result<Responses, Status> {
        if self.device.options.quirks.gnmi_no_subscribe {
            return Err(unimplemented("Subscribe is not supported"));
        }
        let first = tokio::time::timeout(FIRST_WORD, requests.message()).await;
        let first = first.map_err(|_| invalid("no subscription list came"))??;
        let responses = subscribe::once(&self.device, first)?;
        self.device.change(|state| state.counters.subscriptions += 1);
        Ok(Box::pin(stream::iter(responses.into_iter().map(Ok))))
    }
}

type Responses = Pin<Box<dyn Stream<Item = Result<SubscribeResponse, Status>> + Send>>;

#[tonic::async_trait]
impl GNmi for Face {
    async fn capabilities(&self, request: Request<CapabilityRequest>) -> Result<Response<CapabilityResponse>, Status> {
        let work = async { self.capable() };
        self.answer(request.metadata(), "gnmi-capabilities", work).await
    }

    async fn get(&self, request: Request<GetRequest>) -> Result<Response<GetResponse>, Status> {
        let work = async { self.got(request.get_ref()) };
        self.answer(request.metadata(), "gnmi-get", work).await
    }

    /// A Set goes on when its client has given up waiting for it, as switches
    /// do: hence the task.
    async fn set(&self, request: Request<SetRequest>) -> Result<Response<SetResponse>, Status> {
        let (device, connection) = (Arc::clone(&self.device), Arc::clone(&self.connection));
        let task = tokio::spawn(async move {
            let (metadata, _, request) = request.into_parts();
            let name = Asked::name(&request.extension);
            let exchange = Exchange::begin(Arc::clone(&device), connection, &metadata, name).await?;
            exchange.end(set::set(&device, &request)).await
        });
        let outcome = task.await.map_err(|error| Status::internal(error.to_string()))?;
        self.connection.tell(outcome).await
    }

    type SubscribeStream = Responses;

    async fn subscribe(
        &self,
        request: Request<Streaming<SubscribeRequest>>,
    ) -> Result<Response<Self::SubscribeStream>, Status> {
        let (metadata, _, requests) = request.into_parts();
        self.answer(&metadata, "gnmi-subscribe", self.subscribed(requests)).await
    }
}
