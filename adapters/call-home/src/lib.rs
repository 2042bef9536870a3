//! Switches that connect by themselves (RFC 8071).
//!
//! | Module | What it holds |
//! |---|---|
//! | `door` | listens, shakes hands with who comes, and slows who is not known |
//! | `listen` | the socket of a door |
//! | `preamble` | what Junos says before SSH |
//! | `places` | how many may be half-way in |
//! | `reception` | who is awaited, who is there, and who asks for them |
//! | `refusals` | logins that were refused, which are not tried at each call |
//! | `connection` | a connection whose end is noticed, and that can be ended |
//!
//! A switch is known by its host key or its certificate and never by its address; one
//! connection of each is kept.

mod connection;
mod door;
mod listen;
mod places;
mod preamble;
mod reception;
mod refusals;

pub use door::{Carried, Door, Heard, Limits};
pub use listen::listen;
pub use reception::{Awaited, Login, Octets, Opening, Proof, Reception};
