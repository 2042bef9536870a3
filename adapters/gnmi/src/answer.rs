//! Tells what a target said from what was made of its silence.
//!
//! tonic has one type for both: a `grpc-status` that came, and what it makes of
//! a message that cannot be decoded, of a stream that ends without a status, or
//! of a connection that breaks. Only the first is an answer, so it is marked
//! where it comes in.

use std::{
    error::Error,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_util::{FutureExt as _, future::BoxFuture};
use http::{HeaderMap, HeaderValue, Response};
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use mercury_adapter::Pace;
use tonic::Status;

use crate::meter::Meter;

const MARK: &str = "mercury-answered";

/// A body whose trailers are marked, and whose octets are counted as they come, at a pace.
pub(crate) struct Answer {
    body: Incoming,
    meter: Option<Meter>,
    pace: Pace,
    /// Until then nothing more is taken.
    rest: Option<BoxFuture<'static, ()>>,
}

/// Marks the status of a response, which is in its headers if it has no body
/// (gRPC over HTTP/2, Trailers-Only).
pub(crate) fn marked(response: Response<Incoming>, meter: Option<Meter>) -> Response<Answer> {
    let mut response = response.map(|body| Answer { body, meter, pace: Pace::default(), rest: None });
    mark(response.headers_mut());
    response
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Some(rest) = &mut self.rest {
            ready!(rest.poll_unpin(context));
            self.rest = None;
        }
        let Some(frame) = ready!(Pin::new(&mut self.body).poll_frame(context)) else { return Poll::Ready(None) };
        let mut frame = frame?;
        if let Some(octets) = frame.data_ref().map(Bytes::len) {
            self.meter.as_ref().map_or(Ok(()), |meter| meter.count(octets))?;
            self.rest = self.pace.rest(octets);
        }
        if let Some(trailers) = frame.trailers_mut() {
            mark(trailers);
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Whether the target said this.
pub(crate) fn is_said(status: &Status) -> bool {
    status.metadata().contains_key(MARK)
}

fn mark(headers: &mut HeaderMap) {
    if headers.contains_key("grpc-status") {
        headers.insert(MARK, HeaderValue::from_static(""));
    }
}

#[cfg(test)]
pub(crate) fn said(mut status: Status) -> Status {
    status.metadata_mut().insert(MARK, tonic::metadata::MetadataValue::from_static(""));
    status
}
