//! TLS as adapters use it: who is on the other side, and a certificate of our own.
//!
//! [`reach`] resolves and dials, [`secure`] shakes hands on what is connected and
//! checks who answers, [`answer`] on what the other side has connected. TLS 1.3 is preferred and 1.2 the least that is taken; nothing
//! is sent before the handshake has ended (RFC 9918), and no session is resumed.

mod alert;
mod caller;
mod connect;
mod counted;
mod key;
mod name;
mod trust;
mod words;

pub use alert::{Attentive, Complaint};
pub use caller::{Candidate, Identity, answer};
pub use connect::{TlsStream, certificate, fingerprint, presented, reach, secure};
pub use counted::{Counted, Octets};
pub use trust::{ClientIdentity, TlsError, TlsOptions, Trust};
