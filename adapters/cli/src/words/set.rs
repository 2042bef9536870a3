//! Lines that each say the whole way to what they set or delete.

mod line;
mod read;
mod render;

pub(super) use read::tree;
pub(super) use render::script;
