//! What the fuzz targets need of the insides, and nothing else.

pub use crate::telnet::Negotiation;
