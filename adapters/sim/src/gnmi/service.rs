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
    async fn begin(&self, metadata: &MetadataMap, operation: &'static str) -> Result<Exchange, Status> {
        Exchange::begin(Arc::clone(&self.device), Arc::clone(&self.connection), metadata, operation).await
    }
}

#[tonic::async_trait]
impl GNmi for Face {
    async fn capabilities(&self, request: Request<CapabilityRequest>) -> Result<Response<CapabilityResponse>, Status> {
        let exchange = self.begin(request.metadata(), "gnmi-capabilities").await?;
        let result = match self.device.options.quirks.gnmi_no_capabilities {
            true => Err(unimplemented("Capabilities is not supported")),
            false => Ok(capabilities::response()),
        };
        exchange.end(result).await.map(Response::new)
    }

    async fn get(&self, request: Request<GetRequest>) -> Result<Response<GetResponse>, Status> {
        let exchange = self.begin(request.metadata(), "gnmi-get").await?;
        let result = match self.device.options.quirks.gnmi_no_get {
            true => Err(unimplemented("Get is not supported")),
            false => get::get(&self.device, request.get_ref()),
        };
        if result.is_ok() {
            self.device.change(|state| state.counters.gets += 1);
        }
        exchange.end(result).await.map(Response::new)
    }

    /// A Set goes on when its client has given up waiting for it, as switches
    /// do: hence the task.
    async fn set(&self, request: Request<SetRequest>) -> Result<Response<SetResponse>, Status> {
        let (device, connection) = (Arc::clone(&self.device), Arc::clone(&self.connection));
        let set = tokio::spawn(async move {
            let (metadata, _, request) = request.into_parts();
            let name = Asked::name(&request.extension);
            let mut exchange = Exchange::begin(Arc::clone(&device), connection, &metadata, name).await?;
            let result = exchange.or_cut(set::set(&device, &request)).await;
            exchange.end(result).await
        });
        set.await.map_err(|error| Status::internal(error.to_string()))?.map(Response::new)
    }

    type SubscribeStream = Pin<Box<dyn Stream<Item = Result<SubscribeResponse, Status>> + Send>>;

    async fn subscribe(
        &self,
        request: Request<Streaming<SubscribeRequest>>,
    ) -> Result<Response<Self::SubscribeStream>, Status> {
        let (metadata, _, mut requests) = request.into_parts();
        let exchange = self.begin(&metadata, "gnmi-subscribe").await?;
        let result = if self.device.options.quirks.gnmi_no_subscribe {
            Err(unimplemented("Subscribe is not supported"))
        } else {
            match tokio::time::timeout(FIRST_WORD, requests.message()).await {
                Ok(first) => first.and_then(|first| subscribe::once(&self.device, first)),
                Err(_) => Err(invalid("no subscription list came")),
            }
        };
        if result.is_ok() {
            self.device.change(|state| state.counters.subscriptions += 1);
        }
        let responses = exchange.end(result).await?;
        Ok(Response::new(Box::pin(stream::iter(responses.into_iter().map(Ok)))))
    }
}
