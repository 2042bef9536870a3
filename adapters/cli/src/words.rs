//! A system's lines: a plan as lines, and lines as data.

mod lists;
mod read;
mod render;

pub use read::{Unreadable, asks, recorded, running};
pub use render::CliRenderer;
