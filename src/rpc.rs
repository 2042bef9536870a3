//! JSON-RPC in: bytes to a method and its parameters, an answer or a fault
//! back to bytes.
//!
//! axum owns transport, authentication and limits (`http`); a small envelope
//! (`envelope`) hands the call to jsonrpsee's `RpcModule`, in a task of its
//! own, so that a caller who hangs up does not cut a change in half; every
//! method ends in one function of `methods`.

mod answer;
mod envelope;
mod http;
mod listen;
mod methods;
mod request;
mod told;
mod unique;

pub use answer::{changed, report_json, verified};
pub use envelope::{Answered, Front, error_json};
pub use http::{handed_router, metrics_router, readiness, router};
pub use listen::{ListenError, Listener, SocketError};
pub use methods::{METHODS, call, intent, planned};
