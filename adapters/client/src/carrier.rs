//! What carries requests: the network, or a socket of the file system.

use std::{
    future::Future,
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Response, Uri};
use hyper_util::{
    client::legacy,
    rt::{TokioExecutor, TokioIo},
};
use jsonrpsee_core::http_helpers::HttpError;
use jsonrpsee_http_client::{
    HttpBody, HttpRequest,
    transport::{Error, HttpBackend},
};
use tokio::net::UnixStream;
use tower::Service;

/// What a request is answered with.
pub(crate) type Answer = Response<hyper::body::Incoming>;

type Boxed<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

/// What carries requests; clones share its connections.
#[derive(Clone, Debug)]
pub(crate) enum Carrier {
    Network(HttpBackend),
    Socket(legacy::Client<Socket, HttpBody>),
}

impl Carrier {
    pub(crate) fn socket(path: &Path) -> Self {
        Self::Socket(legacy::Client::builder(TokioExecutor::new()).build(Socket(Arc::new(path.to_owned()))))
    }
}

impl Service<HttpRequest> for Carrier {
    type Response = Answer;
    type Error = Error;
    type Future = Boxed<Answer, Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        match self {
            Self::Network(inner) => Service::<HttpRequest>::poll_ready(inner, context),
            Self::Socket(inner) => inner.poll_ready(context).map_err(failed),
        }
    }

    fn call(&mut self, request: HttpRequest) -> Self::Future {
        match self {
            Self::Network(inner) => inner.call(request),
            Self::Socket(inner) => {
                let answer = inner.call(request);
                Box::pin(async move { answer.await.map_err(failed) })
            }
        }
    }
}

fn failed(error: legacy::Error) -> Error {
    Error::Http(HttpError::Stream(Box::new(error)))
}

/// Connects to a socket, whatever the address says.
#[derive(Clone, Debug)]
pub(crate) struct Socket(Arc<PathBuf>);

impl Service<Uri> for Socket {
    type Response = TokioIo<UnixStream>;
    type Error = std::io::Error;
    type Future = Boxed<Self::Response, Self::Error>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let path = Arc::clone(&self.0);
        Box::pin(async move { UnixStream::connect(path.as_path()).await.map(TokioIo::new) })
    }
}
