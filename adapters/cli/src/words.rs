//! A system's lines: a plan as lines, and lines as data.

mod flat;
mod lists;
mod read;
mod render;
mod set;

pub use read::{Brought, Unreadable, another, asks, brought, ports, recorded, running};
pub use render::CliRenderer;
