//! A system's lines: a plan as lines, and lines as data.

mod flat;
mod lists;
mod read;
mod render;
mod set;

pub use read::{Unreadable, another, asks, deleted, ports, recorded, running};
pub use render::CliRenderer;
