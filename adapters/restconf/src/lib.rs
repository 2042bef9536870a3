//! RESTCONF adapter: requests and sessions over HTTP/1.1 (RFC 8040), with one YANG Patch
//! (RFC 8072) a change where the target has it.
//!
//! [`Renderer`] puts plans as changes, [`RestconfSession`] carries steps. RESTCONF has no
//! candidate, no lock and no commit that waits to be confirmed: staging is done here, and a
//! commit is the requests that carry the change, one after the other on one connection.
//! A request that may have arrived is never sent again; what became of it is read.
//!
//! | Module | What it holds |
//! |---|---|
//! | `json` | JSON in the order it was put together: keys come first |
//! | `change` | what one plan changes, before it is put in requests |
//! | `render` | from a plan to that |
//! | `uri` | a dialect's paths as URIs |
//! | `request` | from changes to requests: one patch, or few in order |
//! | `query` | what to ask for to see a scope |
//! | `data` | what was answered, as a data tree |
//! | `refusal` | errors in RFC 6241's words, and what an answer means |
//! | `media` | the media types, by all their names |
//! | `client` | exchanges over `mercury-http`, with media types and deadlines |
//! | `discovery` | the root, what a target announces, the revisions of its modules |
//! | `connect` | opening sessions |
//! | `session` | steps as requests |

mod change;
mod client;
#[doc(hidden)]
pub mod conformance;
mod connect;
mod data;
mod discovery;
mod json;
mod media;
mod query;
mod refusal;
mod render;
mod request;
mod session;
mod tree;
mod uri;

pub use change::Changes;
pub use connect::{RestconfConnector, RestconfOptions};
pub use mercury_http::HttpOptions;
pub use mercury_tls::{ClientIdentity, TlsOptions, Trust};
pub use render::Renderer;
pub use session::RestconfSession;
