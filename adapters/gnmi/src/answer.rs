//! Tells what a target said from what was made of its silence.
//!
//! tonic has one type for both: a `grpc-status` that came, and what it makes of
//! a message that cannot be decoded, of a stream that ends without a status, or
//! of a connection that breaks. Only the first is an answer, so it is marked
//! where it comes in.

use http::{HeaderMap, HeaderValue, Response};
use http_body_util::{BodyExt as _, combinators::MapFrame};
use hyper::body::{Bytes, Frame, Incoming};
use tonic::Status;

const MARK: &str = "mercury-answered";

/// A body whose trailers are marked.
pub(crate) type Body = MapFrame<Incoming, fn(Frame<Bytes>) -> Frame<Bytes>>;

/// Marks the status of a response, which is in its headers if it has no body
/// (gRPC over HTTP/2, Trailers-Only).
pub(crate) fn marked(response: Response<Incoming>) -> Response<Body> {
    let mut response = response.map(|body| body.map_frame(in_trailers as fn(_) -> _));
    mark(response.headers_mut());
    response
}

/// Whether the target said this.
pub(crate) fn is_said(status: &Status) -> bool {
    status.metadata().contains_key(MARK)
}

fn in_trailers(mut frame: Frame<Bytes>) -> Frame<Bytes> {
    if let Some(trailers) = frame.trailers_mut() {
        mark(trailers);
    }
    frame
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
