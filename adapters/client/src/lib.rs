//! Calls Mercury, which configures switch ports for bare-metal servers.
//!
//! ```no_run
//! # async fn example() -> Result<(), mercury_client::Error> {
//! use mercury_client::{Client, Link, Network, Port, Way};
//!
//! let way = Way::digest("ironic", "secret");
//! let client = Client::builder("https://mercury.example.org:6190").way(way).roots("/etc/ssl/mercury-ca.pem").build()?;
//! let port = Port::new("8d1f", vec![Link::new("00:1c:73:0a:0b:0c", "Ethernet1")]);
//! client.attach_port(&port, &Network::vlan(150)).await?;
//! # Ok(())
//! # }
//! ```
//!
//! Where an answer says that the same request may succeed later it is made again, until
//! [`Builder::retry_for`] is over. What was sent and had no answer ([`Error::NoAnswer`]) is
//! never repeated: [`Client::settle`] reads whether it was done.

mod calls;
mod carrier;
mod digest;
mod error;
mod login;
mod roots;
mod types;

pub use calls::{Builder, Client};
pub use error::{Error, Refusal, RpcError};
pub use login::Way;
pub use types::{
    Changed, Group, LagUpdate, Link, Network, Port, PortReset, PortState, PortUpdate, SwitchEntry, Verified,
};
