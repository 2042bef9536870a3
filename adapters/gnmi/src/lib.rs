//! gNMI adapter: Set requests and sessions over gRPC (gNMI 0.10).
//!
//! [`Renderer`] puts plans as operations of one Set, [`GnmiSession`] carries
//! steps. gNMI has no candidate and no lock: staging is done here, so that a
//! commit is the one Set that carries everything; writers are kept apart by
//! the owner task, one per switch.
//!
//! | Module | What it holds |
//! |---|---|
//! | `set` | what one Set does, before it is encoded |
//! | `render` | from a plan to one Set |
//! | `path` | a dialect's paths as gNMI paths |
//! | `value` | values as JSON, JSON_IETF or scalars |
//! | `tree` | what a target answers, as a data tree |
//! | `document` | what was answered once, or is to be set, from a file |
//! | `textproto` | the text format of protocol buffers |
//! | `query` | what to ask for to see a scope, and what the answers say |
//! | `status` | a gRPC status in RFC 6241's words |
//! | `answer` | what a target said, told from what was made of its silence |
//! | `raw`, `meter`, `wire` | answers as they came, counted, and field by field |
//! | `commits` | whether a commit can be made to undo itself, and one waits |
//! | `client` | the calls, with credentials and deadlines |
//! | `transport` | HTTP/2 over TLS |
//! | `request` | requests as a target wants them |
//! | `printed` | Sets as other tools read them |
//! | `session` | steps as calls |
//! | `probe` | what a target can do that it does not say |

mod announced;
mod answer;
mod client;
mod commits;
#[doc(hidden)]
pub mod conformance;
mod connect;
pub mod document;
mod meter;
mod modules;
mod path;
mod printed;
mod probe;
mod query;
mod raw;
mod render;
mod request;
mod session;
mod set;
mod status;
mod textproto;
mod transport;
mod tree;
mod value;
mod wire;

pub use connect::{GnmiConnector, GnmiOptions};
pub use mercury_tls::{ClientIdentity, TlsOptions, Trust};
pub use render::{Overrides, Renderer};
pub use request::Asked;
pub use session::GnmiSession;
pub use set::SetOperations;
