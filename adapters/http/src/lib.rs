//! HTTP/1.1 towards a switch: one connection over TLS, answers bounded while they arrive,
//! basic authentication (RFC 7617). What is asked, and what an answer means, is the
//! adapters' affair.

mod client;
mod connection;
mod options;

pub use client::HttpClient;
pub use connection::{Connection, Reply};
pub use mercury_tls::Octets;
pub use options::HttpOptions;

use mercury_adapter::{Lost, NoRoom};

/// Too large by itself is the target's fault; beside others, nobody's.
#[must_use]
pub fn no_room(refused: &NoRoom) -> Lost {
    match refused {
        NoRoom::Reply { .. } => Lost::Protocol(refused.to_string()),
        NoRoom::Together { .. } => Lost::NoRoom(refused.to_string()),
    }
}
